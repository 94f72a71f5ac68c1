// SPDX-License-Identifier: GPL-2.0
/*
 * What the hits of one CPU write shares no cache line with what those of another do
 *
 * Where they write is told by objcache.h alone: the owner's part, and the slot below
 * its cursor. Many caches, so that what the allocator hands out side by side comes
 * to CPUs side by side.
 */

#include <linux/cache.h>
#include <linux/cpumask.h>
#include <linux/sort.h>

#include "inside.h"

#define CACHES		T_ROUNDS(16)

/* From lines of their own by size (63) to four magazines a line (1). */
static const unsigned int batches[] = { 1, 3, 2, 5, 7, 10, 20, 63 };

struct written {
	unsigned long line;
	unsigned int cpu;
};

struct writes {
	struct kunit *test;
	struct written *at;
	unsigned int nr;
	unsigned int max;
};

static void wrote(struct writes *writes, const void *where, size_t size)
{
	unsigned long line = (unsigned long)where / SMP_CACHE_BYTES;
	unsigned long last = ((unsigned long)where + size - 1) / SMP_CACHE_BYTES;

	for (; line <= last; line++) {
		KUNIT_ASSERT_LT(writes->test, writes->nr, writes->max);
		writes->at[writes->nr++] = (struct written) { line, raw_smp_processor_id() };
	}
}

/* Both of its magazines are filled once; bound to the CPU. */
static void put_all_over(struct tcache *tc, unsigned int batch, struct writes *writes)
{
	struct tobj **objs = t_objs(tc->test, 2 * batch);
	struct objcache_owner *own = raw_cpu_ptr(tc->cache->owner);
	unsigned int i;

	t_get_all(tc, objs, 2 * batch);
	wrote(writes, own, sizeof(*own));
	for (i = 0; i < 2 * batch; i++) {
		t_put(tc, objs[i], 1);
		KUNIT_ASSERT_PTR_EQ(tc->test, own->top[-1], (void *)objs[i]);
		wrote(writes, own->top - 1, sizeof(void *));
	}
}

static int by_line(const void *a, const void *b)
{
	const struct written *one = a, *two = b;

	if (one->line != two->line)
		return one->line < two->line ? -1 : 1;
	return one->cpu < two->cpu ? -1 : one->cpu > two->cpu;
}

static unsigned int shared_lines(struct writes *writes)
{
	unsigned int i, shared = 0;

	sort(writes->at, writes->nr, sizeof(*writes->at), by_line, NULL);
	for (i = 1; i < writes->nr; i++)
		shared += writes->at[i].line == writes->at[i - 1].line &&
			  writes->at[i].cpu != writes->at[i - 1].cpu;
	return shared;
}

static struct tcache *create_nth(struct kunit *test, unsigned int nth, unsigned int batch)
{
	struct objcache_params params = { .batch = batch, .flags = OBJCACHE_NO_AGING };
	char name[OBJCACHE_NAME_LEN];

	snprintf(name, sizeof(name), "kunit-lines-%u", nth);
	return t_create_named(test, name, &params);
}

static void expect_lines_apart(struct kunit *test, unsigned int batch)
{
	struct writes writes = {
		.test = test,
		.max = CACHES * num_online_cpus() * (2 * batch + 4),
	};
	struct tcache *tc[CACHES];
	unsigned int i, cpu;

	writes.at = kunit_kcalloc(test, writes.max, sizeof(*writes.at), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, writes.at);
	for (i = 0; i < CACHES; i++)
		tc[i] = create_nth(test, i, batch);
	for (cpu = 0; cpu < num_online_cpus(); cpu++) {
		t_on_cpu(test, cpu);
		for (i = 0; i < CACHES; i++)
			put_all_over(tc[i], batch, &writes);
	}
	KUNIT_EXPECT_EQ_MSG(test, shared_lines(&writes), 0, "of %u writes, batch %u",
			    writes.nr, batch);
	for (i = 0; i < CACHES; i++)
		t_finish(tc[i]);
}

static void hits_of_two_cpus_write_no_line_in_common(struct kunit *test)
{
	unsigned int i;

	t_need_cpus(test, 2);
	for (i = 0; i < ARRAY_SIZE(batches); i++)
		expect_lines_apart(test, batches[i]);
}

static struct kunit_case lines_cases[] = {
	KUNIT_CASE_SLOW(hits_of_two_cpus_write_no_line_in_common),
	{}
};

static struct kunit_suite lines_suite = {
	.name = "objcache_lines",
	.init = t_need_magazines,
	.test_cases = lines_cases,
};

kunit_test_suite(lines_suite);
