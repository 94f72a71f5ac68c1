// SPDX-License-Identifier: GPL-2.0
/*
 * The slab maintainers' test: 10,000 gets, then 10,000 puts; and the same with all
 * that the puts left for later
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/printk.h>

#include "contenders.h"
#include "core/core.h"

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

/* A work item's function, here and now. */
static void run_here(struct delayed_work *work)
{
	work->work.func(&work->work);
}

/*
 * What an idle cache has done in two steps of aging, by the same code, in this
 * thread: nothing is waited for that would count and is no work, as a grace period.
 */
static void finish(struct objcache *cache)
{
	struct objcache_core *core = to_core(cache);

	objcache_age(cache);
	objcache_age(cache);
	atomic_inc(&core->draining);
	run_here(&core->keeper);
	atomic_dec(&core->draining);
	run_here(&core->tidy);
}

static int finished_check(void)
{
	struct objcache_stats s;

	objcache_read_stats(bench_pools.objcache, &s);
	if (!s.parked && !s.releasing)
		return 0;
	pr_err("alloc_free_10k: %llu are parked, %llu releasing; all should be gone\n",
	       s.parked, s.releasing);
	return -EUCLEAN;
}

/*
 * The second row has what the puts left for later in it. It sleeps, so it cannot be
 * stepped through.
 */
static __always_inline int finish_measured(const struct bench_ops *ops,
					   void *pool, struct bench_round *round)
{
	u64 start;

	round->cost[1] = round->cost[0];
	if (bench_stepping || !ops->drain)
		return 0;
	start = bench_clock();
	finish(pool);
	round->cost[1].clock += bench_clock() - start;
	return finished_check();
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
	err = ops->drain ? fresh_check(fresh) : 0;
	return err ?: finish_measured(ops, pool, round);
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
