// SPDX-License-Identifier: GPL-2.0
/*
 * Debug mode: what a cache that checks does with what is put, and with gets
 *
 * Such a cache has no magazines, so that neither hit path ever hits, and no object is
 * parked but by what is here. The quarantine is what is displaced in the depot of a
 * node, which takes objects from any context without a lock, ages, and is drained and
 * shrunk; here it is first in, first out. Gets make objects until it is as long as the
 * capacity; then, or when none can be made, they take the oldest.
 */
#include <linux/jhash.h>
#include <linux/nodemask.h>
#include <linux/rcupdate.h>
#include <linux/sched/task_stack.h>
#include <linux/topology.h>

#include "context.h"
#include "debug.h"
#include "trace.h"

/* ---- back from a user ---- */

static void objcache_tell(struct objcache_core *core, enum objcache_stat kind,
			  struct objcache_track *track, const void *obj,
			  const struct objcache_site *site)
{
	objcache_found(&(struct objcache_finding) {
		.core = core, .kind = kind, .track = track, .obj = obj,
		.site = site,
	});
}

static void objcache_check_foreign(struct objcache_core *core, void *obj,
				   const struct objcache_site *site)
{
	const char *detail = NULL;

	if ((unsigned long)obj < PAGE_SIZE)
		detail = "It is a NULL with an offset.";
	else if (!objcache_is_object(obj))
		detail = "It is an error.";
	else if (object_is_on_stack(obj))
		detail = "It points to the caller's stack.";
	objcache_found(&(struct objcache_finding) {
		.core = core, .kind = OBJCACHE_STAT_put_foreign, .obj = obj,
		.near = detail ? NULL : objcache_track_near,
		.detail = detail, .site = site,
	});
}

/* It leaves its own cache as if discarded there, and does not enter this one. */
static void objcache_check_elsewhere(struct objcache_core *core,
				     struct objcache_track *track,
				     const struct objcache_site *site)
{
	struct objcache_core *own = track->core;

	objcache_tell(core, OBJCACHE_STAT_put_elsewhere, track, track->obj,
		      site);
	if (!objcache_track_move(track, OBJCACHE_TAKEN, OBJCACHE_WITHDRAWN)) {
		objcache_track_mark(track);
		return;
	}
	if (READ_ONCE(own->dead))
		return;
	objcache_count(own, discarded);
	objcache_withdraw(track);
}

/* Nobody has it. Who holds it, or gets it from where it is parked, withdraws it. */
static void objcache_check_again(struct objcache_core *core,
				 struct objcache_track *track, bool discard,
				 const struct objcache_site *site)
{
	enum objcache_stat kind = discard ? OBJCACHE_STAT_discarded_parked :
					    OBJCACHE_STAT_put_twice;

	objcache_tell(core, kind, track, track->obj, site);
	objcache_track_mark(track);
}

/**
 * objcache_check_late - a call for a cache that was destroyed
 * @core: the cache, dead
 * @obj: the object; NULL: a get
 * @site: of the call, or NULL
 *
 * Context: Any, in an RCU critical section.
 */
void objcache_check_late(struct objcache_core *core, void *obj,
			 const struct objcache_site *site)
{
	struct objcache_track *track = obj ? objcache_track_find(obj) : NULL;

	objcache_tell(core, OBJCACHE_STAT_put_late, track, obj, site);
	if (track)
		objcache_track_move(track, OBJCACHE_TAKEN, OBJCACHE_WITHDRAWN);
}

/**
 * objcache_check_back - an object is given back: is it one, and the caller's?
 * @core: the cache
 * @obj: the object, or whatever it is
 * @discard: it is not to be kept
 * @site: of the call, or NULL
 *
 * Of two that put it at once one finds it held: so both kinds of twice are found.
 *
 * Context: Any, in an RCU critical section.
 * Return: whether it is in order and held from here on, and counted as given back.
 */
bool objcache_check_back(struct objcache_core *core, void *obj, bool discard,
			 const struct objcache_site *site)
{
	struct objcache_track *track = objcache_track_find(obj);

	if (READ_ONCE(core->dead)) {
		objcache_check_late(core, obj, site);
		return false;
	}
	if (!track) {
		objcache_check_foreign(core, obj, site);
		return false;
	}
	if (track->core != core) {
		objcache_check_elsewhere(core, track, site);
		return false;
	}
	if (!objcache_track_move(track, OBJCACHE_TAKEN, OBJCACHE_HELD)) {
		objcache_check_again(core, track, discard, site);
		return false;
	}
	objcache_note(core, &track->put, site);
	if (discard)
		objcache_count(core, discarded);
	else
		objcache_count(core, puts);
	return objcache_guards_ok(track, site);
}

/**
 * objcache_check_drops - shall a put not be kept, to show who relies on that?
 * @core: the cache
 *
 * A hash of a count: the kernel's random numbers are not to be had in an NMI.
 *
 * Context: Any.
 * Return: whether, for a quarter of the puts of a cache that wants it.
 */
bool objcache_check_drops(struct objcache_core *core)
{
	if (!(core->flags & OBJCACHE_DROP))
		return false;
	return !(jhash_1word(atomic_inc_return(&core->watch.puts),
			     core->watch.seed) & 3);
}

