// SPDX-License-Identifier: GPL-2.0
/*
 * Aging: what nobody has wanted for two steps goes
 *
 * As in the victim cache of Go's sync.Pool, with a generation per CPU. A step takes
 * the aged ring of each CPU, a magazine at a time, into the depot, and lets the
 * CPU's rings change places; what was displaced it ages likewise. A private part
 * cannot be touched from here: if it is not empty and its CPU has done nothing
 * since the last step, the CPU is visited; otherwise it is left alone. One that must
 * not be disturbed is asked instead: its limit is taken away, so that its next put
 * comes to put.c, and looks. Only its owner ever gives it another limit, and to
 * find none only costs a put the hit path; so the two need no order.
 *
 * The timer is deferrable, and runs as long as the cache is there: a step over a
 * cache without objects costs a few loads per CPU.
 */
#include <linux/cpu.h>
#include <linux/export.h>
#include <linux/sched.h>

#include "core.h"
#include "trace.h"

/**
 * objcache_age_rings - what is in a CPU's ring is leaving
 * @core: the cache
 * @cpu: the CPU
 * @aged: its aged ring, or else its current one
 * @nr: objects at least, if there are so many
 *
 * A magazine at a time: no section with preemption off is longer.
 *
 * Context: Process context.
 * Return: how many objects.
 */
unsigned long objcache_age_rings(struct objcache_core *core, int cpu, bool aged,
				 unsigned long nr)
{
	struct objcache_node *n = objcache_node_of(core, cpu);
	unsigned long done = 0;
	struct objcache_ring *ring;
	unsigned int some;

	ring = objcache_ring_of(per_cpu_ptr(core->cpu, cpu), aged);
	while (done < nr && objcache_ring_count(ring)) {
		some = objcache_part_gives(core, n, OBJCACHE_LEAVING, ring);
		if (!some)
			break;
		done += some;
		cond_resched();
	}
	/* Or the next get would search for what is gone. */
	preempt_disable();
	objcache_unmark(core, objcache_node_of(core, cpu), cpu);
	preempt_enable();
	return done;
}

/**
 * objcache_age_stores - what has been displaced for long is leaving
 * @core: the cache
 *
 * Context: Process context.
 * Return: how many objects.
 */
unsigned long objcache_age_stores(struct objcache_core *core)
{
	unsigned long done = 0;
	unsigned int nr;
	int node;

	for (node = 0; node < nr_node_ids; node++) {
		struct objcache_node *n = core->node[node];

		if (!n || !objcache_store_nr(core,
					     &n->store[OBJCACHE_DISPLACED]))
			continue;
		while ((nr = objcache_depot_expire(core, n))) {
			done += nr;
			cond_resched();
		}
		objcache_depot_advance(n, OBJCACHE_DISPLACED);
	}
	return done;
}

static unsigned long objcache_age_shared(struct objcache_core *core, int cpu)
{
	struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);
	unsigned long nr = objcache_age_rings(core, cpu, true, ULONG_MAX);

	/*
	 * Owners and thieves read this without order: what they take for the
	 * wrong generation costs them a place in line, nothing else.
	 */
	WRITE_ONCE(c->gen, !c->gen);
	return nr;
}

/* Whether its CPU has used it since the last step. */
static bool objcache_age_private(struct objcache_core *core,
				 struct objcache_cpu *c)
{
	unsigned long touched = objcache_touched(c);
	bool used = touched != c->touched;

	/* Read without order by the owner, and looked at again there. */
	WRITE_ONCE(c->expired, !used);
	WRITE_ONCE(c->touched, touched);
	return used;
}

/*
 * An idle cache of which something was freed, or @left to be: its slab may have
 * empty pages when the keeper is done.
 */
static void objcache_age_slab(struct objcache_core *core, bool used,
			      unsigned long left)
{
	unsigned long destroyed = objcache_count_sum(core, OBJCACHE_STAT_destroyed);

	if (used || (!left && destroyed == core->seen_destroyed))
		return;
	core->seen_destroyed = destroyed;
	WRITE_ONCE(core->untidy, true);
	objcache_want(core, OBJCACHE_DUE_NOW);
}

/**
 * objcache_age_step - the part of a step that is done from here
 * @core: the cache
 *
 * Exported to be timed: a constant for each magazine that leaves.
 *
 * Context: Process context, may sleep.
 */
