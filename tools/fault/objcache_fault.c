// SPDX-License-Identifier: GPL-2.0
/*
 * Does on purpose what the VM harness must detect, one fault per load:
 *
 *	insmod objcache_fault.ko fault=none|warn|oops|hang|lost|leak|race|kunit
 *
 * Best at showing that a verdict is not blind. It needs nothing of objcache and
 * must never be loaded on a machine that matters.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/reboot.h>
#include <linux/slab.h>
#include <linux/string.h>

static char *fault = "none";
module_param(fault, charp, 0444);
MODULE_PARM_DESC(fault, "none, warn, oops, hang, lost, leak, race or kunit");

static bool fault_is(const char *name)
{
	return !strcmp(fault, name);
}

#if IS_ENABLED(CONFIG_KUNIT)
#include <kunit/test.h>

static void fault_case_always_passes(struct kunit *test)
{
	KUNIT_SUCCEED(test);
}

static void fault_case_fails_when_told(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, fault_is("kunit"));
}

static struct kunit_case fault_cases[] = {
	KUNIT_CASE(fault_case_always_passes),
	KUNIT_CASE(fault_case_fails_when_told),
	{}
};

static struct kunit_suite fault_suite = {
	.name = "objcache_fault",
	.test_cases = fault_cases,
};

kunit_test_suite(fault_suite);
#endif

/* More than one: a stale pointer on some stack can hide an object from kmemleak. */
#define FAULT_LEAKS	16

static int fault_leak(void)
{
	int i;

	for (i = 0; i < FAULT_LEAKS; i++) {
		char *lost = kmalloc(128, GFP_KERNEL);

		if (!lost)
			return -ENOMEM;
		memset(lost, i, 128);
		OPTIMIZER_HIDE_VAR(lost);
	}
	return 0;
}

static noinline int fault_oops(void)
{
	int *nowhere = NULL;

	OPTIMIZER_HIDE_VAR(nowhere);
	return READ_ONCE(*nowhere);
}

static noinline void fault_hang(void)
{
	local_irq_disable();
	for (;;)
		cpu_relax();
}

/* Milliseconds; KCSAN looks at one access in some thousands. */
#define FAULT_RACE_MS	300

/*
 * splat.py knows the two that race for it by their names. Interrupts are off and a
 * barrier follows, or KCSAN's model of weak memory would report now and then that
 * an access comes late, in whatever function an interrupt returns to.
 */
static int fault_contended;

static int fault_race_writer(void *unused)
{
	while (!kthread_should_stop()) {
		local_irq_disable();
		fault_contended++;
		smp_mb(); /* see above */
		local_irq_enable();
		cond_resched();
	}
	return 0;
}

static int fault_race_reader(void *unused)
{
	int sum = 0;

	while (!kthread_should_stop()) {
		local_irq_disable();
		sum += fault_contended;
		OPTIMIZER_HIDE_VAR(sum);
		smp_mb(); /* see above */
		local_irq_enable();
		cond_resched();
	}
	return 0;
}

static struct task_struct *fault_thread(int (*fn)(void *), unsigned int nth)
{
	struct task_struct *task = kthread_create(fn, NULL, "fault_race");

	if (IS_ERR(task))
		return task;
	kthread_bind(task, cpumask_nth(nth % num_online_cpus(), cpu_online_mask));
	wake_up_process(task);
	return task;
}

static int fault_race(void)
{
	struct task_struct *reader, *writer;

	reader = fault_thread(fault_race_reader, 0);
	if (IS_ERR(reader))
		return PTR_ERR(reader);
	writer = fault_thread(fault_race_writer, 1);
	if (!IS_ERR(writer)) {
		msleep(FAULT_RACE_MS);
		kthread_stop(writer);
	}
	kthread_stop(reader);
	return PTR_ERR_OR_ZERO(writer);
}

static int __init fault_init(void)
{
	pr_info("fault=%s\n", fault);
	if (fault_is("none") || fault_is("kunit"))
		return 0;
	if (fault_is("leak"))
		return fault_leak();
	if (fault_is("race"))
		return fault_race();
	if (fault_is("oops"))
		return fault_oops();
	if (fault_is("warn")) {
		WARN(1, "asked for by fault=warn\n");
		return 0;
	}
	if (fault_is("hang"))
		fault_hang();
	if (fault_is("lost"))
		emergency_restart();	/* QEMU runs with -no-reboot, so it ends here */
	pr_err("fault=%s: unknown; one of none, warn, oops, hang, lost, leak, race, kunit\n",
	       fault);
	return -EINVAL;
}
module_init(fault_init);

static void __exit fault_exit(void)
{
}
module_exit(fault_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Faults that the objcache VM harness must detect");
