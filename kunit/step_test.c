// SPDX-License-Identifier: GPL-2.0
/*
 * S11, instruction by instruction: calls that are single-stepped, with other
 * contexts using the same cache in between any two instructions
 *
 * The trap flag makes the CPU enter the kernel after each instruction, like an
 * NMI and with in_nmi() true. There a notifier looks at what comes next, and
 * may act as an NMI would, or queue irq_work, whose interrupt then comes right
 * here and raises a softirq. So the windows of nesting are hit on purpose, not
 * by chance, however deep the call is in.
 *
 * For x86-64 only. A step costs microseconds, and the flag must not get into
 * another task: preemption stays off meanwhile.
 */

#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kdebug.h>
#include <linux/notifier.h>
#include <linux/ptrace.h>

#include "actors.h"
#include "inside.h"
#include "steps.h"
#include "../module/core/core.h"

#ifdef T_STEPS

#define TAKEN_MAX	6

/**
 * struct stepper - somebody whose calls are single-stepped
 * @tc: the cache that is called
 * @notifier: sees each step
 * @task: who is stepped
 * @intrude: others are let in between
 * @random: when
 * @nmi: acts where the step traps
 * @hardirq: acts in the interrupt of @work
 * @softirq: acts in @tasklet, which that interrupt raises
 * @work: queued from a step
 * @tasklet: raised from @work
 * @steps: instructions seen
 * @irqs_off: those before which interrupts were off
 * @locked: those with a lock prefix
 * @astray: steps outside NMI context, or not on the way it should be
 * @stretch: the last ones in a row with preemption off or the owner's token gone
 * @longest: the most of those
 */
struct stepper {
	struct tcache *tc;
	struct notifier_block notifier;
	struct task_struct *task;
	bool intrude;
	u32 random;
	struct t_actor nmi;
	struct t_actor hardirq;
	struct t_actor softirq;
	struct irq_work work;
	struct tasklet_struct tasklet;
	unsigned long steps;
	unsigned long irqs_off;
	unsigned long locked;
	unsigned long astray;
	unsigned long stretch;
	unsigned long longest;
};

static void stepper_irq_work(struct irq_work *work)
{
	struct stepper *st = container_of(work, struct stepper, work);

	st->astray += !in_hardirq();
	t_actor_step(&st->hardirq);
	tasklet_schedule(&st->tasklet);
}

static void stepper_tasklet(struct tasklet_struct *tasklet)
{
	struct stepper *st = from_tasklet(st, tasklet, tasklet);

	st->astray += !in_serving_softirq();
	t_actor_step(&st->softirq);
}

static void stepper_intrude(struct stepper *st)
{
	switch (t_random(&st->random) % 8) {
	case 0:
		irq_work_queue(&st->work);
		break;
	case 1:
	case 2:
		t_actor_step(&st->nmi);
	}
}

/* Once is the step's own; see step_on(). */
static bool is_stretch(struct stepper *st)
{
	return (preempt_count() & PREEMPT_MASK) > PREEMPT_OFFSET ||
	       raw_cpu_ptr(st->tc->cache->owner)->idle != 1;
}

static void stepper_look(struct stepper *st, struct pt_regs *regs)
{
	st->stretch = is_stretch(st) ? st->stretch + 1 : 0;
	st->longest = max(st->longest, st->stretch);
	st->steps++;
	st->astray += !in_nmi();
	st->irqs_off += !(regs->flags & X86_EFLAGS_IF);
	st->locked += *(const u8 *)regs->ip == 0xf0;
	if (st->intrude)
		stepper_intrude(st);
}

static int stepper_notify(struct notifier_block *notifier, unsigned long event,
			  void *data)
{
	struct stepper *st = container_of(notifier, struct stepper, notifier);
	struct die_args *args = data;
	unsigned long *dr6 = (unsigned long *)args->err;

	if (event != DIE_DEBUG || current != st->task || !(*dr6 & DR_STEP))
		return NOTIFY_DONE;
	stepper_look(st, args->regs);
	return NOTIFY_STOP;
}

