// SPDX-License-Identifier: GPL-2.0
/* The life of a cache, the calls and the accounts; see helpers.h. */

#include <linux/bitmap.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/panic.h>
#include <linux/slab.h>

#include "helpers.h"

void t_init(struct tcache *tc, struct kunit *test, unsigned int size)
{
	tc->test = test;
	tc->size = size;
	init_completion(&tc->gate);
	tc->dtor_seen = bitmap_zalloc(T_MAX_IDS, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tc->dtor_seen);
}

static void t_cleanup(void *p)
{
	struct tcache *tc = p;

	t_open_gate(tc);
	if (tc->cache)
		objcache_destroy(tc->cache);
	bitmap_free(tc->dtor_seen);
}

/* A cache that goes away with its test, whatever happens to that. */
struct tcache *t_create_named(struct kunit *test, const char *name,
			      const struct objcache_params *given)
{
	struct objcache_params params = *given;
	struct objcache *cache;
	struct tcache *tc;

	params.size = max_t(unsigned int, params.size, sizeof(struct tobj));
	params.ops = params.ops ?: &t_ops;
	tc = kunit_kzalloc(test, sizeof(*tc), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tc);
	t_init(tc, test, params.size);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, t_cleanup, tc));
	params.ctx = tc;
	cache = objcache_create(name, &params);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	tc->cache = cache;
	return tc;
}

/* One that ages only when told to. */
struct tcache *t_create(struct kunit *test, const struct objcache_params *given)
{
	struct objcache_params params = *given;

	params.flags |= OBJCACHE_NO_AGING;
	return t_create_named(test, "kunit", &params);
}

/* One whose magazines are full after four puts, and a CPU after 32. */
struct tcache *t_create_small(struct kunit *test, unsigned int flags)
{
	struct objcache_params params = {
		.batch = 4,
		.capacity = 32,
		.flags = flags,
	};

	return t_create(test, &params);
}

void t_destroy(struct tcache *tc)
{
	struct objcache *cache = tc->cache;

	tc->cache = NULL;
	objcache_destroy(cache);
	WRITE_ONCE(tc->dead, true);
}

/* What a call must leave as it was. */
struct t_caller {
	int preempt;
	bool irqs_off;
};

static struct t_caller t_caller_now(void)
{
	return (struct t_caller) {
		.preempt = preempt_count(),
		.irqs_off = irqs_disabled(),
	};
}

static void t_caller_check(struct tcache *tc, struct t_caller was)
{
	if (irqs_disabled() != was.irqs_off)
		t_fault(tc, T_IRQS_CHANGED);
	if (preempt_count() != was.preempt)
		t_fault(tc, T_PREEMPT_CHANGED);
}

bool t_claim(struct tcache *tc, struct tobj *obj, u32 who)
{
	if (READ_ONCE(obj->magic) != TOBJ_LIVE)
		t_fault(tc, T_NOT_LIVE);
	if (!atomic_cmpxchg(&obj->owner, 0, who))
		return true;
	t_fault(tc, T_TWO_OWNERS);
	return false;
}

bool t_release(struct tcache *tc, struct tobj *obj, u32 who)
{
	if (atomic_cmpxchg(&obj->owner, who, 0) == who)
		return true;
	t_fault(tc, T_NOT_OWNER);
	return false;
}

/* What was written before the put is read here with plain loads. */
static struct tobj *t_received(struct tcache *tc, struct tobj *obj, u32 who)
{
	if (!obj || !t_claim(tc, obj, who))
		return obj;
	if (!t_reads_well(obj))
		t_fault(tc, T_WORDS_LOST);
	t_write(obj);
	return obj;
}

struct tobj *t_get(struct tcache *tc, gfp_t gfp, u32 who)
{
	struct t_caller was = t_caller_now();
	struct tobj *obj = objcache_get(tc->cache, gfp);

	t_caller_check(tc, was);
	return t_received(tc, obj, who);
}

struct tobj *t_try_get(struct tcache *tc, u32 who)
{
	struct t_caller was = t_caller_now();
	struct tobj *obj = objcache_try_get(tc->cache);

	t_caller_check(tc, was);
	return t_received(tc, obj, who);
}

unsigned int t_get_bulk(struct tcache *tc, gfp_t gfp, unsigned int nr,
			struct tobj **objs, u32 who)
{
	struct t_caller was = t_caller_now();
	unsigned int got, i;

	got = objcache_get_bulk(tc->cache, gfp, nr, (void **)objs);
	t_caller_check(tc, was);
	for (i = 0; i < got; i++)
		t_received(tc, objs[i], who);
	return got;
}

void t_put(struct tcache *tc, struct tobj *obj, u32 who)
{
	struct t_caller was;

	if (!obj)
		return;
	t_release(tc, obj, who);
	t_put_begin();
	was = t_caller_now();
	objcache_put(tc->cache, obj);
	t_caller_check(tc, was);
	t_put_end();
}

