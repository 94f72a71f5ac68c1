// SPDX-License-Identifier: GPL-2.0
/* S18: never more objects than max_objects, and gets that wait for one */

#include <linux/cpu.h>

#include "contexts.h"
#include "getter.h"
#include "inside.h"

#define MAY_NOT_WAIT	GFP_NOWAIT

static struct tcache *create_bounded(struct kunit *test, unsigned int max)
{
	struct objcache_params params = { .max_objects = max };

	return t_create(test, &params);
}

/* In existence, by the operations' own book. */
static void expect_held(struct tcache *tc, unsigned int max)
{
	KUNIT_EXPECT_LE(tc->test, atomic_read(&tc->live_max), max);
}

/* ---- what may be asked for ---- */

static void s18_bounds_out_of_range_are_refused(struct kunit *test)
{
	static const struct objcache_params bad[] = {
		{ .size = 64, .max_objects = 1U << 31 },
		{ .size = 64, .max_objects = UINT_MAX },
		{ .size = 64, .max_objects = 1, .flags = OBJCACHE_NO_STEAL },
		{ .size = 64, .max_objects = 1, .flags = OBJCACHE_NODE_LOCAL },
		{ .size = 64, .min_objects = 1, .flags = OBJCACHE_NO_STEAL },
		{ .size = 64, .min_objects = 1, .flags = OBJCACHE_NODE_LOCAL },
		{ .size = 64, .max_objects = 3, .min_objects = 4 },
		{ .size = 64, .min_objects = 65537 },
		{ .size = 64, .min_objects = UINT_MAX },
	};
	static const struct objcache_params good[] = {
		{ .size = 64, .max_objects = INT_MAX },
		{ .size = 64, .max_objects = 3, .min_objects = 3 },
		{ .size = 64, .max_objects = 1, .batch = 63, .capacity = 1024 },
	};
	struct objcache *cache;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		cache = objcache_create("bounds", &bad[i]);
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(cache), -EINVAL, "%u", i);
		if (!IS_ERR_OR_NULL(cache))
			objcache_destroy(cache);
	}
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		cache = objcache_create("bounds", &good[i]);
		KUNIT_EXPECT_NOT_ERR_OR_NULL(test, cache);
		if (!IS_ERR_OR_NULL(cache))
			objcache_destroy(cache);
	}
}

/* ---- the bound ---- */

static void s18_as_many_as_allowed_and_no_more(struct kunit *test)
{
	static const unsigned int limits[] = { 1, 2, 3, 64, 1000 };
	struct tobj **objs = t_objs(test, 1001), *bulk[8];
	struct tcache *tc;
	unsigned int i, nr;
	int err;

	t_need_parking(test);
	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		tc = create_bounded(test, limits[i]);
		for (nr = 0; nr < 1001; nr++) {
			objs[nr] = t_get(tc, MAY_NOT_WAIT, 1);
			if (!objs[nr])
				break;
		}
		KUNIT_EXPECT_EQ(test, nr, limits[i]);
		KUNIT_EXPECT_EQ(test, -EAGAIN,
				PTR_ERR(objcache_get_err(tc->cache, MAY_NOT_WAIT)));
		KUNIT_EXPECT_EQ(test, 0, objcache_prefill_err(tc->cache, 4, GFP_KERNEL, &err));
		KUNIT_EXPECT_EQ(test, err, -EAGAIN);
		KUNIT_EXPECT_NULL(test, t_try_get(tc, 1));
		KUNIT_EXPECT_EQ(test, 0, t_get_bulk(tc, MAY_NOT_WAIT, 8, bulk, 1));
		expect_held(tc, limits[i]);
		t_put_all(tc, objs, nr);
		t_finish(tc);
	}
}

