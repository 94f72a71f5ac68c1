// SPDX-License-Identifier: GPL-2.0
/*
 * Making objects, outside every critical section, in the caller's context
 *
 * Plain objects come from the slab half a magazine at a time where its bulk
 * call is legal; constructed ones one by one.
 */
#include <linux/kernel.h>
#include <linux/slab.h>

#include "owner.h"
#include "trace.h"

/* On the stack; half of the largest magazine that is chosen by default. */
#define OBJCACHE_FRESH_BULK	32

/**
 * objcache_fresh_one - make one object
 * @core: the cache
 * @gfp: for the slab and the constructor
 *
 * Return: the object, counted as created, or NULL with nothing left behind.
 */
void *objcache_fresh_one(struct objcache_core *core, gfp_t gfp)
{
	void *obj;

	if (!objcache_may_alloc())
		return NULL;
	/* Not accounted: a parked object would stay charged to who made it. */
	obj = kmem_cache_alloc(core->slab, gfp & ~__GFP_ACCOUNT);
	if (!obj)
		return NULL;
	if (core->ops.ctor && core->ops.ctor(obj, core->ctx, gfp)) {
		this_cpu_inc(core->cpu->count.ctor_failures);
		kmem_cache_free(core->slab, obj);
		return NULL;
	}
	this_cpu_inc(core->cpu->count.created);
	objcache_age_arm(core);
	return obj;
}

/* One for the caller, the rest for the private part of this CPU. */
static void *objcache_fresh_bulk(struct objcache_core *core, gfp_t gfp)
{
	unsigned int nr = min(core->batch / 2, (unsigned int)OBJCACHE_FRESH_BULK);
	struct objcache_parking p = {};
	void *objs[OBJCACHE_FRESH_BULK];
	unsigned int parked;

	if (nr < 2 || core->ops.ctor || (core->flags & OBJCACHE_DEBUG) ||
	    !objcache_may_bulk())
		return NULL;
	nr = objcache_alloc_bulk(core->slab, gfp & ~__GFP_ACCOUNT, nr, objs);
	if (!nr)
		return NULL;
	this_cpu_add(core->cpu->count.created, nr);
	objcache_age_arm(core);
	parked = objcache_park(core, objs + 1, nr - 1, &p);
	if (parked < nr - 1)
		objcache_release(core, objs + 1 + parked, nr - 1 - parked);
	this_cpu_add(core->cpu->count.fresh, nr);
	trace_objcache_miss(core->name, nr);
	return objs[0];
}

/*
 * Too many objects wait for the worker. Rather than make another, take one of
 * those back; if none may be handed out again, destroy one here first. False:
 * that is not possible either.
 */
static bool objcache_relieve(struct objcache_core *core, gfp_t gfp, void **obj)
{
	*obj = objcache_take_back(core);
	if (*obj) {
		this_cpu_inc(core->cpu->count.taken_back);
		return true;
	}
	/* Plain objects hold nothing but memory: no reason to wait for them. */
	if (!core->ops.dtor)
		return true;
	/* Under GFP_NOFS and its like a destructor would not know of it. */
	if ((gfp & GFP_KERNEL) != GFP_KERNEL)
		return gfp & __GFP_NOFAIL;
	objcache_release_some(core);
	return true;
}

/**
 * objcache_fresh - an object for a get that found none parked
 * @core: the cache
 * @gfp: of the get
 *
 * Return: the object, counted as got, or NULL.
 */
void *objcache_fresh(struct objcache_core *core, gfp_t gfp)
{
	void *obj = NULL;

	if (READ_ONCE(core->dead))
		return NULL;
	if (objcache_backlogged(core) && !objcache_relieve(core, gfp, &obj))
		return NULL;
	if (!obj)
		obj = objcache_fresh_bulk(core, gfp);
	if (!obj) {
		obj = objcache_fresh_one(core, gfp);
		if (!obj)
			return NULL;
		this_cpu_inc(core->cpu->count.fresh);
		trace_objcache_miss(core->name, 1);
	}
	this_cpu_inc(core->cpu->count.slow_gets);
	return obj;
}
