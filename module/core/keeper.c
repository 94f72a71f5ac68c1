// SPDX-License-Identifier: GPL-2.0
/*
 * The keeper: a cache's one worker, which unmakes what is too much
 *
 * Doomed objects it unmakes at once. Leaving ones it looks at every half second, and
 * unmakes what no get had use for since the last look; what is above some
 * capacities' worth goes at once, and all of it for a drain or under memory
 * pressure. Where there is a destructor it takes one object at a time, so that what
 * waits for a slow one can still be taken back.
 *
 * Doomed objects are the backlog. Beyond its bound no object is made, so that who
 * gets and discards in a loop cannot fill the memory: a get that may waits here,
 * for the keeper and nothing else. The keeper waits for destructors, and for no
 * lock of ours that is held while anything waits.
 */
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>

#include "core.h"
#include "trace.h"

/* Between two looks: what is idle so long is of no use. */
#define OBJCACHE_LOOK_JIFFIES	(HZ / 2)

/* ---- unmaking ---- */

/* Not of a cache that ends. */
static bool objcache_any_missing(struct objcache_core *core)
{
	if (!READ_ONCE(core->min_objects))
		return false;
	return !llist_empty(&core->spare) ||
	       (READ_ONCE(core->watch.missing) && objcache_below_min(core));
}

/* For what was doomed at the minimum, or withdrawn; whether none is missing now. */
static bool objcache_replace_missing(struct objcache_core *core)
{
	while (objcache_any_missing(core)) {
		void *obj = objcache_remake(core);

		if (!obj)
			return false;
		objcache_leave(core, objcache_here(core), OBJCACHE_DISPLACED,
			       &obj, 1);
		cond_resched();
	}
	return true;
}

/* At the minimum its memory is for its replacement. */
static void objcache_end_doomed(struct objcache_core *core, void *obj)
{
	if (objcache_let_go(core, 1)) {
		objcache_unmake(core, obj);
		return;
	}
	objcache_unmake_to_spare(core, obj);
	objcache_replace_missing(core);
}

static void objcache_unmake_doomed(struct objcache_core *core)
{
	struct llist_node *node = llist_del_all(&core->doomed);

	while (node) {
		struct llist_node *next = node->next;

		objcache_end_doomed(core, objcache_of_link(core, node));
		atomic_long_dec(&core->doomed_nr);
		/* The count before the look: pairs with the wait's own barrier. */
		if (!objcache_backlogged(core) && wq_has_sleeper(&core->room))
			wake_up(&core->room);
		objcache_tell_waiters(core);
		node = next;
		cond_resched();
	}
}

/* Up to @nr old ones of a node; how many. What may not go is parked again. */
static unsigned int objcache_unmake_some(struct objcache_core *core,
					 struct objcache_node *n,
					 unsigned int nr)
{
	void *objs[OBJCACHE_HANDFUL];
	unsigned int go;

	/* What a slow destructor holds up cannot be taken back. */
	if (core->ops.dtor)
		nr = 1;
	nr = objcache_depot_old(core, n, objs, min(nr, OBJCACHE_HANDFUL));
	if (!nr)
		return 0;
	go = objcache_let_go(core, nr);
	if (go < nr)
		objcache_leave(core, n, OBJCACHE_DISPLACED, objs + go, nr - go);
	trace_objcache_release(core->name, go);
	if (go && core->ops.dtor)
		objcache_unmake(core, objs[0]);
	else if (go)
		objcache_free(core, objs, go);
	atomic_long_sub(nr, &n->store[OBJCACHE_LEAVING].loose);
	return nr;
}

static void objcache_unmake_old(struct objcache_core *core,
				struct objcache_node *n)
{
	while (objcache_unmake_some(core, n, OBJCACHE_HANDFUL))
		cond_resched();
}

static long objcache_leaving(struct objcache_core *core,
			     struct objcache_node *n)
{
	return objcache_store_nr(core, &n->store[OBJCACHE_LEAVING]);
}

/* Whether objects are left of which a look makes free memory. */
static bool objcache_any_leaving(struct objcache_core *core)
{
	int node;

	for (node = 0; node < nr_node_ids; node++)
		if (core->node[node] && objcache_leaving(core, core->node[node]))
			return true;
	return false;
}

