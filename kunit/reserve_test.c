// SPDX-License-Identifier: GPL-2.0
/* S19, and S20 with it: never fewer objects than min_objects, and gets that do not fail */

#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "contexts.h"
#include "getter.h"
#include "inside.h"

#define LEAST	5

static struct tcache *create_reserved(struct kunit *test, unsigned int min,
				      unsigned int max)
{
	struct objcache_params params = {
		.batch = 2, .capacity = 16, .min_objects = min, .max_objects = max,
	};

	return t_create(test, &params);
}

static unsigned int existing(struct tcache *tc)
{
	return t_stat(tc, created) - t_stat(tc, destroyed);
}

/* All is back: those that have to be there are, and the rest goes when it is told to. */
static void finish(struct tcache *tc, unsigned int min)
{
	struct kunit *test = tc->test;
	u64 parked;

	t_expect_balanced(tc, 0);
	parked = t_stat(tc, parked);
	KUNIT_EXPECT_GE(test, parked, min);
	KUNIT_EXPECT_EQ(test, (u64)objcache_drain(tc->cache), parked - min);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), min);
	KUNIT_EXPECT_EQ(test, t_stat(tc, releasing), 0);
	t_expect_balanced_now(tc, 0);
	t_destroy(tc);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->ctors), atomic_read(&tc->dtors_done));
	t_expect_no_fault(tc);
}

/* ---- made, and kept ---- */

static void s19_create_makes_them(struct kunit *test)
{
	static const unsigned int mins[] = { 1, 5, 1000 };
	struct tobj **objs = t_objs(test, 1000);
	struct tcache *tc;
	unsigned int i;

	/* What comes along with an object is out of reach from elsewhere. */
	t_on_cpu(test, 0);
	for (i = 0; i < ARRAY_SIZE(mins); i++) {
		tc = create_reserved(test, mins[i], 0);
		KUNIT_EXPECT_EQ(test, atomic_read(&tc->ctors), mins[i]);
		KUNIT_EXPECT_EQ(test, t_stat(tc, parked), mins[i]);
		/* All within reach, of a get that makes none. */
		KUNIT_EXPECT_EQ(test, t_try_get_all(tc, objs, mins[i]), mins[i]);
		t_put_all(tc, objs, mins[i]);
		finish(tc, mins[i]);
	}
}

struct counted {
	atomic_t ctors, dtors;
	unsigned int good;
};

static int counted_ctor(void *obj, void *ctx, gfp_t gfp)
{
	struct counted *counted = ctx;

	if (atomic_read(&counted->ctors) >= counted->good)
		return -EHOSTDOWN;
	atomic_inc(&counted->ctors);
	return 0;
}

static void counted_dtor(void *obj, void *ctx)
{
	struct counted *counted = ctx;

	atomic_inc(&counted->dtors);
}

static void s19_or_create_fails_and_leaves_nothing(struct kunit *test)
{
	static const struct objcache_ops ops = { .ctor = counted_ctor, .dtor = counted_dtor };
	struct counted counted = {};
	struct objcache_params params = {
		.size = 64, .min_objects = LEAST, .ops = &ops, .ctx = &counted,
	};
	struct objcache *cache;

	for (counted.good = 0; counted.good < LEAST; counted.good++) {
		atomic_set(&counted.ctors, 0);
		atomic_set(&counted.dtors, 0);
		cache = objcache_create("fails", &params);
		KUNIT_EXPECT_EQ(test, PTR_ERR(cache), -EHOSTDOWN);
		KUNIT_EXPECT_EQ(test, atomic_read(&counted.ctors), counted.good);
		KUNIT_EXPECT_EQ(test, atomic_read(&counted.dtors), counted.good);
		if (!IS_ERR_OR_NULL(cache))
			objcache_destroy(cache);
	}
	/* The name is free. */
	atomic_set(&counted.ctors, 0);
	atomic_set(&counted.dtors, 0);
	cache = objcache_create("fails", &params);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, cache);
	if (!IS_ERR_OR_NULL(cache))
		objcache_destroy(cache);
	KUNIT_EXPECT_EQ(test, atomic_read(&counted.dtors), LEAST);
}

