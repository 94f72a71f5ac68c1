// SPDX-License-Identifier: GPL-2.0
/*
 * Counting: sums over CPUs, read without a lock
 *
 * What a CPU counts it has in two arrays, of the owner section and of any context;
 * their indices, the sums, debugfs' keys and the device's structure all come from
 * OBJCACHE_STATS() in objcache_uapi.h. Parked and releasing objects are counted
 * where they are, never computed from other counts. Nothing here follows a pointer
 * that another CPU may free: magazines in a ring are full by invariant, and what
 * the loaded one holds is a difference of two addresses.
 *
 * Read while the cache is in use, a figure may be off by what happened meanwhile.
 * What comes second in the life of an object is read first, so that no difference
 * is below zero.
 */
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>

#include "core.h"

/* The key of each in debugfs. */
const char * const objcache_stat_names[OBJCACHE_NR_STATS] = {
#define OBJCACHE_STAT_NAME(name, text)	#name,
	OBJCACHE_STATS(OBJCACHE_STAT_NAME)
#undef OBJCACHE_STAT_NAME
};

/**
 * objcache_private - objects in a CPU's private part
 * @core: the cache
 * @c: the CPU's part of it
 *
 * Return: that.
 */
unsigned long objcache_private(struct objcache_core *core,
			       struct objcache_cpu *c)
{
	void **top = READ_ONCE(c->own.top);
	void **base = READ_ONCE(c->own.base);
	long loaded = clamp_t(long, top - base, 0, core->batch);

	if (READ_ONCE(c->spare_full))
		loaded += core->batch;
	return loaded;
}

/**
 * objcache_parked_on - all objects that a CPU has parked
 * @core: the cache
 * @c: the CPU's part of it
 *
 * Return: that.
 */
unsigned long objcache_parked_on(struct objcache_core *core,
				 struct objcache_cpu *c)
{
	return objcache_private(core, c) + objcache_shared(c) * core->batch;
}

/**
 * objcache_stored - objects of a kind that are on no CPU
 * @core: the cache
 * @kind: the kind
 *
 * Return: how many lie in the depots, or are on their way from there.
 */
unsigned long objcache_stored(struct objcache_core *core,
			      enum objcache_kind kind)
{
	unsigned long nr = 0;
	int node;

	if (kind == OBJCACHE_DOOMED)
		return atomic_long_read(&core->doomed_nr);
	for (node = 0; node < nr_node_ids; node++)
		if (core->node[node])
			nr += objcache_store_nr(core,
						&core->node[node]->store[kind]);
	return nr;
}

static unsigned long objcache_counted(struct objcache_cpu *c,
				      enum objcache_stat stat)
{
	return READ_ONCE(c->count[stat]) + READ_ONCE(c->owned[stat]);
}

/**
 * objcache_touched - a number that anything which a CPU does to the cache changes
 * @c: the CPU's part of it
 *
 * Return: that.
 */
unsigned long objcache_touched(struct objcache_cpu *c)
{
	return READ_ONCE(c->own.gets) + READ_ONCE(c->own.puts) +
	       objcache_counted(c, OBJCACHE_STAT_gets) +
	       objcache_counted(c, OBJCACHE_STAT_puts) +
	       objcache_counted(c, OBJCACHE_STAT_prefilled);
}

/**
 * objcache_count_sum - the sum of a count over all CPUs
 * @core: the cache
 * @stat: which
 *
 * Return: that.
 */
unsigned long objcache_count_sum(struct objcache_core *core,
				 enum objcache_stat stat)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += objcache_counted(per_cpu_ptr(core->cpu, cpu), stat);
	return sum;
}

static unsigned int objcache_empties_in(struct objcache_ring *ring)
{
	/* Acquire: pairs with objcache_ring_attach(). */
	u32 i, slots = objcache_ring_slots(smp_load_acquire(&ring->limit));
	unsigned long *slot = READ_ONCE(ring->slots);
	unsigned int nr = 0;

	for (i = 0; slot && i < slots; i++) {
		unsigned long value = READ_ONCE(slot[i]);

		if (value & OBJCACHE_SLOT_FREE && value != OBJCACHE_SLOT_FREE)
			nr++;
	}
	return nr;
}

/**
 * objcache_empties_on - empty magazines in a CPU's rings
 * @c: the CPU's part of the cache
 *
 * Return: how many.
 */
