// SPDX-License-Identifier: GPL-2.0
/* What objcache_create() takes and refuses, and calls with nothing to act on. */

#include <linux/err.h>
#include <linux/mm.h>

#include "inside.h"

static struct objcache *make(const char *name, unsigned int size)
{
	struct objcache_params params = { .size = size };

	return objcache_create(name, &params);
}

static void expect_taken(struct kunit *test, const char *name,
			 const struct objcache_params *params)
{
	struct objcache *cache = objcache_create(name, params);

	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, cache);
	if (!IS_ERR_OR_NULL(cache))
		objcache_destroy(cache);
}

static void expect_refused(struct kunit *test, const char *what,
			   const struct objcache_params *params)
{
	struct objcache *cache = objcache_create("refused", params);

	KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(cache), -EINVAL, "%s", what);
	if (!IS_ERR_OR_NULL(cache))
		objcache_destroy(cache);
}

static void bad_names_are_refused(struct kunit *test)
{
	static const char * const names[] = {
		"", ".", "..", "../x", "a/b", "a b", " a", "a\n", "a%s", "a\x7f",
		"\xc3\xa4", "abcdefghijklmnopqrstuvwxyz012345", NULL,
	};
	struct objcache *cache;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		cache = make(names[i], 64);
		KUNIT_EXPECT_EQ_MSG(test, PTR_ERR_OR_ZERO(cache), -EINVAL,
				    "\"%s\"", names[i] ?: "(null)");
		if (!IS_ERR_OR_NULL(cache))
			objcache_destroy(cache);
	}
}

static void good_names_are_taken(struct kunit *test)
{
	static const char * const names[] = {
		"a", "...", ".a", "a..b", "-Z9_",
		"abcdefghijklmnopqrstuvwxyz01234",
	};
	const struct objcache_params params = { .size = 64 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		expect_taken(test, names[i], &params);
}

/* The slab behind a cache has a name that cannot clash with another's. */
static void a_name_that_a_slab_has_is_taken_too(struct kunit *test)
{
	const struct objcache_params params = { .size = 64 };
	bool warned = test_taint(TAINT_WARN);

	expect_taken(test, "dentry", &params);
	expect_taken(test, "kmem_cache", &params);
	KUNIT_EXPECT_EQ(test, warned, (bool)test_taint(TAINT_WARN));
}

static void a_name_in_use_is_refused_and_its_cache_lives_on(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *obj = t_get(tc, GFP_KERNEL, 1);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, PTR_ERR(make("kunit", 64)), -EEXIST);
	t_put(tc, obj, 1);
	t_finish(tc);
}

static void a_name_is_free_again_after_destroy(struct kunit *test)
{
	const struct objcache_params params = { .size = 64 };
	unsigned int i;

	for (i = 0; i < 5; i++)
		expect_taken(test, "again", &params);
}

static void sizes_out_of_range_are_refused(struct kunit *test)
{
	static const unsigned int sizes[] = {
		0, KMALLOC_MAX_SIZE, KMALLOC_MAX_SIZE + 1, INT_MAX, UINT_MAX,
		UINT_MAX - 7,
	};
	struct objcache_params params = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		params.size = sizes[i];
		expect_refused(test, "size", &params);
	}
}

static void sizes_in_range_are_taken_and_all_of_them_usable(struct kunit *test)
{
	static const unsigned int sizes[] = { 1, 7, 8, 100, 4096, 100000 };
	struct objcache *cache;
	unsigned int i;
	void *a, *b;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		cache = make("sizes", sizes[i]);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
		a = objcache_get(cache, GFP_KERNEL);
		b = objcache_get(cache, GFP_KERNEL);
		KUNIT_EXPECT_NOT_NULL(test, a);
		KUNIT_EXPECT_NOT_NULL(test, b);
		if (a && b) {
			memset(a, 0x5a, sizes[i]);
			memset(b, 0xa5, sizes[i]);
			KUNIT_EXPECT_NULL(test, memchr_inv(a, 0x5a, sizes[i]));
		}
		objcache_put(cache, a);
		objcache_put(cache, b);
		objcache_destroy(cache);
	}
}

