// SPDX-License-Identifier: GPL-2.0
/*
 * S17, two puts at once, instruction by instruction: wherever one is interrupted by
 * another of the same object, one of them is found
 *
 * For x86-64 only; see step_test.c.
 */

#include <linux/kdebug.h>
#include <linux/notifier.h>
#include <linux/ptrace.h>

#include "helpers.h"
#include "levels.h"
#include "steps.h"

#ifdef T_STEPS

#define STEPS	300		/* much more than until it is known who was the first */

struct stepped {
	struct notifier_block notifier;
	struct task_struct *task;
	struct objcache *cache;
	void *obj;
	unsigned int left;	/* instructions before the other put */
};

static int stepped_notify(struct notifier_block *notifier, unsigned long event, void *data)
{
	struct stepped *st = container_of(notifier, struct stepped, notifier);
	struct die_args *args = data;
	unsigned long *dr6 = (unsigned long *)args->err;

	if (event != DIE_DEBUG || current != st->task || !(*dr6 & DR_STEP))
		return NOTIFY_DONE;
	if (!--st->left) {
		args->regs->flags &= ~X86_EFLAGS_TF;
		objcache_put(st->cache, st->obj);
	}
	return NOTIFY_STOP;
}

static noinline void stepped_put(struct stepped *st)
{
	step_on();
	objcache_put(st->cache, st->obj);
	step_off();
}

static void stepped_remove(void *p)
{
	struct stepped *st = p;

	unregister_die_notifier(&st->notifier);
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
	st = (struct stepped) {
		.notifier.notifier_call = stepped_notify, .notifier.priority = INT_MAX,
		.task = current, .cache = tc->cache,
	};
	KUNIT_ASSERT_EQ(test, 0, register_die_notifier(&st.notifier));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, stepped_remove, &st));
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

#else

static void s17_a_put_within_a_put_is_found(struct kunit *test)
{
	t_need_steps(test);
}

#endif

static struct kunit_case debug_step_cases[] = {
	KUNIT_CASE(s17_a_put_within_a_put_is_found),
	{}
};

static struct kunit_suite debug_step_suite = {
	.name = "objcache_debug_step",
	.init = t_own_levels,
	.test_cases = debug_step_cases,
};

kunit_test_suite(debug_step_suite);
