// SPDX-License-Identifier: GPL-2.0
/*
 * S7 and S20: what nobody uses goes back to the page allocator
 *
 * Read from /proc/slabinfo: whether the slab behind a cache holds pages, and how many
 * objects of a magazine's size there are.
 */

#include <linux/cpu.h>
#include <linux/mm.h>

#include "inside.h"
#include "outside.h"
#include "tables.h"

/* ---- slabs ---- */

static unsigned long slabs_of(struct kunit *test, const char *name)
{
	struct t_slab slab = {};

	KUNIT_EXPECT_TRUE(test, t_slab_read(test, name, &slab));
	return slab.slabs;
}

/* Plain objects, parked on this CPU; whatever the batch, there is room. */
static struct objcache *park_plain(struct kunit *test, unsigned int size, unsigned int nr)
{
	struct objcache_params params = {
		.size = size, .capacity = 2 * nr, .flags = OBJCACHE_NO_AGING,
	};
	struct objcache *cache;

	t_need_parking(test);
	cache = objcache_create("kunit-other", &params);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	t_on_cpu(test, 0);
	KUNIT_EXPECT_EQ(test, nr, objcache_prefill(cache, nr, GFP_KERNEL));
	KUNIT_EXPECT_GT(test, slabs_of(test, "kunit-other"), 0);
	return cache;
}

/* By contract in ten seconds, which on a busy host may be more: it says how many. */
static bool expect_slabs_back(struct kunit *test, unsigned int size)
{
	unsigned long start = jiffies, end = start + msecs_to_jiffies(T_PATIENCE_MS);
	unsigned long slabs;

	while ((slabs = slabs_of(test, "kunit-other")) && time_before(jiffies, end))
		msleep(20);
	KUNIT_EXPECT_EQ_MSG(test, slabs, 0, "objects of %u bytes", size);
	if (!slabs)
		kunit_info(test, "%u bytes: back after %u ms", size,
			   jiffies_to_msecs(jiffies - start));
	return !slabs;
}

/* So large that the slab has a page of its own for each, and small ones. */
static const struct {
	unsigned int size, nr;
} sizes[] = {
	{ 64, 1000 },
	{ 256, 1000 },
	{ 4096, 200 },
	{ SZ_1M, 26 },
};

/* Whatever the size, when @empty has emptied a cache its slab has no pages. */
static void expect_all_back(struct kunit *test,
			    void (*empty)(struct kunit *test, struct objcache *cache))
{
	struct objcache *cache;
	bool back = true;
	unsigned int i;

	for (i = 0; back && i < ARRAY_SIZE(sizes); i++) {
		cache = park_plain(test, sizes[i].size, sizes[i].nr);
		empty(test, cache);
		back = expect_slabs_back(test, sizes[i].size);
		objcache_destroy(cache);
	}
}

static void by_drain(struct kunit *test, struct objcache *cache)
{
	objcache_drain(cache);
}

static void s07_a_drained_cache_holds_no_slab(struct kunit *test)
{
	expect_all_back(test, by_drain);
}

static void by_steps(struct kunit *test, struct objcache *cache)
{
	objcache_age(cache);
	objcache_age(cache);
	objcache_age(cache);
}

static void s07_an_aged_cache_holds_no_slab(struct kunit *test)
{
	expect_all_back(test, by_steps);
}

/* False: there may be more. */
static bool scan_all(struct objcache *cache)
{
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL };

	t_scan(cache, 1024);
	return t_shrinker(cache)->count_objects(t_shrinker(cache), &sc) == SHRINK_EMPTY;
}

static void by_pressure(struct kunit *test, struct objcache *cache)
{
	KUNIT_EXPECT_TRUE(test, t_wait_until(scan_all(cache)));
}

/* Asked for until there is no more to be had. */
static void s07_pressure_leaves_no_empty_slab(struct kunit *test)
{
	expect_all_back(test, by_pressure);
}

/* ---- a scan that asks for little ---- */

#define FEW	3

/* So many in the private part of each CPU, and none in a shared part. */
static void park_private(struct kunit *test, struct tcache *tc)
{
	struct tobj *objs[FEW];
	unsigned int cpu;

	for (cpu = 0; cpu < num_online_cpus(); cpu++) {
		t_on_cpu(test, cpu);
		KUNIT_ASSERT_EQ(test, FEW, objcache_prefill(tc->cache, FEW, GFP_KERNEL));
		/* In use. */
		t_get_all(tc, objs, FEW);
		t_put_all(tc, objs, FEW);
	}
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), FEW * num_online_cpus());
}

/* What is asked for, rounded up to what one CPU has. */
static void s07_a_scan_takes_no_more_private_parts_than_it_needs(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned int cpus = num_online_cpus();

	t_need_magazines(test);
	t_need_cpus(test, 2);
	park_private(test, tc);
	t_scan(tc->cache, 1);
	t_flush_cpus(test);
	KUNIT_EXPECT_GE(test, t_stat(tc, parked), FEW * (cpus - 1));
	t_finish(tc);
}

