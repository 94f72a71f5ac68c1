// SPDX-License-Identifier: GPL-2.0
/*
 * S17, debug mode: each mistake has one report, whose text is read in the kernel's log,
 * in each context in which it can be made; the machine goes on and the books balance
 */

#include <linux/kmemleak.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "contexts.h"
#include "inside.h"
#include "reports.h"
#include "tables.h"
#include "../module/core/debug.h"

/* ---- mistakes ---- */

struct mistake {
	const char *title;
	size_t stat;
	/* In process context; then where it is made. */
	void (*prepare)(struct kunit *test, struct mistake *m);
	void (*make)(void *mistake);
	unsigned int flags;
	const char *says;	/* a line more, or NULL */
	bool foreign;		/* no object is withdrawn */
	bool elsewhere;		/* the one that is, is another cache's */
	bool parked;		/* the object is in the cache */
	/* of the run */
	struct tcache *tc, *other;
	void *obj;
};

#define STAT(name)	offsetof(struct objcache_stats, name)

static struct tcache *create(struct kunit *test, const char *name,
			     unsigned int flags)
{
	struct objcache_params params = {
		.batch = 4, .capacity = 32, .ops = &t_ops_reset,
		.flags = OBJCACHE_NO_AGING | flags,
	};

	/* The quarantine is a node's. */
	t_on_cpu(test, 0);
	return t_create_named(test, name, &params);
}

static void take(struct kunit *test, struct mistake *m)
{
	m->obj = t_get(m->tc, GFP_KERNEL, 1);
	KUNIT_ASSERT_NOT_NULL(test, m->obj);
	t_release(m->tc, m->obj, 1);
}

static void take_and_put(struct kunit *test, struct mistake *m)
{
	take(test, m);
	objcache_put(m->tc->cache, m->obj);
}

static void take_elsewhere(struct kunit *test, struct mistake *m)
{
	m->obj = t_get(m->other, GFP_KERNEL, 1);
	KUNIT_ASSERT_NOT_NULL(test, m->obj);
	t_release(m->other, m->obj, 1);
}

static void put(void *mistake)
{
	struct mistake *m = mistake;

	objcache_put(m->tc->cache, m->obj);
}

static void discard(void *mistake)
{
	struct mistake *m = mistake;

	objcache_discard(m->tc->cache, m->obj);
}

static void put_inside(void *mistake)
{
	struct mistake *m = mistake;

	objcache_put(m->tc->cache, m->obj + 8);
}

/* As a device does, and code that no compiler instruments. */
static noinline __no_sanitize_address void scribble(void *to, u8 byte)
{
	WRITE_ONCE(*(u8 *)to, byte);
}

static void overrun(struct kunit *test, struct mistake *m)
{
	take(test, m);
	scribble(m->obj + m->tc->size, 0x41);
}

static void underrun(struct kunit *test, struct mistake *m)
{
	take(test, m);
	scribble(m->obj - 1, 0x41);
}

static void write_late(struct kunit *test, struct mistake *m)
{
	take_and_put(test, m);
	scribble((u8 *)((struct tobj *)m->obj)->words + 3, 0x41);
}

static void get_it_again(void *mistake)
{
	struct mistake *m = mistake;

	KUNIT_EXPECT_NULL(m->tc->test, objcache_try_get(m->tc->cache));
}

/* Past the header, which kernels that check such calls would complain in. */
static void get_blocking(void *mistake)
{
	struct mistake *m = mistake;
	void *obj = __objcache_get_slow(m->tc->cache, GFP_KERNEL);

	/* What is parked it may have. */
	KUNIT_EXPECT_PTR_EQ(m->tc->test, obj, m->obj);
	if (obj)
		objcache_put(m->tc->cache, obj);
}

static void need_an_object(struct kunit *test, struct mistake *m)
{
	take_and_put(test, m);
}

