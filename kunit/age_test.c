// SPDX-License-Identifier: GPL-2.0
/*
 * S6: what nobody wants for two age steps goes, what is used stays
 *
 * Steps are taken by hand, on caches without a timer; age_timer_test.c is about
 * the timer. No CPU here is isolated; what a step does to one that is, ask_idle()
 * does to any.
 */

#include "age_helpers.h"
#include "contexts.h"
#include "inside.h"

#define SHARED		(PARKED - PRIVATE)

static void s06_an_idle_object_survives_one_step_and_not_two(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);

	t_need_keeping(test);
	t_on_cpu(test, 0);
	age_use(tc, PARKED);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), PARKED);
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_out), 0);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_out), PARKED);
	KUNIT_EXPECT_EQ(test, t_stat(tc, ages), 2);
	t_expect_balanced(tc, 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, destroyed), PARKED);
	t_finish(tc);
}

static void s06_two_steps_empty_an_idle_cache_on_all_cpus(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned int cpus = num_online_cpus(), cpu;
	struct tobj **objs = t_objs(test, cpus * PARKED);

	t_get_all(tc, objs, cpus * PARKED);
	for (cpu = 0; cpu < cpus; cpu++) {
		t_on_cpu(test, cpu);
		t_put_all(tc, objs + cpu * PARKED, PARKED);
	}
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), cpus * PARKED);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	t_finish(tc);
}

static void s06_steady_use_survives_a_hundred_steps(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned int i;

	t_on_cpu(test, 0);
	for (i = 0; i < 100; i++) {
		age_use(tc, PARKED);
		objcache_age(tc->cache);
	}
	KUNIT_EXPECT_EQ(test, t_stat(tc, ages), 100);
	KUNIT_EXPECT_EQ(test, t_stat(tc, fresh), PARKED);
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_out), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), PARKED);
	t_finish(tc);
}

/*
 * The same on all CPUs in turn: each leaves what the next one takes, and nothing
 * but the private parts is ever needed besides.
 */
static void s06_steady_use_on_all_cpus_makes_nothing_fresh(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned int cpus = num_online_cpus(), cpu, i;

	for (i = 0; i < 100; i++) {
		for (cpu = 0; cpu < cpus; cpu++) {
			t_on_cpu(test, cpu);
			age_use(tc, PARKED);
		}
		objcache_age(tc->cache);
		KUNIT_EXPECT_EQ(test, t_stat(tc, fresh), SHARED + cpus * PRIVATE);
	}
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_out), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), SHARED + cpus * PRIVATE);
	objcache_age(tc->cache);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	t_finish(tc);
}

/* What steady use never reaches is not in use: the shared part goes. */
static void s06_idle_objects_go_beside_steady_use(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned int i;

	t_on_cpu(test, 0);
	age_use(tc, PARKED);
	for (i = 0; i < 5; i++) {
		age_use(tc, 2);
		objcache_age(tc->cache);
		KUNIT_EXPECT_EQ(test, t_stat(tc, parked), i ? PRIVATE : PARKED);
	}
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_out), SHARED);
	t_finish(tc);
}

/* One get and put between two steps keep the whole of it. */
static void s06_a_private_part_that_is_used_survives(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned int i;

	t_on_cpu(test, 0);
	age_use(tc, PRIVATE);
	for (i = 0; i < 10; i++) {
		objcache_age(tc->cache);
		KUNIT_EXPECT_EQ(test, t_stat(tc, parked), PRIVATE);
		age_use(tc, 1);
	}
	objcache_age(tc->cache);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	t_finish(tc);
}

static void s06_an_idle_private_part_of_another_cpu_goes_too(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);

	t_need_cpus(test, 2);
	t_on_cpu(test, 1);
	age_use(tc, PRIVATE);
	t_on_cpu(test, 0);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), PRIVATE);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_out), PRIVATE);
	t_finish(tc);
}

/* Its owner, stopped in the middle of a call for a while. */
struct in_the_way {
	struct objcache *cache;
	struct completion there;
};

static void stand_in_the_way(struct t_thread *thread)
{
	struct in_the_way *way = thread->crew->data;
	struct objcache_owner *owner;

	preempt_disable();
	owner = raw_cpu_ptr(way->cache->owner);
	if (objcache_owner_enter(owner)) {
		complete(&way->there);
		mdelay(20);
		objcache_owner_exit(owner);
	}
	preempt_enable();
}