unsigned int objcache_empties_on(struct objcache_cpu *c)
{
	unsigned int nr;

	rcu_read_lock(); /* the slots of a CPU that goes away stay so long */
	nr = objcache_empties_in(&c->ring[0]) +
	     objcache_empties_in(&c->ring[1]);
	rcu_read_unlock();
	return nr;
}

/**
 * objcache_magazines_on - all magazines that a CPU has
 * @c: the CPU's part of the cache
 *
 * Return: how many.
 */
unsigned int objcache_magazines_on(struct objcache_cpu *c)
{
	return !!READ_ONCE(c->loaded) + !!READ_ONCE(c->spare) +
	       objcache_shared(c) + objcache_empties_on(c);
}

/* All but the gets, and what is made: those come second. */
static void objcache_add_ends(struct objcache_core *core,
			      struct objcache_cpu *c,
			      struct objcache_stats *stats)
{
	unsigned int i;

	for (i = 0; i < OBJCACHE_NR_STATS; i++)
		if (i != OBJCACHE_STAT_gets && i != OBJCACHE_STAT_created)
			*objcache_stat(stats, i) += objcache_counted(c, i);
	stats->puts += READ_ONCE(c->own.puts);
	stats->hits += READ_ONCE(c->own.gets);
	stats->stolen += atomic_long_read(&c->stolen);
	stats->parked += objcache_parked_on(core, c);
	stats->magazines_empty += objcache_empties_on(c);
}

static void objcache_add_starts(struct objcache_cpu *c,
				struct objcache_stats *stats)
{
	stats->gets += objcache_counted(c, OBJCACHE_STAT_gets) +
		       READ_ONCE(c->own.gets);
	stats->created += objcache_counted(c, OBJCACHE_STAT_created);
}

/**
 * objcache_read_cpu - one CPU's share of the statistics
 * @core: the cache
 * @cpu: the CPU
 * @stats: where to
 */
void objcache_read_cpu(struct objcache_core *core, int cpu,
		       struct objcache_stats *stats)
{
	struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);

	*stats = (struct objcache_stats){};
	objcache_add_ends(core, c, stats);
	smp_rmb(); /* a hit is not seen before the get that it is */
	objcache_add_starts(c, stats);
}

static void objcache_add_nodes(struct objcache_core *core,
			       struct objcache_stats *stats)
{
	int node;

	stats->parked += objcache_stored(core, OBJCACHE_DISPLACED);
	stats->releasing = objcache_stored(core, OBJCACHE_LEAVING) +
			   objcache_stored(core, OBJCACHE_DOOMED);
	for (node = 0; node < nr_node_ids; node++) {
		struct objcache_node *n = core->node[node];

		if (n)
			stats->magazines_empty += READ_ONCE(n->empty.nr) +
						  READ_ONCE(n->empty_old.nr);
	}
}

void objcache_read_stats(struct objcache *cache, struct objcache_stats *stats)
{
	struct objcache_core *core = to_core(cache);
	int cpu;

	*stats = (struct objcache_stats){};
	if (!objcache_cache_ok(cache, "read_stats"))
		return;
	for_each_possible_cpu(cpu)
		objcache_add_ends(core, per_cpu_ptr(core->cpu, cpu), stats);
	objcache_add_nodes(core, stats);
	stats->ages = READ_ONCE(core->ages);
	/*
	 * A put is not seen before its get, nor an end before its beginning: who
	 * hands an object on orders the two, and this our reading of them.
	 */
	smp_rmb();
	for_each_possible_cpu(cpu)
		objcache_add_starts(per_cpu_ptr(core->cpu, cpu), stats);
	/* Of one CPU they may be seen in another order. */
	stats->in_use = max_t(s64, stats->gets - stats->puts - stats->discarded, 0);
}
EXPORT_SYMBOL_GPL(objcache_read_stats);

/**
 * objcache_cache_ok - is this a cache at all?
 * @cache: what an out-of-line function was given
 * @what: its name, for the log
 *
 * Says so if it is not, rate-limited; no WARN, it would taint the kernel.
 *
 * Return: that.
 */
bool objcache_cache_ok(struct objcache *cache, const char *what)
{
	if (!IS_ERR_OR_NULL(cache))
		return true;
	pr_err_ratelimited("%s: called with cache %pe, ignored; did objcache_create fail?\n",
			   what, cache);
	return false;
}
