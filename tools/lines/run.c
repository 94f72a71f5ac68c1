// SPDX-License-Identifier: GPL-2.0
/*
 * One pattern with one contender: warm rounds, those that count, and what is left
 * on its way
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "lines.h"

/* Even, for patterns that take two; the slots of a ring come round after 128. */
#define WARM	64
#define WARM_RING	130

/* Waits until all workers have come here; other tasks run meanwhile. */
static void meet(struct lines_run *run)
{
	int all = roundup(atomic_inc_return(&run->arrived), run->cpus);

	while (atomic_read(&run->arrived) < all) {
		cpu_relax();
		cond_resched();
	}
}

static void rounds(struct lines_run *run, unsigned int worker,
		   unsigned int from, unsigned int nr)
{
	unsigned int i;

	for (i = from; i < from + nr; i++) {
		run->step(run, worker, i);
		meet(run);
	}
}

/* The first worker says for all what counts. */
static void mark(struct lines_run *run, unsigned int worker, bool begin)
{
	if (!worker && begin)
		lines_mark(MARK_BEGIN);
	else if (!worker)
		lines_mark(MARK_END);
	meet(run);
}

static int work(void *data, unsigned int worker)
{
	struct lines_run *run = data;

	rounds(run, worker, 0, run->warm);
	mark(run, worker, true);
	rounds(run, worker, run->warm, run->rounds);
	mark(run, worker, false);
	if (!worker)
		WRITE_ONCE(run->last, true);
	meet(run);
	rounds(run, worker, run->warm + run->rounds, 1);
	return 0;
}

/**
 * lines_run - run a pattern with a contender
 * @pattern: who gets and who puts
 * @who: where from
 *
 * Return: how many objects were got and put while the plugin counted, or an errno.
 */
long lines_run(const struct lines_pattern *pattern,
	       const struct lines_contender *who)
{
	struct lines_run run = {
		.who = who,
		.step = pattern->step,
		.cpus = num_online_cpus(),
		.warm = strcmp(who->name, "ring") ? WARM : WARM_RING,
		.rounds = pattern->rounds,
	};
	u64 elapsed;
	int err;

	run.boxes = kvcalloc(2 * run.cpus * LINES_BOX, sizeof(*run.boxes),
			     GFP_KERNEL);
	if (!run.boxes)
		return -ENOMEM;
	err = bench_workers_run(run.cpus, work, &run, &elapsed);
	kvfree(run.boxes);
	err = err ?: lines_pools_check();
	if (!err && atomic_read(&run.short_of))
		err = -ENOMEM;
	return err ?: (long)pattern->objects(run.cpus) * run.rounds;
}
