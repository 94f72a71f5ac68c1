// SPDX-License-Identifier: GPL-2.0
/*
 * Getting and putting off the hit path
 *
 * Each CPU owns two magazines, loaded and spare, guarded by nothing but
 * preemption off and the owner's token (objcache.h has the hit path). Full
 * magazines go to its ring, where other CPUs take them. What finds the token
 * gone has interrupted the owner and links its object on the nested list
 * instead.
 *
 * Concurrency matrix. "owner" is code inside the owner section of a CPU,
 * "nested" an interrupt (hardirq, softirq, NMI) that found the section taken,
 * "thief" any context of another CPU, "drain" process context:
 *
 *              | owner           | nested         | thief          | drain
 *  ------------+-----------------+----------------+----------------+-----------
 *  loaded,     | preemption off  | the token is   | never touches  | runs on the
 *  spare       | + token         | gone           | (counts only)  | CPU, as owner
 *  ring        | CAS on head     | as a thief     | CAS on tail,   | as owner
 *              |                 |                | slot tag       |
 *  nested list | xchg whole list | cmpxchg add,   | never touches  | as owner
 *              |                 | xchg whole     |                |
 *  surplus bit | sets            | as a thief     | clears, looks  | as owner
 *              |                 |                | again          |
 *  depot       | depot.lock      | never touches  | as owner       | depot.lock
 *  limit       | sets            | reads          | a step takes   | as owner
 *              |                 |                | it away (NULL) |
 *
 * Of a CPU that is offline, drain and the hotplug callback (which exclude each
 * other) are the sole owner. Age steps and the shrinker are thieves of both
 * rings; a step claims the whole aged one with a single CAS and flips which is
 * current. A push that races the flip lands in the aged ring and survives one
 * step all the same. The private part ages on its own CPU, as owner.
 *
 * Lock order: CPU hotplug lock, drain_mutex. age_mutex is taken under neither, nor
 * they under it, and objcache_mutex under none of these. take_lock (release.c) and
 * depot.lock are leaves, held with interrupts off, the latter in owner sections
 * too; an NMI only tries them. A hit takes no lock.
 */
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/topology.h>

#include "owner.h"
#include "trace.h"

/**
 * objcache_load - have a magazine loaded
 * @core: the cache
 * @c: the CPU's part of it, owned
 * @mag: the magazine; NULL: none
 * @nr: objects in it
 */
void objcache_load(struct objcache_core *core, struct objcache_cpu *c,
		   struct objcache_magazine *mag, unsigned int nr)
{
	void **base = mag ? mag->objs : core->none + 1;

	c->loaded = mag;
	WRITE_ONCE(c->own.base, base);
	objcache_set_top(c, base + nr);
	objcache_set_limit(core, c);
}

/**
 * objcache_equip - give a CPU empty magazines to work with, or none
 * @core: the cache
 * @c: the CPU's part of it: empty, and owned
 * @loaded: a magazine; NULL: none, so that every get and put misses
 * @spare: another
 */
void objcache_equip(struct objcache_core *core, struct objcache_cpu *c,
		    struct objcache_magazine *loaded,
		    struct objcache_magazine *spare)
{
	objcache_load(core, c, loaded, 0);
	c->spare = spare;
	WRITE_ONCE(c->spare_full, false);
}

/**
 * objcache_swap_spare - exchange the loaded magazine and the spare
 * @core: the cache
 * @c: the CPU's part of it, owned; one of the two is full, the other empty
 */
void objcache_swap_spare(struct objcache_core *core, struct objcache_cpu *c)
{
	struct objcache_magazine *loaded = c->loaded;
	bool was_full = c->spare_full;

	WRITE_ONCE(c->spare_full, !was_full);
	objcache_load(core, c, c->spare, was_full ? core->batch : 0);
	c->spare = loaded;
}

/* ---- get ---- */

/* Both generations of this CPU, for who empties it. */
static struct objcache_magazine *objcache_pop_own(struct objcache_cpu *c)
{
	struct objcache_magazine *mag;

