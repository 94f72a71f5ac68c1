// SPDX-License-Identifier: GPL-2.0
/*
 * What a miss with nothing to steal costs: `make scale` loads this in VMs with
 * more and more CPUs
 *
 * For QEMU's -icount, where the clock advances by a nanosecond per instruction:
 * so nanoseconds around a call are its instructions. Of many the least, which is
 * the one that nothing interrupted. Results are parameters, to be read.
 */
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/preempt.h>

#include "objcache.h"

#define ROUNDS	1000

static unsigned int try_get;
module_param(try_get, uint, 0444);
MODULE_PARM_DESC(try_get, "instructions of a try_get that finds nothing");

static unsigned int get;
module_param(get, uint, 0444);
MODULE_PARM_DESC(get, "instructions of a get that makes a fresh object");

static noinline void *call_nothing(struct objcache *cache)
{
	/* Or calls of it would be found to have no effect. */
	barrier();
	return NULL;
}

static noinline void *call_try_get(struct objcache *cache)
{
	return objcache_try_get(cache);
}

static noinline void *call_get(struct objcache *cache)
{
	return objcache_get(cache, GFP_ATOMIC);
}

static u64 __init count_once(struct objcache *cache,
			     void *(*call)(struct objcache *cache))
{
	void *obj;
	u64 ns;

	preempt_disable();
	ns = ktime_get_ns();
	obj = call(cache);
	ns = ktime_get_ns() - ns;
	preempt_enable();
	objcache_discard(cache, obj);
	return ns;
}

static u64 __init count_least(struct objcache *cache,
			      void *(*call)(struct objcache *cache))
{
	u64 least = U64_MAX;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++)
		least = min(least, count_once(cache, call));
	return least;
}

static int __init scale_init(void)
{
	/* Plain, and one at a time: what is counted is not how the slab grows. */
	const struct objcache_params params = { .size = 64, .batch = 1 };
	struct objcache *cache = objcache_create("scale", &params);
	u64 nothing;

	if (IS_ERR(cache))
		return PTR_ERR(cache);
	nothing = count_least(cache, call_nothing);
	try_get = count_least(cache, call_try_get) - nothing;
	get = count_least(cache, call_get) - nothing;
	objcache_destroy(cache);
	return 0;
}

static void __exit scale_exit(void)
{
}

module_init(scale_init);
module_exit(scale_exit);

MODULE_DESCRIPTION("Counts the instructions of an objcache miss");
MODULE_LICENSE("GPL");
