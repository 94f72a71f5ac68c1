// SPDX-License-Identifier: GPL-2.0
/*
 * S17, what a report says, and how many there are: stacks as the level has it, the place
 * of a call, the bytes that changed; ten in five seconds for a cache, in order; and what
 * is out, by stack or by task
 */

#include <linux/kernel.h>
#include <linux/kmemleak.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "entry.h"
#include "helpers.h"
#include "levels.h"
#include "reports.h"
#include "tables.h"
#include "../module/core/debug.h"

static struct tcache *create(struct kunit *test, const char *name, unsigned int flags)
{
	struct objcache_params params = {
		.batch = 4, .capacity = 32, .flags = OBJCACHE_NO_AGING | flags,
	};

	t_on_cpu(test, 0);
	return t_create_named(test, name, &params);
}

/* What is withdrawn is destroyed without its destructor. */
static void finish(struct tcache *tc, unsigned int withdrawn)
{
	objcache_drain(tc->cache);
	t_expect_balanced_now(tc, 0);
	KUNIT_EXPECT_EQ(tc->test, t_stat(tc, withdrawn), withdrawn);
	t_destroy(tc);
}

/* ---- who ---- */

/*
 * Each does something after its call, so that it is in the stack, and another call than
 * the others, or they would become one.
 */
static noinline struct tobj *s17_taker(struct tcache *tc)
{
	struct tobj *obj = objcache_get(tc->cache, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(obj);
	return obj;
}

static noinline void s17_putter(struct tcache *tc, struct tobj *obj)
{
	objcache_put(tc->cache, obj);
	barrier();
}

static noinline void s17_finder(struct tcache *tc, struct tobj *obj)
{
	objcache_discard(tc->cache, obj);
	barrier();
}

static unsigned int frames(const char *function)
{
	char start[32];

	snprintf(start, sizeof(start), "objcache:     %s", function);
	return t_log_lines(start, "+0x", "");
}

static void expect_stacks(struct kunit *test, unsigned int flags, bool all)
{
	struct tcache *tc = create(test, "kunit", flags);
	struct tobj *obj = s17_taker(tc);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	s17_putter(tc, obj);
	t_log_mark();
	s17_finder(tc, obj);
	t_expect_report(test, "kunit: discard of a parked object: object #1", T_TASK);
	KUNIT_EXPECT_EQ(test, t_log_lines("objcache:   Taken by ", " us before", ""), 1);
	KUNIT_EXPECT_EQ(test, t_log_lines("objcache:   Put by ", " us before", ""), 1);
	KUNIT_EXPECT_EQ(test, t_log_lines("objcache:   Level stacks shows who", "", ""), !all);
	if (t_has_stacks()) {
		KUNIT_EXPECT_EQ(test, frames("s17_taker"), all);
		KUNIT_EXPECT_EQ(test, frames("s17_putter"), all);
		KUNIT_EXPECT_EQ(test, frames("s17_finder"), 1);
	}
	finish(tc, 1);
}

static void s17_stacks_are_kept_if_asked_for(struct kunit *test)
{
	expect_stacks(test, OBJCACHE_STACKS, true);
	expect_stacks(test, OBJCACHE_CHECK, false);
}

static void s17_a_call_with_a_place_is_named_by_it(struct kunit *test)
{
	static const struct objcache_site taken = { .file = "some/where/user.c", .line = 17 };
	static const struct objcache_site put = { .file = "user.c", .line = 4711 };
	struct tcache *tc = create(test, "kunit", OBJCACHE_CHECK);
	struct tobj *obj = __objcache_get_at(tc->cache, GFP_KERNEL, &taken);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	__objcache_put_at(tc->cache, obj, &put);
	t_log_mark();
	__objcache_discard_at(tc->cache, obj, &taken);
	t_expect_report(test, "kunit: discard of a parked object: object #1", T_TASK);
	KUNIT_EXPECT_EQ(test, t_log_lines("  Taken by ", " at user.c:17,", ""), 1);
	KUNIT_EXPECT_EQ(test, t_log_lines("  Put by ", " at user.c:4711,", ""), 1);
	KUNIT_EXPECT_EQ(test, t_log_lines("  Found by ", " at user.c:17", ""), 1);
	finish(tc, 1);
}

/* ---- what ---- */

static noinline __no_sanitize_address void scribble(void *to)
{
	WRITE_ONCE(*(u8 *)to, 0x41);
}

/* Beside an object, while it is parked: whoever takes it finds that. */
static void expect_beside(struct kunit *test, long at, const char *title, const char *bytes)
{
	struct tcache *tc = create(test, "kunit", OBJCACHE_CHECK);
	struct tobj *obj = s17_taker(tc);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	objcache_put(tc->cache, obj);
	scribble((void *)obj + at);
	t_log_mark();
	KUNIT_EXPECT_NULL(test, objcache_try_get(tc->cache));
	t_expect_report(test, title, T_TASK);
	KUNIT_EXPECT_EQ_MSG(test, t_log_lines("objcache:   Bytes ", bytes, ""), 1, "%s", bytes);
	KUNIT_EXPECT_EQ(test, t_log_lines("objcache:   and should be: cc", "", ""), 1);
	finish(tc, 1);
}

static void s17_what_is_written_beside_a_parked_object_is_found(struct kunit *test)
{
	char bytes[32];

	snprintf(bytes, sizeof(bytes), "%zu to %zu are: 41", sizeof(struct tobj),
		 sizeof(struct tobj));
	expect_beside(test, sizeof(struct tobj), "kunit: write beyond the end: object #1", bytes);
	expect_beside(test, -1, "kunit: write before the start: object #1",
		      "-1 to -1 are: 41");
}

/* An object that its own cache has is as wrong in another one, and is not lost to it. */
static void s17_a_parked_object_put_elsewhere_is_found(struct kunit *test)
{
	struct tcache *own = create(test, "kunit-own", OBJCACHE_CHECK);
	struct tcache *tc = create(test, "kunit", OBJCACHE_CHECK);
	struct tobj *obj = s17_taker(own);

	KUNIT_ASSERT_NOT_NULL(test, obj);
	objcache_put(own->cache, obj);
	t_log_mark();
	objcache_put(tc->cache, obj);
	t_expect_report(test, "kunit: put into the wrong cache: object #1", T_TASK);
	KUNIT_EXPECT_EQ(test, t_log_lines("  It is an object of cache kunit-own.", "", ""), 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, put_elsewhere), 1);
	KUNIT_EXPECT_NULL(test, objcache_try_get(own->cache));
	finish(own, 1);
	finish(tc, 0);
}

