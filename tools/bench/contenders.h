/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who is compared: the same few operations of each contender, all inline down
 * to the contender's own calls, so that a loop contains nothing else
 */
#ifndef _OBJCACHE_BENCH_CONTENDERS_H
#define _OBJCACHE_BENCH_CONTENDERS_H

#include <linux/mempool.h>
#include <linux/slab.h>

#include "bench.h"
#include "objcache.h"

/* Kbuild looks for it. */
#if BENCH_HAS_OBJPOOL
#include <linux/objpool.h>
#else
struct objpool_head {
	int none;
};

static inline void *objpool_pop(struct objpool_head *pool) { return NULL; }
static inline int objpool_push(void *obj, struct objpool_head *pool) { return 0; }
#endif

/**
 * struct bench_pools - what the contenders' objects come from
 * @objcache: of the default capacity, no constructor
 * @bounded: the same with a limit that nothing here reaches
 * @reset: the same with a reset that has nothing to do
 * @small: of 64-byte objects: only its memory is looked at
 * @slab: of the size of @objcache, never merged
 * @objpool: fixed, of BENCH_OBJPOOL objects
 * @mempool: reserve in front of @slab
 */
struct bench_pools {
	struct objcache *objcache;
	struct objcache *bounded;
	struct objcache *reset;
	struct objcache *small;
	struct kmem_cache *slab;
	struct objpool_head objpool;
	mempool_t *mempool;
};

extern struct bench_pools bench_pools;

/**
 * struct bench_ops - a contender
 * @get: one object
 * @put: back
 * @get_bulk: several at once, if it can
 * @put_bulk: back at once
 * @drain: gives parked and deferred memory back, if there is any
 *
 * Constant in every loop, so nothing of it is there at run time.
 */
struct bench_ops {
	void *(*get)(void *pool, gfp_t gfp);
	void (*put)(void *pool, void *obj);
	bool (*get_bulk)(void *pool, gfp_t gfp, unsigned int nr, void **objs);
	void (*put_bulk)(void *pool, unsigned int nr, void **objs);
	void (*drain)(void *pool);
};

/*
 * ---- floor: the least that a cache per CPU can do, in two called functions ----
 *
 * Not protected against anything: neither preemption, interrupts nor its ends.
 */

void *bench_floor_get(void);
void bench_floor_put(void *obj);

static __always_inline void *floor_get(void *pool, gfp_t gfp)
{
	return bench_floor_get();
}

static __always_inline void floor_put(void *pool, void *obj)
{
	bench_floor_put(obj);
}

static const struct bench_ops __maybe_unused floor_ops = {
	.get = floor_get,
	.put = floor_put,
};

#define floor_pool	NULL

/* ---- objcache, called ---- */

static __always_inline void *called_get(void *pool, gfp_t gfp)
{
	return objcache_get_noinline(pool, gfp);
}

static __always_inline void called_put(void *pool, void *obj)
{
	objcache_put_noinline(pool, obj);
}

static __always_inline bool called_get_bulk(void *pool, gfp_t gfp,
					    unsigned int nr, void **objs)
{
	return objcache_get_bulk(pool, gfp, nr, objs) == nr;
}

static __always_inline void called_put_bulk(void *pool, unsigned int nr,
					    void **objs)
{
	objcache_put_bulk(pool, nr, objs);
}

static __always_inline void called_drain(void *pool)
{
	objcache_drain(pool);
}

static const struct bench_ops __maybe_unused objcache_ops = {
	.get = called_get,
	.put = called_put,
	.get_bulk = called_get_bulk,
	.put_bulk = called_put_bulk,
	.drain = called_drain,
};

#define objcache_pool	((void *)bench_pools.objcache)

/* ---- objcache, inline ---- */

static __always_inline void *inline_get(void *pool, gfp_t gfp)
{
	return objcache_get(pool, gfp);
}

static __always_inline void inline_put(void *pool, void *obj)
{
	objcache_put(pool, obj);
}

static const struct bench_ops __maybe_unused objcache_inline_ops = {
	.get = inline_get,
	.put = inline_put,
	.drain = called_drain,
};

#define objcache_inline_pool	objcache_pool

/* ---- kmem_cache ---- */

static __always_inline void *slab_get(void *pool, gfp_t gfp)
{
	return kmem_cache_alloc(pool, gfp);
}

static __always_inline void slab_put(void *pool, void *obj)
{
	kmem_cache_free(pool, obj);
}

/* Since 7.x a bool; before, nr or 0. */
static __always_inline bool slab_get_bulk(void *pool, gfp_t gfp,
					  unsigned int nr, void **objs)
{
	return kmem_cache_alloc_bulk(pool, gfp, nr, objs);
}

static __always_inline void slab_put_bulk(void *pool, unsigned int nr,
					  void **objs)
{
	kmem_cache_free_bulk(pool, nr, objs);
}

static const struct bench_ops __maybe_unused kmem_cache_ops = {
	.get = slab_get,
	.put = slab_put,
	.get_bulk = slab_get_bulk,
	.put_bulk = slab_put_bulk,
};