/* All that lies here now; not what comes meanwhile. */
static void objcache_unmake_all(struct objcache_core *core,
				struct objcache_node *n)
{
	objcache_unmake_old(core, n);
	objcache_depot_advance(n, OBJCACHE_LEAVING);
	objcache_unmake_old(core, n);
}

/* What is above some capacities' worth. */
static void objcache_unmake_excess(struct objcache_core *core,
				   struct objcache_node *n)
{
	long excess = objcache_leaving(core, n) - core->depot_max;

	while (excess > 0) {
		unsigned int nr = objcache_unmake_some(core, n, excess);

		if (!nr) {
			objcache_depot_advance(n, OBJCACHE_LEAVING);
			nr = objcache_unmake_some(core, n, excess);
		}
		if (!nr)
			return;
		excess -= nr;
		cond_resched();
	}
}

/**
 * objcache_unmake_leaving - free leaving objects on the shrinker's account
 * @core: the cache, without a destructor
 * @nr: how many
 *
 * What is in our hands is so within an RCU critical section, for drains to wait
 * for.
 *
 * Context: Process context.
 * Return: how many were freed.
 */
unsigned long objcache_unmake_leaving(struct objcache_core *core,
				      unsigned long nr)
{
	unsigned long done = 0;
	int node;

	for (node = 0; node < nr_node_ids; node++) {
		struct objcache_node *n = core->node[node];
		bool advanced = false;

		while (n && done < nr) {
			unsigned int some;

			rcu_read_lock();
			some = objcache_unmake_some(core, n, nr - done);
			rcu_read_unlock();
			done += some;
			if (!some && advanced)
				break;
			if (!some)
				objcache_depot_advance(n, OBJCACHE_LEAVING);
			advanced = !some;
			cond_resched();
		}
	}
	return done;
}

/* ---- the worker ---- */

/* Whether something is left that wants another look. */
static bool objcache_keep_node(struct objcache_core *core, int node, bool drain,
			       bool look)
{
	struct objcache_node *n = core->node[node];

	if (!drain)
		objcache_depot_supply(core, node);
	if (!objcache_depot_any(core, n))
		return false;
	if (drain) {
		objcache_unmake_all(core, n);
	} else if (look) {
		objcache_unmake_old(core, n);
		objcache_depot_advance(n, OBJCACHE_LEAVING);
	}
	/* What has come during a drain has us come again: it does not wait for that. */
	if (!drain)
		objcache_unmake_excess(core, n);
	if (drain || look)
		objcache_depot_trim(n, drain);
	return objcache_depot_any(core, n);
}

static void objcache_keep_all(struct objcache_core *core)
{
	bool drain = xchg(&core->pressed, false) | atomic_read(&core->draining);
	bool look = time_after_eq(jiffies,
				  core->looked + OBJCACHE_LOOK_JIFFIES);
	bool left = false;
	int node;

	objcache_unmake_doomed(core);
	left |= !objcache_replace_missing(core);
	for (node = 0; node < nr_node_ids; node++)
		if (core->node[node])
			left |= objcache_keep_node(core, node, drain, look);
	if (look)
		core->looked = jiffies;
	if (left)
		objcache_want(core, OBJCACHE_DUE_LOOK);
	if (!objcache_any_leaving(core) && xchg(&core->untidy, false))
		objcache_queue_timer(&core->tidy, OBJCACHE_TIDY_MS);
}

static void objcache_keep(struct work_struct *work)
{
	struct objcache_core *core = container_of(to_delayed_work(work),
						  struct objcache_core, keeper);
	/* Reclaim may be waiting for what a destructor does. */
	unsigned int noio = memalloc_noio_save();

	/*
	 * The bits before a look at what there is: pairs with objcache_want().
	 * Either we see what has come, or who brought it finds its bit cleared
	 * and has us come again. The count in between is a full barrier.
	 */
	clear_bit(OBJCACHE_DUE_NOW, &core->due);
	clear_bit(OBJCACHE_DUE_LOOK, &core->due);
	atomic_long_inc_return(&core->passes);
	objcache_keep_all(core);
	/* What we did before the count that says so: pairs with the wait's own. */
	atomic_long_inc_return(&core->passes);
	if (wq_has_sleeper(&core->room))
		wake_up_all(&core->room);
	memalloc_noio_restore(noio);
}

