// SPDX-License-Identifier: GPL-2.0
/* S4, S5, S9, and some of S8 and S19: how objects are made, and what a put may not do. */

#include <linux/lockdep.h>

#include "contexts.h"
#include "getter.h"
#include "inside.h"

static void s04_a_hit_runs_no_constructor(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *obj;
	unsigned int i;

	t_need_magazines(test);
	t_on_cpu(test, 0);
	for (i = 0; i < 100; i++) {
		obj = t_get(tc, GFP_KERNEL, 1);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		t_put(tc, obj, 1);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->ctors), 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, hits), 99);
	t_finish(tc);
}

static void s04_a_constructor_is_given_the_gfp_of_the_get(struct kunit *test)
{
	static const gfp_t gfps[] = {
		GFP_KERNEL, GFP_NOIO, GFP_NOFS, GFP_NOWAIT, GFP_ATOMIC,
		GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY,
	};
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *obj;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(gfps); i++) {
		obj = t_get(tc, gfps[i], 1);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		KUNIT_EXPECT_EQ(test, (__force u32)tc->last_gfp, (__force u32)gfps[i]);
		t_discard(tc, obj, 1);
		t_expect_balanced(tc, 0);
	}
	t_finish(tc);
}

static void s04_a_failing_constructor_gives_null_and_is_counted(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct objcache_stats st;
	unsigned int i;

	atomic_set(&tc->fail_ctors, 50);
	for (i = 0; i < 50; i++)
		KUNIT_EXPECT_NULL(test, t_get(tc, i % 2 ? GFP_KERNEL : GFP_ATOMIC, 1));
	st = t_stats(tc);
	KUNIT_EXPECT_EQ(test, st.ctor_failures, 50);
	KUNIT_EXPECT_EQ(test, st.created, 0);
	KUNIT_EXPECT_EQ(test, st.gets, 0);
	KUNIT_EXPECT_EQ(test, st.fresh, 0);
	t_put(tc, t_get(tc, GFP_KERNEL, 1), 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), 1);
	/* The slab warns about memory that did not come back; see t_finish(). */
	t_finish(tc);
}

static int saying_ctor(void *obj, void *ctx, gfp_t gfp)
{
	return *(int *)ctx;
}

static const struct objcache_ops saying_ops = { .ctor = saying_ctor };

static void s04_get_err_and_prefill_err_say_what_the_constructor_said(struct kunit *test)
{
	static const int said[][2] = {
		{ -EHOSTDOWN, -EHOSTDOWN }, { -ENOMEM, -ENOMEM }, { -MAX_ERRNO, -MAX_ERRNO },
		{ 1, -EINVAL }, { INT_MAX, -EINVAL }, { INT_MIN, -EINVAL },
		{ -MAX_ERRNO - 1, -EINVAL },
	};
	int says = 0, err = 1;
	struct objcache_params params = {
		.size = 64, .batch = 4, .capacity = 32, .flags = OBJCACHE_NO_AGING,
		.ops = &saying_ops, .ctx = &says,
	};
	struct objcache *cache;
	unsigned int i;
	void *obj;

	t_need_parking(test);
	cache = objcache_create("saying", &params);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	t_on_cpu(test, 0);
	for (i = 0; i < ARRAY_SIZE(said); i++) {
		says = said[i][0];
		obj = objcache_get_err(cache, GFP_KERNEL);
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR(obj), said[i][1], "%d", says);
		KUNIT_EXPECT_NULL(test, objcache_get(cache, GFP_KERNEL));
		KUNIT_EXPECT_EQ(test, 0, objcache_prefill_err(cache, 2, GFP_KERNEL, &err));
		KUNIT_EXPECT_EQ_MSG(test, err, said[i][1], "%d", says);
	}
	says = 0;
	KUNIT_EXPECT_EQ(test, 2, objcache_prefill_err(cache, 2, GFP_KERNEL, &err));
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_LT(test, objcache_prefill_err(cache, 100, GFP_KERNEL, &err), 100);
	KUNIT_EXPECT_EQ(test, err, -ENOSPC);
	/* A hit, and one that is made. */
	for (i = 0; i < 40; i++) {
		obj = objcache_get_err(cache, GFP_KERNEL);
		KUNIT_EXPECT_NOT_ERR_OR_NULL(test, obj);
		if (!IS_ERR_OR_NULL(obj))
			objcache_discard(cache, obj);
	}
	objcache_destroy(cache);
}