/* As t_finish(), but for @withdrawn objects, whose destructor does not run. */
static void finish(struct tcache *tc, unsigned int withdrawn)
{
	bool warned = test_taint(TAINT_WARN);
	struct kunit *test = tc->test;
	struct objcache_stats st;

	objcache_drain(tc->cache);
	t_expect_balanced_now(tc, 0);
	st = t_stats(tc);
	KUNIT_EXPECT_EQ(test, st.withdrawn, withdrawn);
	KUNIT_EXPECT_EQ(test, st.destroyed, st.created);
	KUNIT_EXPECT_EQ(test, (u64)atomic_read(&tc->dtors_done), st.created - withdrawn);
	t_destroy(tc);
	KUNIT_EXPECT_EQ(test, warned, (bool)test_taint(TAINT_WARN));
	t_expect_no_fault(tc);
}

static void make_mistake(struct kunit *test, const struct mistake *plan,
			 enum t_context context)
{
	struct mistake m = *plan;

	m.flags = m.flags ?: OBJCACHE_STACKS;
	m.tc = create(test, "kunit", m.flags);
	m.other = create(test, "kunit-other", m.flags);
	m.prepare(test, &m);
	t_log_mark();
	KUNIT_EXPECT_TRUE(test, t_run_in(context, m.make, &m));
	t_expect_report(test, m.title, context);
	KUNIT_EXPECT_EQ_MSG(test, t_stat_at(m.tc, m.stat), 1, "%s in %s", m.title,
			    t_context_name(context));
	if (m.says)
		KUNIT_EXPECT_EQ_MSG(test, t_log_lines("objcache:   ", m.says, ""), 1, "%s", m.says);
	if (!m.foreign) {
		KUNIT_EXPECT_EQ(test, t_log_lines("objcache:   Taken by ", " us before", ""), 1);
		KUNIT_EXPECT_EQ(test, t_log_lines("objcache:   Done: ", "is withdrawn", ""), 1);
		/* Reported once, but counted. */
		if (m.make == put)
			m.make(&m);
	} else if (m.make == put_inside) {
		t_run_in(T_TASK, put, &m);
	}
	t_expect_life_goes_on(m.tc);
	t_expect_life_goes_on(m.other);
	finish(m.tc, !m.foreign && !m.elsewhere);
	finish(m.other, m.elsewhere);
	KUNIT_EXPECT_EQ_MSG(test, t_reports(), 1, "%s in %s",
			    m.title, t_context_name(context));
}

/* In all contexts but NMI, which has a test of its own. */
static void in_each(struct kunit *test, const struct mistake *plan)
{
	enum t_context context;

	for (context = 0; context < T_NMI; context++)
		make_mistake(test, plan, context);
}

static void in_nmi_too(struct kunit *test, const struct mistake *plan)
{
	t_need_nmi(test);
	make_mistake(test, plan, T_NMI);
}

#define MISTAKE(what, ...)						\
static const struct mistake what = { __VA_ARGS__ };			\
static void s17_##what##_is_found(struct kunit *test)			\
{									\
	in_each(test, &what);						\
}									\
static void s17_##what##_is_found_in_nmi(struct kunit *test)		\
{									\
	in_nmi_too(test, &what);					\
}

MISTAKE(put_twice, .title = "kunit: put twice: object #", .stat = STAT(put_twice),
	.prepare = take_and_put, .make = put, .says = "Put by ")
MISTAKE(put_of_no_object, .title = "kunit: put of a foreign pointer: ",
	.stat = STAT(put_foreign), .prepare = take, .make = put_inside, .foreign = true)
MISTAKE(put_elsewhere, .title = "kunit: put into the wrong cache: object #",
	.stat = STAT(put_elsewhere), .prepare = take_elsewhere, .make = put,
	.elsewhere = true, .says = "It is an object of cache kunit-other.")
MISTAKE(discard_of_a_parked_object, .title = "kunit: discard of a parked object: object #",
	.stat = STAT(discarded_parked), .prepare = take_and_put, .make = discard)
MISTAKE(write_after_put, .title = "kunit: write after put: object #",
	.stat = STAT(written_after_put), .prepare = write_late, .make = get_it_again)
MISTAKE(overrun_at_put, .title = "kunit: write beyond the end: object #",
	.stat = STAT(overrun), .prepare = overrun, .make = put)
MISTAKE(underrun_at_put, .title = "kunit: write before the start: object #",
	.stat = STAT(underrun), .prepare = underrun, .make = put)