/* With the two generations and the keeper's looks, whatever there was above it. */
static void s19_aging_does_not_go_below(struct kunit *test)
{
	struct tcache *tc = create_reserved(test, LEAST, 0);
	struct tobj *objs[4 * LEAST];
	unsigned int i;

	t_on_cpu(test, 0);
	t_get_all(tc, objs, 4 * LEAST);
	t_put_all(tc, objs, 4 * LEAST);
	t_hold_keeper(tc->cache);
	for (i = 0; i < 8; i++) {
		objcache_age(tc->cache);
		t_keeper_looks(tc->cache);
		t_keeper_looks(tc->cache);
		KUNIT_EXPECT_GE(test, existing(tc), LEAST);
	}
	KUNIT_EXPECT_EQ(test, existing(tc), LEAST);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), LEAST);
	KUNIT_EXPECT_EQ(test, t_stat(tc, releasing), 0);
	finish(tc, LEAST);
}

static void s19_drain_does_not_go_below(struct kunit *test)
{
	struct tcache *tc = create_reserved(test, LEAST, 0);
	struct tobj *objs[4 * LEAST];

	t_need_magazines(test);
	t_get_all(tc, objs, 4 * LEAST);
	t_put_all(tc, objs, 2 * LEAST);
	KUNIT_EXPECT_EQ(test, objcache_drain(tc->cache), 2 * LEAST);
	/* Those in use are in existence. */
	KUNIT_EXPECT_EQ(test, existing(tc), 2 * LEAST);
	t_put_all(tc, objs + 2 * LEAST, 2 * LEAST);
	KUNIT_EXPECT_EQ(test, objcache_drain(tc->cache), LEAST);
	KUNIT_EXPECT_EQ(test, objcache_drain(tc->cache), 0);
	KUNIT_EXPECT_EQ(test, existing(tc), LEAST);
	finish(tc, LEAST);
}

typedef unsigned long shrink_fn(struct shrinker *shrinker, struct shrink_control *sc);

static unsigned long as_reclaim(struct tcache *tc, bool scan)
{
	struct shrinker *shrinker = t_shrinker_of(&to_core(tc->cache)->shrinker);
	shrink_fn *fn = scan ? shrinker->scan_objects : shrinker->count_objects;
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL, .nr_to_scan = 1000 };

	return fn(shrinker, &sc);
}

static void s19_pressure_does_not_go_below(struct kunit *test)
{
	struct tcache *tc = create_reserved(test, LEAST, 0);
	struct tobj *objs[4 * LEAST];
	unsigned int i;

	t_need_magazines(test);
	t_on_cpu(test, 0);
	KUNIT_EXPECT_EQ(test, as_reclaim(tc, false), SHRINK_EMPTY);
	KUNIT_EXPECT_EQ(test, as_reclaim(tc, true), SHRINK_STOP);
	t_get_all(tc, objs, 4 * LEAST);
	t_hold_keeper(tc->cache);
	t_put_all(tc, objs, 4 * LEAST);
	KUNIT_EXPECT_EQ(test, as_reclaim(tc, false), 3 * LEAST);
	for (i = 0; i < 20; i++) {
		as_reclaim(tc, true);
		t_keeper_hurries(tc->cache);
		KUNIT_EXPECT_GE(test, existing(tc), LEAST);
	}
	/* What private parts have is brought out by a work item. */
	KUNIT_EXPECT_TRUE(test, t_wait_until((as_reclaim(tc, true),
					      t_keeper_hurries(tc->cache),
					      existing(tc) == LEAST)));
	KUNIT_EXPECT_EQ(test, as_reclaim(tc, false), SHRINK_EMPTY);
	finish(tc, LEAST);
}

/* An idle one has its keeper come no more than any other. */
static void s19_what_is_kept_keeps_nobody_busy(struct kunit *test)
{
	struct tcache *tc = create_reserved(test, LEAST, 0);
	struct tobj *objs[2 * LEAST];
	struct objcache_core *core = to_core(tc->cache);
	unsigned int i;

	t_get_all(tc, objs, 2 * LEAST);
	t_put_all(tc, objs, 2 * LEAST);
	objcache_drain(tc->cache);
	for (i = 0; i < 4; i++)
		objcache_age(tc->cache);
	KUNIT_EXPECT_TRUE(test, t_keeper_rests(tc->cache));
	t_hold_keeper(tc->cache);
	clear_bit(OBJCACHE_DUE_LOOK, &core->due);
	clear_bit(OBJCACHE_DUE_NOW, &core->due);
	for (i = 0; i < 4; i++)
		objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, core->due, 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), LEAST);
	finish(tc, LEAST);
}