void objcache_age_step(struct objcache_core *core)
{
	/* At its minimum a cache has nothing that could go. */
	bool may_go = objcache_beyond_min(core);
	unsigned long nr = 0;
	bool used = false;
	int cpu;

	mutex_lock(&core->age_mutex);
	for_each_possible_cpu(cpu) {
		if (may_go)
			nr += objcache_age_shared(core, cpu);
		used |= objcache_age_private(core, per_cpu_ptr(core->cpu, cpu));
	}
	if (may_go)
		nr += objcache_age_stores(core);
	WRITE_ONCE(core->ages, core->ages + 1);
	objcache_count_add(core, aged_out, nr);
	trace_objcache_age(core->name, nr);
	objcache_age_slab(core, used, nr);
	mutex_unlock(&core->age_mutex);
}
EXPORT_SYMBOL_GPL(objcache_age_step);

/* To the CPUs that have done nothing since the step before. */
static void objcache_age_visits(struct objcache_core *core)
{
	bool may_go = objcache_beyond_min(core);
	unsigned long nr = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);

		if (!READ_ONCE(c->expired) ||
		    objcache_touched(c) != READ_ONCE(c->touched))
			continue;
		/* At its minimum it has nothing to give up but empty magazines. */
		if (!may_go && !objcache_empties_on(c))
			continue;
		/* A limit is not to be taken away beside objcache_bring_out(). */
		if (objcache_may_disturb(cpu) || core->bounded)
			nr += objcache_visit(core, cpu, true);
		else if (objcache_private(core, c) || objcache_empties_on(c))
			objcache_ask(c);
	}
	if (!nr)
		return;
	objcache_count_add(core, aged_out, nr);
	WRITE_ONCE(core->untidy, true);
	objcache_want(core, OBJCACHE_DUE_LOOK);
}

void objcache_age(struct objcache *cache)
{
	struct objcache_core *core = to_core(cache);

	if (!objcache_cache_ok(cache, "age"))
		return;
	objcache_age_step(core);
	objcache_age_visits(core);
}
EXPORT_SYMBOL_GPL(objcache_age);

/* ---- the timer ---- */

/* Not with the hotplug lock held: a CPU that comes would wait for reclaim. */
static void objcache_age_equip_cpu(struct objcache_core *core, int cpu,
				   gfp_t gfp)
{
	unsigned long *slots = objcache_slots_alloc(core, cpu, gfp);

	if (cpus_read_trylock()) {
		if (cpu_online(cpu)) {
			objcache_part_slots(core, cpu, slots);
			slots = NULL;
		}
		cpus_read_unlock();
	}
	kvfree(slots);
}

/**
 * objcache_age_equip - have rings get the slots that there was no memory for
 * @core: the cache
 * @gfp: how it is asked for
 *
 * When their CPU came, which does not wait for reclaim.
 *
 * Context: Process context.
 */
void objcache_age_equip(struct objcache_core *core, gfp_t gfp)
{
	int cpu;

	for_each_online_cpu(cpu)
		if (objcache_part_lacks(core, cpu))
			objcache_age_equip_cpu(core, cpu, gfp);
}

static bool objcache_ages(const struct objcache_core *core)
{
	return !(core->flags & (OBJCACHE_NO_AGING | OBJCACHE_DEBUG));
}

/* Perhaps, while one comes: it is not online yet. */
static bool objcache_any_lacks(struct objcache_core *core)
{
	bool lacks = false;
	int cpu;

	if (!cpus_read_trylock())
		return true;
	for_each_online_cpu(cpu)
		lacks |= objcache_part_lacks(core, cpu);
	cpus_read_unlock();
	return lacks;
}

/**
 * objcache_age_start - the next step comes in one interval
 * @core: the cache
 *
 * Without aging the timer comes as long as some CPU's rings lack slots.
 *
 * Context: Process context.
 */
void objcache_age_start(struct objcache_core *core)
{
	if (objcache_ages(core) || objcache_any_lacks(core))
		objcache_queue_timer(&core->age_timer, core->params.age_ms);
}

static void objcache_age_tick(struct work_struct *work)
{
	struct objcache_core *core = container_of(to_delayed_work(work),
						  struct objcache_core,
						  age_timer);

	/* It comes again: nobody waits for reclaim here. */
	objcache_age_equip(core, GFP_NOWAIT);
	if (objcache_ages(core))
		objcache_age(&core->pub);
	objcache_age_start(core);
}

/**
 * objcache_age_init - a cache's aging, not yet started
 * @core: the cache
 */
void objcache_age_init(struct objcache_core *core)
{
	mutex_init(&core->age_mutex);
	INIT_DEFERRABLE_WORK(&core->age_timer, objcache_age_tick);
}

/**
 * objcache_age_exit - no step comes any more
 * @core: the cache
 */
void objcache_age_exit(struct objcache_core *core)
{
	cancel_delayed_work_sync(&core->age_timer);
}
