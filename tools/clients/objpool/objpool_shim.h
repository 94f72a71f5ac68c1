/* SPDX-License-Identifier: GPL-2.0 */
/*
 * objpool's interface over objcache, to run the kernel's own test of it
 *
 * Included before anything else, it stands in for <linux/objpool.h>: same names, same
 * contexts. The pool is a cache of a fixed number of objects, made ahead, of which
 * none is destroyed before the pool is.
 */
#ifndef _LINUX_OBJPOOL_H
#define _LINUX_OBJPOOL_H

#include <linux/irqflags.h>
#include <linux/percpu.h>

#include "objcache.h"

struct objpool_head;
struct objpool_shim;

typedef int (*objpool_init_obj_cb)(void *obj, void *context);
typedef int (*objpool_fini_cb)(struct objpool_head *head, void *context);

/**
 * struct objpool_head - what the user of a pool has of it
 * @cache: where the objects are; NULL from objpool_fini() on
 * @shim: what the pool is besides
 * @popping: pops under way, of each CPU
 * @nr_objs: objects in existence
 * @context: the user's
 */
struct objpool_head {
	struct objcache *cache;
	struct objpool_shim *shim;
	int __percpu *popping;
	int nr_objs;
	void *context;
};

/* The kernel's own are exported by these names. */
#define objpool_init	objcache_objpool_init
#define objpool_drop	objcache_objpool_drop
#define objpool_fini	objcache_objpool_fini

int objpool_init(struct objpool_head *pool, int nr_objs, int object_size,
		 gfp_t gfp, void *context, objpool_init_obj_cb objinit,
		 objpool_fini_cb release);
int objpool_drop(void *obj, struct objpool_head *pool);
void objpool_fini(struct objpool_head *pool);

/* objpool_fini() waits for those that are in here, which it cannot have interrupted. */
static inline void *objpool_pop(struct objpool_head *pool)
{
	struct objcache *cache;
	unsigned long flags;
	void *obj = NULL;

	raw_local_irq_save(flags);
	raw_cpu_inc(*pool->popping);
	smp_mb(); /* with objpool_fini(): it sees us, or we see that it has begun */
	cache = READ_ONCE(pool->cache);
	if (likely(cache))
		obj = objcache_try_get(cache);
	smp_mb(); /* with objpool_fini(): what was got has been counted */
	raw_cpu_dec(*pool->popping);
	raw_local_irq_restore(flags);
	return obj;
}

static inline int objpool_push(void *obj, struct objpool_head *pool)
{
	objcache_put(pool->cache, obj);
	return 0;
}

#endif /* _LINUX_OBJPOOL_H */
