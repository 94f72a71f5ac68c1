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
	list_del(&w->entry);
	WRITE_ONCE(core->waiting, core->waiting - 1);
	w->obj = obj;
	WRITE_ONCE(w->dealt, true);
	wake_up_process(w->task);
}

/* The first who would make one; who has just failed to would not. */
static struct objcache_waiter *objcache_maker(struct objcache_core *core)
{
	struct objcache_waiter *w;

	list_for_each_entry(w, &core->waiters, entry)
		if (w->would_make)
			return w;
	return NULL;
}

/* Under the lock: something for somebody, if there is something and somebody. */
static bool objcache_deal_one(struct objcache_core *core)
{
	struct objcache_waiter *w;
	void *obj;

	w = list_first_entry_or_null(&core->waiters, struct objcache_waiter,
				     entry);
	if (!w)
		return false;
	obj = objcache_get_parked(core, true);
	if (!obj) {
		w = objcache_maker(core);
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
	unsigned int left = OBJCACHE_HANDFUL;
	unsigned long flags;

	raw_spin_lock_irqsave(&core->wait_lock, flags);
	while (left && objcache_deal_one(core))
		left--;
	raw_spin_unlock_irqrestore(&core->wait_lock, flags);
	/* Others want to come, too. */
	if (!left)
		irq_work_queue(&core->deal);
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
