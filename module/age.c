// SPDX-License-Identifier: GPL-2.0
/*
 * Aging: what nobody has wanted for two steps goes
 *
 * As in the victim cache of Go's sync.Pool, with a generation per CPU. A step
 * claims the aged ring of each CPU, whatever it holds, with one CAS, and lets
 * the CPU's rings change places; so it costs O(CPUs), and what was claimed is
 * emptied later, by reap_work. A private part cannot be touched from here: if
 * it is not empty and its CPU has done nothing since the last step, a work item
 * goes there after the hand-over; otherwise the CPU is left alone. One that must
 * not be disturbed is asked instead: its limit is taken away, so that its next put
 * comes to park.c, and looks. Only its owner ever gives it another limit, and to
 * find none only costs a put the hit path; so the two need no order.
 *
 * The timer is deferrable and runs only while there are objects.
 */
#include <linux/cpu.h>
#include <linux/export.h>

#include "internal.h"
#include "trace.h"

/* ---- a step ---- */

static void objcache_age_work(struct work_struct *work)
{
	struct objcache_cpu *c = container_of(work, struct objcache_cpu,
					      age_work);
	bool squeeze = xchg(&c->squeeze, false);
	unsigned long nr;

	if (!squeeze && objcache_touched(c) != READ_ONCE(c->touched))
		return;
	nr = objcache_release_own(c, OBJCACHE_PRIVATE);
	if (squeeze)
		this_cpu_add(c->core->cpu->count.shrunk, nr);
	else
		this_cpu_add(c->core->cpu->count.aged_out, nr);
}

/**
 * objcache_may_disturb - may a CPU be told to release its private part?
 * @cpu: the CPU
 *
 * What the kernel calls isolated, however it became so, is not disturbed for a few
 * idle objects.
 *
 * Context: Any.
 * Return: whether it may, now.
 */
bool objcache_may_disturb(int cpu)
{
	bool may;

	/* In 7.3 cpusets replace these masks, after a grace period. */
	rcu_read_lock();
	may = cpu_online(cpu) && !objcache_cpu_is_isolated(cpu);
	rcu_read_unlock();
	return may;
}

/**
 * objcache_squeeze - have a CPU release its private part
 * @core: the cache
 * @cpu: the CPU
 *
 * Context: Any in which queue_work() is legal. Does not wait.
 */
void objcache_squeeze(struct objcache_core *core, int cpu)
{
	struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);

	if (!objcache_private(core, c) || !objcache_may_disturb(cpu))
		return;
	WRITE_ONCE(c->squeeze, true);
	objcache_queue_on(cpu, &c->age_work);
}

static void objcache_age_private(struct objcache_core *core,
				 struct objcache_cpu *c)
{
	unsigned long touched = objcache_touched(c);

	/*
	 * Read without order by who sends the work items: an item sent too
	 * many looks again, one too few comes with the next step.
	 */
	WRITE_ONCE(c->expired,
		   touched == c->touched && objcache_private(core, c));
	WRITE_ONCE(c->touched, touched);
}

/**
 * objcache_age_here - this CPU was asked: release its private part
 * @core: the cache
 *
 * Context: Any.
 */
void objcache_age_here(struct objcache_core *core)
{
	unsigned long nr = objcache_release_here(core);

	this_cpu_add(core->cpu->count.aged_out, nr);
}

/* To the CPUs whose private parts the last step has found expired. */
static void objcache_age_private_parts(struct objcache_core *core)
{
	int cpu;

	cpus_read_lock();
	for_each_possible_cpu(cpu) {
		struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);

		if (!READ_ONCE(c->expired) || !cpu_online(cpu))
			continue;
		if (objcache_may_disturb(cpu))
			objcache_queue_on(cpu, &c->age_work);
		else
			objcache_ask(c);
	}
	cpus_read_unlock();
}

/*
 * The aged ring is claimed and becomes the current one. Its slots are given
 * back when it has been reaped; there are slots enough for both.
 */
static unsigned int objcache_age_shared(struct objcache_core *core,
					struct objcache_cpu *c)
{
	struct objcache_ring *aged = objcache_ring_of(c, true);
	unsigned int nr;

	/* The worker is behind: all of this CPU's wait for the next step. */
	if (aged->reap_from != aged->reap_to)
		return 0;
	objcache_ring_claim_all(aged, &aged->reap_from, &aged->reap_to);
	nr = (aged->reap_to - aged->reap_from) * core->batch;
	if (nr)
		atomic_long_add(nr, &core->releasing);
	/*
	 * Owners and thieves read this without order: what they take for the
	 * wrong generation costs them a place in line, nothing else.
	 */
	WRITE_ONCE(c->gen, !c->gen);
	return nr;
}

static void objcache_reap_ring(struct objcache_core *core,
			       struct objcache_ring *ring)
{
	for (; ring->reap_from != ring->reap_to; ring->reap_from++) {
		unsigned long *slot = objcache_ring_slot(ring, ring->reap_from);
		struct objcache_magazine *mag = (void *)READ_ONCE(*slot);

		objcache_release(core, mag->objs, core->batch);
		atomic_long_sub(core->batch, &core->releasing);
		objcache_ring_return(slot, mag);
		cond_resched();
	}
}

