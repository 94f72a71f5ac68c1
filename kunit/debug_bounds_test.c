// SPDX-License-Identifier: GPL-2.0
/*
 * S17 with S18 and S19: a quarantine does not swallow a small pool, a withdrawn object
 * has another one made for it, waits end and the reserve is there
 */

#include <linux/topology.h>

#include "contexts.h"
#include "entry.h"
#include "getter.h"
#include "inside.h"
#include "reports.h"

#define ALL_LEVELS	(OBJCACHE_STACKS | OBJCACHE_DROP)

static struct tcache *create(struct kunit *test, unsigned int max, unsigned int min,
			     unsigned int flags)
{
	struct objcache_params params = {
		.batch = 2, .capacity = 16, .max_objects = max, .min_objects = min,
		.flags = flags,
	};

	t_on_cpu(test, 0);
	return t_create(test, &params);
}

static unsigned int existing(struct tcache *tc)
{
	return t_stat(tc, created) - t_stat(tc, destroyed);
}

/* All is back. What is withdrawn is destroyed without its destructor. */
static void finish(struct tcache *tc, unsigned int min, unsigned int withdrawn)
{
	struct kunit *test = tc->test;

	KUNIT_EXPECT_TRUE(test, t_wait_until(!t_stat(tc, releasing)));
	KUNIT_EXPECT_TRUE(test, t_wait_until(existing(tc) >= min));
	objcache_drain(tc->cache);
	t_expect_balanced_now(tc, 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), min);
	KUNIT_EXPECT_EQ(test, existing(tc), min);
	KUNIT_EXPECT_EQ(test, t_stat(tc, withdrawn), withdrawn);
	t_destroy(tc);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->ctors),
			atomic_read(&tc->dtors_done) + (int)withdrawn);
	t_expect_no_fault(tc);
}

/* ---- small pools ---- */

static const struct pool {
	unsigned int max, min;
} pools[] = {
	{ 1, 0 }, { 1, 1 }, { 2, 0 }, { 2, 1 }, { 2, 2 }, { 8, 0 }, { 8, 3 }, { 8, 8 },
};

/* All are out, and each put ends a wait, be the object kept, dropped or refused. */
static void expect_waits_end(struct kunit *test, const struct pool *pool, unsigned int flags)
{
	struct tcache *tc = create(test, pool->max, pool->min, flags);
	struct tobj *objs[8];
	unsigned int i;

	t_get_all(tc, objs, pool->max);
	for (i = 0; i < 6; i++) {
		struct t_getter *getter = t_getter_start(test, tc, GFP_KERNEL, i);

		KUNIT_EXPECT_TRUE(test, t_getter_waits(getter));
		t_put(tc, objs[0], 1);
		KUNIT_EXPECT_TRUE(test, t_getter_comes(getter));
		KUNIT_EXPECT_EQ(test, getter->got, 1);
		t_getter_puts(getter);
		t_get_all(tc, objs, 1);
	}
	t_put_all(tc, objs, pool->max);
	KUNIT_EXPECT_LE(test, atomic_read(&tc->live_max), pool->max);
	finish(tc, pool->min, 0);
}

static void s17_waits_end_at_each_level(struct kunit *test)
{
	static const unsigned int levels[] = {
		OBJCACHE_CHECK, OBJCACHE_STACKS, OBJCACHE_DROP, ALL_LEVELS,
		OBJCACHE_DEBUG | ALL_LEVELS,
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(levels); i++)
		for (j = 0; j < ARRAY_SIZE(pools); j++)
			expect_waits_end(test, &pools[j], levels[i]);
}

/* What was put long ago is as good as what is put now. */
static void s17_nobody_waits_for_the_quarantine(struct kunit *test)
{
	struct tobj *objs[8];
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(pools); i++) {
		struct tcache *tc = create(test, pools[i].max, pools[i].min, OBJCACHE_STACKS);

		for (j = 0; j < 4; j++) {
			t_get_all(tc, objs, pools[i].max);
			t_put_all(tc, objs, pools[i].max);
		}
		/* As who may not wait finds out. */
		for (j = 0; j < pools[i].max; j++)
			objs[j] = t_get(tc, GFP_NOWAIT, 1);
		KUNIT_EXPECT_NOT_NULL(test, objs[pools[i].max - 1]);
		t_put_all(tc, objs, pools[i].max);
		KUNIT_EXPECT_EQ(test, t_stat(tc, limit_waits), 0);
		KUNIT_EXPECT_EQ(test, atomic_read(&tc->ctors), pools[i].max);
		finish(tc, pools[i].min, 0);
	}
}

