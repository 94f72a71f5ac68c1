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

/*
 * Room for @nr more objects, before they come: within the capacity even if the
 * owner that we interrupted is just about to push a magazine.
 */
static bool objcache_nested_reserve(struct objcache_core *core,
				    struct objcache_cpu *c, unsigned int nr)
{
	unsigned int nested = atomic_add_return(nr, &c->nested_nr);
	unsigned int shared = objcache_shared(c) + READ_ONCE(c->pushing);

	if (shared * core->batch + nested <= core->shared_max)
		return true;
	atomic_sub(nr, &c->nested_nr);
	return false;
}

/**
 * objcache_nested_put - park an object beside the owner
 * @core: the cache
 * @c: this CPU's part of it
 * @obj: the object
 *
 * At most a magazine's worth, which the owner folds in.
 *
 * Context: Any, with preemption off.
 * Return: whether there was room.
 */
bool objcache_nested_put(struct objcache_core *core, struct objcache_cpu *c,
			 void *obj)
{
	if (atomic_read(&c->nested_nr) >= core->batch ||
	    !objcache_nested_reserve(core, c, 1))
		return false;
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

/* All but the first object of a claimed magazine, for which there is room. */
static void *objcache_unpack(struct objcache_core *core, struct objcache_cpu *c,
			     struct objcache_magazine *mag)
{
	unsigned int i;

	for (i = 1; i < core->batch; i++)
		llist_add(objcache_link(core, mag->objs[i]), &c->nested);
	return mag->objs[0];
}

/*
 * Room for what comes along with the object is reserved first. In exchange for
 * a magazine of our own ring there always is; others' are left alone without.
 */
static struct objcache_magazine *
objcache_nested_claim(struct objcache_core *core, struct objcache_cpu *c,
		      unsigned long **slot)
{
	struct objcache_magazine *mag;

	atomic_add(core->batch - 1, &c->nested_nr);
	mag = objcache_ring_claim(objcache_ring_of(c, false), slot);
	if (mag) {
		this_cpu_add(core->cpu->count.own_ring, core->batch);
		trace_objcache_refill(core->name, core->batch);
		return mag;
	}
	atomic_sub(core->batch - 1, &c->nested_nr);
	if (!objcache_nested_reserve(core, c, core->batch - 1))
		return NULL;
	mag = objcache_rob(core, NULL, slot);
	if (!mag)
		atomic_sub(core->batch - 1, &c->nested_nr);
	return mag;
}

/**
 * objcache_nested_get - a parked object, without the owner's magazines
 * @core: the cache
 * @c: this CPU's part of it
 *
 * Unpacks a claimed magazine onto the nested list, and leaves that same
 * magazine in the slot. Of its own ring it takes the oldest magazine: the head
 * is the owner's.
 *
 * Context: Any, with preemption off.
 * Return: the object, or NULL.
 */
void *objcache_nested_get(struct objcache_core *core, struct objcache_cpu *c)
{
	struct objcache_magazine *mag;
	unsigned long *slot;
	void *obj;

	obj = objcache_nested_take(core, c);
	if (obj)
		return obj;
	mag = objcache_nested_claim(core, c, &slot);
	if (!mag)
		return NULL;
	obj = objcache_unpack(core, c, mag);
	objcache_ring_return(slot, mag);
	return obj;
}
