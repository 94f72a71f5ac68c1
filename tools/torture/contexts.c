// SPDX-License-Identifier: GPL-2.0
/*
 * The contexts: a thread, and the interrupts that it lets come to its own CPU
 *
 * A timer that the thread starts fires shortly after, in the middle of what the
 * thread then does, or of what an interrupt or another thread there does. Only the
 * thread starts it: so interrupts never take all of a CPU, and pause when the
 * thread does. NMIs come from outside, from the monitor of the machine, whenever
 * it likes.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/interrupt.h>
#include <linux/ktime.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/slab.h>
#ifdef CONFIG_X86
#include <asm/nmi.h>
#endif

#include "../../module/compat.h"
#include "torture.h"

#define TORT_ATOMIC	(GFP_ATOMIC | __GFP_NOWARN)

/*
 * In interrupts that are hard on PREEMPT_RT too, and under a raw lock. The slab is
 * not for there: on RT a get sees to that itself, elsewhere lockdep may check.
 */
#define TORT_RAW	(IS_ENABLED(CONFIG_PROVE_RAW_LOCK_NESTING) ? 0 : TORT_ATOMIC)

/* Steps in an interrupt, at most. */
#define TORT_IRQ_STEPS	6

/* A timer's delay in nanoseconds, at most. */
#define TORT_DELAY_NS	400000

/* ---- interrupts ---- */

static void tort_interrupt(struct tort_actor *actor, gfp_t gfp, bool right)
{
	if (!right)
		tort_fault("context %d is not what it should be", actor->context);
	tort_actor_steps(actor, gfp, 1 + tort_dice(actor, TORT_IRQ_STEPS));
}

static enum hrtimer_restart tort_soft_fn(struct hrtimer *timer)
{
	struct tort_worker *worker = container_of(timer, struct tort_worker, soft);

	tort_interrupt(&worker->actor[TORT_SOFTIRQ], TORT_ATOMIC,
		       in_serving_softirq());
	return HRTIMER_NORESTART;
}

static enum hrtimer_restart tort_hard_fn(struct hrtimer *timer)
{
	struct tort_worker *worker = container_of(timer, struct tort_worker, hard);

	tort_interrupt(&worker->actor[TORT_HARDIRQ], TORT_RAW, in_hardirq());
	return HRTIMER_NORESTART;
}

static void tort_irq_work_fn(struct irq_work *work)
{
	struct tort_worker *worker = container_of(work, struct tort_worker,
						  irq_work);

	tort_interrupt(&worker->actor[TORT_IRQ_WORK], TORT_RAW, in_hardirq());
}

static void tort_start_timer(struct tort_worker *worker, struct hrtimer *timer,
			     enum hrtimer_mode mode)
{
	unsigned int ns;

	if (hrtimer_active(timer))
		return;
	ns = tort_dice(&worker->actor[TORT_PROCESS], TORT_DELAY_NS);
	hrtimer_start(timer, ns_to_ktime(ns), mode);
}

static void tort_let_interrupts_come(struct tort_worker *worker)
{
	tort_start_timer(worker, &worker->soft, HRTIMER_MODE_REL_PINNED_SOFT);
	tort_start_timer(worker, &worker->hard, HRTIMER_MODE_REL_PINNED_HARD);
	if (!irq_work_is_busy(&worker->irq_work) &&
	    !tort_dice(&worker->actor[TORT_PROCESS], 4))
		irq_work_queue(&worker->irq_work);
}

/* ---- the thread ---- */

