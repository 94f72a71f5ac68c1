// SPDX-License-Identifier: GPL-2.0
/*
 * Running a function in each context that a user of the API may be in
 *
 * Hard interrupts are irq_work, soft ones a tasklet. What stands for an NMI is
 * the handler of a kprobe: on x86 its int3 enters the kernel like an NMI, with
 * in_nmi() true. Elsewhere it does not, and those tests are skipped.
 */

#include <linux/bottom_half.h>
#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/kprobes.h>
#include <linux/spinlock.h>

#include "contexts.h"
#include "helpers.h"

static const char * const t_context_names[] = {
	[T_TASK]	= "task",
	[T_BH_OFF]	= "bottom halves off",
	[T_PREEMPT_OFF]	= "preemption off",
	[T_IRQS_OFF]	= "interrupts off",
	[T_RAW_LOCK_ON]	= "raw spinlock, interrupts on",
	[T_RAW_LOCK]	= "raw spinlock",
	[T_SOFTIRQ]	= "softirq",
	[T_HARDIRQ]	= "hardirq",
	[T_NMI]		= "NMI",
};

const char *t_context_name(enum t_context context)
{
	return t_context_names[context];
}

/* One run at a time: tests run one after the other. */
static struct {
	void (*fn)(void *data);
	void *data;
	bool done;
	bool right;
} t_job;

static void t_job_run(bool right)
{
	t_job.fn(t_job.data);
	t_job.right = right;
	/* What the job did before that it is done; see t_job_done(). */
	smp_store_release(&t_job.done, true);
}

static void t_tasklet_fn(struct tasklet_struct *unused)
{
	t_job_run(in_serving_softirq());
}

static void t_irq_work_fn(struct irq_work *unused)
{
	t_job_run(in_hardirq());
}

static DECLARE_TASKLET(t_tasklet, t_tasklet_fn);
static struct irq_work t_irq_work = IRQ_WORK_INIT_HARD(t_irq_work_fn);
static DEFINE_RAW_SPINLOCK(t_raw_lock);
static DEFINE_RAW_SPINLOCK(t_raw_lock_on);

static void (*t_nmi_fn)(void *data);
static void *t_nmi_data;
static atomic_t t_nmi_missed;

/* Not traced, or the probe would go through ftrace instead of int3. */
noinline notrace void t_nmi_point(void)
{
	asm volatile("" ::: "memory");
}

static int t_nmi_pre(struct kprobe *probe, struct pt_regs *regs)
{
	if (in_nmi())
		t_nmi_fn(t_nmi_data);
	else
		atomic_inc(&t_nmi_missed);
	return 0;
}

/* Being there, keeps the probe from being turned into a jump. */
static void t_nmi_post(struct kprobe *probe, struct pt_regs *regs,
		       unsigned long flags)
{
}

static struct kprobe t_nmi_probe;

static void t_nmi_remove(void *unused)
{
	unregister_kprobe(&t_nmi_probe);
}

static void t_nothing(void *unused)
{
}

void t_nmi_arm(void (*fn)(void *data), void *data)
{
	t_nmi_fn = fn;
	t_nmi_data = data;
}

void t_need_nmi(struct kunit *test)
{
	t_nmi_probe = (struct kprobe) {
		.addr = (kprobe_opcode_t *)t_nmi_point,
		.pre_handler = t_nmi_pre,
		.post_handler = t_nmi_post,
	};
	t_nmi_arm(t_nothing, NULL);
	atomic_set(&t_nmi_missed, 0);
	if (register_kprobe(&t_nmi_probe))
		kunit_skip(test, "no kprobes here");
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, t_nmi_remove, NULL));
	t_nmi_point();
	if (atomic_read(&t_nmi_missed))
		kunit_skip(test, "kprobes do not run in NMI context here");
}

static void t_nmi_job(void *unused)
{
	t_job_run(in_nmi());
}

static bool t_job_done(void)
{
	/* Pairs with t_job_run(). */
	return smp_load_acquire(&t_job.done);
}

static bool t_spin_for_job(void)
{
	unsigned long end = jiffies + msecs_to_jiffies(T_PATIENCE_MS);

	while (!t_job_done() && time_before(jiffies, end))
		cpu_relax();
	return t_job_done() && t_job.right;
}

static void t_run_softirq(void)
{
	local_bh_disable();
	tasklet_schedule(&t_tasklet);
	local_bh_enable();
}

static void t_run_locked(bool raw)
{
	unsigned long flags;

	if (raw) {
		raw_spin_lock_irqsave(&t_raw_lock, flags);
		t_job_run(irqs_disabled());
		raw_spin_unlock_irqrestore(&t_raw_lock, flags);
	} else {
		local_irq_save(flags);
		t_job_run(irqs_disabled());
		local_irq_restore(flags);
	}
}

static void t_run_raw_locked(void)
{
	raw_spin_lock(&t_raw_lock_on);
	t_job_run(!irqs_disabled());
	raw_spin_unlock(&t_raw_lock_on);
}

static void t_run_bh_off(void)
{
	local_bh_disable();
	t_job_run(in_softirq());
	local_bh_enable();
}

static void t_run_preempt_off(void)
{
	preempt_disable();
	t_job_run(!preemptible());
	preempt_enable();
}

static void t_dispatch(enum t_context context)
{
	switch (context) {
	case T_BH_OFF:
		return t_run_bh_off();
	case T_PREEMPT_OFF:
		return t_run_preempt_off();
	case T_RAW_LOCK_ON:
		return t_run_raw_locked();
	case T_IRQS_OFF:
	case T_RAW_LOCK:
		return t_run_locked(context == T_RAW_LOCK);
	case T_SOFTIRQ:
		return t_run_softirq();
	case T_HARDIRQ:
		irq_work_queue(&t_irq_work);
		return;
	case T_NMI:
		t_nmi_arm(t_nmi_job, NULL);
		return t_nmi_point();
	default:
		return t_job_run(true);
	}
}

bool t_run_in(enum t_context context, void (*fn)(void *data), void *data)
{
	t_job.fn = fn;
	t_job.data = data;
	t_job.done = false;
	t_dispatch(context);
	return t_spin_for_job();
}
