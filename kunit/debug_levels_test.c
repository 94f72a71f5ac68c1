// SPDX-License-Identifier: GPL-2.0
/*
 * S17, the levels: what each of them keeps, beside the other flags, and how the module's
 * parameter gives them to caches by name
 */

#include <linux/string.h>

#include "helpers.h"
#include "levels.h"
#include "reports.h"
#include "tables.h"

static struct tcache *create(struct kunit *test, const char *name, unsigned int flags)
{
	struct objcache_params params = {
		.batch = 4, .capacity = 32, .ops = &t_ops_reset,
		.flags = OBJCACHE_NO_AGING | flags,
	};

	return t_create_named(test, name, &params);
}

static void s17_drop_keeps_three_of_four(struct kunit *test)
{
	struct tcache *tc = create(test, "kunit", OBJCACHE_DROP);
	unsigned int i;

	for (i = 0; i < 1000; i++)
		t_put(tc, t_get(tc, GFP_KERNEL, 1), 1);
	/* Seven standard deviations to either side. */
	KUNIT_EXPECT_GT(test, t_stat(tc, refused), 150);
	KUNIT_EXPECT_LT(test, t_stat(tc, refused), 350);
	t_finish(tc);
}

/* A NO_STEAL cache and a NODE_LOCAL one, and level none beside a check. */
static void s17_each_flag_goes_with_it(struct kunit *test)
{
	static const unsigned int flags[] = {
		OBJCACHE_NO_STEAL, OBJCACHE_NODE_LOCAL, OBJCACHE_DEBUG,
		OBJCACHE_NO_STEAL | OBJCACHE_DROP,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct tcache *tc = create(test, "kunit", flags[i] | OBJCACHE_STACKS);

		t_expect_life_goes_on(tc);
		/* Such a cache keeps nothing, and so has nothing made ahead. */
		if (flags[i] & OBJCACHE_NO_STEAL)
			KUNIT_EXPECT_EQ(test, 0, objcache_prefill(tc->cache, 4, GFP_KERNEL));
		if (flags[i] & (OBJCACHE_NO_STEAL | OBJCACHE_DEBUG))
			KUNIT_EXPECT_EQ(test, 0, t_stat(tc, parked));
		KUNIT_EXPECT_EQ(test, t_stat(tc, withdrawn), 0);
		t_finish(tc);
	}
}

/* ---- by name ---- */

static void expect_config(struct kunit *test, const char *name, const char *says)
{
	char path[96];
	struct t_table *table;
	struct tcache *tc = create(test, name, 0);

	snprintf(path, sizeof(path), "/sys/kernel/debug/objcache/%s/config", name);
	table = t_table_open(test, path, 4096);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(t_table_read(table), says), "%s: %s", name,
				  table->text);
	t_table_close(table);
	t_expect_life_goes_on(tc);
	t_finish(tc);
}

static void s17_caches_are_chosen_by_name(struct kunit *test)
{
	static const char names[] =
		"kunit-a:check+stacks,kunit-b*:drop,kunit-c,kunit-d:none,kunit-bc:stacks\n";

	t_debug_save(test);
	KUNIT_ASSERT_EQ(test, 0, t_debug_set(names));
	expect_config(test, "kunit-a", "flags: 0x34 NO_AGING CHECK STACKS\n");
	expect_config(test, "kunit-ab", "flags: 0x4 NO_AGING\n");
	expect_config(test, "kunit-bb", "flags: 0x54 NO_AGING CHECK DROP\n");
	expect_config(test, "kunit-bc", "flags: 0x74 NO_AGING CHECK STACKS DROP\n");
	expect_config(test, "kunit-c", "flags: 0x14 NO_AGING CHECK\n");
	expect_config(test, "kunit-d", "flags: 0xc NO_AGING DEBUG\n");
	KUNIT_EXPECT_EQ(test, 0, t_debug_set("\n"));
	expect_config(test, "kunit-c", "flags: 0x4 NO_AGING\n");
}

static void s17_what_is_misspelt_is_refused(struct kunit *test)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "kunit:none+stack", "'stack' is no level" },
		{ "kunit:check+", "'' is no level" },
		{ "ku nit", "'ku nit' is no name" },
		{ "kunit,,x", "an entry has no name" },
		{ "k*t:check", "'k*t' is no name" },
	};
	unsigned int i;

	t_debug_save(test);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		t_log_mark();
		KUNIT_EXPECT_EQ(test, -EINVAL, t_debug_set(bad[i].text));
		KUNIT_EXPECT_EQ_MSG(test, 1,
				    t_log_lines("objcache: module parameter debug: ", bad[i].says,
						"levels none, check, stacks, drop"),
				    "%s", bad[i].text);
	}
}

static struct kunit_case debug_levels_cases[] = {
	KUNIT_CASE(s17_drop_keeps_three_of_four),
	KUNIT_CASE(s17_each_flag_goes_with_it),
	KUNIT_CASE(s17_caches_are_chosen_by_name),
	KUNIT_CASE(s17_what_is_misspelt_is_refused),
	{}
};

static struct kunit_suite debug_levels_suite = {
	.name = "objcache_debug_levels",
	.init = t_own_levels,
	.test_cases = debug_levels_cases,
};

kunit_test_suite(debug_levels_suite);
