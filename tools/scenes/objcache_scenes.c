// SPDX-License-Identifier: GPL-2.0
/*
 * Caches that hold memory, for as long as this module is loaded
 *
 * What the guest scripts beside it need and user space cannot make: objects of up to
 * 4 MiB that nobody has out and that do not age. Each cache parks on one CPU only, so
 * that the others have never had to do with it. Those with a minimum have somebody use
 * that all the while, who must always get it.
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/workqueue.h>

#include "objcache.h"

#define MAX_CACHES	16U
#define MAX_LEAST	16U

static unsigned int caches = 4;
module_param(caches, uint, 0444);
MODULE_PARM_DESC(caches, "how many (1 to 16)");

static unsigned int size = 4194240;
module_param(size, uint, 0444);
MODULE_PARM_DESC(size, "bytes of an object");

static unsigned int parked = 16;
module_param(parked, uint, 0444);
MODULE_PARM_DESC(parked, "objects that each has, on CPU 0 (1 to 32768)");

static unsigned int least;
module_param(least, uint, 0444);
MODULE_PARM_DESC(least, "objects that each keeps whatever comes (0 to 16)");

static unsigned int gets;
module_param(gets, uint, 0444);
MODULE_PARM_DESC(gets, "read: gets by who uses what is kept");

static unsigned int failed;
module_param(failed, uint, 0444);
MODULE_PARM_DESC(failed, "read: those that gave nothing");

static struct objcache *cache[MAX_CACHES];
static struct task_struct *user;

static long scenes_fill(void *which)
{
	return objcache_prefill(which, parked, GFP_KERNEL);
}

/* As one that writes pages out has to, for memory to be freed at all. */
static void scenes_use(struct objcache *which)
{
	void *objs[MAX_LEAST];
	unsigned int i;

	for (i = 0; i < least; i++) {
		objs[i] = objcache_get(which, GFP_NOIO);
		WRITE_ONCE(gets, gets + 1);
		WRITE_ONCE(failed, failed + !objs[i]);
	}
	while (i)
		objcache_put(which, objs[--i]);
}

static int scenes_user(void *unused)
{
	unsigned int i;

	while (!kthread_should_stop()) {
		for (i = 0; i < caches; i++)
			scenes_use(cache[i]);
		usleep_range(5000, 10000);
	}
	return 0;
}

static int scenes_add(unsigned int i)
{
	const struct objcache_params params = {
		.size = size, .capacity = 2 * parked, .flags = OBJCACHE_NO_AGING,
		.min_objects = least,
	};
	char name[OBJCACHE_NAME_LEN];
	long filled;

	snprintf(name, sizeof(name), "scenes-%u", i);
	cache[i] = objcache_create(name, &params);
	if (IS_ERR(cache[i]))
		return PTR_ERR(cache[i]);
	filled = work_on_cpu(0, scenes_fill, cache[i]);
	if (filled == parked)
		return 0;
	pr_err("objcache_scenes: %s: %ld of %u objects parked\n", name, filled, parked);
	return -ENOMEM;
}

static void scenes_remove(void)
{
	unsigned int i;

	if (!IS_ERR_OR_NULL(user))
		kthread_stop(user);
	for (i = 0; i < MAX_CACHES; i++)
		if (!IS_ERR_OR_NULL(cache[i]))
			objcache_destroy(cache[i]);
}

static int __init scenes_init(void)
{
	unsigned int i;
	int err = 0;

	if (!caches || caches > MAX_CACHES) {
		pr_err("objcache_scenes: caches %u out of range 1 to %u\n", caches, MAX_CACHES);
		return -EINVAL;
	}
	if (least > MAX_LEAST) {
		pr_err("objcache_scenes: least %u out of range 0 to %u\n", least, MAX_LEAST);
		return -EINVAL;
	}
	for (i = 0; i < caches && !err; i++)
		err = scenes_add(i);
	if (!err && least) {
		user = kthread_run(scenes_user, NULL, "objcache_scenes");
		err = PTR_ERR_OR_ZERO(user);
	}
	if (err)
		scenes_remove();
	return err;
}

static void __exit scenes_exit(void)
{
	scenes_remove();
}

module_init(scenes_init);
module_exit(scenes_exit);

MODULE_DESCRIPTION("Caches that hold memory, for the scenes in a machine of its own");
MODULE_LICENSE("GPL");
