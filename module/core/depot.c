// SPDX-License-Identifier: GPL-2.0
/*
 * The depot: what no CPU holds, a part of it on each node
 *
 * Whatever leaves a CPU comes here: as a full magazine, or loose, linked through
 * the objects themselves. Displaced objects found no place on their CPU, for want
 * of a magazine or because an interrupt came at the wrong time: they are parked
 * here, and age as in a shared part. Leaving ones are on their way out (above the
 * capacity, aged, drained, under memory pressure), and a get that would have to
 * make an object takes them back. Doomed ones are not for gets: the backlog.
 *
 * Adding loose objects takes no lock, in whatever context, so no object is ever
 * destroyed because something could not be had. All else is done under the node's
 * lock, a leaf, held with interrupts off for a few instructions or a handful of
 * objects. A put only tries it, and so does what may have interrupted a holder; a get
 * waits, so as not to make what lies here. The walk over loose objects is a handful
 * long.
 *
 * Each kind has two generations. What is idle in the older one when its time is up
 * goes on: displaced with an age step, leaving with the keeper's look. That is the
 * victim cache of Go's sync.Pool, and does here what the working set of the depot
 * does in Bonwick and Adams, "Magazines and Vmem" (USENIX 2001).
 */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/slab.h>

#include "context.h"
#include "core.h"
#include "debug.h"

/*
 * This CPU is about to take a depot's lock, or has one. What interrupts it there, an
 * NMI or a tracer's probe, must not wait for one. Not a matter of this lock alone: it
 * may be another cache's.
 */
static DEFINE_PER_CPU(bool, objcache_in_depot);

/* False: it could not be had without waiting, or not at all here. */
static bool objcache_lock(struct objcache_node *n, unsigned long *flags,
			  bool wait)
{
	local_irq_save(*flags);
	if (__this_cpu_read(objcache_in_depot))
		goto failed;
	__this_cpu_write(objcache_in_depot, true);
	if (!raw_spin_trylock(&n->lock)) {
		if (!wait || in_nmi()) {
			__this_cpu_write(objcache_in_depot, false);
			goto failed;
		}
		raw_spin_lock(&n->lock);
	}
	/* For sparse: it cannot tell on which way its caller has the lock. */
	__release(&n->lock);
	return true;
failed:
	local_irq_restore(*flags);
	return false;
}

static void objcache_unlock(struct objcache_node *n, unsigned long flags)
{
	__acquire(&n->lock);
	raw_spin_unlock(&n->lock);
	__this_cpu_write(objcache_in_depot, false);
	local_irq_restore(flags);
}

/* ---- piles, under the lock; others look whether there is something ---- */

static void objcache_pile_add(struct objcache_pile *pile,
			      struct objcache_magazine *mag)
{
	mag->floor = pile->top;
	WRITE_ONCE(pile->top, mag);
	WRITE_ONCE(pile->nr, pile->nr + 1);
}

static struct objcache_magazine *objcache_pile_take(struct objcache_pile *pile)
{
	struct objcache_magazine *mag = pile->top;

	if (!mag)
		return NULL;
	WRITE_ONCE(pile->top, mag->floor);
	WRITE_ONCE(pile->nr, pile->nr - 1);
	mag->floor = NULL;
	return mag;
}

static void objcache_pile_move(struct objcache_pile *from,
			       struct objcache_pile *to)
{
	WRITE_ONCE(to->top, from->top);
	WRITE_ONCE(to->nr, from->nr);
	WRITE_ONCE(from->top, NULL);
	WRITE_ONCE(from->nr, 0);
}

static struct objcache_magazine *objcache_take_empty(struct objcache_node *n)
{
	struct objcache_magazine *mag = objcache_pile_take(&n->empty);

	return mag ?: objcache_pile_take(&n->empty_old);
}

/* ---- bits that say whether there is anything ---- */

/*
 * After something has come. Either we see the bit cleared and set it, or who cleared
 * it sees what has come: loose objects are added with a full barrier, that pairs
 * with the one in objcache_settle(), and magazines under the lock, as it is called.
 */
static void objcache_mark(struct objcache_node *n, enum objcache_kind kind)
{
	if (!test_bit(nr_cpu_ids + kind, n->surplus))
		set_bit(nr_cpu_ids + kind, n->surplus);
}

static bool objcache_marked(struct objcache_node *n, enum objcache_kind kind)
{
	return test_bit(nr_cpu_ids + kind, n->surplus);
}