/*
 * The limit that the header states; memory for such an object is not asked. make
 * test has the kernel debug slabs of that name, which must not make it too large.
 */
static void the_largest_size_is_taken(struct kunit *test)
{
	struct objcache_params params = {
		.size = KMALLOC_MAX_SIZE - sizeof(void *),
	};

	expect_taken(test, "largest", &params);
	params.align = PAGE_SIZE;
	params.size = KMALLOC_MAX_SIZE - 3 * PAGE_SIZE;
	expect_taken(test, "largest", &params);
	params.size++;
	expect_taken(test, "largest", &params);
}

/* At least what is parked and points to it, whoever looks at it otherwise. */
static void a_cost_is_that_of_all_possible_cpus_being_full(struct kunit *test)
{
	struct objcache_params params = {
		.size = 1000, .batch = 10, .capacity = 100,
	};
	u64 cpus = num_possible_cpus();
	struct objcache_cost cost, more;

	t_need_parking(test);
	KUNIT_ASSERT_EQ(test, objcache_cost("cost", &params, &cost), 0);
	KUNIT_EXPECT_GE(test, cost.object, 1000ULL);
	KUNIT_EXPECT_GE(test, cost.idle,
			cpus * (sizeof(struct objcache_owner) +
				100 * sizeof(void *)));
	KUNIT_EXPECT_GE(test, cost.full, cost.idle + cpus * 100 * 1000);
	params.capacity = 200;
	KUNIT_ASSERT_EQ(test, objcache_cost("cost", &params, &more), 0);
	/* What waits in the depot and for the worker comes on top. */
	KUNIT_EXPECT_GE(test, more.full, cost.full + (cpus + 5) * 100 * 1000);
	params.flags = OBJCACHE_DEBUG;
	KUNIT_ASSERT_EQ(test, objcache_cost("cost", &params, &more), 0);
	KUNIT_EXPECT_LT(test, more.idle, cost.idle);
	params.capacity = 1;
	KUNIT_EXPECT_EQ(test, objcache_cost("cost", &params, &cost), -EINVAL);
}

static void alignments_that_are_none_are_refused(struct kunit *test)
{
	static const unsigned int aligns[] = {
		3, 6, 24, 100, PAGE_SIZE - 1, PAGE_SIZE + 1, 2 * PAGE_SIZE,
		1U << 31, UINT_MAX,
	};
	struct objcache_params params = { .size = 64 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(aligns); i++) {
		params.align = aligns[i];
		expect_refused(test, "align", &params);
	}
}

static void objects_are_aligned_as_asked_for(struct kunit *test)
{
	struct objcache_params params = { .size = 24 };
	struct objcache *cache;
	void *objs[5];
	unsigned int i;

	for (params.align = 1; params.align <= PAGE_SIZE; params.align *= 8) {
		cache = objcache_create("aligned", &params);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
		for (i = 0; i < ARRAY_SIZE(objs); i++) {
			objs[i] = objcache_get(cache, GFP_KERNEL);
			KUNIT_EXPECT_NOT_NULL(test, objs[i]);
			KUNIT_EXPECT_TRUE_MSG(test, IS_ALIGNED((unsigned long)objs[i],
							       params.align),
					      "align %u", params.align);
		}
		objcache_put_bulk(cache, ARRAY_SIZE(objs), objs);
		objcache_destroy(cache);
	}
}

static void hwcache_aligned_objects_share_no_line(struct kunit *test)
{
	const struct objcache_params params = {
		.size = L1_CACHE_BYTES - 4,
		.slab_flags = SLAB_HWCACHE_ALIGN | SLAB_RECLAIM_ACCOUNT,
	};
	struct objcache *cache = objcache_create("lines", &params);
	void *obj;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	obj = objcache_get(cache, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)obj, L1_CACHE_BYTES));
	objcache_put(cache, obj);
	objcache_destroy(cache);
}

