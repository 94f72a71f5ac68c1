// SPDX-License-Identifier: GPL-2.0
/*
 * Getting, off the hit path
 *
 * The order of objcache_get(): private part, own ring, what was displaced on this
 * node, rings of the node's CPUs, its aged rings, the other nodes, what is on its
 * way out, a fresh object. Whatever is found is brought into the loaded magazine, a
 * magazine at a time; who has interrupted the owner goes the same way beside it.
 */
#include <linux/export.h>
#include <linux/minmax.h>

#include "context.h"
#include "core.h"
#include "debug.h"
#include "part.h"
#include "trace.h"

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

/* On the nodes after this one, and round; what is stored there if it may be. */
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
		if (n && !nr && !(core->flags & OBJCACHE_NODE_LOCAL))
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

/*
 * Is there anything to be found at all? A hint, as all that it looks at; but what
 * was there before the get began is seen.
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

/* Owner only, nothing private: bring something. */
static noinline enum objcache_found objcache_refill(struct objcache_core *core,
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

/*
 * Beside the owner's magazines: because we have interrupted it, or there are none.
 * What comes along with the object is displaced.
 */
static noinline void *objcache_single(struct objcache_core *core, bool owner,
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

static void *objcache_pop(struct objcache_cpu *c, enum objcache_found found)
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

	if (c && !READ_ONCE(c->own.limit))
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

/* ---- fresh ---- */

/* One for the caller, the rest for the private part of this CPU. */
static noinline void *objcache_make_some(struct objcache_core *core, gfp_t gfp)
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
		if (IS_ERR(obj))
			return obj;
		objcache_count(core, fresh);
		trace_objcache_miss(core->name, 1);
	}
	objcache_count(core, gets);
	return obj;
}

/**
 * objcache_gfp_ok - refuse what a parked object could not honour
 * @core: the cache
 * @gfp: of a get
 *
 * Return: whether it is in order; if not, the log says why.
 */
bool objcache_gfp_ok(struct objcache_core *core, gfp_t gfp)
{
	if (!(gfp & __GFP_ZERO))
		return true;
	pr_err_ratelimited("%s: __GFP_ZERO refused: a parked object is not zeroed\n",
			   core->name);
	return false;
}

static noinline void *objcache_refuse(struct objcache *cache, gfp_t gfp)
{
	if (objcache_cache_ok(cache, "get"))
		objcache_gfp_ok(to_core(cache), gfp);
	return ERR_PTR(-EINVAL);
}

/* In debug mode. */
static noinline void *objcache_try_get_checked(struct objcache_core *core,
					       const struct objcache_site *site)
{
	void *obj;

	do {
		obj = objcache_check_oldest(core, false);
	} while (obj && !objcache_check_handed(core, obj, site));
	return obj;
}

/**
 * __objcache_try_get_at - objcache_try_get() past the hit path, from a known place
 * @cache: where from
 * @site: where the call is, or NULL
 *
 * Context: Any.
 * Return: an object, or NULL.
 */
void *__objcache_try_get_at(struct objcache *cache,
			    const struct objcache_site *site)
{
	struct objcache_core *core = to_core(cache);

	if (!objcache_cache_ok(cache, "try_get"))
		return NULL;
	if (unlikely(core->checks))
		return objcache_try_get_checked(core, site);
	if (unlikely(core->bounded))
		return objcache_get_parked(core, false);
	return objcache_parked(core, false);
}
EXPORT_SYMBOL_GPL(__objcache_try_get_at);

/**
 * __objcache_try_get_slow - objcache_try_get() past the hit path
 * @cache: where from
 *
 * Context: Any.
 * Return: an object, or NULL.
 */
noinline void *__objcache_try_get_slow(struct objcache *cache)
{
	return __objcache_try_get_at(cache, NULL);
}
EXPORT_SYMBOL_GPL(__objcache_try_get_slow);

/* ---- bounded caches ---- */

/* None may be made now: -EAGAIN. */
static void *objcache_make_now(struct objcache_core *core, gfp_t gfp)
{
	if (objcache_backlogged(core))
		return ERR_PTR(-EAGAIN);
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
	if (IS_ERR(obj))
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
	void *obj = objcache_get_now(core, gfp);

	if (!(gfp & __GFP_NOFAIL) || obj != ERR_PTR(-EAGAIN))
		return obj;
	obj = objcache_fresh(core, gfp);
	if (!IS_ERR(obj))
		objcache_count(core, forced);
	return obj;
}

/* It has waited for the right to: by its reservation, or in what memory is spare. */
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
	void *obj = ERR_PTR(-EAGAIN);

	if (!READ_ONCE(core->waiting))
		obj = objcache_get_now(core, core->min_objects ?
					     gfp & ~__GFP_DIRECT_RECLAIM : gfp);
	if (IS_ERR(obj) && core->min_objects)
		obj = objcache_make_now(core, gfp);
	return obj;
}

