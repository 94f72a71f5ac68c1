// SPDX-License-Identifier: GPL-2.0
/*
 * Draining: all that is parked goes, and its destructors have run
 *
 * A drain waits for, in this order: each CPU that has something in its private part
 * to take an interrupt, or to be gone if it is about to; a grace period, because who
 * moves objects from one place to another has them in hand in an RCU critical section
 * only; the keeper to have been once through what lies in the depots then, and so for
 * its destructors. What comes meanwhile it does not wait for.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>

#include "core.h"

/**
 * objcache_release_stored - unmake all that lies in the depots
 * @core: the cache
 *
 * Context: Process context, sleeps.
 */
void objcache_release_stored(struct objcache_core *core)
{
	mutex_lock(&core->age_mutex);
	objcache_age_stores(core);
	objcache_age_stores(core);
	mutex_unlock(&core->age_mutex);
	objcache_keeper_flush(core);
}

/*
 * What is private to a CPU that goes, or comes, and takes no interrupts: the callback
 * in hotplug.c displaces it when it has gone, and it can be told when it has come. How
 * much it was is read from here, a hint.
 */
static unsigned long objcache_await_absent(struct objcache_core *core)
{
	unsigned long nr = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		if (!cpu_online(cpu))
			nr += objcache_private(core, per_cpu_ptr(core->cpu, cpu));
	if (!nr)
		return 0;
	cpus_read_lock();
	cpus_read_unlock();
	for_each_possible_cpu(cpu)
		objcache_visit(core, cpu, false);
	return nr;
}

unsigned long objcache_drain(struct objcache *cache)
{
	struct objcache_core *core = to_core(cache);
	unsigned long drained, may_go;
	int cpu;

	if (!objcache_cache_ok(cache, "drain"))
		return 0;
	may_go = objcache_beyond_min(core);
	drained = objcache_stored(core, OBJCACHE_DISPLACED);
	for_each_possible_cpu(cpu) {
		drained += objcache_visit(core, cpu, false);
		drained += objcache_age_rings(core, cpu, true, core->capacity);
		drained += objcache_age_rings(core, cpu, false, core->capacity);
	}
	drained += objcache_await_absent(core);
	synchronize_rcu();
	objcache_release_stored(core);
	objcache_tidy_drained(core);
	return min(drained, may_go);
}
EXPORT_SYMBOL_GPL(objcache_drain);
