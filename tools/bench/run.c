// SPDX-License-Identifier: GPL-2.0
/*
 * Runs patterns: rounds of all contenders interleaved, so that what changes with
 * time hits all of them; then one round of single steps; then a row of numbers
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "contenders.h"

#define ROUNDS_MAX	10000
#define RESULTS_MAX	256

/* Costs are printed with three digits behind the point. */
#define SCALE		1000

static unsigned int rounds = 15;
module_param(rounds, uint, 0644);
MODULE_PARM_DESC(rounds, "measured rounds of each pattern, 1 to 10000");

static unsigned int scale = 1;
module_param(scale, uint, 0644);
MODULE_PARM_DESC(scale, "how many times longer a round is than the shortest useful one, 1 to 1000");

bool bench_cycles;
module_param_named(cycles, bench_cycles, bool, 0644);
MODULE_PARM_DESC(cycles, "read the CPU's cycle counter (which counts instructions under -icount shift=0), not nanoseconds; tail patterns then take all CPUs but one offline meanwhile");

static bool steps = true;
module_param(steps, bool, 0644);
MODULE_PARM_DESC(steps, "count locked and interrupt-toggling instructions by single steps");

const char *const bench_names[BENCH_CONTENDERS] = {
	[BENCH_floor] = "floor",
	[BENCH_objcache] = "objcache",
	[BENCH_objcache_inline] = "objcache-inline",
	[BENCH_kmem_cache] = "kmem_cache",
	[BENCH_kmem_cache_construct] = "kmem_cache-construct",
	[BENCH_objpool] = "objpool",
	[BENCH_mempool] = "mempool",
};

static const struct bench_pattern *const patterns[] = {
	&bench_pair, &bench_pair_bounded, &bench_pair_reset,
	&bench_burst32, &bench_bulk32, &bench_nested,
	&bench_alloc_free_10k, &bench_concurrent,
	&bench_remote_free, &bench_remote_free_10k, &bench_one_alloc_n_free,
	&bench_one_alloc_n_free_10k,
	&bench_flow,
	&bench_flow_free, &bench_overflow, &bench_starvation, &bench_age_pause,
	&bench_expensive_new, &bench_constructed, &bench_debug_levels,
	&bench_primitives,
	&bench_tail_500, &bench_tail_10k,
};

/**
 * struct result - a row
 * @row: of which pattern
 * @contender: of which contender
 * @ops: objects a round
 * @n: rounds
 * @median: cost of an object, times SCALE
 * @min: of the cheapest round
 * @max: of the dearest
 * @p95: 95 % of the rounds were not dearer
 * @step: counts an object, times SCALE, but for the longest stretch; if @step.sections
 */
struct result {
	const char *row;
	const char *contender;
	unsigned int ops;
	unsigned int n;
	u64 median;
	u64 min;
	u64 max;
	u64 p95;
	struct bench_cost step;
};

/**
 * struct runner - a pattern that is being run
 * @pattern: which
 * @rounds: how many rounds
 * @round: the one that runs
 * @values: cost of an object by row, contender and round
 * @ops: objects a round, of each contender
 * @step: what single steps counted, by row and contender
 */
struct runner {
	const struct bench_pattern *pattern;
	unsigned int rounds;
	struct bench_round round;
	u64 *values;
	unsigned int ops[BENCH_CONTENDERS];
	struct bench_cost step[BENCH_ROWS][BENCH_CONTENDERS];
};

static DEFINE_MUTEX(bench_lock);
static struct result results[RESULTS_MAX];
static unsigned int nr_results;
static u64 clock_cost;

/* Binds the calling task. */
int bench_go_to(unsigned int cpu)
{
	return set_cpus_allowed_ptr(current, cpumask_of(cpu));
}

/* What two readings of the clock cost by themselves. */
static void measure_clock(void)
{
	struct bench_cost cost;
	unsigned int i;

	clock_cost = U64_MAX;
	for (i = 0; i < 100; i++) {
		cost = (struct bench_cost){};
		bench_end(&cost, bench_begin());
		clock_cost = min(clock_cost, cost.clock);
	}
}