/* Those are made by many at once, and counted before anybody else sees them. */
static void s18_plain_objects_count_from_the_slab_on(struct kunit *test)
{
	static const unsigned int limits[] = { 1, 5, 100, 3000 };
	struct objcache_params params = { .size = 64 };
	struct objcache_stats stats;
	struct objcache *cache;
	void **objs = kunit_kcalloc(test, 3001, sizeof(*objs), GFP_KERNEL);
	unsigned int i, nr;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		params.max_objects = limits[i];
		cache = objcache_create("plain", &params);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
		t_on_cpu(test, i);
		for (nr = 0; nr < 3001; nr++) {
			objs[nr] = objcache_get(cache, GFP_KERNEL | __GFP_NORETRY);
			if (!objs[nr])
				break;
		}
		objcache_read_stats(cache, &stats);
		KUNIT_EXPECT_EQ(test, nr, limits[i]);
		KUNIT_EXPECT_EQ(test, stats.created, limits[i]);
		objcache_put_bulk(cache, nr, objs);
		objcache_destroy(cache);
	}
}

#define RUN_MS	200

/* All ways of getting and of giving back, and some gets that wait. */
static void use_all_ways(struct t_thread *thread)
{
	struct tcache *tc = thread->crew->data;
	u32 random = thread->who * 2654435761U;
	struct tobj *objs[4];
	unsigned int i, nr;

	while (!t_crew_stopping(thread->crew)) {
		u32 dice = t_random(&random);

		nr = 0;
		switch (dice % 4) {
		case 0:
			nr = t_get_bulk(tc, GFP_KERNEL, 1 + (dice >> 8) % 4, objs,
					thread->who);
			break;
		case 1:
			objcache_prefill(tc->cache, 2, GFP_KERNEL);
			break;
		default:
			objs[0] = t_get(tc, dice & 16 ? GFP_KERNEL : GFP_ATOMIC,
					thread->who);
			nr = !!objs[0];
		}
		for (i = 0; i < nr; i++) {
			if (dice & 0xe0)
				t_put(tc, objs[i], thread->who);
			else
				t_discard(tc, objs[i], thread->who);
		}
		if (!(dice & 0x3f00))
			objcache_drain(tc->cache);
		cond_resched();
	}
}

static void s18_never_more_whoever_makes_them(struct kunit *test)
{
	static const unsigned int limits[] = { 1, 2, 3, 7, 100 };
	unsigned int i, cpus = num_online_cpus();
	struct t_crew *crew;
	struct tcache *tc;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		tc = create_bounded(test, limits[i]);
		tc->ctor_may_sleep = true;
		crew = t_crew_create(test, 2 * cpus, use_all_ways, tc);
		KUNIT_EXPECT_TRUE(test, t_crew_run(crew, RUN_MS, t_stat(tc, gets) > 500));
		expect_held(tc, limits[i]);
		KUNIT_EXPECT_EQ(test, to_core(tc->cache)->waiting, 0);
		t_finish(tc);
	}
}

/* ---- who waits, and for what ---- */

struct giver {
	struct tcache *tc;
	struct tobj *obj;
	bool discard;
};

static void give(void *data)
{
	struct giver *giver = data;

	if (giver->discard)
		t_discard(giver->tc, giver->obj, 1);
	else
		t_put(giver->tc, giver->obj, 1);
}

static void expect_ended_in(struct kunit *test, unsigned int max, enum t_context context,
			    bool discard)
{
	struct tcache *tc = create_bounded(test, max);
	struct tobj **objs = t_objs(test, max);
	struct giver giver = { .tc = tc, .discard = discard };
	struct t_getter *getter;

	t_on_cpu(test, 0);
	t_get_all(tc, objs, max);
	giver.obj = objs[0];
	getter = t_getter_start(test, tc, GFP_KERNEL, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(getter));
	KUNIT_EXPECT_TRUE_MSG(test, t_run_in(context, give, &giver), "in %s",
			      t_context_name(context));
	KUNIT_EXPECT_TRUE_MSG(test, t_getter_comes(getter), "in %s",
			      t_context_name(context));
	KUNIT_EXPECT_EQ(test, getter->got, 1);
	KUNIT_EXPECT_GE(test, t_stat(tc, limit_waits), 1);
	expect_held(tc, max);
	t_getter_puts(getter);
	t_put_all(tc, objs + 1, max - 1);
	t_finish(tc);
}

