// SPDX-License-Identifier: GPL-2.0
/*
 * Finding an object, or making some
 *
 * The order of objcache_get(): private part, own ring, what was displaced on this
 * node, rings of the node's CPUs, its aged rings, the other nodes, what is on its
 * way out, a fresh object. Whatever is found is brought into the loaded magazine, a
 * magazine at a time; who has interrupted the owner goes the same way beside it.
 */
#include <linux/minmax.h>

#include "debug.h"
#include "find.h"

/* Made in one go at most; on the stack. */
#define OBJCACHE_MAKE_MAX	16U

static unsigned int objcache_found_mag(struct objcache_core *core,
				       struct objcache_search *s,
				       struct objcache_magazine *mag)
{
	if (!mag)
		return 0;
	s->mag = mag;
	return core->batch;
}

/* Of our own ring: the newest; or, having interrupted the owner, the oldest. */
static unsigned int objcache_find_own(struct objcache_core *core,
				      struct objcache_search *s)
{
	struct objcache_ring *ring = objcache_ring_of(s->c, false);
	struct objcache_magazine *mag;

	mag = s->owner ? objcache_ring_pop(ring, objcache_in_exchange(s)) :
			 objcache_ring_steal(ring, NULL);
	if (!mag)
		return 0;
	objcache_count_add(core, own_ring, core->batch);
	trace_objcache_refill(core->name, core->batch);
	return objcache_found_mag(core, s, mag);
}

static unsigned int objcache_find_stolen(struct objcache_core *core,
					 struct objcache_search *s,
					 struct objcache_node *n,
					 enum objcache_gens gens)
{
	return objcache_found_mag(core, s, objcache_steal(core, s, n, gens));
}

static unsigned int objcache_find_stored(struct objcache_core *core,
					 struct objcache_search *s,
					 struct objcache_node *n,
					 enum objcache_kind kind)
{
	unsigned int nr = objcache_depot_get(core, s, n, kind);

	if (nr)
		trace_objcache_refill(core->name, nr);
	return nr;
}

/* On the nodes after this one, and round: rings, and what is stored there. */
static unsigned int objcache_find_far(struct objcache_core *core,
				      struct objcache_search *s,
				      enum objcache_kind kind)
{
	int here = numa_node_id();
	unsigned int i, nr = 0;

	for (i = 1; !nr && i < nr_node_ids; i++) {
		struct objcache_node *n = core->node[(here + i) % nr_node_ids];

		if (n && kind == OBJCACHE_DISPLACED)
			nr = objcache_find_stolen(core, s, n, OBJCACHE_CURRENT |
							      OBJCACHE_AGED);
		if (n && !nr)
			nr = objcache_find_stored(core, s, n, kind);
	}
	return nr;
}

/* The order of objcache_get(), past the private part; how many are in @s->mag. */
static unsigned int objcache_find(struct objcache_core *core,
				  struct objcache_search *s)
{
	struct objcache_node *n = objcache_here(core);
	unsigned int nr;

	nr = objcache_find_own(core, s) ?:
	     objcache_find_stored(core, s, n, OBJCACHE_DISPLACED) ?:
	     objcache_find_stolen(core, s, n, OBJCACHE_CURRENT) ?:
	     objcache_find_stolen(core, s, n, OBJCACHE_AGED) ?:
	     objcache_find_far(core, s, OBJCACHE_DISPLACED);
	if (nr || !s->leaving)
		return nr;
	return objcache_find_stored(core, s, n, OBJCACHE_LEAVING) ?:
	       objcache_find_far(core, s, OBJCACHE_LEAVING);
}

/**
 * objcache_refill - bring something to a private part that has nothing
 * @core: the cache
 * @c: this CPU's part of it, owned
 * @leaving: whether to take back what is on its way out
 *
 * Return: where it came from.
 */
noinline enum objcache_found objcache_refill(struct objcache_core *core,
					     struct objcache_cpu *c,
					     bool leaving)
{
	struct objcache_search s = {
		.c = c, .owner = true, .leaving = leaving,
		.mag = c->loaded, .real = c->loaded,
		.room = c->loaded ? core->batch : 0,
	};
	unsigned int nr = objcache_find(core, &s);

	if (!nr)
		return OBJCACHE_NOTHING;
	objcache_load(core, c, s.mag, nr);
	return OBJCACHE_REFILLED;
}