static unsigned int far_cpu(void)
{
	unsigned int cpu, here = raw_smp_processor_id();

	for_each_online_cpu(cpu)
		if (cpu_to_node(cpu) != cpu_to_node(here))
			return cpu;
	return nr_cpu_ids;
}

/* Two in quarantine and two on their way out, and we go to a CPU of another node. */
static void leave_four(struct tcache *tc, struct tobj **objs)
{
	struct kunit *test = tc->test;
	unsigned int cpu;

	t_on_cpu(test, 0);
	cpu = far_cpu();
	if (cpu >= nr_cpu_ids)
		kunit_skip(test, "needs CPUs on two nodes");
	t_get_all(tc, objs, 4);
	t_hold_keeper(tc->cache);
	t_put_all(tc, objs, 4);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 2);
	KUNIT_EXPECT_EQ(test, t_stat(tc, releasing), 2);
	KUNIT_ASSERT_EQ(test, 0, set_cpus_allowed_ptr(current, cpumask_of(cpu)));
}

/* The quarantine of another node, and what is on its way out there. */
static void s17_what_another_node_has_is_not_waited_for(struct kunit *test)
{
	struct objcache_params params = {
		.batch = 1, .capacity = 2, .max_objects = 4, .flags = OBJCACHE_CHECK,
	};
	struct tcache *tc = t_create(test, &params);
	struct tobj *objs[4];
	unsigned int i;

	leave_four(tc, objs);
	/* As who may not wait finds out. */
	for (i = 0; i < 4; i++) {
		objs[i] = t_get(tc, GFP_NOWAIT, 1);
		KUNIT_EXPECT_NOT_NULL_MSG(test, objs[i], "%u", i);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->ctors), 4);
	t_put_all(tc, objs, 4);
	objcache_drain(tc->cache);
	finish(tc, 0, 0);
}

/* A put decides what is kept on which node, not a get. */
static void s17_what_another_node_has_is_for_a_local_get_too(struct kunit *test)
{
	struct objcache_params params = {
		.batch = 1, .capacity = 2, .flags = OBJCACHE_CHECK | OBJCACHE_NODE_LOCAL,
	};
	struct tcache *tc = t_create(test, &params);
	struct tobj *objs[4];

	leave_four(tc, objs);
	objs[0] = t_try_get(tc, 1);
	KUNIT_EXPECT_NOT_NULL(test, objs[0]);
	t_get_all(tc, objs + !!objs[0], 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->ctors), 4);
	t_put_all(tc, objs, 1 + !!objs[0]);
	objcache_drain(tc->cache);
	finish(tc, 0, 0);
}

/*
 * Here, displaced and leaving, then leaving over there: at the fourth look, for what is
 * displaced over there, it is that no more.
 */
static unsigned int looks;

static void have_it_age(struct pt_regs *regs, void *data)
{
	u64 end = ktime_get_mono_fast_ns() + 20ULL * NSEC_PER_SEC;
	struct t_crew *crew = data;
	struct tcache *tc = crew->data;

	if (++looks < 4) {
		t_at_next_entry();
		return;
	}
	t_crew_come(crew);
	while (!t_stored(tc, OBJCACHE_LEAVING) && ktime_get_mono_fast_ns() < end)
		cpu_relax();
}

static void age(struct t_thread *thread)
{
	struct tcache *tc = thread->crew->data;

	objcache_age(tc->cache);
}

static void s17_what_ages_on_another_node_ends_a_wait(struct kunit *test)
{
	struct tcache *tc = create(test, 1, 0, OBJCACHE_CHECK);
	unsigned int cpu = far_cpu();
	struct t_getter *getter;
	struct t_crew *crew;
	struct tobj *obj;

	t_need_entries(test);
	if (cpu >= nr_cpu_ids || nr_node_ids > 2)
		kunit_skip(test, "needs CPUs on two nodes");
	t_get_all(tc, &obj, 1);
	getter = t_getter_start(test, tc, GFP_KERNEL, 0);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(getter));
	t_hold_keeper(tc->cache);
	t_hold_dealer(tc->cache);
	t_put(tc, obj, 1);
	objcache_age(tc->cache);
	crew = t_crew_create(test, 1, age, tc);
	t_crew_poll(crew);
	KUNIT_ASSERT_EQ(test, 0, set_cpus_allowed_ptr(current, cpumask_of(cpu)));
	looks = 0;
	t_at_entry(test, "objcache_depot_get", have_it_age, crew);
	t_let_dealer(tc->cache);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(getter));
	KUNIT_EXPECT_TRUE(test, t_was_entered());
	KUNIT_EXPECT_TRUE(test, t_crew_join(crew));
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->ctors), 1);
	t_getter_puts(getter);
	objcache_drain(tc->cache);
	finish(tc, 0, 0);
}

