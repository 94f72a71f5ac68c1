// SPDX-License-Identifier: GPL-2.0
/*
 * The slab maintainers' test: 10,000 gets, then 10,000 puts
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/printk.h>

#include "contenders.h"

/* So many of the 10,000 must not have been parked before. */
#define FRESH_MIN	8900

static u64 fresh_count(void)
{
	struct objcache_stats stats;

	objcache_read_stats(bench_pools.objcache, &stats);
	return stats.fresh;
}

static int fresh_check(u64 before)
{
	u64 fresh = fresh_count() - before;

	if (fresh >= FRESH_MIN)
		return 0;
	pr_err("alloc_free_10k: %llu of %u were fresh; at least %u must be\n",
	       fresh, BENCH_OBJECTS, FRESH_MIN);
	return -EUCLEAN;
}

/*
 * The second row has what the puts left for later in it. Draining waits for
 * others, so it cannot be stepped through.
 */
static __always_inline void drain_measured(const struct bench_ops *ops,
					   void *pool, struct bench_round *round)
{
	u64 start;

	round->cost[1] = round->cost[0];
	if (bench_stepping || !ops->drain)
		return;
	start = bench_clock();
	ops->drain(pool);
	round->cost[1].clock += bench_clock() - start;
}

static __always_inline int alloc_free(const struct bench_ops *ops, void *pool,
				      struct bench_round *round)
{
	void **objs = round->objs;
	u64 fresh;
	int err;

	if (ops->drain)
		ops->drain(pool);
	fresh = fresh_count();
	round->ops = BENCH_OBJECTS;
	bench_get_array(ops, pool, objs, BENCH_OBJECTS, &round->cost[0]);
	err = bench_put_if_short(ops, pool, objs, BENCH_OBJECTS);
	if (err)
		return err;
	bench_put_array(ops, pool, objs, BENCH_OBJECTS, &round->cost[0]);
	drain_measured(ops, pool, round);
	return ops->drain ? fresh_check(fresh) : 0;
}

BENCH_DEFINE_ALL(alloc_free)

const struct bench_pattern bench_alloc_free_10k = {
	.name = "alloc_free_10k",
	.rows = { "alloc_free_10k", "alloc_free_10k_drained" },
	.fn = { BENCH_FN_ALL(alloc_free) },
	.iterations = 1,
	.step_iterations = 1,
	.warm = 2,
};