static void absurd_batches_and_capacities_are_refused(struct kunit *test)
{
	struct objcache_params params = { .size = 64, .batch = UINT_MAX };

	expect_refused(test, "batch UINT_MAX", &params);
	params.batch = UINT_MAX / sizeof(void *) + 2;
	expect_refused(test, "batch that overflows", &params);
	params.batch = 0;
	params.capacity = UINT_MAX;
	expect_refused(test, "capacity UINT_MAX", &params);
	params.batch = 4;
	params.capacity = 7;
	expect_refused(test, "capacity of less than two magazines", &params);
	params.batch = INT_MAX;
	params.capacity = INT_MAX;
	expect_refused(test, "both INT_MAX", &params);
}

static int make_nothing(void *obj, void *ctx, gfp_t gfp)
{
	return 0;
}

/* With its link, each takes two pages: eight are 64 KiB, which is what two hold. */
static void a_batch_counts_what_objects_really_take(struct kunit *test)
{
	static const struct objcache_ops ops = { .ctor = make_nothing };
	struct objcache_params params = {
		.size = PAGE_SIZE,
		.align = PAGE_SIZE,
		.batch = SZ_64K / 2 / (2 * PAGE_SIZE),
		.ops = &ops,
	};

	expect_taken(test, "budget", &params);
	params.batch++;
	expect_refused(test, "more than 64 KiB in two magazines", &params);
	params.ops = NULL;
	expect_taken(test, "budget", &params);
}

/* A small object that holds much is parked as sparingly as a large one. */
static void a_weight_counts_in_what_is_chosen(struct kunit *test)
{
	struct objcache_params light = { .size = 64 };
	struct objcache_params heavy = { .size = 64, .weight = SZ_1M };
	struct objcache_params large = { .size = SZ_1M };
	struct objcache_cost of_light, of_heavy, of_large;

	t_need_parking(test);
	KUNIT_ASSERT_EQ(test, objcache_cost("cost", &light, &of_light), 0);
	KUNIT_ASSERT_EQ(test, objcache_cost("cost", &heavy, &of_heavy), 0);
	KUNIT_ASSERT_EQ(test, objcache_cost("cost", &large, &of_large), 0);
	KUNIT_EXPECT_EQ(test, of_heavy.object, of_light.object + SZ_1M);
	/* So it has fewer and smaller magazines, as many as the large one. */
	KUNIT_EXPECT_LT(test, of_heavy.idle, of_light.idle);
	KUNIT_EXPECT_EQ(test, of_heavy.idle, of_large.idle);
	heavy.weight = SZ_1G;
	expect_taken(test, "weight", &heavy);
	heavy.weight++;
	expect_refused(test, "weight", &heavy);
	heavy.weight = UINT_MAX;
	expect_refused(test, "weight", &heavy);
}

static void a_window_outside_the_object_is_refused(struct kunit *test)
{
	static const unsigned int windows[][2] = {
		{ 1, 0 }, { 63, 0 }, { 0, 65 }, { 1, 64 }, { 64, 1 }, { 65, 1 },
		{ 63, 2 }, { UINT_MAX, 2 }, { 2, UINT_MAX }, { UINT_MAX, UINT_MAX },
	};
	struct objcache_params params = { .size = 64 };
	bool warned = test_taint(TAINT_WARN);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(windows); i++) {
		params.useroffset = windows[i][0];
		params.usersize = windows[i][1];
		expect_refused(test, "window", &params);
	}
	KUNIT_EXPECT_EQ(test, warned, (bool)test_taint(TAINT_WARN));
}

