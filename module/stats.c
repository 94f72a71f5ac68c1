// SPDX-License-Identifier: GPL-2.0
/*
 * Counting: sums over CPUs, read without a lock
 *
 * Parked objects are counted where they are, never computed from other counts.
 * Nothing here follows a pointer that another CPU may free: magazines in a ring
 * are full by invariant, and what the loaded one holds is a difference of two
 * addresses. While the cache is in use a figure may be off by what happens during
 * the read, and by no more: what is subtracted is read first, on all CPUs, so that
 * what comes in meanwhile makes a difference larger. A read may still see two counts
 * in another order than they were made in, or between one and the other: what would
 * be less than nothing is nothing.
 */
#include <linux/export.h>
#include <linux/minmax.h>

#include "internal.h"

/* Never below 0; see above. */
static u64 objcache_less(u64 from, u64 what)
{
	return from > what ? from - what : 0;
}

/**
 * objcache_private - objects in a CPU's private part and nested list
 * @core: the cache
 * @c: the CPU's part of it
 *
 * Return: that.
 */
u64 objcache_private(struct objcache_core *core, struct objcache_cpu *c)
{
	void **top = READ_ONCE(c->own.top);
	void **base = READ_ONCE(c->own.base);
	long loaded = clamp_t(long, top - base, 0, core->batch);

	if (READ_ONCE(c->spare_full))
		loaded += core->batch;
	return loaded + atomic_read(&c->nested_nr);
}

/**
 * objcache_parked_on - all objects that a CPU has parked
 * @core: the cache
 * @c: the CPU's part of it
 *
 * Return: that.
 */
u64 objcache_parked_on(struct objcache_core *core, struct objcache_cpu *c)
{
	return objcache_private(core, c) + objcache_shared(c) * core->batch;
}

static u64 objcache_puts(struct objcache_cpu *c)
{
	return READ_ONCE(c->own.puts) + READ_ONCE(c->count.slow_puts);
}

/**
 * objcache_read_cpu - one CPU's share of the statistics
 * @core: the cache
 * @cpu: the CPU
 * @stats: where to
 */
void objcache_read_cpu(struct objcache_core *core, int cpu,
		       struct objcache_cpu_stats *stats)
{
	struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);
	/* Before the gets that it is part of, as far as the machine keeps to it. */
	unsigned long refilled = READ_ONCE(c->owned.refilled);
	unsigned long gets = READ_ONCE(c->own.gets);

	stats->parked = objcache_parked_on(core, c);
	stats->gets = gets + READ_ONCE(c->count.slow_gets);
	stats->puts = objcache_puts(c);
	stats->hits = objcache_less(gets, refilled);
	stats->own_ring = READ_ONCE(c->count.own_ring);
	stats->steals = READ_ONCE(c->count.steals) +
			READ_ONCE(c->owned.steals);
	stats->stolen = atomic_long_read(&c->stolen);
	stats->fresh = READ_ONCE(c->count.fresh);
	stats->overflow = READ_ONCE(c->count.overflow) +
			  READ_ONCE(c->owned.overflow);
	stats->nested = READ_ONCE(c->count.nested);
}

/* What ends something that another count, maybe another CPU's, began. */
static void objcache_sum_ends(struct objcache_core *core, int cpu,
			      struct objcache_stats *stats)
{
	struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);

	stats->puts += objcache_puts(c);
	stats->discarded += READ_ONCE(c->count.discarded);
	stats->destroyed += READ_ONCE(c->count.destroyed);
}

static void objcache_sum_cpu(struct objcache_core *core, int cpu,
			     struct objcache_stats *stats)
{
	struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);
	struct objcache_counters *count = &c->count;
	struct objcache_cpu_stats one;

	objcache_read_cpu(core, cpu, &one);
	stats->parked += one.parked;
	stats->gets += one.gets;
	stats->hits += one.hits;
	stats->own_ring += one.own_ring;
	stats->steals += one.steals;
	stats->stolen += one.stolen;
	stats->fresh += one.fresh;
	stats->overflow += one.overflow;
	stats->nested += one.nested;
	stats->created += READ_ONCE(count->created);
	stats->taken_back += READ_ONCE(count->taken_back) +
			     READ_ONCE(c->owned.taken_back);
	stats->ctor_failures += READ_ONCE(count->ctor_failures);
	stats->aged_hits += READ_ONCE(count->aged_hits) +
			    READ_ONCE(c->owned.aged_hits);
	stats->aged_out += READ_ONCE(count->aged_out);
	stats->shrunk += READ_ONCE(count->shrunk);
	stats->refused += READ_ONCE(count->refused);
}

void objcache_read_stats(struct objcache *cache, struct objcache_stats *stats)
{
	struct objcache_core *core = to_core(cache);
	int cpu;

	*stats = (struct objcache_stats){};
	if (!objcache_cache_ok(cache, "read_stats"))
		return;
	for_each_possible_cpu(cpu)
		objcache_sum_ends(core, cpu, stats);
	/*
	 * Pairs with what takes an object from its get to its put, on whichever
	 * CPU: the gets that the puts above have ended are seen below. Without it
	 * more than is under way could be missing from in_use.
	 */
	smp_rmb();
	for_each_possible_cpu(cpu)
		objcache_sum_cpu(core, cpu, stats);
	stats->ages = READ_ONCE(core->ages);
	stats->aged_out += READ_ONCE(core->aged_out);
	stats->releasing = objcache_releasing(core);
	stats->in_use = objcache_less(stats->gets,
				      stats->puts + stats->discarded);
}
EXPORT_SYMBOL_GPL(objcache_read_stats);