MISTAKE(overrun_at_discard, .title = "kunit: write beyond the end: object #",
	.stat = STAT(overrun), .prepare = overrun, .make = discard)

static const struct mistake blocking = {
	.title = "kunit: get that may sleep where nobody may",
	.stat = STAT(wrong_context), .prepare = need_an_object, .make = get_blocking,
	.foreign = true,
};

static void s17_get_from_the_wrong_context_is_found(struct kunit *test)
{
	enum t_context context;

	if (!IS_ENABLED(CONFIG_PREEMPT_COUNT))
		kunit_skip(test, "this kernel does not count who may not be preempted");
	for (context = T_BH_OFF; context < T_NMI; context++)
		make_mistake(test, &blocking, context);
}

static void get_blocking_in_rcu(void *mistake)
{
	rcu_read_lock();
	get_blocking(mistake);
	rcu_read_unlock();
}

static void s17_get_that_may_sleep_in_an_rcu_reader_is_found(struct kunit *test)
{
	static const struct mistake in_rcu = {
		.title = "kunit: get that may sleep where nobody may",
		.stat = STAT(wrong_context), .prepare = need_an_object,
		.make = get_blocking_in_rcu, .foreign = true,
	};

	if (!IS_ENABLED(CONFIG_PREEMPT_RCU))
		kunit_skip(test, "this kernel does not count RCU's readers");
	make_mistake(test, &in_rcu, T_TASK);
}

static void get_at_once(void *mistake)
{
	struct mistake *m = mistake;

	m->obj = objcache_get(m->tc->cache, T_HARD_GFP);
}

/* As one may anywhere, and is told nothing. */
static void s17_get_that_does_not_sleep_is_in_order(struct kunit *test)
{
	struct mistake m = { .tc = create(test, "kunit", OBJCACHE_CHECK) };
	enum t_context context;

	t_log_mark();
	for (context = 0; context < T_NMI; context++) {
		need_an_object(test, &m);
		KUNIT_EXPECT_TRUE(test, t_run_in(context, get_at_once, &m));
		KUNIT_EXPECT_NOT_NULL_MSG(test, m.obj, "in %s", t_context_name(context));
		objcache_put(m.tc->cache, m.obj);
	}
	KUNIT_EXPECT_EQ(test, t_stat(m.tc, wrong_context), 0);
	KUNIT_EXPECT_EQ(test, t_reports(), 0);
	finish(m.tc, 0);
}

static void s17_get_from_the_wrong_context_is_found_in_nmi(struct kunit *test)
{
	in_nmi_too(test, &blocking);
}

/* Nobody gets it; and it is not destroyed as if it were in order. */
static void s17_what_was_put_twice_is_not_destroyed(struct kunit *test)
{
	struct tcache *tc = create(test, "kunit", OBJCACHE_CHECK);
	struct mistake m = { .tc = tc };

	take_and_put(test, &m);
	t_log_mark();
	put(&m);
	objcache_drain(tc->cache);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->dtors), 0);
	/* Printed by a work item, maybe; else the next test finds it. */
	KUNIT_EXPECT_TRUE(test, t_wait_until(t_reports()));
	finish(tc, 1);
}

/* ---- foreign pointers of each kind ---- */

static void expect_foreign(struct tcache *tc, void *ptr, const char *says)
{
	struct kunit *test = tc->test;

	t_log_mark();
	objcache_put(tc->cache, ptr);
	t_expect_report(test, "kunit: put of a foreign pointer", T_TASK);
	KUNIT_EXPECT_EQ_MSG(test, t_log_lines("objcache:   ", says, ""), 1, "%s", says);
	KUNIT_EXPECT_EQ(test, t_log_lines("objcache:   Done: ignored", "", ""), 1);
}

