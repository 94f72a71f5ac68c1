// SPDX-License-Identifier: GPL-2.0
/*
 * Stealing, and how a thief knows where to look
 *
 * A bit per CPU says that its ring may have something; so a search that finds
 * nothing costs one load per word of the bitmap, not one per CPU. An owner sets
 * its bit after a push, only thieves clear it. A bit that is set over an empty
 * ring costs a thief one look; one that is clear over a full ring must not last.
 */
#include <linux/cpumask.h>
#include <linux/smp.h>

#include "owner.h"

/**
 * objcache_push - push a full magazine, and tell the thieves
 * @core: the cache
 * @c: this CPU's part of it, owned
 * @mag: the magazine
 * @empty: where to: one in exchange, or NULL
 *
 * Return: whether there was room.
 */
bool objcache_push(struct objcache_core *core, struct objcache_cpu *c,
		   struct objcache_magazine *mag,
		   struct objcache_magazine **empty)
{
	unsigned int after = (objcache_ring_count(&c->ring) + 1) * core->batch;
	int cpu = smp_processor_id();

	if (after + atomic_read(&c->nested_nr) > core->shared_max)
		return false;
	if (!objcache_ring_push(&c->ring, mag, empty))
		return false;
	/*
	 * The push before the test of the bit: pairs with the barrier in
	 * objcache_unmark(). Either we see the bit cleared and set it, or the
	 * thief that cleared it sees the magazine and sets it again. Without it
	 * a CPU could have magazines that nobody can find.
	 */
	smp_mb__after_atomic();
	if (!cpumask_test_cpu(cpu, core->surplus))
		cpumask_set_cpu(cpu, core->surplus);
	return true;
}

/* A thief found the ring of @cpu empty. */
static void objcache_unmark(struct objcache_core *core, int cpu)
{
	struct objcache_cpu *victim = per_cpu_ptr(core->cpu, cpu);

	cpumask_clear_cpu(cpu, core->surplus);
	/* The clear before the look: pairs with the barrier in objcache_push(). */
	smp_mb__after_atomic();
	if (objcache_ring_count(&victim->ring))
		cpumask_set_cpu(cpu, core->surplus);
}

/**
 * objcache_rob - claim the oldest magazine of another CPU
 * @core: the cache
 * @slot: where to: the slot that the caller has to return
 *
 * Looks at the CPUs after this one first.
 *
 * Context: Any, with preemption off.
 * Return: the magazine, full, or NULL.
 */
struct objcache_magazine *objcache_rob(struct objcache_core *core,
				       unsigned long **slot)
{
	int self = smp_processor_id();
	int cpu;

	if (core->flags & OBJCACHE_NO_STEAL)
		return NULL;
	for_each_cpu_wrap(cpu, core->surplus, self) {
		struct objcache_cpu *victim = per_cpu_ptr(core->cpu, cpu);
		struct objcache_magazine *mag;

		if (cpu == self)
			continue;
		mag = objcache_ring_claim(&victim->ring, slot);
		if (mag) {
			atomic_long_add(core->batch, &victim->stolen);
			this_cpu_add(core->cpu->count.steals, core->batch);
			return mag;
		}
		objcache_unmark(core, cpu);
	}
	return NULL;
}