static void s18_a_put_ends_a_wait_in_any_context(struct kunit *test)
{
	enum t_context context;

	t_need_nmi(test);
	for (context = T_TASK; context < T_NR_CONTEXTS; context++) {
		expect_ended_in(test, 1, context, false);
		expect_ended_in(test, 3, context, false);
	}
}

static void s18_a_discard_ends_a_wait_in_any_context(struct kunit *test)
{
	enum t_context context;

	t_need_nmi(test);
	for (context = T_TASK; context < T_NR_CONTEXTS; context++)
		expect_ended_in(test, 2, context, true);
}

/* By whom it interrupted, whose part is as it was. */
static void s18_a_nested_put_ends_a_wait(struct kunit *test)
{
	struct tcache *tc = create_bounded(test, 1);
	struct t_getter *getter;
	struct tobj *obj;

	t_on_cpu(test, 0);
	t_get_all(tc, &obj, 1);
	getter = t_getter_start(test, tc, GFP_KERNEL, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(getter));
	t_put_nested(tc, &obj, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(getter));
	t_getter_puts(getter);
	t_finish(tc);
}

static void s18_a_refused_put_ends_a_wait(struct kunit *test)
{
	struct objcache_params params = { .max_objects = 1, .ops = &t_ops_reset };
	struct tcache *tc = t_create(test, &params);
	struct t_getter *getter;
	struct tobj *obj;

	t_get_all(tc, &obj, 1);
	getter = t_getter_start(test, tc, GFP_KERNEL, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(getter));
	WRITE_ONCE(tc->refuse, true);
	t_put(tc, obj, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(getter));
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->ctors), 2);
	t_getter_puts(getter);
	t_finish(tc);
}

/* The one that is made, and may yet fail, is all that there may be. */
struct failing {
	struct completion enter, leave;
	atomic_t calls;
};

static int failing_ctor(void *obj, void *ctx, gfp_t gfp)
{
	struct failing *failing = ctx;

	if (atomic_inc_return(&failing->calls) > 1)
		return 0;
	complete(&failing->enter);
	wait_for_completion(&failing->leave);
	return -EHOSTDOWN;
}

static void s18_a_making_that_failed_ends_a_wait(struct kunit *test)
{
	static const struct objcache_ops ops = { .ctor = failing_ctor };
	struct failing failing = {};
	struct objcache_params params = {
		.size = sizeof(struct tobj), .max_objects = 1, .ops = &ops, .ctx = &failing,
	};
	struct tcache *tc = kunit_kzalloc(test, sizeof(*tc), GFP_KERNEL);
	struct t_getter *first, *second;

	KUNIT_ASSERT_NOT_NULL(test, tc);
	init_completion(&failing.enter);
	init_completion(&failing.leave);
	tc->test = test;
	tc->cache = objcache_create("failing", &params);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, tc->cache);
	first = t_getter_start(test, tc, GFP_KERNEL, 0);
	wait_for_completion(&failing.enter);
	second = t_getter_start(test, tc, GFP_KERNEL, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(second));
	complete(&failing.leave);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(first));
	KUNIT_EXPECT_EQ(test, first->err, -EHOSTDOWN);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(second));
	KUNIT_EXPECT_EQ(test, second->got, 1);
	while (second->got)
		objcache_put(tc->cache, second->objs[--second->got]);
	objcache_destroy(tc->cache);
	tc->cache = NULL;
}

