// SPDX-License-Identifier: GPL-2.0
/*
 * Debug mode: each object of the caches that check
 *
 * One table for all of them, by address, looked at without a lock in any context: so a
 * foreign pointer is known before it is followed, and an object of another cache, be
 * that destroyed, for what it is. Objects come into it when they are made and go when
 * they are unmade, under a bucket's lock, with interrupts off; never from an NMI.
 *
 * While an object is parked it holds poison, if it is plain, or what its user left,
 * with a sum of that. On either side of it is a guard.
 */
#include <linux/bits.h>
#include <linux/hash.h>
#include <linux/jhash.h>
#include <linux/mm.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "context.h"
#include "debug.h"

/* 128 KiB: chains of six with 100,000 objects. */
#define OBJCACHE_TABLE_BITS	14
#define OBJCACHE_TABLE_SIZE	BIT(OBJCACHE_TABLE_BITS)
#define OBJCACHE_TABLE_LOCKS	64U

static struct hlist_head *objcache_table;
/* Each of some buckets: taken with interrupts off, a leaf. */
static raw_spinlock_t objcache_table_locks[OBJCACHE_TABLE_LOCKS];

/* ---- the table ---- */

static u32 objcache_bucket(const void *obj)
{
	return hash_ptr(obj, OBJCACHE_TABLE_BITS);
}

static raw_spinlock_t *objcache_bucket_lock(const void *obj)
{
	return &objcache_table_locks[objcache_bucket(obj) %
				     OBJCACHE_TABLE_LOCKS];
}

static void objcache_table_add(struct objcache_track *track)
{
	raw_spinlock_t *lock = objcache_bucket_lock(track->obj);
	unsigned long flags;

	raw_spin_lock_irqsave(lock, flags);
	hlist_add_head_rcu(&track->node,
			   &objcache_table[objcache_bucket(track->obj)]);
	raw_spin_unlock_irqrestore(lock, flags);
}

static void objcache_table_del(struct objcache_track *track)
{
	raw_spinlock_t *lock = objcache_bucket_lock(track->obj);
	unsigned long flags;

	raw_spin_lock_irqsave(lock, flags);
	hlist_del_rcu(&track->node);
	raw_spin_unlock_irqrestore(lock, flags);
	kfree_rcu(track, rcu);
}

/**
 * objcache_track_find - what is known of an object
 * @obj: any address
 *
 * Context: Any, in an RCU critical section.
 * Return: that, or NULL: no object of a cache that checks begins there.
 */
struct objcache_track *objcache_track_find(const void *obj)
{
	struct objcache_track *track;

	hlist_for_each_entry_rcu(track, &objcache_table[objcache_bucket(obj)],
				 node)
		if (track->obj == obj)
			return track;
	return NULL;
}

/**
 * objcache_each_track - do something with all objects of a cache
 * @core: the cache; NULL: all caches
 * @fn: what; must not sleep
 * @data: for it
 *
 * Objects that come and go meanwhile may or may not be among them.
 *
 * Context: Process context.
 */
void objcache_each_track(struct objcache_core *core,
			 void (*fn)(struct objcache_track *track, void *data),
			 void *data)
{
	struct objcache_track *track;
	unsigned int i;

	for (i = 0; i < OBJCACHE_TABLE_SIZE; i++) {
		rcu_read_lock();
		hlist_for_each_entry_rcu(track, &objcache_table[i], node)
			if (!core || track->core == core)
				fn(track, data);
		rcu_read_unlock();
		cond_resched();
	}
}

static bool objcache_is_in(const struct objcache_track *track, const void *ptr)
{
	return ptr > track->obj && ptr < track->obj + track->core->params.size;
}

/**
 * objcache_track_near - an object that an address lies in
 * @ptr: the address
 *
 * Looks at all there are: for reports.
 *
 * Context: Any, in an RCU critical section.
 * Return: that, or NULL.
 */
struct objcache_track *objcache_track_near(const void *ptr)
{
	struct objcache_track *track;
	unsigned int i;

	for (i = 0; i < OBJCACHE_TABLE_SIZE; i++)
		hlist_for_each_entry_rcu(track, &objcache_table[i], node)
			if (objcache_is_in(track, ptr))
				return track;
	return NULL;
}

/* ---- contents ---- */

static unsigned int objcache_shadow_bytes(const struct objcache_core *core)
{
	return objcache_is_plain(core) ? 0 :
	       min(core->params.size, OBJCACHE_SHADOW);
}

/* Where the guard behind it ends. */
static unsigned int objcache_guard_end(const struct objcache_core *core)
{
	return core->link;
}

static void objcache_set_guards(struct objcache_core *core, void *obj)
{
	memset(obj - core->lead, OBJCACHE_GUARD_BYTE, core->lead);
	memset(obj + core->params.size, OBJCACHE_GUARD_BYTE,
	       objcache_guard_end(core) - core->params.size);
}

