// SPDX-License-Identifier: GPL-2.0
/*
 * S17, ops that misbehave: each way in which one can leave its caller's context changed,
 * or sleep, is told and put right; and so is an object that is put while the cache has
 * it in its hands, by an op or by whoever interrupts it there
 */

#include <linux/irqflags.h>
#include <linux/kmemleak.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>

#include "entry.h"
#include "inside.h"
#include "reports.h"

/* On a busy host the time may be over before it has gone to sleep. */
static void sleep_once(void)
{
	unsigned long was = current->nvcsw;

	while (current->nvcsw == was)
		usleep_range(100, 200);
}

static int ctor_fine(void *obj, void *ctx, gfp_t gfp)
{
	return 0;
}

static int ctor_irqs_off(void *obj, void *ctx, gfp_t gfp)
{
	local_irq_disable();
	return 0;
}

static int ctor_preempt_off(void *obj, void *ctx, gfp_t gfp)
{
	preempt_disable();
	return 0;
}

static int ctor_sleeps(void *obj, void *ctx, gfp_t gfp)
{
	sleep_once();
	return 0;
}

static void dtor_irqs_off(void *obj, void *ctx)
{
	local_irq_disable();
}

static void dtor_preempt_off(void *obj, void *ctx)
{
	preempt_disable();
}

static void dtor_sleeps(void *obj, void *ctx)
{
	sleep_once();
}

static bool reset_irqs_off(void *obj, void *ctx)
{
	local_irq_disable();
	return true;
}

static bool reset_irqs_on(void *obj, void *ctx)
{
	local_irq_enable();
	return true;
}

static bool reset_preempt_off(void *obj, void *ctx)
{
	preempt_disable();
	return true;
}

static bool reset_preempt_on(void *obj, void *ctx)
{
	preempt_enable();
	return true;
}

static bool reset_sleeps(void *obj, void *ctx)
{
	sleep_once();
	return true;
}

#define IRQS(op)	"The " op " has left interrupts on or off, not as it found them."
#define PREEMPT(op)	"The " op " has left preemption on or off, not as it found it."

struct bad_op {
	struct objcache_ops ops;
	const char *says;	/* NULL: there is nothing to say */
	gfp_t gfp;		/* of the get; 0: GFP_KERNEL */
	enum t_context context;	/* of the put */
};

static const struct bad_op bad_ops[] = {
	{ { .ctor = ctor_irqs_off }, IRQS("ctor") },
	{ { .ctor = ctor_preempt_off }, PREEMPT("ctor") },
	{ { .ctor = ctor_fine, .dtor = dtor_irqs_off }, IRQS("dtor") },
	{ { .ctor = ctor_fine, .dtor = dtor_preempt_off }, PREEMPT("dtor") },
	{ { .reset = reset_irqs_off }, IRQS("reset") },
	{ { .reset = reset_preempt_off }, PREEMPT("reset") },
	{ { .reset = reset_irqs_on }, IRQS("reset"), .context = T_IRQS_OFF },
	{ { .reset = reset_preempt_on }, PREEMPT("reset"), .context = T_PREEMPT_OFF },
	{ { .ctor = ctor_sleeps, .dtor = dtor_sleeps }, NULL },
};

/* Where a lock of a user's may sleep, nothing is said of it. */
static const struct bad_op sleepers[] = {
	{ { .ctor = ctor_sleeps }, "The ctor has slept, which its gfp does not allow.",
	  GFP_NOWAIT },
	{ { .reset = reset_sleeps },
	  "The reset has slept; it is called by put, in whatever context." },
};

static struct objcache *create(struct kunit *test, const struct objcache_ops *ops)
{
	struct objcache_params params = {
		.size = 64, .batch = 2, .capacity = 8, .ops = ops,
		.flags = OBJCACHE_CHECK | OBJCACHE_NO_AGING,
	};
	struct objcache *cache = objcache_create("kunit-ops", &params);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	return cache;
}

struct giver {
	struct objcache *cache;
	void *obj;
	bool changed;
};

static void give(void *data)
{
	struct giver *giver = data;
	bool irqs_off = irqs_disabled();
	int preempt = preempt_count();

	objcache_put(giver->cache, giver->obj);
	giver->changed = irqs_disabled() != irqs_off || preempt_count() != preempt;
	/* For whoever has called us. */
	if (preempt_count() < preempt)
		preempt_count_add(preempt - preempt_count());
}

static struct objcache_stats *stats_of(struct objcache *cache)
{
	static struct objcache_stats st; /* much, for a stack under KASAN */

	objcache_read_stats(cache, &st);
	return &st;
}

