// SPDX-License-Identifier: GPL-2.0
/*
 * What the contenders' objects come from, made once and kept, so that every
 * pattern meets them warm
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/module.h>

#include "contenders.h"

/* Enough for 10,000 at once on any CPU. */
#define BENCH_OBJPOOL	16384
#define BENCH_FLOOR	(2 * BENCH_OBJPOOL)
#define BENCH_RESERVE	64

struct bench_pools bench_pools;

/* One past the newest object of this CPU's array. */
static DEFINE_PER_CPU(void **, floor_top);

noinline void *bench_floor_get(void)
{
	void **top = raw_cpu_read(floor_top) - 1;

	raw_cpu_write(floor_top, top);
	return *top;
}

noinline void bench_floor_put(void *obj)
{
	void **top = raw_cpu_read(floor_top);

	*top = obj;
	raw_cpu_write(floor_top, top + 1);
}

static void floor_destroy(void)
{
	void **top;
	int cpu;

	for_each_possible_cpu(cpu) {
		top = per_cpu(floor_top, cpu);
		if (top)
			kvfree(top - BENCH_OBJPOOL);
	}
}

/* Its objects are never touched, so any pointer will do. */
static int floor_create(void)
{
	unsigned int i;
	void **slots;
	int cpu;

	for_each_possible_cpu(cpu) {
		slots = kvmalloc_array(BENCH_FLOOR, sizeof(*slots), GFP_KERNEL);
		if (!slots) {
			floor_destroy();
			return -ENOMEM;
		}
		for (i = 0; i < BENCH_OBJPOOL; i++)
			slots[i] = &slots[i];
		per_cpu(floor_top, cpu) = slots + BENCH_OBJPOOL;
	}
	return 0;
}

/* Four batches for each CPU, of the size that is chosen without a limit. */
#define BOUND	(4 * 63 * num_possible_cpus())

static bool reset(void *obj, void *ctx)
{
	return true;
}

static const struct objcache_ops reset_ops = { .reset = reset };

static void objcaches_destroy(void)
{
	objcache_destroy(bench_pools.small);
	objcache_destroy(bench_pools.reset);
	objcache_destroy(bench_pools.bounded);
	objcache_destroy(bench_pools.objcache);
}

static int one_create(struct objcache **cache, const char *name,
		      const struct objcache_params *params)
{
	struct objcache *made = objcache_create(name, params);

	if (IS_ERR(made)) {
		objcaches_destroy();
		return PTR_ERR(made);
	}
	*cache = made;
	return 0;
}

static int objcaches_create(void)
{
	const unsigned int size = BENCH_OBJECT_SIZE;

	return one_create(&bench_pools.objcache, "bench",
			  &(struct objcache_params){ .size = size }) ?:
	       one_create(&bench_pools.bounded, "bench-bounded",
			  &(struct objcache_params){ .size = size,
						     .max_objects = BOUND }) ?:
	       one_create(&bench_pools.reset, "bench-reset",
			  &(struct objcache_params){ .size = size,
						     .ops = &reset_ops }) ?:
	       one_create(&bench_pools.small, "bench-64",
			  &(struct objcache_params){ .size = 64 });
}

#if BENCH_HAS_OBJPOOL
static int objpool_create(void)
{
	return objpool_init(&bench_pools.objpool, BENCH_OBJPOOL,
			    BENCH_OBJECT_SIZE, GFP_KERNEL, NULL, NULL, NULL);
}

static void objpool_destroy(void)
{
	objpool_free(&bench_pools.objpool);
}
#else
static int objpool_create(void) { return 0; }
static void objpool_destroy(void) { }
#endif

/**
 * bench_slab_create - the slab that objcache is compared with
 * @name: of its own, it is never merged
 * @size: of its objects
 */
struct kmem_cache *bench_slab_create(const char *name, unsigned int size)
{
#ifdef SLAB_NO_MERGE
	return kmem_cache_create(name, size, 0, SLAB_NO_MERGE, NULL);
#else
	/* A user-copy window does the same on 6.1; it is one byte. */
	return kmem_cache_create_usercopy(name, size, 0, 0, 0, 1, NULL);
#endif
}

static int slab_create(void)
{
	bench_pools.slab = bench_slab_create("objcache_bench", BENCH_OBJECT_SIZE);
	if (!bench_pools.slab)
		return -ENOMEM;
	bench_pools.mempool = mempool_create_slab_pool(BENCH_RESERVE,
						       bench_pools.slab);
	if (bench_pools.mempool)
		return 0;
	kmem_cache_destroy(bench_pools.slab);
	return -ENOMEM;
}

static void slab_destroy(void)
{
	mempool_destroy(bench_pools.mempool);
	kmem_cache_destroy(bench_pools.slab);
}

int bench_contenders_create(void)
{
	int err;

	err = floor_create();
	if (err)
		return err;
	err = objcaches_create();
	if (err)
		goto no_objcaches;
	err = objpool_create();
	if (err)
		goto no_objpool;
	err = slab_create();
	if (!err)
		return 0;
	objpool_destroy();
no_objpool:
	objcaches_destroy();
no_objcaches:
	floor_destroy();
	return err;
}

void bench_contenders_destroy(void)
{
	slab_destroy();
	objpool_destroy();
	objcaches_destroy();
	floor_destroy();
}

bool bench_contender_is_there(enum bench_contender_id id)
{
	return id != BENCH_objpool || BENCH_HAS_OBJPOOL;
}

/* After a pattern: nothing is out, and everything is accounted for. */
int bench_check_books(struct objcache *cache)
{
	struct objcache_stats s;

	objcache_drain(cache);
	objcache_read_stats(cache, &s);
	if (!s.in_use && !s.parked && !s.releasing && s.created == s.destroyed)
		return 0;
	pr_err("the books do not balance: created %llu destroyed %llu parked %llu releasing %llu in use %llu\n",
	       s.created, s.destroyed, s.parked, s.releasing, s.in_use);
	return -EUCLEAN;
}