/* What @nr bytes from @at in the object differ in from @should, or else from @byte. */
static bool objcache_compare(const void *obj, int at, unsigned int nr,
			     const u8 *should, u8 byte,
			     struct objcache_damage *d)
{
	const u8 *is = obj + at;
	unsigned int i, first = nr, last = 0;

	if (should ? !memcmp(is, should, nr) : !memchr_inv(is, byte, nr))
		return false;
	for (i = 0; i < nr; i++) {
		if (is[i] == (should ? should[i] : byte))
			continue;
		first = min(first, i);
		last = i;
	}
	/* It may be as it was by now. */
	first = min(first, last);
	d->from = at + first;
	d->to = at + last;
	d->nr = min(last - first + 1, OBJCACHE_SHOWN);
	for (i = 0; i < d->nr; i++) {
		d->is[i] = is[first + i];
		d->should[i] = should ? should[first + i] : byte;
	}
	return true;
}

static u32 objcache_sum(const struct objcache_track *track)
{
	return jhash(track->obj, track->core->params.size, track->serial);
}

/* Whether what is parked has changed, and how. */
static bool objcache_changed(const struct objcache_track *track,
			     struct objcache_damage *d)
{
	struct objcache_core *core = track->core;
	unsigned int shadow = objcache_shadow_bytes(core);

	d->kind = OBJCACHE_STAT_written_after_put;
	if (objcache_is_plain(core))
		return objcache_compare(track->obj, 0, core->params.size, NULL,
					POISON_FREE, d);
	if (objcache_compare(track->obj, 0, shadow, track->shadow, 0, d))
		return true;
	if (track->sum == objcache_sum(track))
		return false;
	d->from = shadow;
	d->nr = 0;
	return true;
}

static bool objcache_guards_changed(const struct objcache_track *track,
				    struct objcache_damage *d)
{
	const struct objcache_core *core = track->core;
	unsigned int size = core->params.size;

	d->kind = OBJCACHE_STAT_overrun;
	if (objcache_compare(track->obj, size, objcache_guard_end(core) - size,
			     NULL, OBJCACHE_GUARD_BYTE, d))
		return true;
	d->kind = OBJCACHE_STAT_underrun;
	return objcache_compare(track->obj, -(int)core->lead, core->lead, NULL,
				OBJCACHE_GUARD_BYTE, d);
}

static void objcache_track_seal(struct objcache_track *track)
{
	struct objcache_core *core = track->core;

	if (objcache_is_plain(core)) {
		memset(track->obj, POISON_FREE, core->params.size);
		return;
	}
	memcpy(track->shadow, track->obj, objcache_shadow_bytes(core));
	track->sum = objcache_sum(track);
}

/**
 * objcache_track_parks - objects are parked: from here on nothing in them may change
 * @core: the cache
 * @objs: the objects, held; or parked before, and never opened
 * @nr: how many
 *
 * Context: Any.
 */
void objcache_track_parks(struct objcache_core *core, void **objs,
			  unsigned int nr)
{
	unsigned int i;

	rcu_read_lock();
	for (i = 0; i < nr; i++) {
		struct objcache_track *track = objcache_track_find(objs[i]);

		if (atomic_read(&track->state) != OBJCACHE_HELD)
			continue;
		objcache_track_seal(track);
		/* If not, it is withdrawn; who takes it from there will see. */
		objcache_track_move(track, OBJCACHE_HELD, OBJCACHE_PARKED);
	}
	rcu_read_unlock();
}

/* ---- withdrawing ---- */

/**
 * objcache_withdraw - an object is nobody's from here on, for good
 * @track: the object: held, or a user's
 *
 * Its memory stays while the cache does, its destructor does not run.
 *
 * Context: Any.
 */
void objcache_withdraw(struct objcache_track *track)
{
	struct objcache_core *core = track->core;

	atomic_set(&track->state, OBJCACHE_WITHDRAWN);
	objcache_count(core, withdrawn);
	objcache_count(core, destroyed);
	/* Another one may be made for it; at the minimum the keeper does. */
	if (core->min_objects)
		atomic_dec(&core->stay);
	objcache_unreserve(core, 1);
	if (objcache_below_min(core)) {
		/* Before its call: objcache_any_missing() reads it in the keeper. */
		WRITE_ONCE(core->watch.missing, true);
		objcache_want(core, OBJCACHE_DUE_NOW);
	}
}

static void objcache_damaged(struct objcache_track *track,
			     const struct objcache_damage *d,
			     const struct objcache_site *site)
{
	objcache_found(&(struct objcache_finding) {
		.core = track->core, .kind = d->kind, .track = track,
		.obj = track->obj, .damage = d, .site = site,
	});
	objcache_withdraw(track);
}

/**
 * objcache_guards_ok - has anything been written beside an object?
 * @track: the object, held
 * @site: of the call, or NULL
 *
 * Context: Any.
 * Return: whether not; otherwise it is withdrawn.
 */
