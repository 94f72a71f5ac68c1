// SPDX-License-Identifier: GPL-2.0
/*
 * Caches that were made through the device
 *
 * Shared by name, counted by session, destroyed with the last one. A session
 * gives back all its objects before it closes its cache, so none is ever
 * destroyed with objects out.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "session.h"

static DEFINE_MUTEX(devcaches_lock);
static LIST_HEAD(devcaches);
static unsigned int devcaches_nr;

/* 0, or -EINVAL and a line that says what would be right. */
int device_check_range(const char *what, u64 value, u64 min, u64 max)
{
	if (value >= min && value <= max)
		return 0;
	pr_notice_ratelimited("device: %s %llu is not within %llu to %llu\n",
			      what, value, min, max);
	return -EINVAL;
}

/*
 * So much below what the core can have that there is room for all that
 * slab_debug= and KASAN add to an object of any alignment.
 */
static u64 devcache_max_size(void)
{
	return min_t(u64, OBJCACHE_DEV_MAX_SIZE,
		     KMALLOC_MAX_SIZE - 3 * PAGE_SIZE);
}

/* What the device limits itself; the rest is objcache_create()'s to refuse. */
static int devcache_validate(const struct objcache_dev_create *create)
{
	const unsigned int kinds = OBJCACHE_DEV_CREATE_OPS |
				   OBJCACHE_DEV_CREATE_PLAIN;
	u64 most;
	int ret;

	if (memchr_inv(create->reserved, 0, sizeof(create->reserved)))
		return -EINVAL;
	if (!memchr(create->name, 0, sizeof(create->name))) {
		pr_notice_ratelimited("device: name has no NUL within %zu bytes\n",
				      sizeof(create->name));
		return -EINVAL;
	}
	/* Either of the two or neither. */
	ret = device_check_range("flags", create->flags, 0, kinds - 1) ?:
	      device_check_range("cache_flags", create->cache_flags, 0,
				 SESSION_CACHE_FLAGS) ?:
	      device_check_range("size", create->size, OBJCACHE_DEV_MIN_SIZE,
				 devcache_max_size());
	if (ret)
		return ret;
	most = min_t(u64, OBJCACHE_DEV_OBJECTS,
		     OBJCACHE_DEV_BYTES / create->size);
	return device_check_range("capacity", create->capacity, 0, most);
}

static struct objcache_params
devcache_params(struct devcache *devcache,
		const struct objcache_dev_create *create)
{
	return (struct objcache_params){
		.size		= create->size,
		.align		= create->align,
		.flags		= create->cache_flags | OBJCACHE_ACCOUNT,
		.batch		= create->batch,
		.capacity	= create->capacity,
		.age_ms		= create->age_ms,
		.ops		= create->flags & OBJCACHE_DEV_CREATE_OPS ?
				  &devobj_ops :
				  create->flags & OBJCACHE_DEV_CREATE_PLAIN ?
				  NULL : &devobj_bare_ops,
		.ctx		= devcache,
	};
}

static int devcache_count(void)
{
	int ret = 0;

	mutex_lock(&devcaches_lock);
	if (devcaches_nr >= OBJCACHE_DEV_CACHES)
		ret = -ENFILE;
	else
		devcaches_nr++;
	mutex_unlock(&devcaches_lock);
	return ret;
}

static void devcache_uncount(void)
{
	mutex_lock(&devcaches_lock);
	devcaches_nr--;
	mutex_unlock(&devcaches_lock);
}

/* The cache itself, within the budget. */
static int devcache_make(struct devcache *devcache,
			 const struct objcache_dev_create *create)
{
	struct objcache_params params = devcache_params(devcache, create);
	struct objcache *cache;
	int ret;

	ret = objcache_cost(devcache->name, &params, &devcache->cost) ?:
	      budget_take_cache(devcache->name, devcache->cost.full);
	if (ret)
		return ret;
	cache = objcache_create(devcache->name, &params);
	if (IS_ERR(cache)) {
		budget_return(devcache->cost.full);
		return PTR_ERR(cache);
	}
	devcache->cache = cache;
	return 0;
}

static struct devcache *devcache_new(const struct objcache_dev_create *create)
{
	struct devcache *devcache = kzalloc(sizeof(*devcache), SESSION_GFP);
	int ret;

	if (!devcache)
		return ERR_PTR(-ENOMEM);
	memcpy(devcache->name, create->name, sizeof(devcache->name));
	devcache->size = create->size;
	devcache->flags = create->flags;
	devcache->sessions = 1;
	ret = devcache_make(devcache, create);
	if (ret) {
		kfree(devcache);
		return ERR_PTR(ret);
	}
	return devcache;
}

/* Without the lock: a create waits for no other's, nor for a close. */
int devcache_create(const struct objcache_dev_create *create,
		    struct devcache **devcache)
{
	int ret = devcache_validate(create) ?: devcache_count();

	if (ret)
		return ret;
	*devcache = devcache_new(create);
	ret = PTR_ERR_OR_ZERO(*devcache);
	if (ret) {
		devcache_uncount();
		return ret;
	}
	mutex_lock(&devcaches_lock);
	list_add(&(*devcache)->node, &devcaches);
	mutex_unlock(&devcaches_lock);
	return 0;
}

/* Takes a reference; NULL if there is none of that name. */
struct devcache *devcache_open(const char *name)
{
	struct devcache *devcache, *found = NULL;

	mutex_lock(&devcaches_lock);
	list_for_each_entry(devcache, &devcaches, node) {
		if (strcmp(devcache->name, name))
			continue;
		devcache->sessions++;
		found = devcache;
		break;
	}
	mutex_unlock(&devcaches_lock);
	return found;
}

/*
 * The name is free on return. Until then who does not find the cache any more
 * may find its name taken still.
 */
void devcache_close(struct devcache *devcache)
{
	bool last;

	mutex_lock(&devcaches_lock);
	last = !--devcache->sessions;
	if (last)
		list_del(&devcache->node);
	mutex_unlock(&devcaches_lock);
	if (!last)
		return;
	objcache_destroy(devcache->cache);
	budget_return(devcache->cost.full);
	devcache_uncount();
	kfree(devcache);
}
