// SPDX-License-Identifier: GPL-2.0
/*
 * S17, the quarantine: what is put waits there, first in first out, as many as the
 * capacity; and a backlog is what it is without
 */

#include "inside.h"

static struct tcache *create(struct kunit *test)
{
	struct objcache_params params = {
		.batch = 4, .capacity = 32, .ops = &t_ops_reset, .flags = OBJCACHE_CHECK,
	};

	/* The quarantine is a node's. */
	t_on_cpu(test, 0);
	return t_create(test, &params);
}

static void s17_the_quarantine_is_first_in_first_out(struct kunit *test)
{
	struct tcache *tc = create(test);
	struct tobj *objs[32];
	unsigned int i;

	t_get_all(tc, objs, 32);
	t_put_all(tc, objs, 31);
	/* As long as it is not full, a fresh one. */
	KUNIT_EXPECT_EQ(test, t_stat(tc, fresh), 32);
	t_put(tc, t_get(tc, GFP_KERNEL, 1), 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, fresh), 33);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 32);
	for (i = 0; i < 31; i++) {
		struct tobj *obj = t_get(tc, GFP_KERNEL, 1);

		KUNIT_EXPECT_PTR_EQ(test, obj, objs[i]);
		t_put(tc, obj, 1);
	}
	KUNIT_EXPECT_EQ(test, t_stat(tc, fresh), 33);
	KUNIT_EXPECT_EQ(test, t_stat(tc, hits), 0);
	t_put(tc, objs[31], 1);
	t_finish(tc);
}

/* A put above the capacity is on its way out, is counted, and a get takes it back. */
static void s17_what_the_quarantine_has_no_room_for_is_taken_back(struct kunit *test)
{
	struct tcache *tc = create(test);
	struct tobj *objs[34];

	t_hold_keeper(tc->cache);
	t_get_all(tc, objs, 34);
	t_put_all(tc, objs, 34);
	KUNIT_EXPECT_EQ(test, t_stat(tc, overflow), 2);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 32);
	KUNIT_EXPECT_EQ(test, t_stat(tc, releasing), 2);
	/* One that is too much, those two, and what has to be made. */
	t_get_all(tc, objs, 34);
	KUNIT_EXPECT_EQ(test, t_stat(tc, fresh), 34 + 31);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 31);
	KUNIT_EXPECT_EQ(test, t_stat(tc, releasing), 0);
	t_put_all(tc, objs, 34);
	objcache_drain(tc->cache);
	t_finish(tc);
}

/* What reset refuses is not kept, here either. */
static void s17_what_is_refused_is_in_no_quarantine(struct kunit *test)
{
	struct tcache *tc = create(test);
	struct tobj *obj = t_get(tc, GFP_KERNEL, 1);

	WRITE_ONCE(tc->refuse, true);
	t_put(tc, obj, 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, refused), 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	t_finish(tc);
}

/* Beyond the backlog's bound for who may neither wait nor fail, and for nobody else. */
static void s17_a_backlog_is_as_long_as_without(struct kunit *test)
{
	struct tcache *tc = create(test);
	struct tobj *obj;

	t_doom(tc, 64);
	KUNIT_EXPECT_EQ(test, PTR_ERR(objcache_get_err(tc->cache, GFP_ATOMIC)), -EAGAIN);
	obj = t_get(tc, GFP_ATOMIC | __GFP_NOFAIL, 1);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, t_stat(tc, forced), 1);
	t_open_gate(tc);
	t_put(tc, obj, 1);
	t_finish(tc);
}

static struct kunit_case debug_quarantine_cases[] = {
	KUNIT_CASE(s17_the_quarantine_is_first_in_first_out),
	KUNIT_CASE(s17_what_the_quarantine_has_no_room_for_is_taken_back),
	KUNIT_CASE(s17_what_is_refused_is_in_no_quarantine),
	KUNIT_CASE(s17_a_backlog_is_as_long_as_without),
	{}
};

static struct kunit_suite debug_quarantine_suite = {
	.name = "objcache_debug_quarantine",
	.init = t_own_levels,
	.test_cases = debug_quarantine_cases,
};

kunit_test_suite(debug_quarantine_suite);