static noinline void *stepped_get(struct objcache *cache)
{
	void *obj;

	step_on();
	obj = objcache_get(cache, GFP_ATOMIC);
	step_off();
	return obj;
}

static noinline void *stepped_try_get(struct objcache *cache)
{
	void *obj;

	step_on();
	obj = objcache_try_get(cache);
	step_off();
	return obj;
}

static noinline void stepped_put(struct objcache *cache, void *obj)
{
	step_on();
	objcache_put(cache, obj);
	step_off();
}

static noinline void stepped_discard(struct objcache *cache, void *obj)
{
	step_on();
	objcache_discard(cache, obj);
	step_off();
}

static void stepper_remove(void *p)
{
	struct stepper *st = p;

	unregister_die_notifier(&st->notifier);
	irq_work_sync(&st->work);
	tasklet_kill(&st->tasklet);
}

static struct stepper *stepper_create(struct kunit *test, struct tcache *tc)
{
	struct stepper *st = kunit_kzalloc(test, sizeof(*st), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, st);
	st->tc = tc;
	st->task = current;
	st->random = 1;
	st->notifier.notifier_call = stepper_notify;
	st->notifier.priority = INT_MAX;
	st->work = IRQ_WORK_INIT_HARD(stepper_irq_work);
	tasklet_setup(&st->tasklet, stepper_tasklet);
	t_actor_init(&st->nmi, tc, 2, GFP_NOWAIT);
	t_actor_init(&st->hardirq, tc, 3, 0);
	t_actor_init(&st->softirq, tc, 4, 0);
	t_on_cpu(test, 0);
	KUNIT_ASSERT_EQ(test, 0, register_die_notifier(&st->notifier));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, stepper_remove, st));
	return st;
}

static void stepper_end(struct stepper *st)
{
	struct kunit *test = st->tc->test;

	kunit_release_action(test, stepper_remove, st);
	KUNIT_EXPECT_EQ(test, st->astray, 0);
	t_actor_empty(&st->nmi);
	t_actor_empty(&st->hardirq);
	t_actor_empty(&st->softirq);
	t_expect_balanced(st->tc, 0);
}

/* The calls are the bare ones here, so the stamps are set around them. */
static unsigned int stepper_take(struct stepper *st, struct tobj **objs)
{
	unsigned int nr = 0, i;
	struct tobj *obj;

	for (i = 0; i < TAKEN_MAX; i++) {
		obj = i ? stepped_try_get(st->tc->cache) : stepped_get(st->tc->cache);
		if (obj && t_claim(st->tc, obj, 1))
			objs[nr++] = obj;
	}
	return nr;
}

static void stepper_give(struct stepper *st, struct tobj **objs, unsigned int nr)
{
	while (nr--) {
		t_release(st->tc, objs[nr], 1);
		if (t_random(&st->random) % 16)
			stepped_put(st->tc->cache, objs[nr]);
		else
			stepped_discard(st->tc->cache, objs[nr]);
	}
}

static void step_through(struct kunit *test, struct tcache *tc,
			 unsigned int capacity)
{
	struct stepper *st = stepper_create(test, tc);
	unsigned long end = jiffies + msecs_to_jiffies(2000);
	struct tobj *objs[TAKEN_MAX];
	unsigned int rounds, most = 0;

	objcache_prefill(tc->cache, 32, GFP_KERNEL);
	st->intrude = true;
	for (rounds = 0; time_before(jiffies, end) || rounds < 2; rounds++) {
		stepper_give(st, objs, stepper_take(st, objs));
		most = max(most, t_parked_on(tc, t_nth_cpu(0)));
		cond_resched();
	}
	st->intrude = false;
	stepper_end(st);
	kunit_info(test, "%u rounds, %lu instructions; %lu calls in NMI, %lu in hardirq, %lu in softirq; %llu nested",
		   rounds, st->steps, st->nmi.steps, st->hardirq.steps,
		   st->softirq.steps, t_stat(tc, nested));
	KUNIT_EXPECT_LE(test, most, capacity);
	KUNIT_EXPECT_GT(test, st->nmi.steps, 100);
	KUNIT_EXPECT_GT(test, st->hardirq.steps, 100);
	KUNIT_EXPECT_GT(test, st->softirq.steps, 0);
	KUNIT_EXPECT_GT(test, t_stat(tc, nested), 20);
	t_finish(tc);
}

