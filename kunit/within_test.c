// SPDX-License-Identifier: GPL-2.0
/*
 * S17 and S18, two calls at once, instruction by instruction: wherever a put is
 * interrupted by another of the same object, one of them is found; wherever a making is
 * by another one, there are no more objects than there may be
 *
 * For x86-64 only; see step_test.c.
 */

#include <linux/kdebug.h>
#include <linux/notifier.h>
#include <linux/ptrace.h>

#include "getter.h"
#include "inside.h"
#include "steps.h"

#ifdef T_STEPS

#define STEPS	300		/* much more than until it is known who was the first */

struct stepped {
	struct notifier_block notifier;
	struct task_struct *task;
	struct objcache *cache;
	void *obj;
	void (*other)(struct stepped *st);
	bool taken;		/* by the other making; or put by the other put */
	bool goes_on;		/* the other one comes at each instruction from then on */
	unsigned int left;	/* instructions before the other call */
};

static int stepped_notify(struct notifier_block *notifier, unsigned long event, void *data)
{
	struct stepped *st = container_of(notifier, struct stepped, notifier);
	struct die_args *args = data;
	unsigned long *dr6 = (unsigned long *)args->err;

	if (event != DIE_DEBUG || current != st->task || !(*dr6 & DR_STEP))
		return NOTIFY_DONE;
	if (st->left > 1) {
		st->left--;
		return NOTIFY_STOP;
	}
	st->left = st->goes_on;
	if (!st->goes_on)
		args->regs->flags &= ~X86_EFLAGS_TF;
	if (st->other)
		st->other(st);
	return NOTIFY_STOP;
}

static void stepped_remove(void *p)
{
	struct stepped *st = p;

	unregister_die_notifier(&st->notifier);
}

static void stepped_begin(struct kunit *test, struct stepped *st)
{
	st->notifier.notifier_call = stepped_notify;
	st->notifier.priority = INT_MAX;
	st->task = current;
	KUNIT_ASSERT_EQ(test, 0, register_die_notifier(&st->notifier));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, stepped_remove, st));
}

static void put_it(struct stepped *st)
{
	objcache_put(st->cache, st->obj);
}

static noinline void stepped_put(struct stepped *st)
{
	step_on();
	put_it(st);
	step_off();
}

static void s17_a_put_within_a_put_is_found(struct kunit *test)
{
	struct objcache_params params = {
		.batch = 2, .capacity = 4, .flags = OBJCACHE_CHECK,
	};
	static struct stepped st;
	struct tcache *tc;
	unsigned int i;

	t_need_steps(test);
	tc = t_create(test, &params);
	st = (struct stepped) { .cache = tc->cache, .other = put_it };
	stepped_begin(test, &st);
	for (i = 1; i <= STEPS; i++) {
		st.obj = objcache_get(tc->cache, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, st.obj);
		st.left = i;
		stepped_put(&st);
		KUNIT_ASSERT_EQ_MSG(test, t_stat(tc, put_twice), i, "at instruction %u", i);
		KUNIT_ASSERT_EQ(test, st.left, 0);
	}
	KUNIT_EXPECT_EQ(test, t_stat(tc, puts), STEPS);
	objcache_drain(tc->cache);
	t_expect_balanced_now(tc, 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, withdrawn), STEPS);
	t_destroy(tc);
}

/* As on another CPU: it is an NMI here, in which nothing can be made. */
static void make_one(struct stepped *st)
{
	st->taken = !atomic_cmpxchg(&to_core(st->cache)->exist, 0, 1);
}

static noinline void stepped_get(struct stepped *st)
{
	step_on();
	st->obj = objcache_get(st->cache, GFP_NOWAIT);
	step_off();
}

static void s18_one_made_while_another_is_counts(struct kunit *test)
{
	struct objcache_params params = { .size = 64, .max_objects = 1 };
	static struct stepped st;
	unsigned int i, refused = 0;

	t_need_steps(test);
	if (IS_ENABLED(CONFIG_KASAN) || IS_ENABLED(CONFIG_KCSAN) || IS_ENABLED(CONFIG_LOCKDEP))
		kunit_skip(test, "who looks at each access makes it too long to be stepped");
	st = (struct stepped) { .other = make_one };
	st.cache = objcache_create("kunit", &params);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, st.cache);
	stepped_begin(test, &st);
	/* Until the get is over before the other comes. */
	for (i = 1; !st.left; i++) {
		st.left = i;
		st.taken = false;
		stepped_get(&st);
		KUNIT_EXPECT_EQ_MSG(test, !!st.obj + st.taken, 1, "at instruction %u", i);
		refused += !st.obj;
		atomic_sub(st.taken, &to_core(st.cache)->exist);
		objcache_discard(st.cache, st.obj);
		KUNIT_EXPECT_EQ(test, atomic_read(&to_core(st.cache)->exist), 0);
	}
	KUNIT_EXPECT_GT(test, refused, 0);
	KUNIT_EXPECT_GT(test, i, refused);
	objcache_destroy(st.cache);
}

