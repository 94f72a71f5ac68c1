// SPDX-License-Identifier: GPL-2.0
/*
 * Parking: where a put finds room when the loaded magazine is full
 *
 * The spare goes to the ring, the loaded magazine becomes the spare, and an
 * empty one is loaded: the one that a thief left in the ring's slot, or a new
 * one; what interrupts have linked meanwhile is folded into it. Memory is taken
 * and given back outside the owner section only.
 */
#include <linux/minmax.h>
#include <linux/string.h>

#include "owner.h"
#include "trace.h"

/* The spare is above the capacity: to the depot, else out. False: @p->full. */
static bool objcache_overflow(struct objcache_core *core,
			      struct objcache_cpu *c,
			      struct objcache_parking *p,
			      struct objcache_magazine **empty)
{
	p->full = p->keep;
	if (p->full)
		return false;
	if (!objcache_depot_give(core, c->spare, empty, &p->start)) {
		p->full = p->overflow;
		if (p->full)
			return false;
		p->overflow = c->spare;
	}
	data_race(c->owned.overflow += core->batch); /* read for statistics */
	return true;
}

/*
 * Owner only, loaded full (or none): have an empty one loaded. The spare, if
 * full, goes to the ring, or is above the capacity. False: a magazine is needed
 * in @p->hand, or @p->full.
 */
static bool objcache_make_room(struct objcache_core *core,
			       struct objcache_cpu *c,
			       struct objcache_parking *p)
{
	struct objcache_magazine *empty = NULL;

	if (c->spare && !c->spare_full) {
		objcache_swap_spare(core, c);
		objcache_fold(core, c);
		return true;
	}
	if (c->spare) {
		bool pushed = objcache_push(core, c, c->spare, &empty);

		if (!pushed && !objcache_overflow(core, c, p, &empty))
			return false;
		trace_objcache_spill(core->name, !pushed, core->batch);
		WRITE_ONCE(c->spare_full, false);
		c->spare = NULL;
	}
	if (!empty) {
		empty = p->hand;
		p->hand = NULL;
	}
	p->need = !empty;
	if (p->need)
		return false;
	c->spare = c->loaded;
	WRITE_ONCE(c->spare_full, true);
	objcache_load(core, c, empty, 0);
	objcache_fold(core, c);
	return true;
}

/*
 * A step wanted to know, from a CPU that it must not disturb: has this been idle
 * ever since?
 */
static bool objcache_asked(struct objcache_core *core, struct objcache_cpu *c)
{
	if (likely(data_race(c->own.limit))) /* any CPU takes it away */
		return false;
	objcache_set_limit(core, c);
	return READ_ONCE(c->expired) &&
	       objcache_touched(c) == READ_ONCE(c->touched);
}

/* What fits into one magazine: no visit is longer. */
static unsigned int objcache_park_owner(struct objcache_core *core,
					struct objcache_cpu *c, void **objs,
					unsigned int nr,
					struct objcache_parking *p)
{
	p->expired = objcache_asked(core, c);
	if (p->expired)
		return 0;
	if (!objcache_room(core, c) && !objcache_make_room(core, c, p))
		return 0;
	nr = min(nr, objcache_room(core, c));
	memcpy(c->own.top, objs, nr * sizeof(*objs));
	objcache_set_top(c, c->own.top + nr);
	if (p->put) {
		data_race(c->own.puts += nr); /* as on the hit path */
		p->counted += nr;
	}
	return nr;
}

static unsigned int objcache_park_nested(struct objcache_core *core,
					 struct objcache_cpu *c, void **objs,
					 unsigned int nr)
{
	unsigned int done = 0;

	while (done < nr && objcache_nested_put(core, c, objs[done]))
		done++;
	return done;
}

/* One visit to the owner section, or beside it. */
static unsigned int objcache_park_some(struct objcache_core *core, void **objs,
				       unsigned int nr,
				       struct objcache_parking *p)
{
	struct objcache_cpu *c = objcache_enter(core);
	unsigned int done;

	if (c) {
		done = objcache_park_owner(core, c, objs, nr, p);
	} else {
		this_cpu_add(core->cpu->count.nested, nr);
		done = objcache_park_nested(core, this_cpu_ptr(core->cpu), objs,
					    nr);
		p->full = true;
	}
	objcache_exit(c);
	return done;
}

/* No magazine to be had: the nested list needs none. */
static unsigned int objcache_park_linked(struct objcache_core *core,
					 void **objs, unsigned int nr)
{
	unsigned int done;

	preempt_disable();
	done = objcache_park_nested(core, this_cpu_ptr(core->cpu), objs, nr);
	preempt_enable();
	return done;
}

/**
 * objcache_park - park objects on this CPU, as @p says
 * @core: the cache
 * @objs: the objects
 * @nr: how many
 * @p: how; zeroed but for @p->keep
 *
 * Context: Any.
 * Return: how many of @objs, from the first, were parked.
 */
unsigned int objcache_park(struct objcache_core *core, void **objs,
			   unsigned int nr, struct objcache_parking *p)
{
	unsigned int done = 0;

	if (objcache_keeps_nothing(core))
		return 0;
	for (;;) {
		done += objcache_park_some(core, objs + done, nr - done, p);
		if (p->expired) {
			p->expired = false;
			objcache_age_here(core);
			continue;
		}
		if (p->overflow) {
			objcache_release(core, p->overflow->objs, core->batch);
			if (p->hand)
				objcache_magazine_put(core, p->hand);
			p->hand = p->overflow;
			p->overflow = NULL;
			p->full = false;
		}
		if (done == nr || p->full)
			break;
		if (!p->need)
			continue;
		if (!p->hand)
			p->hand = objcache_magazine_take(core);
		if (!p->hand) {
			done += objcache_park_linked(core, objs + done,
						     nr - done);
			break;
		}
	}
	if (p->hand)
		objcache_magazine_put(core, p->hand);
	if (p->start)
		objcache_depot_watch(core);
	return done;
}

/**
 * objcache_park_or_release - put: park what can be parked, release the rest
 * @core: the cache
 * @objs: the objects
 * @nr: how many
 *
 * Context: Any.
 */
void objcache_park_or_release(struct objcache_core *core, void **objs,
			      unsigned int nr)
{
	struct objcache_parking p = { .put = true };
	unsigned int done = objcache_park(core, objs, nr, &p);

	if (p.counted != nr)
		this_cpu_add(core->cpu->count.slow_puts, nr - p.counted);
	if (done == nr)
		return;
	this_cpu_add(core->cpu->count.overflow, nr - done);
	objcache_release(core, objs + done, nr - done);
}
