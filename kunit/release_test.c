// SPDX-License-Identifier: GPL-2.0
/*
 * S8 and S14: objects on their way out, and the accounts
 *
 * That a destructor runs once, in process context and not in a put is checked
 * by the destructor of the test caches itself.
 */

#include <linux/kcsan-checks.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "contexts.h"
#include "inside.h"

#define CAPACITY	32
#define BACKLOG		64		/* the bound on what may not be handed out again */
#define MANY		200

static struct tcache *create_with_reset(struct kunit *test)
{
	struct objcache_params params = {
		.batch = 4, .capacity = CAPACITY, .ops = &t_ops_reset,
	};

	return t_create(test, &params);
}

static void s08_an_overflowing_put_ends_in_one_destructor(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj **objs = t_objs(test, MANY);
	u64 parked;

	t_need_magazines(test);
	t_on_cpu(test, 0);
	t_get_all(tc, objs, MANY);
	t_put_all(tc, objs, MANY);
	t_expect_balanced(tc, 0);
	parked = t_stat(tc, parked);
	KUNIT_EXPECT_EQ(test, (u64)atomic_read(&tc->dtors), MANY - parked);
	KUNIT_EXPECT_EQ(test, t_stat(tc, overflow), MANY - parked);
	t_finish(tc);
}

static void s08_a_discard_ends_in_one_destructor(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj **objs = t_objs(test, MANY);
	unsigned int i;

	t_get_all(tc, objs, MANY);
	for (i = 0; i < MANY; i++)
		t_discard(tc, objs[i], 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, discarded), MANY);
	KUNIT_EXPECT_EQ(test, t_stat(tc, puts), 0);
	t_expect_balanced(tc, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->dtors), MANY);
	t_finish(tc);
}

static void s08_a_refusal_ends_in_one_destructor(struct kunit *test)
{
	struct tcache *tc = create_with_reset(test);
	struct tobj **objs = t_objs(test, MANY);

	WRITE_ONCE(tc->refuse, true);
	t_get_all(tc, objs, MANY);
	t_put_all(tc, objs, MANY);
	KUNIT_EXPECT_EQ(test, t_stat(tc, refused), MANY);
	KUNIT_EXPECT_EQ(test, t_stat(tc, overflow), 0);
	t_expect_balanced(tc, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->dtors), MANY);
	t_finish(tc);
}

/* Some parked on each CPU, and as many as that in all. */
static unsigned int park_everywhere(struct kunit *test, struct tcache *tc)
{
	unsigned int cpu, nr = 0;

	for (cpu = 0; cpu < num_online_cpus(); cpu++) {
		t_on_cpu(test, cpu);
		nr += objcache_prefill(tc->cache, 3 + 5 * cpu, GFP_KERNEL);
	}
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), nr);
	return nr;
}

/* All CPUs, private parts included; the destructors have run when it returns. */
static void s08_a_drain_destroys_all_that_is_parked(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned int nr = park_everywhere(test, tc);

	KUNIT_EXPECT_EQ(test, (unsigned int)objcache_drain(tc->cache), nr);
	KUNIT_EXPECT_EQ(test, (unsigned int)atomic_read(&tc->dtors_done), nr);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, releasing), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, destroyed), nr);
	KUNIT_EXPECT_EQ(test, objcache_drain(tc->cache), 0);
	t_finish(tc);
}

static void s08_a_drain_waits_for_what_is_on_its_way_out(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj **objs = t_objs(test, MANY);
	unsigned int i;

	tc->dtor_us = 1000;
	t_get_all(tc, objs, 60);
	for (i = 0; i < 60; i++)
		t_discard(tc, objs[i], 1);
	objcache_drain(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, releasing), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->dtors_done), 60);
	t_finish(tc);
}

static void s08_a_destroy_runs_every_destructor_before_it_returns(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj **objs = t_objs(test, MANY);

	t_on_cpu(test, 0);
	t_get_all(tc, objs, 80);
	park_everywhere(test, tc);
	tc->dtor_us = 1000;
	t_put_all(tc, objs, 80);
	t_destroy(tc);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->dtors_done), atomic_read(&tc->ctors));
	KUNIT_EXPECT_EQ(test, t_take_faults(tc, T_DTOR_TWICE), 0);
	KUNIT_EXPECT_EQ(test, t_take_faults(tc, T_DTOR_CONTEXT), 0);
}