/* Says the same again and again, and gives in before a get that tries on hangs. */
struct insisting {
	int says;
	unsigned int calls, most;
};

static int insisting_ctor(void *obj, void *ctx, gfp_t gfp)
{
	struct insisting *insisting = ctx;

	return ++insisting->calls > insisting->most ? 0 : insisting->says;
}

static const struct objcache_ops insisting_ops = { .ctor = insisting_ctor };

static void expect_ends(struct kunit *test, struct objcache *cache,
			struct insisting *insisting, int says, gfp_t gfp)
{
	void *obj;

	insisting->says = says;
	insisting->calls = 0;
	obj = objcache_get_err(cache, gfp);
	KUNIT_EXPECT_EQ(test, PTR_ERR(obj), says);
	KUNIT_EXPECT_EQ_MSG(test, insisting->calls, 1, "%d", says);
	if (!IS_ERR(obj))
		objcache_discard(cache, obj);
}

/* What a get says when it may not wait is no sign of that in a constructor's mouth. */
static void s04_whatever_a_constructor_says_ends_a_get(struct kunit *test)
{
	static const int errs[] = { -EAGAIN, -EINTR, -ENOMEM, -ENOSPC };
	struct insisting insisting = { .most = 8 };
	struct objcache_params params[] = {
		{ .max_objects = 0 }, { .max_objects = 4 },
		{ .flags = OBJCACHE_CHECK }, { .max_objects = 4, .flags = OBJCACHE_CHECK },
	};
	struct objcache *cache;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(params); i++) {
		params[i].size = 64;
		params[i].ops = &insisting_ops;
		params[i].ctx = &insisting;
		cache = objcache_create("insisting", &params[i]);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
		for (j = 0; j < ARRAY_SIZE(errs); j++) {
			expect_ends(test, cache, &insisting, errs[j], GFP_KERNEL);
			expect_ends(test, cache, &insisting, errs[j], GFP_NOWAIT);
			expect_ends(test, cache, &insisting, errs[j],
				    GFP_KERNEL | __GFP_NORETRY);
		}
		objcache_destroy(cache);
	}
}

/* Nor does it have a get try at once, and for ever, that would wait for a put. */
static void s19_whatever_a_constructor_says_a_get_waits(struct kunit *test)
{
	struct insisting insisting = { .most = 1000 };
	const struct objcache_params params = {
		.size = sizeof(struct tobj), .min_objects = 1, .ops = &insisting_ops,
		.ctx = &insisting,
	};
	struct tcache *tc = kunit_kzalloc(test, sizeof(*tc), GFP_KERNEL);
	struct t_getter *getter;
	void *obj;

	t_need_magazines(test);
	KUNIT_ASSERT_NOT_NULL(test, tc);
	tc->test = test;
	tc->cache = objcache_create("insisting", &params);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, tc->cache);
	obj = objcache_get(tc->cache, GFP_KERNEL);
	insisting.says = -EAGAIN;
	insisting.calls = 0;
	getter = t_getter_start(test, tc, GFP_KERNEL, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(getter));
	/* Two, and one in five seconds. */
	KUNIT_EXPECT_LT(test, READ_ONCE(insisting.calls), 100);
	objcache_put(tc->cache, obj);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(getter));
	KUNIT_EXPECT_EQ(test, getter->got, 1);
	while (getter->got)
		objcache_put(tc->cache, getter->objs[--getter->got]);
	insisting.says = 0;
	objcache_destroy(tc->cache);
	tc->cache = NULL;
}

/* A backlog that the caller may not wait for. */
static void s08_get_err_says_that_it_may_not_wait(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	int err = 0;

	t_need_parking(test);
	t_doom(tc, 70);
	KUNIT_EXPECT_EQ(test, PTR_ERR(objcache_get_err(tc->cache, GFP_NOWAIT)), -EAGAIN);
	KUNIT_EXPECT_EQ(test, 0, objcache_prefill_err(tc->cache, 1, GFP_NOWAIT, &err));
	KUNIT_EXPECT_EQ(test, err, -EAGAIN);
	t_open_gate(tc);
	t_finish(tc);
}

