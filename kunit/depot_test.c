// SPDX-License-Identifier: GPL-2.0
/*
 * S10 above the capacity: the depot of a cache without a destructor
 *
 * Its interval is taken out of time: a test that has called to_depot() looks at
 * the depot when it wants to, as the worker would.
 */

#include "helpers.h"
#include "../module/internal.h"

#define BATCH		4
#define CAPACITY	32
#define BURST		(4 * CAPACITY)
#define DEPOT		(4 * CAPACITY)	/* what it holds at most */

struct stamped {
	atomic_t owner;		/* 0: nobody; claimed with cmpxchg */
};

static int stamped_ctor(void *obj, void *ctx, gfp_t gfp)
{
	atomic_set(&((struct stamped *)obj)->owner, 0);
	return 0;
}

static const struct objcache_ops stamped_ops = { .ctor = stamped_ctor };

static struct objcache *create(struct kunit *test, unsigned int flags)
{
	struct objcache_params params = {
		.size = sizeof(struct stamped), .batch = BATCH, .capacity = CAPACITY,
		.flags = flags | OBJCACHE_NO_AGING, .ops = &stamped_ops,
	};
	struct objcache *cache = objcache_create("depot", &params);

	KUNIT_ASSERT_FALSE(test, IS_ERR(cache));
	return cache;
}

static struct objcache_stats stats_of(struct objcache *cache)
{
	struct objcache_stats stats;

	objcache_read_stats(cache, &stats);
	return stats;
}

static void expect_balanced(struct kunit *test, struct objcache *cache, u64 in_use)
{
	struct objcache_stats st = stats_of(cache);

	KUNIT_EXPECT_EQ(test, st.in_use, in_use);
	KUNIT_EXPECT_EQ(test, st.created,
			st.destroyed + st.parked + st.releasing + st.in_use);
}

static void get_burst(struct kunit *test, struct objcache *cache, void **objs,
		      unsigned int nr)
{
	unsigned int i;

	t_on_cpu(test, 0);
	for (i = 0; i < nr; i++) {
		struct stamped *obj = objcache_get(cache, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, obj);
		KUNIT_EXPECT_EQ(test, 0, atomic_cmpxchg(&obj->owner, 0, 1));
		objs[i] = obj;
	}
}

static void put_burst(struct kunit *test, struct objcache *cache, void **objs,
		      unsigned int nr)
{
	unsigned int i;

	t_on_cpu(test, 1);
	for (i = 0; i < nr; i++) {
		KUNIT_EXPECT_EQ(test, 1, atomic_cmpxchg(&((struct stamped *)objs[i])->owner, 1, 0));
		objcache_put(cache, objs[i]);
	}
}

/* Put on CPU 1 what was got on CPU 0; from here on nobody looks at the depot. */
static void to_depot(struct kunit *test, struct objcache *cache, void **objs,
		     unsigned int nr)
{
	get_burst(test, cache, objs, nr);
	put_burst(test, cache, objs, nr);
	cancel_delayed_work_sync(&to_core(cache)->depot.work);
}

static void look(struct objcache *cache)
{
	struct work_struct *work = &to_core(cache)->depot.work.work;

	work->func(work);
}

static void look_once(struct objcache *cache)
{
	look(cache);
	cancel_delayed_work_sync(&to_core(cache)->depot.work);
}

static void s10_what_is_above_the_capacity_is_got_before_any_is_made(struct kunit *test)
{
	struct objcache *cache = create(test, 0);
	void **objs = (void **)t_objs(test, BURST);
	struct objcache_stats before, after;

	t_need_cpus(test, 2);
	to_depot(test, cache, objs, BURST);
	before = stats_of(cache);
	KUNIT_EXPECT_LE(test, before.parked, 2 * CAPACITY);
	KUNIT_EXPECT_GT(test, before.releasing, 0);
	KUNIT_EXPECT_EQ(test, before.overflow, before.releasing);
	expect_balanced(test, cache, 0);
	get_burst(test, cache, objs, BURST);
	after = stats_of(cache);
	KUNIT_EXPECT_EQ(test, after.taken_back, before.releasing);
	KUNIT_EXPECT_EQ(test, after.releasing, 0);
	/* Made anew is only what stays private to CPU 1. */
	KUNIT_EXPECT_LE(test, after.created - before.created, 2 * BATCH);
	put_burst(test, cache, objs, BURST);
	expect_balanced(test, cache, 0);
	objcache_destroy(cache);
}

