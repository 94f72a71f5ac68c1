// SPDX-License-Identifier: GPL-2.0
/* S1 and S10: which object a get hands out, and how many a CPU parks. */

#include "inside.h"

#define BATCH		4
#define CAPACITY	32

/* @nr new objects, in objs[] in the order in which they were put here. */
static void park(struct tcache *tc, struct tobj **objs, unsigned int nr)
{
	t_get_all(tc, objs, nr);
	t_put_all(tc, objs, nr);
}

static bool is_among(const struct tobj *obj, struct tobj **objs, unsigned int nr)
{
	while (nr--)
		if (objs[nr] == obj)
			return true;
	return false;
}

static void s01_gets_return_newest_first(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *objs[3], *got[3];

	t_on_cpu(test, 0);
	park(tc, objs, 3);
	t_get_all(tc, got, 3);
	KUNIT_EXPECT_PTR_EQ(test, got[0], objs[2]);
	KUNIT_EXPECT_PTR_EQ(test, got[1], objs[1]);
	KUNIT_EXPECT_PTR_EQ(test, got[2], objs[0]);
	KUNIT_EXPECT_EQ(test, t_stat(tc, hits), 3);
	t_put_all(tc, got, 3);
	t_finish(tc);
}

/* Also when part of them had to go through the shared part. */
static void s01_newest_first_holds_across_magazines(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj **objs = t_objs(test, CAPACITY - BATCH);
	struct tobj **got = t_objs(test, CAPACITY - BATCH);
	unsigned int nr, i;

	t_on_cpu(test, 0);
	for (nr = 1; nr <= CAPACITY - BATCH; nr += 3) {
		park(tc, objs, nr);
		t_get_all(tc, got, nr);
		for (i = 0; i < nr; i++)
			KUNIT_EXPECT_PTR_EQ(test, got[i], objs[nr - 1 - i]);
		t_put_all(tc, got, nr);
		objcache_drain(tc->cache);
	}
	t_finish(tc);
}

static void s01_own_shared_part_comes_before_other_cpus(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *theirs[24], *own[24], *got[25];
	unsigned int i;

	t_need_cpus(test, 2);
	t_get_all(tc, own, 24);
	t_on_cpu(test, 1);
	park(tc, theirs, 24);
	t_on_cpu(test, 0);
	t_put_all(tc, own, 24);
	t_get_all(tc, got, 24);
	for (i = 0; i < 24; i++)
		KUNIT_EXPECT_TRUE(test, is_among(got[i], own, 24));
	KUNIT_EXPECT_EQ(test, t_stat(tc, steals), 0);
	KUNIT_EXPECT_GE(test, t_stat(tc, own_ring), 24 - 2 * BATCH);
	t_get_all(tc, got + 24, 1);
	KUNIT_EXPECT_TRUE(test, is_among(got[24], theirs, 24));
	KUNIT_EXPECT_GE(test, t_stat(tc, steals), 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), 48);
	t_put_all(tc, got, 25);
	t_finish(tc);
}

/* Magazine by magazine, in the order in which they were filled. */
static void s01_a_steal_takes_the_oldest_magazine(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *objs[24], *got[24];
	unsigned int i;

	t_need_cpus(test, 2);
	t_on_cpu(test, 1);
	park(tc, objs, 24);
	t_on_cpu(test, 0);
	for (i = 0; i < 24 - 2 * BATCH; i++) {
		got[i] = t_try_get(tc, 1);
		KUNIT_ASSERT_NOT_NULL(test, got[i]);
		KUNIT_EXPECT_TRUE_MSG(test,
				      is_among(got[i], objs + i / BATCH * BATCH, BATCH),
				      "get %u", i);
	}
	KUNIT_EXPECT_EQ(test, t_stat(tc, steals), i);
	t_put_all(tc, got, i);
	t_finish(tc);
}

