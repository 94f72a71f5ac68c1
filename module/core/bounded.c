// SPDX-License-Identifier: GPL-2.0
/*
 * Gets that have more to look at: of bounded caches, and in debug mode
 */
#include "debug.h"
#include "find.h"

/*
 * Who may not wait comes before those who do, but only so often until one of them is
 * served: an interrupt, or who has them off, could put and get for ever, and what it
 * puts not be dealt. Where there is no maximum it takes nothing from them by making one.
 */
static bool objcache_may_overtake(struct objcache_core *core)
{
	return likely(!READ_ONCE(core->waiting)) ||
	       atomic_read(&core->overtaken) < OBJCACHE_HANDFUL;
}

static void *objcache_overtook(struct objcache_core *core, void *obj)
{
	if (unlikely(READ_ONCE(core->waiting)) && !IS_ERR_OR_NULL(obj))
		atomic_inc(&core->overtaken);
	return obj;
}

/**
 * objcache_try_get_bounded - a parked object of a bounded cache
 * @core: the cache
 *
 * Context: Any.
 * Return: the object, or NULL.
 */
void *objcache_try_get_bounded(struct objcache_core *core)
{
	if (!objcache_may_overtake(core))
		return NULL;
	return objcache_overtook(core, objcache_get_parked(core, false));
}

/**
 * objcache_try_get_checked - a parked object, in debug mode
 * @core: the cache
 * @site: of the call, or NULL
 *
 * Context: Any.
 * Return: the object, or NULL.
 */
void *objcache_try_get_checked(struct objcache_core *core,
			       const struct objcache_site *site)
{
	void *obj;

	if (!objcache_may_overtake(core))
		return NULL;
	do {
		obj = objcache_check_oldest(core, false);
	} while (obj && !objcache_check_handed(core, obj, site));
	return objcache_overtook(core, obj);
}

/* ---- with bounds ---- */

/* None may be made now: NULL, which unlike any errno no constructor can have said. */
static void *objcache_make_now(struct objcache_core *core, gfp_t gfp)
{
	if (objcache_backlogged(core))
		return NULL;
	return objcache_fresh(core, gfp);
}

/*
 * In debug mode: the oldest if the quarantine is full, else a fresh one; rather than
 * wait, or give none, the oldest all the same.
 */
static void *objcache_get_quarantined(struct objcache_core *core, gfp_t gfp)
{
	void *obj = objcache_check_oldest(core, true);
	void *oldest = NULL;

	if (obj)
		return obj;
	obj = objcache_make_now(core, gfp);
	if (IS_ERR_OR_NULL(obj))
		oldest = objcache_check_oldest(core, false);
	return oldest ?: obj;
}

static void *objcache_get_now(struct objcache_core *core, gfp_t gfp)
{
	void *obj;

	if (unlikely(core->checks))
		return objcache_get_quarantined(core, gfp);
	obj = objcache_get_parked(core, true);
	return obj ?: objcache_make_now(core, gfp);
}

/* A backlog does not keep who may neither wait nor fail from making one. */
static void *objcache_get_at_once(struct objcache_core *core, gfp_t gfp)
{
	void *obj = NULL;

	if (objcache_may_overtake(core))
		obj = objcache_overtook(core, objcache_get_now(core, gfp));
	else if (!core->params.max_objects)
		obj = objcache_make_now(core, gfp);
	if (!(gfp & __GFP_NOFAIL) || obj)
		return obj;
	obj = objcache_fresh(core, gfp);
	if (!IS_ERR_OR_NULL(obj))
		objcache_count(core, forced);
	return obj;
}

/* It has waited for the right to, and has the reservation. */
static void *objcache_make_granted(struct objcache_core *core, gfp_t gfp)
{
	void *obj = objcache_make_reserved(core, gfp);

	if (IS_ERR(obj))
		return obj;
	objcache_count(core, fresh);
	objcache_count(core, gets);
	trace_objcache_miss(core->name, 1);
	return obj;
}

/*
 * How the making is tried where the get does not fail in the end: as mempool_alloc()
 * does. The allocator would try for ever else, and a put never be noticed.
 */