static void s06_a_visit_that_finds_the_owner_at_work_comes_again(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct in_the_way way = { .cache = tc->cache };
	struct t_crew *crew = t_crew_create(test, 1, stand_in_the_way, &way);

	t_need_cpus(test, 2);
	init_completion(&way.there);
	t_on_cpu(test, 0);
	age_use(tc, PRIVATE);
	t_on_cpu(test, 1);
	objcache_age(tc->cache);
	t_crew_start(crew);
	wait_for_completion(&way.there);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	KUNIT_EXPECT_TRUE(test, t_crew_join(crew));
	t_finish(tc);
}

/* Objects made ahead of need are as young as any. */
static void s06_what_was_prefilled_survives_one_step(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);

	t_need_keeping(test);
	t_on_cpu(test, 0);
	KUNIT_EXPECT_EQ(test, objcache_prefill(tc->cache, PARKED, GFP_KERNEL), PARKED);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), PARKED);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	t_finish(tc);
}

static void s06_a_get_from_the_aged_generation_is_counted(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *objs[PARKED];

	t_on_cpu(test, 0);
	age_use(tc, PARKED);
	objcache_age(tc->cache);
	t_get_all(tc, objs, PRIVATE);
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_hits), 0);
	t_get_all(tc, objs + PRIVATE, SHARED);
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_hits), SHARED);
	KUNIT_EXPECT_EQ(test, t_stat(tc, steals), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, fresh), PARKED);
	t_put_all(tc, objs, PARKED);
	t_finish(tc);
}

static void s06_another_cpu_finds_the_aged_generation(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *objs[PARKED];

	t_need_cpus(test, 2);
	t_on_cpu(test, 1);
	age_use(tc, PARKED);
	objcache_age(tc->cache);
	t_on_cpu(test, 0);
	KUNIT_EXPECT_EQ(test, t_try_get_all(tc, objs, PARKED), SHARED);
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_hits), SHARED);
	KUNIT_EXPECT_EQ(test, t_stat(tc, steals), SHARED);
	t_put_all(tc, objs, SHARED);
	t_finish(tc);
}

/* Those are displaced: they have no CPU. */
static void s06_what_interrupts_have_parked_ages_too(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *objs[BATCH + 1];

	t_on_cpu(test, 0);
	t_get_all(tc, objs, BATCH + 1);
	t_put_nested(tc, objs, BATCH + 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, nested), BATCH + 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, displaced), BATCH + 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), BATCH + 1);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), BATCH + 1);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	t_finish(tc);
}

static void s06_aging_under_load_loses_nothing(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned long end = jiffies + msecs_to_jiffies(1500);
	struct t_crew *crew;

	crew = t_crew_create(test, 2 * num_online_cpus(), age_busy_user, tc);
	t_crew_start(crew);
	while (time_before(jiffies, end) || t_stat(tc, ages) < 3)
		objcache_age(tc->cache);
	t_crew_stop(crew);
	kunit_info(test, "%llu steps, %llu objects released by them, %llu brought back",
		   t_stat(tc, ages), t_stat(tc, aged_out), t_stat(tc, aged_hits));
	t_finish(tc);
}

static void ask_idle(struct tcache *tc, unsigned int cpu)
{
	struct objcache_cpu *c = per_cpu_ptr(to_core(tc->cache)->cpu, cpu);

	WRITE_ONCE(c->touched, t_touched(c));
	WRITE_ONCE(c->expired, true);
	objcache_ask(c);
}

#define ASKED_MIN	200

static void ask_all_idle(struct tcache *tc)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		ask_idle(tc, cpu);
}

struct put_job {
	struct tcache *tc;
	struct tobj *obj;
};

static void put_one(void *data)
{
	struct put_job *job = data;

	t_put(job->tc, job->obj, 1);
}

