// SPDX-License-Identifier: GPL-2.0
/*
 * Several objects in one call: get_bulk, put_bulk, prefill
 */
#include <linux/export.h>
#include <linux/minmax.h>

#include "owner.h"

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
static unsigned int objcache_get_some(struct objcache_core *core,
				      unsigned int nr, void **objs)
{
	struct objcache_cpu *c = objcache_enter(core);
	unsigned int n = 0;

	if (c && objcache_ready(core, c, OBJCACHE_BEYOND)) {
		void **top = c->own.top;

		n = min(nr, objcache_loaded(c));
		objcache_set_top(c, top - n);
		data_race(c->own.gets += n); /* as on the hit path */
		objcache_copy_down(objs, top, top - n);
	}
	objcache_exit(c);
	return n;
}

static noinline unsigned int objcache_get_bulk_slow(struct objcache *cache,
						    gfp_t gfp, unsigned int nr,
						    void **objs)
{
	unsigned int done = 0;

	if (!objcache_cache_ok(cache, "get_bulk"))
		return 0;
	while (done < nr) {
		unsigned int some = objcache_get_some(to_core(cache), nr - done,
						      objs + done);

		if (!some) {
			objs[done] = objcache_get(cache, gfp);
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

static noinline void objcache_put_bulk_slow(struct objcache *cache,
					    unsigned int nr, void **objs)
{
	struct objcache_core *core = to_core(cache);
	unsigned int i, run;

	if (!objcache_cache_ok(cache, "put_bulk"))
		return;
	if (core->slow_put || READ_ONCE(core->dead)) {
		for (i = 0; i < nr; i++)
			objcache_put(cache, objs[i]);
		return;
	}
	for (; nr; nr -= run, objs += run) {
		for (run = 0; run < nr && objs[run]; run++)
			;
		if (run)
			objcache_park_or_release(core, objs, run);
		else
			run = 1; /* a NULL */
	}
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

unsigned int objcache_prefill(struct objcache *cache, unsigned int nr,
			      gfp_t gfp)
{
	struct objcache_core *core = to_core(cache);
	unsigned int done;

	objcache_might_alloc(gfp);
	if (!objcache_cache_ok(cache, "prefill") ||
	    !objcache_gfp_ok(core, gfp) || objcache_keeps_nothing(core))
		return 0;
	for (done = 0; done < nr; done++) {
		struct objcache_parking p = { .keep = true };
		void *obj;

		if (objcache_parked_on(core, raw_cpu_ptr(core->cpu)) >=
		    core->capacity || objcache_backlogged(core))
			break;
		obj = objcache_fresh_one(core, gfp);
		if (!obj)
			break;
		if (!objcache_park(core, &obj, 1, &p)) {
			objcache_release(core, &obj, 1);
			break;
		}
		/* For aging: this CPU is in use. */
		this_cpu_inc(core->cpu->count.prefilled);
	}
	return done;
}
EXPORT_SYMBOL_GPL(objcache_prefill);
