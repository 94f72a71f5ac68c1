// SPDX-License-Identifier: GPL-2.0
/*
 * Stealing, and how a thief knows where to look
 *
 * A bit per CPU says that one of its rings may have something; a node's bits are
 * on lines of its own. So a search that finds nothing costs a load per node, not
 * one per CPU. An owner sets its bit after a push, only thieves clear it. A bit
 * that is set over empty rings costs a thief one look; one that is clear over a
 * full ring must not last. Who has stolen goes to the same victim first, and does
 * not look at the bits: so pairs of CPUs share no line with other pairs.
 *
 * A thief leaves an empty magazine in exchange, so a flow conserves them.
 */
#include <linux/bitmap.h>
#include <linux/smp.h>
#include <linux/topology.h>

#include "core.h"
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
	unsigned long *surplus = objcache_node_of(core, cpu)->surplus;

	if (!objcache_ring_push(objcache_ring_of(c, false), mag, empty))
		return false;
	/*
	 * The push before the test of the bit: pairs with the barrier in
	 * objcache_unmark(). Either we see the bit cleared and set it, or the
	 * thief that cleared it sees the magazine and sets it again. Without it
	 * a CPU could have magazines that nobody can find.
	 */
	smp_mb__after_atomic();
	if (!test_bit(cpu, surplus))
		set_bit(cpu, surplus);
	return true;
}

/**
 * objcache_unmark - a CPU has nothing to steal, if both its rings are empty
 * @core: the cache
 * @n: the node of the CPU
 * @cpu: the CPU
 *
 * For who has emptied them, or found them so.
 *
 * Context: Any, with preemption off: the bit must not be clear over a full ring for long.
 */
void objcache_unmark(struct objcache_core *core, struct objcache_node *n,
		     int cpu)
{
	if (!test_bit(cpu, n->surplus) ||
	    objcache_shared(per_cpu_ptr(core->cpu, cpu)))
		return;
	clear_bit(cpu, n->surplus);
	/* The clear before the look: pairs with the barrier in objcache_push(). */
	smp_mb__after_atomic();
	if (!objcache_shared(per_cpu_ptr(core->cpu, cpu)))
		return;
	set_bit(cpu, n->surplus);
	/* Who has looked before that has missed it. */
	objcache_tell_waiters(core);
}

/* What a taker got: as owner, or as one who interrupted it. */
#define objcache_count_taken(core, s, name)				\
do {									\
	if ((s)->owner)							\
		objcache_owned_add((s)->c, name, (core)->batch);	\
	else								\
		objcache_count_add(core, name, (core)->batch);		\
} while (0)

/* The oldest magazine of one generation of a CPU, counted for both sides. */
static struct objcache_magazine *
objcache_steal_from(struct objcache_core *core, struct objcache_search *s,
		    int cpu, bool aged)
{
	struct objcache_cpu *victim = per_cpu_ptr(core->cpu, cpu);
	struct objcache_magazine *mag;

	mag = objcache_ring_steal(objcache_ring_of(victim, aged),
				  objcache_in_exchange(s));
	if (!mag)
		return NULL;
	if (aged)
		objcache_count_taken(core, s, aged_hits);
	if (victim != s->c) {
		atomic_long_add(core->batch, &victim->stolen);
		objcache_count_taken(core, s, steals);
	}
	trace_objcache_steal(core->name, cpu, aged, core->batch);
	return mag;
}

/* One CPU of a node; its bit goes if it has nothing at all. */
static struct objcache_magazine *
objcache_steal_cpu(struct objcache_core *core, struct objcache_search *s,
		   struct objcache_node *n, int cpu, enum objcache_gens gens)
{
	struct objcache_cpu *victim = per_cpu_ptr(core->cpu, cpu);
	struct objcache_magazine *mag = NULL;

	if (gens & OBJCACHE_CURRENT && victim != s->c)
		mag = objcache_steal_from(core, s, cpu, false);
	if (!mag && gens & OBJCACHE_AGED)
		mag = objcache_steal_from(core, s, cpu, true);
	if (!mag)
		objcache_unmark(core, n, cpu);
	return mag;
}

/* The next marked CPU of a node from @cpu on, before @end. */
static unsigned int objcache_next_marked(struct objcache_node *n,
					 unsigned int cpu, unsigned int end)
{
	/* data_race(): the bits are hints, and change while we look. */
	return data_race(find_next_bit(n->surplus, end, cpu));
}

/* The marked CPUs of a node, from this one on and round. */
static struct objcache_magazine *
objcache_steal_node(struct objcache_core *core, struct objcache_search *s,
		    struct objcache_node *n, enum objcache_gens gens)
{
	unsigned int self = smp_processor_id(), end = nr_cpu_ids;
	unsigned int cpu = objcache_next_marked(n, self, end);
	struct objcache_magazine *mag;

	for (;; cpu = objcache_next_marked(n, cpu + 1, end)) {
		if (cpu >= end && end == nr_cpu_ids) {
			end = self;
			cpu = objcache_next_marked(n, 0, end);
		}
		if (cpu >= end)
			return NULL;
		mag = objcache_steal_cpu(core, s, n, cpu, gens);
		if (!mag)
			continue;
		if (s->owner && gens == OBJCACHE_CURRENT)
			s->c->victim = cpu;
		return mag;
	}
}

/* The CPU that was stolen from last: of this node, and its current generation. */
static struct objcache_magazine *
objcache_steal_again(struct objcache_core *core, struct objcache_search *s)
{
	int self = smp_processor_id();
	struct objcache_magazine *mag;

	if (s->c->victim == self)
		return NULL;
	mag = objcache_steal_from(core, s, s->c->victim, false);
	if (!mag)
		s->c->victim = self;
	return mag;
}

/**
 * objcache_steal - the oldest magazine of a CPU of a node
 * @core: the cache
 * @s: the search: what it has in @mag is left in exchange
 * @n: the node
 * @gens: which generations; of our own part the aged one only
 *
 * Context: Any, with preemption off.
 * Return: the magazine, full, or NULL.
 */
struct objcache_magazine *objcache_steal(struct objcache_core *core,
					 struct objcache_search *s,
					 struct objcache_node *n,
					 enum objcache_gens gens)
{
	struct objcache_magazine *mag = NULL;

	if (core->flags & OBJCACHE_NO_STEAL) {
		if (gens != OBJCACHE_AGED)
			return NULL;
		return objcache_steal_cpu(core, s, n, smp_processor_id(), gens);
	}
	if (s->owner && gens == OBJCACHE_CURRENT)
		mag = objcache_steal_again(core, s);
	return mag ?: objcache_steal_node(core, s, n, gens);
}
