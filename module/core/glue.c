// SPDX-License-Identifier: GPL-2.0
/*
 * What ties a cache to other parts of the kernel: a device's life, a mempool's types,
 * a module that goes and forgets it
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

/* ---- modules ---- */

#ifdef CONFIG_MODULES
/*
 * A cache is known by the address of the call that made it, until it is known whose
 * that is. It may be in what is __init, and so be another module's later.
 */
static void objcache_attribute(struct module *there, struct module *whose)
{
	struct objcache_core *core;

	mutex_lock(&objcache_mutex);
	list_for_each_entry(core, &objcache_caches, list) {
		if (!within_module(core->made_at, there))
			continue;
		core->made_at = 0;
		core->module = whose;
	}
	mutex_unlock(&objcache_mutex);
}

static struct objcache_core *objcache_left_by(const struct module *module)
{
	struct objcache_core *core, *left = NULL;

	mutex_lock(&objcache_mutex);
	list_for_each_entry(core, &objcache_caches, list)
		if (core->module == module)
			left = core;
	mutex_unlock(&objcache_mutex);
	return left;
}

/* Its exit is over, but its ops are still there. */
static void objcache_destroy_left(struct module *module)
{
	struct objcache_core *core;

	while ((core = objcache_left_by(module))) {
		pr_err("%s: module %s is gone and has not destroyed it\n",
		       core->name, module->name);
		objcache_destroy(&core->pub);
	}
}

static int objcache_module_changes(struct notifier_block *unused,
				   unsigned long state, void *module)
{
	switch (state) {
	case MODULE_STATE_COMING:
		/* Whatever was made there, was made by what was there before. */
		objcache_attribute(module, NULL);
		break;
	case MODULE_STATE_LIVE:
		objcache_attribute(module, module);
		break;
	case MODULE_STATE_GOING:
		objcache_attribute(module, module);
		objcache_destroy_left(module);
		break;
	}
	return NOTIFY_DONE;
}
#else
#define objcache_module_changes NULL
#endif

static struct notifier_block objcache_modules = {
	.notifier_call = objcache_module_changes,
};

/**
 * objcache_modules_start - from here on, what a module forgets goes with it
 *
 * Return: 0 or an errno.
 */
int objcache_modules_start(void)
{
	return register_module_notifier(&objcache_modules);
}

/**
 * objcache_modules_stop - no module is looked at any more
 *
 * Context: Process context.
 */
void objcache_modules_stop(void)
{
	unregister_module_notifier(&objcache_modules);
}
