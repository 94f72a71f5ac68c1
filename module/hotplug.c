// SPDX-License-Identifier: GPL-2.0
/*
 * CPUs that go away: release what they have parked
 *
 * A PREPARE state, because its teardown runs on another CPU when the one in
 * question is dead; an ONLINE state would run while interrupts there still put.
 */
#include <linux/cpuhotplug.h>

#include "internal.h"

static enum cpuhp_state objcache_hotplug_state;

static int objcache_cpu_dead(unsigned int cpu, struct hlist_node *node)
{
	struct objcache_core *core = container_of(node, struct objcache_core,
						  hotplug);

	objcache_release_dead(per_cpu_ptr(core->cpu, cpu));
	return 0;
}

/**
 * objcache_hotplug_add - watch CPUs for a cache
 * @core: the cache
 */
void objcache_hotplug_add(struct objcache_core *core)
{
	/* Without a startup callback this does not fail. */
	cpuhp_state_add_instance_nocalls(objcache_hotplug_state,
					 &core->hotplug);
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
	int state = cpuhp_setup_state_multi(CPUHP_BP_PREPARE_DYN, "objcache:dead",
					    NULL, objcache_cpu_dead);

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