#define ROUNDS	50

/* Gets of all kinds, a few discards; whoever holds none may wait. */
static void get_and_give(struct t_thread *thread)
{
	struct tcache *tc = thread->crew->data;
	u32 random = thread->who * 2654435761U;
	unsigned int i;

	for (i = 0; i < ROUNDS && !t_crew_stopping(thread->crew); i++) {
		struct tobj *obj = t_get(tc, i % 3 ? GFP_KERNEL : GFP_NOIO, thread->who);

		if (!obj)
			return;
		if (t_random(&random) % 8)
			t_put(tc, obj, thread->who);
		else
			t_discard(tc, obj, thread->who);
	}
}

static void s17_many_share_a_small_pool(struct kunit *test)
{
	unsigned int i, cpus = num_online_cpus();

	for (i = 0; i < ARRAY_SIZE(pools); i++) {
		struct tcache *tc = create(test, pools[i].max, pools[i].min, ALL_LEVELS);
		struct t_crew *crew = t_crew_create(test, cpus + 1, get_and_give, tc);

		t_crew_start(crew);
		KUNIT_EXPECT_TRUE_MSG(test, t_crew_join(crew), "somebody waits for ever");
		KUNIT_EXPECT_EQ(test, t_stat(tc, gets), (cpus + 1) * ROUNDS);
		KUNIT_EXPECT_LE(test, atomic_read(&tc->live_max), pools[i].max);
		finish(tc, pools[i].min, 0);
	}
}

/* ---- withdrawn ---- */

static noinline __no_sanitize_address void scribble(void *to)
{
	WRITE_ONCE(*(u8 *)to, 0x41);
}

enum mistake { OVERRUN, WRITTEN_LATE, PUT_TWICE, PUT_ELSEWHERE, MISTAKES };

/* With it the only object there may be is gone. */
static void make_mistake(struct tcache *tc, struct tcache *other, struct tobj *obj,
			 enum mistake mistake)
{
	t_release(tc, obj, 1);
	if (mistake == OVERRUN)
		scribble((void *)obj + tc->size);
	if (mistake == PUT_ELSEWHERE)
		objcache_put(other->cache, obj);
	else
		objcache_put(tc->cache, obj);
	if (mistake == WRITTEN_LATE)
		scribble(&obj->words[2]);
	if (mistake == PUT_TWICE)
		objcache_put(tc->cache, obj);
}

/* Whoever waits, or comes, has another one made. */
static void expect_replaced(struct kunit *test, enum mistake mistake, bool waits,
			    unsigned int min)
{
	struct tcache *other = create(test, 0, 0, OBJCACHE_STACKS);
	struct objcache_params params = {
		.max_objects = 1, .min_objects = min,
		.flags = OBJCACHE_STACKS | OBJCACHE_NO_AGING,
	};
	struct tcache *tc = t_create_named(test, "kunit-one", &params);
	struct t_getter *getter = NULL;
	struct tobj *obj;

	t_get_all(tc, &obj, 1);
	if (waits) {
		getter = t_getter_start(test, tc, GFP_KERNEL, 1);
		KUNIT_EXPECT_TRUE(test, t_getter_waits(getter));
	}
	t_log_mark();
	make_mistake(tc, other, obj, mistake);
	if (!waits)
		getter = t_getter_start(test, tc, GFP_KERNEL, 1);
	KUNIT_EXPECT_TRUE_MSG(test, t_getter_comes(getter), "mistake %u", mistake);
	KUNIT_EXPECT_TRUE(test, t_wait_until(t_reports()));
	KUNIT_EXPECT_EQ_MSG(test, t_reports(), 1, "mistake %u", mistake);
	t_getter_puts(getter);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->ctors), 2);
	finish(tc, min, 1);
	finish(other, 0, 0);
}

static void s17_what_is_withdrawn_is_not_missed(struct kunit *test)
{
	unsigned int mistake, min;

	for (mistake = 0; mistake < MISTAKES; mistake++)
		for (min = 0; min <= 1; min++)
			expect_replaced(test, mistake, false, min);
}

/* Of a second put, or a write, nothing is known until somebody takes the object. */
static void s17_what_is_withdrawn_ends_a_wait(struct kunit *test)
{
	unsigned int min;

	for (min = 0; min <= 1; min++) {
		expect_replaced(test, OVERRUN, true, min);
		expect_replaced(test, PUT_ELSEWHERE, true, min);
	}
}

