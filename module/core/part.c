// SPDX-License-Identifier: GPL-2.0
/*
 * A CPU's part of a cache: what it is made of, given, and taken away
 *
 * Two magazines, loaded and spare, are private to the CPU; full ones are in its two
 * rings, where others take them. They exist while the CPU is online, memory
 * permitting: a part without works all the same, through the depot.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "core.h"
#include "part.h"

/* Without reclaim, which may be waiting for the CPU that comes. */
#define OBJCACHE_EQUIP		GFP_NOWAIT

/* ---- the private part; for owners ---- */

static bool objcache_isolated_here(void)
{
	bool isolated;

	/* In 7.3 cpusets replace the masks, after a grace period. */
	rcu_read_lock();
	isolated = objcache_cpu_is_isolated(raw_smp_processor_id());
	rcu_read_unlock();
	return isolated;
}

/**
 * objcache_check_limit - a CPU has given itself a limit: may it have one?
 * @core: the cache, bounded
 * @c: this CPU's part of it, owned
 *
 * Not while somebody waits for an object: then nothing may be private, and each put
 * has to notice. Nor if it is isolated: nobody would want to interrupt it for what it
 * has; nor before it is online, as nobody could. Whoever finds that it has no limit
 * after this leaves nothing there.
 *
 * Context: Any.
 */
void objcache_check_limit(struct objcache_core *core, struct objcache_cpu *c)
{
	/*
	 * The limit before the look: pairs with the barrier in objcache_queue_up().
	 * Either we see who waits, or it finds our limit, and us online, and visits us.
	 */
	smp_mb();
	if (READ_ONCE(core->waiting) || !cpu_online(raw_smp_processor_id()) ||
	    objcache_isolated_here())
		WRITE_ONCE(c->own.limit, NULL);
}

/**
 * objcache_load - have a magazine loaded
 * @core: the cache
 * @c: the CPU's part of it, owned
 * @mag: the magazine; NULL: none
 * @nr: objects in it
 */
void objcache_load(struct objcache_core *core, struct objcache_cpu *c,
		   struct objcache_magazine *mag, unsigned int nr)
{
	void **base = mag ? mag->objs : core->none + 1;

	c->loaded = mag;
	WRITE_ONCE(c->own.base, base);
	objcache_set_top(c, base + nr);
	objcache_set_limit(core, c);
}

/**
 * objcache_swap_spare - exchange the loaded magazine and the spare
 * @core: the cache
 * @c: the CPU's part of it, owned; one of the two is full or there is none, the
 *	other is empty
 */
void objcache_swap_spare(struct objcache_core *core, struct objcache_cpu *c)
{
	struct objcache_magazine *loaded = c->loaded;
	bool was_full = c->spare_full;

	WRITE_ONCE(c->spare_full, !was_full && loaded);
	objcache_load(core, c, c->spare, was_full ? core->batch : 0);
	c->spare = loaded;
}

/* A full magazine leaves, whole if that can be. */
static void objcache_spare_leaves(struct objcache_core *core,
				  struct objcache_cpu *c,
				  struct objcache_node *n,
				  enum objcache_kind kind)
{
	WRITE_ONCE(c->spare_full, false);
	if (objcache_depot_give(core, n, kind, c->spare, NULL, false))
		c->spare = NULL;
	else
		objcache_leave(core, n, kind, c->spare->objs, core->batch);
}

/**
 * objcache_part_leave - what is private to a CPU leaves it
 * @core: the cache
 * @c: its part of it: this CPU's, owned, or that of one that is gone
 * @n: the node of the CPU
 * @kind: what becomes of the objects
 *
 * Context: Any. Two magazines at most are moved.
 * Return: how many objects there were.
 */
unsigned long objcache_part_leave(struct objcache_core *core,
				  struct objcache_cpu *c,
				  struct objcache_node *n,
				  enum objcache_kind kind)
{
	unsigned int loaded = objcache_loaded(c);
	unsigned long nr = loaded;

	if (loaded) {
		objcache_leave(core, n, kind, c->own.base, loaded);
		objcache_set_top(c, c->own.base);
	}
	if (c->spare_full) {
		objcache_spare_leaves(core, c, n, kind);
		nr += core->batch;
	}
	return nr;
}