/* A few steps as a caller may be: free, or unable to be preempted or interrupted. */
void tort_worker_act(struct tort_worker *worker)
{
	struct tort_actor *actor = &worker->actor[TORT_PROCESS];
	unsigned int nr = 1 + tort_dice(actor, 16);
	unsigned long flags;

	tort_let_interrupts_come(worker);
	switch (tort_dice(actor, 8)) {
	case 0:
		preempt_disable();
		tort_actor_steps(actor, TORT_ATOMIC, nr);
		preempt_enable();
		break;
	case 1:
		local_bh_disable();
		tort_actor_steps(actor, TORT_ATOMIC, nr);
		local_bh_enable();
		break;
	case 2:
		local_irq_save(flags);
		tort_actor_steps(actor, TORT_ATOMIC, nr);
		local_irq_restore(flags);
		break;
	case 3:
		raw_spin_lock_irqsave(&worker->lock, flags);
		tort_actor_steps(actor, TORT_RAW, nr);
		raw_spin_unlock_irqrestore(&worker->lock, flags);
		break;
	default:
		tort_actor_steps(actor, GFP_KERNEL, nr);
	}
}

void tort_worker_init(struct tort_worker *worker)
{
	enum tort_context context;

	raw_spin_lock_init(&worker->lock);
	for (context = TORT_PROCESS; context < TORT_NMI; context++)
		tort_actor_init(&worker->actor[context], context);
	objcache_hrtimer_setup(&worker->soft, tort_soft_fn,
			       HRTIMER_MODE_REL_PINNED_SOFT);
	objcache_hrtimer_setup(&worker->hard, tort_hard_fn,
			       HRTIMER_MODE_REL_PINNED_HARD);
	worker->irq_work = IRQ_WORK_INIT_HARD(tort_irq_work_fn);
}

/* When its thread has stopped: no interrupt of it comes any more. */
void tort_worker_exit(struct tort_worker *worker)
{
	hrtimer_cancel(&worker->soft);
	hrtimer_cancel(&worker->hard);
	irq_work_sync(&worker->irq_work);
}

/* ---- NMIs ---- */

/*
 * An actor for each CPU. Steps are few, and a get only takes what is parked. All
 * NMIs are claimed: the kernel would wonder where those from outside come from.
 */
static struct tort_actor *tort_nmi_actors;
static DEFINE_PER_CPU(u64, tort_nmi_count);

#ifdef CONFIG_X86
static int tort_nmi_fn(unsigned int type, struct pt_regs *regs)
{
	struct tort_actor *actor = &tort_nmi_actors[raw_smp_processor_id()];

	if (!in_nmi())
		tort_fault("an NMI that is none");
	tort_actor_steps(actor, 0, 1 + tort_dice(actor, TORT_IRQ_STEPS));
	raw_cpu_inc(tort_nmi_count);
	return NMI_HANDLED;
}

static int tort_nmi_register(void)
{
	return register_nmi_handler(NMI_LOCAL, tort_nmi_fn, 0, "objcache_torture");
}

static void tort_nmi_unregister(void)
{
	unregister_nmi_handler(NMI_LOCAL, "objcache_torture");
}
#else
static int tort_nmi_register(void)
{
	pr_err("nmi=1: modules cannot handle NMIs on this architecture\n");
	return -EOPNOTSUPP;
}

static void tort_nmi_unregister(void)
{
}
#endif

int tort_nmi_init(void)
{
	unsigned int cpu;
	int ret;

	if (!tort_nmi)
		return 0;
	tort_nmi_actors = kcalloc(nr_cpu_ids, sizeof(*tort_nmi_actors),
				  GFP_KERNEL);
	if (!tort_nmi_actors)
		return -ENOMEM;
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		tort_actor_init(&tort_nmi_actors[cpu], TORT_NMI);
	ret = tort_nmi_register();
	if (ret) {
		kfree(tort_nmi_actors);
		tort_nmi_actors = NULL;
	}
	return ret;
}

/* None is in the handler any more when it returns; the actors stay for the audit. */
void tort_nmi_stop(void)
{
	if (tort_nmi_actors)
		tort_nmi_unregister();
}

void tort_nmi_exit(void)
{
	kfree(tort_nmi_actors);
	tort_nmi_actors = NULL;
}

u64 tort_nmis(void)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(tort_nmi_count, cpu));
	return sum;
}

void tort_nmi_actors_do(tort_actor_fn *fn, void *data)
{
	unsigned int cpu;

	for (cpu = 0; tort_nmi_actors && cpu < nr_cpu_ids; cpu++)
		fn(&tort_nmi_actors[cpu], data);
}