/*
 * Under the lock, after something has gone. True: something has come meanwhile, and who
 * looked before its bit was set again has missed it; those who wait have to be told.
 */
static bool objcache_settle(struct objcache_node *n, enum objcache_kind kind)
{
	struct objcache_store *store = &n->store[kind];

	if (store->young.top || store->old.top || store->opened || store->out ||
	    !llist_empty(&store->in))
		return false;
	clear_bit(nr_cpu_ids + kind, n->surplus);
	/* The clear before the look: pairs with objcache_mark(). */
	smp_mb__after_atomic();
	if (llist_empty(&store->in)) {
		/* Read in objcache_may_displace(), which is content with a late one. */
		if (kind == OBJCACHE_DISPLACED)
			WRITE_ONCE(n->emptied, n->emptied + 1);
		return false;
	}
	set_bit(nr_cpu_ids + kind, n->surplus);
	return true;
}

/* ---- coming in ---- */

/* What is leaving is the keeper's: how soon? */
static enum objcache_due objcache_due(struct objcache_core *core,
				      struct objcache_node *n)
{
	if (objcache_store_nr(core, &n->store[OBJCACHE_LEAVING]) > core->depot_max)
		return OBJCACHE_DUE_NOW;
	return OBJCACHE_DUE_LOOK;
}

/**
 * objcache_leave - objects leave their CPU, loose
 * @core: the cache
 * @n: the node of that
 * @kind: what becomes of them
 * @objs: the objects
 * @nr: how many, at least one
 *
 * Context: Any.
 */
void objcache_leave(struct objcache_core *core, struct objcache_node *n,
		    enum objcache_kind kind, void **objs, unsigned int nr)
{
	unsigned int i, link = core->link; /* not read anew for each */
	struct llist_node *first = objs[0] + link, *last = first;

	if (unlikely(core->checks))
		objcache_track_parks(core, objs, nr);
	for (i = 1; i < nr; i++) {
		last->next = objs[i] + link;
		last = last->next;
	}
	/* What has left its CPU is handed out on no other. */
	if (core->flags & OBJCACHE_NO_STEAL)
		kind = OBJCACHE_DOOMED;
	if (kind == OBJCACHE_DOOMED) {
		atomic_long_add(nr, &core->doomed_nr);
		llist_add_batch(first, last, &core->doomed);
		objcache_want(core, OBJCACHE_DUE_NOW);
		return;
	}
	atomic_long_add(nr, &n->store[kind].loose);
	llist_add_batch(first, last, &n->store[kind].in);
	objcache_mark(n, kind);
	objcache_tell_waiters(core);
	if (kind == OBJCACHE_LEAVING)
		objcache_want(core, objcache_due(core, n));
}

/**
 * objcache_depot_give - a full magazine leaves its CPU
 * @core: the cache
 * @n: the node of that
 * @kind: displaced or leaving
 * @full: the magazine
 * @empty: in: an empty one that is at hand, or NULL; out: the one to go on with. NULL:
 *	none is wanted
 * @wait: whether the lock may be waited for
 *
 * Context: Any; with @wait, process context.
 * Return: whether it could: not without one to go on with. Otherwise its objects have
 * to go loose.
 */
bool objcache_depot_give(struct objcache_core *core, struct objcache_node *n,
			 enum objcache_kind kind, struct objcache_magazine *full,
			 struct objcache_magazine **empty, bool wait)
{
	enum objcache_due due;
	unsigned long flags;
	bool given, want;

	if (core->flags & OBJCACHE_NO_STEAL || !objcache_lock(n, &flags, wait))
		return false;
	if (empty && !*empty)
		*empty = objcache_take_empty(n);
	given = !empty || *empty;
	if (given) {
		objcache_pile_add(&n->store[kind].young, full);
		objcache_mark(n, kind);
	}
	/*
	 * Under the lock: the keeper clears the bits and takes it, in this order.
	 * Either it finds the magazine, or we find the bit cleared.
	 */
	due = objcache_due(core, n);
	want = kind == OBJCACHE_LEAVING && !test_bit(due, &core->due);
	objcache_unlock(n, flags);
	if (given)
		objcache_tell_waiters(core);
	if (given && want)
		objcache_want(core, due);
	return given;
}

/* ---- going out, to gets ---- */

/* Under the lock: all young loose objects; of a quarantine the oldest first. */
static struct llist_node *objcache_take_young(struct objcache_node *n,
					      struct objcache_store *store)
{
	struct llist_node *all = llist_del_all(&store->in);

	return n->in_order ? llist_reverse_order(all) : all;
}