static gfp_t objcache_sure_gfp(gfp_t gfp)
{
	return (gfp & ~__GFP_NOFAIL) | __GFP_NOMEMALLOC | __GFP_NORETRY |
	       __GFP_NOWARN;
}

/* The first try, before anybody waits; where others do, nothing is taken from them. */
static void *objcache_get_first(struct objcache_core *core, gfp_t gfp)
{
	void *obj;

	if (READ_ONCE(core->waiting))
		return NULL;
	obj = objcache_get_now(core, core->min_objects ?
				     gfp & ~__GFP_DIRECT_RECLAIM : gfp);
	if (IS_ERR_OR_NULL(obj) && core->min_objects)
		obj = objcache_make_now(core, gfp);
	return obj;
}

/*
 * For as long as it takes, or, without a minimum, until one cannot be made. @obj: what
 * the first try has come to.
 */
static void *objcache_get_last(struct objcache_core *core, gfp_t gfp, void *obj)
{
	struct objcache_waiter w = {};

	while (!obj || (core->min_objects && IS_ERR(obj))) {
		w.would_make = !obj;
		switch (objcache_wait(core, &w, gfp)) {
		case OBJCACHE_AN_OBJECT:
			return w.obj;
		case OBJCACHE_A_MAKING:
			obj = objcache_make_granted(core, gfp);
			break;
		case OBJCACHE_TRY_AGAIN:
			obj = objcache_make_now(core, gfp);
			break;
		case OBJCACHE_KILLED:
			return ERR_PTR(-EINTR);
		}
	}
	return obj;
}

/**
 * objcache_get_bounded - an object of a cache with bounds
 * @core: the cache
 * @gfp: of the get
 *
 * Context: as for objcache_get().
 * Return: the object, in debug mode not yet handed to anybody, or why not.
 */
void *objcache_get_bounded(struct objcache_core *core, gfp_t gfp)
{
	if (!objcache_may_wait_for_one(core, gfp))
		return objcache_get_at_once(core, gfp) ?: ERR_PTR(-EAGAIN);
	/* For an object's end, among other things. */
	objcache_dtor_might_run(core);
	if (core->min_objects)
		gfp = objcache_sure_gfp(gfp);
	return objcache_get_last(core, gfp, objcache_get_first(core, gfp));
}

/**
 * objcache_get_more - one more object of a bounded cache, for who has one
 * @core: the cache
 * @gfp: as for objcache_get()
 *
 * Context: as for objcache_get(); does not wait for an object.
 * Return: the object, or NULL.
 */
void *objcache_get_more(struct objcache_core *core, gfp_t gfp)
{
	void *obj = NULL;

	do {
		if (!READ_ONCE(core->waiting))
			obj = objcache_get_now(core, gfp);
		if (IS_ERR_OR_NULL(obj))
			return NULL;
	} while (unlikely(core->checks) &&
		 !objcache_check_handed(core, obj, NULL));
	return obj;
}

/* ---- in debug mode ---- */

/* Beyond the backlog's bound only for who may neither wait nor fail. */
static void *objcache_get_watched(struct objcache_core *core, gfp_t gfp)
{
	void *obj = objcache_get_now(core, gfp);
	int err;

	if (obj)
		return obj;
	err = objcache_may_make(core, gfp);
	return err ? ERR_PTR(err) : objcache_fresh(core, gfp);
}

/**
 * objcache_get_checked - an object, in debug mode
 * @core: the cache
 * @gfp: of the get
 * @site: of the call, or NULL
 *
 * Context: as for objcache_get().
 * Return: the object, or why not.
 */
void *objcache_get_checked(struct objcache_core *core, gfp_t gfp,
			   const struct objcache_site *site)
{
	void *obj;

	if (!objcache_check_get(core, gfp, site))
		return objcache_try_get_checked(core, site) ?: ERR_PTR(-ENOMEM);
	do {
		obj = core->bounded ? objcache_get_bounded(core, gfp) :
				      objcache_get_watched(core, gfp);
	} while (!IS_ERR(obj) && !objcache_check_handed(core, obj, site));
	return obj;
}