	mag = objcache_ring_pop(objcache_ring_of(c, false), c->loaded);
	if (!mag)
		mag = objcache_ring_pop(objcache_ring_of(c, true), c->loaded);
	return mag;
}

/* A magazine that was on its way out. */
static struct objcache_magazine *objcache_pop_depot(struct objcache_core *core,
						    struct objcache_cpu *c)
{
	struct objcache_magazine *mag = objcache_depot_swap(core, c->loaded);

	if (!mag)
		return NULL;
	data_race(c->owned.taken_back += core->batch); /* read for statistics */
	trace_objcache_refill(core->name, core->batch);
	return mag;
}

/* The order of objcache_get(), past the private part. */
static struct objcache_magazine *objcache_pop_any(struct objcache_core *core,
						  struct objcache_cpu *c)
{
	struct objcache_magazine *mag;
	unsigned long *slot;

	mag = objcache_ring_pop(objcache_ring_of(c, false), c->loaded);
	if (mag) {
		this_cpu_add(core->cpu->count.own_ring, core->batch);
		trace_objcache_refill(core->name, core->batch);
		return mag;
	}
	mag = objcache_rob(core, c, &slot);
	if (mag)
		objcache_ring_return(slot, c->loaded);
	return mag;
}

/* Owner only, loaded empty: exchange it for a full one. */
static bool objcache_refill(struct objcache_core *core, struct objcache_cpu *c,
			    enum objcache_reach reach)
{
	struct objcache_magazine *mag;

	if (!c->loaded || reach == OBJCACHE_PRIVATE)
		return false;
	mag = reach == OBJCACHE_OWN ? objcache_pop_own(c) :
				      objcache_pop_any(core, c);
	if (!mag && reach == OBJCACHE_BEYOND)
		mag = objcache_pop_depot(core, c);
	if (!mag)
		return false;
	if (reach >= OBJCACHE_ALL)
		data_race(c->owned.refilled++); /* read for statistics */
	objcache_load(core, c, mag, core->batch);
	return true;
}

/**
 * objcache_ready - is there something in the loaded magazine, or can there be?
 * @core: the cache
 * @c: this CPU's part of it, owned
 * @reach: how far to look
 *
 * Return: that.
 */
bool objcache_ready(struct objcache_core *core, struct objcache_cpu *c,
		    enum objcache_reach reach)
{
	if (objcache_loaded(c))
		return true;
	if (c->spare && c->spare_full) {
		objcache_swap_spare(core, c);
		return true;
	}
	return objcache_fold(core, c) || objcache_refill(core, c, reach);
}

static void *objcache_pop(struct objcache_cpu *c)
{
	void **top = c->own.top - 1;

	objcache_set_top(c, top);
	return *top;
}

/**
 * objcache_take_parked - take an object that a CPU has parked
 * @core: the cache
 * @c: the CPU's part of it: this CPU's with preemption off, or a dead one's
 * @reach: how far to look, not beyond that CPU
 *
 * Not counted as a get.
 * Return: the object, or NULL.
 */
void *objcache_take_parked(struct objcache_core *core, struct objcache_cpu *c,
			   enum objcache_reach reach)
{
	void *obj = NULL;

	if (!objcache_owner_enter(&c->own))
		return NULL;
	if (objcache_ready(core, c, reach))
		obj = objcache_pop(c);
	else
		obj = objcache_nested_take(core, c);
	objcache_owner_exit(&c->own);
	return obj;
}

/* A parked object from wherever the order of objcache_get() finds one. */
static void *objcache_parked(struct objcache_core *core,
			     enum objcache_reach reach)
{
	struct objcache_cpu *c = objcache_enter(core);
	void *obj = NULL;

	if (!c) {
		this_cpu_inc(core->cpu->count.nested);
		obj = objcache_nested_get(core, this_cpu_ptr(core->cpu));
		if (obj)
			this_cpu_inc(core->cpu->count.slow_gets);
	} else if (objcache_ready(core, c, reach)) {
		obj = objcache_pop(c);
		data_race(c->own.gets++); /* as on the hit path */
	}
	objcache_exit(c);
	return obj;
}