static void s11_any_context_may_come_between_any_two_instructions(struct kunit *test)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "the step keeps preemption off");
	step_through(test, t_create_small(test, 0), 32);
}

/* With magazines of one object nearly every call leaves the hit path. */
static void s11_any_context_may_come_between_behind_the_hit_path(struct kunit *test)
{
	struct objcache_params params = {
		.batch = 1, .capacity = 6, .ops = &t_ops_reset,
	};

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "the step keeps preemption off");
	step_through(test, t_create(test, &params), params.capacity);
}

/* Nor is there a locked instruction. */
static void hits_with_interrupts_on(struct kunit *test, struct tcache *tc)
{
	struct stepper *st = stepper_create(test, tc);
	unsigned int i;
	void *obj;

	KUNIT_EXPECT_EQ(test, 2, objcache_prefill(tc->cache, 2, GFP_KERNEL));
	for (i = 0; i < 10; i++) {
		obj = i % 2 ? stepped_get(tc->cache) : stepped_try_get(tc->cache);
		KUNIT_ASSERT_NOT_NULL(test, obj);
		stepped_put(tc->cache, obj);
	}
	stepper_end(st);
	KUNIT_EXPECT_EQ(test, t_stat(tc, hits), 10);
	KUNIT_EXPECT_GT(test, st->steps, 10 * 20);
	KUNIT_EXPECT_EQ(test, st->irqs_off, 0);
	/* The reset here counts itself by one. */
	KUNIT_EXPECT_EQ(test, st->locked, atomic_read(&tc->resets));
	kunit_info(test, "%lu instructions for a get and a put", st->steps / 10);
	t_finish(tc);
}

static void s11_a_hit_never_has_interrupts_off(struct kunit *test)
{
	if (IS_ENABLED(CONFIG_KCSAN))
		kunit_skip(test, "KCSAN turns interrupts off itself");
	hits_with_interrupts_on(test, t_create_small(test, 0));
}

static void s11_a_put_that_resets_never_has_interrupts_off(struct kunit *test)
{
	struct objcache_params params = {
		.batch = 4, .capacity = 32, .ops = &t_ops_reset,
	};

	if (IS_ENABLED(CONFIG_KCSAN) || IS_ENABLED(CONFIG_LOCKDEP))
		kunit_skip(test, "KCSAN and lockdep turn interrupts off themselves");
	hits_with_interrupts_on(test, t_create(test, &params));
}

#define BULK	16U

/* What is between the two flags, in instructions. */
static unsigned long steps_of(struct stepper *st, void (*fn)(struct objcache *cache, void **objs),
			      void **objs)
{
	unsigned long before = st->steps;

	step_on();
	fn(st->tc->cache, objs);
	step_off();
	return st->steps - before;
}

static noinline void one_by_one(struct objcache *cache, void **objs)
{
	unsigned int i;

	for (i = 0; i < BULK; i++)
		objs[i] = objcache_try_get(cache);
	for (i = 0; i < BULK; i++)
		objcache_put(cache, objs[i]);
}

static noinline void all_at_once(struct objcache *cache, void **objs)
{
	objcache_get_bulk(cache, GFP_NOWAIT, BULK, objs);
	objcache_put_bulk(cache, BULK, objs);
}

