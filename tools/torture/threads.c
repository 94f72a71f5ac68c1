// SPDX-License-Identifier: GPL-2.0
/*
 * The workers, and what runs beside them: aging, draining, prefilling, caches
 * that come and go, readers, and a line of progress
 *
 * Shrinkers are driven from user space, and so are the readers of debugfs.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/err.h>
#include <linux/slab.h>

#include "torture.h"

/* Milliseconds between aging steps, and between what the janitor does. */
#define TORT_AGE_MS	10
#define TORT_JANITOR_MS	10

/* A worker's sleep in microseconds after one in so many turns: other work is to come by too. */
#define TORT_SLEEP_US	1000
#define TORT_SLEEPS	4

/* How long the shuffler and the stutterer leave things as they are, in jiffies. */
#define TORT_SHUFFLE	(3 * HZ)
#define TORT_STUTTER	(5 * HZ)
#define TORT_PAUSE	HZ

static struct tort_worker *tort_crew;
#define TORT_WAITERS	4

static struct tort_actor *tort_waiters;
static struct task_struct *tort_waiter_task[TORT_WAITERS];
static struct task_struct *tort_ager_task, *tort_janitor_task;
static struct task_struct *tort_reader_task, *tort_progress_task;

/* ---- workers ---- */

static int tort_worker(void *arg)
{
	struct tort_worker *worker = arg;

	do {
		tort_worker_act(worker);
		if (!tort_dice(&worker->actor[TORT_PROCESS], TORT_SLEEPS))
			torture_hrtimeout_us(TORT_SLEEP_US, NSEC_PER_MSEC,
					     &worker->actor[TORT_PROCESS].random);
		cond_resched();
		stutter_wait("tort_worker");
	} while (!torture_must_stop());
	torture_kthread_stopping("tort_worker");
	return 0;
}

static int tort_workers_start(void)
{
	unsigned int i;
	int ret = 0;

	tort_crew = kvcalloc(tort_workers, sizeof(*tort_crew), GFP_KERNEL);
	if (!tort_crew)
		return -ENOMEM;
	for (i = 0; i < tort_workers; i++)
		tort_worker_init(&tort_crew[i]);
	for (i = 0; i < tort_workers && !ret; i++)
		ret = torture_create_kthread(tort_worker, &tort_crew[i],
					     tort_crew[i].task);
	return ret;
}

static void tort_workers_stop(void)
{
	unsigned int i;

	for (i = 0; tort_crew && i < tort_workers; i++)
		torture_stop_kthread(tort_worker, tort_crew[i].task);
	for (i = 0; tort_crew && i < tort_workers; i++)
		tort_worker_exit(&tort_crew[i]);
}

/* Every actor that there is. */
void tort_actors_do(tort_actor_fn *fn, void *data)
{
	unsigned int i;
	enum tort_context context;

	for (i = 0; tort_crew && i < tort_workers; i++)
		for (context = TORT_PROCESS; context < TORT_NMI; context++)
			fn(&tort_crew[i].actor[context], data);
	for (i = 0; tort_waiters && i < TORT_WAITERS; i++)
		fn(&tort_waiters[i], data);
	tort_nmi_actors_do(fn, data);
}

/* ---- who waits ---- */

static int tort_waiter(void *arg)
{
	struct tort_actor *actor = arg;

	do {
		tort_actor_wait(actor);
		cond_resched();
		stutter_wait("tort_waiter");
	} while (!torture_must_stop());
	torture_kthread_stopping("tort_waiter");
	return 0;
}

static int tort_waiters_start(void)
{
	unsigned int i;
	int ret = 0;

	tort_waiters = kcalloc(TORT_WAITERS, sizeof(*tort_waiters), GFP_KERNEL);
	if (!tort_waiters)
		return -ENOMEM;
	for (i = 0; i < TORT_WAITERS; i++)
		tort_actor_init(&tort_waiters[i], TORT_PROCESS);
	for (i = 0; i < TORT_WAITERS; i++)
		tort_waiters[i].waits = true;
	for (i = 0; i < TORT_WAITERS && !ret; i++)
		ret = torture_create_kthread(tort_waiter, &tort_waiters[i],
					     tort_waiter_task[i]);
	return ret;
}

/* When nobody holds anything any more that they might wait for. */
void tort_waiters_stop(void)
{
	unsigned int i;

	for (i = 0; i < TORT_WAITERS; i++)
		torture_stop_kthread(tort_waiter, tort_waiter_task[i]);
}

/* ---- beside them ---- */

