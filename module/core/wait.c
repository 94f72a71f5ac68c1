// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for an object, where no more may be made, or none can be
 *
 * Who waits is in a queue, first come first served. Objects are dealt to it by deal.c:
 * a waiter is handed one, or the right to make one, and has nothing to look for
 * itself; so nobody who comes later is served before.
 *
 * Nobody waits while an object lies parked anywhere. For that each put has to notice
 * that somebody waits: every CPU's limit is taken away, so that no put is a hit, and
 * what is private to a CPU already is brought out, by an interrupt. Then whatever
 * puts an object into any shared place, or ends one, looks for waiters afterwards:
 * objcache_tell_waiters(). The first in the queue does all that, with preemption off,
 * so that nobody behind it depends on when it runs again. When the last one has gone,
 * each CPU gets its limit back with its next put.
 */
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include "core.h"

/* As mempool_alloc(): it may be memory that comes back, and not an object. */
#define OBJCACHE_RETRY_JIFFIES	(5 * HZ)

/**
 * objcache_may_wait_for_one - may a get wait for an object?
 * @core: the cache, bounded
 * @gfp: of the get
 *
 * Context: Any.
 * Return: whether it may.
 */
bool objcache_may_wait_for_one(struct objcache_core *core, gfp_t gfp)
{
	if (!(current_gfp_context(gfp) & __GFP_DIRECT_RECLAIM))
		return false;
	/* What would end the wait may be waiting for it. */
	if (objcache_in_own_dtor(core))
		return false;
	/* As in the page allocator: who must not fail does not for these. */
	if (core->min_objects || gfp & __GFP_NOFAIL)
		return true;
	return !(gfp & (__GFP_NORETRY | __GFP_RETRY_MAYFAIL));
}

static bool objcache_came_before(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct objcache_waiter, node)->ticket <
	       rb_entry(b, struct objcache_waiter, node)->ticket;
}

/*
 * Under the lock. Who has tried to make one, told to or after its time, and could not,
 * has not lost its place; nor has another one that comes back after it. So it is a
 * tree: with interrupts off nobody walks past all those that wait.
 */
static void objcache_line_up(struct objcache_core *core,
			     struct objcache_waiter *w)
{
	if (!w->ticket) {
		w->ticket = ++core->tickets;
		if (!core->waiting)
			atomic_set(&core->overtaken, 0);
	}
	rb_add_cached(&w->node, &core->waiters[w->would_make],
		      objcache_came_before);
	WRITE_ONCE(core->waiting, core->waiting + 1);
}

/**
 * objcache_leave_line - wait no longer
 * @core: the cache, its wait_lock held
 * @w: the waiter
 */
void objcache_leave_line(struct objcache_core *core, struct objcache_waiter *w)
{
	rb_erase_cached(&w->node, &core->waiters[w->would_make]);
	WRITE_ONCE(core->waiting, core->waiting - 1);
}

/*
 * With preemption off all through: who comes behind us need not bring out anything,
 * and does not wait for us to be run again.
 */
static void objcache_queue_up(struct objcache_core *core,
			      struct objcache_waiter *w)
{
	unsigned long flags;
	bool first;

	w->task = current;
	w->dealt = false;
	w->obj = NULL;
	preempt_disable();
	raw_spin_lock_irqsave(&core->wait_lock, flags);
	first = !core->waiting;
	objcache_line_up(core, w);
	raw_spin_unlock_irqrestore(&core->wait_lock, flags);
	/*
	 * That we wait before all looks for an object: pairs with the barriers in
	 * objcache_check_limit() and objcache_tell_waiters().
	 */
	smp_mb();
	if (first)
		objcache_bring_out(core);
	irq_work_queue(&core->deal);
	preempt_enable();
}

/* Whoever dealt to us is through with @w when this returns. */
static void objcache_step_out(struct objcache_core *core,
			      struct objcache_waiter *w)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&core->wait_lock, flags);
	if (!w->dealt)
		objcache_leave_line(core, w);
	raw_spin_unlock_irqrestore(&core->wait_lock, flags);
}

static void objcache_sleep(struct objcache_waiter *w, unsigned int state,
			   long timeout)
{
	for (;;) {
		set_current_state(state);
		if (READ_ONCE(w->dealt) || !timeout ||
		    signal_pending_state(state, current))
			break;
		timeout = schedule_timeout(timeout);
	}
	__set_current_state(TASK_RUNNING);
}

/**
 * objcache_wait - wait for an object, or for the right to make one
 * @core: the cache, bounded
 * @w: the waiter; its ticket, if it was one before, and whether it would make one, is set
 * @gfp: of the get
 *
 * Waits for a put, for an object's end or for a making that failed, on whichever CPU.
 * With a minimum it is over after five seconds, to try again.
 *
 * Context: Process context, sleeps.
 * Return: what has come of it.
 */
enum objcache_dealt objcache_wait(struct objcache_core *core,
				  struct objcache_waiter *w, gfp_t gfp)
{
	bool sure = core->min_objects;

	objcache_count(core, limit_waits);
	objcache_queue_up(core, w);
	objcache_sleep(w, sure || gfp & __GFP_NOFAIL ? TASK_UNINTERRUPTIBLE :
						       TASK_KILLABLE,
		       sure ? OBJCACHE_RETRY_JIFFIES : MAX_SCHEDULE_TIMEOUT);
	objcache_step_out(core, w);
	if (!w->dealt)
		return sure ? OBJCACHE_TRY_AGAIN : OBJCACHE_KILLED;
	return w->obj ? OBJCACHE_AN_OBJECT : OBJCACHE_A_MAKING;
}
