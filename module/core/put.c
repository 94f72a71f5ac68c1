// SPDX-License-Identifier: GPL-2.0
/*
 * Putting, off the hit path
 *
 * The spare goes to the ring, the loaded magazine becomes the spare, and an
 * empty one is loaded: the one that a thief left in the ring's slot, one from the
 * depot, or a new one. What finds no place goes to the depot, and so does what is
 * put by an interrupt that found the owner at work. So a put moves two magazines at most,
 * allocates one at most, below the capacity, and frees nothing but what it was given,
 * and that only if it may not be kept.
 */
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <linux/topology.h>

#include "context.h"
#include "core.h"
#include "debug.h"
#include "part.h"
#include "trace.h"

/* What a put has met. */
enum objcache_met {
	OBJCACHE_ROOM,		/* there is room, or has been */
	OBJCACHE_NO_MAGAZINE,	/* there would be, with another magazine */
	OBJCACHE_NO_PLACE,	/* for what is left there is none on this CPU */
};

/* A put, or what else parks objects, while it looks for room. */
struct objcache_parking {
	struct objcache_magazine *hand;	/* an empty magazine to use */
	bool put;			/* count it */
	bool keep;			/* nothing that is parked makes way */
};

/* Owner only, without a spare, loaded full or none: have an empty one loaded. */
static enum objcache_met objcache_reload(struct objcache_core *core,
					 struct objcache_cpu *c,
					 struct objcache_node *n,
					 struct objcache_magazine *empty,
					 struct objcache_parking *p)
{
	if (!empty) {
		empty = p->hand ?: objcache_depot_empty(n);
		p->hand = NULL;
	}
	if (!empty)
		return OBJCACHE_NO_MAGAZINE;
	c->spare = c->loaded;
	WRITE_ONCE(c->spare_full, c->loaded);
	objcache_load(core, c, empty, 0);
	return OBJCACHE_ROOM;
}

/* Of what it has displaced since nothing was left there, so many may lie there still. */
static u32 objcache_beside(struct objcache_core *core,
			   const struct objcache_node *n, u64 beside,
			   u32 emptied)
{
	if (beside >> 32 != emptied)
		return 0;
	return min((unsigned long)(u32)beside,
		   objcache_store_nr(core, &n->store[OBJCACHE_DISPLACED]));
}

/*
 * Of what has left its CPU, or finds no place there: how many of @nr are parked
 * still? What a CPU has, and what it has displaced, come to the capacity at most,
 * together. Who has taken what is not known, so that may be less, but never for what
 * other CPUs have displaced; and a put that is under way as the last one is taken is
 * not counted from then on. Counted in one word, with the time it is of: an NMI may
 * come, and count too.
 */
static unsigned int objcache_may_displace(struct objcache_core *core,
					  unsigned int nr)
{
	struct objcache_node *n = objcache_here(core);
	unsigned long room = objcache_parked_on(core, raw_cpu_ptr(core->cpu));
	u32 emptied, beside, kept;
	u64 old, new;

	if (room >= core->capacity)
		return 0;
	room = core->capacity - room;
	do {
		old = raw_cpu_read(core->cpu->beside);
		emptied = READ_ONCE(n->emptied); /* see objcache_settle() */
		beside = objcache_beside(core, n, old, emptied);
		if (beside >= room)
			return 0;
		kept = min_t(unsigned long, nr, room - beside);
		new = (u64)emptied << 32 | (beside + kept);
	} while (this_cpu_cmpxchg(core->cpu->beside, old, new) != old);
	return kept;
}

/*
 * Owner only, all full: the spare leaves, for an empty magazine. If there is none, or
 * the depot's lock cannot be had, what is in it leaves, and it is empty itself: what
 * is on its way out anyway is worth no new magazine.
 */
static enum objcache_met objcache_overflow(struct objcache_core *core,
					   struct objcache_cpu *c,
					   struct objcache_node *n,
					   struct objcache_parking *p)
{
	struct objcache_magazine *empty = NULL;
	enum objcache_kind kind;