/* Under the lock: what is left in the opened magazine, and old loose objects. */
static unsigned int objcache_take_old(struct objcache_core *core,
				      struct objcache_node *n,
				      struct objcache_store *store, void **objs,
				      unsigned int nr)
{
	struct llist_node *out = store->out;
	unsigned int done = 0;

	while (done < nr && store->opened) {
		WRITE_ONCE(store->opened_nr, store->opened_nr - 1);
		objs[done++] = store->opened->objs[store->opened_nr];
		if (!store->opened_nr) {
			objcache_pile_add(&n->empty, store->opened);
			WRITE_ONCE(store->opened, NULL);
		}
	}
	/* Counted as loose, as those are that follow. */
	if (done)
		atomic_long_add(done, &store->loose);
	for (; done < nr && out; out = out->next)
		objs[done++] = objcache_of_link(core, out);
	WRITE_ONCE(store->out, out);
	return done;
}

/* Under the lock: a handful, old ones first. */
static unsigned int objcache_take_loose(struct objcache_core *core,
					struct objcache_node *n,
					struct objcache_store *store,
					void **objs, unsigned int nr)
{
	struct llist_node *node;
	unsigned int done;

	if (n->in_order && !store->out)
		WRITE_ONCE(store->out, objcache_take_young(n, store));
	done = objcache_take_old(core, n, store, objs, nr);
	for (; done < nr; done++) {
		node = llist_del_first(&store->in);
		if (!node)
			break;
		objs[done] = objcache_of_link(core, node);
	}
	atomic_long_sub(done, &store->loose);
	return done;
}

/**
 * objcache_depot_get - take objects for a get
 * @core: the cache
 * @s: the search: in @mag is what was found, a full magazine in exchange, or loose
 *	objects
 * @n: the node
 * @kind: displaced or leaving
 *
 * Context: Any.
 * Return: how many objects, 0 for none.
 */
unsigned int objcache_depot_get(struct objcache_core *core,
				struct objcache_search *s,
				struct objcache_node *n,
				enum objcache_kind kind)
{
	struct objcache_store *store = &n->store[kind];
	struct objcache_magazine *full;
	unsigned int nr = core->batch;
	enum objcache_due due = OBJCACHE_DUE_LOOK;
	unsigned long flags;
	bool missed, want = false;

	if (!objcache_marked(n, kind) || !objcache_lock(n, &flags, true))
		return 0;
	full = objcache_pile_take(&store->young);
	if (!full)
		full = objcache_pile_take(&store->old);
	if (full) {
		if (s->real)
			objcache_pile_add(&n->empty, s->mag);
		want = s->real;
		s->mag = full;
	} else {
		nr = objcache_take_loose(core, n, store, s->mag->objs,
					 min(s->room, OBJCACHE_HANDFUL));
		n->short_of += nr;
		want = n->short_of >= core->batch;
		due = OBJCACHE_DUE_NOW;
	}
	missed = objcache_settle(n, kind);
	want &= !test_bit(due, &core->due); /* as in objcache_depot_give() */
	objcache_unlock(n, flags);
	if (missed)
		objcache_tell_waiters(core);
	if (want)
		objcache_want(core, due);
	if (nr)
		objcache_count_add(core, taken_back, nr);
	return nr;
}

/* ---- going on, or out for good ---- */

/**
 * objcache_depot_advance - young objects are old from now on
 * @n: the node
 * @kind: displaced or leaving; its old ones are gone, or it is put off
 *
 * Context: Process context.
 */
void objcache_depot_advance(struct objcache_node *n, enum objcache_kind kind)
{
	struct objcache_store *store = &n->store[kind];
	unsigned long flags;

	objcache_lock(n, &flags, true);
	if (!store->old.top && !store->opened)
		objcache_pile_move(&store->young, &store->old);
	if (!store->out)
		WRITE_ONCE(store->out, objcache_take_young(n, store));
	objcache_unlock(n, flags);
}

/* Under the lock: a handful of old loose objects goes on. */
static unsigned int objcache_expire_loose(struct objcache_node *n)
{
	struct objcache_store *from = &n->store[OBJCACHE_DISPLACED];
	struct llist_node *first = from->out, *last = first;
	unsigned int nr = 1;

	if (!first)
		return 0;
	for (; nr < OBJCACHE_HANDFUL && last->next; nr++)
		last = last->next;
	WRITE_ONCE(from->out, last->next);
	atomic_long_add(nr, &n->store[OBJCACHE_LEAVING].loose);
	llist_add_batch(first, last, &n->store[OBJCACHE_LEAVING].in);
	atomic_long_sub(nr, &from->loose);
	return nr;
}