/* For as long as it takes, or, without a minimum, until one cannot be made. */
static void *objcache_get_last(struct objcache_core *core, gfp_t gfp, int err)
{
	struct objcache_waiter w = {};
	void *obj = ERR_PTR(err);

	while (obj == ERR_PTR(-EAGAIN) || (core->min_objects && IS_ERR(obj))) {
		w.would_make = obj == ERR_PTR(-EAGAIN);
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

static noinline void *objcache_get_bounded(struct objcache_core *core, gfp_t gfp)
{
	void *obj;

	if (!objcache_may_wait_for_one(core, gfp))
		return objcache_get_at_once(core, gfp);
	/* For an object's end, among other things. */
	objcache_dtor_might_run(core);
	if (core->min_objects)
		gfp = objcache_sure_gfp(gfp);
	obj = objcache_get_first(core, gfp);
	return IS_ERR(obj) ? objcache_get_last(core, gfp, PTR_ERR(obj)) : obj;
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

/* A backlog is in the way; or lockdep is to be told that one might be. */
static noinline void *objcache_get_later(struct objcache_core *core, gfp_t gfp)
{
	int err = objcache_may_make(core, gfp);
	void *obj;

	if (err)
		return ERR_PTR(err);
	/* What has come meanwhile need not be made. */
	obj = objcache_parked(core, true);
	return obj ?: objcache_fresh(core, gfp);
}

/* In debug mode: beyond the backlog's bound only for who may neither wait nor fail. */
static void *objcache_get_watched(struct objcache_core *core, gfp_t gfp)
{
	void *obj = objcache_get_now(core, gfp);
	int err;

	if (obj != ERR_PTR(-EAGAIN))
		return obj;
	err = objcache_may_make(core, gfp);
	return err ? ERR_PTR(err) : objcache_fresh(core, gfp);
}

static noinline void *objcache_get_checked(struct objcache_core *core, gfp_t gfp,
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

/* An object, or why not. */
static __always_inline void *objcache_get_any(struct objcache *cache, gfp_t gfp)
{
	struct objcache_core *core = to_core(cache);
	void *obj;

	if (unlikely(!objcache_is_object(cache) || gfp & __GFP_ZERO))
		return objcache_refuse(cache, gfp);
	if (unlikely(core->checks || core->bounded))
		return core->checks ? objcache_get_checked(core, gfp, NULL) :
				      objcache_get_bounded(core, gfp);
	obj = objcache_parked(core, true);
	if (obj)
		return obj;
	if (IS_ENABLED(CONFIG_LOCKDEP) || unlikely(objcache_backlogged(core)))
		return objcache_get_later(core, gfp);
	return objcache_fresh(core, gfp);
}

/**
 * __objcache_get_slow - objcache_get() past the hit path
 * @cache: where from
 * @gfp: as for objcache_get()
 *
 * Context: as for objcache_get().
 * Return: an object, or NULL.
 */
void *__objcache_get_slow(struct objcache *cache, gfp_t gfp)
{
	void *obj = objcache_get_any(cache, gfp);

	return IS_ERR(obj) ? NULL : obj;
}
EXPORT_SYMBOL_GPL(__objcache_get_slow);

/**
 * __objcache_get_at - objcache_get() past the hit path, from a known place
 * @cache: where from
 * @gfp: as for objcache_get()
 * @site: where the call is, or NULL
 *
 * Context: as for objcache_get().
 * Return: an object, or NULL.
 */
void *__objcache_get_at(struct objcache *cache, gfp_t gfp,
			const struct objcache_site *site)
{
	void *obj;

	if (!objcache_is_object(cache) || gfp & __GFP_ZERO ||
	    !to_core(cache)->checks)
		return __objcache_get_slow(cache, gfp);
	obj = objcache_get_checked(to_core(cache), gfp, site);
	return IS_ERR(obj) ? NULL : obj;
}
EXPORT_SYMBOL_GPL(__objcache_get_at);

/**
 * __objcache_get_err - objcache_get_err() past the hit path
 * @cache: where from
 * @gfp: as for objcache_get()
 *
 * Context: as for objcache_get().
 * Return: an object, or ERR_PTR as from objcache_get_err().
 */
void *__objcache_get_err(struct objcache *cache, gfp_t gfp)
{
	return objcache_get_any(cache, gfp);
}
EXPORT_SYMBOL_GPL(__objcache_get_err);

/* ---- out of line ---- */

/* Have a result loaded where it is returned; gcc would move it there at the end. */
#ifdef CONFIG_X86
#define objcache_in_place(result)	asm("" : "+a" (result))
#else
#define objcache_in_place(result)	((void)(result))
#endif

/**
 * __objcache_get - what objcache_get_noinline() calls
 * @cache: where from
 * @gfp: as for objcache_get(), without __GFP_ZERO: the caller has looked
 *
 * Return: as there.
 */
notrace void *__objcache_get(struct objcache *cache, gfp_t gfp)
{
	void *obj;

	if (unlikely(!objcache_is_object(cache)))
		return __objcache_get_slow(cache, gfp);
	obj = objcache_hit_get(cache);
	if (likely(obj)) {
		objcache_in_place(obj);
		return obj;
	}
	return __objcache_get_slow(cache, gfp);
}
EXPORT_SYMBOL_GPL(__objcache_get);

/**
 * __objcache_try_get - what objcache_try_get_noinline() calls
 * @cache: where from
 *
 * Return: as there.
 */
notrace void *__objcache_try_get(struct objcache *cache)
{
	if (unlikely(!objcache_is_object(cache)))
		return __objcache_try_get_slow(cache);
	return objcache_try_get(cache);
}
EXPORT_SYMBOL_GPL(__objcache_try_get);