struct put_job {
	struct tcache *tc;
	struct tobj **objs;
	unsigned int nr;
};

static void put_and_discard(void *data)
{
	struct put_job *job = data;
	unsigned int i;

	for (i = 0; i < job->nr; i++) {
		if (i % 3)
			t_put(job->tc, job->objs[i], 1);
		else
			t_discard(job->tc, job->objs[i], 1);
	}
}

/* With the gate shut, a destructor in a put would not come back. */
static void s08_no_put_ever_runs_or_awaits_a_destructor(struct kunit *test)
{
	struct tcache *tc = create_with_reset(test);
	struct put_job job = { tc, t_objs(test, MANY), 60 };
	enum t_context context;

	t_need_nmi(test);
	t_on_cpu(test, 0);
	WRITE_ONCE(tc->refuse, true);
	for (context = T_TASK; context < T_NR_CONTEXTS; context++) {
		t_get_all(tc, job.objs, job.nr);
		WRITE_ONCE(tc->gated, true);
		KUNIT_EXPECT_TRUE_MSG(test, t_run_in(context, put_and_discard, &job),
				      "in %s", t_context_name(context));
		KUNIT_EXPECT_EQ(test, t_stat(tc, releasing), job.nr);
		t_open_gate(tc);
		t_expect_balanced(tc, 0);
		reinit_completion(&tc->gate);
	}
	t_finish(tc);
}

/* Nothing is made anew as long as something waits that may be used. */
static void s08_a_get_takes_a_waiting_object_back(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj **objs = t_objs(test, MANY);
	unsigned int nr;
	u64 parked;

	t_need_magazines(test);
	t_on_cpu(test, 0);
	t_get_all(tc, objs, MANY);
	WRITE_ONCE(tc->gated, true);
	t_put_all(tc, objs, MANY);
	parked = t_stat(tc, parked);
	KUNIT_EXPECT_EQ(test, t_stat(tc, releasing), MANY - parked);
	/* All but the one that is at the gate. */
	for (nr = 0; nr < MANY - 1; nr++) {
		objs[nr] = t_get(tc, GFP_NOWAIT, 1);
		KUNIT_EXPECT_NOT_NULL(test, objs[nr]);
		if (!objs[nr])
			break;
	}
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), MANY);
	KUNIT_EXPECT_GE(test, t_stat(tc, taken_back), nr - parked);
	t_open_gate(tc);
	t_put_all(tc, objs, nr);
	t_finish(tc);
}

/* The keeper is in a destructor meanwhile. */
static void s08_what_a_step_releases_can_be_taken_back(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj **objs = t_objs(test, MANY), *first;
	unsigned int nr;

	t_need_magazines(test);
	t_need_cpus(test, 2);
	t_on_cpu(test, 0);
	t_get_all(tc, objs, 2 * CAPACITY);
	first = t_get(tc, GFP_KERNEL, 1);
	KUNIT_ASSERT_NOT_NULL(test, first);
	WRITE_ONCE(tc->gated, true);
	t_discard(tc, first, 1);
	KUNIT_EXPECT_TRUE(test, t_wait_until(atomic_read(&tc->dtors) == 1));
	t_put_all(tc, objs, CAPACITY);
	t_on_cpu(test, 1);
	t_put_all(tc, objs + CAPACITY, CAPACITY);
	objcache_age(tc->cache);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, releasing), 2 * CAPACITY + 1);
	for (nr = 0; nr < 2 * CAPACITY; nr++) {
		objs[nr] = t_get(tc, GFP_NOWAIT, 1);
		KUNIT_EXPECT_NOT_NULL(test, objs[nr]);
		if (!objs[nr])
			break;
	}
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), 2 * CAPACITY + 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, taken_back), nr);
	t_open_gate(tc);
	t_put_all(tc, objs, nr);
	t_finish(tc);
}