/* Aging has no object to take there, and the magazines of a burst all the same. */
static void s20_at_the_minimum_empty_magazines_go(struct kunit *test)
{
	struct tcache *tc = create_reserved(test, LEAST, 0);
	struct tobj *objs[16];
	unsigned int i;

	t_need_magazines(test);
	t_on_cpu(test, 0);
	t_get_all(tc, objs, 16);
	t_put_all(tc, objs, 16);
	/* From the ring, each magazine for an empty one. */
	t_get_all(tc, objs, 16);
	for (i = LEAST; i < 16; i++)
		t_discard(tc, objs[i], 1);
	KUNIT_EXPECT_TRUE(test, t_wait_until(existing(tc) == LEAST));
	KUNIT_EXPECT_GT(test, t_stat(tc, magazines_empty), 2);
	t_put_all(tc, objs, LEAST);
	t_hold_keeper(tc->cache);
	for (i = 0; i < 4; i++) {
		objcache_age(tc->cache);
		t_keeper_looks(tc->cache);
		t_keeper_looks(tc->cache);
	}
	KUNIT_EXPECT_EQ(test, t_stat(tc, magazines_empty), 0);
	KUNIT_EXPECT_EQ(test, existing(tc), LEAST);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), LEAST);
	finish(tc, LEAST);
}

/* ---- replaced ---- */

static void s19_a_doomed_one_is_replaced_in_its_memory(struct kunit *test)
{
	struct tcache *tc = create_reserved(test, 2, 2);
	struct tobj *objs[2], *again[2];

	t_get_all(tc, objs, 2);
	t_discard(tc, objs[0], 1);
	t_discard(tc, objs[1], 1);
	t_get_all(tc, again, 2);
	if (again[0] != objs[0])
		swap(again[0], again[1]);
	KUNIT_EXPECT_PTR_EQ(test, again[0], objs[0]);
	KUNIT_EXPECT_PTR_EQ(test, again[1], objs[1]);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->ctors), 4);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->dtors_done), 2);
	KUNIT_EXPECT_EQ(test, t_stat(tc, remade), 2);
	KUNIT_EXPECT_LE(test, atomic_read(&tc->live_max), 2);
	t_put_all(tc, again, 2);
	finish(tc, 2);
}

/* The first of two, while the destructor of the second takes its time. */
static void s19_each_is_replaced_at_once(struct kunit *test)
{
	struct tcache *tc = create_reserved(test, 2, 2);

	t_hold_keeper(tc->cache);
	t_doom(tc, 2);
	complete(&tc->gate);
	irq_work_queue(&to_core(tc->cache)->kick);
	KUNIT_EXPECT_TRUE(test, t_wait_until(t_stat(tc, parked) == 1));
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->dtors_done), 1);
	t_open_gate(tc);
	finish(tc, 2);
}

/* Refused ones, and above the minimum: those go. */
static void s19_above_it_a_doomed_one_goes(struct kunit *test)
{
	struct objcache_params params = { .min_objects = 2, .ops = &t_ops_reset };
	struct tcache *tc = t_create(test, &params);
	struct tobj *objs[6];

	t_need_magazines(test);
	t_get_all(tc, objs, 6);
	WRITE_ONCE(tc->refuse, true);
	t_put_all(tc, objs, 6);
	t_expect_balanced(tc, 0);
	KUNIT_EXPECT_EQ(test, existing(tc), 2);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 2);
	KUNIT_EXPECT_EQ(test, t_stat(tc, remade), 2);
	KUNIT_EXPECT_EQ(test, t_stat(tc, refused), 6);
	finish(tc, 2);
}

