// SPDX-License-Identifier: GPL-2.0
/* What the contract suites share; see contract.h. */

#include <linux/cpu.h>
#include <linux/kprobes.h>
#include <linux/ptrace.h>
#include <linux/sched/mm.h>
#include <linux/workqueue.h>

#include "../module/compat.h"
#include "contract.h"
#include "tables.h"

/* ---- calls that may not come back ---- */

static void c_call_thread(struct t_thread *thread)
{
	struct c_call *call = thread->crew->data;
	unsigned int was = current->flags & call->scope;

	WRITE_ONCE(call->entered, true);
	current->flags |= call->scope;
	call->obj = t_get(call->tc, call->gfp, thread->who);
	current->flags &= ~(call->scope & ~was);
	/* What it got before that it is done: pairs with c_call_join(). */
	smp_store_release(&call->done, true);
}

void c_call_prepare(struct kunit *test, struct c_call *call)
{
	call->entered = false;
	call->done = false;
	call->obj = NULL;
	call->crew = t_crew_create(test, 1, c_call_thread, call);
}

void c_call_start(struct c_call *call)
{
	t_crew_start(call->crew);
}

/* It has been entered, and waits for something; true as soon as that is seen. */
bool c_call_sleeps(struct c_call *call)
{
	struct task_struct *task = call->crew->threads[0].task;

	return c_wait_until(READ_ONCE(call->done) ||
			    (READ_ONCE(call->entered) && !task_is_running(task))) &&
	       !READ_ONCE(call->done);
}

/* False: it has not come back while a patient test waited. */
bool c_call_join(struct c_call *call)
{
	/* Pairs with c_call_thread(). */
	return t_wait_until(smp_load_acquire(&call->done));
}

/* ---- slabs ---- */

/* Header lines and all, on a kernel with every detector. */
#define C_SLABINFO_SIZE	SZ_128K

static bool c_slab_parse(const char *line, struct c_slab *slab)
{
	return sscanf(line, "%*s %lu %lu %lu %*u %*u : tunables %*u %*u %*u : slabdata %*u %lu",
		      &slab->active, &slab->objs, &slab->size, &slab->slabs) == 4;
}

/* The slab behind cache @name, which has that name in its own; false: none. */
bool c_slab_read(struct kunit *test, const char *name, struct c_slab *slab)
{
	struct t_table *table = t_table_open(test, "/proc/slabinfo", C_SLABINFO_SIZE);
	char *text = (char *)t_table_read(table), *line;
	char want[OBJCACHE_NAME_LEN + 16];
	bool found = false;

	snprintf(want, sizeof(want), "objcache-%s-", name);
	while ((line = strsep(&text, "\n")) && !found)
		if (!strncmp(line, want, strlen(want)))
			found = c_slab_parse(line, slab);
	t_table_close(table);
	return found;
}

/* Objects in all kmalloc slabs for @size bytes, the randomised ones too. */
unsigned long c_kmalloc_active(struct kunit *test, unsigned int size)
{
	struct t_table *table = t_table_open(test, "/proc/slabinfo", C_SLABINFO_SIZE);
	char *text = (char *)t_table_read(table), *line, *name;
	struct c_slab slab;
	unsigned long sum = 0;
	char want[16];

	snprintf(want, sizeof(want), "-%u", size);
	while ((line = strsep(&text, "\n"))) {
		if (strncmp(line, "kmalloc-", 8) || !c_slab_parse(line, &slab))
			continue;
		name = strsep(&line, " ");
		name = strrchr(name, '-');
		if (!strcmp(name, want))
			sum += slab.active;
	}
	t_table_close(table);
	return sum;
}

/* ---- shrinkers ---- */

static struct shrinker *c_last_shrinker;

static int c_shrinker_seen(struct kprobe *probe, struct pt_regs *regs)
{
	c_last_shrinker = (void *)regs_get_kernel_argument(regs, 0);
	return 0;
}

static struct kprobe c_shrinker_probe;

static void c_unwatch_shrinker(void *unused)
{
	unregister_kprobe(&c_shrinker_probe);
}

/* Before 6.7 by its old name. */
void c_watch_shrinker(struct kunit *test)
{
	static const char * const names[] = { "shrinker_register", "register_shrinker" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		c_shrinker_probe = (struct kprobe) {
			.symbol_name = names[i], .pre_handler = c_shrinker_seen,
		};
		c_last_shrinker = NULL;
		if (register_kprobe(&c_shrinker_probe))
			continue;
		KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, c_unwatch_shrinker,
								   NULL));
		return;
	}
	kunit_skip(test, "no kprobe where shrinkers are registered");
}

struct shrinker *c_shrinker(struct kunit *test)
{
	KUNIT_ASSERT_NOT_NULL(test, c_last_shrinker);
	return c_last_shrinker;
}

/* As reclaim would. */
unsigned long c_scan(struct shrinker *shrinker, unsigned long nr)
{
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL, .nr_to_scan = nr };

	return shrinker->scan_objects(shrinker, &sc);
}

/* ---- CPUs ---- */

static void c_nothing(struct work_struct *unused)
{
}

static void c_destroy_wq(void *wq)
{
	destroy_workqueue(wq);
}

/* What was queued there before has begun. */
void c_flush_wq(struct workqueue_struct *wq)
{
	struct work_struct work;

	INIT_WORK_ONSTACK(&work, c_nothing);
	queue_work(wq, &work);
	flush_work(&work);
	destroy_work_on_stack(&work);
}

/*
 * A CPU's kworkers of all queues without a priority take what there is in the order
 * in which it came.
 */
void c_flush_cpus(struct kunit *test)
{
	struct workqueue_struct *wq = alloc_workqueue("objcache_contract",
						      OBJCACHE_WQ_PERCPU | WQ_MEM_RECLAIM, 0);
	struct work_struct work;
	unsigned int cpu;

	KUNIT_ASSERT_NOT_NULL(test, wq);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, c_destroy_wq, wq));
	for_each_online_cpu(cpu) {
		INIT_WORK_ONSTACK(&work, c_nothing);
		queue_work_on(cpu, wq, &work);
		flush_work(&work);
		destroy_work_on_stack(&work);
	}
	kunit_release_action(test, c_destroy_wq, wq);
}

void c_hold_token(struct tcache *tc)
{
	struct objcache_owner *owner;

	preempt_disable();
	owner = raw_cpu_ptr(tc->cache->owner);
	if (!objcache_owner_enter(owner))
		KUNIT_FAIL(tc->test, "the token is gone already");
}

void c_drop_token(struct tcache *tc)
{
	struct objcache_owner *owner = raw_cpu_ptr(tc->cache->owner);

	objcache_owner_exit(owner);
	preempt_enable();
}
