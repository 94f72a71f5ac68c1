// SPDX-License-Identifier: GPL-2.0
/*
 * Several objects in one call: get_bulk, put_bulk, prefill
 */
#include <linux/export.h>
#include <linux/minmax.h>

#include "owner.h"

/* From one magazine: no visit to the owner section is longer. */
static unsigned int objcache_get_some(struct objcache_core *core,
				      unsigned int nr, void **objs)
{
	struct objcache_cpu *c = objcache_enter(core);
	unsigned int i, n = 0;

	if (c && objcache_ready(core, c, OBJCACHE_ALL)) {
		void **top = c->own.top;

		n = min(nr, objcache_loaded(c));
		objcache_set_top(c, top - n);
		data_race(c->own.gets += n); /* as on the hit path */
		for (i = 0; i < n; i++)
			objs[i] = *--top;
	}
	objcache_exit(c);
	return n;
}

/**
 * objcache_get_bulk - take several objects
 * @cache: where from
 * @gfp: as for objcache_get()
 * @nr: how many
 * @objs: where to, room for @nr
 *
 * Context: as for objcache_get().
 * Return: how many were taken; they are @objs[0] and up, in the order in which
 * as many single gets would have given them. Fewer than @nr when there is no
 * memory or a constructor failed; those are the caller's all the same.
 */
unsigned int objcache_get_bulk(struct objcache *cache, gfp_t gfp,
			       unsigned int nr, void **objs)
{
	unsigned int done = 0;

	if (!objcache_cache_ok(cache, "get_bulk") ||
	    !objcache_gfp_ok(to_core(cache), gfp))
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
EXPORT_SYMBOL_GPL(objcache_get_bulk);

/**
 * objcache_put_bulk - give several objects back
 * @cache: the cache they came from
 * @nr: how many
 * @objs: the objects, no longer the caller's; NULLs among them are ignored
 *
 * As @nr puts from @objs[0] up.
 *
 * Context: Any, NMI included.
 */
void objcache_put_bulk(struct objcache *cache, unsigned int nr, void **objs)
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
	for (i = 0; i < nr; i += run + 1) {
		for (run = 0; i + run < nr && objs[i + run]; run++)
			;
		this_cpu_add(core->cpu->count.slow_puts, run);
		objcache_park_or_release(core, objs + i, run);
	}
}
EXPORT_SYMBOL_GPL(objcache_put_bulk);

/**
 * objcache_prefill - make objects ahead of need and park them on this CPU
 * @cache: where
 * @nr: how many
 * @gfp: as for objcache_get()
 *
 * Stops at the capacity of the CPU; nothing that is parked makes way. Stops also
 * while too many objects wait to be destroyed.
 *
 * Context: Process context, may sleep if @gfp does. Not from a dtor.
 * Return: how many were parked.
 */
unsigned int objcache_prefill(struct objcache *cache, unsigned int nr,
			      gfp_t gfp)
{
	struct objcache_core *core = to_core(cache);
	unsigned int done;

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
		if (!objcache_park_with(core, &obj, 1, &p)) {
			objcache_release(core, &obj, 1);
			break;
		}
		/* For aging: this CPU is in use. */
		this_cpu_inc(core->cpu->count.prefilled);
	}
	return done;
}
EXPORT_SYMBOL_GPL(objcache_prefill);