static struct objcache_node *here(struct objcache *cache)
{
	return to_core(cache)->node[numa_node_id()];
}

/*
 * As on other CPUs: it is put, and then, if the depot is found empty while it is settled,
 * who deals finds nothing.
 */
static void put_then_deal(struct stepped *st)
{
	struct irq_work *deal = &to_core(st->cache)->deal;

	if (!st->taken) {
		st->taken = true;
		objcache_put(st->cache, st->obj);
	} else if (!test_bit(nr_cpu_ids + OBJCACHE_DISPLACED, here(st->cache)->surplus)) {
		st->other = NULL;
		atomic_andnot(IRQ_WORK_PENDING, &deal->node.a_flags);
		deal->func(deal);
	}
}

static noinline void *stepped_try_get(struct stepped *st)
{
	void *obj;

	step_on();
	obj = objcache_try_get(st->cache);
	step_off();
	return obj;
}

/* One is taken from the depot, the last one there, as another one comes. */
static bool put_at(struct tcache *tc, struct stepped *st, unsigned int at)
{
	struct kunit *test = tc->test;
	struct t_getter *getter;
	void *obj, *got;

	obj = objcache_get(tc->cache, GFP_KERNEL);
	st->obj = objcache_get(tc->cache, GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, obj && st->obj);
	getter = t_getter_start(test, tc, GFP_KERNEL, 1);
	KUNIT_ASSERT_TRUE(test, t_getter_waits(getter));
	t_hold_dealer(tc->cache);
	objcache_put(tc->cache, obj);
	st->other = put_then_deal;
	st->taken = false;
	st->left = at;
	got = stepped_try_get(st);
	KUNIT_EXPECT_NOT_NULL(test, got);
	if (!st->taken)
		objcache_put(tc->cache, st->obj);
	if (st->other)
		t_let_dealer(tc->cache);
	KUNIT_EXPECT_TRUE_MSG(test, t_getter_comes(getter), "at instruction %u", at);
	objcache_put(tc->cache, got);
	t_getter_puts(getter);
	return st->taken;
}

static void s18_what_comes_as_the_depot_is_settled_ends_a_wait(struct kunit *test)
{
	struct objcache_params params = {
		.batch = 2, .capacity = 64, .max_objects = 2, .flags = OBJCACHE_NO_AGING,
	};
	static struct stepped st;
	struct tcache *tc;
	unsigned int i, dealt = 0;

	t_need_steps(test);
	t_need_magazines(test);
	t_need_cpus(test, 2);
	if (IS_ENABLED(CONFIG_KASAN) || IS_ENABLED(CONFIG_KCSAN) || IS_ENABLED(CONFIG_LOCKDEP))
		kunit_skip(test, "who looks at each access makes it too long to be stepped");
	t_on_cpu(test, 0);
	tc = t_create(test, &params);
	st = (struct stepped) { .cache = tc->cache, .goes_on = true };
	stepped_begin(test, &st);
	for (i = 1; put_at(tc, &st, i) && test->status == KUNIT_SUCCESS; i++)
		dealt += !st.other;
	kunit_info(test, "%u boundaries, found empty behind %u", i, dealt);
	KUNIT_EXPECT_GT(test, dealt, 0);
	t_finish(tc);
}

#else

static void s18_what_comes_as_the_depot_is_settled_ends_a_wait(struct kunit *test)
{
	t_need_steps(test);
}

static void s17_a_put_within_a_put_is_found(struct kunit *test)
{
	t_need_steps(test);
}

static void s18_one_made_while_another_is_counts(struct kunit *test)
{
	t_need_steps(test);
}

#endif

static struct kunit_case within_cases[] = {
	KUNIT_CASE(s17_a_put_within_a_put_is_found),
	KUNIT_CASE(s18_one_made_while_another_is_counts),
	KUNIT_CASE_SLOW(s18_what_comes_as_the_depot_is_settled_ends_a_wait),
	{}
};

static struct kunit_suite within_suite = {
	.name = "objcache_within",
	.init = t_own_levels,
	.test_cases = within_cases,
};

kunit_test_suite(within_suite);
