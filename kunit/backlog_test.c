// SPDX-License-Identifier: GPL-2.0
/*
 * S8: the backlog is one number, and so are its bound and who waits for it
 *
 * What must not be handed out again (discarded, refused) waits for the keeper. From
 * max(capacity, 64) of them on no object is made: who may wait waits for the keeper,
 * who may not gets NULL, and no destructor runs in a getter.
 */

#include <linux/sched/mm.h>

#include "inside.h"
#include "outside.h"

#define CAPACITY	32
#define BOUND		T_LEAST_BOUND	/* more than the capacity */
#define MANY		(BOUND + 8)
/* Whether those in a destructor count is not said: so near the bound no test goes. */
#define NEAR		2

/* ---- what may not be ---- */

static void dtor_of_nothing(void *obj, void *ctx)
{
}

static void s08_a_destructor_without_a_constructor_is_refused(struct kunit *test)
{
	static const struct objcache_ops ops = { .dtor = dtor_of_nothing };
	struct objcache_params params = { .size = 64, .ops = &ops };
	struct objcache *cache = objcache_create("kunit-other", &params);

	KUNIT_EXPECT_TRUE(test, IS_ERR(cache));
	if (IS_ERR(cache))
		KUNIT_EXPECT_EQ(test, PTR_ERR(cache), -EINVAL);
	else
		objcache_destroy(cache);
}

/* All that is made ahead of need comes from the constructor. */
static void s08_what_is_made_ahead_of_need_is_constructed(struct kunit *test)
{
	struct objcache_params params = { .batch = 63, .capacity = 1024 };
	struct tcache *tc = t_create(test, &params);
	struct tobj *objs[40];
	unsigned int nr;

	t_need_parking(test);
	t_on_cpu(test, 0);
	t_put(tc, t_get(tc, GFP_KERNEL, 1), 1);
	KUNIT_EXPECT_EQ(test, objcache_prefill(tc->cache, 100, GFP_KERNEL), 100);
	nr = t_get_bulk(tc, GFP_KERNEL, ARRAY_SIZE(objs), objs, 1);
	KUNIT_EXPECT_EQ(test, nr, ARRAY_SIZE(objs));
	t_put_bulk(tc, nr, objs, 1);
	t_finish(tc);
}

/* ---- the bound ---- */

static void s08_a_small_capacity_is_no_small_bound(struct kunit *test)
{
	struct objcache_params params = { .batch = 1, .capacity = 2 };
	struct tcache *tc = t_create(test, &params);
	struct tobj *obj;

	t_doom(tc, 8);
	obj = t_get(tc, GFP_ATOMIC, 1);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	t_open_gate(tc);
	t_put(tc, obj, 1);
	t_finish(tc);
}

static void s08_below_the_bound_one_is_made(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *obj;

	t_doom(tc, BOUND - NEAR);
	obj = t_get(tc, GFP_ATOMIC, 1);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	t_open_gate(tc);
	t_put(tc, obj, 1);
	t_finish(tc);
}

/* Whichever way one might be made. */
static void s08_at_the_bound_none_is_made_in_any_way(struct kunit *test)
{
	static const gfp_t less[] = {
		GFP_NOWAIT, GFP_ATOMIC, GFP_NOFS, GFP_NOIO, GFP_KERNEL & ~__GFP_DIRECT_RECLAIM,
	};
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *objs[16];
	unsigned int i;

	t_doom(tc, MANY);
	for (i = 0; i < ARRAY_SIZE(less); i++)
		KUNIT_EXPECT_NULL(test, t_get(tc, less[i], 1));
	KUNIT_EXPECT_EQ(test, t_get_bulk(tc, GFP_NOWAIT, 16, objs, 1), 0);
	KUNIT_EXPECT_EQ(test, objcache_prefill(tc->cache, 16, GFP_NOWAIT), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), MANY);
	t_open_gate(tc);
	t_finish(tc);
}

/* What overflows in a NO_STEAL cache may not be handed out again either. */
static void s08_what_has_left_its_cpu_for_good_is_backlog(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, OBJCACHE_NO_STEAL);
	struct tobj **objs = t_objs(test, CAPACITY + MANY);

	t_need_cpus(test, 2);
	t_on_cpu(test, 0);
	t_get_all(tc, objs, CAPACITY + MANY);
	WRITE_ONCE(tc->gated, true);
	t_put_all(tc, objs, CAPACITY + MANY);
	t_on_cpu(test, 1);
	KUNIT_EXPECT_NULL(test, t_get(tc, GFP_ATOMIC, 1));
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), CAPACITY + MANY);
	t_open_gate(tc);
	t_finish(tc);
}

