// SPDX-License-Identifier: GPL-2.0
/* S13: the end of a cache: what a drain and a destroy wait for, and what not */

#include <linux/kmemleak.h>
#include <linux/kmsg_dump.h>
#include <linux/mm.h>

#include "contexts.h"
#include "inside.h"

#define MANY		200

struct put_job {
	struct tcache *tc;
	struct tobj **objs;
	unsigned int nr;
};

/* The one cache that leaves something behind; it outlives its test. */
static struct tcache leaver;

static void forget_leaver(void *unused)
{
	WRITE_ONCE(leaver.dead, true);
	t_open_gate(&leaver);
	bitmap_free(leaver.dtor_seen);
	leaver.dtor_seen = NULL;
}

static struct objcache *create_leaver(struct kunit *test, unsigned int max)
{
	struct objcache_params params = {
		.size = sizeof(struct tobj), .batch = 4, .capacity = 32,
		.ops = &t_ops_reset, .ctx = &leaver, .flags = OBJCACHE_NO_AGING,
		.max_objects = max,
	};

	return objcache_create("kunit-leaver", &params);
}

static void late_puts(void *data)
{
	void **objs = data;

	objcache_put(leaver.cache, objs[0]);
	__objcache_put(leaver.cache, objs[1]);
	objcache_discard(leaver.cache, objs[2]);
}

static void late_gets(void *data)
{
	struct kunit *test = leaver.test;
	void *objs[2];

	KUNIT_EXPECT_NULL(test, objcache_try_get(leaver.cache));
	KUNIT_EXPECT_NULL(test, objcache_get(leaver.cache, T_HARD_GFP));
	KUNIT_EXPECT_EQ(test, objcache_get_bulk(leaver.cache, T_HARD_GFP, 2, objs), 0);
}

/* That the name is free means that a cache of that name works. */
static void expect_name_is_free(struct kunit *test)
{
	struct objcache_params params = { .size = 64 };
	struct objcache *cache = objcache_create("kunit-leaver", &params);
	void *obj;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	obj = objcache_get(cache, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	objcache_put(cache, obj);
	KUNIT_EXPECT_GE(test, objcache_drain(cache), 1);
	objcache_destroy(cache);
}

/*
 * By contract its slab stays for good, and so do the objects that were out,
 * which is why kmemleak is told to ignore them. No operation may run after destroy: the
 * module they are in may be gone.
 */
static void expect_no_harm(struct kunit *test, unsigned int max)
{
	bool warned = test_taint(TAINT_WARN);
	struct tobj *objs[12];
	unsigned int i;

	t_need_keeping(test);
	memset(&leaver, 0, sizeof(leaver));
	t_init(&leaver, test, sizeof(struct tobj));
	leaver.cache = create_leaver(test, max);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, leaver.cache);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, forget_leaver, NULL));
	t_on_cpu(test, 0);
	t_get_all(&leaver, objs, 12);
	t_put_all(&leaver, objs + 9, 3);
	objcache_destroy(leaver.cache);
	WRITE_ONCE(leaver.dead, true);
	KUNIT_EXPECT_EQ(test, atomic_read(&leaver.dtors_done), 3);
	expect_name_is_free(test);
	for (i = 0; i < 9; i++) {
		atomic_set(&objs[i]->owner, 0);
		kmemleak_ignore(objs[i]);
	}
	KUNIT_EXPECT_TRUE(test, t_run_in(T_TASK, late_puts, objs));
	KUNIT_EXPECT_TRUE(test, t_run_in(T_HARDIRQ, late_puts, objs + 3));
	objcache_put_bulk(leaver.cache, 2, (void **)objs + 6);
	KUNIT_EXPECT_TRUE(test, t_run_in(T_TASK, late_gets, NULL));
	KUNIT_EXPECT_TRUE(test, t_run_in(T_HARDIRQ, late_gets, NULL));
	expect_name_is_free(test);
	KUNIT_EXPECT_EQ(test, atomic_read(&leaver.dtors_done), 3);
	KUNIT_EXPECT_EQ(test, t_take_faults(&leaver, T_OP_AFTER_DESTROY), 0);
	KUNIT_EXPECT_EQ(test, warned, (bool)test_taint(TAINT_WARN));
}