/**
 * objcache_reap - empty what age steps have claimed
 * @core: the cache
 *
 * Context: Process context, may sleep.
 */
void objcache_reap(struct objcache_core *core)
{
	int cpu;

	mutex_lock(&core->age_mutex);
	for_each_possible_cpu(cpu) {
		struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);

		objcache_reap_ring(core, &c->ring[0]);
		objcache_reap_ring(core, &c->ring[1]);
	}
	mutex_unlock(&core->age_mutex);
}

/* Of its own, so that what a step claims does not wait for a slow destructor. */
static void objcache_reap_work(struct work_struct *work)
{
	objcache_reap(container_of(work, struct objcache_core, reap_work));
}

/**
 * objcache_age_step - one step, up to the hand-over to the worker
 * @core: the cache
 *
 * Exported to be timed: it costs the same whatever is parked.
 *
 * Context: Process context, may sleep.
 */
void objcache_age_step(struct objcache_core *core)
{
	unsigned long nr = 0;
	int cpu;

	mutex_lock(&core->age_mutex);
	for_each_possible_cpu(cpu) {
		struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);

		nr += objcache_age_shared(core, c);
		objcache_age_private(core, c);
	}
	WRITE_ONCE(core->ages, core->ages + 1);
	WRITE_ONCE(core->aged_out, core->aged_out + nr);
	trace_objcache_age(core->name, nr);
	mutex_unlock(&core->age_mutex);
	objcache_queue_work(&core->reap_work);
}
EXPORT_SYMBOL_GPL(objcache_age_step);

/* ---- the timer ---- */

/**
 * objcache_age_start - the next step comes in one interval
 * @core: the cache
 *
 * Context: Any in which queue_work() is legal.
 */
void objcache_age_start(struct objcache_core *core)
{
	if (!(core->flags & (OBJCACHE_NO_AGING | OBJCACHE_DEBUG)))
		objcache_queue_timer(&core->age_timer, core->params.age_ms);
}

/**
 * objcache_age_arm - there is an object; see that the timer runs
 * @core: the cache
 *
 * Context: Any in which an object can be made.
 */
void objcache_age_arm(struct objcache_core *core)
{
	/*
	 * The count of created objects before the test: pairs with the barrier
	 * in objcache_age_tick(). Either we see the timer stopped and start it,
	 * or it sees our object and goes on. Without it a cache could have
	 * objects and no timer.
	 */
	smp_mb();
	if (READ_ONCE(core->armed) || xchg(&core->armed, 1))
		return;
	if (objcache_may_queue(core))
		objcache_age_start(core);
}

static bool objcache_has_objects(struct objcache_core *core)
{
	unsigned long objects = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct objcache_counters *count;

		count = &per_cpu_ptr(core->cpu, cpu)->count;
		objects += READ_ONCE(count->created);
		objects -= READ_ONCE(count->destroyed);
	}
	return objects;
}

/*
 * Stops when no object exists, not when none is parked: a later put would have
 * nobody to start it.
 */
static void objcache_age_tick(struct work_struct *work)
{
	struct objcache_core *core = container_of(to_delayed_work(work),
						  struct objcache_core,
						  age_timer);

	objcache_age_step(core);
	objcache_age_private_parts(core);
	if (!objcache_has_objects(core)) {
		WRITE_ONCE(core->armed, 0);
		/* The stop before the second look: objcache_age_arm(). */
		smp_mb();
		if (!objcache_has_objects(core) || xchg(&core->armed, 1))
			return;
	}
	objcache_age_start(core);
}

void objcache_age(struct objcache *cache)
{
	struct objcache_core *core = to_core(cache);
	int cpu;

	if (!objcache_cache_ok(cache, "age"))
		return;
	objcache_age_step(core);
	objcache_age_private_parts(core);
	for_each_possible_cpu(cpu)
		flush_work(&per_cpu_ptr(core->cpu, cpu)->age_work);
}
EXPORT_SYMBOL_GPL(objcache_age);

/**
 * objcache_age_init - a cache's aging, not yet armed
 * @core: the cache
 */
void objcache_age_init(struct objcache_core *core)
{
	int cpu;

	mutex_init(&core->age_mutex);
	INIT_WORK(&core->reap_work, objcache_reap_work);
	INIT_DEFERRABLE_WORK(&core->age_timer, objcache_age_tick);
	for_each_possible_cpu(cpu)
		INIT_WORK(&per_cpu_ptr(core->cpu, cpu)->age_work,
			  objcache_age_work);
}

/**
 * objcache_age_exit - no step comes any more, nor what one has left to CPUs
 * @core: the cache, dead
 */
void objcache_age_exit(struct objcache_core *core)
{
	int cpu;

	irq_work_sync(&core->kick);
	cancel_delayed_work_sync(&core->age_timer);
	cancel_work_sync(&core->reap_work);
	for_each_possible_cpu(cpu)
		cancel_work_sync(&per_cpu_ptr(core->cpu, cpu)->age_work);
}