static void s19_it_is_tried_again_until_it_is_replaced(struct kunit *test)
{
	struct tcache *tc = create_reserved(test, 1, 1);
	struct tobj *obj;

	t_get_all(tc, &obj, 1);
	atomic_set(&tc->fail_ctors, 3);
	t_discard(tc, obj, 1);
	/* Nobody gets: the keeper does it by itself. */
	KUNIT_EXPECT_TRUE(test, t_wait_until(t_stat(tc, parked) == 1));
	KUNIT_EXPECT_EQ(test, t_stat(tc, ctor_failures), 3);
	KUNIT_EXPECT_EQ(test, t_stat(tc, remade), 1);
	finish(tc, 1);
}

/* Who has taken spare memory to make one in it, and has not yet failed to. */
struct holder {
	struct task_struct *who;
	bool failing;
	struct completion enter, leave;
};

static int holder_ctor(void *obj, void *ctx, gfp_t gfp)
{
	struct holder *holder = ctx;

	if (READ_ONCE(holder->who) != current)
		return READ_ONCE(holder->failing) ? -EHOSTDOWN : 0;
	complete(&holder->enter);
	wait_for_completion(&holder->leave);
	return -EHOSTDOWN;
}

static const struct objcache_ops holder_ops = { .ctor = holder_ctor };

/* Until it has had the memory: now and then that is in the keeper's hands. */
static void hold_spare(struct t_thread *thread)
{
	struct objcache *cache = thread->crew->data;
	struct holder *holder = to_core(cache)->ctx;

	WRITE_ONCE(holder->who, current);
	while (PTR_ERR(objcache_get_err(cache, GFP_NOWAIT)) != -EHOSTDOWN)
		cond_resched();
}

static void s19_it_is_tried_again_if_another_has_failed(struct kunit *test)
{
	struct holder holder = {};
	struct objcache_params params = {
		.size = 64, .min_objects = 1, .max_objects = 1, .ops = &holder_ops,
		.ctx = &holder, .flags = OBJCACHE_NO_AGING,
	};
	struct objcache *cache = objcache_create("kunit", &params);
	struct objcache_stats stats;
	struct objcache_core *core;
	struct t_crew *crew;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	core = to_core(cache);
	init_completion(&holder.enter);
	init_completion(&holder.leave);
	crew = t_crew_create(test, 1, hold_spare, cache);
	WRITE_ONCE(holder.failing, true);
	objcache_discard(cache, objcache_get(cache, GFP_KERNEL));
	KUNIT_EXPECT_TRUE(test, t_wait_until(!llist_empty(&core->spare)));
	t_crew_start(crew);
	wait_for_completion(&holder.enter);
	/* The keeper looks, and finds nothing to make one in. */
	KUNIT_EXPECT_TRUE(test, t_keeper_rests(cache));
	WRITE_ONCE(holder.failing, false);
	complete(&holder.leave);
	KUNIT_EXPECT_TRUE(test, t_crew_join(crew));
	KUNIT_EXPECT_TRUE(test, t_wait_until((objcache_read_stats(cache, &stats),
					      stats.parked == 1)));
	objcache_destroy(cache);
}

/* What could not be replaced goes with the cache. */
static void s19_destroy_frees_what_could_not_be_replaced(struct kunit *test)
{
	struct tcache *tc = create_reserved(test, 3, 0);
	bool warned = test_taint(TAINT_WARN);
	struct tobj *objs[3];

	t_get_all(tc, objs, 3);
	atomic_set(&tc->fail_ctors, -1);
	t_discard(tc, objs[0], 1);
	t_discard(tc, objs[1], 1);
	KUNIT_EXPECT_TRUE(test, t_wait_until(atomic_read(&tc->dtors_done) == 2));
	t_put(tc, objs[2], 1);
	/* They could be by now, but need not. */
	t_hold_keeper(tc->cache);
	atomic_set(&tc->fail_ctors, 0);
	t_destroy(tc);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->ctors), 3);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->ctors), atomic_read(&tc->dtors_done));
	KUNIT_EXPECT_EQ(test, warned, (bool)test_taint(TAINT_WARN));
	t_expect_no_fault(tc);
}

