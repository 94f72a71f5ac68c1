// SPDX-License-Identifier: GPL-2.0
/*
 * What the log says to who calls without a cache
 *
 * Read from the kernel's log itself. How many lines there may be is the kernel's
 * affair, and earlier tests have used some up; so a test asks until its own come.
 */

#include <linux/kmsg_dump.h>
#include <linux/mempool.h>
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

static void call_destroy(struct objcache *cache)
{
	objcache_destroy(cache);
}

static void call_get(struct objcache *cache)
{
	objcache_put_noinline(cache, objcache_get_noinline(cache, GFP_KERNEL));
}

static void call_try_get(struct objcache *cache)
{
	objcache_try_get_noinline(cache);
}

static void call_get_zeroed(struct objcache *cache)
{
	objcache_get_zeroed(cache, GFP_KERNEL);
}

static void call_get_bulk(struct objcache *cache)
{
	void *objs[2];

	objcache_get_bulk(cache, GFP_KERNEL, ARRAY_SIZE(objs), objs);
}

static void call_put(struct objcache *cache)
{
	objcache_put_noinline(cache, line);
}

static void call_put_bulk(struct objcache *cache)
{
	void *objs[] = { line, line };

	objcache_put_bulk(cache, ARRAY_SIZE(objs), objs);
}

static void call_discard(struct objcache *cache)
{
	objcache_discard(cache, line);
}

static void call_prefill(struct objcache *cache)
{
	objcache_prefill(cache, 1, GFP_KERNEL);
}

static void call_read_stats(struct objcache *cache)
{
	static struct objcache_stats stats; /* much, for a stack under KASAN */

	objcache_read_stats(cache, &stats);
}

/* There is no pool, as without memory. */
static void call_mempool_alloc(struct objcache *cache)
{
	mempool_t *pool = mempool_create(1, objcache_mempool_alloc,
					 objcache_mempool_free, cache);

	mempool_destroy(pool);
}

static void call_mempool_free(struct objcache *cache)
{
	objcache_mempool_free(line, cache);
}

#define SAYS(what)	"objcache: " what ": called with cache "

static const struct {
	void (*call)(struct objcache *cache);
	int err;
	const char *says;
} calls[] = {
	{ call_age, 0, SAYS("age") },
	{ call_drain, 0, SAYS("drain") },
	{ call_destroy, 0, SAYS("destroy") },
	{ call_get, 0, SAYS("get") },
	{ call_get, -ENOMEM, SAYS("get") "-" },
	{ call_try_get, 0, SAYS("try_get") },
	{ call_get_zeroed, 0, SAYS("get_zeroed") },
	{ call_get_bulk, 0, SAYS("get_bulk") },
	{ call_put, 0, SAYS("put") },
	{ call_put_bulk, 0, SAYS("put_bulk") },
	{ call_discard, 0, SAYS("discard") },
	{ call_prefill, 0, SAYS("prefill") },
	{ call_read_stats, 0, SAYS("read_stats") },
	{ call_mempool_alloc, 0, SAYS("get") },
	{ call_mempool_alloc, -ENOMEM, SAYS("get") "-" },
	{ call_mempool_free, 0, SAYS("put") },
	{ call_mempool_free, -ENOMEM, SAYS("put") "-" },
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
		KUNIT_EXPECT_TRUE_MSG(test, t_wait_until(is_said(i)), "%u: %s", i,
				      calls[i].says);
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