#define HELD	16

/* Each by its own way of making and of ending objects. */
static void make_and_end(struct t_thread *thread)
{
	struct tcache *tc = thread->crew->data;
	struct tobj *objs[HELD];
	unsigned int i, nr;

	while (!t_crew_stopping(thread->crew)) {
		switch (thread->index % 4) {
		case 0:
			objs[0] = t_get(tc, GFP_KERNEL, thread->who);
			nr = !!objs[0];
			break;
		case 1:
			nr = t_get_bulk(tc, GFP_KERNEL, HELD, objs, thread->who);
			break;
		case 2:
			objcache_prefill(tc->cache, HELD, GFP_KERNEL);
			for (nr = 0; nr < HELD; nr++) {
				objs[nr] = t_try_get(tc, thread->who);
				if (!objs[nr])
					break;
			}
			break;
		default:
			objs[0] = t_get(tc, GFP_NOWAIT, thread->who);
			nr = !!objs[0];
		}
		for (i = 0; i < nr; i++)
			t_discard(tc, objs[i], thread->who);
		cond_resched();
	}
}

/* All of @crew until so much work is done, or more exists than may. */
static void run_within(struct kunit *test, struct tcache *tc, struct t_crew *crew,
		       int most, const atomic_t *done, int work)
{
	t_crew_start(crew);
	KUNIT_EXPECT_TRUE(test, t_wait_until(atomic_read(done) >= work ||
					     atomic_read(&tc->live_max) > most));
	t_crew_stop(crew);
	KUNIT_EXPECT_LE(test, atomic_read(&tc->live_max), most);
	kunit_info(test, "at most %d existed, allowed %d; %d made",
		   atomic_read(&tc->live_max), most, atomic_read(&tc->ctors));
	tc->dtor_us = 0;
	t_finish(tc);
}

/* The bound, and what existed or was being made when it was reached. */
static void s08_no_way_of_making_passes_the_bound(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct t_crew *crew = t_crew_create(test, 8, make_and_end, tc);

	tc->dtor_us = 500;
	/* Two of each way: HELD and one on its way by those that hold many. */
	run_within(test, tc, crew, BOUND + 4 * (HELD + 1) + 4 * 2,
		   &tc->dtors_done, T_ROUNDS(1000));
}

static atomic_t nr_drains;

static void discard_or_drain(struct t_thread *thread)
{
	struct tcache *tc = thread->crew->data;
	struct tobj *obj;

	while (!t_crew_stopping(thread->crew)) {
		if (thread->index == 6) {
			objcache_drain(tc->cache);
			atomic_inc(&nr_drains);
		} else {
			obj = t_get(tc, GFP_KERNEL, thread->who);
			if (obj)
				t_discard(tc, obj, thread->who);
		}
		cond_resched();
	}
}

static void s08_a_drain_does_not_take_the_bound_away(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct t_crew *crew = t_crew_create(test, 7, discard_or_drain, tc);

	tc->dtor_us = 500;
	atomic_set(&nr_drains, 0);
	run_within(test, tc, crew, BOUND + 6 * 2, &nr_drains, T_ROUNDS(8));
}

/* ---- who waits ---- */

/* The thread may pass the gate: that it never comes there is what is asked. */
static void prepare(struct kunit *test, struct tcache *tc, struct t_call *call)
{
	call->tc = tc;
	t_call_prepare(test, call);
	tc->free_pass = call->crew->threads[0].task;
}

static void s08_a_get_that_may_wait_waits_for_the_keeper(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct t_call call = { .gfp = GFP_KERNEL };

	prepare(test, tc, &call);
	t_doom(tc, MANY);
	t_call_start(&call);
	KUNIT_EXPECT_TRUE(test, t_call_sleeps(&call));
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), MANY);
	t_open_gate(tc);
	KUNIT_EXPECT_TRUE(test, t_call_join(&call));
	KUNIT_EXPECT_NOT_NULL(test, call.obj);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->free_pass_dtors), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, waits), 1);
	t_put(tc, call.obj, 0x100);
	t_finish(tc);
}

