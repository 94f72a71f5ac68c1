// SPDX-License-Identifier: GPL-2.0
/*
 * S5, S8, S10: what no CPU holds
 *
 * What is above the capacity is leaving: it can be taken back for a while. What
 * finds no place on its CPU below it is displaced: it stays parked, and any get
 * finds it. The keeper is held wherever a test looks for itself, as it would.
 */

#include "inside.h"

#define BATCH		4
#define CAPACITY	32
#define BURST		(4 * CAPACITY)
#define DEPOT		(16 * CAPACITY)	/* what nobody is in a hurry to free */
#define FLOOD		(20 * CAPACITY)

struct stamped {
	atomic_t owner;		/* 0: nobody; claimed with cmpxchg */
};

static int stamped_ctor(void *obj, void *ctx, gfp_t gfp)
{
	atomic_set(&((struct stamped *)obj)->owner, 0);
	return 0;
}

static const struct objcache_ops stamped_ops = { .ctor = stamped_ctor };

static void end(void *cache)
{
	objcache_destroy(cache);
}

static struct objcache *create(struct kunit *test, unsigned int flags)
{
	struct objcache_params params = {
		.size = sizeof(struct stamped), .batch = BATCH, .capacity = CAPACITY,
		.flags = flags | OBJCACHE_NO_AGING, .ops = &stamped_ops,
	};
	struct objcache *cache = objcache_create("depot", &params);

	KUNIT_ASSERT_FALSE(test, IS_ERR(cache));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, end, cache));
	return cache;
}

static struct objcache_stats stats_of(struct objcache *cache)
{
	struct objcache_stats stats;

	objcache_read_stats(cache, &stats);
	return stats;
}

/* One of them: no caller's stack has to hold them all. */
static noinline u64 stat_at(struct objcache *cache, size_t offset)
{
	struct objcache_stats st = stats_of(cache);

	return *(u64 *)((void *)&st + offset);
}

#define stat_of(cache, field)	stat_at(cache, offsetof(struct objcache_stats, field))

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

static void unstamp(struct kunit *test, void **objs, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ(test, 1, atomic_cmpxchg(&((struct stamped *)objs[i])->owner, 1, 0));
}

static void put_burst(struct kunit *test, struct objcache *cache, void **objs,
		      unsigned int nr)
{
	unsigned int i;

	t_on_cpu(test, 1);
	unstamp(test, objs, nr);
	for (i = 0; i < nr; i++)
		objcache_put(cache, objs[i]);
}

/* Put on CPU 1 what was got on CPU 0. */
static void to_depot(struct kunit *test, struct objcache *cache, void **objs,
		     unsigned int nr)
{
	get_burst(test, cache, objs, nr);
	put_burst(test, cache, objs, nr);
}

static void s10_what_is_above_the_capacity_is_got_before_any_is_made(struct kunit *test)
{
	struct objcache *cache = create(test, 0);
	void **objs = (void **)t_objs(test, BURST);
	struct objcache_stats before, after;

	t_need_cpus(test, 2);
	t_hold_keeper(cache);
	to_depot(test, cache, objs, BURST);
	before = stats_of(cache);
	KUNIT_EXPECT_EQ(test, before.parked, CAPACITY);
	KUNIT_EXPECT_EQ(test, before.releasing, BURST - CAPACITY);
	KUNIT_EXPECT_EQ(test, before.overflow, before.releasing);
	KUNIT_EXPECT_EQ(test, before.displaced, 0);
	expect_balanced(test, cache, 0);
	get_burst(test, cache, objs, BURST);
	after = stats_of(cache);
	KUNIT_EXPECT_EQ(test, after.taken_back, before.releasing);
	KUNIT_EXPECT_EQ(test, after.releasing, 0);
	/* Made anew is only what stays private to CPU 1. */
	KUNIT_EXPECT_LE(test, after.created - before.created, 2 * BATCH);
	put_burst(test, cache, objs, BURST);
	expect_balanced(test, cache, 0);
}

/* A get that may not make one leaves them alone: they are not parked. */
static void s10_what_is_above_the_capacity_is_not_parked(struct kunit *test)
{
	struct objcache *cache = create(test, 0);
	void **objs = (void **)t_objs(test, BURST);
	unsigned int nr = 0;
	void *obj;

	t_need_cpus(test, 2);
	t_hold_keeper(cache);
	to_depot(test, cache, objs, BURST);
	while ((obj = objcache_try_get(cache))) {
		objcache_discard(cache, obj);
		nr++;
	}
	KUNIT_EXPECT_EQ(test, nr, CAPACITY);
	KUNIT_EXPECT_EQ(test, stat_of(cache, releasing), BURST - CAPACITY);
	expect_balanced(test, cache, 0);
}