/* Plain memory is put back as it is, or an object in its place. */
static void s19_plain_memory_is_kept_as_well(struct kunit *test)
{
	struct objcache_params params = { .size = 64, .min_objects = 4 };
	struct objcache *cache = objcache_create("plain", &params);
	struct objcache_stats stats;
	void *objs[8];
	unsigned int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	for (i = 0; i < 8; i++) {
		objs[i] = objcache_get(cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, objs[i]);
	}
	for (i = 0; i < 8; i++)
		objcache_discard(cache, objs[i]);
	objcache_drain(cache);
	objcache_read_stats(cache, &stats);
	KUNIT_EXPECT_EQ(test, stats.created - stats.destroyed, 4);
	KUNIT_EXPECT_EQ(test, stats.parked, 4);
	objcache_destroy(cache);
}

/* A cache that keeps nothing keeps its minimum. */
static void s19_with_debug_none_the_minimum_is_kept(struct kunit *test)
{
	struct objcache_params params = {
		.min_objects = 2, .max_objects = 2, .flags = OBJCACHE_DEBUG,
	};
	struct tcache *tc = t_create(test, &params);
	struct t_getter *getter;
	struct tobj *objs[2];
	unsigned int i;

	t_on_cpu(test, 0);
	for (i = 0; i < 10; i++) {
		t_get_all(tc, objs, 2);
		getter = t_getter_start(test, tc, GFP_NOIO, 1);
		KUNIT_EXPECT_TRUE(test, t_getter_waits(getter));
		t_put_all(tc, objs, 2);
		KUNIT_EXPECT_TRUE(test, t_getter_comes(getter));
		t_getter_puts(getter);
		t_expect_balanced(tc, 0);
		KUNIT_EXPECT_EQ(test, existing(tc), 2);
	}
	/* Each put destroyed, and each get constructed. */
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->ctors), 2 + 30);
	finish(tc, 2);
}

/* ---- gets that do not fail ---- */

static void s19_a_get_waits_for_a_put_if_none_can_be_made(struct kunit *test)
{
	static const struct { gfp_t gfp; unsigned int scope; } ways[] = {
		{ GFP_KERNEL, 0 }, { GFP_NOFS, 0 }, { GFP_NOIO, 0 },
		{ GFP_KERNEL | __GFP_NORETRY, 0 }, { GFP_NOIO | __GFP_RETRY_MAYFAIL, 0 },
		{ GFP_KERNEL | __GFP_NOFAIL, 0 },
		{ GFP_KERNEL, PF_MEMALLOC_NOFS }, { GFP_KERNEL, PF_MEMALLOC_NOIO },
	};
	struct tcache *tc = create_reserved(test, 1, 0);
	struct t_getter *getter;
	struct tobj *obj;
	unsigned int i;

	t_need_magazines(test);
	t_on_cpu(test, 0);
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		struct t_getter like = {
			.tc = tc, .gfp = ways[i].gfp, .scope = ways[i].scope,
		};

		t_get_all(tc, &obj, 1);
		atomic_set(&tc->fail_ctors, -1);
		getter = t_getter_start_as(test, &like, 1);
		KUNIT_EXPECT_TRUE_MSG(test, t_getter_waits(getter), "%u", i);
		t_getter_kill(getter);
		KUNIT_EXPECT_TRUE_MSG(test, t_getter_waits(getter), "%u", i);
		t_put(tc, obj, 1);
		KUNIT_EXPECT_TRUE_MSG(test, t_getter_comes(getter), "%u", i);
		KUNIT_EXPECT_EQ(test, getter->got, 1);
		t_getter_puts(getter);
		atomic_set(&tc->fail_ctors, 0);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->ctors), 1);
	finish(tc, 1);
}

static void s19_it_tries_again_by_itself(struct kunit *test)
{
	struct tcache *tc = create_reserved(test, 1, 0);
	struct t_getter *getter;
	unsigned int failures;
	struct tobj *obj;

	t_need_magazines(test);
	t_get_all(tc, &obj, 1);
	atomic_set(&tc->fail_ctors, -1);
	getter = t_getter_start(test, tc, GFP_KERNEL, 1);
	KUNIT_EXPECT_TRUE(test, t_getter_waits(getter));
	failures = atomic_read(&tc->ctor_failures);
	KUNIT_EXPECT_TRUE(test, t_wait_until(atomic_read(&tc->ctor_failures) > failures));
	KUNIT_EXPECT_FALSE(test, t_getter_is_back(getter));
	atomic_set(&tc->fail_ctors, 0);
	KUNIT_EXPECT_TRUE(test, t_getter_comes(getter));
	KUNIT_EXPECT_EQ(test, getter->got, 1);
	t_getter_puts(getter);
	t_put(tc, obj, 1);
	finish(tc, 1);
}

