// SPDX-License-Identifier: GPL-2.0
/*
 * Objects taken on one CPU and put on another, for ever the same way round: what
 * a driver does whose completions come elsewhere
 */
#include <linux/cpumask.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#include "contenders.h"
#include "spsc.h"

#define FLOW_OBJECTS	4096

static struct bench_spsc *flow_ring;

static struct bench_spsc *ring_alloc(unsigned int limit)
{
	struct bench_spsc *ring = kvzalloc(sizeof(*ring), GFP_KERNEL);

	if (ring)
		ring->limit = limit;
	return ring;
}

/* ---- the floor of this pattern: a ring ---- */

static noinline void *ring_get(struct bench_spsc *ring)
{
	return bench_spsc_get(ring);
}

static noinline void ring_put(struct bench_spsc *ring, void *obj)
{
	bench_spsc_put(ring, obj);
}

static __always_inline void *floor_ring_get(void *pool, gfp_t gfp)
{
	return ring_get(pool);
}

static __always_inline void floor_ring_put(void *pool, void *obj)
{
	ring_put(pool, obj);
}

static const struct bench_ops ring_ops = {
	.get = floor_ring_get,
	.put = floor_ring_put,
};

#define ring_pool	((void *)flow_ring)

/* ---- in lock-step ---- */

static unsigned int second_cpu(void)
{
	return cpumask_next(cpumask_first(cpu_online_mask), cpu_online_mask);
}

/*
 * What the array costs that objects are handed over in, which is no contender's:
 * the loops without gets and puts.
 */
static void subtract_array(void **objs, struct bench_cost *get,
			   struct bench_cost *put)
{
	struct bench_cost store = {}, load = {};
	unsigned int i;
	u64 start;

	start = bench_begin();
	for (i = 0; i < FLOW_OBJECTS; i++)
		WRITE_ONCE(objs[i], objs);
	bench_end(&store, start);
	start = bench_begin();
	for (i = 0; i < FLOW_OBJECTS; i++)
		READ_ONCE(objs[i]);
	bench_end(&load, start);
	/* Each has one reading of the clock in it, and so none is left. */
	get->clock -= min(get->clock, store.clock);
	put->clock -= min(put->clock, load.clock);
	get->sections = 0;
	put->sections = 0;
}

static void add(struct bench_cost *sum, const struct bench_cost *more)
{
	sum->clock += more->clock;
	sum->steps += more->steps;
	sum->locked += more->locked;
	sum->irqs += more->irqs;
	sum->longest = max(sum->longest, more->longest);
	sum->sections += more->sections;
}

/* While this task is on one CPU, nothing runs on the other. */
static __always_inline int flow_step(const struct bench_ops *ops, void *pool,
				     struct bench_round *round)
{
	struct bench_cost *get = &round->cost[1], *put = &round->cost[2];
	void **objs = round->objs;
	int err;

	round->ops = FLOW_OBJECTS;
	bench_get_array(ops, pool, objs, FLOW_OBJECTS, get);
	err = bench_put_if_short(ops, pool, objs, FLOW_OBJECTS);
	if (err)
		return err;
	err = bench_go_to(second_cpu());
	bench_put_array(ops, pool, objs, FLOW_OBJECTS, put);
	if (!bench_stepping)
		subtract_array(objs, get, put);
	add(&round->cost[0], get);
	add(&round->cost[0], put);
	return err;
}

BENCH_DEFINE(flow_step, ring)
BENCH_DEFINE(flow_step, objcache)
BENCH_DEFINE(flow_step, objcache_inline)
BENCH_DEFINE(flow_step, kmem_cache)
BENCH_DEFINE(flow_step, mempool)

const struct bench_pattern bench_flow = {
	.name = "flow",
	.rows = { "flow", "flow_get", "flow_put" },
	.fn = {
		[BENCH_floor] = flow_step_ring,
		BENCH_FN(flow_step, objcache),
		BENCH_FN(flow_step, objcache_inline),
		BENCH_FN(flow_step, kmem_cache),
		BENCH_FN(flow_step, mempool),
	},
	.iterations = 1,
	.step_iterations = 1,
	.step_rounds = 8,
	.warm = 100,
	.cpus = 2,
};

/*
 * ---- free-running: both CPUs at the same time ----
 *
 * As many objects are on their way as in lock-step at most; then the first CPU
 * waits for the second one, whoever the contender is.
 */

/**
 * struct flow_run - two threads
 * @objs: the ring that hands objects over, the same for every contender
 * @get: the first thread's loop
 * @put: the second's
 * @nr: how many objects
 */
struct flow_run {
	struct bench_spsc *objs;
	void (*get)(struct flow_run *run);
	void (*put)(struct flow_run *run);
	unsigned int nr;
};

static __always_inline void flow_gets(const struct bench_ops *ops, void *pool,
				      struct flow_run *run)
{
	unsigned int i;

	for (i = 0; i < run->nr; i++)
		bench_spsc_put(run->objs, ops->get(pool, GFP_KERNEL));
}

static __always_inline void flow_puts(const struct bench_ops *ops, void *pool,
				      struct flow_run *run)
{
	unsigned int i;

	for (i = 0; i < run->nr; i++)
		ops->put(pool, bench_spsc_get(run->objs));
}

static int flow_worker(void *data, unsigned int worker)
{
	struct flow_run *run = data;

	if (worker)
		run->put(run);
	else
		run->get(run);
	return 0;
}

static int flow_free(struct flow_run *run, struct bench_round *round)
{
	u64 elapsed;
	int err;

	run->nr = round->iterations * SPSC_BATCH;
	run->objs = ring_alloc(FLOW_OBJECTS / SPSC_BATCH);
	if (!run->objs)
		return -ENOMEM;
	err = bench_workers_run(2, flow_worker, run, &elapsed);
	round->ops = run->nr;
	round->cost[0].clock += elapsed;
	kvfree(run->objs);
	return err;
}

#define FLOW_FREE(contender)						\
static void gets_##contender(struct flow_run *run)			\
{									\
	flow_gets(&contender##_ops, contender##_pool, run);		\
}									\
									\
static void puts_##contender(struct flow_run *run)			\
{									\
	flow_puts(&contender##_ops, contender##_pool, run);		\
}									\
									\
static int flow_free_##contender(struct bench_round *round)		\
{									\
	struct flow_run run = {						\
		.get = gets_##contender, .put = puts_##contender,	\
	};								\
									\
	return flow_free(&run, round);					\
}

FLOW_FREE(ring)
FLOW_FREE(objcache)
FLOW_FREE(objcache_inline)
FLOW_FREE(kmem_cache)
FLOW_FREE(mempool)

const struct bench_pattern bench_flow_free = {
	.name = "flow_free",
	.rows = { "flow_free" },
	.fn = {
		[BENCH_floor] = flow_free_ring,
		BENCH_FN(flow_free, objcache),
		BENCH_FN(flow_free, objcache_inline),
		BENCH_FN(flow_free, kmem_cache),
		BENCH_FN(flow_free, mempool),
	},
	.iterations = 1000,
	.warm = 2,
	.cpus = 2,
};

/* ---- life ---- */

int bench_flow_create(void)
{
	unsigned int i;

	flow_ring = ring_alloc(SPSC_SLOTS);
	if (!flow_ring)
		return -ENOMEM;
	for (i = 0; i < 2 * FLOW_OBJECTS; i++)
		bench_spsc_put(flow_ring, flow_ring);
	return 0;
}

void bench_flow_destroy(void)
{
	kvfree(flow_ring);
}