/* Nobody puts anything: what is parked in another CPU's private part is brought out. */
static void bring_out(struct kunit *test, const struct objcache_ops *ops)
{
	struct objcache_params params = {
		.batch = 4, .capacity = 8, .max_objects = 8, .ops = ops,
	};
	struct tcache *tc = t_create(test, &params);
	struct t_getter *getter[9];
	struct tobj *objs[8];
	unsigned int i;

	t_need_magazines(test);
	t_need_cpus(test, 2);
	t_on_cpu(test, 0);
	t_get_all(tc, objs, 8);
	t_put_all(tc, objs, 8);
	KUNIT_ASSERT_EQ(test, t_parked_on(tc, t_nth_cpu(0)), 8);
	for (i = 0; i < 8; i++) {
		getter[i] = t_getter_start(test, tc, GFP_KERNEL, 1);
		KUNIT_EXPECT_TRUE(test, t_getter_comes(getter[i]));
		KUNIT_EXPECT_EQ(test, getter[i]->got, 1);
	}
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->ctors), 8);
	getter[8] = t_getter_start(test, tc, GFP_KERNEL, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(getter[8]));
	/* One put is enough. */
	t_getter_puts(getter[0]);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(getter[8]));
	for (i = 1; i < 9; i++)
		t_getter_puts(getter[i]);
	t_finish(tc);
}

static void s18_what_other_cpus_have_in_private_is_brought_out(struct kunit *test)
{
	bring_out(test, &t_ops);
}

/* Whose limit says no more than whether they may keep any. */
static void s18_what_was_reset_is_brought_out_too(struct kunit *test)
{
	bring_out(test, &t_ops_reset);
}

/* What is in its ring, and what is displaced, is found without that. */
static void s18_nobody_waits_while_anything_is_parked_anywhere(struct kunit *test)
{
	struct objcache_params params = { .batch = 2, .capacity = 16, .max_objects = 20 };
	struct tcache *tc = t_create(test, &params);
	struct tobj **objs = t_objs(test, 20);
	struct t_getter *getter;
	unsigned int i;

	/* One that is dropped is not parked, and here nobody unmakes it. */
	t_need_keeping(test);
	t_on_cpu(test, 0);
	t_get_all(tc, objs, 20);
	/* One is above the capacity, and on its way out. */
	t_hold_keeper(tc->cache);
	t_put_nested(tc, objs, 3);
	t_put_all(tc, objs + 3, 17);
	for (i = 0; i < 20; i++) {
		getter = t_getter_start(test, tc, GFP_KERNEL, i);
		KUNIT_EXPECT_TRUE(test, t_getter_comes(getter));
		KUNIT_EXPECT_EQ(test, getter->got, 1);
	}
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked) + t_stat(tc, releasing), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->ctors), 20);
}

static void s18_who_may_not_wait_does_not(struct kunit *test)
{
	static const gfp_t gfps[] = {
		0, GFP_NOWAIT, GFP_ATOMIC, GFP_KERNEL & ~__GFP_DIRECT_RECLAIM,
		GFP_KERNEL | __GFP_NORETRY, GFP_NOIO | __GFP_NORETRY,
		GFP_KERNEL | __GFP_RETRY_MAYFAIL, GFP_ATOMIC | __GFP_NOFAIL,
	};
	struct tcache *tc = create_bounded(test, 1);
	int err = -EAGAIN;
	struct tobj *obj;
	unsigned int i;

	t_get_all(tc, &obj, 1);
	for (i = 0; err == -EAGAIN && i < ARRAY_SIZE(gfps); i++) {
		err = t_getter_says(test, tc, gfps[i]);
		KUNIT_EXPECT_EQ_MSG(test, err, -EAGAIN, "%u", i);
	}
	KUNIT_EXPECT_NULL(test, t_try_get(tc, 1));
	KUNIT_EXPECT_EQ(test, t_stat(tc, limit_waits), 0);
	t_put(tc, obj, 1);
	t_finish(tc);
}