/**
 * objcache_depot_expire - old displaced objects are leaving from now on
 * @core: the cache
 * @n: the node
 *
 * Context: Process context.
 * Return: how many: a magazine, or a handful; 0 if there are none.
 */
unsigned int objcache_depot_expire(struct objcache_core *core,
				   struct objcache_node *n)
{
	struct objcache_store *from = &n->store[OBJCACHE_DISPLACED];
	struct objcache_store *to = &n->store[OBJCACHE_LEAVING];
	struct objcache_magazine *mag;
	unsigned long flags;
	unsigned int nr;
	bool missed;

	objcache_lock(n, &flags, true);
	mag = objcache_pile_take(&from->old);
	if (mag)
		objcache_pile_add(&to->young, mag);
	nr = mag ? core->batch : objcache_expire_loose(n);
	if (nr)
		objcache_mark(n, OBJCACHE_LEAVING);
	missed = objcache_settle(n, OBJCACHE_DISPLACED);
	objcache_unlock(n, flags);
	/* Who has looked in between has perhaps found it in neither place. */
	if (nr || missed)
		objcache_tell_waiters(core);
	if (nr)
		objcache_want(core, objcache_due(core, n));
	return nr;
}

/**
 * objcache_depot_old - old leaving objects, to be unmade
 * @core: the cache
 * @n: the node
 * @objs: where to
 * @nr: how many at most: a handful
 *
 * They count as being here until who unmakes them has said otherwise.
 *
 * Context: Process context.
 * Return: how many.
 */
unsigned int objcache_depot_old(struct objcache_core *core,
				struct objcache_node *n, void **objs,
				unsigned int nr)
{
	struct objcache_store *store = &n->store[OBJCACHE_LEAVING];
	unsigned long flags;
	bool missed;

	objcache_lock(n, &flags, true);
	if (!store->opened && store->old.top) {
		WRITE_ONCE(store->opened_nr, core->batch);
		WRITE_ONCE(store->opened, objcache_pile_take(&store->old));
	}
	nr = objcache_take_old(core, n, store, objs, nr);
	missed = objcache_settle(n, OBJCACHE_LEAVING);
	objcache_unlock(n, flags);
	if (missed)
		objcache_tell_waiters(core);
	return nr;
}

/* ---- empty magazines ---- */

/**
 * objcache_magazine_alloc - an empty magazine from the allocator
 * @core: the cache
 * @gfp: how
 * @node: of the CPU that will use it
 *
 * Context: Any in which @gfp is legal.
 * Return: the magazine, or NULL.
 */
struct objcache_magazine *objcache_magazine_alloc(struct objcache_core *core,
						  gfp_t gfp, int node)
{
	struct objcache_magazine *mag;

	mag = kmalloc_node(objcache_magazine_bytes(core->batch),
			   gfp | __GFP_NOWARN, node);
	if (mag)
		mag->floor = NULL;
	return mag;
}

/**
 * objcache_depot_empty - take an empty magazine to go on with
 * @n: the node
 *
 * Context: Any.
 * Return: the magazine, or NULL.
 */
struct objcache_magazine *objcache_depot_empty(struct objcache_node *n)
{
	struct objcache_magazine *mag;
	unsigned long flags;

	if ((!READ_ONCE(n->empty.top) && !READ_ONCE(n->empty_old.top)) ||
	    !objcache_lock(n, &flags, false))
		return NULL;
	mag = objcache_take_empty(n);
	objcache_unlock(n, flags);
	return mag;
}

/**
 * objcache_depot_keep - leave an empty magazine that is not needed any more
 * @core: the cache
 * @n: the node
 * @empty: the magazine
 *
 * Context: Any.
 */
void objcache_depot_keep(struct objcache_core *core, struct objcache_node *n,
			 struct objcache_magazine *empty)
{
	unsigned long flags;

	if (objcache_lock(n, &flags, false)) {
		objcache_pile_add(&n->empty, empty);
		objcache_unlock(n, flags);
	} else {
		/* While it lies there its first slot is the link. */
		llist_add((struct llist_node *)empty->objs, &n->shed);
	}
	objcache_want(core, OBJCACHE_DUE_LOOK);
}

/**
 * objcache_depot_supply - make magazines for what gets had to take loose
 * @core: the cache
 * @node: the node
 *
 * Such objects flow, so puts will look for magazines again. As many as full ones may
 * lie here at most; what is of no use is freed again, see objcache_depot_trim().
 *
 * Context: Process context.
 */