/* What is not allowed is an oops, so only what is can be shown. */
static void user_copies_may_touch_the_window(struct kunit *test)
{
#ifdef CONFIG_HARDENED_USERCOPY
	static const unsigned int windows[][2] = {
		{ 0, 64 }, { 0, 1 }, { 63, 1 }, { 8, 16 },
	};
	struct objcache_params params = { .size = 64 };
	struct objcache *cache;
	unsigned int i;
	void *obj;

	for (i = 0; i < ARRAY_SIZE(windows); i++) {
		params.useroffset = windows[i][0];
		params.usersize = windows[i][1];
		cache = objcache_create("window", &params);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
		obj = objcache_get(cache, GFP_KERNEL);
		if (obj)
			__check_object_size(obj + params.useroffset,
					    params.usersize, true);
		KUNIT_EXPECT_NOT_NULL(test, obj);
		objcache_put(cache, obj);
		objcache_destroy(cache);
	}
#else
	kunit_skip(test, "nobody checks user copies here");
#endif
}

static void a_name_may_come_by_format(struct kunit *test)
{
	const struct objcache_params params = { .size = 64 };
	struct objcache *cache, *same;

	cache = objcache_createf(&params, "format-%u-%s", 7, "x");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	KUNIT_EXPECT_EQ(test, PTR_ERR(make("format-7-x", 64)), -EEXIST);
	same = objcache_createf(&params, "format-7-x");
	KUNIT_EXPECT_EQ(test, PTR_ERR(same), -EEXIST);
	objcache_destroy(cache);
	cache = objcache_createf(&params, "%031u", 0);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, cache);
	if (!IS_ERR_OR_NULL(cache))
		objcache_destroy(cache);
	/* None is cut off to fit. */
	KUNIT_EXPECT_EQ(test, PTR_ERR(objcache_createf(&params, "%032u", 0)), -EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(objcache_createf(&params, "%0200u", 0)), -EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(objcache_createf(&params, "%s", "a/b")), -EINVAL);
}

static void unknown_flags_are_refused(struct kunit *test)
{
	struct objcache_params params = { .size = 64 };
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		params.flags = 1U << bit;
		if (!(params.flags & OBJCACHE_FLAGS))
			expect_refused(test, "flags", &params);
	}
}

static void slab_flags_that_reuse_would_break_are_refused(struct kunit *test)
{
	static const slab_flags_t flags[] = {
		SLAB_PANIC, SLAB_TYPESAFE_BY_RCU, SLAB_ACCOUNT, SLAB_CACHE_DMA,
		SLAB_POISON, SLAB_STORE_USER, SLAB_NO_MERGE,
		SLAB_HWCACHE_ALIGN | SLAB_PANIC,
	};
	struct objcache_params params = { .size = 64 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		params.slab_flags = flags[i];
		/* Some are nothing in some configurations. */
		if (flags[i] & ~SLAB_HWCACHE_ALIGN)
			expect_refused(test, "slab_flags", &params);
	}
}

static void a_module_built_against_another_header_is_refused(struct kunit *test)
{
	const struct objcache_params params = { .size = 64 };
	size_t size = sizeof(params);

	KUNIT_EXPECT_EQ(test, -EINVAL,
			PTR_ERR(__objcache_create("abi", &params, OBJCACHE_ABI + 1, size)));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			PTR_ERR(__objcache_create("abi", &params, OBJCACHE_ABI - 1, size)));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			PTR_ERR(__objcache_create("abi", &params, OBJCACHE_ABI, size + 8)));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			PTR_ERR(__objcache_create("abi", &params, OBJCACHE_ABI, 0)));
	expect_taken(test, "abi", &params);
}

static void no_params_are_refused(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, -EINVAL, PTR_ERR(objcache_create("none", NULL)));
}

