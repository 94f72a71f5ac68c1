// SPDX-License-Identifier: GPL-2.0
/* What some suites have to know of the inside; see inside.h. */

#include "inside.h"

unsigned int t_parked_on(struct tcache *tc, unsigned int cpu)
{
	struct objcache_core *core = to_core(tc->cache);
	struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);
	unsigned int sum = READ_ONCE(c->own.top) - READ_ONCE(c->own.base);

	sum += READ_ONCE(c->spare_full) * core->batch;
	return sum + objcache_shared(c) * core->batch;
}

u64 t_stored(struct tcache *tc, enum objcache_kind kind)
{
	struct objcache_core *core = to_core(tc->cache);
	u64 sum = 0;
	int node;

	for_each_node(node)
		sum += objcache_store_nr(core, &core->node[node]->store[kind]);
	return sum;
}

unsigned long t_touched(struct objcache_cpu *c)
{
	return c->own.gets + c->own.puts +
	       c->count[OBJCACHE_STAT_gets] + c->owned[OBJCACHE_STAT_gets] +
	       c->count[OBJCACHE_STAT_puts] + c->owned[OBJCACHE_STAT_puts] +
	       c->count[OBJCACHE_STAT_prefilled] + c->owned[OBJCACHE_STAT_prefilled];
}

void t_hold_token(struct tcache *tc)
{
	preempt_disable();
	if (!objcache_owner_enter(raw_cpu_ptr(tc->cache->owner)))
		KUNIT_FAIL(tc->test, "the token is gone already");
}

void t_drop_token(struct tcache *tc)
{
	objcache_owner_exit(raw_cpu_ptr(tc->cache->owner));
	preempt_enable();
}

void t_put_nested(struct tcache *tc, struct tobj **objs, unsigned int nr)
{
	t_hold_token(tc);
	t_put_all(tc, objs, nr);
	t_drop_token(tc);
}

struct shrinker *t_shrinker(struct objcache *cache)
{
	return t_shrinker_of(&to_core(cache)->shrinker);
}

unsigned long t_scan(struct objcache *cache, unsigned long nr)
{
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL, .nr_to_scan = nr };

	return t_shrinker(cache)->scan_objects(t_shrinker(cache), &sc);
}

/* Who finds its bit set believes that the keeper is called already. */
void t_hold_keeper(struct objcache *cache)
{
	struct objcache_core *core = to_core(cache);

	do {
		set_bit(OBJCACHE_DUE_NOW, &core->due);
		set_bit(OBJCACHE_DUE_LOOK, &core->due);
		irq_work_sync(&core->kick);
		cancel_delayed_work_sync(&core->keeper);
	} while (!test_bit(OBJCACHE_DUE_NOW, &core->due) ||
		 !test_bit(OBJCACHE_DUE_LOOK, &core->due));
}

bool t_keeper_rests(struct objcache *cache)
{
	struct objcache_core *core = to_core(cache);

	return t_wait_until(!READ_ONCE(core->due) && !work_busy(&core->keeper.work));
}

/* Who finds the bit set believes that it is queued. */
void t_hold_dealer(struct objcache *cache)
{
	struct irq_work *deal = &to_core(cache)->deal;

	do {
		irq_work_sync(deal);
	} while (atomic_fetch_or(IRQ_WORK_PENDING, &deal->node.a_flags) & IRQ_WORK_PENDING);
}

void t_let_dealer(struct objcache *cache)
{
	struct irq_work *deal = &to_core(cache)->deal;

	atomic_andnot(IRQ_WORK_PENDING, &deal->node.a_flags);
	irq_work_queue(deal);
}

static void keep(struct objcache *cache, unsigned long looked)
{
	struct objcache_core *core = to_core(cache);
	struct work_struct *work = &core->keeper.work;

	core->looked = looked;
	work->func(work);
	t_hold_keeper(cache);
}

void t_keeper_hurries(struct objcache *cache)
{
	keep(cache, jiffies);
}

void t_keeper_looks(struct objcache *cache)
{
	keep(cache, jiffies - HZ);
}
