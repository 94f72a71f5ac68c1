// SPDX-License-Identifier: GPL-2.0
/*
 * One object: made (slab, constructor) and unmade (destructor, slab)
 *
 * Making is done outside every critical section, in the caller's context; the
 * destructor runs in the keeper alone.
 */
#include <linux/slab.h>

#include "context.h"
#include "core.h"
#include "debug.h"

/* A parked object would stay charged to who made it; its constructor may charge. */
static gfp_t objcache_slab_gfp(gfp_t gfp)
{
	return gfp & ~__GFP_ACCOUNT;
}

static void objcache_slab_free(struct objcache_core *core, void *obj)
{
	kmem_cache_free(core->slab, obj - core->lead);
}

static int objcache_construct(struct objcache_core *core, void *obj, gfp_t gfp)
{
	int err;

	if (!core->ops.ctor)
		return 0;
	if (unlikely(core->checks))
		err = objcache_watched_ctor(core, obj, gfp);
	else
		err = core->ops.ctor(obj, core->ctx, gfp);
	if (err)
		objcache_count(core, ctor_failures);
	return err;
}

/* Known from here on, if it could be constructed. */
static bool objcache_make_checked(struct objcache_core *core, void *obj,
				  gfp_t gfp)
{
	struct objcache_track *track = objcache_track_new(core, obj, gfp);

	if (!track)
		return false;
	if (objcache_construct(core, obj, gfp)) {
		kfree(track);
		return false;
	}
	objcache_track_add(track);
	return true;
}

/**
 * objcache_make - make one object
 * @core: the cache
 * @gfp: for the slab and the constructor
 *
 * Context: Any in which @gfp is legal.
 * Return: the object, counted as created, or NULL with nothing left behind.
 */
void *objcache_make(struct objcache_core *core, gfp_t gfp)
{
	void *obj;

	if (!objcache_may_alloc())
		return NULL;
	obj = kmem_cache_alloc(core->slab, objcache_slab_gfp(gfp));
	if (!obj)
		return NULL;
	obj += core->lead;
	if (unlikely(core->checks) ? !objcache_make_checked(core, obj, gfp) :
				     objcache_construct(core, obj, gfp) != 0) {
		objcache_slab_free(core, obj);
		return NULL;
	}
	objcache_count(core, created);
	return obj;
}

/**
 * objcache_make_bulk - make several plain objects
 * @core: the cache, without a constructor
 * @gfp: for the slab
 * @nr: how many
 * @objs: where to
 *
 * Context: Any in which @gfp is legal.
 * Return: @nr, or 0 where the slab's bulk call is not legal, or has no memory.
 */
unsigned int objcache_make_bulk(struct objcache_core *core, gfp_t gfp,
				unsigned int nr, void **objs)
{
	if (!objcache_may_bulk())
		return 0;
	nr = objcache_alloc_bulk(core->slab, objcache_slab_gfp(gfp), nr, objs);
	if (nr)
		objcache_count_add(core, created, nr);
	return nr;
}

/* What has changed while it was parked, or is put while it goes, stays. */
static void objcache_free_checked(struct objcache_core *core, void **objs,
				  unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!objcache_track_reclaim(core, objs[i]) ||
		    !objcache_track_ends(core, objs[i]))
			continue;
		objcache_slab_free(core, objs[i]);
		objcache_count(core, destroyed);
	}
}

/**
 * objcache_free - give the memory of objects back to the slab
 * @core: the cache
 * @objs: plain or destructed objects
 * @nr: how many
 *
 * Context: Any in which kmem_cache_free() is legal.
 */
void objcache_free(struct objcache_core *core, void **objs, unsigned int nr)
{
	unsigned int i;

	if (unlikely(core->checks)) {
		objcache_free_checked(core, objs, nr);
		return;
	}
	if (nr > 1 && objcache_may_bulk())
		kmem_cache_free_bulk(core->slab, nr, objs);
	else
		for (i = 0; i < nr; i++)
			kmem_cache_free(core->slab, objs[i]);
	objcache_count_add(core, destroyed, nr);
}

static void objcache_unmake_checked(struct objcache_core *core, void *obj)
{
	if (!objcache_track_reclaim(core, obj))
		return;
	lock_map_acquire(&core->dtor_map);
	objcache_watched_dtor(core, obj);
	lock_map_release(&core->dtor_map);
	if (!objcache_track_ends(core, obj))
		return;
	objcache_slab_free(core, obj);
	objcache_count(core, destroyed);
}

/**
 * objcache_unmake - destruct an object, and give its memory back
 * @core: the cache
 * @obj: the object
 *
 * Context: Process context, may sleep: the keeper only.
 */
void objcache_unmake(struct objcache_core *core, void *obj)
{
	if (unlikely(core->checks) && core->ops.dtor) {
		objcache_unmake_checked(core, obj);
		return;
	}
	if (core->ops.dtor) {
		lock_map_acquire(&core->dtor_map);
		core->ops.dtor(obj, core->ctx);
		lock_map_release(&core->dtor_map);
	}
	objcache_free(core, &obj, 1);
}

/**
 * objcache_dtor_might_run - tell lockdep that a destructor may be waited for here
 * @core: the cache
 *
 * So it sees a lock that is held here and taken in a destructor.
 *
 * Context: Process context.
 */
void objcache_dtor_might_run(struct objcache_core *core)
{
	if (core->ops.dtor) {
		lock_map_acquire(&core->dtor_map);
		lock_map_release(&core->dtor_map);
	}
}