/**
 * objcache_ready - is there something in the loaded magazine, or can there be?
 * @core: the cache
 * @c: this CPU's part of it, owned
 * @leaving: whether to take back what is on its way out
 *
 * Return: where it came from.
 */
enum objcache_found objcache_ready(struct objcache_core *core,
				   struct objcache_cpu *c, bool leaving)
{
	return objcache_look(core, c, leaving);
}

/**
 * objcache_single - one object beside the owner's magazines
 * @core: the cache
 * @owner: whether we own this CPU's part; if not, we have interrupted who does
 * @leaving: whether to take back what is on its way out
 *
 * What comes along with the object is displaced.
 *
 * Return: the object, or NULL.
 */
noinline void *objcache_single(struct objcache_core *core, bool owner,
			       bool leaving)
{
	void *one[2] = {};
	struct objcache_magazine *mag = (struct objcache_magazine *)one;
	struct objcache_search s = {
		.c = this_cpu_ptr(core->cpu), .owner = owner,
		.leaving = leaving, .mag = mag, .room = 1,
	};
	unsigned int nr = 0;
	void *obj;

	/* What comes along would be out of reach for good. */
	if (!(core->flags & OBJCACHE_NO_STEAL))
		nr = objcache_find(core, &s);
	if (!nr)
		return NULL;
	obj = s.mag->objs[0];
	if (nr > 1)
		objcache_leave(core, objcache_here(core), OBJCACHE_DISPLACED,
			       s.mag->objs + 1, nr - 1);
	if (s.mag != mag)
		objcache_depot_keep(core, objcache_here(core), s.mag);
	objcache_count(core, gets);
	return obj;
}

/**
 * objcache_keep_none - leave nothing private where nothing may be
 * @core: the cache, bounded
 *
 * After a get that may have brought more here than it took: see
 * objcache_check_limit(). If it was not on this CPU, or has interrupted an owner,
 * that is for others to see to.
 *
 * Context: Any, with preemption off since the get.
 */
void objcache_keep_none(struct objcache_core *core)
{
	struct objcache_cpu *c = objcache_enter(core);

	if (c && !READ_ONCE(c->own.limit) && !READ_ONCE(core->dead))
		objcache_part_leave(core, c, objcache_here(core),
				    OBJCACHE_DISPLACED);
	objcache_exit(c);
}

/**
 * objcache_get_parked - a parked object of a bounded cache
 * @core: the cache
 * @leaving: whether to take back what is on its way out
 *
 * In debug mode it is not yet handed to anybody: objcache_check_handed().
 *
 * Context: Any.
 * Return: the object, or NULL: at some moment during the call there was none, or
 * who has one tells those who wait when it is through.
 */
void *objcache_get_parked(struct objcache_core *core, bool leaving)
{
	void *obj;

	if (unlikely(core->checks))
		return objcache_check_oldest(core, false);
	preempt_disable();
	obj = objcache_parked(core, leaving);
	objcache_keep_none(core);
	preempt_enable();
	return obj;
}

/**
 * objcache_make_some - fresh objects: one for the caller, the rest for this CPU
 * @core: the cache
 * @gfp: of the get
 *
 * Return: the object, or NULL: try to make one alone.
 */
noinline void *objcache_make_some(struct objcache_core *core, gfp_t gfp)
{
	void *objs[OBJCACHE_MAKE_MAX];
	unsigned int nr, parked;

	nr = objcache_make_bulk(core, gfp, min(core->make_nr, OBJCACHE_MAKE_MAX),
				objs);
	if (!nr)
		return NULL;
	objcache_count_add(core, fresh, nr);
	trace_objcache_miss(core->name, nr);
	parked = 1 + objcache_park(core, objs + 1, nr - 1);
	if (parked < nr)
		objcache_leave(core, objcache_here(core), OBJCACHE_LEAVING,
			       objs + parked, nr - parked);
	return objs[0];
}
