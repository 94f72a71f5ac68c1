// SPDX-License-Identifier: GPL-2.0
/*
 * Workloads: get and put from threads and interrupts on many CPUs at once
 *
 * A run has a worker per CPU, which is a thread bound to it, and a worker has
 * a lane per context: itself and two timers. The thread starts its timers, so
 * that they are on its CPU, and cancels them when it is told to stop.
 *
 * The ioctl that asked for the run waits for its end: time or a signal. No run
 * outlives it, so none outlives its session.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "lane.h"
#include "request.h"
#include "session.h"

/**
 * struct worker - one CPU of a run
 * @run: the run
 * @thread: bound to the CPU; NULL: not made
 * @lanes: by context
 */
struct worker {
	struct run *run;
	struct task_struct *thread;
	struct lane lanes[OBJCACHE_DEV_CONTEXTS];
};

/**
 * struct run - a workload
 * @started: nanoseconds of the monotonic clock
 * @stop: the lanes should come to their end
 * @cpus: length of @workers
 * @workers: the workers
 */
struct run {
	u64 started;
	bool stop;
	unsigned int cpus;
	struct worker *workers[];
};

/* Running, or about to. Read by lanes, which share the CPUs. */
static atomic_t runs_nr = ATOMIC_INIT(0);

static int worker_fn(void *data)
{
	struct worker *worker = data;
	struct lane *process = &worker->lanes[LANE_PROCESS];
	unsigned int i;

	for (i = 0; i < OBJCACHE_DEV_CONTEXTS; i++)
		lane_start(&worker->lanes[i]);
	while (process->devcache && !READ_ONCE(worker->run->stop)) {
		process->step(process);
		cond_resched();
	}
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	for (i = 0; i < OBJCACHE_DEV_CONTEXTS; i++)
		lane_cancel(&worker->lanes[i]);
	return 0;
}

/* Unlike those of any handle, which is 31 bits, and of any other lane. */
static u64 worker_owner(struct session *session, unsigned int cpu,
			unsigned int context)
{
	return (u64)session->id << 32 | BIT(31) |
	       (cpu * OBJCACHE_DEV_CONTEXTS + context);
}

static int worker_init(struct worker *worker, struct session *session,
		       const struct objcache_dev_run *ask, unsigned int cpu)
{
	struct lane_config config = {
		.devcache	= session_devcache(session),
		.stop		= &worker->run->stop,
		.runs		= &runs_nr,
		.pattern	= ask->pattern,
		.objects	= ask->objects /
				  (ask->cpus * hweight32(ask->contexts)),
		.burst		= ask->burst,
		.hz		= ask->irq_hz,
		.produces	= !(cpu % 2),
		.plant		= ask->flags & OBJCACHE_DEV_PLANT,
	};
	unsigned int i;

	for (i = 0; i < OBJCACHE_DEV_CONTEXTS; i++) {
		int ret;

		if (!(ask->contexts & BIT(i)))
			continue;
		config.context = i;
		config.owner = worker_owner(session, cpu, i);
		/* an odd factor spreads neighbouring owners over all bits */
		config.seed = (ask->seed ^ config.owner) * 0x9e3779b97f4a7c15ULL;
		ret = lane_init(&worker->lanes[i], &config);
		if (ret)
			return ret;
	}
	return 0;
}

static void worker_free(struct worker *worker)
{
	unsigned int i;

	if (!worker)
		return;
	for (i = 0; i < OBJCACHE_DEV_CONTEXTS; i++)
		lane_destroy(&worker->lanes[i]);
	kfree(worker);
}

static void run_free(struct run *run)
{
	unsigned int i;

	for (i = 0; i < run->cpus; i++)
		worker_free(run->workers[i]);
	kvfree(run);
}

/* FLOW: each lane that hands objects on is followed by the next CPU's. */
static void run_connect(struct run *run)
{
	unsigned int cpu, i;

	for (cpu = 0; cpu < run->cpus; cpu++) {
		struct worker *from = run->workers[cpu];
		struct worker *to = run->workers[(cpu + 1) % run->cpus];

		for (i = 0; i < OBJCACHE_DEV_CONTEXTS; i++)
			if (from->lanes[i].out.slots)
				to->lanes[i].from = &from->lanes[i];
	}
}