/* A shared part that has enough is enough. */
static void s07_a_scan_that_a_shared_part_serves_takes_no_private_part(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned int cpus = num_online_cpus();

	t_need_magazines(test);
	t_need_cpus(test, 2);
	park_private(test, tc);
	t_on_cpu(test, 0);
	KUNIT_EXPECT_EQ(test, 24, objcache_prefill(tc->cache, 24, GFP_KERNEL));
	t_scan(tc->cache, 4);
	t_flush_cpus(test);
	KUNIT_EXPECT_GE(test, t_stat(tc, parked), FEW * (cpus - 1) + 20);
	t_finish(tc);
}

/* ---- magazines ---- */

#define BATCH		63
#define CAPACITY	16384
#define BURSTS		4
/* 63 objects and a header. */
#define MAGAZINE	512
/* What else in the kernel is of that size may change. */
#define STRAY		64

static void burst(struct kunit *test, struct objcache *cache, void **objs)
{
	unsigned int i;

	for (i = 0; i < CAPACITY; i++) {
		objs[i] = objcache_get(cache, GFP_KERNEL);
		if (!objs[i])
			break;
	}
	KUNIT_EXPECT_EQ(test, i, CAPACITY);
	while (i)
		objcache_put(cache, objs[--i]);
}

static void s20_an_aged_and_drained_cache_keeps_no_magazines(struct kunit *test)
{
	struct objcache_params params = {
		.size = 16, .batch = BATCH, .capacity = CAPACITY, .flags = OBJCACHE_NO_AGING,
	};
	struct objcache *cache;
	struct objcache_stats st;
	unsigned long fresh, now;
	unsigned int i;
	void **objs;

	t_need_magazines(test);
	cache = objcache_create("kunit-other", &params);
	objs = kvcalloc(CAPACITY, sizeof(*objs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	KUNIT_EXPECT_NOT_NULL(test, objs);
	t_on_cpu(test, 0);
	fresh = t_kmalloc_active(test, MAGAZINE);
	for (i = 0; objs && i < BURSTS; i++)
		burst(test, cache, objs);
	for (i = 0; i < 3; i++)
		objcache_age(cache);
	objcache_drain(cache);
	t_flush_cpus(test);
	now = t_kmalloc_active(test, MAGAZINE);
	/* Two of each CPU, or none is seen here. */
	KUNIT_EXPECT_GE(test, fresh, 2 * num_online_cpus());
	KUNIT_EXPECT_LT(test, now, fresh + STRAY);
	/* Two are what a CPU is created with. */
	objcache_read_stats(cache, &st);
	KUNIT_EXPECT_LE(test, st.magazines_empty, 2 * num_online_cpus());
	kunit_info(test, "%ld magazines of %u stay", (long)(now - fresh),
		   BURSTS * CAPACITY / BATCH);
	kvfree(objs);
	objcache_destroy(cache);
}

/* ---- what is shown ---- */

static void s20_config_shows_what_an_object_takes(struct kunit *test)
{
	struct objcache_params params = {
		.size = 4096, .align = 4096, .ops = &t_ops, .flags = OBJCACHE_NO_AGING,
	};
	struct tcache *tc = t_create_named(test, "kunit-other", &params);
	struct t_table *config;
	struct t_slab slab = {};
	unsigned long shown = 0;
	const char *at;

	config = t_table_open(test, "/sys/kernel/debug/objcache/kunit-other/config", SZ_4K);
	at = strstr(t_table_read(config), "\nslab_object_size: ");
	KUNIT_EXPECT_NOT_NULL(test, at);
	if (at)
		KUNIT_EXPECT_EQ(test, 1, sscanf(at, " slab_object_size: %lu", &shown));
	KUNIT_EXPECT_TRUE(test, t_slab_read(test, "kunit-other", &slab));
	KUNIT_EXPECT_EQ(test, shown, slab.size);
	t_table_close(config);
	t_finish(tc);
}

static struct kunit_case memory_cases[] = {
	KUNIT_CASE_SLOW(s07_a_drained_cache_holds_no_slab),
	KUNIT_CASE_SLOW(s07_an_aged_cache_holds_no_slab),
	KUNIT_CASE_SLOW(s07_pressure_leaves_no_empty_slab),
	KUNIT_CASE(s07_a_scan_takes_no_more_private_parts_than_it_needs),
	KUNIT_CASE(s07_a_scan_that_a_shared_part_serves_takes_no_private_part),
	KUNIT_CASE_SLOW(s20_an_aged_and_drained_cache_keeps_no_magazines),
	KUNIT_CASE(s20_config_shows_what_an_object_takes),
	{}
};

/* All of them do. */
static int memory_needs_files(struct kunit *test)
{
	t_need_files(test);
	return 0;
}

static struct kunit_suite memory_suite = {
	.name = "objcache_memory",
	.init = memory_needs_files,
	.test_cases = memory_cases,
};

kunit_test_suite(memory_suite);
