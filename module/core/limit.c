// SPDX-License-Identifier: GPL-2.0
/*
 * How many objects there are, in a cache that has a bound on that
 *
 * What exists is counted by reservation: one is made before the memory is asked for,
 * and given back when the memory has gone, or none was to be had. So there are never
 * more objects than reservations, and never more of those than max_objects, whoever
 * makes them, and where.
 *
 * What stays is what nobody has yet decided to unmake. That is decided here, one
 * object at a time, and never below min_objects; an object that must not be handed
 * out again and may not go is made anew in the same memory. If that fails, the memory
 * is spare: it has its reservation, and who makes an object takes it first.
 */
#include <linux/atomic.h>
#include <linux/minmax.h>

#include "core.h"

/**
 * objcache_reserve - may so many objects be made?
 * @core: the cache
 * @nr: how many are wanted
 *
 * Context: Any.
 * Return: how many may be; each is made, or unreserved.
 */
unsigned int objcache_reserve(struct objcache_core *core, unsigned int nr)
{
	int exist, more;

	if (!core->bounded)
		return nr;
	exist = atomic_read(&core->exist);
	do {
		more = min_t(int, nr, core->exist_max - exist);
		if (more <= 0)
			return 0;
	} while (!atomic_try_cmpxchg(&core->exist, &exist, exist + more));
	return more;
}

/**
 * objcache_unreserve - objects are gone, or have not come to be
 * @core: the cache
 * @nr: how many
 *
 * Context: Any.
 */
void objcache_unreserve(struct objcache_core *core, unsigned int nr)
{
	if (!core->bounded)
		return;
	atomic_sub(nr, &core->exist);
	objcache_tell_waiters(core);
}

/**
 * objcache_let_go - may so many objects be unmade?
 * @core: the cache
 * @nr: how many
 *
 * Context: Any.
 * Return: how many may be, and then are.
 */
unsigned int objcache_let_go(struct objcache_core *core, unsigned int nr)
{
	int stay, less;

	if (!READ_ONCE(core->min_objects))
		return nr;
	stay = atomic_read(&core->stay);
	do {
		less = min_t(int, nr, stay - READ_ONCE(core->min_objects));
		if (less <= 0)
			return 0;
	} while (!atomic_try_cmpxchg(&core->stay, &stay, stay - less));
	return less;
}

/**
 * objcache_beyond_min - objects above the minimum, in use or not
 * @core: the cache
 *
 * Return: how many: so many may be released at most.
 */
unsigned long objcache_beyond_min(struct objcache_core *core)
{
	int min = READ_ONCE(core->min_objects);

	if (!min)
		return ULONG_MAX;
	return max(atomic_read(&core->stay) - min, 0);
}

/**
 * objcache_below_min - are there fewer objects than there have to be?
 * @core: the cache
 *
 * Only where some were withdrawn, in debug mode: all else goes by objcache_let_go().
 *
 * Context: Any.
 * Return: whether.
 */
bool objcache_below_min(struct objcache_core *core)
{
	int min = READ_ONCE(core->min_objects);

	return atomic_read(&core->stay) < min;
}

/* ---- spare memory ---- */

/**
 * objcache_spare_add - keep the memory of an object that is none any more
 * @core: the cache
 * @obj: destructed, and not constructed
 *
 * Context: Any.
 */
void objcache_spare_add(struct objcache_core *core, void *obj)
{
	llist_add(objcache_link(core, obj), &core->spare);
}

/**
 * objcache_spare_take - memory for an object, already reserved
 * @core: the cache
 *
 * Tries only: a probe can come while this very CPU holds the lock.
 *
 * Context: Any but NMI.
 * Return: that, or NULL if there is none, or somebody else takes some right now.
 */
void *objcache_spare_take(struct objcache_core *core)
{
	struct llist_node *node;
	unsigned long flags;

	if (llist_empty(&core->spare) ||
	    !raw_spin_trylock_irqsave(&core->spare_lock, flags))
		return NULL;
	node = llist_del_first(&core->spare);
	raw_spin_unlock_irqrestore(&core->spare_lock, flags);
	return node ? objcache_of_link(core, node) : NULL;
}

/**
 * objcache_limit_init - the bounds of a cache without objects
 * @core: the cache, its parameters set
 */
void objcache_limit_init(struct objcache_core *core)
{
	const struct objcache_params *p = &core->params;

	core->bounded = p->max_objects || p->min_objects;
	core->exist_max = p->max_objects ?: INT_MAX;
	core->min_objects = p->min_objects;
	init_llist_head(&core->spare);
	raw_spin_lock_init(&core->spare_lock);
	raw_spin_lock_init(&core->wait_lock);
	core->waiters[false] = RB_ROOT_CACHED;
	core->waiters[true] = RB_ROOT_CACHED;
}
