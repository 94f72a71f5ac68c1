// SPDX-License-Identifier: GPL-2.0
/*
 * One object: made (slab, constructor) and unmade (destructor, slab)
 *
 * Making is done outside every critical section, in the caller's context; the
 * destructor runs in the keeper alone.
 */
#include <linux/err.h>
#include <linux/slab.h>

#include "context.h"
#include "core.h"

/* A parked object would stay charged to who made it; its constructor may charge. */
static gfp_t objcache_slab_gfp(gfp_t gfp)
{
	return gfp & ~__GFP_ACCOUNT;
}

/* What is no errno counts as -EINVAL. */
static int objcache_construct(struct objcache_core *core, void *obj, gfp_t gfp)
{
	int err = 0;

	if (core->ops.ctor)
		err = core->ops.ctor(obj, core->ctx, gfp);
	if (!err) {
		objcache_count(core, created);
		return 0;
	}
	objcache_count(core, ctor_failures);
	return err < 0 && err >= -MAX_ERRNO ? err : -EINVAL;
}

/**
 * objcache_make - make one object
 * @core: the cache
 * @gfp: for the slab and the constructor
 *
 * Context: Any in which @gfp is legal.
 * Return: the object, counted as created, or ERR_PTR with nothing left behind: what
 * the constructor said, else -ENOMEM.
 */
void *objcache_make(struct objcache_core *core, gfp_t gfp)
{
	void *obj;
	int err;

	if (!objcache_may_alloc())
		return ERR_PTR(-ENOMEM);
	obj = kmem_cache_alloc(core->slab, objcache_slab_gfp(gfp));
	if (!obj)
		return ERR_PTR(-ENOMEM);
	err = objcache_construct(core, obj, gfp);
	if (!err)
		return obj;
	kmem_cache_free(core->slab, obj);
	return ERR_PTR(err);
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

	if (nr > 1 && objcache_may_bulk())
		kmem_cache_free_bulk(core->slab, nr, objs);
	else
		for (i = 0; i < nr; i++)
			kmem_cache_free(core->slab, objs[i]);
	objcache_count_add(core, destroyed, nr);
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