void t_discard(struct tcache *tc, struct tobj *obj, u32 who)
{
	struct t_caller was;

	t_release(tc, obj, who);
	t_put_begin();
	was = t_caller_now();
	objcache_discard(tc->cache, obj);
	t_caller_check(tc, was);
	t_put_end();
}

void t_put_bulk(struct tcache *tc, unsigned int nr, struct tobj **objs, u32 who)
{
	struct t_caller was;
	unsigned int i;

	for (i = 0; i < nr; i++)
		t_release(tc, objs[i], who);
	t_put_begin();
	was = t_caller_now();
	objcache_put_bulk(tc->cache, nr, (void **)objs);
	t_caller_check(tc, was);
	t_put_end();
}

struct tobj **t_objs(struct kunit *test, unsigned int nr)
{
	struct tobj **objs = kunit_kcalloc(test, nr, sizeof(*objs), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, objs);
	return objs;
}

/* The three below are the test thread's own: it holds its objects as 1. */
void t_get_all(struct tcache *tc, struct tobj **objs, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		objs[i] = t_get(tc, GFP_KERNEL, 1);
		KUNIT_ASSERT_NOT_NULL(tc->test, objs[i]);
	}
}

void t_put_all(struct tcache *tc, struct tobj **objs, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		t_put(tc, objs[i], 1);
}

/* @nr objects that must not be handed out again, behind a gate that is shut. */
void t_doom(struct tcache *tc, unsigned int nr)
{
	struct tobj **objs = t_objs(tc->test, nr);
	unsigned int i;

	t_get_all(tc, objs, nr);
	WRITE_ONCE(tc->gated, true);
	for (i = 0; i < nr; i++)
		t_discard(tc, objs[i], 1);
	KUNIT_EXPECT_EQ(tc->test, t_stat(tc, releasing), nr);
}

/* How many of @nr are parked where this CPU finds them. */
unsigned int t_try_get_all(struct tcache *tc, struct tobj **objs, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		objs[i] = t_try_get(tc, 1);
		if (!objs[i])
			break;
	}
	return i;
}

/* Objects come and go, more than fit in quarantine: as before a mistake, so after it. */
void t_expect_life_goes_on(struct tcache *tc)
{
	struct tobj *objs[40];

	t_get_all(tc, objs, ARRAY_SIZE(objs));
	t_put_all(tc, objs, ARRAY_SIZE(objs));
	t_get_all(tc, objs, ARRAY_SIZE(objs));
	t_put_all(tc, objs, ARRAY_SIZE(objs));
}

struct objcache_stats t_stats(struct tcache *tc)
{
	struct objcache_stats stats = {};

	objcache_read_stats(tc->cache, &stats);
	return stats;
}

/* One of them; t_stat(). */
u64 t_stat_at(struct tcache *tc, size_t offset)
{
	struct objcache_stats stats = t_stats(tc);

	return *(u64 *)((void *)&stats + offset);
}

/* S14, with what the operations counted as the second opinion. */
void t_expect_balanced_now(struct tcache *tc, u64 in_use)
{
	struct objcache_stats st = t_stats(tc);
	struct kunit *test = tc->test;

	KUNIT_EXPECT_EQ(test, st.created,
			st.destroyed + st.parked + st.releasing + st.in_use);
	KUNIT_EXPECT_EQ(test, st.in_use, in_use);
	KUNIT_EXPECT_EQ(test, st.in_use, st.gets - st.puts - st.discarded);
	KUNIT_EXPECT_EQ(test, st.steals, st.stolen);
	KUNIT_EXPECT_EQ(test, st.created, (u64)atomic_read(&tc->ctors));
	KUNIT_EXPECT_EQ(test, st.ctor_failures, (u64)atomic_read(&tc->ctor_failures));
	t_expect_no_fault(tc);
}

/* The same once all that waited has been destroyed. */
void t_expect_balanced(struct tcache *tc, u64 in_use)
{
	struct kunit *test = tc->test;

	KUNIT_EXPECT_TRUE_MSG(test, t_wait_until(!t_stat(tc, releasing)),
			      "the keeper does not get on");
	KUNIT_EXPECT_EQ(test, t_stat(tc, destroyed), (u64)atomic_read(&tc->dtors_done));
	t_expect_balanced_now(tc, in_use);
}

/*
 * The end of a test that has given everything back: draining says how many it
 * released, nothing is left, every object was destroyed once, and the slab had
 * nothing to complain about.
 */
void t_finish(struct tcache *tc)
{
	struct kunit *test = tc->test;
	bool warned = test_taint(TAINT_WARN);
	u64 parked;

	t_expect_balanced(tc, 0);
	parked = t_stat(tc, parked);
	KUNIT_EXPECT_EQ(test, (u64)objcache_drain(tc->cache), parked);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, releasing), 0);
	t_expect_balanced_now(tc, 0);
	t_destroy(tc);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->ctors), atomic_read(&tc->dtors_done));
	KUNIT_EXPECT_EQ(test, warned, (bool)test_taint(TAINT_WARN));
	t_expect_no_fault(tc);
}

MODULE_DESCRIPTION("KUnit suites of objcache, written from its specification");
MODULE_LICENSE("GPL");
