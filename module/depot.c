// SPDX-License-Identifier: GPL-2.0
/*
 * The depot: full magazines above the capacity, on their way out but in no hurry
 *
 * A burst that is put on one CPU and got on another can be larger than what one
 * CPU may park. Its magazines wait here, counted as releasing; a get that would
 * have to make an object takes one back. Empty magazines are left in exchange,
 * so such a flow costs one lock per magazine on either side and no allocation.
 *
 * What goes, and when, is the depot working set of Bonwick and Adams, "Magazines
 * and Vmem" (USENIX 2001): the least that lay here during an interval was of no
 * use in it. So idle magazines are gone after two, and a flow keeps its own.
 * Memory pressure takes them before anything else.
 *
 * Best at: bursts. Not there for caches with a destructor, whose objects the
 * worker gets at once, nor for those that do not steal.
 */
#include <linux/minmax.h>

#include "owner.h"
#include "trace.h"

/* Between two looks: long beside a burst, short beside an age step. */
#define OBJCACHE_DEPOT_MS	500

/* ---- piles; under the lock ---- */

static void objcache_pile_add(struct objcache_pile *pile,
			      struct objcache_magazine *mag)
{
	mag->floor = pile->top;
	pile->top = mag;
	WRITE_ONCE(pile->nr, pile->nr + 1);
}

static struct objcache_magazine *objcache_pile_take(struct objcache_pile *pile)
{
	struct objcache_magazine *mag = pile->top;

	if (!mag)
		return NULL;
	pile->top = mag->floor;
	mag->floor = NULL;
	WRITE_ONCE(pile->nr, pile->nr - 1);
	pile->low = min(pile->low, pile->nr);
	return mag;
}

/*
 * A leaf, held for a few instructions; in owner sections too. Interrupts are off
 * because those of this CPU come here as well; an NMI only tries.
 */
static inline bool objcache_depot_lock(struct objcache_depot *depot,
				       unsigned long *flags)
{
	/* On a single CPU a trylock always succeeds. */
	if (in_nmi())
		return IS_ENABLED(CONFIG_SMP) &&
		       raw_spin_trylock_irqsave(&depot->lock, *flags);
	raw_spin_lock_irqsave(&depot->lock, *flags);
	return true;
}

static inline void objcache_depot_unlock(struct objcache_depot *depot,
					 unsigned long flags)
{
	raw_spin_unlock_irqrestore(&depot->lock, flags);
}

/* ---- for owners ---- */

/**
 * objcache_depot_give - leave a full magazine
 * @core: the cache
 * @mag: the magazine
 * @empty: where to: an empty one in exchange, or NULL
 * @start: set if objcache_depot_start() has to be called
 *
 * Context: Any.
 * Return: whether there was room.
 */
bool objcache_depot_give(struct objcache_core *core,
			 struct objcache_magazine *mag,
			 struct objcache_magazine **empty, bool *start)
{
	struct objcache_depot *depot = &core->depot;
	unsigned long flags;
	bool room;

	if (READ_ONCE(depot->full.nr) >= depot->max ||
	    !objcache_depot_lock(depot, &flags))
		return false;
	room = depot->full.nr < depot->max;
	if (room) {
		objcache_pile_add(&depot->full, mag);
		*empty = objcache_pile_take(&depot->empty);
		*start |= !depot->watched;
		WRITE_ONCE(depot->watched, true);
	}
	objcache_depot_unlock(depot, flags);
	return room;
}

/**
 * objcache_depot_swap - take a full magazine
 * @core: the cache
 * @empty: an empty one to leave in exchange
 *
 * Context: Any.
 * Return: the full one, or NULL, with @empty still the caller's.
 */
struct objcache_magazine *objcache_depot_swap(struct objcache_core *core,
					      struct objcache_magazine *empty)
{
	struct objcache_depot *depot = &core->depot;
	struct objcache_magazine *mag;
	unsigned long flags;

	if (!READ_ONCE(depot->full.nr) || !objcache_depot_lock(depot, &flags))
		return NULL;
	mag = objcache_pile_take(&depot->full);
	if (mag)
		objcache_pile_add(&depot->empty, empty);
	objcache_depot_unlock(depot, flags);
	return mag;
}

/* ---- emptying ---- */

static struct objcache_magazine *objcache_depot_take(struct objcache_depot *depot,
						     struct objcache_pile *pile)
{
	struct objcache_magazine *mag;
	unsigned long flags;

	raw_spin_lock_irqsave(&depot->lock, flags);
	mag = objcache_pile_take(pile);
	raw_spin_unlock_irqrestore(&depot->lock, flags);
	return mag;
}

/**
 * objcache_depot_shed - release objects from the depot
 * @core: the cache
 * @nr: how many magazines of them at most
 *
 * Context: Process context.
 * Return: how many objects were released.
 */
