// SPDX-License-Identifier: GPL-2.0
/*
 * Dealing out what there is to those who wait for it, in order
 *
 * In an irq_work, because what has come may have been put under any lock, the run
 * queue's too, or in an NMI.
 */
#include <linux/sched.h>

#include "core.h"

/* Under the lock. */
static void objcache_hand_over(struct objcache_core *core,
			       struct objcache_waiter *w, void *obj)
{
	objcache_leave_line(core, w);
	atomic_set(&core->overtaken, 0);
	w->obj = obj;
	WRITE_ONCE(w->dealt, true);
	wake_up_process(w->task);
}

/* The first of those who would make one, or of those who have just failed to. */
static struct objcache_waiter *objcache_first(struct objcache_core *core,
					      bool would_make)
{
	struct rb_node *node = rb_first_cached(&core->waiters[would_make]);

	return rb_entry_safe(node, struct objcache_waiter, node);
}

static struct objcache_waiter *objcache_first_of_all(struct objcache_core *core)
{
	struct objcache_waiter *maker = objcache_first(core, true);
	struct objcache_waiter *other = objcache_first(core, false);

	if (!maker || !other)
		return maker ?: other;
	return maker->ticket < other->ticket ? maker : other;
}

/* Under the lock: something for somebody, if there is something and somebody. */
static bool objcache_deal_one(struct objcache_core *core)
{
	struct objcache_waiter *w = objcache_first_of_all(core);
	void *obj;

	if (!w)
		return false;
	obj = objcache_get_parked(core, true);
	if (!obj) {
		w = objcache_first(core, true);
		if (!w || objcache_backlogged(core) ||
		    !objcache_reserve(core, 1))
			return false;
	}
	objcache_hand_over(core, w, obj);
	return true;
}

static void objcache_deal(struct irq_work *work)
{
	struct objcache_core *core = container_of(work, struct objcache_core,
						  deal);
	/* In debug mode each is compared with what it was, with interrupts off here. */
	unsigned int left = core->checks ? 1 : OBJCACHE_HANDFUL;
	unsigned long flags;

	raw_spin_lock_irqsave(&core->wait_lock, flags);
	while (left && objcache_deal_one(core))
		left--;
	raw_spin_unlock_irqrestore(&core->wait_lock, flags);
	/* Others want to come, too. */
	if (!left)
		objcache_call_dealer(core);
}

/**
 * objcache_deal_init - have somebody deal in a cache
 * @core: the cache
 */
void objcache_deal_init(struct objcache_core *core)
{
	/* Hard on PREEMPT_RT too: as for the keeper. */
	core->deal = IRQ_WORK_INIT_HARD(objcache_deal);
}