/* With NO_STEAL an object stays on its CPU; which that was is not known any more. */
static void s08_what_may_not_move_is_not_taken_back(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, OBJCACHE_NO_STEAL);
	struct tobj **objs = t_objs(test, MANY), *obj;

	t_need_cpus(test, 2);
	t_on_cpu(test, 0);
	t_get_all(tc, objs, MANY);
	WRITE_ONCE(tc->gated, true);
	t_put_all(tc, objs, MANY);
	KUNIT_EXPECT_GE(test, t_stat(tc, releasing), BACKLOG);
	t_on_cpu(test, 1);
	KUNIT_EXPECT_NULL(test, t_get(tc, GFP_NOWAIT, 1));
	KUNIT_EXPECT_EQ(test, t_stat(tc, taken_back), 0);
	/* One that must not fail is made in spite of the bound. */
	obj = t_get(tc, GFP_NOFS | __GFP_NOFAIL, 1);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, t_stat(tc, forced), 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, waits), 0);
	t_open_gate(tc);
	t_put(tc, obj, 1);
	t_finish(tc);
}

static void s08_a_get_that_may_not_block_is_null_above_the_bound(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);

	t_doom(tc, MANY);
	KUNIT_EXPECT_NULL(test, t_get(tc, GFP_NOWAIT, 1));
	KUNIT_EXPECT_NULL(test, t_get(tc, GFP_ATOMIC, 1));
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), MANY);
	t_expect_balanced_now(tc, 0);
	t_open_gate(tc);
	t_expect_balanced(tc, 0);
	t_put(tc, t_get(tc, GFP_NOWAIT, 1), 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), MANY + 1);
	t_finish(tc);
}

static void s08_a_get_below_the_bound_constructs(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *obj;

	t_doom(tc, BACKLOG / 2);
	obj = t_get(tc, GFP_NOWAIT, 1);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), BACKLOG / 2 + 1);
	t_open_gate(tc);
	if (obj)
		t_put(tc, obj, 1);
	t_finish(tc);
}

/* They write current->flags, which others read: see shrink_test.c. */
#define IN_SCOPE(scope, call)						\
({									\
	unsigned int _flags;						\
	typeof(call) _ret;						\
									\
	kcsan_disable_current();					\
	_flags = memalloc_##scope##_save();				\
	kcsan_enable_current();						\
	_ret = call;							\
	kcsan_disable_current();					\
	memalloc_##scope##_restore(_flags);				\
	kcsan_enable_current();						\
	_ret;								\
})

/* In a scope of its own, and as reclaim: all of them with the bits of GFP_KERNEL. */
static void s08_who_may_not_wait_is_known_by_its_scope(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);

	t_doom(tc, MANY);
	KUNIT_EXPECT_NULL(test, IN_SCOPE(nofs, t_get(tc, GFP_KERNEL, 1)));
	KUNIT_EXPECT_NULL(test, IN_SCOPE(noio, t_get(tc, GFP_KERNEL, 1)));
	KUNIT_EXPECT_NULL(test, IN_SCOPE(noreclaim, t_get(tc, GFP_KERNEL, 1)));
	KUNIT_EXPECT_EQ(test, t_stat(tc, waits), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), MANY);
	t_open_gate(tc);
	t_finish(tc);
}

static void get_one(struct t_thread *thread)
{
	struct tcache *tc = thread->crew->data;
	struct tobj *obj = t_get(tc, GFP_KERNEL, thread->who);

	KUNIT_EXPECT_NOT_NULL(tc->test, obj);
	t_put(tc, obj, thread->who);
}

/* It makes none before, runs no destructor itself, and gets on when fewer wait. */
static void s08_a_get_that_may_block_waits_above_the_bound(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct t_crew *crew = t_crew_create(test, 1, get_one, tc);

	tc->free_pass = crew->threads[0].task;
	t_doom(tc, MANY);
	t_crew_start(crew);
	KUNIT_EXPECT_TRUE(test, t_wait_until(t_stat(tc, waits) == 1));
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), MANY);
	t_open_gate(tc);
	KUNIT_EXPECT_TRUE(test, t_crew_join(crew));
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->free_pass_dtors), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), MANY + 1);
	t_finish(tc);
}

/* What has come back meanwhile need not be made. */
static void s08_who_has_waited_looks_again_before_it_makes_one(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct t_crew *crew = t_crew_create(test, 1, get_one, tc);
	struct tobj *obj;

	t_need_magazines(test);
	t_on_cpu(test, 0);
	obj = t_get(tc, GFP_KERNEL, 1);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	t_doom(tc, MANY);
	t_crew_start(crew);
	KUNIT_EXPECT_TRUE(test, t_wait_until(t_stat(tc, waits) == 1));
	t_put(tc, obj, 1);
	t_open_gate(tc);
	KUNIT_EXPECT_TRUE(test, t_crew_join(crew));
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), MANY + 1);
	t_finish(tc);
}