static void s18_who_may_wait_does_whatever_its_scope(struct kunit *test)
{
	static const struct { gfp_t gfp; unsigned int scope; } ways[] = {
		{ GFP_KERNEL, 0 }, { GFP_NOFS, 0 }, { GFP_NOIO, 0 },
		{ GFP_KERNEL, PF_MEMALLOC_NOFS }, { GFP_KERNEL, PF_MEMALLOC_NOIO },
		{ GFP_KERNEL | __GFP_NOFAIL, 0 },
		{ GFP_NOIO | __GFP_NOFAIL | __GFP_NORETRY, 0 },
	};
	struct tcache *tc = create_bounded(test, 1);
	struct t_getter *getter;
	struct tobj *obj;
	unsigned int i;

	t_on_cpu(test, 0);
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		struct t_getter like = {
			.tc = tc, .gfp = ways[i].gfp, .scope = ways[i].scope,
		};

		t_get_all(tc, &obj, 1);
		getter = t_getter_start_as(test, &like, 1);
		KUNIT_EXPECT_TRUE_MSG(test, t_getter_waits(getter), "%u", i);
		t_put(tc, obj, 1);
		KUNIT_EXPECT_TRUE_MSG(test, t_getter_comes(getter), "%u", i);
		KUNIT_EXPECT_EQ(test, getter->got, 1);
		t_getter_puts(getter);
	}
	t_finish(tc);
}

static void s18_a_fatal_signal_ends_a_wait(struct kunit *test)
{
	struct tcache *tc = create_bounded(test, 1);
	struct t_getter *getter, *next;
	struct tobj *obj;

	t_get_all(tc, &obj, 1);
	getter = t_getter_start(test, tc, GFP_KERNEL, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(getter));
	next = t_getter_start(test, tc, GFP_KERNEL | __GFP_NOFAIL, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(next));
	t_getter_kill(next);
	t_getter_kill(getter);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(getter));
	KUNIT_EXPECT_EQ(test, getter->err, -EINTR);
	/* Who may not fail waits on, and is now the first. */
	KUNIT_EXPECT_TRUE(test, t_getter_waits(next));
	t_put(tc, obj, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(next));
	KUNIT_EXPECT_EQ(test, next->got, 1);
	t_getter_puts(next);
	t_finish(tc);
}

static void s18_a_bulk_get_waits_for_its_first_object_only(struct kunit *test)
{
	struct tcache *tc = create_bounded(test, 4);
	struct t_getter like = { .tc = tc, .gfp = GFP_KERNEL, .bulk = 4 };
	struct tobj *objs[4];
	struct t_getter *getter;

	t_on_cpu(test, 0);
	t_get_all(tc, objs, 4);
	getter = t_getter_start_as(test, &like, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(getter));
	t_put(tc, objs[0], 1);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(getter));
	KUNIT_EXPECT_EQ(test, getter->got, 1);
	t_getter_puts(getter);
	t_put_all(tc, objs + 1, 3);
	t_finish(tc);
}

static struct objcache *dtor_cache;
static void *dtor_got;
static struct completion dtor_done;

static int make_nothing(void *obj, void *ctx, gfp_t gfp)
{
	return 0;
}

static void getting_dtor(void *obj, void *ctx)
{
	if (!READ_ONCE(dtor_cache))
		return;
	dtor_got = objcache_get_err(dtor_cache, GFP_KERNEL);
	complete(&dtor_done);
}