static void expect_nothing_happens(struct kunit *test, struct objcache *cache)
{
	struct objcache_stats stats = {};
	void *objs[2] = { test, test };

	KUNIT_EXPECT_NULL(test, __objcache_get(cache, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, __objcache_get_slow(cache, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, PTR_ERR(__objcache_get_err(cache, GFP_KERNEL)), -EINVAL);
	KUNIT_EXPECT_NULL(test, __objcache_try_get(cache));
	KUNIT_EXPECT_NULL(test, __objcache_try_get_slow(cache));
	__objcache_put(cache, test);
	__objcache_put_slow(cache, test);
	objcache_discard(cache, test);
	KUNIT_EXPECT_EQ(test, objcache_get_bulk(cache, GFP_KERNEL, 2, objs), 0);
	objcache_put_bulk(cache, 2, objs);
	KUNIT_EXPECT_EQ(test, objcache_prefill(cache, 2, GFP_KERNEL), 0);
	objcache_age(cache);
	KUNIT_EXPECT_EQ(test, objcache_drain(cache), 0);
	objcache_read_stats(cache, &stats);
	KUNIT_EXPECT_EQ(test, stats.created | stats.parked | stats.gets | stats.puts, 0);
	objcache_destroy(cache);
}

static void a_cache_that_is_none_does_nothing(struct kunit *test)
{
	bool warned = test_taint(TAINT_WARN);

	expect_nothing_happens(test, NULL);
	expect_nothing_happens(test, ERR_PTR(-EINVAL));
	expect_nothing_happens(test, ERR_PTR(-ENOMEM));
	KUNIT_EXPECT_EQ(test, warned, (bool)test_taint(TAINT_WARN));
}

static void zeroed_memory_is_refused_even_on_a_hit(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	void *objs[2] = {};
	int err = 0;

	t_need_magazines(test);
	KUNIT_EXPECT_NULL(test, objcache_get(tc->cache, GFP_KERNEL | __GFP_ZERO));
	KUNIT_EXPECT_EQ(test, -EINVAL, PTR_ERR(objcache_get_err(tc->cache,
								GFP_KERNEL | __GFP_ZERO)));
	KUNIT_EXPECT_EQ(test, 0, objcache_prefill_err(tc->cache, 1,
						      GFP_KERNEL | __GFP_ZERO, &err));
	KUNIT_EXPECT_EQ(test, err, -EINVAL);
	t_on_cpu(test, 0);
	t_put(tc, t_get(tc, GFP_KERNEL, 1), 1);
	KUNIT_EXPECT_NULL(test, objcache_get(tc->cache, GFP_KERNEL | __GFP_ZERO));
	KUNIT_EXPECT_NULL(test, objcache_get_noinline(tc->cache, GFP_KERNEL | __GFP_ZERO));
	KUNIT_EXPECT_EQ(test, 0, objcache_get_bulk(tc->cache, GFP_KERNEL | __GFP_ZERO,
						   2, objs));
	KUNIT_EXPECT_EQ(test, 0, objcache_prefill(tc->cache, 2, GFP_KERNEL | __GFP_ZERO));
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 1);
	t_finish(tc);
}

static void a_null_object_is_ignored(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);

	objcache_put(tc->cache, NULL);
	__objcache_put(tc->cache, NULL);
	objcache_discard(tc->cache, NULL);
	KUNIT_EXPECT_EQ(test, t_stat(tc, puts), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, discarded), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	KUNIT_EXPECT_NULL(test, t_try_get(tc, 1));
	t_finish(tc);
}

static void the_called_versions_do_what_the_inline_ones_do(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	void *obj;

	t_need_magazines(test);
	t_on_cpu(test, 0);
	KUNIT_EXPECT_NULL(test, __objcache_try_get(tc->cache));
	obj = __objcache_get(tc->cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	__objcache_put(tc->cache, obj);
	KUNIT_EXPECT_PTR_EQ(test, objcache_try_get(tc->cache), obj);
	objcache_put(tc->cache, obj);
	KUNIT_EXPECT_PTR_EQ(test, __objcache_try_get(tc->cache), obj);
	objcache_put(tc->cache, obj);
	KUNIT_EXPECT_PTR_EQ(test, __objcache_get(tc->cache, GFP_KERNEL), obj);
	__objcache_put(tc->cache, obj);
	KUNIT_EXPECT_EQ(test, t_stat(tc, gets), 4);
	KUNIT_EXPECT_EQ(test, t_stat(tc, puts), 4);
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), 1);
	t_finish(tc);
}