static void s17_a_foreign_pointer_is_not_followed(struct kunit *test)
{
	struct tcache *tc = create(test, "kunit", OBJCACHE_CHECK);
	struct tobj *obj = t_get(tc, GFP_KERNEL, 1);
	void *gone = kmalloc(64, GFP_KERNEL);
	u64 on_stack = 0;

	KUNIT_ASSERT_NOT_NULL(test, obj);
	kfree(gone);
	expect_foreign(tc, (void *)8, "It is a NULL with an offset.");
	expect_foreign(tc, ERR_PTR(-ENOMEM), "It is an error.");
	expect_foreign(tc, &on_stack, "It points to the caller's stack.");
	expect_foreign(tc, (void *)obj + 1, "It points to byte 1 of an object of cache kunit.");
	expect_foreign(tc, (void *)obj + 16, "It points to byte 16 of an object of cache kunit.");
	expect_foreign(tc, gone, "No object of a checked cache begins there.");
	expect_foreign(tc, (void *)obj - 3, "No object of a checked cache begins there.");
	/* Not even mapped, wherever that may be. */
	expect_foreign(tc, (void *)(LONG_MAX / 2), "No object of a checked cache begins there.");
	KUNIT_EXPECT_EQ(test, t_stat(tc, put_foreign), 8);
	t_put(tc, obj, 1);
	t_expect_life_goes_on(tc);
	finish(tc, 0);
}

/* ---- what has changed ---- */

static void s17_plain_memory_is_poisoned(struct kunit *test)
{
	struct objcache_params params = {
		.size = 40, .batch = 2, .capacity = 8,
		.flags = OBJCACHE_CHECK | OBJCACHE_NO_AGING,
	};
	struct objcache *cache = objcache_create("kunit-plain", &params);
	struct objcache_stats st;
	u8 *obj;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	obj = objcache_get(cache, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, obj);
	objcache_put(cache, obj);
	KUNIT_EXPECT_NULL(test, memchr_inv(obj, POISON_FREE, 40));
	memcpy(obj + 9, "abc", 3);
	t_log_mark();
	objcache_drain(cache);
	t_expect_report(test, "kunit-plain: write after put: object #1, 40 bytes", T_TASK);
	KUNIT_EXPECT_EQ(test, t_log_lines("objcache:   Bytes 9 to 11 are: 61 62 63", "", ""), 1);
	KUNIT_EXPECT_EQ(test, t_log_lines("objcache:   and should be: 6b 6b 6b", "", ""), 1);
	objcache_read_stats(cache, &st);
	KUNIT_EXPECT_EQ(test, st.written_after_put, 1);
	KUNIT_EXPECT_EQ(test, st.created, st.destroyed);
	objcache_destroy(cache);
}

static void s17_what_changed_is_shown_beside_what_it_was(struct kunit *test)
{
	struct tcache *tc = create(test, "kunit", OBJCACHE_CHECK);
	struct mistake m = { .tc = tc };
	char was[64], is[64];
	u8 *bytes;

	take_and_put(test, &m);
	bytes = (u8 *)((struct tobj *)m.obj)->words;
	snprintf(was, sizeof(was), "objcache:   and should be: %*ph", 2, bytes);
	bytes[0] ^= 0xff;
	bytes[1] ^= 0x0f;
	snprintf(is, sizeof(is), " are: %*ph", 2, bytes);
	t_log_mark();
	KUNIT_EXPECT_NULL(test, objcache_try_get(tc->cache));
	t_expect_report(test, "kunit: write after put: object #1", T_TASK);
	KUNIT_EXPECT_EQ_MSG(test, t_log_lines("objcache:   Bytes 16 to 17", is, ""), 1, "%s", is);
	KUNIT_EXPECT_EQ_MSG(test, t_log_lines(was, "", ""), 1, "%s", was);
	finish(tc, 1);
}

/* Of a large object only its start is kept; what comes behind has a sum. */
static void s17_a_large_object_is_verified_as_a_whole(struct kunit *test)
{
	struct objcache_params params = {
		.size = 4000, .batch = 1, .capacity = 4, .ops = &t_ops,
		.flags = OBJCACHE_NO_AGING | OBJCACHE_CHECK,
	};
	struct tcache *tc = t_create_named(test, "kunit", &params);
	struct mistake m = { .tc = tc };

	take_and_put(test, &m);
	scribble(m.obj + 3999, 0x41);
	t_log_mark();
	objcache_drain(tc->cache);
	t_expect_report(test, "kunit: write after put: object #1, 4000 bytes", T_TASK);
	KUNIT_EXPECT_EQ(test, t_log_lines("objcache:   Changed: ", "from 512 on", ""), 1);
	finish(tc, 1);
}