/* ---- how many ---- */

static void put_null_8(struct tcache *tc, unsigned int nr)
{
	while (nr--)
		objcache_put(tc->cache, (void *)8);
}

struct flood {
	struct tcache *tc[2];
	unsigned int nr;	/* findings of each */
};

static void flood(void *data)
{
	struct flood *f = data;

	put_null_8(f->tc[0], f->nr);
	if (f->tc[1])
		put_null_8(f->tc[1], f->nr);
}

/* With interrupts off, so that none is printed meanwhile. The kernel's five seconds. */
static bool flood_in_time(struct kunit *test, struct flood *f)
{
	unsigned long began = jiffies;

	t_log_mark();
	KUNIT_EXPECT_TRUE(test, t_run_in(T_IRQS_OFF, flood, f));
	return time_before(jiffies, began + 4 * HZ);
}

/*
 * Until it is shown again, and says how many were not. The report that has them
 * may still have to be printed: then no more of them.
 */
static void expect_unshown(struct tcache *tc, unsigned int shown, unsigned int of_it)
{
	struct kunit *test = tc->test;
	atomic_t *unshown = &to_core(tc->cache)->watch.unshown;
	char says[64];

	KUNIT_EXPECT_TRUE(test, t_wait_until((put_null_8(tc, !!atomic_read(unshown)),
					      t_reports() > shown)));
	KUNIT_EXPECT_EQ(test, t_reports(), shown + 1);
	snprintf(says, sizeof(says), "objcache:   %llu findings before it are not shown",
		 t_stat(tc, put_foreign) - of_it - 1);
	KUNIT_EXPECT_EQ_MSG(test, t_log_lines(says, "", ""), 1, "%s", says);
}