static void get_without_memory(void *data)
{
	void **got = data;

	*got = objcache_get_err(*got, 0);
}

static void s04_get_err_says_that_there_is_no_memory(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	void *got = tc->cache;

	t_need_nmi(test);
	KUNIT_ASSERT_TRUE(test, t_run_in(T_NMI, get_without_memory, &got));
	KUNIT_EXPECT_EQ(test, PTR_ERR(got), -ENOMEM);
	t_finish(tc);
}

/* What a constructor can see of the critical sections that it must not be in. */
struct seen {
	struct objcache *cache;
	unsigned int calls;
	unsigned int locks;
	unsigned int busy;
	unsigned int atomic;
	bool irqs_off;
};

static int looking_ctor(void *obj, void *ctx, gfp_t gfp)
{
	struct seen *seen = ctx;

	seen->calls++;
	seen->irqs_off = irqs_disabled();
#ifdef CONFIG_LOCKDEP
	seen->locks += lockdep_depth(current);
#endif
	if (seen->cache)
		seen->busy += !raw_cpu_ptr(seen->cache->owner)->idle;
	if (gfpflags_allow_blocking(gfp)) {
		seen->atomic += !preemptible() && IS_ENABLED(CONFIG_PREEMPT_COUNT);
		might_sleep();
	}
	return 0;
}

static const struct objcache_ops looking_ops = { .ctor = looking_ctor };

static void expect_saw_nothing(struct kunit *test, struct seen *seen, unsigned int calls)
{
	KUNIT_EXPECT_EQ(test, seen->calls, calls);
	KUNIT_EXPECT_EQ(test, seen->locks, 0);
	KUNIT_EXPECT_EQ(test, seen->busy, 0);
	KUNIT_EXPECT_EQ(test, seen->atomic, 0);
}

static void s04_a_constructor_runs_outside_critical_sections(struct kunit *test)
{
	struct seen seen = {};
	struct objcache_params params = {
		.size = 64, .batch = 4, .capacity = 32,
		.ops = &looking_ops, .ctx = &seen,
	};
	struct objcache *cache;
	unsigned long flags;
	void *objs[10] = {};

	t_need_magazines(test);
	cache = objcache_create("looking", &params);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	seen.cache = cache;
	t_on_cpu(test, 0);
	KUNIT_EXPECT_EQ(test, 5, objcache_prefill(cache, 5, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 8, objcache_get_bulk(cache, GFP_KERNEL, 8, objs));
	objs[8] = objcache_get(cache, GFP_KERNEL);
	KUNIT_EXPECT_FALSE(test, seen.irqs_off);
	expect_saw_nothing(test, &seen, 9);
	local_irq_save(flags);
	objs[9] = objcache_get(cache, GFP_ATOMIC);
	local_irq_restore(flags);
	if (!IS_ENABLED(CONFIG_PREEMPT_RT)) {
		KUNIT_EXPECT_TRUE(test, seen.irqs_off);
		expect_saw_nothing(test, &seen, 10);
	}
	objcache_put_bulk(cache, objs[9] ? 10 : 9, objs);
	objcache_destroy(cache);
}

static void s04_a_constructor_may_sleep(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *objs[20];

	t_need_parking(test);
	tc->ctor_may_sleep = true;
	t_get_all(tc, objs, 20);
	t_put_all(tc, objs, 20);
	KUNIT_EXPECT_GE(test, objcache_prefill(tc->cache, 32, GFP_KERNEL), 1);
	t_finish(tc);
}

/* A miss may come back as another's object, but never unconstructed. */
static void sleepy_getter(struct t_thread *thread)
{
	struct tcache *tc = thread->crew->data;
	struct tobj *objs[3];
	unsigned int i, j;

	for (i = 0; i < 30; i++) {
		for (j = 0; j < ARRAY_SIZE(objs); j++)
			objs[j] = t_get(tc, GFP_KERNEL, thread->who);
		for (j = 0; j < ARRAY_SIZE(objs); j++)
			if (objs[j])
				t_put(tc, objs[j], thread->who);
	}
}

static void s04_a_sleeping_constructor_stops_nobody_else(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, OBJCACHE_NO_STEAL);
	struct t_crew *crew;

	tc->ctor_may_sleep = true;
	crew = t_crew_create(test, 3 * num_online_cpus(), sleepy_getter, tc);
	t_crew_start(crew);
	KUNIT_EXPECT_TRUE(test, t_crew_join(crew));
	t_finish(tc);
}

