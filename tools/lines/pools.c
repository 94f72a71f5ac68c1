// SPDX-License-Identifier: GPL-2.0
/*
 * What the contenders' objects come from
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/mm.h>

#include "contenders.h"
#include "lines.h"
#include "spsc.h"

struct bench_pools bench_pools;

/* One for each pair of CPUs that hands objects over. */
static struct bench_spsc **rings;

/* A ring of @worker's pair. */
struct bench_spsc *lines_ring(unsigned int worker)
{
	return rings[worker / 2];
}

static void rings_destroy(void)
{
	unsigned int i;

	for (i = 0; i < num_online_cpus() / 2; i++)
		kvfree(rings[i]);
	kfree(rings);
}

/*
 * Half full, so that neither side ever waits. The objects are never touched: any
 * pointer will do.
 */
static struct bench_spsc *ring_create(void)
{
	struct bench_spsc *ring = kvzalloc(sizeof(*ring), GFP_KERNEL);
	unsigned int i;

	if (!ring)
		return NULL;
	ring->limit = SPSC_SLOTS;
	for (i = 0; i < SPSC_SLOTS * SPSC_BATCH / 2; i++)
		bench_spsc_put(ring, ring);
	return ring;
}

static int rings_create(void)
{
	unsigned int i, nr = num_online_cpus() / 2;

	rings = kcalloc(nr, sizeof(*rings), GFP_KERNEL);
	if (!rings)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		rings[i] = ring_create();
		if (!rings[i]) {
			rings_destroy();
			return -ENOMEM;
		}
	}
	return 0;
}

/*
 * Few enough that a CPU which only gets has soon none of its own, and enough for
 * all that are on their way in any pattern.
 */
#if BENCH_HAS_OBJPOOL
static int pool_create(void)
{
	return objpool_init(&bench_pools.objpool,
			    2 * LINES_BOX + 2 * LINES_CHUNK * num_online_cpus(),
			    BENCH_OBJECT_SIZE, GFP_KERNEL, NULL, NULL, NULL);
}

static void pool_destroy(void)
{
	objpool_free(&bench_pools.objpool);
}
#else
static int pool_create(void) { return 0; }
static void pool_destroy(void) { }
#endif

/* Never merged: on 6.1 a user-copy window, of one byte, sees to that. */
static struct kmem_cache *slab_create(void)
{
#ifdef SLAB_NO_MERGE
	return kmem_cache_create("objcache_lines", BENCH_OBJECT_SIZE, 0,
				 SLAB_NO_MERGE, NULL);
#else
	return kmem_cache_create_usercopy("objcache_lines", BENCH_OBJECT_SIZE,
					  0, 0, 0, 1, NULL);
#endif
}

int lines_pools_create(void)
{
	struct objcache_params params = { .size = BENCH_OBJECT_SIZE };
	int err;

	err = rings_create();
	if (err)
		return err;
	bench_pools.objcache = objcache_create("lines", &params);
	err = PTR_ERR_OR_ZERO(bench_pools.objcache);
	if (err)
		goto no_objcache;
	err = pool_create();
	if (err)
		goto no_objpool;
	bench_pools.slab = slab_create();
	if (bench_pools.slab)
		return 0;
	err = -ENOMEM;
	pool_destroy();
no_objpool:
	objcache_destroy(bench_pools.objcache);
no_objcache:
	rings_destroy();
	return err;
}

void lines_pools_destroy(void)
{
	kmem_cache_destroy(bench_pools.slab);
	pool_destroy();
	objcache_destroy(bench_pools.objcache);
	rings_destroy();
}

/* After a run nothing is out, and everything is accounted for. */
int lines_pools_check(void)
{
	struct objcache_stats s;

	objcache_drain(bench_pools.objcache);
	kmem_cache_shrink(bench_pools.slab);
	objcache_read_stats(bench_pools.objcache, &s);
	if (!s.in_use && !s.parked && !s.releasing && s.created == s.destroyed)
		return 0;
	pr_err("the books do not balance: created %llu destroyed %llu parked %llu releasing %llu in use %llu\n",
	       s.created, s.destroyed, s.parked, s.releasing, s.in_use);
	return -EUCLEAN;
}
