// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that start together, one on each CPU
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/slab.h>

#include "bench.h"

/**
 * struct bench_team - workers that run the same function
 * @fn: the function; NULL: not all could be started
 * @data: handed to it
 * @ready: how many wait for @go
 * @go: they may start
 * @running: how many have not ended
 * @done: the last has ended
 * @err: what one of them returned
 */
struct bench_team {
	bench_work_fn *fn;
	void *data;
	atomic_t ready;
	bool go;
	atomic_t running;
	struct completion done;
	int err;
};

struct bench_worker {
	struct bench_team *team;
	unsigned int number;
	u64 start;
	u64 end;
};

static int worker_thread(void *data)
{
	struct bench_worker *worker = data;
	struct bench_team *team = worker->team;
	int err;

	atomic_inc(&team->ready);
	while (!smp_load_acquire(&team->go)) /* pairs with bench_workers_run() */
		cond_resched();
	worker->start = bench_clock();
	err = team->fn ? team->fn(team->data, worker->number) : 0;
	worker->end = bench_clock();
	if (err)
		WRITE_ONCE(team->err, err);
	if (atomic_dec_and_test(&team->running))
		complete(&team->done);
	return 0;
}

/* From the first start to the last end: where one CPU does it all, their sum. */
static u64 workers_elapsed(const struct bench_worker *workers, unsigned int nr)
{
	u64 start = U64_MAX, end = 0;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		start = min(start, workers[i].start);
		end = max(end, workers[i].end);
	}
	return end - start;
}

static int workers_start(struct bench_team *team, struct bench_worker *workers,
			 unsigned int nr)
{
	struct task_struct *task;
	unsigned int i, cpu = cpumask_first(cpu_online_mask);

	for (i = 0; i < nr; i++) {
		workers[i] = (struct bench_worker){ .team = team, .number = i };
		task = kthread_run_on_cpu(worker_thread, &workers[i], cpu,
					  "bench/%u");
		if (IS_ERR(task))
			return PTR_ERR(task);
		atomic_inc(&team->running);
		cpu = cpumask_next(cpu, cpu_online_mask);
	}
	return 0;
}

/**
 * bench_workers_run - let threads do something at the same time
 * @workers: how many, on as many CPUs
 * @fn: what
 * @data: handed to @fn
 * @elapsed: set to the clock's difference from the first start to the last end
 *
 * Return: 0, or the errno of a thread that could not start or of its @fn.
 */
int bench_workers_run(unsigned int workers, bench_work_fn *fn, void *data,
		      u64 *elapsed)
{
	struct bench_team team = { .fn = fn, .data = data };
	struct bench_worker *all;
	int err;

	all = kcalloc(workers, sizeof(*all), GFP_KERNEL);
	if (!all)
		return -ENOMEM;
	init_completion(&team.done);
	atomic_set(&team.running, 1);
	err = workers_start(&team, all, workers);
	if (err)
		team.fn = NULL;
	while (!err && atomic_read(&team.ready) < workers)
		cond_resched();
	smp_store_release(&team.go, true); /* pairs with worker_thread() */
	if (!atomic_dec_and_test(&team.running))
		wait_for_completion(&team.done);
	*elapsed = workers_elapsed(all, workers);
	kfree(all);
	return err ?: team.err;
}
