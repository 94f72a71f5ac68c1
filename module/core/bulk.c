// SPDX-License-Identifier: GPL-2.0
/*
 * Several objects in one call: get_bulk, put_bulk, prefill
 */
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>

#include "context.h"
#include "core.h"
#include "debug.h"
#include "part.h"

/*
 * The hit path of bulk calls: what the loaded magazine has, or has room for, at
 * once. Copied by sixteens, because counting costs as much as copying. The
 * compiler is kept from computing anew where such a loop has ended, and from
 * spilling what it would rather look at later. Any nr is in order: what top
 * points into is allocated memory, to which 32 GiB can be added, or taken from,
 * without wrapping.
 */
#define OBJCACHE_STRIDE	16

static __always_inline void objcache_copy_down(void **to, void **top, void **end)
{
	void **last = end + OBJCACHE_STRIDE;
	unsigned int i;

	while (top >= last) {
		top -= OBJCACHE_STRIDE;
#pragma GCC unroll 16
		for (i = 0; i < OBJCACHE_STRIDE; i++)
			to[i] = top[OBJCACHE_STRIDE - 1 - i];
		to += OBJCACHE_STRIDE;
		OPTIMIZER_HIDE_VAR(top);
		OPTIMIZER_HIDE_VAR(to);
	}
	while (unlikely(top != end)) {
		*to++ = *--top;
		OPTIMIZER_HIDE_VAR(top);
		OPTIMIZER_HIDE_VAR(to);
	}
}

/* False: there is a NULL among them. Either way *@objs has moved past them. */
static __always_inline bool objcache_copy_up(void **top, void **end,
					     void ***objs)
{
	void **from = *objs;
	void **last = end - OBJCACHE_STRIDE;
	long common = -1;
	unsigned int i;

	while (top <= last) {
#pragma GCC unroll 16
		for (i = 0; i < OBJCACHE_STRIDE; i++) {
			void *obj = from[i];

			top[i] = obj;
			common = objcache_add_common(common, obj);
			OPTIMIZER_HIDE_VAR(common);
		}
		top += OBJCACHE_STRIDE;
		from += OBJCACHE_STRIDE;
		OPTIMIZER_HIDE_VAR(top);
		OPTIMIZER_HIDE_VAR(from);
	}
	while (unlikely(top != end)) {
		common = objcache_add_common(common, *from);
		*top++ = *from++;
		OPTIMIZER_HIDE_VAR(top);
		OPTIMIZER_HIDE_VAR(from);
	}
	*objs = from;
	return common < 0;
}

static __always_inline bool objcache_hit_get_bulk(struct objcache *cache,
						  unsigned int nr, void **objs)
{
	preempt_disable();
	__auto_type own = objcache_this_owner(cache);

	if (objcache_owner_enter(own)) {
		void **top = own->top;
		void **end = top - nr;

		if (likely(end >= own->base)) {
			WRITE_ONCE(own->top, end);
			data_race(own->gets += nr); /* as on the hit path */
			objcache_copy_down(objs, top, end);
			objcache_owner_exit(own);
			preempt_enable();
			return true;
		}
		objcache_owner_exit(own);
	}
	preempt_enable();
	return false;
}

/* *@objs is for a second try: the caller's own costs a register all the way. */
static __always_inline bool objcache_hit_put_bulk(struct objcache *cache,
						  unsigned int nr, void ***objs)
{
	preempt_disable();
	__auto_type own = objcache_this_owner(cache);

	if (objcache_owner_enter(own)) {
		void **top = own->top;
		void **end = top + nr;

		if (likely(end <= data_race(own->limit))) { /* see age.c */
			if (likely(objcache_copy_up(top, end, objs))) {
				WRITE_ONCE(own->top, end);
				data_race(own->puts += nr); /* as on the hit path */
				objcache_owner_exit(own);
				preempt_enable();
				return true;
			}
			*objs -= nr;
		}
		objcache_owner_exit(own);
	}
	preempt_enable();
	return false;
}

/* From one magazine: no visit to the owner section is longer. */
static unsigned int objcache_get_visit(struct objcache_core *core,
				       unsigned int nr, void **objs)
{
	struct objcache_cpu *c = objcache_enter(core);
	enum objcache_found found = OBJCACHE_NOTHING;
	void **top;

	if (c && likely(!READ_ONCE(core->dead)))
		found = objcache_ready(core, c, true);
	if (found == OBJCACHE_NOTHING) {
		objcache_exit(c);
		return 0;
	}
	top = c->own.top;
	nr = min(nr, objcache_loaded(c));
	objcache_set_top(c, top - nr);
	if (found == OBJCACHE_PRIVATE)
		data_race(c->own.gets += nr); /* as on the hit path */
	else
		objcache_owned_add(c, gets, nr);
	objcache_copy_down(objs, top, top - nr);
	objcache_exit(c);
	return nr;
}

static unsigned int objcache_get_some(struct objcache_core *core,
				      unsigned int nr, void **objs)
{
	if (likely(!core->bounded))
		return objcache_get_visit(core, nr, objs);
	/* Not before those who wait. */
	if (READ_ONCE(core->waiting))
		return 0;
	preempt_disable();
	nr = objcache_get_visit(core, nr, objs);
	objcache_keep_none(core);
	preempt_enable();
	return nr;
}

