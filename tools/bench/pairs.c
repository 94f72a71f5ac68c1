// SPDX-License-Identifier: GPL-2.0
/*
 * The steady state of one CPU: a get and a put, bursts, bulk calls, a pair in an
 * interrupt
 */
#include <linux/irq_work.h>

#include "contenders.h"

#define BURST	32

static __always_inline int pair(const struct bench_ops *ops, void *pool,
				struct bench_round *round)
{
	return bench_pairs(ops, pool, round, GFP_KERNEL);
}

BENCH_DEFINE_ALL(pair)

const struct bench_pattern bench_pair = {
	.name = "pair",
	.rows = { "pair" },
	.fn = { BENCH_FN_ALL(pair) },
	.iterations = 10000,
	.step_iterations = 128,
	.warm = 1,
};

/* Of a cache with a limit, while nobody waits. */
static noinline int bounded_objcache(struct bench_round *round)
{
	return pair(&objcache_ops, bench_pools.bounded, round);
}

static noinline int bounded_objcache_inline(struct bench_round *round)
{
	return pair(&objcache_inline_ops, bench_pools.bounded, round);
}

const struct bench_pattern bench_pair_bounded = {
	.name = "pair_bounded",
	.rows = { "pair_bounded" },
	.fn = { BENCH_FN(bounded, objcache), BENCH_FN(bounded, objcache_inline) },
	.iterations = 10000,
	.step_iterations = 128,
	.warm = 1,
};

/* Each put calls reset, and that returns at once. */
static noinline int reset_objcache(struct bench_round *round)
{
	return pair(&objcache_ops, bench_pools.reset, round);
}

static noinline int reset_objcache_inline(struct bench_round *round)
{
	return pair(&objcache_inline_ops, bench_pools.reset, round);
}

const struct bench_pattern bench_pair_reset = {
	.name = "pair_reset",
	.rows = { "pair_reset" },
	.fn = { BENCH_FN(reset, objcache), BENCH_FN(reset, objcache_inline) },
	.iterations = 10000,
	.step_iterations = 128,
	.warm = 1,
};

static __always_inline int burst32(const struct bench_ops *ops, void *pool,
				   struct bench_round *round)
{
	unsigned int i, k, n = round->iterations;
	void *objs[BURST];
	u64 start;

	round->ops = n * BURST;
	start = bench_begin();
	for (k = 0; k < n; k++) {
		for (i = 0; i < BURST; i++)
			objs[i] = ops->get(pool, GFP_KERNEL);
		for (i = 0; i < BURST; i++)
			ops->put(pool, objs[i]);
	}
	bench_end(&round->cost[0], start);
	return 0;
}

BENCH_DEFINE_ALL(burst32)

const struct bench_pattern bench_burst32 = {
	.name = "burst32",
	.rows = { "burst32" },
	.fn = { BENCH_FN_ALL(burst32) },
	.iterations = 300,
	.step_iterations = 8,
	.warm = 1,
};

static __always_inline int bulk32(const struct bench_ops *ops, void *pool,
				  struct bench_round *round)
{
	unsigned int k, n = round->iterations;
	void *objs[BURST];
	bool all = true;
	u64 start;

	round->ops = n * BURST;
	start = bench_begin();
	for (k = 0; k < n && all; k++) {
		all = ops->get_bulk(pool, GFP_KERNEL, BURST, objs);
		if (all)
			ops->put_bulk(pool, BURST, objs);
	}
	bench_end(&round->cost[0], start);
	return all ? 0 : -ENOMEM;
}

BENCH_DEFINE(bulk32, objcache)
BENCH_DEFINE(bulk32, kmem_cache)

const struct bench_pattern bench_bulk32 = {
	.name = "bulk32",
	.rows = { "bulk32" },
	.fn = { BENCH_FN(bulk32, objcache), BENCH_FN(bulk32, kmem_cache) },
	.iterations = 300,
	.step_iterations = 8,
	.warm = 1,
};

/* ---- from an interrupt ---- */

struct nested_work {
	struct irq_work work;
	struct bench_round *round;
	bench_fn fn;
	int err;
};

static void nested_irq(struct irq_work *work)
{
	struct nested_work *nested = container_of(work, struct nested_work, work);

	nested->err = in_hardirq() ? nested->fn(nested->round) : -EINVAL;
}

static int nested_run(bench_fn fn, struct bench_round *round)
{
	struct nested_work nested = {
		.work = IRQ_WORK_INIT_HARD(nested_irq),
		.round = round,
		.fn = fn,
	};

	irq_work_queue(&nested.work);
	irq_work_sync(&nested.work);
	return nested.err;
}

static __always_inline int irq_pair(const struct bench_ops *ops, void *pool,
				    struct bench_round *round)
{
	return bench_pairs(ops, pool, round, GFP_ATOMIC);
}

BENCH_DEFINE_ALL(irq_pair)

#define NESTED_DEFINE(contender)					\
static int nested_##contender(struct bench_round *round)		\
{									\
	return nested_run(irq_pair_##contender, round);			\
}

NESTED_DEFINE(floor)
NESTED_DEFINE(objcache)
NESTED_DEFINE(objcache_inline)
NESTED_DEFINE(kmem_cache)
NESTED_DEFINE(objpool)
NESTED_DEFINE(mempool)

const struct bench_pattern bench_nested = {
	.name = "nested",
	.rows = { "nested" },
	.fn = { BENCH_FN_ALL(nested) },
	.iterations = 1000,
	.step_iterations = 64,
	.warm = 1,
};

/* ---- on all CPUs ---- */

struct concurrent {
	bench_fn fn;
	unsigned int iterations;
};

/* The loop of a pair; each worker has a round of its own. */
static int concurrent_worker(void *data, unsigned int worker)
{
	const struct concurrent *c = data;
	struct bench_round round = { .iterations = c->iterations };

	return c->fn(&round);
}

static int concurrent_run(bench_fn fn, struct bench_round *round)
{
	struct concurrent c = { .fn = fn, .iterations = round->iterations };
	unsigned int cpus = num_online_cpus();
	u64 elapsed;
	int err;

	/* Objects per time: on one CPU, and on all of them. */
	round->ops = round->iterations;
	err = bench_workers_run(1, concurrent_worker, &c, &elapsed);
	if (err)
		return err;
	round->cost[1].clock += elapsed;
	err = bench_workers_run(cpus, concurrent_worker, &c, &elapsed);
	round->cost[0].clock += div_u64(elapsed, cpus);
	return err;
}

#define CONCURRENT_DEFINE(contender)					\
static int concurrent_##contender(struct bench_round *round)		\
{									\
	return concurrent_run(pair_##contender, round);			\
}

CONCURRENT_DEFINE(floor)
CONCURRENT_DEFINE(objcache)
CONCURRENT_DEFINE(objcache_inline)
CONCURRENT_DEFINE(kmem_cache)
CONCURRENT_DEFINE(objpool)
CONCURRENT_DEFINE(mempool)

const struct bench_pattern bench_concurrent = {
	.name = "concurrent",
	.rows = { "concurrent", "concurrent_alone" },
	.fn = { BENCH_FN_ALL(concurrent) },
	.iterations = 20000,
	.warm = 1,
	.cpus = 2,
};