static void s13_a_cache_with_objects_out_can_be_destroyed(struct kunit *test)
{
	expect_no_harm(test, 0);
}

static void s13_a_bounded_cache_with_objects_out_as_well(struct kunit *test)
{
	expect_no_harm(test, 100);
}

/* The last line of the log that has @what in it, from there on. */
static bool last_logged(const char *what, char *text, size_t size)
{
	struct kmsg_dump_iter iter = {};
	char line[256];
	bool found = false;
	size_t len;

	kmsg_dump_rewind(&iter);
	while (kmsg_dump_get_line(&iter, false, line, sizeof(line) - 1, &len)) {
		const char *at;

		line[len] = '\0';
		at = strstr(line, what);
		if (!at)
			continue;
		strscpy(text, at, size);
		found = true;
	}
	return found;
}

/* Capacity and batch whose slots are 2 MiB per CPU, and one object stays out. */
static void leave_large_cache(struct kunit *test)
{
	struct objcache_params params = {
		.size = 64, .batch = 1, .capacity = 65536, .flags = OBJCACHE_NO_AGING,
	};
	struct objcache *cache = objcache_create("kunit-leaver", &params);
	void *out, *parked;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	out = objcache_get(cache, GFP_KERNEL);
	parked = objcache_get(cache, GFP_KERNEL);
	objcache_put(cache, parked);
	kmemleak_ignore(out);
	objcache_destroy(cache);
	objcache_put(cache, out);
}

static void s13_only_what_a_late_put_reads_stays(struct kunit *test)
{
	const unsigned int rounds = 4, few = SZ_64K;
	long slots = rounds * num_possible_cpus() * SZ_2M;
	long before = si_mem_available(), lost;
	unsigned int i, core, cpu, cpus;
	char text[192] = "", *stays;
	int fields;

	for (i = 0; i < rounds; i++)
		leave_large_cache(test);
	lost = (before - si_mem_available()) * PAGE_SIZE;
	KUNIT_EXPECT_LT(test, lost, slots / 2);
	KUNIT_ASSERT_TRUE(test, last_logged("kunit-leaver: destroyed with 1 objects still out",
					    text, sizeof(text)));
	/* It says what stays, and that is not much. */
	stays = strstr(text, "for good, and ");
	KUNIT_ASSERT_NOT_NULL_MSG(test, stays, "%s", text);
	fields = sscanf(stays, "for good, and %u bytes and %u for each of %u CPUs",
			&core, &cpu, &cpus);
	KUNIT_ASSERT_EQ_MSG(test, fields, 3, "%s", text);
	KUNIT_EXPECT_EQ(test, cpus, num_possible_cpus());
	KUNIT_EXPECT_GT(test, core, 0);
	KUNIT_EXPECT_LT(test, core, few);
	KUNIT_EXPECT_GT(test, cpu, 0);
	KUNIT_EXPECT_LT(test, cpu, few);
}

static void s13_destroy_waits_for_destructors_under_way(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj **objs = t_objs(test, MANY);
	unsigned int i;

	tc->dtor_us = 2000;
	t_get_all(tc, objs, 50);
	for (i = 0; i < 50; i++)
		t_discard(tc, objs[i], 1);
	t_destroy(tc);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->dtors_done), 50);
}

/* Reclaim and steps: each has objects in hand, most of the time. */
static void take_out(struct t_thread *thread)
{
	struct tcache *tc = thread->crew->data;

	while (!t_crew_stopping(thread->crew)) {
		if (thread->index % 2)
			objcache_age(tc->cache);
		else
			t_scan(tc->cache, 8);
		cond_resched();
	}
}