static struct run *run_new(struct session *session,
			   const struct objcache_dev_run *ask)
{
	unsigned int cpu;
	struct run *run;

	run = kvzalloc(struct_size(run, workers, ask->cpus), SESSION_GFP);
	if (!run)
		return NULL;
	run->cpus = ask->cpus;
	for (cpu = 0; cpu < run->cpus; cpu++) {
		struct worker *worker = kzalloc(sizeof(*worker), SESSION_GFP);

		run->workers[cpu] = worker;
		if (!worker)
			goto err_worker;
		worker->run = run;
		if (worker_init(worker, session, ask, cpu))
			goto err_worker;
	}
	run_connect(run);
	run->started = ktime_get_ns();
	return run;

err_worker:
	run_free(run);
	return NULL;
}

/* The first CPUs that are online; none goes offline while threads are made. */
static int run_make_threads(struct run *run)
{
	unsigned int cpu, i = 0;

	for_each_online_cpu(cpu) {
		struct worker *worker = run->workers[i];
		struct task_struct *thread;

		thread = kthread_create_on_cpu(worker_fn, worker, cpu,
					       "objcache/%u");
		if (IS_ERR(thread))
			return PTR_ERR(thread);
		worker->thread = thread;
		if (++i == run->cpus)
			return 0;
	}
	return -EINVAL;
}

static int run_start(struct run *run)
{
	unsigned int i;
	int ret;

	cpus_read_lock();
	ret = run_make_threads(run);
	cpus_read_unlock();
	for (i = 0; !ret && i < run->cpus; i++)
		wake_up_process(run->workers[i]->thread);
	return ret;
}

/*
 * First all lanes are told, so that they end together. After the loop no lane
 * runs, and what is in the rings belongs to this thread. A thread that was
 * never woken does not run its function.
 */
static void run_stop(struct run *run)
{
	unsigned int cpu, i;

	WRITE_ONCE(run->stop, true);
	for (cpu = 0; cpu < run->cpus; cpu++)
		if (run->workers[cpu]->thread)
			kthread_stop(run->workers[cpu]->thread);
	for (cpu = 0; cpu < run->cpus; cpu++)
		for (i = 0; i < OBJCACHE_DEV_CONTEXTS; i++)
			lane_finish(&run->workers[cpu]->lanes[i]);
}

/* The lanes may be running: each sum can be some behind. */
static void run_sum(struct run *run, struct objcache_dev_progress *sum)
{
	unsigned int cpu, i;

	memset(sum, 0, sizeof(*sum));
	sum->state = OBJCACHE_DEV_RUNNING;
	sum->cpus = run->cpus;
	sum->elapsed_ns = ktime_get_ns() - run->started;
	for (cpu = 0; cpu < run->cpus; cpu++) {
		for (i = 0; i < OBJCACHE_DEV_CONTEXTS; i++) {
			struct lane *lane = &run->workers[cpu]->lanes[i];

			sum->pairs[i] += READ_ONCE(lane->pairs);
			sum->violations += READ_ONCE(lane->violations);
			sum->failures += READ_ONCE(lane->failures);
		}
	}
}

static int run_check_flags(const struct objcache_dev_run *ask,
			   const struct devcache *devcache)
{
	if (ask->flags & ~OBJCACHE_DEV_PLANT ||
	    memchr_inv(ask->reserved, 0, sizeof(ask->reserved)))
		return -EINVAL;
	if (ask->flags & OBJCACHE_DEV_PLANT &&
	    devcache->flags & OBJCACHE_DEV_CREATE_PLAIN)
		return -EINVAL;
	return 0;
}