/* Two magazines, with room for @room more, and newest first what is put then. */
static void undisturbed_releases(struct kunit *test, struct tcache *tc, unsigned int room)
{
	unsigned int private = PRIVATE - room;
	struct put_job job = { .tc = tc };
	enum t_context context;
	u64 aged;

	t_need_cpus(test, 2);
	t_need_nmi(test);
	for (context = T_TASK; context < T_NR_CONTEXTS; context++) {
		t_on_cpu(test, 1);
		age_use(tc, PARKED - room);
		t_on_cpu(test, 0);
		job.obj = t_get(tc, GFP_KERNEL, 1);
		KUNIT_ASSERT_NOT_NULL(test, job.obj);
		aged = t_stat(tc, aged_out);
		ask_idle(tc, t_nth_cpu(1));
		KUNIT_EXPECT_EQ(test, t_stat(tc, aged_out), aged);
		t_on_cpu(test, 1);
		KUNIT_EXPECT_TRUE(test, t_run_in(context, put_one, &job));
		KUNIT_EXPECT_EQ_MSG(test, t_stat(tc, aged_out), aged + private, "in %s",
				    t_context_name(context));
		KUNIT_EXPECT_PTR_EQ(test, t_get(tc, GFP_KERNEL, 1), job.obj);
		t_put(tc, job.obj, 1);
		KUNIT_EXPECT_EQ(test, t_stat(tc, aged_out), aged + private);
		t_expect_balanced(tc, 0);
		objcache_drain(tc->cache);
	}
	t_finish(tc);
}

static void s06_an_undisturbed_cpu_releases_its_part_at_its_next_put(struct kunit *test)
{
	undisturbed_releases(test, t_create_small(test, 0), 0);
}

static void s06_an_undisturbed_cpu_that_resets_does_so_too(struct kunit *test)
{
	struct objcache_params params = {
		.batch = 4, .capacity = 32, .ops = &t_ops_reset,
	};

	undisturbed_releases(test, t_create(test, &params), 1);
}

static void s06_an_undisturbed_cpu_keeps_what_it_uses(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *objs[2];

	t_on_cpu(test, 0);
	age_use(tc, PARKED);
	ask_idle(tc, t_nth_cpu(0));
	t_get_all(tc, objs, 2);
	t_put_all(tc, objs, 2);
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_out), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), PARKED);
	t_finish(tc);
}

static void s06_asking_under_load_loses_nothing(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct t_crew *crew;
	unsigned int asked;

	crew = t_crew_create(test, 2 * num_online_cpus(), age_busy_user, tc);
	t_crew_start(crew);
	/* So often, and until one met a CPU whose next call was a put. */
	for (asked = 0; asked < ASKED_MIN || !t_stat(tc, aged_out); asked++) {
		ask_all_idle(tc);
		usleep_range(10, 50);
	}
	t_crew_stop(crew);
	kunit_info(test, "asked %u times, %llu objects released", asked,
		   t_stat(tc, aged_out));
	t_finish(tc);
}

static struct kunit_case age_cases[] = {
	KUNIT_CASE(s06_two_steps_empty_an_idle_cache_on_all_cpus),
	KUNIT_CASE(s06_steady_use_survives_a_hundred_steps),
	KUNIT_CASE(s06_steady_use_on_all_cpus_makes_nothing_fresh),
	KUNIT_CASE(s06_idle_objects_go_beside_steady_use),
	KUNIT_CASE(s06_a_private_part_that_is_used_survives),
	KUNIT_CASE(s06_an_idle_private_part_of_another_cpu_goes_too),
	KUNIT_CASE(s06_a_visit_that_finds_the_owner_at_work_comes_again),
	KUNIT_CASE(s06_a_get_from_the_aged_generation_is_counted),
	KUNIT_CASE(s06_another_cpu_finds_the_aged_generation),
	KUNIT_CASE(s06_what_interrupts_have_parked_ages_too),
	KUNIT_CASE(s06_an_undisturbed_cpu_releases_its_part_at_its_next_put),
	KUNIT_CASE(s06_an_undisturbed_cpu_that_resets_does_so_too),
	KUNIT_CASE(s06_an_undisturbed_cpu_keeps_what_it_uses),
	KUNIT_CASE(s06_asking_under_load_loses_nothing),
	{}
};

static struct kunit_suite age_suite = {
	.name = "objcache_age",
	.init = t_need_magazines,
	.test_cases = age_cases,
};

/* A quarantine ages as well. */
static struct kunit_case age_any_cases[] = {
	KUNIT_CASE(s06_an_idle_object_survives_one_step_and_not_two),
	KUNIT_CASE(s06_what_was_prefilled_survives_one_step),
	KUNIT_CASE_SLOW(s06_aging_under_load_loses_nothing),
	{}
};

static struct kunit_suite age_any_suite = {
	.name = "objcache_age_any",
	.test_cases = age_any_cases,
};

kunit_test_suites(&age_suite, &age_any_suite);
