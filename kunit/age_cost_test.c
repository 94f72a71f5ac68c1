// SPDX-License-Identifier: GPL-2.0
/* S6: what a step costs, however much is parked */

#include <linux/ktime.h>
#include <linux/sort.h>
#include <linux/vmalloc.h>

#include "age_helpers.h"
#include "../module/internal.h"

#define COST_ROUNDS	100
#define COST_TRIES	8U
#define COST_OBJECTS	100000U
#define COST_BATCH	63

/* Up to two magazines on each CPU are private; the others are COST_OBJECTS. */
static unsigned int cost_per_cpu(void)
{
	return DIV_ROUND_UP(COST_OBJECTS, num_online_cpus()) + 3 * COST_BATCH;
}

static struct tcache *cost_create(struct kunit *test, const char *name)
{
	struct objcache_params params = {
		.size = sizeof(struct tobj), .batch = COST_BATCH,
		.capacity = cost_per_cpu() + 3 * COST_BATCH,
		.flags = OBJCACHE_NO_AGING, .ops = &t_ops,
	};

	return t_create_named(test, name, &params);
}

/*
 * No objects of the cache's: with kmemleak to make and to free so many takes
 * minutes. What is parked is not looked at, and here it never leaves but by
 * cost_empty(). It has room for the link, all the same.
 */
static void cost_fill(struct tcache *tc, void *objs)
{
	unsigned int cpu, i, nr = cost_per_cpu();
	size_t step = sizeof(struct tobj) + sizeof(void *);

	for (cpu = 0; cpu < num_online_cpus(); cpu++) {
		t_on_cpu(tc->test, cpu);
		for (i = 0; i < nr; i++, objs += step)
			objcache_put(tc->cache, objs);
	}
}

static u64 cost_empty(struct tcache *tc)
{
	unsigned int cpu;
	u64 nr = 0;

	for (cpu = 0; cpu < num_online_cpus(); cpu++) {
		t_on_cpu(tc->test, cpu);
		while (objcache_try_get(tc->cache))
			nr++;
	}
	return nr;
}

static void cost_free(void *objs)
{
	vfree(objs);
}

/* What a step claims from here on is not reaped: cost_undo() gives it back. */
static void cost_do_not_reap(struct work_struct *work)
{
}

/*
 * A step costs the most when all that is parked is aged, and goes. To make
 * 100,000 objects for each round would take minutes; so what the step has claimed
 * is given back, as if objcache_age_shared() had not been there. And
 * objcache_age_private() is to find that every CPU was busy.
 */
static void cost_undo(struct objcache_core *core)
{
	unsigned int cpu, nr;

	mutex_lock(&core->age_mutex);
	for_each_possible_cpu(cpu) {
		struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);
		struct objcache_ring *ring = &c->ring[c->gen];

		nr = (ring->reap_to - ring->reap_from) * core->batch;
		atomic64_set(&ring->word, objcache_ring_pack(ring->reap_to,
							     ring->reap_from));
		ring->reap_from = ring->reap_to;
		atomic_long_sub(nr, &core->releasing);
		WRITE_ONCE(c->gen, !c->gen);
		c->touched = ULONG_MAX;
	}
	mutex_unlock(&core->age_mutex);
}

/* All that is shared is aged from here on. */
static void cost_make_aged(struct objcache_core *core)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);

		WRITE_ONCE(c->gen, !c->gen);
		c->touched = ULONG_MAX;
	}
}

/* The best of three: one in twenty is interrupted, by the host's other work. */
static u64 cost_of_step(struct tcache *tc)
{
	u64 best = U64_MAX, ns;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		ns = ktime_get_ns();
		objcache_age(tc->cache);
		best = min(best, ktime_get_ns() - ns);
		cost_undo(to_core(tc->cache));
	}
	return best;
}

static int cost_compare(const void *a, const void *b)
{
	u64 left = *(const u64 *)a, right = *(const u64 *)b;

	return left < right ? -1 : left > right;
}

static u64 cost_rank(u64 *costs, unsigned int percent)
{
	sort(costs, COST_ROUNDS, sizeof(*costs), cost_compare, NULL);
	return costs[COST_ROUNDS * percent / 100];
}

/* Turn by turn, so that both meet the same noise. */
static bool cost_is_alike(struct tcache *empty, struct tcache *full, u64 *costs)
{
	u64 low, high;
	unsigned int i;

	for (i = 0; i < COST_ROUNDS; i++) {
		costs[i] = cost_of_step(empty);
		costs[COST_ROUNDS + i] = cost_of_step(full);
	}
	low = cost_rank(costs, 95);
	high = cost_rank(costs + COST_ROUNDS, 95);
	kunit_info(full->test, "a step takes %llu ns with nothing parked, %llu ns with %u aged (p95; median %llu and %llu)",
		   low, high, COST_OBJECTS, cost_rank(costs, 50),
		   cost_rank(costs + COST_ROUNDS, 50));
	return high <= 2 * low;
}

static void s06_a_step_costs_the_same_with_100000_parked(struct kunit *test)
{
	u64 *costs = kunit_kcalloc(test, 2 * COST_ROUNDS, sizeof(*costs), GFP_KERNEL);
	u64 parked = (u64)cost_per_cpu() * num_online_cpus();
	struct tcache *empty, *full;
	unsigned int tries;
	void *objs;

	KUNIT_ASSERT_NOT_NULL(test, costs);
	t_need_cpus(test, 2);
	objs = vzalloc(parked * (sizeof(struct tobj) + sizeof(void *)));
	KUNIT_ASSERT_NOT_NULL(test, objs);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, cost_free, objs));
	empty = cost_create(test, "kunit-empty");
	full = cost_create(test, "kunit-full");
	t_on_cpu(test, 0);
	to_core(full->cache)->reap_work.func = cost_do_not_reap;
	cost_fill(full, objs);
	t_on_cpu(test, 0);
	cost_make_aged(to_core(full->cache));
	KUNIT_EXPECT_EQ(test, t_stat(full, parked), parked);
	for (tries = 0; tries < COST_TRIES && !cost_is_alike(empty, full, costs); tries++)
		kunit_info(test, "once more: this machine may have been busy");
	KUNIT_EXPECT_LT(test, tries, COST_TRIES);
	KUNIT_EXPECT_EQ(test, cost_empty(full), parked);
	t_finish(full);
	t_finish(empty);
}

static struct kunit_case age_cost_cases[] = {
	KUNIT_CASE_SLOW(s06_a_step_costs_the_same_with_100000_parked),
	{}
};

static struct kunit_suite age_cost_suite = {
	.name = "objcache_age_cost",
	.test_cases = age_cost_cases,
};

kunit_test_suite(age_cost_suite);
