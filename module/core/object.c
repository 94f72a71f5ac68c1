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

/* In debug mode the object is known from here on, if it could be constructed. */
static noinline int objcache_ctor_checked(struct objcache_core *core, void *obj,
					  gfp_t gfp)
{
	struct objcache_track *track = objcache_track_new(core, obj, gfp);
	int err = 0;

	if (!track)
		return -ENOMEM;
	if (core->ops.ctor)
		err = objcache_watched_ctor(core, obj, gfp);
	if (!err) {
		objcache_track_add(track);
		return 0;
	}
	kfree(track);
	objcache_count(core, ctor_failures);
	return err;
}

/* What is no errno counts as -EINVAL. */
static __always_inline int objcache_construct(struct objcache_core *core,
					      void *obj, gfp_t gfp)
{
	int err = 0;

	if (unlikely(core->checks)) {
		err = objcache_ctor_checked(core, obj, gfp);
	} else if (core->ops.ctor) {
		err = core->ops.ctor(obj, core->ctx, gfp);
		if (err)
			objcache_count(core, ctor_failures);
	}
	if (!err) {
		objcache_count(core, created);
		return 0;
	}
	return err < 0 && err >= -MAX_ERRNO ? err : -EINVAL;
}

static __always_inline void *objcache_alloc(struct objcache_core *core,
					    gfp_t gfp)
{
	void *obj;
	int err;

	obj = kmem_cache_alloc(core->slab, objcache_slab_gfp(gfp));
	if (!obj)
		return ERR_PTR(-ENOMEM);
	obj += core->lead;
	err = objcache_construct(core, obj, gfp);
	if (!err)
		return obj;
	objcache_slab_free(core, obj);
	return ERR_PTR(err);
}

/**
 * objcache_make_reserved - make an object that objcache_reserve() has allowed
 * @core: the cache
 * @gfp: for the slab and the constructor
 *
 * Context: Any in which @gfp is legal.
 * Return: as objcache_make(); without one the reservation is given back.
 */
void *objcache_make_reserved(struct objcache_core *core, gfp_t gfp)
{
	void *obj = objcache_alloc(core, gfp);

	if (IS_ERR(obj))
		objcache_unreserve(core, 1);
	else if (core->min_objects)
		atomic_inc(&core->stay);
	return obj;
}

/* In spare memory; NULL: there is none. */
static void *objcache_make_spare(struct objcache_core *core, gfp_t gfp)
{
	void *obj = objcache_spare_take(core);
	int err;

	if (!obj)
		return NULL;
	err = objcache_construct(core, obj, gfp);
	if (!err)
		return obj;
	objcache_spare_add(core, obj);
	/* The keeper has perhaps looked while we had it, and found nothing to do. */
	objcache_want(core, OBJCACHE_DUE_LOOK);
	return ERR_PTR(err);
}

static noinline void *objcache_make_bounded(struct objcache_core *core,
					    gfp_t gfp)
{
	void *obj = objcache_make_spare(core, gfp);

	if (obj)
		return obj;
	if (!objcache_reserve(core, 1))
		return NULL;
	return objcache_make_reserved(core, gfp);
}

/**
 * objcache_make - make one object
 * @core: the cache
 * @gfp: for the slab and the constructor
 *
 * Context: Any in which @gfp is legal.
 * Return: the object, counted as created; NULL: there are as many as there may be; or
 * ERR_PTR with nothing left behind: what the constructor said, any errno; else -ENOMEM.
 */
void *objcache_make(struct objcache_core *core, gfp_t gfp)
{
	if (!objcache_may_alloc())
		return ERR_PTR(-ENOMEM);
	if (unlikely(core->bounded))
		return objcache_make_bounded(core, gfp);
	return objcache_alloc(core, gfp);
}

/**
 * objcache_make_bulk - make several plain objects
 * @core: the cache, without a constructor
 * @gfp: for the slab
 * @nr: how many
 * @objs: where to
 *
 * Context: Any in which @gfp is legal.
 * Return: how many: @nr or as many as there may be; 0 where the slab's bulk call is
 * not legal, or has no memory.
 */