#define FAULTED	32	/* as many as t_create_small() parks on a CPU */

/*
 * Fault injection fails this task's next atomic allocation, each time anew. What finds
 * no magazine waits by its own link; nothing is sent out or destroyed for that.
 */
static void s05_a_put_without_memory_keeps_the_object(struct kunit *test)
{
#if defined(CONFIG_FAULT_INJECTION) && defined(CONFIG_FAILSLAB)
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *objs[FAULTED];
	struct objcache_stats st;
	unsigned int i, failed = 0;

	t_need_magazines(test);
	t_on_cpu(test, 0);
	t_get_all(tc, objs, FAULTED);
	for (i = 0; i < FAULTED; i++) {
		current->fail_nth = 1;
		t_put(tc, objs[i], 1);
		failed += !current->fail_nth;
		current->fail_nth = 0;
	}
	st = t_stats(tc);
	KUNIT_EXPECT_EQ(test, st.puts, FAULTED);
	KUNIT_EXPECT_EQ(test, st.parked, FAULTED);
	KUNIT_EXPECT_EQ(test, st.overflow, 0);
	KUNIT_EXPECT_EQ(test, st.releasing, 0);
	KUNIT_EXPECT_EQ(test, st.destroyed, 0);
	KUNIT_EXPECT_GT(test, failed, 0);
	KUNIT_EXPECT_EQ(test, st.displaced, failed);
	t_expect_balanced(tc, 0);
	i = t_try_get_all(tc, objs, FAULTED);
	KUNIT_EXPECT_EQ(test, i, FAULTED);
	t_put_all(tc, objs, i);
	t_finish(tc);
#else
	kunit_skip(test, "needs CONFIG_FAILSLAB");
#endif
}

static void s05_a_get_without_memory_is_null_and_harmless(struct kunit *test)
{
#if defined(CONFIG_FAULT_INJECTION) && defined(CONFIG_FAILSLAB)
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *obj;

	current->fail_nth = 1;
	obj = t_get(tc, GFP_NOWAIT | __GFP_NOWARN, 1);
	KUNIT_EXPECT_EQ(test, 0, current->fail_nth);
	current->fail_nth = 0;
	KUNIT_EXPECT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, ctor_failures), 0);
	t_finish(tc);
#else
	kunit_skip(test, "needs CONFIG_FAILSLAB");
#endif
}

struct put_job {
	struct tcache *tc;
	struct tobj **objs;
	unsigned int nr;
};

static void put_them(void *data)
{
	struct put_job *job = data;

	t_put_all(job->tc, job->objs, job->nr);
}

/* A put that slept, or took a sleeping lock, would be reported by the kernel. */
static void s05_a_put_works_under_a_raw_spinlock(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj **objs = t_objs(test, 100);
	struct put_job job = { tc, objs, 100 };
	struct objcache_stats st;
	unsigned int context;

	t_need_keeping(test);
	t_on_cpu(test, 0);
	for (context = T_TASK; context <= T_RAW_LOCK; context++) {
		t_get_all(tc, objs, job.nr);
		KUNIT_EXPECT_TRUE(test, t_run_in(context, put_them, &job));
		st = t_stats(tc);
		KUNIT_EXPECT_LE(test, st.parked - t_stored(tc, OBJCACHE_DISPLACED), 32);
		KUNIT_EXPECT_GE(test, st.parked, 1);
		t_expect_balanced(tc, 0);
	}
	t_finish(tc);
}

static struct tcache *create_with_reset(struct kunit *test)
{
	struct objcache_params params = {
		.batch = 4, .capacity = 32, .ops = &t_ops_reset,
	};

	return t_create(test, &params);
}

