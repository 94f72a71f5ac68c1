// SPDX-License-Identifier: GPL-2.0
/*
 * A user that leaves with objects out, for debug mode to find
 *
 * Of its three caches it destroys one all the same, and puts some of that one's objects
 * afterwards; the others it forgets, one with ops of its own and one without.
 * tools/example/wrong.sh reads what is said.
 * Their slabs stay for good (S13), and are known by their names.
 */
#include <linux/module.h>

#include "objcache.h"

#define LEAVER_OBJECTS	10
#define LEAVER_LATE	3

static struct objcache *leaver_early;
static void *leaver_objs[LEAVER_OBJECTS];

/* Any that is called when we are gone is called in nowhere. */
static bool leaver_reset(void *obj, void *ctx)
{
	return true;
}

static const struct objcache_ops leaver_ops = { .reset = leaver_reset };

/* In the stacks of reports, which are read when what is __init is gone. */
static noinline void leaver_take(struct objcache *cache)
{
	unsigned int i;

	for (i = 0; i < LEAVER_OBJECTS; i++)
		leaver_objs[i] = objcache_get(cache, GFP_KERNEL);
}

static struct objcache *__init leaver_create(const char *name,
					     const struct objcache_ops *ops)
{
	const struct objcache_params params = { .size = 64, .ops = ops };
	struct objcache *cache = objcache_create(name, &params);

	if (!IS_ERR(cache))
		leaver_take(cache);
	return cache;
}

/* What has been made when another cannot be is left as well. */
static int __init leaver_init(void)
{
	if (IS_ERR(leaver_create("kunit-leaver-plain", NULL)) ||
	    IS_ERR(leaver_create("kunit-leaver-left", &leaver_ops)))
		return -ENOMEM;
	leaver_early = leaver_create("kunit-leaver-early", NULL);
	return PTR_ERR_OR_ZERO(leaver_early);
}
module_init(leaver_init);

static void __exit leaver_exit(void)
{
	unsigned int i;

	objcache_destroy(leaver_early);
	for (i = 0; i < LEAVER_LATE; i++)
		objcache_put(leaver_early, leaver_objs[i]);
}
module_exit(leaver_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Leaves with objects of objcache out, for its debug mode to find");