static void s10_a_flow_keeps_its_depot_and_an_idle_one_empties_in_two_looks(struct kunit *test)
{
	struct objcache *cache = create(test, 0);
	void **objs = (void **)t_objs(test, BURST);
	struct objcache_stats st;
	u64 destroyed;
	int round;

	t_need_cpus(test, 2);
	t_hold_keeper(cache);
	to_depot(test, cache, objs, BURST);
	destroyed = stat_of(cache, destroyed);
	for (round = 0; round < 10; round++) {
		to_depot(test, cache, objs, BURST);
		t_keeper_looks(cache);
	}
	KUNIT_EXPECT_EQ(test, stat_of(cache, destroyed), destroyed);
	t_keeper_looks(cache);
	st = stats_of(cache);
	KUNIT_EXPECT_EQ(test, st.releasing, 0);
	KUNIT_EXPECT_GT(test, st.destroyed, destroyed);
	expect_balanced(test, cache, 0);
}

/* S20: magazines too that nobody used for two looks. */
static void s20_the_depot_keeps_no_empty_magazine(struct kunit *test)
{
	struct objcache *cache = create(test, 0);
	void **objs = (void **)t_objs(test, BURST);
	int i;

	t_need_cpus(test, 2);
	KUNIT_EXPECT_EQ(test, stat_of(cache, magazines_empty), 0);
	t_hold_keeper(cache);
	to_depot(test, cache, objs, BURST);
	for (i = 0; i < 4; i++)
		t_keeper_looks(cache);
	KUNIT_EXPECT_EQ(test, stat_of(cache, magazines_empty), 0);
	/* Those that thieves left, too. */
	get_burst(test, cache, objs, CAPACITY);
	KUNIT_EXPECT_GT(test, stat_of(cache, magazines_empty), 0);
	put_burst(test, cache, objs, CAPACITY);
	objcache_drain(cache);
	KUNIT_EXPECT_EQ(test, stat_of(cache, magazines_empty), 0);
	expect_balanced(test, cache, 0);
}

static void s10_the_depot_empties_by_itself(struct kunit *test)
{
	struct objcache *cache = create(test, 0);
	void **objs = (void **)t_objs(test, BURST);
	struct objcache_stats st;

	t_need_cpus(test, 2);
	to_depot(test, cache, objs, BURST);
	KUNIT_EXPECT_TRUE(test, t_wait_until(!stat_of(cache, releasing)));
	st = stats_of(cache);
	KUNIT_EXPECT_EQ(test, st.destroyed, st.overflow - st.taken_back);
	expect_balanced(test, cache, 0);
}

/* What is above some capacities' worth does not wait for a look. */
static void s10_the_depot_is_bounded(struct kunit *test)
{
	struct objcache *cache = create(test, 0);
	void **objs = (void **)t_objs(test, FLOOD);
	struct objcache_stats st;

	t_need_cpus(test, 2);
	t_hold_keeper(cache);
	to_depot(test, cache, objs, FLOOD);
	KUNIT_EXPECT_EQ(test, stat_of(cache, destroyed), 0);
	t_keeper_hurries(cache);
	st = stats_of(cache);
	KUNIT_EXPECT_EQ(test, st.releasing, DEPOT);
	KUNIT_EXPECT_EQ(test, st.destroyed, st.created - st.parked - DEPOT);
	expect_balanced(test, cache, 0);
}

/* And for that somebody has to call. */
static void s10_who_is_above_the_bound_has_the_keeper_come(struct kunit *test)
{
	struct objcache *cache = create(test, 0);
	void **objs = (void **)t_objs(test, FLOOD);

	t_need_cpus(test, 2);
	to_depot(test, cache, objs, FLOOD);
	KUNIT_EXPECT_TRUE(test, t_wait_until(stat_of(cache, releasing) <= DEPOT));
	expect_balanced(test, cache, 0);
}

