// SPDX-License-Identifier: GPL-2.0
/* Many objects with one call: get_bulk, put_bulk, prefill. */

#include "inside.h"

#define NR	100

static void a_bulk_get_hands_out_as_many_as_asked_for(struct kunit *test)
{
	static const unsigned int sizes[] = { 0, 1, 3, 4, 5, 31, 33, NR };
	struct tcache *tc = t_create_small(test, 0);
	struct tobj **objs = t_objs(test, NR);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		KUNIT_EXPECT_EQ(test, sizes[i],
				t_get_bulk(tc, GFP_KERNEL, sizes[i], objs, 1));
		t_expect_balanced(tc, sizes[i]);
		t_put_bulk(tc, sizes[i], objs, 1);
		t_expect_balanced(tc, 0);
	}
	t_finish(tc);
}

static void a_bulk_get_takes_parked_objects_first(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj **objs = t_objs(test, NR);

	t_need_magazines(test);
	t_on_cpu(test, 0);
	t_get_all(tc, objs, 20);
	t_put_all(tc, objs, 20);
	KUNIT_EXPECT_EQ(test, 20, t_get_bulk(tc, GFP_KERNEL, 20, objs, 1));
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), 20);
	t_put_bulk(tc, 20, objs, 1);
	KUNIT_EXPECT_EQ(test, 30, t_get_bulk(tc, GFP_KERNEL, 30, objs, 1));
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), 30);
	t_put_bulk(tc, 30, objs, 1);
	t_finish(tc);
}

static void a_bulk_get_ends_at_a_constructor_that_fails(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj **objs = t_objs(test, NR);
	unsigned int got;

	t_need_magazines(test);
	t_on_cpu(test, 0);
	t_get_all(tc, objs, 10);
	t_put_all(tc, objs, 10);
	atomic_set(&tc->fail_ctors, -1);
	got = t_get_bulk(tc, GFP_KERNEL, NR, objs, 1);
	KUNIT_EXPECT_EQ(test, got, 10);
	KUNIT_EXPECT_GE(test, t_stat(tc, ctor_failures), 1);
	t_expect_balanced(tc, got);
	KUNIT_EXPECT_EQ(test, 0, t_get_bulk(tc, GFP_KERNEL, 5, objs + got, 1));
	atomic_set(&tc->fail_ctors, 0);
	t_put_bulk(tc, got, objs, 1);
	t_finish(tc);
}

/* Nothing above the capacity stays, and nothing of it is lost. */
static void a_bulk_put_keeps_to_the_capacity(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj **objs = t_objs(test, NR);

	t_need_magazines(test);
	t_on_cpu(test, 0);
	KUNIT_ASSERT_EQ(test, NR, t_get_bulk(tc, GFP_KERNEL, NR, objs, 1));
	t_put_bulk(tc, NR, objs, 1);
	KUNIT_EXPECT_LE(test, t_stat(tc, parked), 32);
	KUNIT_EXPECT_GE(test, t_stat(tc, parked), 32 - 4 + 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, overflow), NR - t_stat(tc, parked));
	KUNIT_EXPECT_EQ(test, t_stat(tc, puts), NR);
	t_finish(tc);
}

static void a_bulk_put_ignores_nulls(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *objs[9] = {};
	unsigned int i;

	t_need_magazines(test);
	t_on_cpu(test, 0);
	t_get_all(tc, objs + 1, 3);
	t_get_all(tc, objs + 6, 2);
	for (i = 0; i < ARRAY_SIZE(objs); i++)
		if (objs[i])
			t_release(tc, objs[i], 1);
	objcache_put_bulk(tc->cache, ARRAY_SIZE(objs), (void **)objs);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 5);
	t_finish(tc);
}

static void a_bulk_put_asks_reset_about_each(struct kunit *test)
{
	struct objcache_params params = {
		.batch = 4, .capacity = 32, .ops = &t_ops_reset,
	};
	struct tcache *tc = t_create(test, &params);
	struct tobj *objs[7];

	KUNIT_ASSERT_EQ(test, 7, t_get_bulk(tc, GFP_KERNEL, 7, objs, 1));
	WRITE_ONCE(tc->refuse, true);
	t_put_bulk(tc, 7, objs, 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->resets), 7);
	KUNIT_EXPECT_EQ(test, t_stat(tc, refused), 7);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	t_finish(tc);
}

static void prefill_says_how_many_it_parked(struct kunit *test)
{
	static const unsigned int sizes[] = { 0, 1, 3, 8, 13 };
	struct tobj **objs = t_objs(test, NR);
	struct tcache *tc;
	unsigned int i, nr;

	t_need_parking(test);
	t_on_cpu(test, 0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		tc = t_create_small(test, 0);
		KUNIT_EXPECT_EQ(test, sizes[i],
				objcache_prefill(tc->cache, sizes[i], GFP_KERNEL));
		KUNIT_EXPECT_EQ(test, t_stat(tc, parked), sizes[i]);
		t_expect_balanced(tc, 0);
		nr = t_try_get_all(tc, objs, NR);
		KUNIT_EXPECT_EQ(test, sizes[i], nr);
		KUNIT_EXPECT_EQ(test, t_stat(tc, fresh), 0);
		t_put_all(tc, objs, nr);
		t_finish(tc);
	}
}

static void prefill_keeps_to_the_capacity(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned int parked;

	t_need_parking(test);
	t_on_cpu(test, 0);
	parked = objcache_prefill(tc->cache, NR, GFP_KERNEL);
	KUNIT_EXPECT_LE(test, parked, 32);
	KUNIT_EXPECT_GE(test, parked, 32 - 4 + 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), parked);
	KUNIT_EXPECT_EQ(test, t_stat(tc, in_use), 0);
	t_finish(tc);
}

static void prefill_ends_at_a_constructor_that_fails(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);

	t_need_parking(test);
	t_on_cpu(test, 0);
	KUNIT_EXPECT_EQ(test, 5, objcache_prefill(tc->cache, 5, GFP_KERNEL));
	atomic_set(&tc->fail_ctors, -1);
	KUNIT_EXPECT_EQ(test, 0, objcache_prefill(tc->cache, 5, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 5);
	KUNIT_EXPECT_GE(test, t_stat(tc, ctor_failures), 1);
	t_finish(tc);
}

static struct kunit_case bulk_cases[] = {
	KUNIT_CASE(a_bulk_get_hands_out_as_many_as_asked_for),
	KUNIT_CASE(a_bulk_get_takes_parked_objects_first),
	KUNIT_CASE(a_bulk_get_ends_at_a_constructor_that_fails),
	KUNIT_CASE(a_bulk_put_keeps_to_the_capacity),
	KUNIT_CASE(a_bulk_put_ignores_nulls),
	KUNIT_CASE(a_bulk_put_asks_reset_about_each),
	KUNIT_CASE(prefill_says_how_many_it_parked),
	KUNIT_CASE(prefill_keeps_to_the_capacity),
	KUNIT_CASE(prefill_ends_at_a_constructor_that_fails),
	{}
};

static struct kunit_suite bulk_suite = {
	.name = "objcache_bulk",
	.test_cases = bulk_cases,
};

kunit_test_suite(bulk_suite);
