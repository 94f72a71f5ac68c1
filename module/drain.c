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

/**
 * objcache_queue_on - have a CPU do something
 * @cpu: the CPU, online
 * @work: what
 *
 * Context: Any in which queue_work() is legal.
 */
void objcache_queue_on(int cpu, struct work_struct *work)
{
	queue_work_on(cpu, objcache_drain_wq, work);
}

static unsigned int objcache_drain_some(struct objcache_cpu *c,
					enum objcache_reach reach, bool dead)
{
	struct objcache_core *core = c->core;
	void *objs[OBJCACHE_DRAIN_BATCH];
	unsigned int nr = 0;

	preempt_disable();
	/* A work item whose CPU goes away is moved to another one. */
	if (!dead && c != this_cpu_ptr(core->cpu))
		goto out;
	for (nr = 0; nr < ARRAY_SIZE(objs); nr++) {
		objs[nr] = objcache_take_parked(core, c, reach);
		if (!objs[nr])
			break;
	}
out:
	preempt_enable();
	if (nr)
		objcache_release(core, objs, nr);
	return nr;
}

/* At most the capacity, so that it ends even while others go on putting. */
static unsigned long objcache_drain_cpu(struct objcache_cpu *c,
					enum objcache_reach reach, bool dead)
{
	unsigned long total = 0;
	unsigned int nr;

	do {
		nr = objcache_drain_some(c, reach, dead);
		total += nr;
		cond_resched();
	} while (nr == OBJCACHE_DRAIN_BATCH && total < c->core->capacity);
	return total;
}

/**
 * objcache_release_own - release what this CPU has parked
 * @c: its part of the cache
 * @reach: how far to go, not beyond this CPU
 *
 * Context: Process context, bound to the CPU; does nothing on another.
 * Return: how many objects were released.
 */
unsigned long objcache_release_own(struct objcache_cpu *c,
				   enum objcache_reach reach)
{
	return objcache_drain_cpu(c, reach, false);
}

/**
 * objcache_release_here - release the private part of whatever CPU this is
 * @core: the cache
 *
 * Context: Any. Two magazines and the nested list, at most.
 * Return: how many objects were released.
 */
unsigned long objcache_release_here(struct objcache_core *core)
{
	unsigned long total = 0;
	unsigned int nr;

	do {
		nr = objcache_drain_some(raw_cpu_ptr(core->cpu),
					 OBJCACHE_PRIVATE, false);
		total += nr;
	} while (nr == OBJCACHE_DRAIN_BATCH && total < 3 * core->batch);
	return total;
}

/**
 * objcache_release_dead - release what a CPU that is offline has parked
 * @c: its part of the cache
 *
 * Context: Process context, hotplug lock held.
 * Return: how many objects were released.
 */
unsigned long objcache_release_dead(struct objcache_cpu *c)
{
	return objcache_drain_cpu(c, OBJCACHE_OWN, true);
}

/* Only empty magazines are left in it. */
static void objcache_strip_ring(struct objcache_ring *ring)
{
	u32 i;

	for (i = 0; i < objcache_ring_slots(ring->limit); i++) {
		kfree((void *)(ring->slots[i] & ~OBJCACHE_SLOT_FREE));
		ring->slots[i] = OBJCACHE_SLOT_FREE;
	}
}

/* On the CPU of @c or with it dead: take its magazines away. */
static void objcache_strip_cpu(struct objcache_cpu *c)
{
	struct objcache_magazine *loaded, *spare;

	preempt_disable();
	if (!objcache_owner_enter(&c->own)) {
		preempt_enable();
		return;
	}
	loaded = c->loaded;
	spare = c->spare;
	objcache_equip(c->core, c, NULL, NULL);
	objcache_owner_exit(&c->own);
	preempt_enable();
	kfree(loaded);
	kfree(spare);
	objcache_strip_ring(&c->ring[0]);
	objcache_strip_ring(&c->ring[1]);
}

static void objcache_drain_work(struct work_struct *work)
{
	struct objcache_cpu *c = container_of(work, struct objcache_cpu,
					      drain_work);

	c->drained = objcache_release_own(c, OBJCACHE_OWN);
	if (READ_ONCE(c->core->dead))
		objcache_strip_cpu(c);
}

static void objcache_drain_offline(struct objcache_cpu *c)
{
	c->drained = objcache_release_dead(c);
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

	/* What an age step has claimed is emptied before anyone is stripped. */
	objcache_reap(core);
	cpus_read_lock();
	mutex_lock(&core->drain_mutex);
	for_each_possible_cpu(cpu) {
		struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);

		if (cpu_online(cpu))
			objcache_queue_on(cpu, &c->drain_work);
		else
			objcache_drain_offline(c);
	}
	for_each_possible_cpu(cpu) {
		struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);

		flush_work(&c->drain_work);
		drained += c->drained;
	}
	mutex_unlock(&core->drain_mutex);
	cpus_read_unlock();
	objcache_release_flush(core);
	return drained;
}

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
					    OBJCACHE_WQ_PERCPU | WQ_MEM_RECLAIM,
					    0);
	return objcache_drain_wq ? 0 : -ENOMEM;
}

/**
 * objcache_drain_stop - end it; no cache is left
 */
void objcache_drain_stop(void)
{
	destroy_workqueue(objcache_drain_wq);
}