	if (p->keep || core->flags & OBJCACHE_NO_STEAL)
		return OBJCACHE_NO_PLACE;
	kind = objcache_may_displace(core, core->batch) ? OBJCACHE_DISPLACED :
							   OBJCACHE_LEAVING;
	if (!objcache_depot_give(core, n, kind, c->spare, &p->hand, false)) {
		objcache_leave(core, n, kind, c->spare->objs, core->batch);
		empty = c->spare;
	}
	if (kind == OBJCACHE_LEAVING)
		objcache_owned_add(c, overflow, core->batch);
	else
		objcache_owned_add(c, displaced, core->batch);
	trace_objcache_spill(core->name, true, core->batch);
	c->spare = NULL;
	WRITE_ONCE(c->spare_full, false);
	return objcache_reload(core, c, n, empty, p);
}

/* Owner only, loaded full (or none): have an empty one loaded. */
static enum objcache_met objcache_make_room(struct objcache_core *core,
					    struct objcache_cpu *c,
					    struct objcache_node *n,
					    struct objcache_parking *p)
{
	struct objcache_magazine *empty;

	if (!c->spare)
		return objcache_reload(core, c, n, NULL, p);
	if (!c->spare_full) {
		objcache_swap_spare(core, c);
		return OBJCACHE_ROOM;
	}
	/* Full; or a taker that stands still in a slot, or no slots at all. */
	if (objcache_shared(c) >= core->shared_max ||
	    !objcache_push(core, c, c->spare, &empty))
		return objcache_overflow(core, c, n, p);
	trace_objcache_spill(core->name, false, core->batch);
	c->spare = NULL;
	WRITE_ONCE(c->spare_full, false);
	return objcache_reload(core, c, n, empty, p);
}

/*
 * A step wanted to know, from a CPU that it must not disturb: has this been idle
 * ever since? Then what is private to it leaves.
 */
static void objcache_answer(struct objcache_core *core, struct objcache_cpu *c,
			    struct objcache_node *n)
{
	objcache_set_limit(core, c);
	if (!READ_ONCE(c->expired) ||
	    objcache_touched(c) != READ_ONCE(c->touched))
		return;
	objcache_owned_add(c, aged_out,
			   objcache_part_leave(core, c, n, OBJCACHE_LEAVING));
	objcache_part_strip(core, c, n);
}

/* What fits into one magazine: no visit is longer. */
static unsigned int objcache_park_owner(struct objcache_core *core,
					struct objcache_cpu *c, void **objs,
					unsigned int nr, enum objcache_met *met,
					struct objcache_parking *p)
{
	struct objcache_node *n = objcache_node_of(core, smp_processor_id());

	if (unlikely(!data_race(c->own.limit))) /* any CPU takes it away */
		objcache_answer(core, c, n);
	if (!objcache_room(core, c))
		*met = objcache_make_room(core, c, n, p);
	/* Without a limit, after all that, nothing may be private here. */
	if (unlikely(core->bounded) && !READ_ONCE(c->own.limit))
		*met = OBJCACHE_NO_PLACE;
	if (*met != OBJCACHE_ROOM)
		return 0;
	nr = min(nr, objcache_room(core, c));
	memcpy(c->own.top, objs, nr * sizeof(*objs));
	objcache_set_top(c, c->own.top + nr);
	if (p->put)
		data_race(c->own.puts += nr); /* as on the hit path */
	return nr;
}

/* One visit to the owner section, or beside it. */
static unsigned int objcache_park_some(struct objcache_core *core, void **objs,
				       unsigned int nr, enum objcache_met *met,
				       struct objcache_parking *p)
{
	struct objcache_cpu *c = objcache_enter(core);
	unsigned int done = 0;

	if (c) {
		*met = OBJCACHE_ROOM;
		done = objcache_park_owner(core, c, objs, nr, met, p);
	} else {
		*met = OBJCACHE_NO_PLACE;
		objcache_count_add(core, nested, nr);
	}
	objcache_exit(c);
	return done;
}