static void s08_a_bulk_get_keeps_to_the_bound_too(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj **objs = t_objs(test, MANY);
	unsigned int nr;

	t_doom(tc, MANY);
	nr = t_get_bulk(tc, GFP_NOWAIT, 50, objs, 1);
	KUNIT_EXPECT_EQ(test, nr, 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), MANY);
	t_open_gate(tc);
	t_put_bulk(tc, nr, objs, 1);
	t_finish(tc);
}

#define HELD	4

static void refused_user(struct t_thread *thread)
{
	struct tcache *tc = thread->crew->data;
	struct tobj *objs[HELD];
	unsigned int i;

	while (!t_crew_stopping(thread->crew)) {
		for (i = 0; i < HELD; i++)
			objs[i] = t_get(tc, i % 2 ? GFP_KERNEL : GFP_NOWAIT, thread->who);
		for (i = 0; i < HELD; i++)
			if (objs[i])
				t_put(tc, objs[i], thread->who);
		cond_resched();
	}
}

/*
 * Every put feeds the backlog, and each destructor sleeps. What
 * exists is what is out, what may wait, and what is being destroyed.
 */
static void s08_the_backlog_is_bounded_when_destructors_are_slow(struct kunit *test)
{
	struct tcache *tc = create_with_reset(test);
	unsigned int nr = 2 * num_online_cpus();
	struct t_crew *crew;
	int most = BACKLOG + nr * (HELD + 2) + 2;

	WRITE_ONCE(tc->refuse, true);
	tc->dtor_us = 200;
	crew = t_crew_create(test, nr, refused_user, tc);
	KUNIT_EXPECT_TRUE(test, t_crew_run(crew, 1000, atomic_read(&tc->ctors) > most));
	KUNIT_EXPECT_LE(test, atomic_read(&tc->live_max), most);
	kunit_info(test, "at most %d live, allowed %d; %d constructed",
		   atomic_read(&tc->live_max), most, atomic_read(&tc->ctors));
	t_finish(tc);
}

/* A destructor that gives what its object held back to another cache. */
static struct objcache *inner_cache;

static int outer_ctor(void *obj, void *ctx, gfp_t gfp)
{
	void **inner = obj;

	*inner = objcache_get(inner_cache, gfp);
	return *inner ? 0 : -ENOMEM;
}

static void outer_dtor(void *obj, void *ctx)
{
	objcache_put(inner_cache, *(void **)obj);
}

static const struct objcache_ops outer_ops = {
	.ctor = outer_ctor,
	.dtor = outer_dtor,
};

static void s08_a_destructor_may_put_into_another_cache(struct kunit *test)
{
	struct objcache_params params = {
		.size = 64, .batch = 4, .capacity = 32, .ops = &outer_ops,
	};
	struct tcache *tc = t_create_small(test, 0);
	struct objcache *outer;
	void *objs[40] = {};

	t_need_keeping(test);
	inner_cache = tc->cache;
	outer = objcache_create("outer", &params);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, outer);
	KUNIT_EXPECT_EQ(test, 40, objcache_get_bulk(outer, GFP_KERNEL, 40, objs));
	KUNIT_EXPECT_EQ(test, t_stat(tc, in_use), 40);
	objcache_put_bulk(outer, 40, objs);
	KUNIT_EXPECT_GE(test, objcache_drain(outer), 1);
	objcache_destroy(outer);
	t_finish(tc);
}

static void s08_plain_objects_are_released_too(struct kunit *test)
{
	static const struct objcache_params params = {
		.size = 64, .batch = 4, .capacity = CAPACITY,
	};
	static struct objcache_stats st; /* much, for a stack under KASAN */
	struct objcache *cache;
	void *objs[60];
	unsigned int i;

	t_need_keeping(test);
	cache = objcache_create("plain", &params);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	t_on_cpu(test, 0);
	for (i = 0; i < 60; i++)
		objs[i] = objcache_get(cache, GFP_KERNEL);
	for (i = 0; i < 60; i++)
		objcache_put(cache, objs[i]);
	KUNIT_EXPECT_GE(test, objcache_drain(cache), 1);
	objcache_read_stats(cache, &st);
	KUNIT_EXPECT_EQ(test, st.created, 60);
	KUNIT_EXPECT_EQ(test, st.destroyed, 60);
	KUNIT_EXPECT_EQ(test, st.parked + st.releasing + st.in_use, 0);
	objcache_destroy(cache);
}