static void s17_a_cache_is_reported_ten_times_in_five_seconds(struct kunit *test)
{
	struct flood f = { .tc = { create(test, "kunit", OBJCACHE_CHECK) }, .nr = 15 };

	if (!flood_in_time(test, &f))
		kunit_skip(test, "this machine takes seconds for it");
	KUNIT_EXPECT_EQ(test, t_stat(f.tc[0], put_foreign), 15);
	KUNIT_EXPECT_TRUE(test, t_wait_until(t_reports() >= 10));
	KUNIT_EXPECT_EQ(test, t_reports(), 10);
	expect_unshown(f.tc[0], 10, 10);
	finish(f.tc[0], 0);
}

/* The machine holds sixteen until they are printed, in the order in which they came. */
static void s17_more_than_can_wait_are_counted(struct kunit *test)
{
	struct flood f = {
		.tc = {
			create(test, "kunit-a", OBJCACHE_CHECK),
			create(test, "kunit-b", OBJCACHE_CHECK),
		},
		.nr = 10,
	};

	if (!flood_in_time(test, &f))
		kunit_skip(test, "this machine takes seconds for it");
	KUNIT_EXPECT_TRUE(test, t_wait_until(t_reports() >= 16));
	KUNIT_EXPECT_EQ(test, t_reports(), 16);
	KUNIT_EXPECT_EQ(test, t_log_lines("kunit-a: put of a foreign pointer", "", ""), 10);
	KUNIT_EXPECT_EQ(test, t_log_lines("kunit-b: put of a foreign pointer", "", ""), 6);
	KUNIT_EXPECT_LT(test, t_log_first("kunit-a: put"), t_log_first("kunit-b: put"));
	expect_unshown(f.tc[1], 16, 6);
	finish(f.tc[0], 0);
	finish(f.tc[1], 0);
}

static void count_it(struct pt_regs *regs, void *walks)
{
	++*(unsigned int *)walks;
	t_at_next_entry();
}

static void put_a_hundred_times(void *data)
{
	struct tcache *tc = data;
	unsigned int i;

	for (i = 0; i < 100; i++)
		objcache_put(tc->cache, tc);
}

/* To say what it points into, all objects are looked at: with interrupts off here. */
static void s17_what_is_not_told_is_not_looked_for(struct kunit *test)
{
	struct tcache *tc = create(test, "kunit", OBJCACHE_CHECK);
	unsigned int walks = 0;

	t_need_entries(test);
	t_at_entry(test, "objcache_track_near", count_it, &walks);
	t_log_mark();
	KUNIT_EXPECT_TRUE(test, t_run_in(T_IRQS_OFF, put_a_hundred_times, tc));
	KUNIT_EXPECT_EQ(test, t_stat(tc, put_foreign), 100);
	KUNIT_EXPECT_LT(test, walks, 50);
	KUNIT_EXPECT_TRUE(test, t_wait_until(t_reports() >= walks));
	KUNIT_EXPECT_EQ(test, t_reports(), walks);
	finish(tc, 0);
}

/* ---- who has what ---- */

#define DEPTH	8
#define STACKS	256		/* in eight steps, each one of two */

static struct tobj *left(struct tcache *tc, unsigned int way, unsigned int depth);

static noinline struct tobj *right(struct tcache *tc, unsigned int way, unsigned int depth)
{
	struct tobj *obj;

	if (!depth)
		return s17_taker(tc);
	obj = way & 1 ? right(tc, way >> 1, depth - 1) : left(tc, way >> 1, depth - 1);
	OPTIMIZER_HIDE_VAR(obj);
	return obj;
}

/* Unlike the other, or they would become one. */
static noinline struct tobj *left(struct tcache *tc, unsigned int way, unsigned int depth)
{
	struct tobj *obj;

	barrier();
	obj = right(tc, way, depth);
	OPTIMIZER_HIDE_VAR(obj);
	return obj;
}

static void expect_says(struct kunit *test, const char *text, const char *says)
{
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(text, says), "no '%s' in %s", says, text);
}