/**
 * objcache_keeper_flush - have all unmade that is leaving or doomed now
 * @core: the cache
 *
 * Waits for the keeper to have been through all of it once, from a moment after
 * the call: for destructors, and nothing else. What comes meanwhile may stay. Not by
 * flushing the work: that ends early if it is queued anew meanwhile.
 *
 * Context: Process context, sleeps; not from a destructor.
 */
void objcache_keeper_flush(struct objcache_core *core)
{
	long passed;

	objcache_dtor_might_run(core);
	atomic_inc(&core->draining);
	/*
	 * A full barrier: pairs with the count in objcache_keep(). A pass that is
	 * not counted yet sees @draining; one that is has cleared its bits.
	 */
	smp_mb__after_atomic();
	/* Odd: one is under way, that is the one before ours. */
	passed = (atomic_long_read(&core->passes) + 1) & ~1L;
	/* As in objcache_want(): who finds the bit set calls nobody. */
	preempt_disable();
	set_bit(OBJCACHE_DUE_NOW, &core->due);
	objcache_call_keeper(core);
	preempt_enable();
	wait_event(core->room, atomic_long_read(&core->passes) - passed >= 2);
	atomic_dec(&core->draining);
}

/* ---- the backlog ---- */

/* What that runs would wait for itself, or for another that waits for it. */
static bool objcache_in_dtor(void)
{
	struct work_struct *work = current_work();

	return work && work->func == objcache_keep;
}

/**
 * objcache_in_own_dtor - does this task run a destructor of the same cache?
 * @core: the cache
 *
 * Context: Any.
 * Return: that.
 */
bool objcache_in_own_dtor(struct objcache_core *core)
{
	return in_task() && current_work() == &core->keeper.work;
}

/*
 * All of GFP_KERNEL, whatever scope the task is in; and nothing waits for it that
 * a destructor may wait for.
 */
static bool objcache_may_wait(gfp_t gfp)
{
	if ((current_gfp_context(gfp) & GFP_KERNEL) != GFP_KERNEL)
		return false;
	return !(current->flags & PF_MEMALLOC) && !objcache_in_dtor();
}

static int objcache_wait_for_room(struct objcache_core *core, gfp_t gfp)
{
	objcache_count(core, waits);
	if (!(gfp & __GFP_NOFAIL))
		return wait_event_killable(core->room,
					   !objcache_backlogged(core)) ?
			       -EINTR : 0;
	wait_event(core->room, !objcache_backlogged(core));
	return 0;
}

/**
 * objcache_may_make - wait until an object may be made
 * @core: the cache, backlogged; or for lockdep to be told
 * @gfp: of the get
 *
 * Context: Any in which @gfp is legal.
 * Return: 0: it may now; -EAGAIN: not yet, and the caller may not wait; -EINTR: a
 * fatal signal came.
 */
int objcache_may_make(struct objcache_core *core, gfp_t gfp)
{
	bool may_wait = gfpflags_allow_blocking(gfp) && objcache_may_wait(gfp);

	if (may_wait)
		objcache_dtor_might_run(core);
	if (!objcache_backlogged(core))
		return 0;
	if (may_wait)
		return objcache_wait_for_room(core, gfp);
	if (!(gfp & __GFP_NOFAIL))
		return -EAGAIN;
	objcache_count(core, forced);
	return 0;
}

/* ---- life ---- */

/**
 * objcache_keeper_init - a cache's keeper, with nothing to do
 * @core: the cache
 */
void objcache_keeper_init(struct objcache_core *core)
{
	init_llist_head(&core->doomed);
	init_waitqueue_head(&core->room);
	INIT_DELAYED_WORK(&core->keeper, objcache_keep);
	core->looked = jiffies;
}

/**
 * objcache_keeper_exit - it does not come any more
 * @core: the cache, without users and objects
 */
void objcache_keeper_exit(struct objcache_core *core)
{
	irq_work_sync(&core->kick);
	cancel_delayed_work_sync(&core->keeper);
}