#define kmem_cache_pool	((void *)bench_pools.slab)

/* ---- objpool ---- */

static __always_inline void *pool_get(void *pool, gfp_t gfp)
{
	return objpool_pop(pool);
}

static __always_inline void pool_put(void *pool, void *obj)
{
	objpool_push(obj, pool);
}

static const struct bench_ops __maybe_unused objpool_ops = {
	.get = pool_get,
	.put = pool_put,
};

#define objpool_pool	((void *)&bench_pools.objpool)

/* ---- mempool ---- */

static __always_inline void *reserve_get(void *pool, gfp_t gfp)
{
	return mempool_alloc(pool, gfp);
}

static __always_inline void reserve_put(void *pool, void *obj)
{
	mempool_free(obj, pool);
}

static const struct bench_ops __maybe_unused mempool_ops = {
	.get = reserve_get,
	.put = reserve_put,
};

#define mempool_pool	((void *)bench_pools.mempool)

/*
 * BENCH_DEFINE(loop, contender): compiles the inline function loop for one
 * contender; BENCH_FN(loop, contender): its place in a pattern's table.
 */
#define BENCH_DEFINE(loop, contender)					\
static noinline int loop##_##contender(struct bench_round *round)	\
{									\
	return loop(&contender##_ops, contender##_pool, round);		\
}

#define BENCH_FN(loop, contender) [BENCH_##contender] = loop##_##contender

/* Those that can do whatever needs get and put on one CPU. */
#define BENCH_DEFINE_ALL(loop)						\
	BENCH_DEFINE(loop, floor)					\
	BENCH_DEFINE(loop, objcache)					\
	BENCH_DEFINE(loop, objcache_inline)				\
	BENCH_DEFINE(loop, kmem_cache)					\
	BENCH_DEFINE(loop, objpool)					\
	BENCH_DEFINE(loop, mempool)

#define BENCH_FN_ALL(loop)						\
	BENCH_FN(loop, floor),						\
	BENCH_FN(loop, objcache),					\
	BENCH_FN(loop, objcache_inline),				\
	BENCH_FN(loop, kmem_cache),					\
	BENCH_FN(loop, objpool),					\
	BENCH_FN(loop, mempool)

/* A get and a put, as often as the round says. */
static __always_inline int bench_pairs(const struct bench_ops *ops, void *pool,
				       struct bench_round *round, gfp_t gfp)
{
	unsigned int i, n = round->iterations;
	u64 start;

	round->ops = n;
	start = bench_begin();
	for (i = 0; i < n; i++)
		ops->put(pool, ops->get(pool, gfp));
	bench_end(&round->cost[0], start);
	return 0;
}

/* A contender that had no memory: the round is void, nothing is lost. */
static inline int bench_put_if_short(const struct bench_ops *ops, void *pool,
				     void **objs, unsigned int nr)
{
	unsigned int i, short_of = 0;

	for (i = 0; i < nr; i++)
		short_of += !objs[i];
	if (likely(!short_of))
		return 0;
	for (i = 0; i < nr; i++)
		if (objs[i])
			ops->put(pool, objs[i]);
	return -ENOMEM;
}

/*
 * Many gets, then many puts. Millions of single steps take minutes, so there only
 * one object in BENCH_SAMPLE is looked at: a number that has no divisor in common
 * with any batch.
 */
#define BENCH_SAMPLE	11U

static __always_inline void
bench_get_array(const struct bench_ops *ops, void *pool, void **objs,
		unsigned int nr, struct bench_cost *cost)
{
	struct bench_cost sampled = {};
	unsigned int i;
	u64 start;

	if (!bench_stepping) {
		start = bench_clock();
		for (i = 0; i < nr; i++)
			objs[i] = ops->get(pool, GFP_KERNEL);
		bench_end(cost, start);
		return;
	}
	for (i = 0; i < nr; i++) {
		if (i % BENCH_SAMPLE) {
			objs[i] = ops->get(pool, GFP_KERNEL);
			continue;
		}
		start = bench_begin();
		objs[i] = ops->get(pool, GFP_KERNEL);
		bench_end(&sampled, start);
	}
	bench_add_sampled(cost, &sampled, nr);
}

static __always_inline void
bench_put_array(const struct bench_ops *ops, void *pool, void **objs,
		unsigned int nr, struct bench_cost *cost)
{
	struct bench_cost sampled = {};
	unsigned int i;
	u64 start;

	if (!bench_stepping) {
		start = bench_clock();
		for (i = 0; i < nr; i++)
			ops->put(pool, objs[i]);
		bench_end(cost, start);
		return;
	}
	for (i = 0; i < nr; i++) {
		if (i % BENCH_SAMPLE) {
			ops->put(pool, objs[i]);
			continue;
		}
		start = bench_begin();
		ops->put(pool, objs[i]);
		bench_end(&sampled, start);
	}
	bench_add_sampled(cost, &sampled, nr);
}

#endif /* _OBJCACHE_BENCH_CONTENDERS_H */