static void expect_null_at_once(struct kunit *test, gfp_t gfp, unsigned int scope)
{
	struct tcache *tc = t_create_small(test, 0);
	struct t_call call = { .gfp = gfp, .scope = scope };

	prepare(test, tc, &call);
	t_doom(tc, MANY);
	t_call_start(&call);
	KUNIT_EXPECT_TRUE_MSG(test, t_call_join(&call), "gfp %x, scope %x: it waits",
			      (__force unsigned int)gfp, scope);
	KUNIT_EXPECT_NULL(test, call.obj);
	KUNIT_EXPECT_EQ_MSG(test, atomic_read(&tc->free_pass_dtors), 0,
			    "gfp %x, scope %x: destructors in the getter",
			    (__force unsigned int)gfp, scope);
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), MANY);
	t_open_gate(tc);
	KUNIT_EXPECT_TRUE(test, t_call_join(&call));
	t_put(tc, call.obj, 0x100);
	t_finish(tc);
}

static void s08_in_a_nofs_scope_a_get_is_null_at_once(struct kunit *test)
{
	expect_null_at_once(test, GFP_KERNEL, PF_MEMALLOC_NOFS);
}

static void s08_in_a_noio_scope_a_get_is_null_at_once(struct kunit *test)
{
	expect_null_at_once(test, GFP_KERNEL, PF_MEMALLOC_NOIO);
}

static void s08_a_task_in_reclaim_gets_null_at_once(struct kunit *test)
{
	expect_null_at_once(test, GFP_KERNEL, PF_MEMALLOC);
}

static void s08_less_than_gfp_kernel_is_null_at_once(struct kunit *test)
{
	expect_null_at_once(test, GFP_NOIO, 0);
}

static void expect_made_at_once(struct kunit *test, gfp_t gfp, unsigned int scope)
{
	struct tcache *tc = t_create_small(test, 0);
	struct t_call call = { .gfp = gfp | __GFP_NOFAIL, .scope = scope };

	prepare(test, tc, &call);
	t_doom(tc, MANY);
	t_call_start(&call);
	KUNIT_EXPECT_TRUE(test, t_call_join(&call));
	KUNIT_EXPECT_NOT_NULL(test, call.obj);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->free_pass_dtors), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), MANY + 1);
	t_open_gate(tc);
	KUNIT_EXPECT_TRUE(test, t_call_join(&call));
	t_put(tc, call.obj, 0x100);
	t_finish(tc);
}

static void s08_what_must_not_fail_is_made_where_none_may_wait(struct kunit *test)
{
	expect_made_at_once(test, GFP_NOFS, 0);
	expect_made_at_once(test, GFP_KERNEL, PF_MEMALLOC_NOFS);
	expect_made_at_once(test, GFP_KERNEL, PF_MEMALLOC_NOIO);
}

/* ---- gets from a destructor ---- */

/**
 * struct asker - a cache whose destructor gets
 * @from: where from; NULL: from itself
 * @cache: itself
 * @hold: destructors wait for it
 * @asking: destructors get, as long as it is set
 * @depth: destructors on the stack now
 * @deepest: and at most
 * @dtors: those that have run
 * @got: what the gets of them gave, that was not NULL
 * @helped: destructors of @from that a get of these has run
 */
struct asker {
	struct tcache *from;
	struct objcache *cache;
	struct completion hold;
	bool asking;
	unsigned int depth;
	unsigned int deepest;
	atomic_t dtors;
	atomic_t got;
	int helped;
};

#define DEEP	8

static int asker_ctor(void *obj, void *ctx, gfp_t gfp)
{
	return 0;
}

static void ask_itself(struct asker *a)
{
	void *obj = objcache_get(a->cache, GFP_KERNEL);

	if (obj)
		objcache_put(a->cache, obj);
	atomic_add(!!obj, &a->got);
}

static void ask_another(struct asker *a)
{
	struct tobj *obj;

	WRITE_ONCE(a->from->free_pass, current);
	obj = t_get(a->from, GFP_KERNEL, 3);
	a->helped = atomic_read(&a->from->free_pass_dtors);
	t_put(a->from, obj, 3);
	atomic_add(!!obj, &a->got);
}

/* One keeper: two are at work in it at once only if one is on the other's stack. */
static void asker_dtor(void *obj, void *ctx)
{
	struct asker *a = ctx;

	wait_for_completion(&a->hold);
	a->depth++;
	a->deepest = max(a->deepest, a->depth);
	if (READ_ONCE(a->asking) && a->depth < DEEP) {
		if (a->from)
			ask_another(a);
		else
			ask_itself(a);
	}
	a->depth--;
	atomic_inc(&a->dtors);
}