bool objcache_guards_ok(struct objcache_track *track,
			const struct objcache_site *site)
{
	struct objcache_damage d = {};

	if (!objcache_guards_changed(track, &d))
		return true;
	objcache_damaged(track, &d, site);
	return false;
}

/**
 * objcache_track_opens - take an object that was parked
 * @track: the object, or one that is held already
 *
 * Context: Any.
 * Return: whether it is held from here on, and as it was; otherwise it is withdrawn.
 */
bool objcache_track_opens(struct objcache_track *track)
{
	struct objcache_damage d = {};

	if (!objcache_track_move(track, OBJCACHE_PARKED, OBJCACHE_HELD)) {
		if (atomic_read(&track->state) == OBJCACHE_HELD)
			return true;
		/* While it was parked; what it counted as ends here. */
		objcache_withdraw(track);
		return false;
	}
	if (!objcache_changed(track, &d) && !objcache_guards_changed(track, &d))
		return true;
	objcache_damaged(track, &d, NULL);
	return false;
}

/* ---- life ---- */

/**
 * objcache_track_new - what is to be known of an object; it gets its guards
 * @core: the cache
 * @obj: the object, not yet constructed
 * @gfp: as for the object
 *
 * Context: Any in which @gfp is legal.
 * Return: that, or NULL; kfree() as long as it was not added.
 */
struct objcache_track *objcache_track_new(struct objcache_core *core, void *obj,
					  gfp_t gfp)
{
	struct objcache_track *track;

	track = kzalloc(struct_size(track, shadow, objcache_shadow_bytes(core)),
			gfp & ~__GFP_ACCOUNT);
	if (!track)
		return NULL;
	track->core = core;
	track->obj = obj;
	objcache_set_guards(core, obj);
	track->serial = atomic_inc_return(&core->watch.serial);
	atomic_set(&track->state, OBJCACHE_HELD);
	return track;
}

/**
 * objcache_track_add - an object is known from here on
 * @track: the object, held, constructed
 *
 * Context: Any but NMI.
 */
void objcache_track_add(struct objcache_track *track)
{
	objcache_table_add(track);
}

/**
 * objcache_track_reclaim - take an object from where it was parked
 * @core: the cache
 * @obj: the object
 *
 * Context: Any.
 * Return: as objcache_track_opens().
 */
bool objcache_track_reclaim(struct objcache_core *core, void *obj)
{
	struct objcache_track *track;
	bool ok;

	rcu_read_lock();
	track = objcache_track_find(obj);
	ok = objcache_track_opens(track);
	rcu_read_unlock();
	return ok;
}

/**
 * objcache_track_ends - may the memory of an object go?
 * @core: the cache
 * @obj: the object, held, destructed
 *
 * Somebody may have put it meanwhile, and so may use it.
 *
 * Context: Any but NMI.
 * Return: whether; it is not known any more then. Otherwise it is withdrawn, and counted.
 */
bool objcache_track_ends(struct objcache_core *core, void *obj)
{
	struct objcache_track *track;
	bool may;

	rcu_read_lock();
	track = objcache_track_find(obj);
	/* Whoever puts it from here on finds it taken by nobody. */
	may = objcache_track_move(track, OBJCACHE_HELD, OBJCACHE_WITHDRAWN);
	if (may)
		objcache_table_del(track);
	else
		objcache_withdraw(track);
	rcu_read_unlock();
	return may;
}

static void objcache_free_one(struct objcache_track *track, void *unused)
{
	struct objcache_core *core = track->core;
	void *obj = track->obj;

	objcache_table_del(track);
	kmem_cache_free(core->slab, obj - core->lead);
}

/**
 * objcache_track_free_withdrawn - give the memory of withdrawn objects back
 * @core: a cache that ends, of which no other objects are left
 *
 * Context: Process context.
 */
void objcache_track_free_withdrawn(struct objcache_core *core)
{
	objcache_each_track(core, objcache_free_one, NULL);
}

/**
 * objcache_track_start - the table
 *
 * Return: 0 or -ENOMEM.
 */
int objcache_track_start(void)
{
	unsigned int i;

	for (i = 0; i < OBJCACHE_TABLE_LOCKS; i++)
		raw_spin_lock_init(&objcache_table_locks[i]);
	objcache_table = kvcalloc(OBJCACHE_TABLE_SIZE, sizeof(*objcache_table),
				  GFP_KERNEL);
	return objcache_table ? 0 : -ENOMEM;
}

static void objcache_forget(struct objcache_track *track, void *unused)
{
	objcache_table_del(track);
}

/**
 * objcache_track_stop - it goes; no cache is left but dead ones
 *
 * Context: Process context.
 */
void objcache_track_stop(void)
{
	objcache_each_track(NULL, objcache_forget, NULL);
	kvfree(objcache_table);
}
