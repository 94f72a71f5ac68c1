// SPDX-License-Identifier: GPL-2.0
/*
 * S2, S3 and S14 under contention: threads on all CPUs, each object claimed with
 * cmpxchg on its way to a holder, its contents written by one and read by the
 * next, and the books balanced at the end
 */

#include "actors.h"
#include "inside.h"

/* So long, and until there were so many gets. */
#define STRESS_MS	800
#define STRESS_GETS	1000

static void finish_busy(struct kunit *test, struct tcache *tc)
{
	struct objcache_stats st;

	t_expect_balanced(tc, 0);
	st = t_stats(tc);
	kunit_info(test, "%llu gets, %llu hits, %llu stolen, %llu fresh, %llu overflow",
		   st.gets, st.hits, st.steals, st.fresh, st.overflow);
	t_finish(tc);
}

/* At random: get, try_get, put, discard, bulk. */
static void random_user(struct t_thread *thread)
{
	struct t_actor actor;

	t_actor_init(&actor, thread->crew->data, thread->who, GFP_KERNEL);
	actor.may_bulk = true;
	while (!t_crew_stopping(thread->crew)) {
		t_actor_step(&actor);
		cond_resched();
	}
	t_actor_empty(&actor);
}

/* Bursts of which each CPU in turn has more or less to give than to take. */
static void bursting_user(struct t_thread *thread)
{
	struct tcache *tc = thread->crew->data;
	u32 random = thread->who;
	struct tobj *objs[40];
	unsigned int i, nr;

	while (!t_crew_stopping(thread->crew)) {
		nr = t_random(&random) % ARRAY_SIZE(objs);
		for (i = 0; i < nr; i++)
			objs[i] = t_get(tc, GFP_KERNEL, thread->who);
		while (i--)
			if (objs[i])
				t_put(tc, objs[i], thread->who);
		cond_resched();
	}
}

/* The first fills, all others take what they can get and let it go. */
static void one_feeds_the_others(struct t_thread *thread)
{
	struct tcache *tc = thread->crew->data;
	struct tobj *objs[24];
	unsigned int i, nr;

	while (!t_crew_stopping(thread->crew)) {
		for (nr = 0; nr < ARRAY_SIZE(objs); nr++) {
			objs[nr] = thread->index ? t_try_get(tc, thread->who) :
						   t_get(tc, GFP_KERNEL, thread->who);
			if (!objs[nr])
				break;
		}
		for (i = 0; i < nr; i++) {
			if (thread->index)
				t_discard(tc, objs[i], thread->who);
			else
				t_put(tc, objs[i], thread->who);
		}
		cond_resched();
	}
}

static void stress(struct kunit *test, struct tcache *tc,
		   void (*fn)(struct t_thread *thread))
{
	struct t_crew *crew = t_crew_create(test, 2 * num_online_cpus(), fn, tc);

	KUNIT_EXPECT_TRUE(test, t_crew_run(crew, STRESS_MS, t_stat(tc, gets) > STRESS_GETS));
	finish_busy(test, tc);
}

static void s02_random_users_never_share_an_object(struct kunit *test)
{
	stress(test, t_create_small(test, 0), random_user);
}

static void s02_random_users_of_a_tiny_cache_never_share_an_object(struct kunit *test)
{
	struct objcache_params params = { .batch = 1, .capacity = 3 };

	stress(test, t_create(test, &params), random_user);
}

static void s02_random_users_without_stealing_never_share_an_object(struct kunit *test)
{
	stress(test, t_create_small(test, OBJCACHE_NO_STEAL), random_user);
}

static void s02_bursting_users_never_share_an_object(struct kunit *test)
{
	stress(test, t_create_small(test, 0), bursting_user);
}

static void s02_one_producer_and_many_thieves_never_share_an_object(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct t_crew *crew;

	t_need_magazines(test);
	t_need_cpus(test, 2);
	crew = t_crew_create(test, num_online_cpus(), one_feeds_the_others, tc);
	KUNIT_EXPECT_TRUE(test, t_crew_run(crew, STRESS_MS, t_stat(tc, steals) > 10));
	finish_busy(test, tc);
}

