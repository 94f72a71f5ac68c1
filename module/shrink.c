// SPDX-License-Identifier: GPL-2.0
/*
 * Memory pressure: what is on its way out in the depot, then the aged generation,
 * then the rest of the shared parts, the private parts last
 *
 * Plain objects are freed inside scan, because reclaim credits a shrinker only
 * with what the current task frees. Objects with a destructor are queued; scan
 * never waits, and takes no lock that is held across a blocking allocation.
 */
#include "internal.h"
#include "trace.h"

static unsigned long objcache_shrink_count(struct shrinker *shrinker,
					   struct shrink_control *sc)
{
	struct objcache_core *core = objcache_shrinker_data(shrinker);
	unsigned long parked = READ_ONCE(core->depot.full.nr) * core->batch;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);

		parked += objcache_shared(c) * core->batch;
		/* Only its own CPU can give it back. */
		if (objcache_may_disturb(cpu))
			parked += objcache_private(core, c);
	}
	return parked ?: SHRINK_EMPTY;
}

/* As a thief; whole magazines. */
static unsigned long objcache_shrink_rings(struct objcache_core *core,
					   bool aged, unsigned long nr)
{
	unsigned long done = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);
		struct objcache_magazine *mag;
		unsigned long *slot;

		while (done < nr) {
			mag = objcache_ring_claim(objcache_ring_of(c, aged),
						  &slot);
			if (!mag)
				break;
			objcache_release(core, mag->objs, core->batch);
			objcache_ring_return(slot, mag);
			done += core->batch;
		}
		cond_resched();
	}
	return done;
}

static unsigned long objcache_shrink_scan(struct shrinker *shrinker,
					  struct shrink_control *sc)
{
	struct objcache_core *core = objcache_shrinker_data(shrinker);
	/* From debugfs any number may come. */
	unsigned long nr = min_t(unsigned long, sc->nr_to_scan, INT_MAX);
	unsigned long done;
	int cpu;

	done = objcache_depot_shed(core, DIV_ROUND_UP(nr, core->batch));
	if (done < nr)
		done += objcache_shrink_rings(core, true, nr - done);
	if (done < nr)
		done += objcache_shrink_rings(core, false, nr - done);
	this_cpu_add(core->cpu->count.shrunk, done);
	trace_objcache_shrink(core->name, nr, done);
	if (done < nr)
		for_each_online_cpu(cpu)
			objcache_squeeze(core, cpu);
	sc->nr_scanned = max(done, 1UL);
	return done ?: SHRINK_STOP;
}

/**
 * objcache_shrink_init - have a cache asked under memory pressure
 * @core: the cache
 *
 * Return: 0 or -ENOMEM.
 */
int objcache_shrink_init(struct objcache_core *core)
{
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
}
