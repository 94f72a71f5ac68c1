// SPDX-License-Identifier: GPL-2.0
/*
 * S5: a taker that is held up, at whatever instruction, costs nobody an object
 *
 * A get that steals is single-stepped on its CPU, and held up there once before each
 * of its instructions in turn: but for those with interrupts off, where it may have
 * the depot's lock, for which gets wait and puts do not. Meanwhile the CPU that it
 * takes from goes on, several laps of its ring, with a third that takes what it puts.
 * There are never more objects than fit, so nothing may be destroyed and none has to
 * be made.
 *
 * For x86-64 only.
 */

#include <linux/completion.h>
#include <linux/kdebug.h>
#include <linux/notifier.h>
#include <linux/ptrace.h>

#include "inside.h"
#include "outside.h"
#include "steps.h"

#ifdef T_STEPS

#define OBJECTS		8U
#define LAPS		6
/* With KASAN a call is many times as long. */
#define STRIDE		(IS_ENABLED(CONFIG_KASAN) || IS_ENABLED(CONFIG_KCSAN) ? 29 : 1)

/**
 * struct stall - the scene
 * @tc: the cache
 * @notifier: sees each step of @taker
 * @taker: whose call is stepped; NULL: nobody's
 * @at: the instruction before which it is held up, or the next with interrupts on
 * @seen: instructions so far
 * @stalled: it is held up
 * @go: it may go on
 * @turn: the taker's, to begin
 * @taken: the taker's call is over
 * @hand: objects of the test's thread
 * @held: how many those are
 * @stolen: what the taker got
 * @lap: the thief's turn
 * @lapped: and it is over
 * @loot: what the thief got
 * @nr_loot: how many those are
 */
struct stall {
	struct tcache *tc;
	struct notifier_block notifier;
	struct task_struct *taker;
	unsigned long at;
	unsigned long seen;
	bool stalled;
	bool go;
	struct completion turn;
	struct completion taken;
	struct tobj *hand[2 * OBJECTS];
	unsigned int held;
	struct tobj *stolen;
	struct completion lap;
	struct completion lapped;
	struct tobj *loot[OBJECTS];
	unsigned int nr_loot;
};

static int stall_notify(struct notifier_block *notifier, unsigned long event, void *data)
{
	struct stall *st = container_of(notifier, struct stall, notifier);
	struct die_args *args = data;
	unsigned long *dr6 = (unsigned long *)args->err;

	if (event != DIE_DEBUG || current != st->taker || !(*dr6 & DR_STEP))
		return NOTIFY_DONE;
	if (st->seen++ >= st->at && !st->stalled && args->regs->flags & X86_EFLAGS_IF) {
		WRITE_ONCE(st->stalled, true);
		/* Pairs with let_go(). */
		while (!smp_load_acquire(&st->go))
			cpu_relax();
	}
	return NOTIFY_STOP;
}

/* On CPU 1: one stepped get after the other. */
static void take(struct t_thread *thread)
{
	struct stall *st = thread->crew->data;

	while (!t_crew_stopping(thread->crew)) {
		wait_for_completion(&st->turn);
		if (t_crew_stopping(thread->crew))
			break;
		preempt_disable();
		st->taker = current;
		step_on();
		st->stolen = objcache_try_get(st->tc->cache);
		step_off();
		st->taker = NULL;
		preempt_enable();
		complete(&st->taken);
	}
}

/* On CPU 2: takes all that it finds. */
static void rob(struct t_thread *thread)
{
	struct stall *st = thread->crew->data;

	while (!t_crew_stopping(thread->crew)) {
		wait_for_completion(&st->lap);
		if (t_crew_stopping(thread->crew))
			break;
		for (st->nr_loot = 0; st->nr_loot < OBJECTS; st->nr_loot++) {
			struct tobj *obj = objcache_try_get(st->tc->cache);

			if (!obj)
				break;
			st->loot[st->nr_loot] = obj;
		}
		complete(&st->lapped);
	}
}

static void stall_thread(struct t_thread *thread)
{
	if (thread->index == 1)
		take(thread);
	else if (thread->index == 2)
		rob(thread);
}

static void let_go(struct stall *st)
{
	/* Pairs with stall_notify(). */
	smp_store_release(&st->go, true);
}