/* The gfp masks that the constructor was given, in order. */
struct masks {
	bool fail;
	unsigned int nr;
	gfp_t gfp[4];
};

static int masks_ctor(void *obj, void *ctx, gfp_t gfp)
{
	struct masks *masks = ctx;

	if (!masks->fail)
		return 0;
	if (masks->nr < ARRAY_SIZE(masks->gfp))
		masks->gfp[masks->nr++] = gfp;
	/* The second one is through. */
	return masks->nr < 2 ? -ENOMEM : 0;
}

static void s19_making_is_tried_as_mempool_alloc_tries(struct kunit *test)
{
	static const struct objcache_ops ops = { .ctor = masks_ctor };
	const gfp_t added = __GFP_NORETRY | __GFP_NOMEMALLOC | __GFP_NOWARN;
	struct masks masks = {};
	struct objcache_params params = {
		.size = 64, .min_objects = 1, .ops = &ops, .ctx = &masks,
	};
	struct objcache *cache;
	void *objs[2];

	t_need_magazines(test);
	cache = objcache_create("masks", &params);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	objs[0] = objcache_get(cache, GFP_KERNEL);
	masks.fail = true;
	objs[1] = objcache_get(cache, GFP_NOIO | __GFP_NOFAIL);
	KUNIT_EXPECT_NOT_NULL(test, objs[1]);
	KUNIT_ASSERT_EQ(test, masks.nr, 2);
	KUNIT_EXPECT_EQ(test, (__force u32)masks.gfp[0],
			(__force u32)((GFP_NOIO & ~__GFP_DIRECT_RECLAIM) | added));
	KUNIT_EXPECT_EQ(test, (__force u32)masks.gfp[1], (__force u32)(GFP_NOIO | added));
	objcache_put(cache, objs[0]);
	objcache_put(cache, objs[1]);
	objcache_destroy(cache);
}

/* The first try, without reclaim, fails in the slab. */
static void s19_memory_is_asked_for_again_with_reclaim(struct kunit *test)
{
#if defined(CONFIG_FAULT_INJECTION) && defined(CONFIG_FAILSLAB)
	struct tcache *tc = create_reserved(test, 1, 0);
	struct tobj *objs[2];

	t_get_all(tc, objs, 1);
	current->fail_nth = 1;
	objs[1] = t_get(tc, GFP_NOIO, 1);
	KUNIT_EXPECT_EQ(test, 0, current->fail_nth);
	current->fail_nth = 0;
	KUNIT_EXPECT_NOT_NULL(test, objs[1]);
	KUNIT_EXPECT_EQ(test, t_stat(tc, limit_waits), 0);
	t_put(tc, objs[0], 1);
	t_put(tc, objs[1], 1);
	finish(tc, 1);
#else
	kunit_skip(test, "needs CONFIG_FAILSLAB");
#endif
}

static void s19_who_may_not_wait_may_get_none(struct kunit *test)
{
	static const gfp_t gfps[] = { 0, GFP_NOWAIT, GFP_ATOMIC };
	struct tcache *tc = create_reserved(test, 1, 1);
	int err = -EAGAIN;
	struct tobj *obj;
	unsigned int i;

	t_get_all(tc, &obj, 1);
	for (i = 0; err == -EAGAIN && i < ARRAY_SIZE(gfps); i++) {
		err = t_getter_says(test, tc, gfps[i]);
		KUNIT_EXPECT_EQ_MSG(test, err, -EAGAIN, "%u", i);
	}
	t_put(tc, obj, 1);
	finish(tc, 1);
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
	dtor_got = objcache_get(dtor_cache, GFP_KERNEL | __GFP_NOFAIL);
	WRITE_ONCE(dtor_cache, NULL);
	complete(&dtor_done);
}