/**
 * __objcache_try_get_slow - objcache_try_get() past the hit path
 * @cache: where from
 *
 * Context: Any.
 * Return: an object, or NULL.
 */
void *__objcache_try_get_slow(struct objcache *cache)
{
	if (!objcache_cache_ok(cache, "try_get"))
		return NULL;
	return objcache_parked(to_core(cache), OBJCACHE_ALL);
}
EXPORT_SYMBOL_GPL(__objcache_try_get_slow);

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
	void *obj;

	if (!objcache_cache_ok(cache, "get"))
		return NULL;
	if (!objcache_gfp_ok(to_core(cache), gfp))
		return NULL;
	obj = objcache_parked(to_core(cache), OBJCACHE_BEYOND);
	if (obj)
		return obj;
	return objcache_fresh(to_core(cache), gfp);
}
EXPORT_SYMBOL_GPL(__objcache_get_slow);

/* ---- out of line ---- */

/*
 * notrace, as are the bulk calls: what happens on the hit path is not traced
 * anywhere, and a tracer's hook would be one instruction in twenty.
 */

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

/* ---- put ---- */

static bool objcache_fit_to_keep(struct objcache_core *core, void *obj)
{
	int node = numa_node_id();

	if (core->ops.reset && !core->ops.reset(obj, core->ctx))
		return false;
	if (!(core->flags & OBJCACHE_NODE_LOCAL))
		return true;
	/* Where the own node has none to give, what any other gave is as near. */
	return page_to_nid(virt_to_page(obj)) == node ||
	       !node_state(node, N_MEMORY);
}

/* A put after a destroy that found objects out. The memory stays as it is. */
static bool objcache_is_late(struct objcache_core *core)
{
	return unlikely(READ_ONCE(core->dead));
}

/**
 * __objcache_put_slow - objcache_put() past the hit path
 * @cache: the cache it came from
 * @obj: the object; NULL is ignored
 *
 * Context: Any.
 */
void __objcache_put_slow(struct objcache *cache, void *obj)
{
	struct objcache_core *core = to_core(cache);

	if (!objcache_cache_ok(cache, "put") || !obj || objcache_is_late(core))
		return;
	if (objcache_fit_to_keep(core, obj)) {
		objcache_park_or_release(core, &obj, 1);
	} else {
		this_cpu_inc(core->cpu->count.slow_puts);
		this_cpu_inc(core->cpu->count.refused);
		objcache_doom(core, obj);
	}
}
EXPORT_SYMBOL_GPL(__objcache_put_slow);

/**
 * __objcache_put - what objcache_put_noinline() calls
 * @cache: the cache it came from
 * @obj: the object; NULL is ignored
 */
notrace void __objcache_put(struct objcache *cache, void *obj)
{
	if (unlikely(!objcache_are_objects(cache, obj) ||
		     !objcache_hit_put(cache, obj)))
		__objcache_put_slow(cache, obj);
}
EXPORT_SYMBOL_GPL(__objcache_put);

void objcache_discard(struct objcache *cache, void *obj)
{
	struct objcache_core *core = to_core(cache);

	if (!objcache_cache_ok(cache, "discard") || !obj ||
	    objcache_is_late(core))
		return;
	this_cpu_inc(core->cpu->count.discarded);
	objcache_doom(core, obj);
}
EXPORT_SYMBOL_GPL(objcache_discard);

/**
 * objcache_cache_ok - is this a cache at all?
 * @cache: what an out-of-line function was given
 * @what: its name, for the log
 *
 * Says so if it is not, in a line that all callers together are rate-limited in; no
 * WARN, it would taint the kernel.
 *
 * Return: that.
 */
bool objcache_cache_ok(struct objcache *cache, const char *what)
{
	if (!IS_ERR_OR_NULL(cache))
		return true;
	pr_err_ratelimited("%s: called with cache %pe, ignored; did objcache_create fail?\n",
			   what, cache);
	return false;
}