/* It is found while it is on its way out, or is to be replaced. */
static void s17_what_is_withdrawn_in_the_end_is_no_less(struct kunit *test)
{
	struct tcache *tc = create(test, 4, 2, OBJCACHE_CHECK);
	struct tobj *objs[4];
	unsigned int i;

	t_get_all(tc, objs, 4);
	t_put_all(tc, objs, 4);
	for (i = 0; i < 4; i++)
		scribble(&objs[i]->words[2]);
	/* The two that may go, and the two that stay when they are asked for. */
	objcache_drain(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, withdrawn), 2);
	t_get_all(tc, objs, 4);
	KUNIT_EXPECT_EQ(test, t_stat(tc, withdrawn), 4);
	KUNIT_EXPECT_EQ(test, existing(tc), 4);
	t_put_all(tc, objs, 4);
	finish(tc, 2, 4);
}

/* ---- the reserve ---- */

/* Nobody gets, and no age step calls: the keeper is called, and tries until it can. */
static void s17_what_is_withdrawn_at_the_minimum_is_replaced(struct kunit *test)
{
	struct tcache *tc = create(test, 2, 2, OBJCACHE_STACKS | OBJCACHE_NO_AGING);
	struct tobj *objs[2];
	unsigned int i;

	t_get_all(tc, objs, 2);
	KUNIT_EXPECT_TRUE(test, t_keeper_rests(tc->cache));
	atomic_set(&tc->fail_ctors, 2);
	for (i = 0; i < 2; i++)
		make_mistake(tc, NULL, objs[i], OVERRUN);
	KUNIT_EXPECT_TRUE(test, t_wait_until(t_stat(tc, remade) == 2));
	KUNIT_EXPECT_EQ(test, existing(tc), 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->ctors), 4);
	KUNIT_EXPECT_EQ(test, t_stat(tc, gets), 2);
	finish(tc, 2, 2);
}

/* No get fails, though no object can be made for a while. */
static void get_through_a_drought(struct t_thread *thread)
{
	struct tcache *tc = thread->crew->data;

	while (!t_crew_stopping(thread->crew)) {
		struct tobj *obj = t_get(tc, GFP_NOIO, thread->who);

		if (!obj)
			break;
		t_put(tc, obj, thread->who);
		cond_resched();
	}
}

static int alive(struct tcache *tc)
{
	return atomic_read(&tc->ctors) - atomic_read(&tc->dtors_done);
}

static void s17_the_reserve_is_there_while_no_constructor_works(struct kunit *test)
{
	struct tcache *tc = create(test, 3, 3, ALL_LEVELS);
	struct t_crew *crew = t_crew_create(test, num_online_cpus() + 1,
					    get_through_a_drought, tc);
	unsigned int i;

	t_crew_start(crew);
	for (i = 0; i < 3; i++) {
		u64 gets;

		atomic_set(&tc->fail_ctors, -1);
		/* Until all three were dropped, and could not be replaced. */
		KUNIT_EXPECT_TRUE(test, t_wait_until(!alive(tc) &&
						     to_core(tc->cache)->waiting));
		gets = t_stat(tc, gets);
		atomic_set(&tc->fail_ctors, 0);
		KUNIT_EXPECT_TRUE(test, t_wait_until(t_stat(tc, gets) > gets + 50));
	}
	t_crew_stop(crew);
	KUNIT_EXPECT_LE(test, atomic_read(&tc->live_max), 3);
	finish(tc, 3, 0);
}

static struct kunit_case debug_bounds_cases[] = {
	KUNIT_CASE_SLOW(s17_waits_end_at_each_level),
	KUNIT_CASE(s17_nobody_waits_for_the_quarantine),
	KUNIT_CASE(s17_what_another_node_has_is_not_waited_for),
	KUNIT_CASE(s17_what_another_node_has_is_for_a_local_get_too),
	KUNIT_CASE(s17_what_ages_on_another_node_ends_a_wait),
	KUNIT_CASE_SLOW(s17_many_share_a_small_pool),
	KUNIT_CASE_SLOW(s17_what_is_withdrawn_is_not_missed),
	KUNIT_CASE(s17_what_is_withdrawn_ends_a_wait),
	KUNIT_CASE(s17_what_is_withdrawn_in_the_end_is_no_less),
	KUNIT_CASE(s17_what_is_withdrawn_at_the_minimum_is_replaced),
	KUNIT_CASE_SLOW(s17_the_reserve_is_there_while_no_constructor_works),
	{}
};

static struct kunit_suite debug_bounds_suite = {
	.name = "objcache_debug_bounds",
	.init = t_own_levels,
	.test_cases = debug_bounds_cases,
};

kunit_test_suite(debug_bounds_suite);
