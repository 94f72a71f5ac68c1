// SPDX-License-Identifier: GPL-2.0
/* What can be seen from outside; see outside.h. */

#include <linux/cpu.h>
#include <linux/fs.h>
#include <linux/workqueue.h>

#include "../module/compat.h"
#include "outside.h"
#include "tables.h"

/* ---- calls that may not come back ---- */

static void t_call_thread(struct t_thread *thread)
{
	struct t_call *call = thread->crew->data;
	unsigned int was = current->flags & call->scope;

	WRITE_ONCE(call->entered, true);
	current->flags |= call->scope;
	call->obj = t_get(call->tc, call->gfp, thread->who);
	current->flags &= ~(call->scope & ~was);
	/* What it got before that it is done: pairs with t_call_join(). */
	smp_store_release(&call->done, true);
}

void t_call_prepare(struct kunit *test, struct t_call *call)
{
	call->entered = false;
	call->done = false;
	call->obj = NULL;
	call->crew = t_crew_create(test, 1, t_call_thread, call);
}

void t_call_start(struct t_call *call)
{
	t_crew_start(call->crew);
}

/* It has been entered, and waits for something; true as soon as that is seen. */
bool t_call_sleeps(struct t_call *call)
{
	struct task_struct *task = call->crew->threads[0].task;

	return t_wait_until(READ_ONCE(call->done) ||
			    (READ_ONCE(call->entered) && !task_is_running(task))) &&
	       !READ_ONCE(call->done);
}

/* False: it has not come back while a patient test waited. */
bool t_call_join(struct t_call *call)
{
	/* Pairs with t_call_thread(). */
	return t_wait_until(smp_load_acquire(&call->done));
}

/* ---- slabs ---- */

/* Header lines and all, on a kernel with every detector. */
#define T_SLABINFO_SIZE	SZ_128K

static bool t_slab_parse(const char *line, struct t_slab *slab)
{
	return sscanf(line, "%*s %lu %lu %lu %*u %*u : tunables %*u %*u %*u : slabdata %*u %lu",
		      &slab->active, &slab->objs, &slab->size, &slab->slabs) == 4;
}

/* The slab behind cache @name, which has that name in its own; false: none. */
bool t_slab_read(struct kunit *test, const char *name, struct t_slab *slab)
{
	struct t_table *table = t_table_open(test, "/proc/slabinfo", T_SLABINFO_SIZE);
	char *text = (char *)t_table_read(table), *line;
	char want[OBJCACHE_NAME_LEN + 16];
	bool found = false;

	snprintf(want, sizeof(want), "objcache-%s-", name);
	while ((line = strsep(&text, "\n")) && !found)
		if (!strncmp(line, want, strlen(want)))
			found = t_slab_parse(line, slab);
	t_table_close(table);
	return found;
}

/*
 * What is free goes back to the page allocator: what CPUs and KASAN's quarantine still
 * have of a slab counts as in use in /proc/slabinfo.
 */
static void t_slab_shrink(struct kunit *test, const char *name)
{
	char path[64];
	struct file *file;
	loff_t pos = 0;

	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", name);
	file = filp_open(path, O_WRONLY, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL_MSG(test, file, "%s", path);
	KUNIT_EXPECT_EQ(test, 1, kernel_write(file, "1", 1, &pos));
	filp_close(file, NULL);
}

/* The next kmalloc slab for objects of @size, a randomised one too; its line is parsed. */
static const char *t_kmalloc_next(char **text, unsigned int size, struct t_slab *slab)
{
	char *line, *name;
	char want[16];

	snprintf(want, sizeof(want), "-%u", size);
	while ((line = strsep(text, "\n"))) {
		if (strncmp(line, "kmalloc-", 8) || !t_slab_parse(line, slab))
			continue;
		name = strsep(&line, " ");
		if (!strcmp(strrchr(name, '-'), want))
			return name;
	}
	return NULL;
}

/* Objects in all kmalloc slabs for @size bytes, the randomised ones too. */
unsigned long t_kmalloc_active(struct kunit *test, unsigned int size)
{
	struct t_table *table = t_table_open(test, "/proc/slabinfo", T_SLABINFO_SIZE);
	char *text = (char *)t_table_read(table);
	struct t_slab slab;
	unsigned long sum = 0;
	const char *name;

	while ((name = t_kmalloc_next(&text, size, &slab)))
		t_slab_shrink(test, name);
	for (text = (char *)t_table_read(table); t_kmalloc_next(&text, size, &slab);)
		sum += slab.active;
	t_table_close(table);
	return sum;
}

/* ---- CPUs ---- */

static void t_nothing(struct work_struct *unused)
{
}

static void t_destroy_wq(void *wq)
{
	destroy_workqueue(wq);
}

/* What was queued there before has begun. */
void t_flush_wq(struct workqueue_struct *wq)
{
	struct work_struct work;

	INIT_WORK_ONSTACK(&work, t_nothing);
	queue_work(wq, &work);
	flush_work(&work);
	destroy_work_on_stack(&work);
}

/*
 * A CPU's kworkers of all queues without a priority take what there is in the order
 * in which it came.
 */
void t_flush_cpus(struct kunit *test)
{
	struct workqueue_struct *wq = alloc_workqueue("objcache_kunit",
						      T_WQ_PERCPU | WQ_MEM_RECLAIM, 0);
	struct work_struct work;
	unsigned int cpu;

	KUNIT_ASSERT_NOT_NULL(test, wq);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, t_destroy_wq, wq));
	for_each_online_cpu(cpu) {
		INIT_WORK_ONSTACK(&work, t_nothing);
		queue_work_on(cpu, wq, &work);
		flush_work(&work);
		destroy_work_on_stack(&work);
	}
	kunit_release_action(test, t_destroy_wq, wq);
}
