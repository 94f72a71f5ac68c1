// SPDX-License-Identifier: GPL-2.0
/* CPUs and the threads bound to them; see crew.h. */

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "helpers.h"

unsigned int t_nth_cpu(unsigned int nth)
{
	return cpumask_nth(nth % num_online_cpus(), cpu_online_mask);
}

/* The test's thread ends with the test, so nothing has to be restored. */
void t_on_cpu(struct kunit *test, unsigned int nth)
{
	unsigned int cpu = t_nth_cpu(nth);

	KUNIT_ASSERT_EQ(test, 0, set_cpus_allowed_ptr(current, cpumask_of(cpu)));
	KUNIT_ASSERT_EQ(test, cpu, raw_smp_processor_id());
}

void t_need_cpus(struct kunit *test, unsigned int nr)
{
	if (num_online_cpus() < nr)
		kunit_skip(test, "needs %u CPUs", nr);
}

/* The CPU that goes and comes in tests. */
unsigned int t_victim(void)
{
	return cpumask_last(cpu_online_mask);
}

void t_need_hotplug(struct kunit *test)
{
	t_need_cpus(test, 2);
	if (!IS_ENABLED(CONFIG_HOTPLUG_CPU))
		kunit_skip(test, "no CPU hotplug here");
	if (!cpu_is_hotpluggable(t_victim()))
		kunit_skip(test, "CPU %u cannot go", t_victim());
}

static void bring_back(void *p)
{
	add_cpu((unsigned long)p);
}

/* Takes @cpu away; it comes back with t_cpu_on(), or at the latest after the test. */
void t_cpu_off(struct kunit *test, unsigned int cpu)
{
	unsigned long arg = cpu;

	KUNIT_ASSERT_EQ(test, 0, remove_cpu(cpu));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, bring_back, (void *)arg));
	KUNIT_ASSERT_FALSE(test, cpu_online(cpu));
}

void t_cpu_on(struct kunit *test, unsigned int cpu)
{
	unsigned long arg = cpu;

	kunit_release_action(test, bring_back, (void *)arg);
	KUNIT_ASSERT_TRUE(test, cpu_online(cpu));
}

static int t_thread_main(void *p)
{
	struct t_thread *thread = p;

	allow_signal(SIGKILL);
	wait_for_completion(&thread->crew->go);
	while (thread->crew->polls && !READ_ONCE(thread->crew->come) &&
	       !t_crew_stopping(thread->crew))
		usleep_range(200, 1000);
	if (!t_crew_stopping(thread->crew))
		thread->crew->fn(thread);
	complete_all(&thread->done);
	return 0;
}

static void t_crew_fire(void *p)
{
	t_crew_stop(p);
}

static int t_thread_create(struct t_crew *crew, unsigned int i)
{
	struct t_thread *thread = &crew->threads[i];
	struct task_struct *task;

	thread->crew = crew;
	thread->index = i;
	thread->who = 0x100 + i;
	init_completion(&thread->done);
	task = kthread_create(t_thread_main, thread, "objcache_t%u", i);
	if (IS_ERR(task))
		return PTR_ERR(task);
	thread->task = get_task_struct(task);
	kthread_bind(task, t_nth_cpu(i));
	wake_up_process(task);
	return 0;
}

struct t_crew *t_crew_create(struct kunit *test, unsigned int nr,
			     void (*fn)(struct t_thread *thread), void *data)
{
	struct t_crew *crew;
	unsigned int i;

	crew = kunit_kzalloc(test, struct_size(crew, threads, nr), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, crew);
	crew->fn = fn;
	crew->data = data;
	crew->nr = nr;
	init_completion(&crew->go);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, t_crew_fire, crew));
	for (i = 0; i < nr; i++)
		KUNIT_ASSERT_EQ(test, 0, t_thread_create(crew, i));
	return crew;
}

void t_crew_start(struct t_crew *crew)
{
	complete_all(&crew->go);
}

void t_crew_poll(struct t_crew *crew)
{
	crew->polls = true;
	t_crew_start(crew);
}

void t_crew_come(struct t_crew *crew)
{
	WRITE_ONCE(crew->come, true);
}

/* Stops all threads and waits for them. May be called again. */
void t_crew_stop(struct t_crew *crew)
{
	unsigned int i;

	WRITE_ONCE(crew->stop, true);
	complete_all(&crew->go);
	for (i = 0; i < crew->nr; i++) {
		if (!crew->threads[i].task)
			continue;
		kthread_stop(crew->threads[i].task);
		put_task_struct(crew->threads[i].task);
		crew->threads[i].task = NULL;
	}
}

/* Who waits for ever is to be found, not waited for. */
static void t_crew_kill(struct t_crew *crew)
{
	unsigned int i;

	for (i = 0; i < crew->nr; i++)
		send_sig(SIGKILL, crew->threads[i].task, 1);
}

/* Waits for threads that end by themselves. */
bool t_crew_join(struct t_crew *crew)
{
	unsigned long patience = msecs_to_jiffies(T_PATIENCE_MS);
	bool joined = true;
	unsigned int i;

	for (i = 0; joined && i < crew->nr; i++)
		joined = wait_for_completion_timeout(&crew->threads[i].done, patience);
	if (!joined)
		t_crew_kill(crew);
	t_crew_stop(crew);
	return joined;
}