/* How many have their objects from one place, a line each: the most first. */
static bool most_first(const char *text)
{
	unsigned int last = UINT_MAX, nr, ms, lines = 0;
	const char *line;

	for (line = strchr(text, '\n'); line; line = strchr(line + 1, '\n')) {
		if (sscanf(line + 1, "%u objects, the oldest for %u ms", &nr, &ms) != 2)
			continue;
		if (nr > last)
			return false;
		last = nr;
		lines++;
	}
	return lines > 1 && last == 1;
}

static void put_untracked(struct tcache *tc, struct tobj **objs, unsigned int nr)
{
	while (nr)
		objcache_put(tc->cache, objs[--nr]);
}

/* As many ways to the same call; the longest are cut off, and some are alike. */
static void s17_stacks_beyond_the_table_are_summed_up(struct kunit *test)
{
	struct tobj **objs = t_objs(test, STACKS);
	struct t_table *table;
	const char *text;
	struct tcache *tc;
	unsigned int i;

	t_need_files(test);
	if (!t_has_stacks())
		kunit_skip(test, "no stacks here");
	tc = create(test, "kunit-out", OBJCACHE_STACKS);
	for (i = 0; i < STACKS; i++)
		objs[i] = right(tc, i, DEPTH);
	table = t_table_open(test, "/sys/kernel/debug/objcache/kunit-out/outstanding", 1 << 18);
	text = t_table_read(table);
	expect_says(test, text, "256 objects are out\n");
	expect_says(test, text, "\n1 objects, the oldest for ");
	expect_says(test, text, " objects from more stacks\n");
	KUNIT_EXPECT_TRUE_MSG(test, most_first(text), "%s", text);
	t_table_close(table);
	put_untracked(tc, objs, STACKS);
	finish(tc, 0);
}

static void s17_what_is_out_is_grouped_by_stack(struct kunit *test)
{
	struct tcache *tc;
	struct t_table *table;
	const char *text, *most, *few;
	struct tobj **objs = t_objs(test, 1003);
	unsigned int i;

	t_need_files(test);
	tc = create(test, "kunit-out", OBJCACHE_STACKS);
	t_get_all(tc, objs, 3);
	for (i = 3; i < 1003; i++)
		objs[i] = s17_taker(tc);
	table = t_table_open(test, "/sys/kernel/debug/objcache/kunit-out/outstanding", 16384);
	text = t_table_read(table);
	most = strstr(text, "\n1000 objects, the oldest for ");
	few = strstr(text, "\n3 objects, the oldest for ");
	KUNIT_EXPECT_EQ_MSG(test, 0, strncmp(text, "1003 objects are out\n", 21), "%s", text);
	KUNIT_EXPECT_TRUE_MSG(test, most && few && most < few, "%s", text);
	expect_says(test, text, "\n  s17_taker");
	t_table_close(table);
	t_put_all(tc, objs, 3);
	put_untracked(tc, objs + 3, 1000);
	finish(tc, 0);
}

/* Neither what is parked nor what is withdrawn is out; the oldest of a stack is shown. */
static void s17_what_is_out_is_told_from_what_is_not(struct kunit *test)
{
	struct tobj **objs = t_objs(test, 12);
	unsigned int i, ms = 0;
	u64 end;
	struct t_table *table;
	const char *text, *age;
	struct tcache *tc;

	t_need_files(test);
	tc = create(test, "kunit-out", OBJCACHE_STACKS);
	for (i = 0; i < 12; i++) {
		objs[i] = s17_taker(tc);
		/* By the reports' clock; that of a sleep may be ahead of it. */
		end = ktime_get_mono_fast_ns() + 200 * NSEC_PER_MSEC;
		while (i == 2 && ktime_get_mono_fast_ns() < end)
			msleep(20);
	}
	objcache_put(tc->cache, objs[0]);
	objcache_put(tc->cache, objs[1]);
	objcache_put(tc->cache, objs[1]);
	table = t_table_open(test, "/sys/kernel/debug/objcache/kunit-out/outstanding", 16384);
	text = t_table_read(table);
	expect_says(test, text, "10 objects are out\n");
	expect_says(test, text, "\n10 objects, the oldest for ");
	age = strstr(text, "the oldest for ");
	KUNIT_EXPECT_TRUE(test, age && sscanf(age, "the oldest for %u ms", &ms) == 1);
	KUNIT_EXPECT_GE_MSG(test, ms, 200, "%s", text);
	t_table_close(table);
	put_untracked(tc, objs + 2, 10);
	finish(tc, 1);
}

