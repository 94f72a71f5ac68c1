/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finding an object, or making one: what is in line in each get that misses
 */
#ifndef _OBJCACHE_FIND_H
#define _OBJCACHE_FIND_H

#include "context.h"
#include "core.h"
#include "part.h"
#include "trace.h"

/* find.c */
enum objcache_found objcache_refill(struct objcache_core *core,
				    struct objcache_cpu *c, bool leaving);
void *objcache_single(struct objcache_core *core, bool owner, bool leaving);
void *objcache_make_some(struct objcache_core *core, gfp_t gfp);

/*
 * Is there anything to be found at all? A hint, as all that it looks at: what came at
 * the moment at which a place was found empty is missed until its bit is set again,
 * and those who wait are told then. All else that was there before the get began is
 * seen.
 */
static __always_inline bool objcache_any(struct objcache_core *core,
					 struct objcache_cpu *c)
{
	unsigned long any = objcache_ring_count(objcache_ring_of(c, false));
	unsigned int i;

	for (i = 0; !any && i < core->nr_hints; i++)
		any = data_race(*core->hint[i]); /* hints */
	return any;
}

static __always_inline enum objcache_found
objcache_look(struct objcache_core *core, struct objcache_cpu *c, bool leaving)
{
	if (objcache_any_loaded(c))
		return OBJCACHE_PRIVATE;
	if (c->spare_full) {
		objcache_swap_spare(core, c);
		return OBJCACHE_PRIVATE;
	}
	if (likely(!objcache_any(core, c)))
		return OBJCACHE_NOTHING;
	return objcache_refill(core, c, leaving);
}

static __always_inline void *objcache_pop(struct objcache_cpu *c,
					  enum objcache_found found)
{
	objcache_set_top(c, c->own.top - 1);
	if (found == OBJCACHE_PRIVATE)
		data_race(c->own.gets++); /* as on the hit path */
	else
		objcache_owned_add(c, gets, 1);
	return *c->own.top;
}

/*
 * A parked object from wherever the order of objcache_get() finds one. With
 * preemption off we are in the grace period of a destroy, or see it; a get then is
 * a bug of the caller's, but does no harm.
 */
static __always_inline void *objcache_parked(struct objcache_core *core,
					     bool leaving)
{
	struct objcache_cpu *c = objcache_enter(core);
	enum objcache_found found = OBJCACHE_NOTHING;
	void *obj = NULL;

	if (unlikely(READ_ONCE(core->dead)))
		goto out;
	if (likely(c))
		found = objcache_look(core, c, leaving);
	else
		objcache_count(core, nested);
	if (found != OBJCACHE_NOTHING)
		obj = objcache_pop(c, found);
	else if (unlikely(!c || !c->loaded))
		obj = objcache_single(core, c, leaving);
out:
	objcache_exit(c);
	return obj;
}

/* Not from anywhere in the cache; or as objcache_make(). */
static __always_inline void *objcache_fresh(struct objcache_core *core,
					    gfp_t gfp)
{
	void *obj = NULL;

	if (unlikely(READ_ONCE(core->dead)))
		return ERR_PTR(-ENOMEM);
	if (core->make_nr > 1)
		obj = objcache_make_some(core, gfp);
	if (!obj) {
		obj = objcache_make(core, gfp);
		if (!objcache_is_object(obj))
			return obj;
		objcache_count(core, fresh);
		trace_objcache_miss(core->name, 1);
	}
	objcache_count(core, gets);
	return obj;
}

#endif /* _OBJCACHE_FIND_H */
