// SPDX-License-Identifier: GPL-2.0
/*
 * A request context as a real driver has it: a crypto transform with its
 * descriptor, and a page. Kept constructed, or made for every request.
 */
#include <crypto/hash.h>
#include <linux/gfp.h>

#include "contenders.h"

#define ALGORITHM	"sha256"
#define POOLED		64

/**
 * struct request - what every request needs
 * @hash: the transform
 * @desc: its state
 * @page: room for the payload
 */
struct request {
	struct crypto_shash *hash;
	struct shash_desc *desc;
	unsigned long page;
};

static struct objcache *request_cache;
static struct kmem_cache *request_slab;
static struct objpool_head request_pool;

static int request_ctor(void *obj, void *ctx, gfp_t gfp)
{
	struct request *request = obj;

	request->hash = crypto_alloc_shash(ALGORITHM, 0, 0);
	if (IS_ERR(request->hash))
		return PTR_ERR(request->hash);
	request->desc = kmalloc(sizeof(*request->desc) +
				crypto_shash_descsize(request->hash), gfp);
	if (!request->desc)
		goto no_desc;
	request->desc->tfm = request->hash;
	request->page = __get_free_page(gfp);
	if (request->page)
		return 0;
	kfree(request->desc);
no_desc:
	crypto_free_shash(request->hash);
	return -ENOMEM;
}

static void request_dtor(void *obj, void *ctx)
{
	struct request *request = obj;

	free_page(request->page);
	kfree_sensitive(request->desc);
	crypto_free_shash(request->hash);
}

static __always_inline void *construct_get(void *pool, gfp_t gfp)
{
	void *obj = kmem_cache_alloc(pool, gfp);

	if (obj && request_ctor(obj, NULL, gfp)) {
		kmem_cache_free(pool, obj);
		obj = NULL;
	}
	return obj;
}

static __always_inline void construct_put(void *pool, void *obj)
{
	if (!obj)
		return;
	request_dtor(obj, NULL);
	kmem_cache_free(pool, obj);
}

static const struct bench_ops kmem_cache_construct_ops = {
	.get = construct_get,
	.put = construct_put,
};

static __always_inline int request_pair(const struct bench_ops *ops, void *pool,
					struct bench_round *round)
{
	return bench_pairs(ops, pool, round, GFP_KERNEL);
}

/* The same contenders, with pools of requests. */
#undef objcache_pool
#define objcache_pool			((void *)request_cache)
#define kmem_cache_construct_pool	((void *)request_slab)
#undef objpool_pool
#define objpool_pool			((void *)&request_pool)

BENCH_DEFINE(request_pair, objcache)
BENCH_DEFINE(request_pair, objcache_inline)
BENCH_DEFINE(request_pair, kmem_cache_construct)
BENCH_DEFINE(request_pair, objpool)

const struct bench_pattern bench_constructed = {
	.name = "constructed",
	.rows = { "constructed" },
	.fn = {
		BENCH_FN(request_pair, objcache),
		BENCH_FN(request_pair, objcache_inline),
		BENCH_FN(request_pair, kmem_cache_construct),
		BENCH_FN(request_pair, objpool),
	},
	.iterations = 1000,
	.step_iterations = 32,
	.warm = 1,
};

/* ---- life ---- */

#if BENCH_HAS_OBJPOOL
static int request_init(void *obj, void *ctx)
{
	return request_ctor(obj, ctx, GFP_KERNEL);
}

static int pool_create(void)
{
	return objpool_init(&request_pool, POOLED, sizeof(struct request),
			    GFP_KERNEL, NULL, request_init, NULL);
}

static void pool_destroy(void)
{
	struct request *request;

	while ((request = objpool_pop(&request_pool)))
		request_dtor(request, NULL);
	objpool_free(&request_pool);
}
#else
static int pool_create(void) { return 0; }
static void pool_destroy(void) { }
#endif

int bench_constructed_create(void)
{
	static const struct objcache_ops ops = {
		.ctor = request_ctor,
		.dtor = request_dtor,
	};
	const struct objcache_params params = {
		.size = sizeof(struct request),
		.ops = &ops,
	};
	int err;

	request_slab = KMEM_CACHE(request, 0);
	if (!request_slab)
		return -ENOMEM;
	request_cache = objcache_create("bench-requests", &params);
	err = PTR_ERR_OR_ZERO(request_cache);
	if (err)
		goto no_cache;
	err = pool_create();
	if (!err)
		return 0;
	objcache_destroy(request_cache);
no_cache:
	kmem_cache_destroy(request_slab);
	return err;
}

void bench_constructed_destroy(void)
{
	pool_destroy();
	objcache_destroy(request_cache);
	kmem_cache_destroy(request_slab);
}
