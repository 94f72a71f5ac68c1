// SPDX-License-Identifier: GPL-2.0
/*
 * Having something done later: the caches' workqueues, and how to reach them from
 * any context
 *
 * Keepers have a workqueue of their own, because they run destructors, which may
 * take long; whatever else a cache has to do must not wait for those.
 */
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/rcupdate.h>

#include "context.h"
#include "core.h"

/* Between two looks at a depot: long beside a burst, short beside an age step. */
#define OBJCACHE_LOOK_MS	500

static struct workqueue_struct *objcache_keepers;
static struct workqueue_struct *objcache_wq;

/*
 * A timer that was armed on an isolated CPU would come there, and the step with it;
 * or not at all, as it wakes no idle CPU.
 */
static int objcache_timer_cpu(void)
{
	int cpu;

	if (likely(!objcache_cpu_is_isolated(smp_processor_id())))
		return WORK_CPU_UNBOUND;
	for_each_online_cpu(cpu)
		if (!objcache_cpu_is_isolated(cpu))
			return cpu;
	return WORK_CPU_UNBOUND;
}

static void objcache_queue_delayed(struct workqueue_struct *wq,
				   struct delayed_work *work, unsigned int ms)
{
	/* The CPU stays online; and in 7.3 cpusets replace the masks after a grace period. */
	rcu_read_lock();
	preempt_disable();
	queue_delayed_work_on(objcache_timer_cpu(), wq, work,
			      msecs_to_jiffies(ms));
	preempt_enable();
	rcu_read_unlock();
}

/**
 * objcache_call_keeper - queue the keeper, as its bits say
 * @core: the cache
 *
 * Context: Any in which queue_work() is legal.
 */
void objcache_call_keeper(struct objcache_core *core)
{
	if (test_bit(OBJCACHE_DUE_NOW, &core->due))
		mod_delayed_work(core->keepers, &core->keeper, 0);
	else
		objcache_queue_delayed(core->keepers, &core->keeper,
				       OBJCACHE_LOOK_MS);
}

static void objcache_kicked(struct irq_work *kick)
{
	objcache_call_keeper(container_of(kick, struct objcache_core, kick));
}

/**
 * objcache_want - have the keeper come
 * @core: the cache
 * @due: why
 *
 * What the caller has done before is seen by the keeper. Queueing wakes a task,
 * which is too much under a raw lock: there an irq_work does it.
 *
 * Context: Any.
 */
void objcache_want(struct objcache_core *core, enum objcache_due due)
{
	bool direct = objcache_may_call_slab();

	/* Who has set the bit calls: nobody else will, so it must not be put off. */
	preempt_disable();
	if (!objcache_runs_irq_work())
		goto out;
	/* A full barrier: pairs with the one in objcache_keep(). */
	if (test_and_set_bit(due, &core->due))
		goto out;
	if (direct)
		objcache_call_keeper(core);
	else
		irq_work_queue(&core->kick);
out:
	preempt_enable();
}

/**
 * objcache_call_dealer - have somebody deal to those who wait
 * @core: the cache, bounded
 *
 * Context: Any.
 */
void objcache_call_dealer(struct objcache_core *core)
{
	preempt_disable();
	if (objcache_runs_irq_work())
		irq_work_queue(&core->deal);
	preempt_enable();
}

/**
 * objcache_queue_work - have something done soon that runs no destructor
 * @work: what
 *
 * Context: Any in which queue_work() is legal.
 */
void objcache_queue_work(struct work_struct *work)
{
	queue_work(objcache_wq, work);
}

/**
 * objcache_queue_timer - the same, later; if it is not due already
 * @timer: what
 * @ms: when, in milliseconds
 *
 * Context: Any in which queue_work() is legal.
 */
void objcache_queue_timer(struct delayed_work *timer, unsigned int ms)
{
	objcache_queue_delayed(objcache_wq, timer, ms);
}

/**
 * objcache_hurry_timer - the same at once, whenever it is due
 * @timer: what
 *
 * Context: Any in which queue_work() is legal.
 */
void objcache_hurry_timer(struct delayed_work *timer)
{
	mod_delayed_work(objcache_wq, timer, 0);
}

/**
 * objcache_kick_init - make a cache's keeper reachable
 * @core: the cache
 */
void objcache_kick_init(struct objcache_core *core)
{
	/* Hard on PREEMPT_RT too: the thread that runs others goes with its CPU. */
	core->kick = IRQ_WORK_INIT_HARD(objcache_kicked);
	core->keepers = objcache_keepers;
}

/**
 * objcache_kick_own - give a cache's keeper a workqueue, and so a rescuer, of its own
 * @core: the cache, with a minimum
 *
 * The others' may sit in another cache's destructor, which waits for what waits for
 * us.
 *
 * Context: Process context, may sleep.
 * Return: 0 or -ENOMEM.
 */
int objcache_kick_own(struct objcache_core *core)
{
	struct workqueue_struct *own;

	/* Longer names are cut off, with a line in the log. */
	own = alloc_workqueue("objcache-%.14s", WQ_MEM_RECLAIM | WQ_UNBOUND, 1,
			      core->name);
	if (!own)
		return -ENOMEM;
	core->keepers = own;
	return 0;
}

/**
 * objcache_kick_exit - it goes again, if it has one
 * @core: the cache, whose keeper does not come any more
 */
void objcache_kick_exit(struct objcache_core *core)
{
	if (core->keepers != objcache_keepers)
		destroy_workqueue(core->keepers);
}

/**
 * objcache_kick_start - the workqueues of all caches
 *
 * Return: 0 or -ENOMEM.
 */
int objcache_kick_start(void)
{
	objcache_keepers = alloc_workqueue("objcache_keep",
					   WQ_MEM_RECLAIM | WQ_UNBOUND,
					   WQ_MAX_ACTIVE);
	if (!objcache_keepers)
		return -ENOMEM;
	objcache_wq = alloc_workqueue("objcache", WQ_MEM_RECLAIM | WQ_UNBOUND,
				      WQ_MAX_ACTIVE);
	if (objcache_wq)
		return 0;
	destroy_workqueue(objcache_keepers);
	return -ENOMEM;
}

/**
 * objcache_kick_stop - they end; no cache is left
 */
void objcache_kick_stop(void)
{
	destroy_workqueue(objcache_wq);
	destroy_workqueue(objcache_keepers);
}