static void expect_told(struct kunit *test, const struct bad_op *bad)
{
	struct giver giver = { .cache = create(test, &bad->ops) };

	t_log_mark();
	giver.obj = objcache_get(giver.cache, bad->gfp ?: GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, giver.obj);
	KUNIT_EXPECT_TRUE(test, t_run_in(bad->context, give, &giver));
	KUNIT_EXPECT_FALSE_MSG(test, giver.changed, "%s", bad->says);
	objcache_drain(giver.cache);
	KUNIT_EXPECT_FALSE(test, irqs_disabled());
	KUNIT_EXPECT_EQ(test, preempt_count(), 0);
	if (bad->says) {
		t_expect_report(test, "kunit-ops: an op misbehaves", bad->context);
		KUNIT_EXPECT_EQ_MSG(test, t_log_lines("objcache:   ", bad->says, ""), 1, "%s",
				    bad->says);
	} else {
		KUNIT_EXPECT_EQ(test, t_reports(), 0);
	}
	KUNIT_EXPECT_EQ(test, stats_of(giver.cache)->op_misbehaved, !!bad->says);
	KUNIT_EXPECT_EQ(test, stats_of(giver.cache)->created, stats_of(giver.cache)->destroyed);
	objcache_destroy(giver.cache);
}

static void s17_an_op_leaves_its_caller_as_it_was(struct kunit *test)
{
	unsigned int i;

	if (!IS_ENABLED(CONFIG_PREEMPT_COUNT))
		kunit_skip(test, "this kernel does not count who may not be preempted");
	for (i = 0; i < ARRAY_SIZE(bad_ops); i++)
		expect_told(test, &bad_ops[i]);
}

static void s17_a_reset_leaves_each_context_as_it_was(struct kunit *test)
{
	struct bad_op bad = { { .reset = reset_preempt_off }, PREEMPT("reset") };

	if (!IS_ENABLED(CONFIG_PREEMPT_COUNT))
		kunit_skip(test, "this kernel does not count who may not be preempted");
	for (bad.context = 0; bad.context < T_NMI; bad.context++)
		expect_told(test, &bad);
	t_need_nmi(test);
	expect_told(test, &bad);
}

static void s17_an_op_does_not_sleep_where_nobody_may(struct kunit *test)
{
	unsigned int i;

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "with PREEMPT_RT a spinlock may sleep");
	for (i = 0; i < ARRAY_SIZE(sleepers); i++)
		expect_told(test, &sleepers[i]);
}

/* ---- put while the cache has it ---- */

static struct objcache *own_cache;
static bool putting;	/* the next op puts its object */

static void put_own(void *obj)
{
	if (xchg(&putting, false))
		objcache_put(own_cache, obj);
}

static void dtor_puts(void *obj, void *ctx)
{
	put_own(obj);
}

static bool reset_puts(void *obj, void *ctx)
{
	put_own(obj);
	return true;
}

static const struct objcache_ops putting_ops = {
	.ctor = ctor_fine, .dtor = dtor_puts, .reset = reset_puts,
};

static void need_own(struct kunit *test)
{
	WRITE_ONCE(putting, false);
	own_cache = create(test, &putting_ops);
}

/* It was put once too often, and is nobody's; whoever it was, it is counted. */
static void expect_withdrawn(struct kunit *test)
{
	struct objcache_stats *st;

	t_expect_report(test, "kunit-ops: put twice: object #1", T_TASK);
	objcache_drain(own_cache);
	st = stats_of(own_cache);
	KUNIT_EXPECT_EQ(test, st->put_twice, 1);
	KUNIT_EXPECT_EQ(test, st->withdrawn, 1);
	KUNIT_EXPECT_EQ(test, st->created, st->destroyed);
	KUNIT_EXPECT_EQ(test, st->gets, st->puts + st->discarded);
	KUNIT_EXPECT_EQ(test, st->parked + st->releasing + st->in_use, 0);
	objcache_destroy(own_cache);
}

static void s17_a_put_by_its_own_reset_is_found(struct kunit *test)
{
	void *obj;

	need_own(test);
	obj = objcache_get(own_cache, GFP_KERNEL);
	t_log_mark();
	WRITE_ONCE(putting, true);
	objcache_put(own_cache, obj);
	KUNIT_EXPECT_NULL(test, objcache_try_get(own_cache));
	expect_withdrawn(test);
}

static void s17_a_put_by_its_own_destructor_is_found(struct kunit *test)
{
	need_own(test);
	objcache_put(own_cache, objcache_get(own_cache, GFP_KERNEL));
	t_log_mark();
	WRITE_ONCE(putting, true);
	objcache_drain(own_cache);
	expect_withdrawn(test);
}

/* Where a getter has it in its hands already, and nobody else may have it. */
static void put_handed(struct pt_regs *regs, void *unused)
{
#if defined(CONFIG_X86_64) && !defined(CONFIG_UML)
	objcache_put(own_cache, (void *)regs->si);
#endif
}

static void need_handed(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_X86_64) || IS_ENABLED(CONFIG_UML))
		kunit_skip(test, "only x86-64 is told which register the object is in");
	t_need_entries(test);
	need_own(test);
}