static unsigned int objcache_park_as(struct objcache_core *core, void **objs,
				     unsigned int nr, struct objcache_parking *p)
{
	enum objcache_met met = OBJCACHE_ROOM;
	unsigned int done = 0;

	while (done < nr && met != OBJCACHE_NO_PLACE) {
		done += objcache_park_some(core, objs + done, nr - done, &met, p);
		if (met != OBJCACHE_NO_MAGAZINE)
			continue;
		if (objcache_may_call_slab())
			p->hand = objcache_magazine_alloc(core, GFP_NOWAIT,
							  NUMA_NO_NODE);
		if (!p->hand)
			break;
	}
	if (p->hand)
		objcache_depot_keep(core, objcache_here(core), p->hand);
	return done;
}

/**
 * objcache_park - park fresh objects on this CPU
 * @core: the cache
 * @objs: the objects
 * @nr: how many
 *
 * Nothing that is parked makes way for them.
 *
 * Context: Any.
 * Return: how many of @objs, from the first, found a place.
 */
unsigned int objcache_park(struct objcache_core *core, void **objs,
			   unsigned int nr)
{
	struct objcache_parking p = { .keep = true };

	return objcache_park_as(core, objs, nr, &p);
}

/* What has found no place on this CPU. */
static void objcache_put_beside(struct objcache_core *core, void **objs,
				unsigned int nr)
{
	struct objcache_node *n = objcache_here(core);
	unsigned int kept = objcache_may_displace(core, nr);

	if (kept)
		objcache_leave(core, n, OBJCACHE_DISPLACED, objs, kept);
	if (kept < nr)
		objcache_leave(core, n, OBJCACHE_LEAVING, objs + kept, nr - kept);
	objcache_count_add(core, displaced, kept);
	objcache_count_add(core, overflow, nr - kept);
	trace_objcache_spill(core->name, true, nr);
}

/**
 * objcache_put_objs - take objects back that are fit to be kept
 * @core: the cache, alive
 * @objs: the objects
 * @nr: how many
 *
 * Context: Any.
 */
void objcache_put_objs(struct objcache_core *core, void **objs,
		       unsigned int nr)
{
	struct objcache_parking p = { .put = true };
	unsigned int done = objcache_park_as(core, objs, nr, &p);

	if (done == nr)
		return;
	objcache_count_add(core, puts, nr - done);
	objcache_put_beside(core, objs + done, nr - done);
}

/* ---- not to be kept ---- */

/* Plain memory goes where it came from, if that is legal here. */
static void objcache_doom(struct objcache_core *core, void *obj)
{
	trace_objcache_release(core->name, 1);
	if (!core->ops.dtor && objcache_may_call_slab() &&
	    objcache_let_go(core, 1))
		objcache_free(core, &obj, 1);
	else
		objcache_leave(core, objcache_here(core), OBJCACHE_DOOMED, &obj,
			       1);
}

/* Where the CPU's node has no memory, any node is its own. */
static bool objcache_is_near(void *obj)
{
	int node = numa_mem_id();

	return page_to_nid(virt_to_page(obj)) == node ||
	       !node_state(node, N_MEMORY);
}

static bool objcache_may_keep(struct objcache_core *core, void *obj)
{
	if (core->flags & OBJCACHE_DEBUG)
		return false;
	return !(core->flags & OBJCACHE_NODE_LOCAL) || objcache_is_near(obj);
}

static bool objcache_fit_to_keep(struct objcache_core *core, void *obj)
{
	if (core->ops.reset && !core->ops.reset(obj, core->ctx))
		return false;
	return objcache_may_keep(core, obj);
}

static void objcache_keep_checked(struct objcache_core *core, void *obj,
				  bool fit)
{
	if (fit && objcache_may_keep(core, obj) && !objcache_check_drops(core)) {
		objcache_check_park(core, obj, true);
		return;
	}
	objcache_count(core, refused);
	objcache_doom(core, obj);
}

/*
 * In debug mode: what is it that we are given? Reset is not called in a critical
 * section of ours, as it may be one that sleeps; the object is out meanwhile, and so
 * what a destroy would leave.
 */
static noinline void objcache_put_checked(struct objcache_core *core, void *obj,
					  const struct objcache_site *site)
{
	bool back, fit = true;

	rcu_read_lock();
	back = objcache_check_back(core, obj, false, site);
	rcu_read_unlock();
	if (!back)
		return;
	if (core->ops.reset)
		fit = objcache_watched_reset(core, obj);
	rcu_read_lock();
	if (!READ_ONCE(core->dead))
		objcache_keep_checked(core, obj, fit);
	rcu_read_unlock();
}