/* Where that is bounded, it waits for its first object only. */
static void *objcache_get_another(struct objcache *cache, gfp_t gfp,
				  unsigned int done)
{
	struct objcache_core *core = to_core(cache);

	if (done && core->bounded)
		return objcache_get_more(core, gfp);
	return objcache_get(cache, gfp);
}

static noinline unsigned int objcache_get_bulk_slow(struct objcache *cache,
						    gfp_t gfp, unsigned int nr,
						    void **objs)
{
	struct objcache_core *core = to_core(cache);
	unsigned int done = 0;

	if (!objcache_cache_ok(cache, "get_bulk"))
		return 0;
	while (done < nr) {
		unsigned int some = objcache_get_some(core, nr - done,
						      objs + done);

		if (!some) {
			objs[done] = objcache_get_another(cache, gfp, done);
			some = !!objs[done];
		}
		if (!some)
			break;
		done += some;
	}
	return done;
}

/**
 * __objcache_get_bulk - what objcache_get_bulk() calls
 * @cache: where from
 * @gfp: as for objcache_get(), without __GFP_ZERO: the caller has looked
 * @nr: how many
 * @objs: where to, room for @nr
 *
 * Return: as there.
 */
notrace unsigned int __objcache_get_bulk(struct objcache *cache, gfp_t gfp,
					 unsigned int nr, void **objs)
{
	if (likely(objcache_is_object(cache)) &&
	    likely(objcache_hit_get_bulk(cache, nr, objs)))
		return nr;
	return objcache_get_bulk_slow(cache, gfp, nr, objs);
}
EXPORT_SYMBOL_GPL(__objcache_get_bulk);

/* Runs without a NULL in them. */
static void objcache_put_runs(struct objcache_core *core, unsigned int nr,
			      void **objs)
{
	unsigned int run;

	for (; nr; nr -= run, objs += run) {
		for (run = 0; run < nr && objs[run]; run++)
			;
		if (run)
			objcache_put_objs(core, objs, run);
		else
			run = 1; /* a NULL */
	}
}

static noinline void objcache_put_bulk_slow(struct objcache *cache,
					    unsigned int nr, void **objs)
{
	struct objcache_core *core = to_core(cache);
	unsigned int i;

	if (!objcache_cache_ok(cache, "put_bulk"))
		return;
	if (core->slow_put) {
		for (i = 0; i < nr; i++)
			objcache_put(cache, objs[i]);
		return;
	}
	rcu_read_lock();
	if (likely(!READ_ONCE(core->dead)))
		objcache_put_runs(core, nr, objs);
	rcu_read_unlock();
}

notrace void objcache_put_bulk(struct objcache *cache, unsigned int nr,
			       void **objs)
{
	if (likely(objcache_is_object(cache)) &&
	    likely(objcache_hit_put_bulk(cache, nr, &objs)))
		return;
	objcache_put_bulk_slow(cache, nr, objs);
}
EXPORT_SYMBOL_GPL(objcache_put_bulk);

/* In debug mode they go into quarantine, from which a get that may not make takes. */
static int objcache_prefill_checked(struct objcache_core *core, gfp_t gfp)
{
	void *obj;

	if (objcache_check_full(core))
		return -ENOSPC;
	if (objcache_backlogged(core) || READ_ONCE(core->waiting))
		return -EAGAIN;
	obj = objcache_make(core, gfp);
	if (!objcache_is_object(obj))
		return PTR_ERR(obj) ?: -EAGAIN;
	objcache_check_park(core, obj, false);
	objcache_count(core, prefilled);
	return 0;
}

static int objcache_prefill_one(struct objcache_core *core, gfp_t gfp)
{
	void *obj;

	if (unlikely(core->checks))
		return objcache_prefill_checked(core, gfp);
	if (objcache_parked_on(core, raw_cpu_ptr(core->cpu)) >= core->capacity)
		return -ENOSPC;
	if (objcache_backlogged(core) || READ_ONCE(core->waiting))
		return -EAGAIN;
	obj = objcache_make(core, gfp);
	if (!objcache_is_object(obj))
		return PTR_ERR(obj) ?: -EAGAIN;
	if (!objcache_park(core, &obj, 1)) {
		objcache_leave(core, objcache_here(core), OBJCACHE_LEAVING,
			       &obj, 1);
		return -ENOSPC;
	}
	/* For aging: this CPU is in use. */
	objcache_count(core, prefilled);
	return 0;
}

static int objcache_may_prefill(struct objcache *cache, gfp_t gfp)
{
	if (!objcache_cache_ok(cache, "prefill") ||
	    !objcache_gfp_ok(to_core(cache), gfp))
		return -EINVAL;
	return objcache_keeps_nothing(to_core(cache)) ? -ENOSPC : 0;
}

unsigned int objcache_prefill_err(struct objcache *cache, unsigned int nr,
				  gfp_t gfp, int *err)
{
	struct objcache_core *core = to_core(cache);
	unsigned int done = 0;
	int ret;

	objcache_might_alloc(gfp);
	ret = objcache_may_prefill(cache, gfp);
	while (!ret && done < nr) {
		ret = objcache_prefill_one(core, gfp);
		done += !ret;
	}
	if (err)
		*err = ret;
	return done;
}
EXPORT_SYMBOL_GPL(objcache_prefill_err);

unsigned int objcache_prefill(struct objcache *cache, unsigned int nr,
			      gfp_t gfp)
{
	return objcache_prefill_err(cache, nr, gfp, NULL);
}
EXPORT_SYMBOL_GPL(objcache_prefill);
