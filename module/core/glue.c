// SPDX-License-Identifier: GPL-2.0
/*
 * What ties a cache to other parts of the kernel: a device's life, a mempool's types
 */
#include <linux/device.h>
#include <linux/export.h>

#include "core.h"

static void objcache_devm_destroy(void *cache)
{
	objcache_destroy(cache);
}

struct objcache *__devm_objcache_create(struct device *dev, const char *name,
					const struct objcache_params *params,
					unsigned int abi, size_t params_size)
{
	struct objcache *cache;
	int err;

	cache = __objcache_create(name, params, abi, params_size);
	if (IS_ERR(cache))
		return cache;
	err = devm_add_action_or_reset(dev, objcache_devm_destroy, cache);
	return err ? ERR_PTR(err) : cache;
}
EXPORT_SYMBOL_GPL(__devm_objcache_create);

void *objcache_mempool_alloc(gfp_t gfp, void *pool_data)
{
	return objcache_get(pool_data, gfp);
}
EXPORT_SYMBOL_GPL(objcache_mempool_alloc);

void objcache_mempool_free(void *element, void *pool_data)
{
	objcache_put(pool_data, element);
}
EXPORT_SYMBOL_GPL(objcache_mempool_free);