/* Slots that are looked at in one go. */
#define OBJCACHE_STRIP		32U

/**
 * objcache_part_strip - give up empty magazines that thieves have left
 * @core: the cache
 * @c: this CPU's part of the cache, owned
 * @n: the node of the CPU
 *
 * Looks at a few slots, from where it has stopped last.
 *
 * Context: Any.
 * Return: whether the last slot was among them.
 */
bool objcache_part_strip(struct objcache_core *core, struct objcache_cpu *c,
			 struct objcache_node *n)
{
	/* Acquire: pairs with objcache_ring_attach(), the age timer's too. */
	u32 nr = objcache_ring_slots(smp_load_acquire(&c->ring[1].limit));
	u32 i = c->strip, end = min(i + OBJCACHE_STRIP, 2 * nr);

	for (; i < end; i++) {
		struct objcache_ring *ring = &c->ring[i >= nr];
		u32 slot = i >= nr ? i - nr : i;
		struct objcache_magazine *mag = objcache_ring_empty(ring, slot);

		if (!mag)
			continue;
		objcache_ring_set_empty(ring, slot, NULL);
		objcache_depot_keep(core, n, mag);
	}
	c->strip = end < 2 * nr ? end : 0;
	return !c->strip;
}

/* ---- life ---- */

/**
 * objcache_part_init - a part that has nothing yet
 * @core: the cache
 * @c: the part
 */
void objcache_part_init(struct objcache_core *core, struct objcache_cpu *c)
{
	c->own.idle = 1;
	objcache_load(core, c, NULL, 0);
}

/**
 * objcache_part_lacks - have a CPU's rings no slots, though they should?
 * @core: the cache
 * @cpu: the CPU
 *
 * Return: that, as long as no hotplug callback for it runs.
 */
bool objcache_part_lacks(struct objcache_core *core, int cpu)
{
	return core->shared_max && !(core->flags & OBJCACHE_NO_PARTS) &&
	       !READ_ONCE(per_cpu_ptr(core->cpu, cpu)->slots);
}

/**
 * objcache_slots_alloc - allocate slots for both rings of a CPU
 * @core: the cache
 * @cpu: the CPU
 * @gfp: how
 *
 * Context: Process context.
 * Return: that, or NULL.
 */
unsigned long *objcache_slots_alloc(struct objcache_core *core, int cpu,
				    gfp_t gfp)
{
	u32 nr = 2 * objcache_ring_slots(core->shared_max);

	return kvmalloc_node(array_size(nr, sizeof(unsigned long)),
			     objcache_own_gfp(core, gfp), cpu_to_node(cpu));
}

/**
 * objcache_part_slots - give a CPU's rings their slots, if they have none
 * @core: the cache
 * @cpu: the CPU: no hotplug callback for it runs meanwhile
 * @slots: as from objcache_slots_alloc(); NULL: there was no memory
 *
 * Context: Process context.
 */
void objcache_part_slots(struct objcache_core *core, int cpu,
			 unsigned long *slots)
{
	struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);
	u32 nr = objcache_ring_slots(core->shared_max);

	if (!slots)
		return;
	/* Of several who have some for it, one. */
	if (c->old_slots || cmpxchg(&c->slots, NULL, slots)) {
		kvfree(slots);
		return;
	}
	/* The second one last: who finds its limit finds both. */
	objcache_ring_attach(&c->ring[0], slots, core->shared_max);
	objcache_ring_attach(&c->ring[1], slots + nr, core->shared_max);
}

/* Of one CPU. Whoever takes them out frees them. */
static void objcache_old_slots_free(struct objcache_core *core,
				    struct objcache_cpu *c, bool wait)
{
	u32 i, nr = 2 * objcache_ring_slots(core->shared_max);
	unsigned long *slots;

	if (!READ_ONCE(c->old_slots))
		return;
	slots = xchg(&c->old_slots, NULL);
	if (!slots)
		return;
	if (wait)
		synchronize_rcu();
	for (i = 0; i < nr; i++)
		kfree((void *)(slots[i] & ~OBJCACHE_SLOT_FREE));
	kvfree(slots);
}

