// SPDX-License-Identifier: GPL-2.0
/*
 * What the log says to who calls without a cache
 *
 * Read from the kernel's log itself. How many lines there may be is the kernel's
 * affair, and earlier tests have used some up; so a test asks until its own come.
 */

#include <linux/kmsg_dump.h>
#include <linux/string.h>

#include "helpers.h"

static char line[512];

/* How many lines since @iter have @text in them; @iter moves on. */
static unsigned int lines_with(struct kmsg_dump_iter *iter, const char *text)
{
	unsigned int nr = 0;
	size_t len;

	while (kmsg_dump_get_line(iter, false, line, sizeof(line) - 1, &len)) {
		line[len] = '\0';
		nr += !!strstr(line, text);
	}
	return nr;
}

static void now(struct kmsg_dump_iter *iter)
{
	kmsg_dump_rewind(iter);
	lines_with(iter, "");
}

static void call_age(struct objcache *cache)
{
	objcache_age(cache);
}

static void call_drain(struct objcache *cache)
{
	objcache_drain(cache);
}

static void call_get(struct objcache *cache)
{
	objcache_put_noinline(cache, objcache_get_noinline(cache, GFP_KERNEL));
}

static const struct {
	void (*call)(struct objcache *cache);
	int err;
	const char *says;
} calls[] = {
	{ call_age, 0, "objcache: age: called with cache " },
	{ call_drain, 0, "objcache: drain: called with cache " },
	{ call_get, 0, "objcache: get: called with cache " },
	{ call_get, -ENOMEM, "objcache: get: called with cache -" },
};

static bool is_said(unsigned int i)
{
	struct kmsg_dump_iter iter;

	now(&iter);
	calls[i].call(ERR_PTR(calls[i].err)); /* 0: NULL */
	return lines_with(&iter, calls[i].says);
}

static void each_call_without_a_cache_has_a_line(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		KUNIT_EXPECT_TRUE_MSG(test, t_wait_until(is_said(i)), "%s", calls[i].says);
}

static void such_lines_are_rate_limited(struct kunit *test)
{
	struct kmsg_dump_iter iter;
	unsigned int i;

	now(&iter);
	for (i = 0; i < 1000; i++)
		objcache_age(NULL);
	KUNIT_EXPECT_LT(test, lines_with(&iter, calls[0].says), 500);
}

static struct kunit_case log_cases[] = {
	KUNIT_CASE_SLOW(each_call_without_a_cache_has_a_line),
	KUNIT_CASE(such_lines_are_rate_limited),
	{}
};

static struct kunit_suite log_suite = {
	.name = "objcache_log",
	.test_cases = log_cases,
};

kunit_test_suite(log_suite);