/*
 * The hit path of caches whose puts have to look at the object: their limit is no
 * more than whether there may be one.
 */
static bool objcache_hit_looked_at(struct objcache_core *core, void *obj)
{
	struct objcache_cpu *c = objcache_enter(core);
	bool hit = c && data_race(c->own.limit) && /* any CPU takes it away */
		   objcache_room(core, c);

	if (hit) {
		*c->own.top = obj;
		objcache_set_top(c, c->own.top + 1);
		data_race(c->own.puts++); /* as on the hit path */
	}
	objcache_exit(c);
	return hit;
}

/* Apart, as @obj has an address here. */
static noinline void objcache_put_kept(struct objcache_core *core, void *obj)
{
	objcache_put_objs(core, &obj, 1);
}

static noinline void objcache_put_refused(struct objcache_core *core, void *obj)
{
	objcache_count(core, puts);
	objcache_count(core, refused);
	objcache_doom(core, obj);
}

static void objcache_put_one(struct objcache_core *core, void *obj)
{
	if (unlikely(!objcache_fit_to_keep(core, obj)))
		objcache_put_refused(core, obj);
	else if (!core->slow_put || !objcache_hit_looked_at(core, obj))
		objcache_put_kept(core, obj);
}

/**
 * __objcache_put_at - objcache_put() past the hit path, from a known place
 * @cache: the cache it came from
 * @obj: the object; NULL is ignored
 * @site: where the call is, or NULL
 *
 * After a destroy that found objects out, the memory stays as it is. A put that is
 * past the look at that is over before the grace period that destroy waits for.
 *
 * Context: Any.
 */
void __objcache_put_at(struct objcache *cache, void *obj,
		       const struct objcache_site *site)
{
	struct objcache_core *core = to_core(cache);

	if (unlikely(!objcache_are_objects(cache, obj)) &&
	    (!objcache_cache_ok(cache, "put") || !obj))
		return;
	if (unlikely(core->checks)) {
		objcache_put_checked(core, obj, site);
		return;
	}
	rcu_read_lock();
	if (likely(!READ_ONCE(core->dead)))
		objcache_put_one(core, obj);
	rcu_read_unlock();
}
EXPORT_SYMBOL_GPL(__objcache_put_at);

/**
 * __objcache_put_slow - objcache_put() past the hit path
 * @cache: the cache it came from
 * @obj: the object; NULL is ignored
 *
 * Context: Any.
 */
noinline void __objcache_put_slow(struct objcache *cache, void *obj)
{
	__objcache_put_at(cache, obj, NULL);
}
EXPORT_SYMBOL_GPL(__objcache_put_slow);

/*
 * notrace, as are all calls with the hit path in them: what happens there is not
 * traced anywhere, and a tracer's hook would be one instruction in twenty.
 */

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

static void objcache_discard_one(struct objcache_core *core, void *obj,
				 const struct objcache_site *site)
{
	if (likely(!core->checks))
		objcache_count(core, discarded);
	else if (!objcache_check_back(core, obj, true, site))
		return;
	objcache_doom(core, obj);
}

/**
 * __objcache_discard_at - objcache_discard(), from a known place
 * @cache: the cache it came from
 * @obj: the object; NULL is ignored
 * @site: where the call is, or NULL
 *
 * Context: Any.
 */
void __objcache_discard_at(struct objcache *cache, void *obj,
			   const struct objcache_site *site)
{
	struct objcache_core *core = to_core(cache);

	if (!objcache_cache_ok(cache, "discard") || !obj)
		return;
	rcu_read_lock();
	/* One that checks has a word to say to late calls. */
	if (likely(!READ_ONCE(core->dead)) || core->checks)
		objcache_discard_one(core, obj, site);
	rcu_read_unlock();
}
EXPORT_SYMBOL_GPL(__objcache_discard_at);

void objcache_discard(struct objcache *cache, void *obj)
{
	__objcache_discard_at(cache, obj, NULL);
}
EXPORT_SYMBOL_GPL(objcache_discard);
