// SPDX-License-Identifier: GPL-2.0
/*
 * S11, all contexts at once: on each CPU a thread, the interrupts that it and other
 * CPUs send it, a timer's, the tasklet that these raise, and the NMIs that all of
 * them run into
 */

#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/smp.h>

#include "actors.h"
#include "contexts.h"
#include "../module/compat.h"

/* A CPU, and who acts there. */
struct place {
	struct t_actor task;
	struct t_actor hardirq;
	struct t_actor softirq;
	struct t_actor nmi;
	struct tasklet_struct tasklet;
	struct irq_work work;
	struct hrtimer timer;
	unsigned long works;
	unsigned long ticks;
};

struct storm {
	unsigned int nr;
	struct place places[];
};

static struct place *place_here(struct storm *storm)
{
	unsigned int cpu = raw_smp_processor_id();
	unsigned int i;

	for (i = 0; i < storm->nr - 1; i++)
		if (storm->places[i].task.who >> 8 == cpu + 1)
			break;
	return &storm->places[i];
}

static void maybe_nmi(struct t_actor *actor)
{
	if (!(t_random(&actor->random) % 4))
		t_nmi_point();
}

static void storm_nmi(void *data)
{
	t_actor_step(&place_here(data)->nmi);
}

static void storm_softirq(struct tasklet_struct *tasklet)
{
	struct place *place = from_tasklet(place, tasklet, tasklet);

	t_actor_step(&place->softirq);
	maybe_nmi(&place->softirq);
	t_actor_step(&place->softirq);
}

static void storm_hardirq(struct place *place, bool may_raise)
{
	t_actor_step(&place->hardirq);
	maybe_nmi(&place->hardirq);
	if (may_raise && t_random(&place->hardirq.random) % 2)
		tasklet_schedule(&place->tasklet);
	t_actor_step(&place->hardirq);
}

static void storm_irq_work(struct irq_work *work)
{
	struct place *place = container_of(work, struct place, work);

	WRITE_ONCE(place->works, place->works + 1);
	storm_hardirq(place, true);
}

#define STORM_TICK	ns_to_ktime(300 * NSEC_PER_USEC)

static enum hrtimer_restart storm_tick(struct hrtimer *timer)
{
	struct place *place = container_of(timer, struct place, timer);

	WRITE_ONCE(place->ticks, place->ticks + 1);
	storm_hardirq(place, true);
	hrtimer_forward_now(timer, STORM_TICK);
	return HRTIMER_RESTART;
}

/* On PREEMPT_RT no function that another CPU has one call may raise a softirq. */
static void storm_ipi(void *data)
{
	storm_hardirq(place_here(data), !IS_ENABLED(CONFIG_PREEMPT_RT));
}

static void storm_thread(struct t_thread *thread)
{
	struct storm *storm = thread->crew->data;
	struct place *place = &storm->places[thread->index];
	unsigned int hop, i;

	hrtimer_start(&place->timer, STORM_TICK, HRTIMER_MODE_REL_PINNED_HARD);
	while (!t_crew_stopping(thread->crew)) {
		for (i = 0; i < 20; i++) {
			if (t_random(&place->task.random) % 2)
				irq_work_queue(&place->work);
			t_actor_step(&place->task);
			maybe_nmi(&place->task);
		}
		hop = 1 + t_random(&place->task.random) % (storm->nr - 1);
		smp_call_function_single(t_nth_cpu(thread->index + hop),
					 storm_ipi, storm, true);
		cond_resched();
	}
	hrtimer_cancel(&place->timer);
}

static void storm_settle(void *data)
{
	struct storm *storm = data;
	unsigned int i;

	for (i = 0; i < storm->nr; i++) {
		hrtimer_cancel(&storm->places[i].timer);
		irq_work_sync(&storm->places[i].work);
		tasklet_kill(&storm->places[i].tasklet);
	}
}

static void storm_place(struct storm *storm, struct tcache *tc, unsigned int i)
{
	struct place *place = &storm->places[i];
	u32 who = (t_nth_cpu(i) + 1) << 8;

	place->work = IRQ_WORK_INIT_HARD(storm_irq_work);
	objcache_hrtimer_setup(&place->timer, storm_tick, HRTIMER_MODE_REL_PINNED_HARD);
	t_actor_init(&place->task, tc, who, GFP_KERNEL);
	t_actor_init(&place->hardirq, tc, who + 1, T_HARD_GFP);
	t_actor_init(&place->softirq, tc, who + 2, T_HARD_GFP);
	t_actor_init(&place->nmi, tc, who + 3, GFP_NOWAIT);
	place->task.may_bulk = true;
	tasklet_setup(&place->tasklet, storm_softirq);
}

static struct storm *storm_create(struct kunit *test, struct tcache *tc)
{
	unsigned int i, nr = num_online_cpus();
	struct storm *storm;

	storm = kunit_kzalloc(test, struct_size(storm, places, nr), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, storm);
	storm->nr = nr;
	for (i = 0; i < nr; i++)
		storm_place(storm, tc, i);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, storm_settle, storm));
	return storm;
}

/* On each CPU, in each context. */
static bool storm_was_everywhere(struct storm *storm)
{
	unsigned int i;

	for (i = 0; i < storm->nr; i++) {
		struct place *place = &storm->places[i];

		if (!READ_ONCE(place->task.steps) || !READ_ONCE(place->works) ||
		    !READ_ONCE(place->ticks) || !READ_ONCE(place->softirq.steps) ||
		    !READ_ONCE(place->nmi.steps))
			return false;
	}
	return true;
}

static void storm_end(struct storm *storm)
{
	struct place *place;
	unsigned int i;

	storm_settle(storm);
	for (i = 0; i < storm->nr; i++) {
		place = &storm->places[i];
		t_actor_empty(&place->task);
		t_actor_empty(&place->hardirq);
		t_actor_empty(&place->softirq);
		t_actor_empty(&place->nmi);
	}
}

static void storm_with(struct kunit *test, struct tcache *tc)
{
	struct storm *storm;
	struct t_crew *crew;

	t_need_cpus(test, 2);
	t_need_nmi(test);
	storm = storm_create(test, tc);
	t_nmi_arm(storm_nmi, storm);
	crew = t_crew_create(test, num_online_cpus(), storm_thread, storm);
	KUNIT_EXPECT_TRUE(test, t_crew_run(crew, 1500, storm_was_everywhere(storm)));
	storm_end(storm);
	t_expect_balanced(tc, 0);
	kunit_info(test, "%llu nested calls", t_stat(tc, nested));
	t_finish(tc);
}

static void s11_all_contexts_at_once_share_a_cache(struct kunit *test)
{
	storm_with(test, t_create_small(test, 0));
}

static void s11_all_contexts_at_once_share_a_tiny_cache(struct kunit *test)
{
	struct objcache_params params = {
		.batch = 1, .capacity = 4, .ops = &t_ops_reset,
	};

	storm_with(test, t_create(test, &params));
}

static struct kunit_case context_storm_cases[] = {
	KUNIT_CASE_SLOW(s11_all_contexts_at_once_share_a_cache),
	KUNIT_CASE_SLOW(s11_all_contexts_at_once_share_a_tiny_cache),
	{}
};

static struct kunit_suite context_storm_suite = {
	.name = "objcache_context_storm",
	.test_cases = context_storm_cases,
};

kunit_test_suite(context_storm_suite);