static void s14_every_way_in_and_out_is_counted(struct kunit *test)
{
	struct tcache *tc = create_with_reset(test);
	struct tobj **objs = t_objs(test, MANY);
	struct objcache_stats st;
	unsigned int i;

	t_need_magazines(test);
	t_on_cpu(test, 0);
	KUNIT_EXPECT_EQ(test, 10, objcache_prefill(tc->cache, 10, GFP_KERNEL));
	t_expect_balanced(tc, 0);
	t_get_all(tc, objs, 100);
	t_expect_balanced(tc, 100);
	for (i = 0; i < 20; i++)
		t_discard(tc, objs[i], 1);
	t_expect_balanced(tc, 80);
	WRITE_ONCE(tc->refuse, true);
	t_put_all(tc, objs + 20, 15);
	WRITE_ONCE(tc->refuse, false);
	t_expect_balanced(tc, 65);
	t_put_all(tc, objs + 35, 65);
	t_expect_balanced(tc, 0);
	st = t_stats(tc);
	KUNIT_EXPECT_EQ(test, st.gets, 100);
	KUNIT_EXPECT_EQ(test, st.fresh, 90);
	KUNIT_EXPECT_EQ(test, st.created, 100);
	KUNIT_EXPECT_EQ(test, st.discarded, 20);
	KUNIT_EXPECT_EQ(test, st.refused, 15);
	KUNIT_EXPECT_EQ(test, st.puts, 80);
	KUNIT_EXPECT_EQ(test, st.overflow, 65 - st.parked);
	KUNIT_EXPECT_LE(test, st.parked, CAPACITY);
	t_finish(tc);
}

static void s14_an_unused_cache_counts_nothing(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct objcache_stats st, none = {};

	memset(&st, 0x5a, sizeof(st));
	objcache_read_stats(tc->cache, &st);
	KUNIT_EXPECT_MEMEQ(test, &st, &none, sizeof(st));
	t_finish(tc);
}

static struct kunit_case release_cases[] = {
	KUNIT_CASE(s08_an_overflowing_put_ends_in_one_destructor),
	KUNIT_CASE(s08_a_discard_ends_in_one_destructor),
	KUNIT_CASE(s08_a_refusal_ends_in_one_destructor),
	KUNIT_CASE(s08_a_drain_destroys_all_that_is_parked),
	KUNIT_CASE(s08_a_drain_waits_for_what_is_on_its_way_out),
	KUNIT_CASE(s08_a_destroy_runs_every_destructor_before_it_returns),
	KUNIT_CASE(s08_no_put_ever_runs_or_awaits_a_destructor),
	KUNIT_CASE(s08_a_get_takes_a_waiting_object_back),
	KUNIT_CASE(s08_what_a_step_releases_can_be_taken_back),
	KUNIT_CASE(s08_what_may_not_move_is_not_taken_back),
	KUNIT_CASE(s08_a_get_that_may_not_block_is_null_above_the_bound),
	KUNIT_CASE(s08_a_get_below_the_bound_constructs),
	KUNIT_CASE(s08_who_may_not_wait_is_known_by_its_scope),
	KUNIT_CASE(s08_a_get_that_may_block_waits_above_the_bound),
	KUNIT_CASE(s08_who_has_waited_looks_again_before_it_makes_one),
	KUNIT_CASE(s08_a_bulk_get_keeps_to_the_bound_too),
	KUNIT_CASE_SLOW(s08_the_backlog_is_bounded_when_destructors_are_slow),
	KUNIT_CASE(s08_a_destructor_may_put_into_another_cache),
	KUNIT_CASE(s08_plain_objects_are_released_too),
	KUNIT_CASE(s14_every_way_in_and_out_is_counted),
	KUNIT_CASE(s14_an_unused_cache_counts_nothing),
	{}
};

static struct kunit_suite release_suite = {
	.name = "objcache_release",
	.test_cases = release_cases,
};

kunit_test_suite(release_suite);
