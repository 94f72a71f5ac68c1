// SPDX-License-Identifier: GPL-2.0
/*
 * Memory pressure: what is on its way out, then the aged generation, then the rest
 * of the shared parts, the private parts last
 *
 * Plain objects are freed inside scan, because reclaim credits a shrinker only
 * with what the current task frees. Objects with a destructor are the keeper's; scan
 * never waits, and takes no lock that is held across a blocking allocation. What it
 * wants of private parts is brought out by a work item, one CPU after another.
 *
 * Counted in objects of a page; a larger one counts as what it holds.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#include "core.h"
#include "trace.h"

static unsigned long objcache_shrink_unit(const struct objcache_core *core)
{
	return DIV_ROUND_UP(core->held_bytes, PAGE_SIZE);
}

static unsigned long objcache_shrink_count(struct shrinker *shrinker,
					   struct shrink_control *sc)
{
	struct objcache_core *core = objcache_shrinker_data(shrinker);
	unsigned long nr = objcache_stored(core, OBJCACHE_DISPLACED);
	int cpu;

	nr += objcache_stored(core, OBJCACHE_LEAVING);
	for_each_possible_cpu(cpu) {
		struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);

		nr += objcache_shared(c) * core->batch;
		/* Only its own CPU can give it back. */
		if (objcache_may_disturb(cpu))
			nr += objcache_private(core, c);
	}
	nr = min(nr, objcache_beyond_min(core));
	return nr * objcache_shrink_unit(core) ?: SHRINK_EMPTY;
}

/*
 * Of a cache that does not steal what has left its CPU is the keeper's, who may be
 * faster than we are. So it is freed here before it leaves: it counts as being unmade,
 * and a drain waits for our grace period.
 */
static bool objcache_shrink_frees(const struct objcache_core *core)
{
	return core->flags & OBJCACHE_NO_STEAL && !core->ops.dtor;
}

static unsigned int objcache_shrink_magazine(struct objcache_core *core,
					     struct objcache_node *n,
					     struct objcache_ring *ring)
{
	atomic_long_t *unmade = &n->store[OBJCACHE_LEAVING].loose;
	struct objcache_magazine *mag;

	rcu_read_lock();
	preempt_disable();
	mag = objcache_ring_steal(ring, NULL);
	if (mag)
		atomic_long_add(core->batch, unmade);
	preempt_enable();
	if (mag) {
		objcache_free(core, mag->objs, core->batch);
		atomic_long_sub(core->batch, unmade);
		objcache_depot_keep(core, n, mag);
	}
	rcu_read_unlock();
	return mag ? core->batch : 0;
}

static unsigned long objcache_shrink_ring(struct objcache_core *core, int cpu,
					  bool aged, unsigned long nr)
{
	struct objcache_node *n = objcache_node_of(core, cpu);
	struct objcache_ring *ring;
	unsigned long done = 0;
	unsigned int some = 1;

	if (!objcache_shrink_frees(core))
		return objcache_age_rings(core, cpu, aged, nr);
	ring = objcache_ring_of(per_cpu_ptr(core->cpu, cpu), aged);
	while (some && done < nr) {
		some = objcache_shrink_magazine(core, n, ring);
		done += some;
		cond_resched();
	}
	/* As in objcache_age_rings(). */
	preempt_disable();
	objcache_unmark(core, n, cpu);
	preempt_enable();
	return done;
}

static unsigned long objcache_shrink_rings(struct objcache_core *core,
					   bool aged, unsigned long nr)
{
	unsigned long done = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		if (done < nr)
			done += objcache_shrink_ring(core, cpu, aged,
						     nr - done);
	return done;
}

/* All that is shared is leaving, the older first, until @nr objects are. */
static unsigned long objcache_shrink_shared(struct objcache_core *core,
					    unsigned long nr)
{
	unsigned long done = 0;

	if (done < nr)
		done += objcache_age_stores(core);
	if (done < nr)
		done += objcache_shrink_rings(core, true, nr - done);
	if (done < nr)
		done += objcache_age_stores(core);
	if (done < nr)
		done += objcache_shrink_rings(core, false, nr - done);
	return done;
}

