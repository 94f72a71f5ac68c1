// SPDX-License-Identifier: GPL-2.0
/*
 * A machine that does nothing but what is measured: one CPU, one task
 *
 * Under -icount the clock of all CPUs is one, and what another CPU executes
 * meanwhile would count too. A task that nobody preempts, on the only CPU, has
 * the clock for itself, but for interrupts; those are counted.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/kernel_stat.h>
#include <linux/printk.h>
#include <linux/sched.h>

#include "bench.h"

static struct cpumask removed;

#ifdef CONFIG_HOTPLUG_CPU
static int put_cpus_back(void)
{
	int cpu, err, first = 0;

	for_each_cpu(cpu, &removed) {
		err = add_cpu(cpu);
		if (err)
			pr_err("CPU %d does not come back: error %d\n", cpu, err);
		first = first ?: err;
	}
	cpumask_clear(&removed);
	return first;
}

/* Real cores have a clock each; there nothing is gained. */
static int remove_other_cpus(void)
{
	int cpu, err, first = cpumask_first(cpu_online_mask);

	cpumask_clear(&removed);
	if (!bench_cycles)
		return 0;
	for_each_possible_cpu(cpu) {
		if (cpu == first || !cpu_online(cpu))
			continue;
		err = remove_cpu(cpu);
		if (err) {
			pr_err("CPU %d does not go: error %d\n", cpu, err);
			put_cpus_back();
			return err;
		}
		cpumask_set_cpu(cpu, &removed);
	}
	return 0;
}
#else
static int put_cpus_back(void) { return 0; }
static int remove_other_cpus(void) { return bench_cycles ? -EOPNOTSUPP : 0; }
#endif /* CONFIG_HOTPLUG_CPU */

/**
 * bench_alone_begin - leave one CPU, and the calling task ahead of all others
 *
 * Deferred work runs only while the task sleeps.
 *
 * Return: 0, or the errno of a CPU that would not go.
 */
int bench_alone_begin(void)
{
	int err = bench_go_to(cpumask_first(cpu_online_mask));

	err = err ?: remove_other_cpus();
	if (!err)
		sched_set_fifo(current);
	return err;
}

/** bench_alone_end - undo bench_alone_begin() */
int bench_alone_end(void)
{
	sched_set_normal(current, 0);
	return put_cpus_back();
}

/* Not the self-interrupt of an irq_work: who asks for it pays for it. */
static unsigned int local_interrupts(void)
{
#if !defined(CONFIG_X86_LOCAL_APIC) || defined(CONFIG_UML)
	return 0; /* all are counted by kstat */
#elif BENCH_HAS_IRQ_COUNTS
	return this_cpu_read(irq_stat.counts[IRQ_COUNT_APIC_TIMER]) +
	       this_cpu_read(irq_stat.counts[IRQ_COUNT_RESCHEDULE]) +
	       this_cpu_read(irq_stat.counts[IRQ_COUNT_CALL_FUNCTION]);
#else
	return this_cpu_read(irq_stat.apic_timer_irqs) +
	       this_cpu_read(irq_stat.irq_resched_count) +
	       this_cpu_read(irq_stat.irq_call_count);
#endif
}

/**
 * bench_disturbed - how often something else came between
 *
 * Interrupts of this CPU other than those that the code it runs asks for, and
 * switches to tasks that the caller did not wait for.
 */
unsigned int bench_disturbed(void)
{
	return kstat_cpu_irqs_sum(raw_smp_processor_id()) + local_interrupts() +
	       READ_ONCE(current->nivcsw);
}