static void s19_only_a_destructor_gets_none(struct kunit *test)
{
	static const struct objcache_ops ops = { .ctor = make_nothing, .dtor = getting_dtor };
	struct objcache_params params = {
		.size = 64, .max_objects = 1, .min_objects = 1, .ops = &ops,
	};
	struct objcache *cache = objcache_create("getting", &params);
	void *obj;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	init_completion(&dtor_done);
	obj = objcache_get(cache, GFP_KERNEL);
	dtor_got = obj;
	WRITE_ONCE(dtor_cache, cache);
	objcache_discard(cache, obj);
	KUNIT_EXPECT_TRUE(test, wait_for_completion_timeout(&dtor_done,
							    msecs_to_jiffies(T_PATIENCE_MS)));
	KUNIT_EXPECT_NULL(test, dtor_got);
	objcache_put(cache, objcache_get(cache, GFP_KERNEL));
	objcache_destroy(cache);
}

#define ROUNDS	300

/* Nothing is ever put back: each is replaced. */
static void get_and_discard(struct t_thread *thread)
{
	struct tcache *tc = thread->crew->data;
	struct tobj *obj;
	unsigned int i;

	for (i = 0; i < ROUNDS && !t_crew_stopping(thread->crew); i++) {
		obj = t_get(tc, i % 2 ? GFP_NOIO : GFP_KERNEL, thread->who);
		if (!obj)
			return;
		t_discard(tc, obj, thread->who);
	}
}

static void s19_no_get_fails_while_all_is_discarded(struct kunit *test)
{
	unsigned int cpus = num_online_cpus(), min;
	struct t_crew *crew;
	struct tcache *tc;

	for (min = 1; min <= 3; min++) {
		tc = create_reserved(test, min, 3);
		crew = t_crew_create(test, cpus + 2, get_and_discard, tc);
		t_crew_start(crew);
		KUNIT_EXPECT_TRUE_MSG(test, t_crew_join(crew), "somebody waits for ever");
		KUNIT_EXPECT_EQ(test, t_stat(tc, gets), (cpus + 2) * ROUNDS);
		KUNIT_EXPECT_EQ(test, t_stat(tc, discarded), (cpus + 2) * ROUNDS);
		KUNIT_EXPECT_LE(test, atomic_read(&tc->live_max), 3);
		t_expect_balanced(tc, 0);
		KUNIT_EXPECT_GE(test, existing(tc), min);
		finish(tc, min);
	}
}

static struct kunit_case reserve_cases[] = {
	KUNIT_CASE(s19_create_makes_them),
	KUNIT_CASE(s19_or_create_fails_and_leaves_nothing),
	KUNIT_CASE(s19_aging_does_not_go_below),
	KUNIT_CASE(s19_drain_does_not_go_below),
	KUNIT_CASE(s19_pressure_does_not_go_below),
	KUNIT_CASE(s19_what_is_kept_keeps_nobody_busy),
	KUNIT_CASE(s20_at_the_minimum_empty_magazines_go),
	KUNIT_CASE(s19_a_doomed_one_is_replaced_in_its_memory),
	KUNIT_CASE(s19_each_is_replaced_at_once),
	KUNIT_CASE(s19_above_it_a_doomed_one_goes),
	KUNIT_CASE(s19_it_is_tried_again_until_it_is_replaced),
	KUNIT_CASE(s19_it_is_tried_again_if_another_has_failed),
	KUNIT_CASE(s19_destroy_frees_what_could_not_be_replaced),
	KUNIT_CASE(s19_plain_memory_is_kept_as_well),
	KUNIT_CASE(s19_with_debug_none_the_minimum_is_kept),
	KUNIT_CASE_SLOW(s19_a_get_waits_for_a_put_if_none_can_be_made),
	KUNIT_CASE_SLOW(s19_it_tries_again_by_itself),
	KUNIT_CASE(s19_making_is_tried_as_mempool_alloc_tries),
	KUNIT_CASE(s19_memory_is_asked_for_again_with_reclaim),
	KUNIT_CASE(s19_who_may_not_wait_may_get_none),
	KUNIT_CASE(s19_only_a_destructor_gets_none),
	KUNIT_CASE_SLOW(s19_no_get_fails_while_all_is_discarded),
	{}
};

static struct kunit_suite reserve_suite = {
	.name = "objcache_reserve",
	.test_cases = reserve_cases,
};

kunit_test_suite(reserve_suite);