/* Of the put that comes first: by a probe, in whatever context those run here. */
static void expect_one_report(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, t_wait_until(t_reports()));
	KUNIT_EXPECT_EQ(test, t_reports(), 1);
	KUNIT_EXPECT_EQ(test, t_log_lines("kunit-ops: put twice: object #1", "", ""), 1);
}

static void expect_other_handed(struct kunit *test, void *(*get)(void))
{
	struct objcache_stats *st;
	void *obj;

	t_log_mark();
	t_at_entry(test, "objcache_check_handed", put_handed, NULL);
	obj = get();
	KUNIT_EXPECT_TRUE(test, t_was_entered());
	expect_one_report(test);
	if (obj)
		objcache_put(own_cache, obj);
	objcache_drain(own_cache);
	st = stats_of(own_cache);
	KUNIT_EXPECT_EQ(test, st->withdrawn, 1);
	KUNIT_EXPECT_EQ(test, st->created, st->destroyed);
	KUNIT_EXPECT_EQ(test, st->gets, st->puts + st->discarded);
	objcache_destroy(own_cache);
}

static void *get_fresh(void)
{
	return objcache_get(own_cache, GFP_KERNEL);
}

static void *get_parked(void)
{
	return objcache_try_get(own_cache);
}

static void s17_a_put_while_it_is_handed_out_is_found(struct kunit *test)
{
	need_handed(test);
	expect_other_handed(test, get_fresh);
}

static void s17_a_put_while_the_oldest_is_handed_out_is_found(struct kunit *test)
{
	need_handed(test);
	objcache_put(own_cache, objcache_get(own_cache, GFP_KERNEL));
	expect_other_handed(test, get_parked);
}

/* ---- destroyed while it runs ---- */

struct slow {
	struct objcache *cache;
	void *obj;
	struct completion enter, leave;
};

static bool reset_slowly(void *obj, void *ctx)
{
	struct slow *slow = ctx;

	complete(&slow->enter);
	wait_for_completion(&slow->leave);
	return false;
}

static void put_slowly(struct t_thread *thread)
{
	struct slow *slow = thread->crew->data;

	objcache_put(slow->cache, slow->obj);
}

static u64 counted(struct objcache *cache, enum objcache_stat stat)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu_ptr(to_core(cache)->cpu, cpu)->count[stat];
	return sum;
}

/* Its object is out; what the put does after that, it does not do to a cache that is gone. */
static void s17_a_reset_may_outlast_its_cache(struct kunit *test)
{
	static const struct objcache_ops ops = { .reset = reset_slowly };
	static struct slow slow;
	struct objcache_params params = {
		.size = 64, .ops = &ops, .ctx = &slow, .flags = OBJCACHE_CHECK,
	};
	struct t_crew *crew;

	init_completion(&slow.enter);
	init_completion(&slow.leave);
	slow.cache = objcache_create("kunit-leaver-reset", &params);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, slow.cache);
	slow.obj = objcache_get(slow.cache, GFP_KERNEL);
	KUNIT_EXPECT_NOT_NULL(test, slow.obj);
	kmemleak_not_leak(slow.obj - to_core(slow.cache)->lead);
	crew = t_crew_create(test, 1, put_slowly, &slow);
	t_crew_start(crew);
	wait_for_completion(&slow.enter);
	t_log_mark();
	objcache_destroy(slow.cache);
	KUNIT_EXPECT_EQ(test, t_log_lines("kunit-leaver-reset: leak: 1 objects", "", ""), 1);
	complete_all(&slow.leave);
	KUNIT_EXPECT_TRUE(test, t_crew_join(crew));
	KUNIT_EXPECT_EQ(test, counted(slow.cache, OBJCACHE_STAT_puts), 1);
	KUNIT_EXPECT_EQ(test, counted(slow.cache, OBJCACHE_STAT_refused), 0);
	/* Printed by a work item, maybe; else the next test finds it. */
	KUNIT_EXPECT_TRUE(test,
			  t_wait_until(t_log_lines("-reset: an op misbehaves", "", "") ==
				       counted(slow.cache, OBJCACHE_STAT_op_misbehaved)));
}

static struct kunit_case debug_ops_cases[] = {
	KUNIT_CASE(s17_an_op_leaves_its_caller_as_it_was),
	KUNIT_CASE_SLOW(s17_a_reset_leaves_each_context_as_it_was),
	KUNIT_CASE(s17_an_op_does_not_sleep_where_nobody_may),
	KUNIT_CASE(s17_a_put_by_its_own_reset_is_found),
	KUNIT_CASE(s17_a_put_by_its_own_destructor_is_found),
	KUNIT_CASE(s17_a_put_while_it_is_handed_out_is_found),
	KUNIT_CASE(s17_a_put_while_the_oldest_is_handed_out_is_found),
	KUNIT_CASE(s17_a_reset_may_outlast_its_cache),
	{}
};

static struct kunit_suite debug_ops_suite = {
	.name = "objcache_debug_ops",
	.init = t_own_levels,
	.test_cases = debug_ops_cases,
};

kunit_test_suite(debug_ops_suite);