static void s10_a_flow_keeps_its_depot_and_an_idle_one_empties_in_two_looks(struct kunit *test)
{
	struct objcache *cache = create(test, 0);
	void **objs = (void **)t_objs(test, BURST);
	struct objcache_stats st;
	u64 destroyed;
	int round;

	t_need_cpus(test, 2);
	to_depot(test, cache, objs, BURST);
	destroyed = stats_of(cache).destroyed;
	for (round = 0; round < 10; round++) {
		to_depot(test, cache, objs, BURST);
		look_once(cache);
	}
	KUNIT_EXPECT_EQ(test, stats_of(cache).destroyed, destroyed);
	look_once(cache);
	st = stats_of(cache);
	KUNIT_EXPECT_EQ(test, st.releasing, 0);
	KUNIT_EXPECT_GT(test, st.destroyed, destroyed);
	look_once(cache);
	KUNIT_EXPECT_FALSE(test, to_core(cache)->depot.watched);
	KUNIT_EXPECT_EQ(test, to_core(cache)->depot.empty.nr, 0);
	expect_balanced(test, cache, 0);
	objcache_destroy(cache);
}

static void s10_the_depot_empties_by_itself(struct kunit *test)
{
	struct objcache *cache = create(test, 0);
	void **objs = (void **)t_objs(test, BURST);
	struct objcache_stats st;

	t_need_cpus(test, 2);
	get_burst(test, cache, objs, BURST);
	put_burst(test, cache, objs, BURST);
	KUNIT_EXPECT_TRUE(test, t_wait_until(!stats_of(cache).releasing));
	st = stats_of(cache);
	KUNIT_EXPECT_EQ(test, st.destroyed, st.overflow - st.taken_back);
	expect_balanced(test, cache, 0);
	objcache_destroy(cache);
}

static void s10_the_depot_is_bounded(struct kunit *test)
{
	struct objcache *cache = create(test, 0);
	void **objs = (void **)t_objs(test, 10 * CAPACITY);
	struct objcache_stats st;

	t_need_cpus(test, 2);
	to_depot(test, cache, objs, 10 * CAPACITY);
	st = stats_of(cache);
	KUNIT_EXPECT_LE(test, st.releasing, DEPOT);
	KUNIT_EXPECT_GT(test, st.destroyed, 0);
	expect_balanced(test, cache, 0);
	objcache_destroy(cache);
}

static void s10_puts_with_interrupts_off_reach_the_depot_too(struct kunit *test)
{
	struct objcache *cache = create(test, 0);
	void **objs = (void **)t_objs(test, BURST);

	t_need_cpus(test, 2);
	get_burst(test, cache, objs, BURST);
	local_irq_disable();
	objcache_put_bulk(cache, BURST, objs);
	local_irq_enable();
	KUNIT_EXPECT_GT(test, to_core(cache)->depot.full.nr, 0);
	KUNIT_EXPECT_TRUE(test, t_wait_until(!stats_of(cache).releasing));
	expect_balanced(test, cache, 0);
	objcache_destroy(cache);
}

static void s08_a_drain_empties_the_depot(struct kunit *test)
{
	struct objcache *cache = create(test, 0);
	void **objs = (void **)t_objs(test, BURST);
	u64 parked;

	t_need_cpus(test, 2);
	to_depot(test, cache, objs, BURST);
	parked = stats_of(cache).parked;
	KUNIT_EXPECT_EQ(test, (u64)objcache_drain(cache), parked);
	KUNIT_EXPECT_EQ(test, stats_of(cache).created, stats_of(cache).destroyed);
	objcache_destroy(cache);
}

