// SPDX-License-Identifier: GPL-2.0
/*
 * Having a CPU bring out what only it can: its private part, and the empty
 * magazines in its rings
 *
 * By an interrupt, which is the owner unless it has interrupted one; then it comes
 * again. So a visit waits for no task of that CPU, however busy it is, and what it
 * does there takes as long as the longest put. Of a CPU that is offline there is
 * nothing to bring out: hotplug.c has done it.
 */
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/isolation.h>
#include <linux/smp.h>

#include "core.h"
#include "part.h"

struct objcache_visit {
	struct objcache_core *core;
	bool only_idle;		/* what is in use stays */
	bool again;		/* there is more, or the owner was interrupted */
	unsigned long nr;	/* objects brought out */
};

static void objcache_visited(void *info)
{
	struct objcache_visit *v = info;
	struct objcache_core *core = v->core;
	struct objcache_cpu *c = objcache_enter(core);

	v->again = !c;
	if (c && (!v->only_idle ||
		  objcache_touched(c) == READ_ONCE(c->touched))) {
		struct objcache_node *n = objcache_here(core);

		v->nr += objcache_part_leave(core, c, n, OBJCACHE_LEAVING);
		v->again = !objcache_part_strip(core, c, n);
	}
	objcache_exit(c);
}

/* What is private here is parked where any get finds it. */
static void objcache_brought_out(void *info)
{
	struct objcache_visit *v = info;
	struct objcache_core *core = v->core;
	struct objcache_cpu *c = objcache_enter(core);

	if (c)
		objcache_part_leave(core, c, objcache_here(core),
				    OBJCACHE_DISPLACED);
	else
		WRITE_ONCE(v->again, true);
	WRITE_ONCE(this_cpu_ptr(core->cpu)->missed, !c);
	objcache_exit(c);
}

/*
 * Has a CPU something, or is it about to? Where no limit was, nobody has put anything
 * since the last who brought it out: after that only a CPU gives itself one, and
 * leaves nothing without.
 */
static bool objcache_may_have(int cpu, void *info)
{
	struct objcache_visit *v = info;
	struct objcache_cpu *c = per_cpu_ptr(v->core->cpu, cpu);

	return xchg(&c->own.limit, NULL) || READ_ONCE(c->missed) ||
	       objcache_private(v->core, c);
}

/**
 * objcache_bring_out - have all that is private parked where any get finds it
 * @core: the cache, bounded; somebody waits, which all CPUs can see
 *
 * And no CPU puts anything there from here on, until nobody waits. Isolated CPUs are
 * interrupted like any other, if there is a reason.
 *
 * Context: Process context, interrupts on. Waits for other CPUs to take interrupts.
 */
void objcache_bring_out(struct objcache_core *core)
{
	struct objcache_visit v = { .core = core };

	do {
		WRITE_ONCE(v.again, false);
		on_each_cpu_cond_mask(objcache_may_have, objcache_brought_out,
				      &v, true, cpu_online_mask);
	} while (READ_ONCE(v.again));
}

/**
 * objcache_may_disturb - may a CPU be told to release its private part?
 * @cpu: the CPU
 *
 * What the kernel calls isolated is not disturbed for a few idle objects.
 *
 * Context: Any.
 * Return: whether it may, now.
 */
bool objcache_may_disturb(int cpu)
{
	bool may;

	/* In 7.3 cpusets replace the masks, after a grace period. */
	rcu_read_lock();
	may = cpu_online(cpu) && !objcache_cpu_is_isolated(cpu);
	rcu_read_unlock();
	return may;
}

/**
 * objcache_visit - have a CPU's private part leave, and its empty magazines
 * @core: the cache
 * @cpu: the CPU
 * @only_idle: not if it was used since the last age step
 *
 * Context: Process context, interrupts on. Waits for that CPU to take interrupts.
 * Return: how many objects left.
 */
unsigned long objcache_visit(struct objcache_core *core, int cpu,
			     bool only_idle)
{
	struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);
	struct objcache_visit v = { .core = core, .only_idle = only_idle };

	/*
	 * What is private there is read from here, and so but a hint: who must not
	 * miss anything asks whether that CPU has ever come, too. Not that alone: a
	 * task may park here what it then counts elsewhere.
	 */
	if (!objcache_private(core, c) && !objcache_empties_on(c) &&
	    (only_idle || !objcache_touched(c)))
		return 0;
	while (!smp_call_function_single(cpu, objcache_visited, &v, 1) &&
	       v.again)
		cond_resched();
	return v.nr;
}