/*
 * Slabs as well, whatever else there is to do: now, and when the keeper is through. Now,
 * as reclaim takes what we have freed for progress, and the slab has it still: somebody
 * would be killed for that meanwhile.
 */
static void objcache_shrink_tidy(struct objcache_core *core)
{
	objcache_hurry_timer(&core->tidy);
	WRITE_ONCE(core->untidy, true);
	objcache_want(core, OBJCACHE_DUE_NOW);
}

/* So many objects more, of private parts. */
static void objcache_shrink_private(struct objcache_core *core, unsigned long nr)
{
	atomic_long_set(&core->squeeze_nr, nr);
	objcache_queue_work(&core->squeeze);
}

static void objcache_squeeze(struct work_struct *work)
{
	struct objcache_core *core = container_of(work, struct objcache_core,
						  squeeze);
	long nr = atomic_long_xchg(&core->squeeze_nr, 0);
	unsigned long done = 0;
	unsigned int i;

	for (i = 0; i < nr_cpu_ids && done < nr; i++) {
		int cpu = (core->squeeze_cpu + 1) % nr_cpu_ids;

		core->squeeze_cpu = cpu;
		if (cpu_possible(cpu) && objcache_may_disturb(cpu))
			done += objcache_visit(core, cpu, false);
	}
	/* They go at once, and are counted: not once more by the next scan. */
	if (core->ops.dtor)
		WRITE_ONCE(core->pressed, true);
	else if (!objcache_shrink_frees(core))
		done = objcache_unmake_leaving(core, done);
	objcache_count_add(core, shrunk, done);
	objcache_shrink_tidy(core);
}

/*
 * What is leaving goes now: freed here, or, with a destructor, by the keeper. If that
 * has been told and has not come, it has been counted.
 */
static unsigned long objcache_shrink_leaving(struct objcache_core *core,
					     unsigned long nr)
{
	if (!core->ops.dtor)
		return objcache_unmake_leaving(core, nr);
	if (xchg(&core->pressed, true))
		return 0;
	return min(nr, objcache_stored(core, OBJCACHE_LEAVING));
}

static unsigned long objcache_shrink_scan(struct shrinker *shrinker,
					  struct shrink_control *sc)
{
	struct objcache_core *core = objcache_shrinker_data(shrinker);
	unsigned long unit = objcache_shrink_unit(core);
	/* From debugfs any number may come. */
	unsigned long nr = DIV_ROUND_UP(min_t(unsigned long, sc->nr_to_scan,
					      INT_MAX), unit);
	unsigned long done = 0, left = 0;

	nr = min(nr, objcache_beyond_min(core));
	if (!nr)
		return SHRINK_STOP;
	done = objcache_shrink_leaving(core, nr);
	if (done < nr)
		left = objcache_shrink_shared(core, nr - done);
	if (left && !core->ops.dtor && !objcache_shrink_frees(core))
		left = objcache_unmake_leaving(core, left);
	done += left;
	objcache_count_add(core, shrunk, done);
	trace_objcache_shrink(core->name, nr, done);
	if (done < nr)
		objcache_shrink_private(core, nr - done);
	if (done)
		objcache_shrink_tidy(core);
	sc->nr_scanned = max(done, 1UL) * unit;
	return done * unit ?: SHRINK_STOP;
}

/**
 * objcache_shrink_init - have a cache asked under memory pressure
 * @core: the cache
 *
 * Return: 0 or -ENOMEM.
 */
int objcache_shrink_init(struct objcache_core *core)
{
	INIT_WORK(&core->squeeze, objcache_squeeze);
	return objcache_shrinker_register(&core->shrinker, core, core->name,
					  objcache_shrink_count,
					  objcache_shrink_scan);
}

/**
 * objcache_shrink_exit - it is not asked any more
 * @core: the cache
 */
void objcache_shrink_exit(struct objcache_core *core)
{
	objcache_shrinker_unregister(&core->shrinker);
	cancel_work_sync(&core->squeeze);
}