static const struct objcache_ops asker_ops = { .ctor = asker_ctor, .dtor = asker_dtor };

static void asker_destroy(void *p)
{
	struct asker *a = p;

	WRITE_ONCE(a->asking, false);
	complete_all(&a->hold);
	/* Who has begun to ask gets and puts, before there is no cache to do it with. */
	objcache_drain(a->cache);
	objcache_destroy(a->cache);
}

/* @nr of its objects are discarded, and their destructors are let go. */
static struct asker *ask(struct kunit *test, struct tcache *from, unsigned int nr)
{
	struct objcache_params params = {
		.size = 64, .batch = 1, .capacity = 2, .ops = &asker_ops,
		.flags = OBJCACHE_NO_AGING,
	};
	struct asker *a = kunit_kzalloc(test, sizeof(*a), GFP_KERNEL);
	void **objs = (void **)t_objs(test, nr);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, a);
	a->from = from;
	a->asking = true;
	init_completion(&a->hold);
	params.ctx = a;
	a->cache = objcache_create("kunit-other-asker", &params);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a->cache);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, asker_destroy, a));
	for (i = 0; i < nr; i++) {
		objs[i] = objcache_get(a->cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
	}
	for (i = 0; i < nr; i++)
		objcache_discard(a->cache, objs[i]);
	complete_all(&a->hold);
	return a;
}

static void s08_a_destructor_that_gets_from_its_own_cache_does_not_recurse(struct kunit *test)
{
	struct asker *a = ask(test, NULL, MANY);

	KUNIT_EXPECT_TRUE(test, t_wait_until(atomic_read(&a->dtors) >= MANY));
	KUNIT_EXPECT_EQ(test, a->deepest, 1);
	kunit_info(test, "%d of %d gets in a destructor gave one",
		   atomic_read(&a->got), atomic_read(&a->dtors));
}

/* It neither waits nor runs the other's destructors, which are at the gate. */
static void s08_a_task_that_runs_a_destructor_gets_null_at_once(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct asker *a;

	t_doom(tc, MANY);
	a = ask(test, tc, 1);
	KUNIT_EXPECT_TRUE(test, t_wait_until(atomic_read(&a->dtors) == 1));
	KUNIT_EXPECT_EQ(test, atomic_read(&a->got), 0);
	KUNIT_EXPECT_EQ(test, a->helped, 0);
	t_open_gate(tc);
	KUNIT_EXPECT_TRUE(test, t_wait_until(atomic_read(&a->dtors) == 1));
	t_finish(tc);
}

static struct kunit_case backlog_cases[] = {
	KUNIT_CASE(s08_a_destructor_without_a_constructor_is_refused),
	KUNIT_CASE(s08_what_is_made_ahead_of_need_is_constructed),
	KUNIT_CASE(s08_a_small_capacity_is_no_small_bound),
	KUNIT_CASE(s08_below_the_bound_one_is_made),
	KUNIT_CASE(s08_at_the_bound_none_is_made_in_any_way),
	KUNIT_CASE(s08_what_has_left_its_cpu_for_good_is_backlog),
	KUNIT_CASE_SLOW(s08_no_way_of_making_passes_the_bound),
	KUNIT_CASE_SLOW(s08_a_drain_does_not_take_the_bound_away),
	KUNIT_CASE(s08_a_get_that_may_wait_waits_for_the_keeper),
	KUNIT_CASE(s08_in_a_nofs_scope_a_get_is_null_at_once),
	KUNIT_CASE(s08_in_a_noio_scope_a_get_is_null_at_once),
	KUNIT_CASE(s08_a_task_in_reclaim_gets_null_at_once),
	KUNIT_CASE(s08_less_than_gfp_kernel_is_null_at_once),
	KUNIT_CASE(s08_what_must_not_fail_is_made_where_none_may_wait),
	KUNIT_CASE(s08_a_destructor_that_gets_from_its_own_cache_does_not_recurse),
	KUNIT_CASE(s08_a_task_that_runs_a_destructor_gets_null_at_once),
	{}
};

static struct kunit_suite backlog_suite = {
	.name = "objcache_backlog",
	.test_cases = backlog_cases,
};

kunit_test_suite(backlog_suite);