/* What takes everything away, or only looks, while it is in use. */
static void s02_draining_meanwhile_makes_no_second_owner(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned long end = jiffies + msecs_to_jiffies(STRESS_MS);
	unsigned long drained = 0;
	struct t_crew *crew;

	crew = t_crew_create(test, 2 * num_online_cpus(), random_user, tc);
	t_crew_start(crew);
	while (time_before(jiffies, end) || t_stat(tc, gets) <= STRESS_GETS) {
		objcache_prefill(tc->cache, 9, GFP_KERNEL);
		drained += objcache_drain(tc->cache);
		t_stats(tc);
	}
	t_crew_stop(crew);
	kunit_info(test, "%lu drained meanwhile", drained);
	finish_busy(test, tc);
}

/*
 * The detector itself: an object put twice is handed out twice, and that is
 * seen. One of the two gives it back, so that the books balance again.
 */
static void s02_the_detector_sees_an_object_that_was_put_twice(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *obj, *first, *second;

	t_need_magazines(test);
	t_on_cpu(test, 0);
	obj = t_get(tc, GFP_KERNEL, 1);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	t_put(tc, obj, 1);
	objcache_put(tc->cache, obj);
	first = t_get(tc, GFP_KERNEL, 1);
	second = t_get(tc, GFP_KERNEL, 2);
	KUNIT_EXPECT_PTR_EQ(test, first, second);
	KUNIT_EXPECT_EQ(test, t_take_faults(tc, T_TWO_OWNERS), 1);
	t_put(tc, first, 1);
	KUNIT_EXPECT_FALSE(test, t_release(tc, second, 2));
	KUNIT_EXPECT_EQ(test, t_take_faults(tc, T_NOT_OWNER), 1);
	t_finish(tc);
}

static void s03_the_detector_sees_contents_that_were_lost(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *obj;

	t_need_magazines(test);
	t_on_cpu(test, 0);
	obj = t_get(tc, GFP_KERNEL, 1);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	obj->words[T_WORDS - 1]++;
	t_put(tc, obj, 1);
	KUNIT_ASSERT_PTR_EQ(test, t_get(tc, GFP_KERNEL, 1), obj);
	KUNIT_EXPECT_EQ(test, t_take_faults(tc, T_WORDS_LOST), 1);
	t_put(tc, obj, 1);
	t_finish(tc);
}

/*
 * Objects go round: each thread gets, writes and hands on to its neighbour by a
 * mailbox; that reads, writes and puts. So every CPU runs dry and steals what
 * another one wrote.
 */
#define BOXES	16
#define RIDERS	16

struct rounds {
	struct tcache *tc;
	struct tobj *boxes[RIDERS][BOXES];
	atomic_t handed_on;
};

static void hand_on(struct rounds *rounds, struct t_thread *thread, unsigned int i)
{
	struct tobj **box = &rounds->boxes[thread->index][i % BOXES];
	struct tobj *obj = t_get(rounds->tc, GFP_KERNEL, thread->who);

	if (!obj)
		return;
	if (!READ_ONCE(*box) && t_release(rounds->tc, obj, thread->who)) {
		/* What was written, before the pointer; see take_over(). */
		smp_store_release(box, obj);
		atomic_inc(&rounds->handed_on);
	} else {
		t_put(rounds->tc, obj, thread->who);
	}
}

static void take_over(struct rounds *rounds, struct t_thread *thread, unsigned int i)
{
	unsigned int from = (thread->index + thread->crew->nr - 1) % thread->crew->nr;
	struct tobj **box = &rounds->boxes[from][i % BOXES];
	struct tobj *obj;

	obj = smp_load_acquire(box); /* pairs with hand_on() */
	if (!obj)
		return;
	t_claim(rounds->tc, obj, thread->who);
	t_put(rounds->tc, obj, thread->who);
	WRITE_ONCE(*box, NULL);
}

static void go_round(struct t_thread *thread)
{
	struct rounds *rounds = thread->crew->data;
	unsigned int i;

	for (i = 0; !t_crew_stopping(thread->crew); i++) {
		hand_on(rounds, thread, i);
		take_over(rounds, thread, i);
		cond_resched();
	}
}