static int run_check(const struct objcache_dev_run *ask,
		     const struct devcache *devcache)
{
	bool irqs = ask->contexts & ~OBJCACHE_DEV_PROCESS;
	unsigned int lanes = ask->cpus * hweight32(ask->contexts);

	return run_check_flags(ask, devcache) ?:
	       device_check_range("contexts", ask->contexts, 1,
				  BIT(OBJCACHE_DEV_CONTEXTS) - 1) ?:
	       device_check_range("pattern", ask->pattern, OBJCACHE_DEV_PAIR,
				  OBJCACHE_DEV_FLOW) ?:
	       device_check_range("cpus", ask->cpus, 1, num_online_cpus()) ?:
	       device_check_range("duration_ms", ask->duration_ms, 1,
				  OBJCACHE_DEV_RUN_MS) ?:
	       device_check_range("irq_hz", ask->irq_hz, irqs,
				  irqs ? OBJCACHE_DEV_RUN_HZ : 0) ?:
	       device_check_range("burst", ask->burst, 1,
				  OBJCACHE_DEV_RUN_BURST) ?:
	       device_check_range("objects", ask->objects, lanes,
				  OBJCACHE_DEV_OBJECTS);
}

/* A place among those that run. */
static int run_count(void)
{
	if (atomic_inc_return(&runs_nr) <= OBJCACHE_DEV_RUNS)
		return 0;
	atomic_dec(&runs_nr);
	pr_notice_ratelimited("device: %u workloads run already, the device may have no more\n",
			      OBJCACHE_DEV_RUNS);
	return -ENOSPC;
}

/* What it takes besides objects, mostly stacks: of each thread, with its lanes. */
static u64 run_bytes(const struct objcache_dev_run *ask)
{
	u64 slots = max_t(u64, ask->burst, LANE_RING);

	return ask->cpus * (THREAD_SIZE + sizeof(struct worker) +
			    OBJCACHE_DEV_CONTEXTS * slots * sizeof(void *));
}

/* All that a run may take, or nothing. */
static int run_charge(struct session *session,
		      const struct objcache_dev_run *ask)
{
	int ret = run_count();

	if (ret)
		return ret;
	ret = budget_take("a workload", run_bytes(ask));
	if (ret)
		goto err_count;
	ret = session_charge(session, ask->objects);
	if (ret)
		goto err_budget;
	return 0;

err_budget:
	budget_return(run_bytes(ask));
err_count:
	atomic_dec(&runs_nr);
	return ret;
}

static void run_uncharge(struct session *session,
			 const struct objcache_dev_run *ask)
{
	session_uncharge(session, ask->objects);
	budget_return(run_bytes(ask));
	atomic_dec(&runs_nr);
}

/* Makes the session's run; with it come objects that it may take. */
static int run_enter(struct session *session,
		     const struct objcache_dev_run *ask)
{
	int ret = -EBUSY;

	mutex_lock(&session->running);
	if (session->run)
		goto unlock;
	ret = run_charge(session, ask);
	if (ret)
		goto unlock;
	session->run = run_new(session, ask);
	if (!session->run) {
		run_uncharge(session, ask);
		ret = -ENOMEM;
	}
unlock:
	mutex_unlock(&session->running);
	return ret;
}

static void run_leave(struct session *session, struct objcache_dev_run *ask)
{
	struct run *run = session->run;

	run_sum(run, &ask->result);
	ask->result.state = OBJCACHE_DEV_DONE;
	mutex_lock(&session->running);
	session->last = ask->result;
	session->run = NULL;
	mutex_unlock(&session->running);
	run_free(run);
	run_uncharge(session, ask);
}

int workload_run(struct request *req)
{
	struct session *session = req->session;
	struct devcache *devcache = session_devcache(session);
	struct objcache_dev_run *ask = &req->arg->run;
	int ret;

	if (!devcache)
		return -ENXIO;
	memset(&ask->result, 0, sizeof(ask->result));
	ret = run_check(ask, devcache) ?: run_enter(session, ask);
	if (ret)
		return ret;
	ret = run_start(session->run);
	if (!ret && msleep_interruptible(ask->duration_ms))
		ret = -EINTR;
	run_stop(session->run);
	run_leave(session, ask);
	return ret;
}

int workload_progress(struct request *req)
{
	struct session *session = req->session;

	if (!session_devcache(session))
		return -ENXIO;
	mutex_lock(&session->running);
	if (session->run)
		run_sum(session->run, &req->arg->progress);
	else
		req->arg->progress = session->last;
	mutex_unlock(&session->running);
	return 0;
}