unsigned long objcache_depot_shed(struct objcache_core *core, unsigned int nr)
{
	struct objcache_magazine *mag;
	unsigned long done = 0;

	/*
	 * Counted all the way: as being shed before they leave the depot, so that
	 * objcache_releasing() never misses them.
	 */
	while (nr-- && READ_ONCE(core->depot.full.nr)) {
		atomic_long_add(core->batch, &core->depot.shed);
		smp_mb__after_atomic(); /* pairs with objcache_releasing() */
		mag = objcache_depot_take(&core->depot, &core->depot.full);
		if (mag) {
			objcache_release(core, mag->objs, core->batch);
			objcache_magazine_put(core, mag);
			done += core->batch;
		}
		atomic_long_sub(core->batch, &core->depot.shed);
	}
	return done;
}

/**
 * objcache_releasing - objects on their way out
 * @core: the cache
 *
 * Never less than there are that lie still; a magazine more while one is shed.
 *
 * Context: Any.
 * Return: how many.
 */
unsigned long objcache_releasing(struct objcache_core *core)
{
	unsigned long nr = READ_ONCE(core->depot.full.nr) * core->batch;

	/* The depot before the count: pairs with objcache_depot_shed(). */
	smp_rmb();
	return nr + atomic_long_read(&core->depot.shed) +
	       atomic_long_read(&core->releasing);
}

static void objcache_depot_shed_empty(struct objcache_core *core,
				      unsigned int nr)
{
	struct objcache_magazine *mag;

	while (nr--) {
		mag = objcache_depot_take(&core->depot, &core->depot.empty);
		if (!mag)
			break;
		objcache_magazine_put(core, mag);
	}
}

/**
 * objcache_depot_clear - release all that is in the depot
 * @core: the cache
 *
 * What is left there meanwhile may remain; a look that is under way is waited
 * for.
 *
 * Context: Process context, sleeps.
 */
void objcache_depot_clear(struct objcache_core *core)
{
	unsigned int nr;

	for (nr = core->depot.max; nr; nr--) {
		if (!objcache_depot_shed(core, 1))
			break;
		cond_resched();
	}
	objcache_depot_shed_empty(core, core->depot.max);
	flush_work(&core->depot.work.work);
}

/* What of a pile was of no use since the last look. */
static unsigned int objcache_pile_look(struct objcache_pile *pile)
{
	unsigned int idle = pile->low;

	pile->low = pile->nr - idle;
	return idle;
}

static void objcache_depot_look(struct work_struct *work)
{
	struct objcache_core *core = container_of(to_delayed_work(work),
						  struct objcache_core,
						  depot.work);
	struct objcache_depot *depot = &core->depot;
	unsigned int full, empty;
	unsigned long flags;
	bool watch;

	raw_spin_lock_irqsave(&depot->lock, flags);
	watch = depot->full.nr || depot->empty.nr;
	full = objcache_pile_look(&depot->full);
	empty = objcache_pile_look(&depot->empty);
	WRITE_ONCE(depot->watched, watch);
	raw_spin_unlock_irqrestore(&depot->lock, flags);

	while (full-- && objcache_depot_shed(core, 1))
		cond_resched();
	objcache_depot_shed_empty(core, empty);
	if (watch)
		objcache_depot_start(core);
}

/**
 * objcache_depot_start - look at the depot in one interval
 * @core: the cache
 *
 * Context: Any in which queue_work() is legal.
 */
void objcache_depot_start(struct objcache_core *core)
{
	objcache_queue_timer(&core->depot.work, OBJCACHE_DEPOT_MS);
}

/**
 * objcache_depot_watch - the depot has got its first magazine: look at it from now on
 * @core: the cache
 *
 * Context: Any.
 */
void objcache_depot_watch(struct objcache_core *core)
{
	if (objcache_may_queue(core))
		objcache_depot_start(core);
}

/**
 * objcache_depot_init - a cache's depot, empty
 * @core: the cache
 */
void objcache_depot_init(struct objcache_core *core)
{
	raw_spin_lock_init(&core->depot.lock);
	INIT_DELAYED_WORK(&core->depot.work, objcache_depot_look);
	if (!core->ops.dtor &&
	    !(core->flags & (OBJCACHE_NO_STEAL | OBJCACHE_DEBUG)))
		core->depot.max = OBJCACHE_DEPOT_MAX * core->capacity /
				  core->batch;
}

/**
 * objcache_depot_exit - nobody looks at the depot any more, and it is empty
 * @core: the cache, dead
 */
void objcache_depot_exit(struct objcache_core *core)
{
	cancel_delayed_work_sync(&core->depot.work);
	objcache_depot_clear(core);
}