/* Nobody puts meanwhile: so nothing is left, however many have a part of it. */
static void s13_a_drain_waits_for_what_is_in_anybodys_hands(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct t_crew *crew = t_crew_create(test, num_online_cpus(), take_out, tc);
	struct tobj **objs = t_objs(test, MANY);
	unsigned int round;

	t_crew_start(crew);
	for (round = 0; round < T_ROUNDS(100); round++) {
		t_on_cpu(test, round);
		t_get_all(tc, objs, 40);
		t_put_all(tc, objs, 40);
		objcache_drain(tc->cache);
		KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
		KUNIT_EXPECT_EQ(test, t_stat(tc, releasing), 0);
		KUNIT_EXPECT_EQ(test, atomic_read(&tc->dtors_done), atomic_read(&tc->ctors));
		if (test->status != KUNIT_SUCCESS)
			break;
	}
	t_crew_stop(crew);
	t_finish(tc);
}

/* One whose destructor is stuck, and one that has nothing to do with it. */
static void s13_a_drain_does_not_wait_for_another_cache(struct kunit *test)
{
	struct objcache_params params = { .flags = OBJCACHE_NO_AGING };
	struct tcache *stuck = t_create_small(test, 0), *tc;
	struct tobj *obj;

	t_need_keeping(test);
	obj = t_get(stuck, GFP_KERNEL, 1);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	tc = t_create_named(test, "kunit-other", &params);
	WRITE_ONCE(stuck->gated, true);
	t_discard(stuck, obj, 1);
	KUNIT_EXPECT_TRUE(test, t_wait_until(atomic_read(&stuck->dtors) == 1));
	t_put(tc, t_get(tc, GFP_KERNEL, 1), 1);
	KUNIT_EXPECT_EQ(test, 1, objcache_drain(tc->cache));
	t_finish(tc);
	KUNIT_EXPECT_EQ(test, atomic_read(&stuck->dtors_done), 0);
	t_open_gate(stuck);
	t_finish(stuck);
}

static void put_them(void *data)
{
	struct put_job *job = data;

	t_put_all(job->tc, job->objs, job->nr);
}

/* The last put may have come from an interrupt, a moment before. */
static void s13_destroy_follows_a_put_from_any_context(struct kunit *test)
{
	struct put_job job = { .objs = t_objs(test, MANY), .nr = 60 };
	enum t_context context;
	bool warned = test_taint(TAINT_WARN);

	t_need_nmi(test);
	for (context = T_TASK; context < T_NR_CONTEXTS; context++) {
		job.tc = t_create_small(test, 0);
		t_on_cpu(test, context);
		t_get_all(job.tc, job.objs, job.nr);
		KUNIT_EXPECT_TRUE(test, t_run_in(context, put_them, &job));
		t_destroy(job.tc);
		KUNIT_EXPECT_EQ(test, atomic_read(&job.tc->dtors_done), 60);
	}
	KUNIT_EXPECT_EQ(test, warned, (bool)test_taint(TAINT_WARN));
}

static struct kunit_case destroy_cases[] = {
	KUNIT_CASE(s13_a_cache_with_objects_out_can_be_destroyed),
	KUNIT_CASE(s13_a_bounded_cache_with_objects_out_as_well),
	KUNIT_CASE(s13_only_what_a_late_put_reads_stays),
	KUNIT_CASE(s13_destroy_waits_for_destructors_under_way),
	KUNIT_CASE_SLOW(s13_a_drain_waits_for_what_is_in_anybodys_hands),
	KUNIT_CASE(s13_a_drain_does_not_wait_for_another_cache),
	KUNIT_CASE_SLOW(s13_destroy_follows_a_put_from_any_context),
	{}
};

static struct kunit_suite destroy_suite = {
	.name = "objcache_destroy",
	.test_cases = destroy_cases,
};

kunit_test_suite(destroy_suite);