/* A line of a table is one, whatever the task calls itself. */
static void s17_a_task_of_any_name_has_one_line(struct kunit *test)
{
	static const char name[TASK_COMM_LEN] = "a\nb: 5\t%s\033[1m";
	struct tcache *tc;
	struct t_table *table;
	char was[TASK_COMM_LEN];
	struct tobj *obj;

	t_need_files(test);
	tc = create(test, "kunit-out", OBJCACHE_STACKS);
	memcpy(was, current->comm, sizeof(was));
	memcpy(current->comm, name, sizeof(name));
	obj = s17_taker(tc);
	memcpy(current->comm, was, sizeof(was));
	table = t_table_open(test, "/sys/kernel/debug/objcache/kunit-out/outstanding", 16384);
	expect_says(test, t_table_read(table), " ms: a\\nb: 5\\t%s\\e[1m/");
	t_table_close(table);
	objcache_put(tc->cache, obj);
	finish(tc, 0);
}

/* ---- what is never put ---- */

/* Without stacks, by task. */
static void take_three(struct t_thread *thread)
{
	struct tcache *tc = thread->crew->data;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		struct tobj *obj = objcache_get(tc->cache, GFP_KERNEL);

		/* Its slab stays for good, by contract. */
		if (obj)
			kmemleak_not_leak((void *)obj - 16);
	}
}

#define LEAKERS	10

static void s17_a_leak_without_stacks_is_by_task(struct kunit *test)
{
	struct objcache_params params = {
		.size = 64, .capacity = 8, .flags = OBJCACHE_CHECK | OBJCACHE_NO_AGING,
	};
	struct tcache tc = { .test = test };
	struct t_crew *crew;

	tc.cache = objcache_create("kunit-leaver-tasks", &params);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, tc.cache);
	crew = t_crew_create(test, LEAKERS, take_three, &tc);
	t_crew_start(crew);
	KUNIT_EXPECT_TRUE(test, t_crew_join(crew));
	t_log_mark();
	objcache_destroy(tc.cache);
	KUNIT_EXPECT_EQ(test, t_log_lines("kunit-leaver-tasks: leak: 30 objects", "", ""), 1);
	/* The eight largest, and the rest in one. */
	KUNIT_EXPECT_EQ(test, t_log_lines("objcache:   3 objects, the oldest for ",
					  "taken by objcache_t", ""), 8);
	KUNIT_EXPECT_EQ(test, t_log_lines("objcache:   6 objects from more stacks", "", ""), 1);
	KUNIT_EXPECT_EQ(test, t_log_lines("objcache:   Level stacks shows who", "", ""), 1);
}

static struct kunit_case debug_report_cases[] = {
	KUNIT_CASE(s17_stacks_are_kept_if_asked_for),
	KUNIT_CASE(s17_a_call_with_a_place_is_named_by_it),
	KUNIT_CASE(s17_what_is_written_beside_a_parked_object_is_found),
	KUNIT_CASE(s17_a_parked_object_put_elsewhere_is_found),
	KUNIT_CASE_SLOW(s17_a_cache_is_reported_ten_times_in_five_seconds),
	KUNIT_CASE_SLOW(s17_more_than_can_wait_are_counted),
	KUNIT_CASE(s17_what_is_not_told_is_not_looked_for),
	KUNIT_CASE(s17_what_is_out_is_grouped_by_stack),
	KUNIT_CASE(s17_stacks_beyond_the_table_are_summed_up),
	KUNIT_CASE(s17_what_is_out_is_told_from_what_is_not),
	KUNIT_CASE(s17_a_task_of_any_name_has_one_line),
	KUNIT_CASE(s17_a_leak_without_stacks_is_by_task),
	{}
};

static struct kunit_suite debug_report_suite = {
	.name = "objcache_debug_report",
	.init = t_own_levels,
	.test_cases = debug_report_cases,
};

kunit_test_suite(debug_report_suite);
