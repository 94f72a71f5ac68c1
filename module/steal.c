// SPDX-License-Identifier: GPL-2.0
/*
 * Stealing, and how a thief knows where to look
 *
 * A bit per CPU says that one of its rings may have something; so a search that
 * finds nothing costs one load per word of the bitmap, not one per CPU. An owner
 * sets its bit after a push, only thieves clear it. A bit that is set over empty
 * rings costs a thief one look; one that is clear over a full ring must not last.
 */
#include <linux/cpumask.h>
#include <linux/smp.h>
#include <linux/topology.h>

#include "owner.h"
#include "trace.h"

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
	int cpu = smp_processor_id();
	unsigned int after;
	bool pushed;

	/*
	 * From here on interrupts leave room for it: they read the flag in
	 * objcache_nested_reserve(), on this CPU, so compiler barriers do.
	 */
	WRITE_ONCE(c->pushing, true);
	barrier();
	after = (objcache_shared(c) + 1) * core->batch;
	pushed = after + atomic_read(&c->nested_nr) <= core->shared_max &&
		 objcache_ring_push(objcache_ring_of(c, false), mag, empty);
	barrier();
	WRITE_ONCE(c->pushing, false);
	if (!pushed)
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

/* A thief found both rings of @cpu empty. */
static void objcache_unmark(struct objcache_core *core, int cpu)
{
	struct objcache_cpu *victim = per_cpu_ptr(core->cpu, cpu);

	cpumask_clear_cpu(cpu, core->surplus);
	/* The clear before the look: pairs with the barrier in objcache_push(). */
	smp_mb__after_atomic();
	if (objcache_shared(victim))
		cpumask_set_cpu(cpu, core->surplus);
}

/* A magazine, for its taker: an owner, or, without @owned, who interrupted it. */
static void objcache_count_robbed(struct objcache_core *core,
				  unsigned long *owned,
				  unsigned long __percpu *any)
{
	if (owned)
		data_race(*owned += core->batch); /* read for statistics */
	else
		this_cpu_add(*any, core->batch);
}

/* The oldest magazine of one generation of a CPU, counted for both sides. */
static struct objcache_magazine *objcache_rob_cpu(struct objcache_core *core,
						  struct objcache_cpu *owner,
						  int cpu, bool aged,
						  unsigned long **slot)
{
	struct objcache_cpu *victim = per_cpu_ptr(core->cpu, cpu);
	struct objcache_magazine *mag;

	mag = objcache_ring_claim(objcache_ring_of(victim, aged), slot);
	if (!mag)
		return NULL;
	if (aged)
		objcache_count_robbed(core,
				      owner ? &owner->owned.aged_hits : NULL,
				      &core->cpu->count.aged_hits);
	if (cpu != smp_processor_id()) {
		atomic_long_add(core->batch, &victim->stolen);
		objcache_count_robbed(core,
				      owner ? &owner->owned.steals : NULL,
				      &core->cpu->count.steals);
	}
	trace_objcache_steal(core->name, cpu, aged, core->batch);
	return mag;
}

/*
 * The marked CPU after @cpu, going round and ending before @start; nr_cpu_ids at
 * the end.
 */
static int objcache_next_marked(struct objcache_core *core, int cpu, int start,
				bool *round)
{
	/* data_race(): the bits are hints, and change while we look. */
	int next = data_race(cpumask_next(cpu, core->surplus));

	if (next >= nr_cpu_ids && !*round) {
		*round = true;
		/* As above. */
		next = data_race(cpumask_first(core->surplus));
	}
	return *round && next >= start ? nr_cpu_ids : next;
}

/* Which CPUs a pass looks at, and what at. */
struct objcache_pass {
	bool near;	/* of the own node, or of the others */
	bool current_gen, aged;
};

static struct objcache_magazine *objcache_rob_pass(struct objcache_core *core,
						   struct objcache_cpu *owner,
						   struct objcache_pass pass,
						   unsigned long **slot)
{
	int self = smp_processor_id();
	int node = cpu_to_node(self);
	bool round = false;
	int cpu;

	for (cpu = objcache_next_marked(core, self - 1, self, &round);
	     cpu < nr_cpu_ids;
	     cpu = objcache_next_marked(core, cpu, self, &round)) {
		struct objcache_magazine *mag = NULL;

		if ((cpu_to_node(cpu) == node) != pass.near)
			continue;
		if (pass.current_gen && cpu != self)
			mag = objcache_rob_cpu(core, owner, cpu, false,
					       slot);
		if (!mag && pass.aged)
			mag = objcache_rob_cpu(core, owner, cpu, true,
					       slot);
		if (mag)
			return mag;
		if (!objcache_shared(per_cpu_ptr(core->cpu, cpu)))
			objcache_unmark(core, cpu);
	}
	return NULL;
}

/**
 * objcache_rob - claim a magazine from beyond this CPU's current generation
 * @core: the cache
 * @owner: this CPU's part of it if owned, or NULL
 * @slot: where to: the slot that the caller has to return
 *
 * The oldest magazine of a CPU of this node, starting after this CPU; then the
 * aged ones of the node, our own first; then those of other nodes.
 *
 * Context: Any, with preemption off.
 * Return: the magazine, full, or NULL.
 */
struct objcache_magazine *objcache_rob(struct objcache_core *core,
				       struct objcache_cpu *owner,
				       unsigned long **slot)
{
	static const struct objcache_pass order[] = {
		{ .near = true, .current_gen = true },
		{ .near = true, .aged = true },
		{ .near = false, .current_gen = true, .aged = true },
	};
	struct objcache_magazine *mag;
	int i;

	if (core->flags & OBJCACHE_NO_STEAL)
		return objcache_rob_cpu(core, owner, smp_processor_id(), true,
					slot);
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		if (data_race(cpumask_empty(core->surplus))) /* a hint */
			return NULL;
		mag = objcache_rob_pass(core, owner, order[i], slot);
		if (mag)
			return mag;
	}
	return NULL;
}