static u64 *values_of(struct runner *r, unsigned int row, unsigned int id)
{
	return r->values + (row * BENCH_CONTENDERS + id) * r->rounds;
}

static u64 cost_per_op(const struct bench_cost *cost, unsigned int ops)
{
	u64 own = cost->sections * clock_cost;

	return div_u64(SCALE * (cost->clock - min(own, cost->clock)), ops);
}

static bool takes_part(const struct bench_pattern *p, unsigned int id)
{
	return p->fn[id] && (p->columns || bench_contender_is_there(id));
}

static int one_round(struct runner *r, unsigned int id, unsigned int iterations)
{
	struct bench_round *round = &r->round;
	int err;

	memset(round->cost, 0, sizeof(round->cost));
	round->iterations = iterations;
	err = bench_go_to(cpumask_first(cpu_online_mask));
	if (!err)
		err = r->pattern->fn[id](round);
	if (err)
		pr_err("%s, contender %u: error %d\n", r->pattern->name, id, err);
	cond_resched();
	return err ?: signal_pending(current) ? -EINTR : 0;
}

static int measured_round(struct runner *r, unsigned int id, unsigned int number)
{
	unsigned int row;
	int err;

	err = one_round(r, id, r->pattern->iterations * scale);
	if (err)
		return err;
	r->ops[id] = r->round.ops;
	for (row = 0; r->pattern->rows[row]; row++)
		values_of(r, row, id)[number] =
			cost_per_op(&r->round.cost[row], r->round.ops);
	return 0;
}

static u64 count_per_op(u64 count, const struct runner *r)
{
	return div_u64(count * SCALE, r->round.ops * max(r->pattern->step_rounds, 1U));
}

static int stepped_round(struct runner *r, unsigned int id)
{
	unsigned int row;
	int err;

	err = bench_step_start();
	if (err)
		return err;
	err = one_round(r, id, r->pattern->step_iterations);
	bench_step_stop();
	for (row = 0; !err && r->pattern->rows[row]; row++) {
		const struct bench_cost *cost = &r->round.cost[row];
		struct bench_cost *sum = &r->step[row][id];

		sum->steps += count_per_op(cost->steps, r);
		sum->locked += count_per_op(cost->locked, r);
		sum->irqs += count_per_op(cost->irqs, r);
		sum->longest = max(sum->longest, cost->longest);
		sum->sections += cost->sections;
	}
	return err;
}

/* A contender at a time: what it left behind is what it finds. */
static int stepped_rounds(struct runner *r)
{
	const struct bench_pattern *p = r->pattern;
	unsigned int i, id;
	int err = 0;

	if (!BENCH_CAN_STEP || !steps || !p->step_iterations)
		return 0;
	for (id = 0; id < BENCH_CONTENDERS; id++)
		for (i = 0; i < max(p->step_rounds, 1U) && !err; i++)
			err = takes_part(p, id) ? stepped_round(r, id) : 0;
	return err;
}

static int all_rounds(struct runner *r)
{
	const struct bench_pattern *p = r->pattern;
	unsigned int i, id;
	int err = 0;

	for (i = 0; i < p->warm + r->rounds; i++) {
		for (id = 0; id < BENCH_CONTENDERS && !err; id++) {
			if (takes_part(p, id))
				err = measured_round(r, id, i - min(i, p->warm));
		}
	}
	return err ?: stepped_rounds(r);
}

static int compare_values(const void *a, const void *b)
{
	u64 x = *(u64 *)a, y = *(u64 *)b;

	return x < y ? -1 : x > y;
}

static void add_result(struct runner *r, unsigned int row, unsigned int id)
{
	const struct bench_pattern *p = r->pattern;
	u64 *values = values_of(r, row, id);
	unsigned int n = r->rounds;

	if (nr_results == RESULTS_MAX)
		return;
	sort(values, n, sizeof(*values), compare_values, NULL);
	results[nr_results++] = (struct result){
		.row = p->rows[row],
		.contender = p->columns ? p->columns[id] : bench_names[id],
		.ops = r->ops[id],
		.n = n,
		.median = n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2,
		.min = values[0],
		.max = values[n - 1],
		.p95 = values[DIV_ROUND_UP(95 * n, 100) - 1],
		.step = r->step[row][id],
	};
}

