// SPDX-License-Identifier: GPL-2.0
/*
 * Tidying up: freed slabs reach the page allocator
 *
 * The slab allocator keeps empty slabs, ten to a node, and partial ones per CPU.
 * Having it give them back visits CPUs that have some, under the hotplug lock, so it
 * is a work item of its own, which nobody waits for. Nor is it done while a CPU that
 * must not be disturbed has entered the slab, unless a drain has asked for it.
 */
#include <linux/cpumask.h>
#include <linux/slab.h>

#include "core.h"

/* Made or freed something there, so has perhaps a slab of its own. */
static bool objcache_entered(struct objcache_core *core, int cpu)
{
	struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);

	return READ_ONCE(c->count[OBJCACHE_STAT_created]) ||
	       READ_ONCE(c->count[OBJCACHE_STAT_destroyed]);
}

static bool objcache_would_disturb(struct objcache_core *core)
{
	int cpu;

	for_each_online_cpu(cpu)
		if (objcache_entered(core, cpu) && !objcache_may_disturb(cpu))
			return true;
	return false;
}

static void objcache_tidy(struct work_struct *work)
{
	struct objcache_core *core = container_of(to_delayed_work(work),
						  struct objcache_core, tidy);

	if (xchg(&core->drained, false) || !objcache_would_disturb(core))
		kmem_cache_shrink(core->slab);
	objcache_slots_free(core, true);
}

/**
 * objcache_tidy_drained - have the slab shrunk once, whoever has entered it
 * @core: the cache, of which a drain has freed all that it is about to free
 *
 * Not earlier, or a go that was queued before could be the one. Queueing is a full
 * barrier, and so is the start of a work item: one that is queued already sees this.
 * Of two drains each does so for itself; one go after both is enough.
 *
 * Context: Process context.
 */
void objcache_tidy_drained(struct objcache_core *core)
{
	WRITE_ONCE(core->drained, true);
	objcache_queue_timer(&core->tidy, OBJCACHE_TIDY_MS);
}

/**
 * objcache_tidy_init - a cache that is tidy
 * @core: the cache
 */
void objcache_tidy_init(struct objcache_core *core)
{
	INIT_DELAYED_WORK(&core->tidy, objcache_tidy);
}

/**
 * objcache_tidy_exit - for the last time
 * @core: the cache, without parts
 */
void objcache_tidy_exit(struct objcache_core *core)
{
	cancel_delayed_work_sync(&core->tidy);
	/* Nobody has called us since a grace period. */
	objcache_slots_free(core, false);
}