/* A bulk call copies a part of a magazine, not one object after the other. */
static void a_bulk_call_takes_half_the_instructions_of_single_ones(struct kunit *test)
{
	/* All at once from one magazine: across several, each is a visit of its own. */
	struct objcache_params params = { .batch = 2 * BULK, .capacity = 4 * BULK };
	struct tcache *tc = t_create(test, &params);
	struct stepper *st = stepper_create(test, tc);
	unsigned long single, bulk;
	void *objs[BULK];

	if (IS_ENABLED(CONFIG_KASAN) || IS_ENABLED(CONFIG_KCSAN))
		kunit_skip(test, "the compiler has added to the instructions");
	KUNIT_EXPECT_EQ(test, BULK, objcache_prefill(tc->cache, BULK, GFP_KERNEL));
	single = steps_of(st, one_by_one, objs);
	bulk = steps_of(st, all_at_once, objs);
	stepper_end(st);
	kunit_info(test, "%lu instructions for %u gets and puts one by one, %lu in bulk",
		   single, BULK, bulk);
	KUNIT_EXPECT_EQ(test, t_stat(tc, fresh), 0);
	KUNIT_EXPECT_LT(test, bulk, single / 2);
	t_finish(tc);
}

#define AGED		100000U
#define AGED_BATCH	63U

/* Up to 100,000 objects in the rings of two CPUs, and full private parts. */
static struct tcache *create_to_age(struct kunit *test, unsigned int nr)
{
	struct objcache_params params = {
		.batch = AGED_BATCH, .capacity = AGED / 2 + 4 * AGED_BATCH,
	};
	struct tcache *tc = t_create(test, &params);
	unsigned int each = rounddown(nr / 2, AGED_BATCH) + 2 * AGED_BATCH, cpu;

	for (cpu = 2; cpu--; ) {
		t_on_cpu(test, cpu);
		KUNIT_EXPECT_EQ(test, each, objcache_prefill(tc->cache, each, GFP_KERNEL));
	}
	return tc;
}

/* The second step takes out what the first has made the aged generation. */
static unsigned long longest_stretch_of_a_step(struct kunit *test, unsigned int nr)
{
	struct tcache *tc = create_to_age(test, nr);
	struct stepper *st = stepper_create(test, tc);
	u64 shared = t_stat(tc, parked) - 4 * AGED_BATCH;

	/* Or we would wait for the depot's lock as long as the host has it stand still. */
	t_hold_keeper(tc->cache);
	objcache_age_step(to_core(tc->cache));
	step_on();
	objcache_age_step(to_core(tc->cache));
	step_off();
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 4 * AGED_BATCH);
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_out), shared);
	/* Which calls the keeper, held or not. */
	objcache_drain(tc->cache);
	stepper_end(st);
	t_finish(tc);
	return st->longest;
}

static void s06_no_cpu_is_held_up_longer_with_100000_parked(struct kunit *test)
{
	unsigned long few, full;

	if (IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP) || IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "the step keeps preemption off, which is noticed here");
	t_need_cpus(test, 2);
	few = longest_stretch_of_a_step(test, 2 * AGED_BATCH);
	full = longest_stretch_of_a_step(test, AGED);
	kunit_info(test, "at most %lu instructions in a row with preemption off or the owner refused, %lu with %u parked",
		   few, full, AGED);
	KUNIT_EXPECT_GT(test, few, 10);
	KUNIT_EXPECT_LE(test, full, 2 * few);
}

#else

static void s11_single_steps_need_x86(struct kunit *test)
{
	t_need_steps(test);
}

#endif /* T_STEPS */

static struct kunit_case step_cases[] = {
#ifdef T_STEPS
	KUNIT_CASE(s11_a_hit_never_has_interrupts_off),
	KUNIT_CASE(s11_a_put_that_resets_never_has_interrupts_off),
	KUNIT_CASE_SLOW(s06_no_cpu_is_held_up_longer_with_100000_parked),
	KUNIT_CASE(a_bulk_call_takes_half_the_instructions_of_single_ones),
	KUNIT_CASE_SLOW(s11_any_context_may_come_between_any_two_instructions),
	KUNIT_CASE_SLOW(s11_any_context_may_come_between_behind_the_hit_path),
#else
	KUNIT_CASE(s11_single_steps_need_x86),
#endif
	{}
};

static struct kunit_suite step_suite = {
	.name = "objcache_steps",
	.init = t_need_magazines,
	.test_cases = step_cases,
};

kunit_test_suite(step_suite);