static int tort_ager(void *unused)
{
	unsigned int i;

	do {
		for (i = 0; i < TORT_CACHES; i++)
			objcache_age(tort_caches[i].cache);
		torture_hrtimeout_ms(TORT_AGE_MS, 0, NULL);
	} while (!torture_must_stop());
	torture_kthread_stopping("tort_ager");
	return 0;
}

/* A cache that comes, is used and goes, while CPUs come and go. */
static void tort_pass_by(void)
{
	const struct objcache_params params = { .size = 40 };
	struct objcache *cache;
	void *objs[64];
	unsigned int nr;

	cache = objcache_create("torture-passer-by", &params);
	if (IS_ERR(cache)) {
		tort_fault("a cache could not be made: %ld", PTR_ERR(cache));
		return;
	}
	nr = objcache_get_bulk(cache, GFP_KERNEL, ARRAY_SIZE(objs), objs);
	objcache_put_bulk(cache, nr, objs);
	objcache_destroy(cache);
}

static int tort_janitor(void *unused)
{
	DEFINE_TORTURE_RANDOM(random);
	struct tort_cache *tc;

	do {
		tc = &tort_caches[(u32)torture_random(&random) % TORT_CACHES];
		switch ((u32)torture_random(&random) % 8) {
		case 0:
			objcache_drain(tc->cache);
			break;
		case 1:
			tort_pass_by();
			break;
		default:
			objcache_prefill(tc->cache, 20, GFP_KERNEL);
		}
		torture_hrtimeout_ms(TORT_JANITOR_MS, 1000, &random);
	} while (!torture_must_stop());
	torture_kthread_stopping("tort_janitor");
	return 0;
}

static int tort_reader(void *unused)
{
	struct objcache_stats stats;
	unsigned int i;

	do {
		for (i = 0; i < TORT_CACHES; i++)
			objcache_read_stats(tort_caches[i].cache, &stats);
		torture_hrtimeout_ms(1, 0, NULL);
	} while (!torture_must_stop());
	torture_kthread_stopping("tort_reader");
	return 0;
}

static int tort_progress(void *unused)
{
	do {
		torture_hrtimeout_s(tort_stat_secs, 0, NULL);
		tort_show_progress();
	} while (!torture_must_stop());
	torture_kthread_stopping("tort_progress");
	return 0;
}

/* ---- CPUs that come and go: the framework does it and counts for itself ---- */

static atomic_t tort_nr_offlined;
static int tort_cpuhp_state;

static int tort_offline(unsigned int cpu)
{
	atomic_inc(&tort_nr_offlined);
	return 0;
}

unsigned int tort_offlined(void)
{
	return atomic_read(&tort_nr_offlined);
}

static int tort_onoff_start(void)
{
	int ret;

	ret = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "objcache:torture",
					NULL, tort_offline);
	if (ret < 0)
		return ret;
	tort_cpuhp_state = ret;
	return torture_onoff_init(0, msecs_to_jiffies(tort_onoff_ms), NULL);
}

/* ---- all of it ---- */

static int tort_beside_start(void)
{
	return tort_waiters_start() ?:
	       torture_create_kthread(tort_ager, NULL, tort_ager_task) ?:
	       torture_create_kthread(tort_janitor, NULL, tort_janitor_task) ?:
	       torture_create_kthread(tort_reader, NULL, tort_reader_task) ?:
	       torture_create_kthread(tort_progress, NULL, tort_progress_task);
}

/* If it fails, what was started is tort_threads_stop()'s. */
int tort_threads_start(void)
{
	int ret = tort_workers_start() ?: tort_beside_start();

	if (!ret && tort_onoff_ms)
		ret = tort_onoff_start();
	return ret ?: torture_shuffle_init(TORT_SHUFFLE) ?:
	       torture_stutter_init(TORT_STUTTER, TORT_PAUSE);
}

/* After torture_cleanup_begin(): the framework's own threads have stopped. */
void tort_threads_stop(void)
{
	tort_workers_stop();
	torture_stop_kthread(tort_ager, tort_ager_task);
	torture_stop_kthread(tort_janitor, tort_janitor_task);
	torture_stop_kthread(tort_reader, tort_reader_task);
	torture_stop_kthread(tort_progress, tort_progress_task);
	if (tort_cpuhp_state > 0)
		cpuhp_remove_state_nocalls(tort_cpuhp_state);
	tort_cpuhp_state = 0;
}

void tort_threads_exit(void)
{
	kvfree(tort_crew);
	tort_crew = NULL;
	kfree(tort_waiters);
	tort_waiters = NULL;
}
