// SPDX-License-Identifier: GPL-2.0
/* S6: the timer takes the steps, for as long as the cache is there */

#include "age_helpers.h"
#include "levels.h"
#include "../module/core/core.h"

static struct tcache *aging_create(struct kunit *test, const char *name,
				   unsigned int age_ms, unsigned int flags)
{
	struct objcache_params params = {
		.size = sizeof(struct tobj), .batch = BATCH, .capacity = 32,
		.age_ms = age_ms, .flags = flags, .ops = &t_ops,
	};

	return t_create_named(test, name, &params);
}

static void stay_awake(struct t_thread *thread)
{
	while (!t_crew_stopping(thread->crew))
		cond_resched();
}

/*
 * The timer is deferrable: on a CPU that sleeps it waits until that wakes up for
 * another reason. So none sleeps, until the end of the test.
 */
static void keep_cpus_awake(struct kunit *test)
{
	t_crew_start(t_crew_create(test, num_online_cpus(), stay_awake, NULL));
	t_on_cpu(test, 0);
}

static void s06_the_timer_empties_an_idle_cache(struct kunit *test)
{
	struct tcache *tc = aging_create(test, "kunit", 20, 0);

	keep_cpus_awake(test);
	age_use(tc, PARKED);
	KUNIT_EXPECT_TRUE(test, t_wait_until(!t_stat(tc, parked)));
	KUNIT_EXPECT_TRUE(test, t_wait_until(t_stat(tc, ages) >= 2));
	KUNIT_EXPECT_TRUE(test, t_wait_until(t_stat(tc, destroyed) == PARKED));
	t_finish(tc);
}

static void s06_the_timer_leaves_alone_what_a_cpu_uses(struct kunit *test)
{
	struct tcache *tc = aging_create(test, "kunit", 50, 0);
	u64 before;

	t_need_keeping(test);
	keep_cpus_awake(test);
	age_use(tc, PRIVATE);
	before = t_stat(tc, ages);
	KUNIT_EXPECT_TRUE(test, t_wait_until((age_use(tc, 1),
					      t_stat(tc, ages) > before + 5)));
	if (t_stat(tc, aged_out))
		kunit_info(test, "%llu objects aged: this thread had to wait for two intervals",
			   t_stat(tc, aged_out));
	else
		KUNIT_EXPECT_EQ(test, t_stat(tc, fresh), PRIVATE);
	/* Or the timer comes between what t_finish() counts and what it drains. */
	objcache_drain(tc->cache);
	t_finish(tc);
}

/* While all are out, nothing is parked; the timer goes on all the same. */
static void s06_objects_put_after_a_long_time_out_still_age(struct kunit *test)
{
	struct tcache *tc = aging_create(test, "kunit", 10, 0);
	struct tobj *objs[PARKED];
	u64 before;

	keep_cpus_awake(test);
	t_get_all(tc, objs, PARKED);
	before = t_stat(tc, ages);
	KUNIT_EXPECT_TRUE(test, t_wait_until(t_stat(tc, ages) > before + 5));
	t_put_all(tc, objs, PARKED);
	KUNIT_EXPECT_TRUE(test, t_wait_until(!t_stat(tc, parked)));
	t_finish(tc);
}

/* After steps over a cache that has nothing, too. */
static void s06_the_timer_goes_on_from_one_use_to_the_next(struct kunit *test)
{
	struct tcache *tc = aging_create(test, "kunit", 10, 0);
	unsigned int round;
	u64 ages;

	keep_cpus_awake(test);
	for (round = 0; round < 3; round++) {
		ages = t_stat(tc, ages);
		KUNIT_EXPECT_TRUE(test, t_wait_until(t_stat(tc, ages) >= ages + 3));
		age_use(tc, BATCH);
		KUNIT_EXPECT_TRUE(test, t_wait_until(!t_stat(tc, parked)));
	}
	t_finish(tc);
}

/* Nor does it matter where they were made. */
static void s06_an_object_made_with_interrupts_off_ages_too(struct kunit *test)
{
	struct tcache *tc = aging_create(test, "kunit", 10, 0);
	struct tobj *obj;

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "no object can be made there");
	keep_cpus_awake(test);
	local_irq_disable();
	obj = t_get(tc, GFP_ATOMIC, 1);
	local_irq_enable();
	KUNIT_ASSERT_NOT_NULL(test, obj);
	t_put(tc, obj, 1);
	KUNIT_EXPECT_TRUE(test, t_wait_until(!t_stat(tc, parked)));
	/* A step is counted when it ends, which is after it releases. */
	KUNIT_EXPECT_TRUE(test, t_wait_until(t_stat(tc, ages) >= 2));
	t_finish(tc);
}

/* The twin with a timer says when enough time has passed. */
static void s06_without_aging_time_does_nothing(struct kunit *test)
{
	struct tcache *tc = aging_create(test, "kunit", 10, OBJCACHE_NO_AGING);
	struct tcache *twin = aging_create(test, "kunit-twin", 10, 0);
	struct tobj *obj;
	u64 parked;

	keep_cpus_awake(test);
	age_use(tc, PARKED);
	parked = t_stat(tc, parked);
	obj = t_get(twin, GFP_KERNEL, 1);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_TRUE(test, t_wait_until(t_stat(twin, ages) >= 5));
	KUNIT_EXPECT_EQ(test, t_stat(tc, ages), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), parked);
	t_put(twin, obj, 1);
	objcache_drain(twin->cache);
	t_finish(twin);
	t_finish(tc);
}

/* Beside it, steps by hand and drains. */
static void s06_the_timer_under_load_loses_nothing(struct kunit *test)
{
	struct tcache *tc = aging_create(test, "kunit", 10, 0);
	unsigned long end = jiffies + msecs_to_jiffies(1000);
	struct t_crew *crew;

	crew = t_crew_create(test, num_online_cpus(), age_busy_user, tc);
	t_crew_start(crew);
	while (time_before(jiffies, end)) {
		objcache_age(tc->cache);
		objcache_drain(tc->cache);
		usleep_range(500, 1000);
	}
	t_crew_stop(crew);
	KUNIT_EXPECT_TRUE(test, t_wait_until(!t_stat(tc, parked)));
	t_finish(tc);
}

static struct kunit_case age_timer_cases[] = {
	KUNIT_CASE(s06_the_timer_empties_an_idle_cache),
	KUNIT_CASE_SLOW(s06_the_timer_leaves_alone_what_a_cpu_uses),
	KUNIT_CASE_SLOW(s06_objects_put_after_a_long_time_out_still_age),
	KUNIT_CASE_SLOW(s06_the_timer_goes_on_from_one_use_to_the_next),
	KUNIT_CASE(s06_an_object_made_with_interrupts_off_ages_too),
	KUNIT_CASE_SLOW(s06_without_aging_time_does_nothing),
	KUNIT_CASE_SLOW(s06_the_timer_under_load_loses_nothing),
	{}
};

static struct kunit_suite age_timer_suite = {
	.name = "objcache_age_timer",
	.init = t_need_parking,
	.test_cases = age_timer_cases,
};

kunit_test_suite(age_timer_suite);