static void s03_what_one_cpu_wrote_another_reads(struct kunit *test)
{
	struct rounds *rounds = kunit_kzalloc(test, sizeof(*rounds), GFP_KERNEL);
	struct objcache_params params = { .batch = 2, .capacity = 16 };
	unsigned int nr = min(num_online_cpus(), RIDERS);
	struct t_crew *crew;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, rounds);
	t_need_cpus(test, 2);
	rounds->tc = t_create(test, &params);
	crew = t_crew_create(test, nr, go_round, rounds);
	KUNIT_EXPECT_TRUE(test, t_crew_run(crew, STRESS_MS,
					   atomic_read(&rounds->handed_on) > 100));
	for (i = 0; i < RIDERS * BOXES; i++)
		objcache_put(rounds->tc->cache, rounds->boxes[i / BOXES][i % BOXES]);
	finish_busy(test, rounds->tc);
}

/* Stolen objects only: one CPU writes, the other has nothing of its own. */
static void s03_what_was_written_before_a_put_is_read_after_a_steal(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *objs[24], *obj;
	unsigned int round, stolen = 0;

	t_need_magazines(test);
	t_need_cpus(test, 2);
	for (round = 0; round < 15; round++) {
		t_on_cpu(test, 1);
		t_get_all(tc, objs, 24);
		t_put_all(tc, objs, 24);
		t_on_cpu(test, 0);
		while ((obj = t_try_get(tc, 1))) {
			t_discard(tc, obj, 1);
			stolen++;
		}
	}
	KUNIT_EXPECT_EQ(test, t_stat(tc, steals), stolen);
	KUNIT_EXPECT_GE(test, stolen, 15 * 16);
	t_finish(tc);
}

/* Everything that can go wrong does, now and then. */
static void unlucky_user(struct t_thread *thread)
{
	struct tcache *tc = thread->crew->data;
	u32 random = thread->who * 7;
	struct t_actor actor;

	t_actor_init(&actor, tc, thread->who, GFP_KERNEL);
	actor.may_bulk = true;
	while (!t_crew_stopping(thread->crew)) {
		if (!(t_random(&random) % 8))
			atomic_set(&tc->fail_ctors, 2);
		WRITE_ONCE(tc->refuse, !(t_random(&random) % 8));
		actor.gfp = t_random(&random) % 2 ? GFP_KERNEL : GFP_ATOMIC;
		t_actor_step(&actor);
		cond_resched();
	}
	t_actor_empty(&actor);
}

static bool everything_went_wrong(struct tcache *tc)
{
	struct objcache_stats st = t_stats(tc);

	return st.gets > STRESS_GETS && st.refused && st.discarded && st.ctor_failures;
}

static void s14_the_books_balance_after_everything_went_wrong(struct kunit *test)
{
	struct objcache_params params = {
		.batch = 3, .capacity = 11, .ops = &t_ops_reset,
	};
	struct tcache *tc = t_create(test, &params);
	struct t_crew *crew;

	crew = t_crew_create(test, 2 * num_online_cpus(), unlucky_user, tc);
	KUNIT_EXPECT_TRUE(test, t_crew_run(crew, STRESS_MS, everything_went_wrong(tc)));
	KUNIT_EXPECT_LE(test, t_stat(tc, parked) - t_stored(tc, OBJCACHE_DISPLACED),
			11 * num_online_cpus());
	finish_busy(test, tc);
}

static struct kunit_case stress_cases[] = {
	KUNIT_CASE(s02_the_detector_sees_an_object_that_was_put_twice),
	KUNIT_CASE_SLOW(s02_random_users_never_share_an_object),
	KUNIT_CASE_SLOW(s02_random_users_of_a_tiny_cache_never_share_an_object),
	KUNIT_CASE_SLOW(s02_random_users_without_stealing_never_share_an_object),
	KUNIT_CASE_SLOW(s02_bursting_users_never_share_an_object),
	KUNIT_CASE_SLOW(s02_one_producer_and_many_thieves_never_share_an_object),
	KUNIT_CASE_SLOW(s02_draining_meanwhile_makes_no_second_owner),
	KUNIT_CASE(s03_the_detector_sees_contents_that_were_lost),
	KUNIT_CASE_SLOW(s03_what_one_cpu_wrote_another_reads),
	KUNIT_CASE_SLOW(s03_what_was_written_before_a_put_is_read_after_a_steal),
	KUNIT_CASE_SLOW(s14_the_books_balance_after_everything_went_wrong),
	{}
};

static struct kunit_suite stress_suite = {
	.name = "objcache_stress",
	.test_cases = stress_cases,
};

kunit_test_suite(stress_suite);