static void put_all(struct stall *st)
{
	while (st->held)
		objcache_put(st->tc->cache, st->hand[--st->held]);
}

/* The owner's and the thief's, once round. */
static void lap(struct stall *st)
{
	complete(&st->lap);
	wait_for_completion(&st->lapped);
	while (st->nr_loot)
		st->hand[st->held++] = st->loot[--st->nr_loot];
	put_all(st);
}

/* False: the call has fewer instructions than that. */
static bool stall_once(struct stall *st)
{
	bool stalled;
	unsigned int i;

	put_all(st);
	st->seen = 0;
	st->stalled = false;
	st->go = false;
	complete(&st->turn);
	while (!READ_ONCE(st->stalled) && !completion_done(&st->taken))
		cond_resched();
	stalled = READ_ONCE(st->stalled);
	for (i = 0; stalled && i < LAPS; i++)
		lap(st);
	let_go(st);
	wait_for_completion(&st->taken);
	if (st->stolen)
		st->hand[st->held++] = st->stolen;
	return stalled;
}

/* All are back in the hand of the test; false: some were lost. */
static bool collect(struct stall *st)
{
	struct tobj *obj;

	while (st->held < OBJECTS) {
		obj = objcache_get(st->tc->cache, GFP_ATOMIC);
		if (!obj)
			return false;
		st->hand[st->held++] = obj;
	}
	return t_stat(st->tc, created) == OBJECTS && !atomic_read(&st->tc->dtors);
}

static void stall_end(void *p)
{
	struct stall *st = p;

	let_go(st);
	complete_all(&st->turn);
	complete_all(&st->lap);
	unregister_die_notifier(&st->notifier);
}

static struct stall *stall_create(struct kunit *test)
{
	struct objcache_params params = { .batch = 1, .capacity = OBJECTS };
	struct stall *st = kunit_kzalloc(test, sizeof(*st), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, st);
	init_completion(&st->turn);
	init_completion(&st->taken);
	init_completion(&st->lap);
	init_completion(&st->lapped);
	st->notifier.notifier_call = stall_notify;
	st->notifier.priority = INT_MAX;
	st->tc = t_create(test, &params);
	return st;
}

static void s05_a_taker_held_up_anywhere_costs_no_object(struct kunit *test)
{
	struct stall *st;
	struct t_crew *crew;
	bool all = true;

	t_need_steps(test);
	t_need_magazines(test);
	t_need_cpus(test, 3);
	st = stall_create(test);
	t_on_cpu(test, 0);
	t_get_all(st->tc, st->hand, OBJECTS);
	for (st->held = 0; st->held < OBJECTS; st->held++)
		t_release(st->tc, st->hand[st->held], 1);
	crew = t_crew_create(test, 3, stall_thread, st);
	KUNIT_ASSERT_EQ(test, 0, register_die_notifier(&st->notifier));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, stall_end, st));
	t_crew_start(crew);
	for (st->at = 0; all && stall_once(st); st->at += STRIDE)
		all = collect(st);
	WRITE_ONCE(crew->stop, true);
	kunit_release_action(test, stall_end, st);
	t_crew_stop(crew);
	KUNIT_EXPECT_TRUE_MSG(test, all, "held up before instruction %lu: %llu made, %d destroyed",
			      st->at - STRIDE, t_stat(st->tc, created),
			      atomic_read(&st->tc->dtors));
	/* It was a steal, or nothing is shown. */
	KUNIT_EXPECT_GT(test, t_stat(st->tc, steals), 0);
	KUNIT_EXPECT_GT(test, st->at, 30);
	kunit_info(test, "held up before each of %lu instructions", st->at / STRIDE);
	put_all(st);
	t_finish(st->tc);
}
#else
static void s05_a_taker_held_up_anywhere_costs_no_object(struct kunit *test)
{
	t_need_steps(test);
}
#endif

static struct kunit_case stall_cases[] = {
	KUNIT_CASE_SLOW(s05_a_taker_held_up_anywhere_costs_no_object),
	{}
};

static struct kunit_suite stall_suite = {
	.name = "objcache_stall",
	.test_cases = stall_cases,
};

kunit_test_suite(stall_suite);