void objcache_depot_supply(struct objcache_core *core, int node)
{
	struct objcache_node *n = core->node[node];
	struct objcache_magazine *mag;
	unsigned long flags;
	long nr, room;

	objcache_lock(n, &flags, true);
	nr = n->short_of / core->batch;
	room = core->depot_max / core->batch - (long)n->empty.nr;
	n->short_of %= core->batch;
	objcache_unlock(n, flags);
	for (nr = min(nr, room); nr > 0; nr--) {
		mag = objcache_magazine_alloc(core, GFP_NOWAIT, node);
		if (!mag)
			return;
		objcache_depot_keep(core, n, mag);
		cond_resched();
	}
}

/**
 * objcache_depot_any - is there anything for the keeper?
 * @core: the cache
 * @n: the node
 *
 * Context: Process context.
 * Return: whether there are leaving objects or empty magazines.
 */
bool objcache_depot_any(struct objcache_core *core, struct objcache_node *n)
{
	unsigned long flags;
	bool any;

	objcache_lock(n, &flags, true);
	any = n->empty.top || n->empty_old.top || !llist_empty(&n->shed) ||
	      objcache_store_nr(core, &n->store[OBJCACHE_LEAVING]);
	objcache_unlock(n, flags);
	return any;
}

static void objcache_pile_free(struct objcache_pile *pile)
{
	struct objcache_magazine *mag;

	while ((mag = objcache_pile_take(pile)))
		kfree(mag);
}

static void objcache_shed_free(struct llist_node *node)
{
	while (node) {
		struct llist_node *next = node->next;

		kfree(container_of((void **)node, struct objcache_magazine,
				   objs[0]));
		node = next;
	}
}

/**
 * objcache_depot_trim - free empty magazines that were of no use since last time
 * @n: the node
 * @all: all there are
 *
 * Context: Process context.
 */
void objcache_depot_trim(struct objcache_node *n, bool all)
{
	struct objcache_pile gone[2] = {};
	unsigned long flags;

	objcache_lock(n, &flags, true);
	if (all)
		n->short_of = 0;
	objcache_pile_move(&n->empty_old, &gone[0]);
	objcache_pile_move(&n->empty, all ? &gone[1] : &n->empty_old);
	objcache_unlock(n, flags);
	objcache_pile_free(&gone[0]);
	objcache_pile_free(&gone[1]);
	objcache_shed_free(llist_del_all(&n->shed));
}

/* ---- life ---- */

/* Longs of &objcache_node.surplus. */
static unsigned int objcache_surplus_longs(void)
{
	return BITS_TO_LONGS(nr_cpu_ids + OBJCACHE_KINDS);
}

static struct objcache_node *objcache_node_new(struct objcache_core *core,
					       int node)
{
	unsigned int i, longs = objcache_surplus_longs();
	struct objcache_node *n;

	n = kzalloc_node(struct_size(n, surplus, longs),
			 objcache_own_gfp(core, GFP_KERNEL), node);
	if (!n)
		return NULL;
	raw_spin_lock_init(&n->lock);
	for (i = 0; i < longs; i++)
		core->hint[core->nr_hints++] = &n->surplus[i];
	n->in_order = core->flags & OBJCACHE_CHECK;
	return n;
}

/**
 * objcache_depot_init - a cache's part on each node, empty
 * @core: the cache
 *
 * Context: Process context, may sleep.
 * Return: 0, or -ENOMEM with objcache_depot_exit() due all the same.
 */
int objcache_depot_init(struct objcache_core *core)
{
	int node;

	core->node = kcalloc(nr_node_ids, sizeof(*core->node), GFP_KERNEL);
	core->hint = kcalloc(num_possible_nodes() * objcache_surplus_longs(),
			     sizeof(*core->hint), GFP_KERNEL);
	if (!core->node || !core->hint)
		return -ENOMEM;
	for_each_node(node) {
		core->node[node] = objcache_node_new(core, node);
		if (!core->node[node])
			return -ENOMEM;
	}
	return 0;
}

/**
 * objcache_depot_exit - it ends, without objects
 * @core: the cache
 */
void objcache_depot_exit(struct objcache_core *core)
{
	int node;

	for (node = 0; core->node && node < nr_node_ids; node++) {
		if (!core->node[node])
			continue;
		objcache_depot_trim(core->node[node], true);
		kfree(core->node[node]);
	}
	kfree(core->node);
	kfree(core->hint);
}