static void s18_a_destructor_never_waits_in_its_own_cache(struct kunit *test)
{
	static const struct objcache_ops ops = { .ctor = make_nothing, .dtor = getting_dtor };
	struct objcache_params params = { .size = 64, .max_objects = 1, .ops = &ops };
	struct objcache *cache = objcache_create("getting", &params);
	void *obj;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	init_completion(&dtor_done);
	WRITE_ONCE(dtor_cache, cache);
	obj = objcache_get(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	objcache_discard(cache, obj);
	KUNIT_EXPECT_TRUE(test, wait_for_completion_timeout(&dtor_done,
							    msecs_to_jiffies(T_PATIENCE_MS)));
	KUNIT_EXPECT_EQ(test, PTR_ERR(dtor_got), -EAGAIN);
	WRITE_ONCE(dtor_cache, NULL);
	objcache_destroy(cache);
}

/* ---- in order ---- */

#define WAITERS		16
#define ROUNDS		T_ROUNDS(100)

/* Who sleeps in a get when another one begins is earlier than that. */
struct queue {
	struct tcache *tc;
	raw_spinlock_t lock;
	struct {
		struct task_struct *task;
		bool in_get;
		unsigned long get;		/* its number */
		unsigned int overtaken;
	} who[WAITERS];
	unsigned int worst;
	atomic_t rounds;
};

static bool sleeps(struct task_struct *task)
{
	return READ_ONCE(task->__state) & TASK_UNINTERRUPTIBLE;
}

/* The gets that are earlier than this one, by their numbers; 0: not that one. */
static void queue_enter(struct queue *q, unsigned int me, unsigned long *earlier)
{
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&q->lock, flags);
	for (i = 0; i < WAITERS; i++)
		earlier[i] = q->who[i].in_get && sleeps(q->who[i].task) ?
			     q->who[i].get : 0;
	q->who[me].task = current;
	q->who[me].get++;
	q->who[me].overtaken = 0;
	q->who[me].in_get = true;
	raw_spin_unlock_irqrestore(&q->lock, flags);
}

static void queue_leave(struct queue *q, unsigned int me, const unsigned long *earlier)
{
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&q->lock, flags);
	q->who[me].in_get = false;
	for (i = 0; i < WAITERS; i++) {
		if (!earlier[i] || !q->who[i].in_get || q->who[i].get != earlier[i] ||
		    !sleeps(q->who[i].task))
			continue;
		q->worst = max(q->worst, ++q->who[i].overtaken);
	}
	raw_spin_unlock_irqrestore(&q->lock, flags);
}

static void wait_in_order(struct t_thread *thread)
{
	struct queue *q = thread->crew->data;
	unsigned long earlier[WAITERS];
	unsigned int i;
	struct tobj *obj;

	for (i = 0; i < ROUNDS; i++) {
		queue_enter(q, thread->index, earlier);
		obj = t_get(q->tc, GFP_KERNEL, thread->who);
		queue_leave(q, thread->index, earlier);
		if (!obj)
			return;
		atomic_inc(&q->rounds);
		if (i % 4 == 0)
			usleep_range(20, 50);
		t_put(q->tc, obj, thread->who);
	}
}

static void s18_sixteen_waiters_for_two_are_served_in_order(struct kunit *test)
{
	struct queue *q = kunit_kzalloc(test, sizeof(*q), GFP_KERNEL);
	struct t_crew *crew;

	KUNIT_ASSERT_NOT_NULL(test, q);
	raw_spin_lock_init(&q->lock);
	q->tc = create_bounded(test, 2);
	crew = t_crew_create(test, WAITERS, wait_in_order, q);
	t_crew_start(crew);
	KUNIT_EXPECT_TRUE_MSG(test, t_crew_join(crew), "somebody waits for ever");
	KUNIT_EXPECT_EQ(test, atomic_read(&q->rounds), WAITERS * ROUNDS);
	KUNIT_EXPECT_LE(test, q->worst, WAITERS);
	kunit_info(test, "%llu waits, overtaken %u times at most",
		   t_stat(q->tc, limit_waits), q->worst);
	expect_held(q->tc, 2);
	t_finish(q->tc);
}

/* ---- no wakeup is lost ---- */

#define PAIRS	T_ROUNDS(1000)

/* Everybody waits now and then, and puts on the hit path for the rest. */
static void get_and_put(struct t_thread *thread)
{
	struct tcache *tc = thread->crew->data;
	unsigned int i;

	for (i = 0; i < PAIRS && !t_crew_stopping(thread->crew); i++)
		t_put(tc, t_get(tc, GFP_KERNEL, thread->who), thread->who);
}