/* No magazine can be had: they wait by their own links, and are taken back. */
static void s05_without_a_magazine_objects_wait_by_their_links(struct kunit *test)
{
	struct objcache *cache = create(test, 0);
	void **objs = (void **)t_objs(test, BURST);
	struct objcache_stats before, after;

	t_need_cpus(test, 2);
	t_hold_keeper(cache);
	get_burst(test, cache, objs, BURST);
	unstamp(test, objs, BURST);
	local_irq_disable();
	objcache_put_bulk(cache, BURST, objs);
	local_irq_enable();
	before = stats_of(cache);
	KUNIT_EXPECT_GT(test, before.displaced, 0);
	KUNIT_EXPECT_EQ(test, before.destroyed, 0);
	KUNIT_EXPECT_EQ(test, before.parked + before.releasing, BURST);
	expect_balanced(test, cache, 0);
	get_burst(test, cache, objs, BURST);
	after = stats_of(cache);
	KUNIT_EXPECT_EQ(test, after.created, before.created);
	KUNIT_EXPECT_EQ(test, after.taken_back, before.displaced + before.overflow);
	unstamp(test, objs, BURST);
	objcache_put_bulk(cache, BURST, objs);
	expect_balanced(test, cache, 0);
}

/* @nr objects are put beside an owner that has been interrupted. */
static void displace(struct kunit *test, struct objcache *cache, void **objs,
		     unsigned int nr)
{
	struct objcache_owner *owner;

	get_burst(test, cache, objs, nr);
	unstamp(test, objs, nr);
	preempt_disable();
	owner = raw_cpu_ptr(cache->owner);
	KUNIT_EXPECT_TRUE(test, objcache_owner_enter(owner));
	objcache_put_bulk(cache, nr, objs);
	objcache_owner_exit(owner);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, stat_of(cache, displaced), nr);
}

static void s10_what_is_displaced_is_parked_where_any_get_finds_it(struct kunit *test)
{
	struct objcache *cache = create(test, 0);
	void **objs = (void **)t_objs(test, BURST), *obj;
	struct objcache_stats st;
	unsigned int nr = 0;

	t_need_cpus(test, 2);
	displace(test, cache, objs, CAPACITY - 1);
	st = stats_of(cache);
	KUNIT_EXPECT_EQ(test, st.parked, CAPACITY - 1);
	KUNIT_EXPECT_EQ(test, st.releasing, 0);
	KUNIT_EXPECT_EQ(test, st.destroyed, 0);
	t_on_cpu(test, 1);
	while ((obj = objcache_try_get(cache)))
		objs[nr++] = obj;
	KUNIT_EXPECT_EQ(test, nr, CAPACITY - 1);
	KUNIT_EXPECT_EQ(test, stat_of(cache, taken_back), CAPACITY - 1);
	objcache_put_bulk(cache, nr, objs);
	expect_balanced(test, cache, 0);
}

static void s10_what_is_displaced_ages_as_in_a_shared_part(struct kunit *test)
{
	struct objcache *cache = create(test, 0);
	void **objs = (void **)t_objs(test, BURST);
	struct objcache_stats st;

	t_hold_keeper(cache);
	displace(test, cache, objs, CAPACITY - 1);
	objcache_age(cache);
	KUNIT_EXPECT_EQ(test, stat_of(cache, parked), CAPACITY - 1);
	objcache_age(cache);
	st = stats_of(cache);
	KUNIT_EXPECT_EQ(test, st.parked, 0);
	KUNIT_EXPECT_EQ(test, st.releasing, CAPACITY - 1);
	KUNIT_EXPECT_EQ(test, st.aged_out, CAPACITY - 1);
	expect_balanced(test, cache, 0);
}

static void s13_a_drain_counts_what_is_displaced(struct kunit *test)
{
	struct objcache *cache = create(test, 0);
	void **objs = (void **)t_objs(test, BURST);

	displace(test, cache, objs, CAPACITY - 1);
	KUNIT_EXPECT_EQ(test, objcache_drain(cache), CAPACITY - 1);
	KUNIT_EXPECT_EQ(test, stat_of(cache, destroyed), stat_of(cache, created));
}

static void s08_a_drain_empties_the_depot(struct kunit *test)
{
	struct objcache *cache = create(test, 0);
	void **objs = (void **)t_objs(test, BURST);
	u64 parked;

	t_need_cpus(test, 2);
	t_hold_keeper(cache);
	to_depot(test, cache, objs, BURST);
	parked = stat_of(cache, parked);
	KUNIT_EXPECT_EQ(test, (u64)objcache_drain(cache), parked);
	KUNIT_EXPECT_EQ(test, stat_of(cache, created), stat_of(cache, destroyed));
}

