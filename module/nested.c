// SPDX-License-Identifier: GPL-2.0
/*
 * The nested list: what a get or put does that interrupted the owner
 *
 * A list through the objects themselves. Any context of the CPU adds, anyone
 * takes the whole list; a bare pop would have ABA with several takers.
 */
#include <linux/llist.h>

#include "owner.h"
#include "trace.h"

static void objcache_nested_readd(struct objcache_cpu *c,
				  struct llist_node *first)
{
	struct llist_node *last = first;

	if (!first)
		return;
	while (last->next)
		last = last->next;
	llist_add_batch(first, last, &c->nested);
}

/**
 * objcache_nested_put - park an object beside the owner
 * @core: the cache
 * @c: this CPU's part of it
 * @obj: the object
 *
 * At most a magazine's worth, and within the capacity even if the owner that we
 * interrupted is just about to push one more magazine: hence the + 1.
 *
 * Context: Any, with preemption off.
 * Return: whether there was room.
 */
bool objcache_nested_put(struct objcache_core *core, struct objcache_cpu *c,
			 void *obj)
{
	unsigned int nr = atomic_inc_return(&c->nested_nr);
	unsigned int shared = objcache_shared(c) + 1;

	if (nr > core->batch || shared * core->batch + nr > core->shared_max) {
		atomic_dec(&c->nested_nr);
		return false;
	}
	llist_add(objcache_link(core, obj), &c->nested);
	return true;
}

/**
 * objcache_nested_take - take an object off the nested list
 * @core: the cache
 * @c: this CPU's part of it, or a dead one's
 *
 * Context: Any, with preemption off.
 * Return: the object, or NULL.
 */
void *objcache_nested_take(struct objcache_core *core, struct objcache_cpu *c)
{
	/* The whole list: with several takers a bare pop would have ABA. */
	struct llist_node *first = llist_del_all(&c->nested);

	if (!first)
		return NULL;
	objcache_nested_readd(c, first->next);
	atomic_dec(&c->nested_nr);
	return objcache_of_link(core, first);
}

/**
 * objcache_fold - bring in what interrupts have put meanwhile
 * @core: the cache
 * @c: the CPU's part of it, owned, its loaded magazine empty
 *
 * Return: whether something is loaded now.
 */
bool objcache_fold(struct objcache_core *core, struct objcache_cpu *c)
{
	struct llist_node *node;
	void **top = c->own.top;
	void **end = top + objcache_room(core, c);

	if (llist_empty(&c->nested))
		return false;
	node = llist_del_all(&c->nested);
	while (node && top < end) {
		struct llist_node *next = node->next;

		*top++ = objcache_of_link(core, node);
		node = next;
	}
	objcache_nested_readd(c, node);
	atomic_sub(top - c->own.top, &c->nested_nr);
	objcache_set_top(c, top);
	return objcache_loaded(c);
}

/**
 * objcache_nested_get - a parked object, without the owner's magazines
 * @core: the cache
 * @c: this CPU's part of it
 *
 * Unpacks a claimed magazine onto the nested list, and leaves that same
 * magazine in the slot.
 *
 * Context: Any, with preemption off.
 * Return: the object, or NULL.
 */
void *objcache_nested_get(struct objcache_core *core, struct objcache_cpu *c)
{
	struct objcache_magazine *mag;
	unsigned long *slot;
	unsigned int i;
	void *obj;

	obj = objcache_nested_take(core, c);
	if (obj)
		return obj;
	mag = objcache_ring_claim(objcache_ring_of(c, false), &slot);
	if (mag) {
		this_cpu_add(core->cpu->count.own_ring, core->batch);
		trace_objcache_refill(core->name, core->batch);
	} else {
		mag = objcache_rob(core, &slot);
	}
	if (!mag)
		return NULL;
	obj = mag->objs[0];
	for (i = 1; i < core->batch; i++) {
		if (!objcache_nested_put(core, c, mag->objs[i])) {
			this_cpu_add(core->cpu->count.overflow, core->batch - i);
			objcache_release(core, &mag->objs[i], core->batch - i);
			break;
		}
	}
	this_cpu_add(core->cpu->count.refilled, core->batch - 1);
	objcache_ring_return(slot, mag);
	return obj;
}