static void s18_no_wait_goes_on_for_ever(struct kunit *test)
{
	unsigned int cpus = num_online_cpus(), max;
	struct t_crew *crew;
	struct tcache *tc;

	t_need_cpus(test, 2);
	for (max = 1; max <= cpus; max++) {
		struct objcache_params params = {
			.batch = 2, .capacity = 8, .max_objects = max,
		};

		tc = t_create(test, &params);
		crew = t_crew_create(test, cpus + 1, get_and_put, tc);
		t_crew_start(crew);
		KUNIT_EXPECT_TRUE_MSG(test, t_crew_join(crew), "somebody waits for ever");
		KUNIT_EXPECT_EQ(test, t_stat(tc, gets), (cpus + 1) * PAIRS);
		KUNIT_EXPECT_EQ(test, t_stat(tc, puts), (cpus + 1) * PAIRS);
		expect_held(tc, max);
		t_finish(tc);
	}
}

/* The hit path comes back when nobody waits any more. */
static void s18_a_put_is_a_hit_again_after_a_wait(struct kunit *test)
{
	struct objcache_params params = { .batch = 8, .capacity = 16, .max_objects = 64 };
	struct tcache *tc = t_create(test, &params);
	struct tobj **objs = t_objs(test, 64);
	struct t_getter *getter;
	u64 hits;

	t_need_magazines(test);
	t_on_cpu(test, 0);
	t_get_all(tc, objs, 64);
	getter = t_getter_start(test, tc, GFP_KERNEL, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(getter));
	t_put(tc, objs[0], 1);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(getter));
	t_put(tc, objs[1], 1);
	KUNIT_EXPECT_EQ(test, t_parked_on(tc, t_nth_cpu(0)), 1);
	hits = t_stat(tc, hits);
	objs[1] = t_get(tc, GFP_KERNEL, 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, hits), hits + 1);
	t_put(tc, objs[1], 1);
	t_put_all(tc, objs + 2, 62);
	t_getter_puts(getter);
	t_finish(tc);
}

static struct kunit_case bounded_cases[] = {
	KUNIT_CASE(s18_bounds_out_of_range_are_refused),
	KUNIT_CASE(s18_as_many_as_allowed_and_no_more),
	KUNIT_CASE(s18_plain_objects_count_from_the_slab_on),
	KUNIT_CASE_SLOW(s18_never_more_whoever_makes_them),
	KUNIT_CASE_SLOW(s18_a_put_ends_a_wait_in_any_context),
	KUNIT_CASE_SLOW(s18_a_discard_ends_a_wait_in_any_context),
	KUNIT_CASE(s18_a_nested_put_ends_a_wait),
	KUNIT_CASE(s18_a_refused_put_ends_a_wait),
	KUNIT_CASE(s18_a_making_that_failed_ends_a_wait),
	KUNIT_CASE(s18_what_other_cpus_have_in_private_is_brought_out),
	KUNIT_CASE(s18_what_was_reset_is_brought_out_too),
	KUNIT_CASE(s18_nobody_waits_while_anything_is_parked_anywhere),
	KUNIT_CASE(s18_who_may_not_wait_does_not),
	KUNIT_CASE(s18_who_may_wait_does_whatever_its_scope),
	KUNIT_CASE(s18_a_fatal_signal_ends_a_wait),
	KUNIT_CASE(s18_a_bulk_get_waits_for_its_first_object_only),
	KUNIT_CASE(s18_a_destructor_never_waits_in_its_own_cache),
	KUNIT_CASE_SLOW(s18_sixteen_waiters_for_two_are_served_in_order),
	KUNIT_CASE_SLOW(s18_no_wait_goes_on_for_ever),
	KUNIT_CASE(s18_a_put_is_a_hit_again_after_a_wait),
	{}
};

static struct kunit_suite bounded_suite = {
	.name = "objcache_bounded",
	.test_cases = bounded_cases,
};

kunit_test_suite(bounded_suite);
