// SPDX-License-Identifier: GPL-2.0
/*
 * A user with slow destructors that is unloaded with all its objects on their way out
 *
 * objcache_destroy() has to wait for every one of them (S8, S13): a destructor
 * that came later would run in memory that is no module's any more. The guest
 * script reads the last line of the log.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/module.h>

#include "objcache.h"

#define UNLOAD_OBJECTS	256
#define UNLOAD_DTOR_US	1000

static struct objcache *unload_cache;
static void *unload_objs[UNLOAD_OBJECTS];
static unsigned int unload_got;
static atomic_t unload_destroyed;
/* Shut until all are on their way, however long that takes on a busy host. */
static DECLARE_COMPLETION(unload_gate);

static int unload_ctor(void *obj, void *ctx, gfp_t gfp)
{
	return 0;
}

static void unload_dtor(void *obj, void *ctx)
{
	wait_for_completion(&unload_gate);
	usleep_range(UNLOAD_DTOR_US, UNLOAD_DTOR_US + 100);
	atomic_inc(&unload_destroyed);
}

static const struct objcache_ops unload_ops = {
	.ctor = unload_ctor,
	.dtor = unload_dtor,
};

static int __init unload_init(void)
{
	const struct objcache_params params = {
		.size = 64,
		.ops = &unload_ops,
	};

	unload_cache = objcache_create("unload", &params);
	if (IS_ERR(unload_cache))
		return PTR_ERR(unload_cache);
	unload_got = objcache_get_bulk(unload_cache, GFP_KERNEL, UNLOAD_OBJECTS,
				       unload_objs);
	return 0;
}
module_init(unload_init);

static void __exit unload_exit(void)
{
	unsigned int i, waiting;

	for (i = 0; i < unload_got; i++)
		objcache_discard(unload_cache, unload_objs[i]);
	waiting = unload_got - atomic_read(&unload_destroyed);
	complete_all(&unload_gate);
	objcache_destroy(unload_cache);
	pr_info("%u of %u destroyed, most of them waiting at rmmod: %s\n",
		atomic_read(&unload_destroyed), UNLOAD_OBJECTS,
		waiting > UNLOAD_OBJECTS / 2 ? "yes" : "no");
}
module_exit(unload_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Is unloaded while slow destructors of its objcache wait");