unsigned int objcache_make_bulk(struct objcache_core *core, gfp_t gfp,
				unsigned int nr, void **objs)
{
	unsigned int done;

	if (!objcache_may_bulk())
		return 0;
	nr = objcache_reserve(core, nr);
	if (!nr)
		return 0;
	done = objcache_alloc_bulk(core->slab, objcache_slab_gfp(gfp), nr, objs);
	if (!done)
		objcache_unreserve(core, nr);
	else if (core->min_objects)
		atomic_add(done, &core->stay);
	if (done)
		objcache_count_add(core, created, done);
	return done;
}

static void objcache_destruct(struct objcache_core *core, void *obj)
{
	if (!core->ops.dtor)
		return;
	lock_map_acquire(&core->dtor_map);
	if (unlikely(core->checks))
		objcache_watched_dtor(core, obj);
	else
		core->ops.dtor(obj, core->ctx);
	lock_map_release(&core->dtor_map);
}

/*
 * Destructed, and its memory is ours? In debug mode it is not if the object has changed
 * while it was parked, or is put while it goes; then it is withdrawn.
 */
static bool objcache_retire(struct objcache_core *core, void *obj)
{
	if (unlikely(core->checks) && !objcache_track_reclaim(core, obj))
		return false;
	objcache_destruct(core, obj);
	return likely(!core->checks) || objcache_track_ends(core, obj);
}

/* As if it had not been let go: who withdraws an object counts it out by itself. */
static noinline void objcache_free_checked(struct objcache_core *core,
					   void **objs, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!objcache_retire(core, objs[i])) {
			if (core->min_objects)
				atomic_inc(&core->stay);
			continue;
		}
		objcache_slab_free(core, objs[i]);
		objcache_count(core, destroyed);
		objcache_unreserve(core, 1);
	}
}

/**
 * objcache_free - give the memory of objects back to the slab
 * @core: the cache
 * @objs: plain or destructed objects, which objcache_let_go() has allowed
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
	objcache_unreserve(core, nr);
}

/**
 * objcache_unmake - destruct an object, and give its memory back
 * @core: the cache
 * @obj: the object, which objcache_let_go() has allowed
 *
 * Context: Process context, may sleep: the keeper only.
 */
void objcache_unmake(struct objcache_core *core, void *obj)
{
	if (likely(!core->checks))
		objcache_destruct(core, obj);
	objcache_free(core, &obj, 1);
}

/**
 * objcache_unmake_to_spare - destruct an object, and keep its memory for another
 * @core: the cache, at its minimum
 * @obj: the object
 *
 * Context: Process context, may sleep: the keeper only.
 */
void objcache_unmake_to_spare(struct objcache_core *core, void *obj)
{
	if (!objcache_retire(core, obj))
		return;
	objcache_count(core, destroyed);
	objcache_spare_add(core, obj);
}

/* Of what keeps the minimum: it has to do without reclaim, and without the reserves. */
#define OBJCACHE_REMAKE	(GFP_NOWAIT | __GFP_NOMEMALLOC | __GFP_NOWARN)

/**
 * objcache_remake - make an object in place of another
 * @core: the cache, with fewer objects than there have to be
 *
 * In spare memory, if there is some.
 *
 * Context: Process context: the keeper only.
 * Return: the object; NULL: not now.
 */
void *objcache_remake(struct objcache_core *core)
{
	void *obj = objcache_make(core, OBJCACHE_REMAKE);

	if (!objcache_is_object(obj))
		return NULL;
	objcache_count(core, remade);
	return obj;
}

/**
 * objcache_spare_free - spare memory goes, too
 * @core: the cache, without users, objects and a keeper
 *
 * Context: Process context.
 */
void objcache_spare_free(struct objcache_core *core)
{
	void *obj;

	while ((obj = objcache_spare_take(core))) {
		objcache_slab_free(core, obj);
		objcache_unreserve(core, 1);
	}
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