/**
 * objcache_slots_free - free the slots of CPUs that are gone
 * @core: the cache
 * @wait: thieves may still have a foot in them
 *
 * And the magazines that thieves have left in them.
 *
 * Context: Process context; with @wait, takes a grace period for each such CPU.
 */
void objcache_slots_free(struct objcache_core *core, bool wait)
{
	int cpu;

	for_each_possible_cpu(cpu)
		objcache_old_slots_free(core, per_cpu_ptr(core->cpu, cpu), wait);
}

/**
 * objcache_part_equip - give a CPU that is not running magazines and slots
 * @core: the cache
 * @cpu: the CPU; or one that runs, while nobody knows the cache yet
 *
 * What magazine there is no memory for a put makes up for, and slots the age timer.
 *
 * Context: Process context. A CPU that was gone for a moment only waits for a grace
 * period.
 */
void objcache_part_equip(struct objcache_core *core, int cpu)
{
	struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);
	gfp_t gfp = objcache_own_gfp(core, OBJCACHE_EQUIP);
	int node = cpu_to_node(cpu);

	c->victim = cpu;
	if (core->flags & OBJCACHE_NO_PARTS)
		return;
	objcache_load(core, c, objcache_magazine_alloc(core, gfp, node), 0);
	c->spare = objcache_magazine_alloc(core, gfp, node);
	/* Whether it may have a limit that CPU finds out itself, with its first put. */
	if (core->bounded)
		objcache_ask(c);
	objcache_old_slots_free(core, c, true);
	if (objcache_part_lacks(core, cpu))
		objcache_part_slots(core, cpu,
				    objcache_slots_alloc(core, cpu,
							 OBJCACHE_EQUIP));
}

/**
 * objcache_part_gives - the oldest magazine of a ring leaves its CPU
 * @core: the cache
 * @n: the node of that
 * @kind: displaced or leaving
 * @ring: the ring
 *
 * It is in our hands with preemption off only: a drain waits for a grace period.
 *
 * Context: Process context.
 * Return: how many objects: a magazine's, or 0.
 */
unsigned int objcache_part_gives(struct objcache_core *core,
				 struct objcache_node *n,
				 enum objcache_kind kind,
				 struct objcache_ring *ring)
{
	struct objcache_magazine *mag;

	preempt_disable();
	mag = objcache_ring_steal(ring, NULL);
	if (mag && !objcache_depot_give(core, n, kind, mag, NULL, true)) {
		objcache_leave(core, n, kind, mag->objs, core->batch);
		objcache_depot_keep(core, n, mag);
	}
	preempt_enable();
	return mag ? core->batch : 0;
}

/* Whatever is in a ring is in the way of its going. */
static unsigned long objcache_ring_clear(struct objcache_core *core,
					 struct objcache_ring *ring,
					 struct objcache_node *n)
{
	unsigned long nr = 0;
	unsigned int some;

	while ((some = objcache_part_gives(core, n, OBJCACHE_DISPLACED, ring)))
		nr += some;
	objcache_ring_detach(ring);
	return nr;
}

/**
 * objcache_part_clear - take all that it has away from a CPU
 * @core: the cache
 * @cpu: the CPU: not running, or no call for the cache can come from it any more
 *
 * Objects are displaced. Thieves may still have a foot in the slots, so those wait
 * for objcache_slots_free().
 *
 * Context: Process context.
 * Return: how many objects there were.
 */
unsigned long objcache_part_clear(struct objcache_core *core, int cpu)
{
	struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);
	struct objcache_node *n = objcache_node_of(core, cpu);
	struct objcache_magazine *loaded = c->loaded;
	unsigned long nr;

	/* In nobody's structure only in here: a drain waits for that. */
	rcu_read_lock();
	nr = objcache_part_leave(core, c, n, OBJCACHE_DISPLACED);
	rcu_read_unlock();
	objcache_load(core, c, NULL, 0);
	kfree(loaded);
	kfree(c->spare);
	c->spare = NULL;
	nr += objcache_ring_clear(core, &c->ring[0], n);
	nr += objcache_ring_clear(core, &c->ring[1], n);
	c->strip = 0;
	if (c->slots)
		WRITE_ONCE(c->old_slots, c->slots);
	WRITE_ONCE(c->slots, NULL);
	return nr;
}
