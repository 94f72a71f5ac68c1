// SPDX-License-Identifier: GPL-2.0
/*
 * What sync.Pool of Go is measured with: more puts than one CPU's private part
 * holds, fewer puts than gets, a collection, a constructor that takes long
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/printk.h>

#include "contenders.h"
#include "core/core.h"

#define COUNT		100
#define STARVED		67
#define PARKED		100000
#define NEW_NS		1000000
#define PER_AGE		20

/* ---- overflow: 100 puts, then 100 gets ---- */

static __always_inline int overflow(const struct bench_ops *ops, void *pool,
				    struct bench_round *round)
{
	unsigned int i, k, n = round->iterations;
	void *objs[COUNT];
	u64 start;

	for (i = 0; i < COUNT; i++)
		objs[i] = ops->get(pool, GFP_KERNEL);
	round->ops = n * COUNT;
	start = bench_begin();
	for (k = 0; k < n; k++) {
		for (i = 0; i < COUNT; i++)
			ops->put(pool, objs[i]);
		for (i = 0; i < COUNT; i++)
			objs[i] = ops->get(pool, GFP_KERNEL);
	}
	bench_end(&round->cost[0], start);
	for (i = 0; i < COUNT; i++)
		ops->put(pool, objs[i]);
	return 0;
}

BENCH_DEFINE_ALL(overflow)

const struct bench_pattern bench_overflow = {
	.name = "overflow",
	.rows = { "overflow" },
	.fn = { BENCH_FN_ALL(overflow) },
	.iterations = 100,
	.step_iterations = 4,
	.warm = 1,
};

/* ---- starvation: 67 puts for 100 gets, the others are thrown away ---- */

static __always_inline void objcache_throw(void *pool, void *obj)
{
	objcache_discard(pool, obj);
}

typedef void throw_fn(void *pool, void *obj);

static __always_inline void starve(const struct bench_ops *ops, throw_fn *throw,
				   void *pool, struct bench_round *round)
{
	unsigned int i, k, n = round->iterations;
	void *objs[COUNT];
	u64 start;

	round->ops = n * COUNT;
	start = bench_begin();
	for (k = 0; k < n; k++) {
		for (i = 0; i < COUNT; i++)
			objs[i] = ops->get(pool, GFP_KERNEL);
		for (i = 0; i < STARVED; i++)
			ops->put(pool, objs[i]);
		for (; i < COUNT; i++)
			throw(pool, objs[i]);
	}
	bench_end(&round->cost[0], start);
}

static noinline int starve_objcache(struct bench_round *round)
{
	starve(&objcache_ops, objcache_throw, objcache_pool, round);
	return 0;
}

static noinline int starve_objcache_inline(struct bench_round *round)
{
	starve(&objcache_inline_ops, objcache_throw, objcache_pool, round);
	return 0;
}

static noinline int starve_kmem_cache(struct bench_round *round)
{
	starve(&kmem_cache_ops, slab_put, kmem_cache_pool, round);
	return 0;
}

const struct bench_pattern bench_starvation = {
	.name = "starvation",
	.rows = { "starvation" },
	.fn = {
		BENCH_FN(starve, objcache),
		BENCH_FN(starve, objcache_inline),
		BENCH_FN(starve, kmem_cache),
	},
	.iterations = 100,
	.step_iterations = 4,
	.warm = 1,
};

/*
 * ---- age_pause: a step with 100,000 parked, with a magazine on each CPU, with none ----
 *
 * The part of objcache_age() that takes magazines from all CPUs. What it hands over
 * waits for the keeper, which is held by the dtor of one object meanwhile, or it
 * would be measured too.
 */

static struct objcache *age_caches[3];
static DECLARE_COMPLETION(age_held);
static DECLARE_COMPLETION(age_gate);
static void *age_holder;

static int age_ctor(void *obj, void *ctx, gfp_t gfp)
{
	return 0;
}

static void age_dtor(void *obj, void *ctx)
{
	if (obj != READ_ONCE(age_holder))
		return;
	complete(&age_held);
	wait_for_completion(&age_gate);
}

static int age_hold_worker(struct objcache *cache)
{
	void *obj = objcache_get(cache, GFP_KERNEL);

	if (!obj)
		return -ENOMEM;
	WRITE_ONCE(age_holder, obj);
	objcache_discard(cache, obj);
	wait_for_completion(&age_held);
	return 0;
}

static void age_let_go(struct objcache *cache)
{
	WRITE_ONCE(age_holder, NULL);
	complete(&age_gate);
	objcache_drain(cache);
}

/* Each CPU parks its share. */
static int age_put_shares(struct objcache *cache, void **objs, unsigned int nr)
{
	unsigned int i, share = DIV_ROUND_UP(nr, num_online_cpus());
	int cpu = cpumask_first(cpu_online_mask), err = 0;

	for (i = 0; i < nr; i++) {
		if (!err && i % share == 0) {
			err = bench_go_to(cpu);
			cpu = cpumask_next(cpu, cpu_online_mask);
		}
		objcache_put(cache, objs[i]);
	}
	return err ?: bench_go_to(cpumask_first(cpu_online_mask));
}

