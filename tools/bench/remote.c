// SPDX-License-Identifier: GPL-2.0
/*
 * The slab maintainers' tests of frees that come from elsewhere: objects got on
 * one CPU are put on another, or on all others
 */
#include <linux/cpumask.h>

#include "contenders.h"

/* So many can flow back to the first CPU before the next round; 10,000 cannot. */
#define REMOTE_FEW	1000

static __always_inline int get_all(const struct bench_ops *ops, void *pool,
				   struct bench_round *round)
{
	round->ops = round->iterations;
	bench_get_array(ops, pool, round->objs, round->ops, &round->cost[0]);
	return bench_put_if_short(ops, pool, round->objs, round->ops);
}

/* Each other CPU puts its share, one after another: nothing runs beside it. */
static __always_inline int put_from(const struct bench_ops *ops, void *pool,
				    struct bench_round *round, unsigned int cpus)
{
	unsigned int cpu = cpumask_first(cpu_online_mask);
	unsigned int done = 0, share, i;
	int err = 0;

	for (i = 0; i < cpus && !err; i++) {
		cpu = cpumask_next(cpu, cpu_online_mask);
		share = (round->ops - done) / (cpus - i);
		err = bench_go_to(cpu);
		bench_put_array(ops, pool, round->objs + done, share,
				&round->cost[0]);
		done += share;
	}
	return err;
}

static __always_inline int remote_free(const struct bench_ops *ops, void *pool,
				       struct bench_round *round)
{
	int err = get_all(ops, pool, round);

	return err ?: put_from(ops, pool, round, 1);
}

static __always_inline int one_alloc(const struct bench_ops *ops, void *pool,
				     struct bench_round *round)
{
	int err = get_all(ops, pool, round);

	return err ?: put_from(ops, pool, round, num_online_cpus() - 1);
}

/* No floor: an array per CPU runs dry; objpool searches for what is elsewhere. */
#define REMOTE_DEFINE(loop)						\
	BENCH_DEFINE(loop, objcache)					\
	BENCH_DEFINE(loop, objcache_inline)				\
	BENCH_DEFINE(loop, kmem_cache)					\
	BENCH_DEFINE(loop, objpool)					\
	BENCH_DEFINE(loop, mempool)

#define REMOTE_FN(loop)							\
	BENCH_FN(loop, objcache),					\
	BENCH_FN(loop, objcache_inline),				\
	BENCH_FN(loop, kmem_cache),					\
	BENCH_FN(loop, objpool),					\
	BENCH_FN(loop, mempool)

REMOTE_DEFINE(remote_free)
REMOTE_DEFINE(one_alloc)

const struct bench_pattern bench_remote_free = {
	.name = "remote_free",
	.rows = { "remote_free" },
	.fn = { REMOTE_FN(remote_free) },
	.iterations = REMOTE_FEW,
	.step_iterations = REMOTE_FEW,
	.step_rounds = 8,
	.warm = 100,
	.cpus = 2,
};

const struct bench_pattern bench_remote_free_10k = {
	.name = "remote_free_10k",
	.rows = { "remote_free_10k" },
	.fn = { REMOTE_FN(remote_free) },
	.iterations = BENCH_OBJECTS,
	.step_iterations = BENCH_OBJECTS,
	.warm = 5,
	.cpus = 2,
};

const struct bench_pattern bench_one_alloc_n_free = {
	.name = "one_alloc_n_free",
	.rows = { "one_alloc_n_free" },
	.fn = { REMOTE_FN(one_alloc) },
	.iterations = REMOTE_FEW,
	.step_iterations = REMOTE_FEW,
	.step_rounds = 8,
	.warm = 100,
	.cpus = 2,
};

const struct bench_pattern bench_one_alloc_n_free_10k = {
	.name = "one_alloc_n_free_10k",
	.rows = { "one_alloc_n_free_10k" },
	.fn = { REMOTE_FN(one_alloc) },
	.iterations = BENCH_OBJECTS,
	.step_iterations = BENCH_OBJECTS,
	.warm = 5,
	.cpus = 2,
};