static void s01_every_cpu_is_stolen_from(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned int cpus = num_online_cpus(), cpu, nr = 0;
	struct tobj *objs[24];

	t_need_cpus(test, 2);
	for (cpu = 1; cpu < cpus; cpu++) {
		t_on_cpu(test, cpu);
		KUNIT_ASSERT_EQ(test, 24, objcache_prefill(tc->cache, 24, GFP_KERNEL));
	}
	t_on_cpu(test, 0);
	while (t_try_get_all(tc, objs, 1)) {
		t_discard(tc, objs[0], 1);
		nr++;
	}
	KUNIT_EXPECT_GE(test, nr, (cpus - 1) * (24 - 2 * BATCH));
	KUNIT_EXPECT_EQ(test, t_stat(tc, steals), nr);
	t_finish(tc);
}

static void s01_no_steal_keeps_to_its_cpu(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, OBJCACHE_NO_STEAL);
	struct tobj *objs[24], *obj;
	unsigned int nr;

	t_need_cpus(test, 2);
	t_on_cpu(test, 1);
	park(tc, objs, 24);
	t_on_cpu(test, 0);
	KUNIT_EXPECT_NULL(test, t_try_get(tc, 1));
	obj = t_get(tc, GFP_KERNEL, 1);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), 25);
	KUNIT_EXPECT_EQ(test, t_stat(tc, steals), 0);
	t_put(tc, obj, 1);
	t_on_cpu(test, 1);
	nr = t_try_get_all(tc, objs, 24);
	KUNIT_EXPECT_EQ(test, nr, 24);
	t_put_all(tc, objs, nr);
	t_finish(tc);
}

/* Private, own shared, others, fresh: each only when the one before is empty. */
static void s01_a_fresh_object_comes_last(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj **objs = t_objs(test, 100);
	struct objcache_stats st;
	unsigned int nr;

	t_need_cpus(test, 2);
	t_on_cpu(test, 1);
	KUNIT_ASSERT_EQ(test, 24, objcache_prefill(tc->cache, 24, GFP_KERNEL));
	t_on_cpu(test, 0);
	KUNIT_ASSERT_EQ(test, 24, objcache_prefill(tc->cache, 24, GFP_KERNEL));
	nr = t_try_get_all(tc, objs, 100);
	st = t_stats(tc);
	KUNIT_EXPECT_GE(test, nr, 24 + 24 - 2 * BATCH);
	KUNIT_EXPECT_EQ(test, st.fresh, 0);
	KUNIT_EXPECT_EQ(test, st.parked, 48 - nr);
	objs[nr] = t_get(tc, GFP_KERNEL, 1);
	KUNIT_ASSERT_NOT_NULL(test, objs[nr]);
	KUNIT_EXPECT_EQ(test, t_stat(tc, fresh), 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), 49);
	t_put_all(tc, objs, nr + 1);
	t_finish(tc);
}

struct shape {
	unsigned int size;
	unsigned int batch;
	unsigned int capacity;
};

static const struct shape shapes[] = {
	{ 64, 1, 2 }, { 64, 1, 3 }, { 64, 4, 8 }, { 64, 4, 11 }, { 64, 4, 12 },
	{ 64, 7, 100 }, { 64, 16, 200 }, { 100, 0, 64 }, { 5000, 0, 20 },
};

static struct tcache *create_shape(struct kunit *test, const struct shape *shape)
{
	struct objcache_params params = {
		.size = shape->size,
		.batch = shape->batch,
		.capacity = shape->capacity,
	};

	return t_create(test, &params);
}

static unsigned int tc_capacity(struct tcache *tc)
{
	return to_core(tc->cache)->capacity;
}

static unsigned int tc_batch(struct tcache *tc)
{
	return to_core(tc->cache)->batch;
}

#define MANY	250

/*
 * One CPU is given more than its capacity. It never keeps more, at one time not
 * less than that rounded to magazines, and the rest is on its way out.
 */
