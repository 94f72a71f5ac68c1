// SPDX-License-Identifier: GPL-2.0
/*
 * Emptying a cache: each CPU takes out what it parked
 *
 * A private part can be touched by its own CPU only, so a work item goes to
 * each CPU that is online; what an offline one left is taken directly.
 */
#include <linux/cpu.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/slab.h>

#include "internal.h"

/* Taken out with preemption off at a time; also the stack's size. */
#define OBJCACHE_DRAIN_BATCH	16

static struct workqueue_struct *objcache_drain_wq;

static unsigned int objcache_drain_some(struct objcache_core *core,
					struct objcache_cpu *c)
{
	void *objs[OBJCACHE_DRAIN_BATCH];
	unsigned int nr;

	preempt_disable();
	for (nr = 0; nr < ARRAY_SIZE(objs); nr++) {
		objs[nr] = objcache_take_own(core, c);
		if (!objs[nr])
			break;
	}
	preempt_enable();
	if (nr)
		objcache_release(core, objs, nr);
	return nr;
}

/* On the CPU of @c or with it dead. Bounded, even while others go on putting. */
static void objcache_drain_cpu(struct objcache_cpu *c)
{
	struct objcache_core *core = c->core;
	unsigned int nr;

	c->drained = 0;
	do {
		nr = objcache_drain_some(core, c);
		c->drained += nr;
		cond_resched();
	} while (nr == OBJCACHE_DRAIN_BATCH && c->drained < core->capacity);
}

/* On the CPU of @c or with it dead: take its magazines away. */
static void objcache_strip_cpu(struct objcache_cpu *c)
{
	struct objcache_magazine *loaded, *spare;
	u32 i;

	preempt_disable();
	loaded = c->loaded;
	spare = c->spare;
	objcache_equip(c->core, c, NULL, NULL);
	preempt_enable();
	kfree(loaded);
	kfree(spare);
	for (i = 0; c->ring.limit && i <= c->ring.mask; i++) {
		kfree((void *)(c->ring.slots[i] & ~OBJCACHE_SLOT_FREE));
		c->ring.slots[i] = OBJCACHE_SLOT_FREE;
	}
}

static void objcache_drain_work(struct work_struct *work)
{
	struct objcache_cpu *c = container_of(work, struct objcache_cpu,
					      drain_work);

	objcache_drain_cpu(c);
	if (READ_ONCE(c->core->dead))
		objcache_strip_cpu(c);
}

/**
 * objcache_drain_init - make a CPU's part drainable
 * @core: the cache
 * @cpu: the CPU
 */
void objcache_drain_init(struct objcache_core *core, int cpu)
{
	struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);

	c->core = core;
	INIT_WORK(&c->drain_work, objcache_drain_work);
}

/**
 * objcache_drain_core - take out all that is parked, and wait until it is gone
 * @core: the cache; if it is dead, its magazines go too
 *
 * Return: how many objects were taken out.
 */
unsigned long objcache_drain_core(struct objcache_core *core)
{
	unsigned long drained = 0;
	int cpu;

	mutex_lock(&core->drain_mutex);
	cpus_read_lock();
	for_each_possible_cpu(cpu) {
		struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);

		if (cpu_online(cpu))
			queue_work_on(cpu, objcache_drain_wq, &c->drain_work);
		else
			objcache_drain_work(&c->drain_work);
	}
	for_each_possible_cpu(cpu) {
		struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);

		flush_work(&c->drain_work);
		drained += c->drained;
	}
	cpus_read_unlock();
	mutex_unlock(&core->drain_mutex);
	objcache_release_flush(core);
	return drained;
}

/**
 * objcache_drain - release all that is parked
 * @cache: the cache
 *
 * Returns when the destructors have run. Objects put meanwhile may stay.
 *
 * Context: Process context, sleeps. Not from a dtor or a hotplug callback, nor
 * under a lock that a dtor takes.
 * Return: how many objects were released.
 */
unsigned long objcache_drain(struct objcache *cache)
{
	if (!objcache_cache_ok(cache, "drain"))
		return 0;
	return objcache_drain_core(to_core(cache));
}
EXPORT_SYMBOL_GPL(objcache_drain);

/**
 * objcache_drain_start - the workqueue that visits CPUs
 *
 * Return: 0 or -ENOMEM.
 */
int objcache_drain_start(void)
{
	objcache_drain_wq = alloc_workqueue("objcache_drain",
					    OBJCACHE_WQ_PERCPU, 0);
	return objcache_drain_wq ? 0 : -ENOMEM;
}

/**
 * objcache_drain_stop - end it; no cache is left
 */
void objcache_drain_stop(void)
{
	destroy_workqueue(objcache_drain_wq);
}
