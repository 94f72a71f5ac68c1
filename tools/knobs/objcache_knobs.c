// SPDX-License-Identifier: GPL-2.0
/*
 * Caches for scripts: made and used through module parameters, by whoever writes
 * them, on the CPU where it runs
 *
 *	cd /sys/module/objcache_knobs/parameters
 *	echo "mine 64 0 na" >create		name, size, align, letters
 *	taskset 8 sh -c 'echo "mine 10" >park'	ten gets, then ten puts, on CPU 3
 *	echo "mine 1000" >pairs			a get and a put, a thousand times
 *	echo "mine inline" >asleep		a get that may sleep, under a spinlock
 *
 * Letters: c constructed, h SLAB_HWCACHE_ALIGN, n OBJCACHE_NODE_LOCAL, a
 * OBJCACHE_NO_AGING, m eight objects at most; - for none. What the caches do then is to
 * be seen in debugfs. They go with the module. Nobody but a test should load it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "objcache.h"

#define KNOBS_CACHES	256
#define KNOBS_OBJECTS	1024

/* All under the lock that the kernel holds while a parameter is set. */
static struct {
	char name[OBJCACHE_NAME_LEN];
	struct objcache *cache;
} knobs[KNOBS_CACHES];

static unsigned int knobs_nr;
static void *knobs_objs[KNOBS_OBJECTS];

static int knobs_ctor(void *obj, void *ctx, gfp_t gfp)
{
	return 0;
}

static const struct objcache_ops knobs_ops = {
	.ctor = knobs_ctor,
};

static struct objcache *knobs_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < knobs_nr; i++)
		if (!strcmp(knobs[i].name, name))
			return knobs[i].cache;
	pr_err("no cache %s\n", name);
	return NULL;
}

/* ---- create ---- */

static int knobs_create(const char *val, const struct kernel_param *kp)
{
	struct objcache_params params = {};
	char name[OBJCACHE_NAME_LEN], letters[8];
	struct objcache *cache;

	if (sscanf(val, "%31s %u %u %7s", name, &params.size, &params.align,
		   letters) != 4 || knobs_nr == KNOBS_CACHES)
		return -EINVAL;
	if (strchr(letters, 'c'))
		params.ops = &knobs_ops;
	if (strchr(letters, 'h'))
		params.slab_flags |= SLAB_HWCACHE_ALIGN;
	if (strchr(letters, 'n'))
		params.flags |= OBJCACHE_NODE_LOCAL;
	if (strchr(letters, 'a'))
		params.flags |= OBJCACHE_NO_AGING;
	if (strchr(letters, 'm'))
		params.max_objects = 8;
	cache = objcache_create(name, &params);
	if (IS_ERR(cache))
		return PTR_ERR(cache);
	strscpy(knobs[knobs_nr].name, name, OBJCACHE_NAME_LEN);
	knobs[knobs_nr++].cache = cache;
	return 0;
}

static const struct kernel_param_ops knobs_create_ops = {
	.set = knobs_create,
};
module_param_cb(create, &knobs_create_ops, NULL, 0200);
MODULE_PARM_DESC(create, "NAME SIZE ALIGN LETTERS");

/* ---- park, pairs ---- */

static struct objcache *knobs_parse(const char *val, unsigned int *nr)
{
	char name[OBJCACHE_NAME_LEN];

	return sscanf(val, "%31s %u", name, nr) == 2 ? knobs_find(name) : NULL;
}

static int knobs_park(const char *val, const struct kernel_param *kp)
{
	unsigned int nr, got;
	struct objcache *cache = knobs_parse(val, &nr);

	if (!cache || nr > KNOBS_OBJECTS)
		return -EINVAL;
	got = objcache_get_bulk(cache, GFP_KERNEL, nr, knobs_objs);
	/* In a cache with a maximum, that waits for one only. */
	while (got < nr) {
		knobs_objs[got] = objcache_get(cache, GFP_KERNEL);
		if (!knobs_objs[got])
			break;
		got++;
	}
	objcache_put_bulk(cache, got, knobs_objs);
	return got == nr ? 0 : -ENOMEM;
}

static const struct kernel_param_ops knobs_park_ops = {
	.set = knobs_park,
};
module_param_cb(park, &knobs_park_ops, NULL, 0200);
MODULE_PARM_DESC(park, "NAME NR: that many gets, then as many puts");

static int knobs_pairs(const char *val, const struct kernel_param *kp)
{
	unsigned int nr;
	struct objcache *cache = knobs_parse(val, &nr);
	void *obj;

	if (!cache)
		return -EINVAL;
	while (nr--) {
		obj = objcache_get(cache, GFP_KERNEL);
		if (!obj)
			return -ENOMEM;
		objcache_put(cache, obj);
	}
	return 0;
}

static const struct kernel_param_ops knobs_pairs_ops = {
	.set = knobs_pairs,
};
module_param_cb(pairs, &knobs_pairs_ops, NULL, 0200);
MODULE_PARM_DESC(pairs, "NAME NR: a get and a put, that many times");

/* ---- asleep ---- */

static DEFINE_SPINLOCK(knobs_lock);

/* Whatever it gives, and prefill, where something is parked: it need not sleep. */
static int knobs_call(struct objcache *cache, const char *how)
{
	void *obj = NULL;

	if (!strcmp(how, "inline"))
		obj = objcache_get(cache, GFP_KERNEL);
	else if (!strcmp(how, "noinline"))
		obj = objcache_get_noinline(cache, GFP_KERNEL);
	else if (!strcmp(how, "bulk"))
		objcache_get_bulk(cache, GFP_KERNEL, 1, &obj);
	else if (!strcmp(how, "prefill"))
		objcache_prefill(cache, 0, GFP_KERNEL);
	else
		return -EINVAL;
	objcache_put(cache, obj);
	return 0;
}

static int knobs_asleep(const char *val, const struct kernel_param *kp)
{
	char name[OBJCACHE_NAME_LEN], how[16];
	struct objcache *cache;
	int err;

	if (sscanf(val, "%31s %15s", name, how) != 2)
		return -EINVAL;
	cache = knobs_find(name);
	if (!cache)
		return -EINVAL;
	spin_lock(&knobs_lock);
	err = knobs_call(cache, how);
	spin_unlock(&knobs_lock);
	return err;
}

static const struct kernel_param_ops knobs_asleep_ops = {
	.set = knobs_asleep,
};
module_param_cb(asleep, &knobs_asleep_ops, NULL, 0200);
MODULE_PARM_DESC(asleep, "NAME inline|noinline|bulk|prefill: wrong, which some kernels notice");

static int __init knobs_init(void)
{
	return 0;
}

static void __exit knobs_exit(void)
{
	while (knobs_nr)
		objcache_destroy(knobs[--knobs_nr].cache);
}

module_init(knobs_init);
module_exit(knobs_exit);

MODULE_DESCRIPTION("Caches for scripts, made and used through parameters");
MODULE_LICENSE("GPL");
