// SPDX-License-Identifier: GPL-2.0
/*
 * What a get and a put take of a pool such as a client has, in nanoseconds: on a clock
 * that counts instructions, in instructions
 *
 * Built for one kind of pool, which its Kbuild file names: objpool (with the shim in
 * front of it, objcache under its interface), mempool as dm-crypt has it, or what
 * crypt.cocci puts in its place.
 */
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>

#define POOL_OBJECTS	64 /* MIN_IOS of dm-crypt */
#define POOL_SIZE	500 /* a request of it with xts(aes), by and large */
#define ROUNDS		16
#define PAIRS		1000

#if defined(PAIRS_OBJPOOL)
#include <linux/objpool.h>

static struct objpool_head pool;

static int pool_create(void)
{
	return objpool_init(&pool, POOL_OBJECTS, POOL_SIZE, GFP_KERNEL, NULL,
			    NULL, NULL);
}

static void pool_destroy(void)
{
	objpool_fini(&pool);
}

#define pool_get()	objpool_pop(&pool)
#define pool_put(obj)	objpool_push(obj, &pool)
#elif defined(PAIRS_MEMPOOL)
#include <linux/mempool.h>

static mempool_t pool;

static int pool_create(void)
{
	return mempool_init_kmalloc_pool(&pool, POOL_OBJECTS, POOL_SIZE);
}

static void pool_destroy(void)
{
	mempool_exit(&pool);
}

#define pool_get()	mempool_alloc(&pool, GFP_NOIO)
#define pool_put(obj)	mempool_free(obj, &pool)
#elif defined(PAIRS_OBJCACHE)
#include "objcache.h"

static struct objcache *pool;

static int pool_create(void)
{
	const struct objcache_params params = {
		.size = POOL_SIZE,
		.align = ARCH_KMALLOC_MINALIGN,
		.min_objects = POOL_OBJECTS,
	};

	pool = objcache_create("pairs", &params);
	return PTR_ERR_OR_ZERO(pool);
}

static void pool_destroy(void)
{
	objcache_destroy(pool);
}

#define pool_get()	objcache_get(pool, GFP_NOIO)
#define pool_put(obj)	objcache_put(pool, obj)
#else
#error which kind of pool?
#endif

/* Of all pairs of a round, or 0: there was no object. */
static u64 round_of_pairs(void)
{
	u64 start = ktime_get_ns();
	int i;

	for (i = 0; i < PAIRS; i++) {
		void *obj = pool_get();

		if (!obj)
			return 0;
		pool_put(obj);
	}
	return ktime_get_ns() - start;
}

/* The round that no interrupt came into; the first one warms up. */
static int __init pairs_init(void)
{
	u64 took, best = U64_MAX;
	int i, err = pool_create();

	if (err)
		return err;
	for (i = 0; i < ROUNDS; i++) {
		took = round_of_pairs();
		best = min(best, took);
		if (!took)
			break;
	}
	pool_destroy();
	if (!best)
		return -ENOMEM;
	pr_info("pairs: %llu.%llu for a pair\n", div_u64(best, PAIRS),
		div_u64(best, PAIRS / 10) % 10);
	return 0;
}

static void __exit pairs_exit(void)
{
}

module_init(pairs_init);
module_exit(pairs_exit);

MODULE_DESCRIPTION("What a get and a put take");
MODULE_LICENSE("GPL");