static void s07_memory_pressure_takes_the_depot_first(struct kunit *test)
{
	struct objcache *cache = create(test, 0);
	struct shrinker *shrinker = t_shrinker(cache);
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL };
	void **objs = (void **)t_objs(test, BURST);
	struct objcache_stats before, after;

	t_need_cpus(test, 2);
	t_hold_keeper(cache);
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
}

/* What has left its CPU is not for any other: it is backlog. */
static void s10_a_cache_that_does_not_steal_takes_nothing_back(struct kunit *test)
{
	struct objcache *cache = create(test, OBJCACHE_NO_STEAL);
	void **objs = (void **)t_objs(test, BURST);
	struct objcache_stats st;
	void *obj;

	t_need_cpus(test, 2);
	t_hold_keeper(cache);
	to_depot(test, cache, objs, BURST);
	st = stats_of(cache);
	KUNIT_EXPECT_EQ(test, st.parked, CAPACITY);
	KUNIT_EXPECT_EQ(test, st.releasing, BURST - CAPACITY);
	t_on_cpu(test, 0);
	KUNIT_EXPECT_NULL(test, objcache_try_get(cache));
	KUNIT_EXPECT_NULL(test, objcache_get(cache, GFP_NOWAIT));
	t_keeper_hurries(cache);
	KUNIT_EXPECT_EQ(test, stat_of(cache, releasing), 0);
	obj = objcache_get(cache, GFP_NOWAIT);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	objcache_put(cache, obj);
	KUNIT_EXPECT_EQ(test, stat_of(cache, taken_back), 0);
	expect_balanced(test, cache, 0);
}

/* Bursts that meet in the depot, from all CPUs at once. */
struct meeting {
	struct objcache *cache;
	atomic_t faults;
};

static void meet(struct t_thread *thread)
{
	const unsigned int most = 3 * CAPACITY;
	struct stamped **objs = kcalloc(most, sizeof(*objs), GFP_KERNEL);
	struct meeting *m = thread->crew->data;
	unsigned int round, nr, i;

	if (!objs) {
		atomic_inc(&m->faults);
		return;
	}
	/* A round at least is to find what another left. */
	for (round = 0; round < T_ROUNDS(20) || !t_crew_stopping(thread->crew); round++) {
		for (nr = 0; nr < most; nr++) {
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
	}
	kfree(objs);
}

static void s02_bursts_that_meet_in_the_depot_never_share_an_object(struct kunit *test)
{
	struct meeting m = { .cache = create(test, 0) };
	struct t_crew *crew = t_crew_create(test, num_online_cpus(), meet, &m);
	struct objcache_stats st;

	KUNIT_EXPECT_TRUE(test, t_crew_run(crew, 500, stat_of(m.cache, taken_back)));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&m.faults));
	st = stats_of(m.cache);
	kunit_info(test, "%llu gets, %llu taken back, %llu fresh", st.gets,
		   st.taken_back, st.fresh);
	KUNIT_EXPECT_TRUE(test, t_wait_until(!stat_of(m.cache, releasing)));
	expect_balanced(test, m.cache, 0);
}

static struct kunit_case depot_cases[] = {
	KUNIT_CASE(s10_what_is_above_the_capacity_is_got_before_any_is_made),
	KUNIT_CASE(s10_what_is_above_the_capacity_is_not_parked),
	KUNIT_CASE(s10_a_flow_keeps_its_depot_and_an_idle_one_empties_in_two_looks),
	KUNIT_CASE(s20_the_depot_keeps_no_empty_magazine),
	KUNIT_CASE_SLOW(s10_the_depot_empties_by_itself),
	KUNIT_CASE(s10_the_depot_is_bounded),
	KUNIT_CASE(s10_who_is_above_the_bound_has_the_keeper_come),
	KUNIT_CASE(s05_without_a_magazine_objects_wait_by_their_links),
	KUNIT_CASE(s10_what_is_displaced_is_parked_where_any_get_finds_it),
	KUNIT_CASE(s10_what_is_displaced_ages_as_in_a_shared_part),
	KUNIT_CASE(s13_a_drain_counts_what_is_displaced),
	KUNIT_CASE(s08_a_drain_empties_the_depot),
	KUNIT_CASE(s07_memory_pressure_takes_the_depot_first),
	KUNIT_CASE(s10_a_cache_that_does_not_steal_takes_nothing_back),
	KUNIT_CASE_SLOW(s02_bursts_that_meet_in_the_depot_never_share_an_object),
	{}
};

static struct kunit_suite depot_suite = {
	.name = "objcache_depot",
	.init = t_need_magazines,
	.test_cases = depot_cases,
};

kunit_test_suite(depot_suite);