/* ---- at once ---- */

struct racer {
	struct tcache *tc;
	void *obj;
	atomic_t there;
};

static void race(struct racer *racer)
{
	atomic_inc(&racer->there);
	while (atomic_read(&racer->there) < 2)
		cpu_relax();
	objcache_put(racer->tc->cache, racer->obj);
	atomic_inc(&racer->there);
}

static void t_nothing_at_all(void *unused)
{
}

static void race_from_afar(void *racer)
{
	race(racer);
}

/* Not put after put, but both at once, of which either may be the first. */
static void s17_racing_puts_are_found(struct kunit *test)
{
	struct tcache *tc = create(test, "kunit", OBJCACHE_CHECK);
	call_single_data_t there;
	struct racer racer = { .tc = tc };
	unsigned int i, rounds = 200;
	int cpu;

	if (num_online_cpus() < 2)
		kunit_skip(test, "one CPU");
	for (i = 0; i < rounds; i++) {
		struct mistake m = { .tc = tc };

		take(test, &m);
		racer.obj = m.obj;
		atomic_set(&racer.there, 0);
		preempt_disable();
		cpu = cpumask_any_but(cpu_online_mask, smp_processor_id());
		INIT_CSD(&there, race_from_afar, &racer);
		KUNIT_EXPECT_EQ(test, 0, smp_call_function_single_async(cpu, &there));
		race(&racer);
		while (atomic_read(&racer.there) < 4)
			cpu_relax();
		preempt_enable();
		/* The interrupt's end, before its descriptor is used again. */
		smp_call_function_single(cpu, t_nothing_at_all, NULL, 1);
	}
	KUNIT_EXPECT_EQ(test, t_stat(tc, put_twice), rounds);
	KUNIT_EXPECT_EQ(test, t_stat(tc, puts), rounds);
	t_expect_life_goes_on(tc);
	finish(tc, rounds);
}

/* ---- leaks, and what comes too late ---- */

#define LEAKED	20

static noinline void leak(struct objcache *cache, void **objs, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		objs[i] = objcache_get(cache, GFP_KERNEL);
		/* Its slab stays for good, by contract. */
		if (objs[i])
			kmemleak_not_leak(objs[i] - 16);
	}
}

/* Of a dead cache only what a late put reads is there. */
static unsigned long counted(struct objcache_core *core, enum objcache_stat stat)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu_ptr(core->cpu, cpu)->count[stat];
	return sum;
}

struct late {
	struct objcache *cache;
	void *obj;
};

static void put_late(void *late)
{
	struct late *l = late;

	objcache_put(l->cache, l->obj);
}

/* A get and a discard, and a put into a cache that is there. */
static void expect_other_calls_are_late(struct kunit *test, struct late *late, void **objs)
{
	struct tcache *tc = create(test, "kunit", OBJCACHE_CHECK);

	t_log_mark();
	objcache_discard(late->cache, objs[0]);
	t_expect_report(test, "kunit-leaver-debug: call for a destroyed cache: object #", T_TASK);
	t_log_mark();
	KUNIT_EXPECT_NULL(test, objcache_get(late->cache, GFP_KERNEL));
	t_expect_report(test, "kunit-leaver-debug: call for a destroyed cache", T_TASK);
	KUNIT_EXPECT_NULL(test, objcache_try_get(late->cache));
	t_log_mark();
	objcache_put(tc->cache, objs[1]);
	t_expect_report(test, "kunit: put into the wrong cache: object #", T_TASK);
	KUNIT_EXPECT_EQ(test, 1, t_log_lines("of cache kunit-leaver-debug.", "", ""));
	finish(tc, 0);
}