static void add_results(struct runner *r)
{
	unsigned int row, id;

	for (row = 0; r->pattern->rows[row]; row++)
		for (id = 0; id < BENCH_CONTENDERS; id++)
			if (takes_part(r->pattern, id))
				add_result(r, row, id);
}

static int run_pattern(struct runner *r)
{
	const struct bench_pattern *p = r->pattern;
	int err = -ENOMEM;

	if (num_online_cpus() < p->cpus)
		return 0;
	r->rounds = p->rounds ? min(p->rounds, rounds) : rounds;
	r->values = kvcalloc(BENCH_ROWS * BENCH_CONTENDERS * r->rounds,
			     sizeof(*r->values), GFP_KERNEL);
	r->round.objs = kvcalloc(BENCH_OBJECTS, sizeof(void *), GFP_KERNEL);
	if (r->values && r->round.objs)
		err = all_rounds(r);
	if (!err)
		add_results(r);
	kvfree(r->round.objs);
	kvfree(r->values);
	return err ?: bench_check_books(bench_pools.objcache);
}

static int run_named(const char *name)
{
	int err = -ENOENT;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(patterns); i++) {
		struct runner *r;

		if (strcmp(name, patterns[i]->name) && strcmp(name, "all"))
			continue;
		r = kzalloc(sizeof(*r), GFP_KERNEL);
		if (!r)
			return -ENOMEM;
		r->pattern = patterns[i];
		err = patterns[i]->run ? patterns[i]->run(patterns[i], rounds) :
					 run_pattern(r);
		kfree(r);
		if (err)
			break;
	}
	return err;
}

/**
 * bench_run - run a pattern; its results replace those of the one before
 * @name: of the pattern, or "all"
 *
 * Context: process; runs for seconds, on one CPU after another.
 */
int bench_run(const char *name)
{
	cpumask_var_t before;
	int err;

	if (rounds < 1 || rounds > ROUNDS_MAX || scale < 1 || scale > 1000) {
		pr_err("rounds=%u scale=%u: out of range 1..%u and 1..1000\n",
		       rounds, scale, ROUNDS_MAX);
		return -EINVAL;
	}
	if (!alloc_cpumask_var(&before, GFP_KERNEL))
		return -ENOMEM;
	cpumask_copy(before, current->cpus_ptr);
	mutex_lock(&bench_lock);
	nr_results = 0;
	bench_tails_forget();
	measure_clock();
	err = run_named(name);
	mutex_unlock(&bench_lock);
	set_cpus_allowed_ptr(current, before);
	free_cpumask_var(before);
	return err;
}

static void show_fixed(struct seq_file *m, u64 value)
{
	u32 rest;

	value = div_u64_rem(value, SCALE, &rest);
	seq_printf(m, " %llu.%03u", value, rest);
}

static void show_result(struct seq_file *m, const struct result *result)
{
	seq_printf(m, "row %s %s %u %u", result->row, result->contender,
		   result->ops, result->n);
	show_fixed(m, result->median);
	show_fixed(m, result->min);
	show_fixed(m, result->max);
	show_fixed(m, result->p95);
	if (result->step.sections) {
		show_fixed(m, result->step.steps);
		show_fixed(m, result->step.locked);
		show_fixed(m, result->step.irqs);
		seq_printf(m, " %lu", result->step.longest);
	} else {
		seq_puts(m, " - - - -");
	}
	seq_putc(m, '\n');
}

void bench_show_results(struct seq_file *m)
{
	unsigned int i;

	seq_puts(m, "# row contender ops n median min max p95 steps locked irqs longest\n");
	mutex_lock(&bench_lock);
	for (i = 0; i < nr_results; i++)
		show_result(m, &results[i]);
	bench_tails_show(m);
	mutex_unlock(&bench_lock);
}

void bench_show_patterns(struct seq_file *m)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(patterns); i++)
		if (num_online_cpus() >= patterns[i]->cpus)
			seq_printf(m, "%s\n", patterns[i]->name);
}
