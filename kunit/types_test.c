// SPDX-License-Identifier: GPL-2.0
/*
 * What ties a cache to C's types and scopes, to a device's life and to a mempool's
 * types: OBJCACHE(), cleanup.h, devm_objcache_create(), objcache_mempool_alloc()
 */
#include <linux/device.h>
#include <linux/mempool.h>
#include <linux/platform_device.h>

#include "helpers.h"

#define RESERVE		4U
#define ROUNDS		200U

/* ---- a type's cache ---- */

struct t_typed {
	u64 words[3];
} __aligned(32);

static atomic_t typed_made;

static int typed_ctor(void *obj, void *ctx, gfp_t gfp)
{
	atomic_inc(&typed_made);
	return 0;
}

static const struct objcache_ops typed_ops = { .ctor = typed_ctor };

static void its_objects_are_as_the_type_is(struct kunit *test)
{
	struct objcache *cache = OBJCACHE(t_typed, SLAB_HWCACHE_ALIGN);
	struct t_typed *objs[3];
	struct objcache *second;
	unsigned int i;

	KUNIT_ASSERT_FALSE(test, IS_ERR(cache));
	/* Its name is the type's. */
	second = OBJCACHE(t_typed, 0);
	KUNIT_EXPECT_EQ(test, PTR_ERR(second), -EEXIST);
	for (i = 0; i < ARRAY_SIZE(objs); i++) {
		objs[i] = objcache_get(cache, GFP_KERNEL);
		KUNIT_EXPECT_NOT_NULL(test, objs[i]);
		KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)objs[i], 32));
		if (objs[i])
			memset(objs[i], 0x5a, sizeof(*objs[i]));
	}
	objcache_put_bulk(cache, ARRAY_SIZE(objs), (void **)objs);
	objcache_destroy(cache);
}

static void its_other_parameters_can_be_given(struct kunit *test)
{
	struct objcache *cache;

	atomic_set(&typed_made, 0);
	cache = OBJCACHE(t_typed, 0, .batch = 1, .capacity = 2, .ops = &typed_ops);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cache));
	objcache_put(cache, objcache_get(cache, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, atomic_read(&typed_made), 1);
	objcache_destroy(cache);
	/* And are refused as ever: two magazines are more than the capacity. */
	cache = OBJCACHE(t_typed, 0, .batch = 2, .capacity = 2);
	KUNIT_EXPECT_EQ(test, PTR_ERR(cache), -EINVAL);
}

static void what_is_got_zeroed_is_so_in_all_its_size(struct kunit *test)
{
	struct objcache *cache = objcache_create_plain("kunit-zeroed", 200, 0, 0);
	void *obj;

	KUNIT_ASSERT_FALSE(test, IS_ERR(cache));
	obj = objcache_get(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	memset(obj, 0x5a, 200);
	objcache_put(cache, obj);
	obj = objcache_get_zeroed(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_NULL(test, memchr_inv(obj, 0, 200));
	objcache_put(cache, obj);
	objcache_destroy(cache);
}

static void what_is_constructed_is_not_got_zeroed(struct kunit *test)
{
	struct objcache *cache = OBJCACHE(t_typed, 0, .ops = &typed_ops);

	KUNIT_ASSERT_FALSE(test, IS_ERR(cache));
	KUNIT_EXPECT_NULL(test, objcache_get_zeroed(cache, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, objcache_get_zeroed(NULL, GFP_KERNEL));
	objcache_destroy(cache);
}

/* ---- scopes ---- */

#ifdef DEFINE_FREE

static void get_and_leave(struct tcache *tc, bool keep, void **kept)
{
	CLASS(objcache_get, got)(tc->cache, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(tc->test, got.obj);
	KUNIT_EXPECT_EQ(tc->test, t_stat(tc, in_use), 1);
	*kept = got.obj;
	if (keep)
		got.obj = NULL;
}

static void an_object_is_put_where_its_scope_ends(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	void *obj;

	get_and_leave(tc, false, &obj);
	t_expect_balanced(tc, 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, puts), 1);
	get_and_leave(tc, true, &obj);
	t_expect_balanced(tc, 1);
	objcache_put(tc->cache, obj);
	/* One that there was not is not put. */
	objcache_drain(tc->cache);
	atomic_set(&tc->fail_ctors, 1);
	{
		CLASS(objcache_get, got)(tc->cache, GFP_KERNEL);
		KUNIT_EXPECT_NULL(test, got.obj);
	}
	t_expect_balanced(tc, 0);
	t_finish(tc);
}

static int create_and_leave(struct objcache **kept)
{
	struct objcache *cache __free(objcache_destroy) = OBJCACHE(t_typed, 0);

	if (IS_ERR(cache))
		return PTR_ERR(cache);
	if (kept)
		*kept = no_free_ptr(cache);
	return 0;
}

static void a_cache_is_destroyed_where_its_scope_ends(struct kunit *test)
{
	struct objcache *cache;

	KUNIT_EXPECT_EQ(test, create_and_leave(NULL), 0);
	/* Its name is free again. */
	KUNIT_ASSERT_EQ(test, create_and_leave(&cache), 0);
	/* And taken now, so that what is to be destroyed is an error. */
	KUNIT_EXPECT_EQ(test, create_and_leave(NULL), -EEXIST);
	objcache_destroy(cache);
}

#else

static void an_object_is_put_where_its_scope_ends(struct kunit *test)
{
	kunit_skip(test, "this kernel has no linux/cleanup.h");
}

static void a_cache_is_destroyed_where_its_scope_ends(struct kunit *test)
{
	kunit_skip(test, "this kernel has no linux/cleanup.h");
}

#endif

/* ---- a device's cache ---- */

static void device_gone(void *dev)
{
	platform_device_unregister(dev);
}

static void it_ends_with_its_device(struct kunit *test)
{
	const struct objcache_params params = { .size = 64 };
	struct platform_device *dev;
	struct objcache *cache, *second;

	dev = platform_device_register_simple("objcache-types", PLATFORM_DEVID_NONE,
					      NULL, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, device_gone, dev));
	cache = devm_objcache_create(&dev->dev, "types-devm", &params);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cache));
	objcache_put(cache, objcache_get(cache, GFP_KERNEL));
	second = objcache_create("types-devm", &params);
	KUNIT_EXPECT_EQ(test, PTR_ERR(second), -EEXIST);
	KUNIT_EXPECT_EQ(test, -EEXIST,
			PTR_ERR(devm_objcache_create(&dev->dev, "types-devm", &params)));
	kunit_release_action(test, device_gone, dev);
	/* Its name is free again. */
	second = objcache_create("types-devm", &params);
	KUNIT_ASSERT_FALSE(test, IS_ERR(second));
	objcache_destroy(second);
}