static void s07_memory_pressure_takes_the_depot_first(struct kunit *test)
{
	struct objcache *cache = create(test, 0);
	struct objcache_core *core = to_core(cache);
	struct shrinker *shrinker = t_shrinker_of(&core->shrinker);
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL };
	void **objs = (void **)t_objs(test, BURST);
	struct objcache_stats before, after;

	t_need_cpus(test, 2);
	to_depot(test, cache, objs, BURST);
	before = stats_of(cache);
	KUNIT_EXPECT_EQ(test, shrinker->count_objects(shrinker, &sc),
			(unsigned long)(before.parked + before.releasing));
	sc.nr_to_scan = before.releasing;
	KUNIT_EXPECT_EQ(test, shrinker->scan_objects(shrinker, &sc),
			(unsigned long)before.releasing);
	after = stats_of(cache);
	KUNIT_EXPECT_EQ(test, after.releasing, 0);
	KUNIT_EXPECT_EQ(test, after.parked, before.parked);
	expect_balanced(test, cache, 0);
	objcache_destroy(cache);
}

static void s10_a_cache_that_does_not_steal_has_no_depot(struct kunit *test)
{
	struct objcache *cache = create(test, OBJCACHE_NO_STEAL);
	void **objs = (void **)t_objs(test, BURST);

	t_need_cpus(test, 2);
	to_depot(test, cache, objs, BURST);
	KUNIT_EXPECT_EQ(test, to_core(cache)->depot.full.nr, 0);
	expect_balanced(test, cache, 0);
	objcache_destroy(cache);
}

/* Bursts that meet in the depot, from all CPUs at once, with looks in between. */
struct meeting {
	struct objcache *cache;
	atomic_t faults;
};

static void meet(struct t_thread *thread)
{
	struct meeting *m = thread->crew->data;
	struct stamped *objs[3 * CAPACITY];
	unsigned int round, nr, i;

	/* A round at least is to find what another left. */
	for (round = 0; round < 20 || !t_crew_stopping(thread->crew); round++) {
		for (nr = 0; nr < ARRAY_SIZE(objs); nr++) {
			objs[nr] = objcache_get(m->cache, GFP_KERNEL);
			if (!objs[nr])
				break;
			if (atomic_cmpxchg(&objs[nr]->owner, 0, thread->who))
				atomic_inc(&m->faults);
		}
		for (i = 0; i < nr; i++) {
			if (atomic_cmpxchg(&objs[i]->owner, thread->who, 0) != thread->who)
				atomic_inc(&m->faults);
			objcache_put(m->cache, objs[i]);
		}
		if (!thread->index && round % 8 == 7)
			look(m->cache);
	}
}

static void s02_bursts_that_meet_in_the_depot_never_share_an_object(struct kunit *test)
{
	struct meeting m = { .cache = create(test, 0) };
	struct t_crew *crew = t_crew_create(test, num_online_cpus(), meet, &m);
	struct objcache_stats st;

	KUNIT_EXPECT_TRUE(test, t_crew_run(crew, 500, stats_of(m.cache).taken_back));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&m.faults));
	st = stats_of(m.cache);
	kunit_info(test, "%llu gets, %llu taken back, %llu fresh", st.gets,
		   st.taken_back, st.fresh);
	KUNIT_EXPECT_TRUE(test, t_wait_until(!stats_of(m.cache).releasing));
	expect_balanced(test, m.cache, 0);
	objcache_destroy(m.cache);
}

static struct kunit_case depot_cases[] = {
	KUNIT_CASE(s10_what_is_above_the_capacity_is_got_before_any_is_made),
	KUNIT_CASE(s10_a_flow_keeps_its_depot_and_an_idle_one_empties_in_two_looks),
	KUNIT_CASE(s10_the_depot_empties_by_itself),
	KUNIT_CASE(s10_the_depot_is_bounded),
	KUNIT_CASE(s10_puts_with_interrupts_off_reach_the_depot_too),
	KUNIT_CASE(s08_a_drain_empties_the_depot),
	KUNIT_CASE(s07_memory_pressure_takes_the_depot_first),
	KUNIT_CASE(s10_a_cache_that_does_not_steal_has_no_depot),
	KUNIT_CASE(s02_bursts_that_meet_in_the_depot_never_share_an_object),
	{}
};

static struct kunit_suite depot_suite = {
	.name = "objcache_depot",
	.test_cases = depot_cases,
};

kunit_test_suite(depot_suite);