static void s09_reset_is_called_on_each_put(struct kunit *test)
{
	struct tcache *tc = create_with_reset(test);
	struct tobj *objs[10];

	t_need_magazines(test);
	t_on_cpu(test, 0);
	t_get_all(tc, objs, 10);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->resets), 0);
	t_put_all(tc, objs, 10);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->resets), 10);
	KUNIT_EXPECT_EQ(test, t_stat(tc, refused), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 10);
	t_get_all(tc, objs, 10);
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), 10);
	t_put_all(tc, objs, 10);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->resets), 20);
	t_finish(tc);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->resets), 20);
}

/* Refused: counted, destroyed once, and nobody gets it again. */
static void s09_a_refused_object_is_destroyed(struct kunit *test)
{
	struct tcache *tc = create_with_reset(test);
	struct tobj *objs[10], *obj;
	unsigned int i;

	t_need_magazines(test);
	t_on_cpu(test, 0);
	t_get_all(tc, objs, 10);
	WRITE_ONCE(tc->refuse, true);
	t_put_all(tc, objs, 6);
	WRITE_ONCE(tc->refuse, false);
	t_put_all(tc, objs + 6, 4);
	KUNIT_EXPECT_EQ(test, t_stat(tc, refused), 6);
	KUNIT_EXPECT_EQ(test, t_stat(tc, overflow), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 4);
	t_expect_balanced(tc, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->dtors), 6);
	for (i = 0; i < 20; i++) {
		obj = t_get(tc, GFP_KERNEL, 1);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		KUNIT_EXPECT_GE(test, obj->id, 6);
		t_put(tc, obj, 1);
	}
	t_finish(tc);
}

/* Not even while it waits for its destructor, and more wait than may. */
static void s09_a_refused_object_is_not_taken_back(struct kunit *test)
{
	struct tcache *tc = create_with_reset(test);
	struct tobj **objs = t_objs(test, 100);
	unsigned int i, nr;

	t_on_cpu(test, 0);
	t_get_all(tc, objs, 100);
	WRITE_ONCE(tc->gated, true);
	WRITE_ONCE(tc->refuse, true);
	t_put_all(tc, objs, 100);
	WRITE_ONCE(tc->refuse, false);
	KUNIT_EXPECT_EQ(test, t_stat(tc, releasing), 100);
	KUNIT_EXPECT_NULL(test, t_try_get(tc, 1));
	for (nr = 0; nr < 10; nr++) {
		objs[nr] = t_get(tc, GFP_NOWAIT, 1);
		if (!objs[nr])
			break;
	}
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_GE(test, objs[i]->id, 100);
	t_open_gate(tc);
	t_put_all(tc, objs, nr);
	t_finish(tc);
}

static struct kunit_case ops_cases[] = {
	KUNIT_CASE(s04_a_hit_runs_no_constructor),
	KUNIT_CASE(s04_a_constructor_is_given_the_gfp_of_the_get),
	KUNIT_CASE(s04_a_failing_constructor_gives_null_and_is_counted),
	KUNIT_CASE(s04_get_err_and_prefill_err_say_what_the_constructor_said),
	KUNIT_CASE_SLOW(s04_whatever_a_constructor_says_ends_a_get),
	KUNIT_CASE_SLOW(s19_whatever_a_constructor_says_a_get_waits),
	KUNIT_CASE(s08_get_err_says_that_it_may_not_wait),
	KUNIT_CASE(s04_get_err_says_that_there_is_no_memory),
	KUNIT_CASE(s04_a_constructor_runs_outside_critical_sections),
	KUNIT_CASE(s04_a_constructor_may_sleep),
	KUNIT_CASE(s04_a_sleeping_constructor_stops_nobody_else),
	KUNIT_CASE(s05_a_put_without_memory_keeps_the_object),
	KUNIT_CASE(s05_a_get_without_memory_is_null_and_harmless),
	KUNIT_CASE(s05_a_put_works_under_a_raw_spinlock),
	KUNIT_CASE(s09_reset_is_called_on_each_put),
	KUNIT_CASE(s09_a_refused_object_is_destroyed),
	KUNIT_CASE(s09_a_refused_object_is_not_taken_back),
	{}
};

static struct kunit_suite ops_suite = {
	.name = "objcache_ops",
	.test_cases = ops_cases,
};

kunit_test_suite(ops_suite);
