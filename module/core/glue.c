// SPDX-License-Identifier: GPL-2.0
/*
 * What ties a cache to other parts of the kernel: a device's life, a mempool's types,
 * what kmem_cache's users know, a module that goes and forgets it
 */
#include <linux/device.h>
#include <linux/export.h>
#include <linux/module.h>
#include <linux/notifier.h>

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

/* Out of line, and so with a look whether it is a cache, which inline calls do without. */
void *objcache_mempool_alloc(gfp_t gfp, void *pool_data)
{
	return objcache_get_noinline(pool_data, gfp);
}
EXPORT_SYMBOL_GPL(objcache_mempool_alloc);

void objcache_mempool_free(void *element, void *pool_data)
{
	objcache_put_noinline(pool_data, element);
}
EXPORT_SYMBOL_GPL(objcache_mempool_free);

void *objcache_get_zeroed(struct objcache *cache, gfp_t gfp)
{
	struct objcache_core *core = to_core(cache);
	void *obj;

	if (!objcache_cache_ok(cache, "get_zeroed"))
		return NULL;
	if (core->ops.ctor) {
		pr_err_ratelimited("%s: get_zeroed of a cache with a constructor, refused\n",
				   core->name);
		return NULL;
	}
	obj = objcache_get(cache, gfp);
	return obj ? memset(obj, 0, core->params.size) : NULL;
}
EXPORT_SYMBOL_GPL(objcache_get_zeroed);

/* ---- modules ---- */

#ifdef CONFIG_MODULES
/* Whether it would call what has been in @module; NULL: any. */
static bool objcache_calls(const struct objcache_core *core,
			   const struct module *module)
{
	const struct objcache_ops *ops = &core->ops;

	return !module || within_module((unsigned long)ops->ctor, module) ||
	       within_module((unsigned long)ops->dtor, module) ||
	       within_module((unsigned long)ops->reset, module);
}

static struct objcache_core *objcache_left_by(const struct module *module)
{
	struct objcache_core *core, *left = NULL;

	mutex_lock(&objcache_mutex);
	list_for_each_entry(core, &objcache_caches, list)
		if (objcache_calls(core, module))
			left = core;
	mutex_unlock(&objcache_mutex);
	return left;
}

static void objcache_destroy_left(const struct module *module, const char *name)
{
	struct objcache_core *core;

	while ((core = objcache_left_by(module))) {
		pr_err("%s: %s is gone and has not destroyed it\n", core->name,
		       name);
		objcache_destroy(&core->pub);
	}
}

/* Its exit is over, or its init has failed; its ops are still there. */
static int objcache_module_goes(struct notifier_block *unused,
				unsigned long state, void *data)
{
	const struct module *module = data;

	if (state == MODULE_STATE_GOING)
		objcache_destroy_left(module, module->name);
	return NOTIFY_DONE;
}

static struct notifier_block objcache_modules = {
	.notifier_call = objcache_module_goes,
};

/**
 * objcache_modules_start - what a module forgets goes with it from here on
 *
 * A cache whose ops are its. Whose a cache without ops is, nobody can know: that
 * one stays, and goes with us.
 *
 * Return: 0 or an errno.
 */
int objcache_modules_start(void)
{
	return register_module_notifier(&objcache_modules);
}

/**
 * objcache_modules_stop - nobody is left who could use a cache
 *
 * Context: Process context, sleeps.
 */
void objcache_modules_stop(void)
{
	unregister_module_notifier(&objcache_modules);
	objcache_destroy_left(NULL, "its user");
}
#endif