static void s10_a_cpu_parks_its_capacity_at_most(struct kunit *test)
{
	struct tobj **objs = kunit_kcalloc(test, MANY, sizeof(*objs), GFP_KERNEL);
	unsigned int i, j, most;
	struct objcache_stats st;
	struct tcache *tc;

	KUNIT_ASSERT_NOT_NULL(test, objs);
	t_on_cpu(test, 0);
	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		tc = create_shape(test, &shapes[i]);
		t_get_all(tc, objs, MANY);
		for (j = 0, most = 0; j < MANY; j++) {
			t_put(tc, objs[j], 1);
			if (j % 5 == 0 || j < 20)
				most = max(most, t_parked_on(tc, t_nth_cpu(0)));
		}
		KUNIT_EXPECT_LE_MSG(test, most, shapes[i].capacity, "shape %u", i);
		st = t_stats(tc);
		KUNIT_EXPECT_EQ(test, st.overflow, MANY - st.parked);
		/* What the capacity has beyond magazines is parked beside the CPU. */
		KUNIT_EXPECT_LT_MSG(test, st.parked, tc_capacity(tc) + tc_batch(tc),
				    "shape %u", i);
		if (shapes[i].batch)
			KUNIT_EXPECT_GT_MSG(test, most + shapes[i].batch,
					    shapes[i].capacity, "shape %u", i);
		t_finish(tc);
	}
}

/*
 * What other CPUs cannot get at is private. The shared part is emptied from
 * another CPU, and what is left counted.
 */
static void s10_the_private_part_is_64_kib_or_two_objects(struct kunit *test)
{
	static const unsigned int sizes[] = { 64, 1000, 5000, 16384, 40000, 100000 };
	struct tobj **objs = t_objs(test, 150), *obj;
	struct shape shape = {};
	struct tcache *tc;
	unsigned int i, nr;
	u64 left;

	t_need_cpus(test, 2);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		shape.size = sizes[i];
		tc = create_shape(test, &shape);
		nr = min(150, SZ_1M / shape.size);
		t_on_cpu(test, 1);
		park(tc, objs, nr);
		t_on_cpu(test, 0);
		while ((obj = t_try_get(tc, 1)))
			t_discard(tc, obj, 1);
		left = t_stat(tc, parked);
		KUNIT_EXPECT_GE(test, left, 1);
		if (left > 2)
			KUNIT_EXPECT_LE_MSG(test, left * shape.size, SZ_64K,
					    "size %u", shape.size);
		t_finish(tc);
	}
}

/* A batch that would make the private part too large is refused or lessened. */
static void s10_a_large_batch_does_not_make_the_private_part_larger(struct kunit *test)
{
	struct objcache_params params = {
		.size = SZ_32K, .batch = 16, .capacity = 64, .flags = OBJCACHE_NO_AGING,
	};
	struct objcache_stats st;
	struct objcache *cache;
	void *obj;

	t_need_cpus(test, 2);
	cache = objcache_create("large", &params);
	if (IS_ERR(cache)) {
		KUNIT_EXPECT_EQ(test, PTR_ERR(cache), -EINVAL);
		return;
	}
	t_on_cpu(test, 1);
	KUNIT_EXPECT_GE(test, objcache_prefill(cache, 64, GFP_KERNEL), 2);
	t_on_cpu(test, 0);
	while ((obj = objcache_try_get(cache)))
		objcache_discard(cache, obj);
	objcache_read_stats(cache, &st);
	KUNIT_EXPECT_LE(test, st.parked, 2);
	objcache_destroy(cache);
}

static struct kunit_case order_cases[] = {
	KUNIT_CASE(s01_gets_return_newest_first),
	KUNIT_CASE(s01_newest_first_holds_across_magazines),
	KUNIT_CASE(s01_own_shared_part_comes_before_other_cpus),
	KUNIT_CASE(s01_a_steal_takes_the_oldest_magazine),
	KUNIT_CASE(s01_every_cpu_is_stolen_from),
	KUNIT_CASE(s01_no_steal_keeps_to_its_cpu),
	KUNIT_CASE(s01_a_fresh_object_comes_last),
	KUNIT_CASE_SLOW(s10_a_cpu_parks_its_capacity_at_most),
	KUNIT_CASE_SLOW(s10_the_private_part_is_64_kib_or_two_objects),
	KUNIT_CASE(s10_a_large_batch_does_not_make_the_private_part_larger),
	{}
};

static struct kunit_suite order_suite = {
	.name = "objcache_order",
	.init = t_need_magazines,
	.test_cases = order_cases,
};

kunit_test_suite(order_suite);
