// SPDX-License-Identifier: GPL-2.0
/*
 * A user that leaves with objects out, for debug mode to find
 *
 * Of its two caches it destroys one all the same, and puts some of that one's objects
 * afterwards; the other one it forgets. tools/example/wrong.sh reads what is said.
 * Their slabs stay for good (S13), and are known by their names.
 */
#include <linux/module.h>

#include "objcache.h"

#define LEAVER_OBJECTS	10
#define LEAVER_LATE	3

static struct objcache *leaver_early, *leaver_left;
static void *leaver_objs[LEAVER_OBJECTS];

/* In the stacks of reports, which are read when what is __init is gone. */
static noinline void leaver_take(struct objcache *cache)
{
	unsigned int i;

	for (i = 0; i < LEAVER_OBJECTS; i++)
		leaver_objs[i] = objcache_get(cache, GFP_KERNEL);
}

static int __init leaver_init(void)
{
	const struct objcache_params params = { .size = 64 };

	leaver_left = objcache_create("kunit-leaver-left", &params);
	if (IS_ERR(leaver_left))
		return PTR_ERR(leaver_left);
	leaver_early = objcache_create("kunit-leaver-early", &params);
	if (IS_ERR(leaver_early)) {
		objcache_destroy(leaver_left);
		return PTR_ERR(leaver_early);
	}
	leaver_take(leaver_left);
	leaver_take(leaver_early);
	return 0;
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