static int age_fill(struct objcache *cache, unsigned int nr)
{
	struct objcache_stats stats;
	unsigned int got;
	void **objs;
	int err;

	objs = kvmalloc_array(nr, sizeof(*objs), GFP_KERNEL);
	if (!objs)
		return -ENOMEM;
	got = objcache_get_bulk(cache, GFP_KERNEL, nr, objs);
	err = age_put_shares(cache, objs, got);
	kvfree(objs);
	objcache_read_stats(cache, &stats);
	if (err || stats.parked >= nr)
		return err;
	pr_err("age_pause: %llu are parked; %u should be\n", stats.parked, nr);
	return -EUCLEAN;
}

/* The second step after they were parked: the one that hands all of them over. */
static int age_step(struct objcache *cache, unsigned int nr,
		    struct bench_cost *cost)
{
	u64 start;
	int err;

	err = age_hold_worker(cache);
	if (err)
		return err;
	err = nr ? age_fill(cache, nr) : 0;
	objcache_age(cache);
	start = bench_begin();
	objcache_age_step(to_core(cache));
	bench_end(cost, start);
	age_let_go(cache);
	return err;
}

/* So many that a CPU has a magazine in its shared part. */
static unsigned int age_few(struct objcache *cache)
{
	return 2 * to_core(cache)->batch + 1;
}

static int age_pause(struct bench_round *round)
{
	const unsigned int nr[] = {
		PARKED, num_online_cpus() * age_few(age_caches[1]), 0,
	};
	unsigned int i;
	int err = 0;

	round->ops = 1;
	for (i = 0; i < ARRAY_SIZE(nr) && !err; i++)
		err = age_step(age_caches[i], nr[i], &round->cost[i]);
	return err;
}

const struct bench_pattern bench_age_pause = {
	.name = "age_pause",
	.rows = { "age_pause_100k", "age_pause_few", "age_pause_none" },
	.fn = { [BENCH_objcache] = age_pause },
	.iterations = 1,
	.step_iterations = 1,
	.rounds = 40,
	.warm = 1,
};

/* ---- expensive_new: a constructor that takes a millisecond ---- */

static struct objcache *slow_cache;

static int slow_ctor(void *obj, void *ctx, gfp_t gfp)
{
	u64 end = ktime_get_ns() + NEW_NS;

	while (ktime_get_ns() < end)
		cpu_relax();
	return 0;
}

static __always_inline void *slow_get(void *pool, gfp_t gfp)
{
	void *obj = kmem_cache_alloc(pool, gfp);

	if (obj)
		slow_ctor(obj, NULL, gfp);
	return obj;
}

static const struct bench_ops kmem_cache_construct_ops = {
	.get = slow_get,
	.put = slab_put,
};

/* An aging step comes before each twenty pairs of a cache, uncounted. */
static __always_inline int slow_pairs(const struct bench_ops *ops, void *pool,
				      struct bench_round *round)
{
	unsigned int i, k, n = round->iterations;
	u64 start;

	round->ops = n * PER_AGE;
	for (k = 0; k < n; k++) {
		if (ops->drain)
			objcache_age(pool);
		start = bench_begin();
		for (i = 0; i < PER_AGE; i++)
			ops->put(pool, ops->get(pool, GFP_KERNEL));
		bench_end(&round->cost[0], start);
	}
	return 0;
}

#undef objcache_pool
#define objcache_pool			((void *)slow_cache)
#define kmem_cache_construct_pool	((void *)bench_pools.slab)

BENCH_DEFINE(slow_pairs, objcache)
BENCH_DEFINE(slow_pairs, objcache_inline)
BENCH_DEFINE(slow_pairs, kmem_cache_construct)

const struct bench_pattern bench_expensive_new = {
	.name = "expensive_new",
	.rows = { "expensive_new" },
	.fn = {
		BENCH_FN(slow_pairs, objcache),
		BENCH_FN(slow_pairs, objcache_inline),
		BENCH_FN(slow_pairs, kmem_cache_construct),
	},
	.iterations = 1,
	.rounds = 15,
	.warm = 1,
};

/* ---- life ---- */

int bench_golang_create(void)
{
	static const struct objcache_ops age_ops = { .ctor = age_ctor,
							   .dtor = age_dtor };
	static const struct objcache_ops slow_ops = { .ctor = slow_ctor };
	static const char *const names[] = {
		"bench-age-100k", "bench-age-few", "bench-age-none", "bench-slow",
	};
	/* With its link each takes as much as those without; or batches were smaller. */
	struct objcache_params params = {
		.size = BENCH_OBJECT_SIZE - sizeof(void *),
		.flags = OBJCACHE_NO_AGING,
		.capacity = 65536,
		.ops = &age_ops,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(age_caches); i++) {
		age_caches[i] = objcache_create(names[i], &params);
		if (IS_ERR(age_caches[i]))
			goto failed;
	}
	params.capacity = 0;
	params.ops = &slow_ops;
	slow_cache = objcache_create(names[i], &params);
	if (!IS_ERR(slow_cache))
		return 0;
failed:
	while (i--)
		objcache_destroy(age_caches[i]);
	return -ENOMEM;
}

void bench_golang_destroy(void)
{
	unsigned int i;

	objcache_destroy(slow_cache);
	for (i = 0; i < ARRAY_SIZE(age_caches); i++)
		objcache_destroy(age_caches[i]);
}