/* ---- the quarantine ---- */

/**
 * objcache_check_full - is the quarantine of this node as long as it shall be?
 * @core: the cache
 *
 * What leaves a CPU of a NO_STEAL cache is not handed out again: it has none.
 *
 * Context: Any.
 * Return: whether.
 */
bool objcache_check_full(struct objcache_core *core)
{
	struct objcache_store *store =
		&objcache_here(core)->store[OBJCACHE_DISPLACED];

	return core->flags & OBJCACHE_NO_STEAL ||
	       objcache_store_nr(core, store) >= core->capacity;
}

/**
 * objcache_check_park - an object goes into quarantine
 * @core: the cache
 * @obj: the object, held, fit to be kept
 * @put: count it: what is put above the capacity is on its way out
 *
 * Context: Any.
 */
void objcache_check_park(struct objcache_core *core, void *obj, bool put)
{
	enum objcache_kind kind = OBJCACHE_DISPLACED;

	if (objcache_check_full(core)) {
		kind = OBJCACHE_LEAVING;
		if (put)
			objcache_count(core, overflow);
	}
	trace_objcache_spill(core->name, kind == OBJCACHE_LEAVING, 1);
	objcache_leave(core, objcache_here(core), kind, &obj, 1);
}

/* The oldest of what is stored somewhere that is as it was. */
static void *objcache_check_take(struct objcache_core *core,
				 struct objcache_node *n,
				 enum objcache_kind kind)
{
	void *one[2] = {};
	struct objcache_search s = {
		.mag = (struct objcache_magazine *)one, .room = 1,
	};

	while (objcache_depot_get(core, &s, n, kind)) {
		void *obj = s.mag->objs[0];

		if (objcache_track_reclaim(core, obj))
			return obj;
	}
	return NULL;
}

static void *objcache_check_far(struct objcache_core *core,
				enum objcache_kind kind)
{
	int here = numa_node_id();
	void *obj = NULL;
	unsigned int i;

	for (i = 1; !obj && i < nr_node_ids; i++) {
		struct objcache_node *n = core->node[(here + i) % nr_node_ids];

		if (n)
			obj = objcache_check_take(core, n, kind);
	}
	return obj;
}

/**
 * objcache_check_oldest - take the oldest object from quarantine
 * @core: the cache
 * @full: only where it is as long as it shall be, or the object is on its way out
 *
 * Context: Any.
 * Return: the object, held, as it was put, and counted; or NULL.
 */
void *objcache_check_oldest(struct objcache_core *core, bool full)
{
	struct objcache_node *n;
	void *obj = NULL;

	/* In nobody's structure only in here: a drain waits for that. */
	rcu_read_lock();
	if (READ_ONCE(core->dead))
		goto out;
	n = objcache_here(core);
	if (!full || objcache_check_full(core))
		obj = objcache_check_take(core, n, OBJCACHE_DISPLACED);
	if (!obj)
		obj = objcache_check_take(core, n, OBJCACHE_LEAVING);
	if (!obj)
		obj = objcache_check_far(core, OBJCACHE_LEAVING);
	if (!obj && !full)
		obj = objcache_check_far(core, OBJCACHE_DISPLACED);
	if (obj)
		objcache_count(core, gets);
out:
	rcu_read_unlock();
	return obj;
}

/* ---- to a user ---- */

/* On PREEMPT_RT, preempt_count() says nothing of softirqs that are off. */
static bool objcache_may_block(void)
{
	if (in_interrupt() || irqs_disabled() || rcu_preempt_depth())
		return false;
	return !IS_ENABLED(CONFIG_PREEMPT_COUNT) || preemptible();
}

/**
 * objcache_check_get - is a get in order?
 * @core: the cache
 * @gfp: of the get
 * @site: of the call, or NULL
 *
 * Context: Any.
 * Return: whether: the cache is not dead, and the caller may sleep if it says so;
 * otherwise nothing is to be made, nor waited for.
 */
bool objcache_check_get(struct objcache_core *core, gfp_t gfp,
			const struct objcache_site *site)
{
	if (READ_ONCE(core->dead)) {
		rcu_read_lock();
		objcache_check_late(core, NULL, site);
		rcu_read_unlock();
		return false;
	}
	if (!gfpflags_allow_blocking(gfp) || objcache_may_block())
		return true;
	objcache_tell(core, OBJCACHE_STAT_wrong_context, NULL, NULL, site);
	return false;
}

/**
 * objcache_check_handed - an object is its getter's from here on
 * @core: the cache
 * @obj: the object, held, counted as got
 * @site: of the call, or NULL
 *
 * Context: Any.
 * Return: whether; somebody may have put it meanwhile, and then it is withdrawn.
 */
bool objcache_check_handed(struct objcache_core *core, void *obj,
			   const struct objcache_site *site)
{
	struct objcache_track *track;
	bool mine;

	rcu_read_lock();
	track = objcache_track_find(obj);
	objcache_note(core, &track->taken, site);
	mine = objcache_track_move(track, OBJCACHE_HELD, OBJCACHE_TAKEN);
	if (!mine) {
		objcache_count(core, discarded);
		objcache_withdraw(track);
	}
	rcu_read_unlock();
	return mine;
}
