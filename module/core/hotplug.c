// SPDX-License-Identifier: GPL-2.0
/*
 * CPUs that come and go: each has its part of a cache while it is online
 *
 * A PREPARE state: its startup runs before the CPU does, its teardown on another
 * one when it is dead; an ONLINE state would run while interrupts there still put.
 * Neither fails, and neither waits for memory.
 */
#include <linux/cpuhotplug.h>

#include "core.h"
#include "debug.h"

static enum cpuhp_state objcache_hotplug_state;

static int objcache_cpu_comes(unsigned int cpu, struct hlist_node *node)
{
	struct objcache_core *core = container_of(node, struct objcache_core,
						  hotplug);

	objcache_part_equip(core, cpu);
	if (objcache_part_lacks(core, cpu))
		objcache_queue_timer(&core->age_timer, core->params.age_ms);
	return 0;
}

static int objcache_cpu_is_gone(unsigned int cpu, struct hlist_node *node)
{
	struct objcache_core *core = container_of(node, struct objcache_core,
						  hotplug);

	objcache_part_clear(core, cpu);
	objcache_want(core, OBJCACHE_DUE_NOW);
	/* What has come there while it died, and what was found. */
	objcache_tell_waiters(core);
	objcache_print_due();
	objcache_queue_timer(&core->tidy, OBJCACHE_TIDY_MS);
	return 0;
}

/**
 * objcache_hotplug_add - give each CPU that is online its part; watch them
 * @core: the cache, which nobody knows yet
 *
 * Return: 0, as the callback does not fail; or -EINVAL.
 */
int objcache_hotplug_add(struct objcache_core *core)
{
	return cpuhp_state_add_instance(objcache_hotplug_state, &core->hotplug);
}

/**
 * objcache_hotplug_remove - no callback for a cache from here on
 * @core: the cache
 */
void objcache_hotplug_remove(struct objcache_core *core)
{
	cpuhp_state_remove_instance_nocalls(objcache_hotplug_state,
					    &core->hotplug);
}

/**
 * objcache_hotplug_start - the state that all caches are instances of
 *
 * Return: 0 or a negative errno.
 */
int objcache_hotplug_start(void)
{
	int state = cpuhp_setup_state_multi(CPUHP_BP_PREPARE_DYN, "objcache:part",
					    objcache_cpu_comes,
					    objcache_cpu_is_gone);

	if (state < 0)
		return state;
	objcache_hotplug_state = state;
	return 0;
}

/**
 * objcache_hotplug_stop - it goes; no cache is left
 */
void objcache_hotplug_stop(void)
{
	cpuhp_remove_multi_state(objcache_hotplug_state);
}