static void params_and_ops_are_copied(struct kunit *test)
{
	struct objcache_ops ops = t_ops;
	struct objcache_params params = {
		.batch = 4, .capacity = 32, .ops = &ops,
	};
	struct tcache *tc = t_create(test, &params);

	memset(&ops, 0x5a, sizeof(ops));
	memset(&params, 0x5a, sizeof(params));
	t_put(tc, t_get(tc, GFP_KERNEL, 1), 1);
	t_finish(tc);
}

static void many_caches_live_side_by_side(struct kunit *test)
{
	struct objcache *caches[10];
	char name[OBJCACHE_NAME_LEN];
	unsigned int i;
	void *obj;

	for (i = 0; i < ARRAY_SIZE(caches); i++) {
		snprintf(name, sizeof(name), "many-%u", i);
		caches[i] = make(name, 8 + i);
		KUNIT_EXPECT_NOT_ERR_OR_NULL(test, caches[i]);
	}
	for (i = 0; i < ARRAY_SIZE(caches); i++) {
		if (IS_ERR_OR_NULL(caches[i]))
			continue;
		obj = objcache_get(caches[i], GFP_KERNEL);
		KUNIT_EXPECT_NOT_NULL(test, obj);
		objcache_put(caches[i], obj);
	}
	for (i = 0; i < ARRAY_SIZE(caches); i++)
		objcache_destroy(caches[(i * 7) % ARRAY_SIZE(caches)]);
	expect_taken(test, "many-0", &(struct objcache_params) { .size = 8 });
}

static struct kunit_case api_cases[] = {
	KUNIT_CASE(bad_names_are_refused),
	KUNIT_CASE_SLOW(good_names_are_taken),
	KUNIT_CASE(a_name_that_a_slab_has_is_taken_too),
	KUNIT_CASE(a_name_in_use_is_refused_and_its_cache_lives_on),
	KUNIT_CASE(a_name_is_free_again_after_destroy),
	KUNIT_CASE(sizes_out_of_range_are_refused),
	KUNIT_CASE_SLOW(sizes_in_range_are_taken_and_all_of_them_usable),
	KUNIT_CASE(the_largest_size_is_taken),
	KUNIT_CASE(a_cost_is_that_of_all_possible_cpus_being_full),
	KUNIT_CASE(alignments_that_are_none_are_refused),
	KUNIT_CASE(objects_are_aligned_as_asked_for),
	KUNIT_CASE(hwcache_aligned_objects_share_no_line),
	KUNIT_CASE(absurd_batches_and_capacities_are_refused),
	KUNIT_CASE(a_batch_counts_what_objects_really_take),
	KUNIT_CASE(a_weight_counts_in_what_is_chosen),
	KUNIT_CASE(a_window_outside_the_object_is_refused),
	KUNIT_CASE(user_copies_may_touch_the_window),
	KUNIT_CASE(a_name_may_come_by_format),
	KUNIT_CASE(unknown_flags_are_refused),
	KUNIT_CASE(slab_flags_that_reuse_would_break_are_refused),
	KUNIT_CASE(a_module_built_against_another_header_is_refused),
	KUNIT_CASE(no_params_are_refused),
	KUNIT_CASE(a_cache_that_is_none_does_nothing),
	KUNIT_CASE(zeroed_memory_is_refused_even_on_a_hit),
	KUNIT_CASE(a_null_object_is_ignored),
	KUNIT_CASE(the_called_versions_do_what_the_inline_ones_do),
	KUNIT_CASE(params_and_ops_are_copied),
	KUNIT_CASE(many_caches_live_side_by_side),
	{}
};

static struct kunit_suite api_suite = {
	.name = "objcache_api",
	.test_cases = api_cases,
};

kunit_test_suite(api_suite);