static void s17_leaks_and_late_puts_are_found(struct kunit *test)
{
	struct objcache_params params = {
		.size = 64, .batch = 2, .capacity = 8,
		.flags = OBJCACHE_STACKS | OBJCACHE_NO_AGING,
	};
	struct late late = {
		.cache = objcache_create("kunit-leaver-debug", &params),
	};
	struct objcache_core *core;
	enum t_context context;
	void *objs[LEAKED];

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, late.cache);
	leak(late.cache, objs, LEAKED);
	t_log_mark();
	objcache_destroy(late.cache);
	KUNIT_EXPECT_EQ(test, t_log_lines("kunit-leaver-debug: leak: 20 objects", "", ""), 1);
	KUNIT_EXPECT_EQ(test, t_log_lines(":   20 objects, the oldest for ", "taken by ", ""), 1);
	if (t_has_stacks())
		KUNIT_EXPECT_EQ(test, t_log_lines("objcache:     leak", "+0x", ""), 1);
	for (context = 0; context < T_NMI; context++) {
		late.obj = objs[context];
		t_log_mark();
		KUNIT_EXPECT_TRUE(test, t_run_in(context, put_late, &late));
		t_expect_report(test, "kunit-leaver-debug: call for a destroyed cache: object #",
				context);
		/* And again. */
		put_late(&late);
		KUNIT_EXPECT_EQ(test, t_reports(), 1);
	}
	core = to_core(late.cache);
	KUNIT_EXPECT_EQ(test, counted(core, OBJCACHE_STAT_leaked), LEAKED);
	KUNIT_EXPECT_EQ(test, counted(core, OBJCACHE_STAT_put_late), 2 * T_NMI);
	expect_other_calls_are_late(test, &late, objs + T_NMI);
	KUNIT_EXPECT_EQ(test, counted(core, OBJCACHE_STAT_put_late), 2 * T_NMI + 2);
	/* It is in no list any more, and has nothing to count. */
	KUNIT_EXPECT_EQ(test, counted(core, OBJCACHE_STAT_withdrawn), 0);
	KUNIT_EXPECT_EQ(test, counted(core, OBJCACHE_STAT_discarded), 0);
}

static struct kunit_case debug_cases[] = {
	KUNIT_CASE_SLOW(s17_put_twice_is_found),
	KUNIT_CASE(s17_put_twice_is_found_in_nmi),
	KUNIT_CASE(s17_what_was_put_twice_is_not_destroyed),
	KUNIT_CASE_SLOW(s17_put_of_no_object_is_found),
	KUNIT_CASE(s17_put_of_no_object_is_found_in_nmi),
	KUNIT_CASE_SLOW(s17_put_elsewhere_is_found),
	KUNIT_CASE(s17_put_elsewhere_is_found_in_nmi),
	KUNIT_CASE_SLOW(s17_discard_of_a_parked_object_is_found),
	KUNIT_CASE(s17_discard_of_a_parked_object_is_found_in_nmi),
	KUNIT_CASE_SLOW(s17_write_after_put_is_found),
	KUNIT_CASE(s17_write_after_put_is_found_in_nmi),
	KUNIT_CASE_SLOW(s17_overrun_at_put_is_found),
	KUNIT_CASE(s17_overrun_at_put_is_found_in_nmi),
	KUNIT_CASE_SLOW(s17_underrun_at_put_is_found),
	KUNIT_CASE(s17_underrun_at_put_is_found_in_nmi),
	KUNIT_CASE_SLOW(s17_overrun_at_discard_is_found),
	KUNIT_CASE(s17_overrun_at_discard_is_found_in_nmi),
	KUNIT_CASE_SLOW(s17_get_from_the_wrong_context_is_found),
	KUNIT_CASE(s17_get_from_the_wrong_context_is_found_in_nmi),
	KUNIT_CASE(s17_get_that_may_sleep_in_an_rcu_reader_is_found),
	KUNIT_CASE(s17_get_that_does_not_sleep_is_in_order),
	KUNIT_CASE_SLOW(s17_a_foreign_pointer_is_not_followed),
	KUNIT_CASE(s17_plain_memory_is_poisoned),
	KUNIT_CASE(s17_what_changed_is_shown_beside_what_it_was),
	KUNIT_CASE(s17_a_large_object_is_verified_as_a_whole),
	KUNIT_CASE_SLOW(s17_racing_puts_are_found),
	KUNIT_CASE_SLOW(s17_leaks_and_late_puts_are_found),
	{}
};

static struct kunit_suite debug_suite = {
	.name = "objcache_debug",
	.init = t_own_levels,
	.test_cases = debug_cases,
};

kunit_test_suite(debug_suite);