/* ---- a mempool over it: its reserve, with objects that are constructed ---- */

static void pool_destroy(void *pool)
{
	mempool_destroy(pool);
}

static mempool_t *pool_create(struct kunit *test, struct tcache *tc)
{
	mempool_t *pool = mempool_create(RESERVE, objcache_mempool_alloc,
					 objcache_mempool_free, tc->cache);

	KUNIT_ASSERT_NOT_NULL(test, pool);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, pool_destroy, pool));
	return pool;
}

static struct tobj *pool_get(struct tcache *tc, mempool_t *pool, gfp_t gfp, u32 who)
{
	struct tobj *obj = mempool_alloc(pool, gfp);

	if (obj)
		t_claim(tc, obj, who);
	return obj;
}

static void pool_put(struct tcache *tc, mempool_t *pool, struct tobj *obj, u32 who)
{
	t_release(tc, obj, who);
	mempool_free(obj, pool);
}

static void its_reserve_lasts_when_none_can_be_made(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	mempool_t *pool = pool_create(test, tc);
	struct tobj *objs[RESERVE];
	unsigned int i;

	/* The reserve is out of the cache: its own, and constructed. */
	t_expect_balanced(tc, RESERVE);
	objcache_drain(tc->cache);
	atomic_set(&tc->fail_ctors, -1);
	for (i = 0; i < RESERVE; i++) {
		objs[i] = pool_get(tc, pool, GFP_NOWAIT, 1);
		KUNIT_EXPECT_NOT_NULL(test, objs[i]);
	}
	KUNIT_EXPECT_NULL(test, pool_get(tc, pool, GFP_NOWAIT, 1));
	for (i = 0; i < RESERVE; i++)
		if (objs[i])
			pool_put(tc, pool, objs[i], 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), RESERVE);
	t_expect_balanced(tc, RESERVE);
	kunit_release_action(test, pool_destroy, pool);
	t_finish(tc);
}

struct requests {
	struct tcache *tc;
	mempool_t *pool;
	atomic_t served;
};

/* More at once than the reserve: they wait for one another, and all get on. */
static void serve_requests(struct t_thread *thread)
{
	struct requests *r = thread->crew->data;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		struct tobj *obj = pool_get(r->tc, r->pool, GFP_NOIO, thread->who);

		cond_resched();
		pool_put(r->tc, r->pool, obj, thread->who);
		atomic_inc(&r->served);
	}
}

static void all_get_on_with_nothing_but_the_reserve(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct requests r = { .tc = tc, .pool = pool_create(test, tc) };
	unsigned int nr = 2 * RESERVE;
	struct t_crew *crew = t_crew_create(test, nr, serve_requests, &r);

	objcache_drain(tc->cache);
	atomic_set(&tc->fail_ctors, -1);
	t_crew_start(crew);
	KUNIT_EXPECT_TRUE(test, t_crew_join(crew));
	KUNIT_EXPECT_EQ(test, atomic_read(&r.served), nr * ROUNDS);
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), RESERVE);
	atomic_set(&tc->fail_ctors, 0);
	kunit_release_action(test, pool_destroy, r.pool);
	t_finish(tc);
}

static struct kunit_case types_cases[] = {
	KUNIT_CASE(its_objects_are_as_the_type_is),
	KUNIT_CASE(its_other_parameters_can_be_given),
	KUNIT_CASE(what_is_got_zeroed_is_so_in_all_its_size),
	KUNIT_CASE(what_is_constructed_is_not_got_zeroed),
	KUNIT_CASE(an_object_is_put_where_its_scope_ends),
	KUNIT_CASE(a_cache_is_destroyed_where_its_scope_ends),
	KUNIT_CASE(it_ends_with_its_device),
	KUNIT_CASE(its_reserve_lasts_when_none_can_be_made),
	KUNIT_CASE_SLOW(all_get_on_with_nothing_but_the_reserve),
	{}
};

static struct kunit_suite types_suite = {
	.name = "objcache_types",
	.test_cases = types_cases,
};

kunit_test_suite(types_suite);
