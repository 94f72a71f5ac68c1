// SPDX-License-Identifier: GPL-2.0
/*
 * Who gets and who puts, in rounds that all CPUs begin together
 *
 * Where objects go from one CPU to another, what one produces in a round the
 * other consumes in the next, while the first goes on: both work all the time.
 */
#include <linux/minmax.h>

#include "lines.h"

/* As sync.Pool's benchmark of that name has it. */
#define OVERFLOW	100

/* So many can flow back before the next round: see make bench. */
#define REMOTE_FEW	1000

static void take(struct lines_run *run, unsigned int worker, void **objs,
		 unsigned int nr)
{
	unsigned int i;

	run->who->gets(worker, objs, nr);
	for (i = 0; i < nr; i++)
		if (!objs[i])
			atomic_inc(&run->short_of);
}

static void burst(struct lines_run *run, unsigned int worker, unsigned int nr)
{
	void **objs = lines_box(run, worker, 0);

	if (run->last)
		return;
	take(run, worker, objs, nr);
	run->who->puts(worker, objs, nr);
}

/* ---- each CPU for itself ---- */

static void concurrent(struct lines_run *run, unsigned int worker,
		       unsigned int round)
{
	unsigned int i;

	for (i = 0; i < LINES_CHUNK; i++)
		burst(run, worker, 1);
}

static unsigned int concurrent_objects(unsigned int cpus)
{
	return LINES_CHUNK * cpus;
}

static void pair(struct lines_run *run, unsigned int worker, unsigned int round)
{
	if (!worker)
		concurrent(run, worker, round);
}

static unsigned int pair_objects(unsigned int cpus)
{
	return LINES_CHUNK;
}

static void overflow(struct lines_run *run, unsigned int worker,
		     unsigned int round)
{
	burst(run, worker, OVERFLOW);
}

static unsigned int overflow_objects(unsigned int cpus)
{
	return OVERFLOW * cpus;
}

/* ---- every second CPU gives to its neighbour ---- */

static void flow(struct lines_run *run, unsigned int worker, unsigned int round)
{
	if (worker % 2)
		run->who->puts(worker, lines_box(run, worker - 1, round + 1),
			       round ? LINES_CHUNK : 0);
	else if (!run->last && worker + 1 < run->cpus)
		take(run, worker, lines_box(run, worker, round), LINES_CHUNK);
}

static unsigned int flow_objects(unsigned int cpus)
{
	return LINES_CHUNK * (cpus / 2);
}

/* ---- the first CPU gives to all others ---- */

static void producer(struct lines_run *run, unsigned int worker,
		     unsigned int round)
{
	unsigned int to;

	if (worker)
		run->who->puts(worker, lines_box(run, worker, round + 1),
			       round ? LINES_CHUNK : 0);
	for (to = 1; !worker && !run->last && to < run->cpus; to++)
		take(run, worker, lines_box(run, to, round), LINES_CHUNK);
}

static unsigned int producer_objects(unsigned int cpus)
{
	return LINES_CHUNK * (cpus - 1);
}

/* ---- the first CPU gets all, then others put all ---- */

/* The share of @worker, one of @sharers, begins where that of the one before ends. */
static void put_share(struct lines_run *run, unsigned int worker,
		      unsigned int sharers)
{
	unsigned int from = REMOTE_FEW * (worker - 1) / sharers;
	unsigned int end = REMOTE_FEW * worker / sharers;

	run->who->puts(worker, lines_box(run, 0, 0) + from, end - from);
}

static void get_then_put(struct lines_run *run, unsigned int worker,
			 unsigned int round, unsigned int sharers)
{
	if (run->last)
		return;
	if (!worker && round % 2 == 0)
		take(run, worker, lines_box(run, 0, 0), REMOTE_FEW);
	if (worker && worker <= sharers && round % 2)
		put_share(run, worker, sharers);
}

static void remote_free(struct lines_run *run, unsigned int worker,
			unsigned int round)
{
	get_then_put(run, worker, round, 1);
}

static void one_alloc_n_free(struct lines_run *run, unsigned int worker,
			     unsigned int round)
{
	get_then_put(run, worker, round, run->cpus - 1);
}

/* Two rounds: one to get them all, one to put them. */
static unsigned int few_objects(unsigned int cpus)
{
	return REMOTE_FEW / 2;
}

/* Chunks of 64 objects in 63 rounds are 64 magazines of 63. */
const struct lines_pattern lines_patterns[] = {
	{ "pair", pair, pair_objects, 63 },
	{ "concurrent", concurrent, concurrent_objects, 63 },
	{ "flow", flow, flow_objects, 63, .floor = true },
	{ "remote_free", remote_free, few_objects, 32, .floor = true },
	{ "one_alloc_n_free", one_alloc_n_free, few_objects, 32 },
	{ "producer", producer, producer_objects, 63 },
	{ "overflow", overflow, overflow_objects, 63 },
};

const unsigned int lines_patterns_nr = ARRAY_SIZE(lines_patterns);
