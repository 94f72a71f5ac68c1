/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels that objcache builds for: 6.1 to 7.3
 */
#ifndef _OBJCACHE_COMPAT_H
#define _OBJCACHE_COMPAT_H

#include <linux/cpuset.h>
#include <linux/hrtimer.h>
#include <linux/sched/isolation.h>
#include <linux/slab.h>
/* Not self-contained in 6.1. */
#include <linux/shrinker.h>
#include <linux/version.h>

/* Since 7.x a bool: all or nothing, as it always was with the int. */
static inline unsigned int objcache_alloc_bulk(struct kmem_cache *slab,
					       gfp_t gfp, unsigned int nr,
					       void **objs)
{
	return kmem_cache_alloc_bulk(slab, gfp, nr, objs) ? nr : 0;
}

/*
 * A slab of our own that is never merged with another. 6.1 has no flag for
 * that, but does not merge a slab with a user-copy window; it is one byte if none
 * is wanted.
 */
static inline struct kmem_cache *
objcache_slab_create(const char *name, unsigned int size, unsigned int align,
		     slab_flags_t flags, unsigned int useroffset,
		     unsigned int usersize)
{
	/*
	 * What slab_debug= adds must not make a slab too large, of which the
	 * kernel would print a trace: up to a page before the object and one
	 * of rounding, by the alignment, and less than one behind it.
	 */
	if (size > KMALLOC_MAX_SIZE - 3 * PAGE_SIZE)
		flags |= SLAB_NO_USER_FLAGS;
#ifdef SLAB_NO_MERGE
	flags |= SLAB_NO_MERGE;
#else
	usersize = usersize ?: 1;
#endif
	return kmem_cache_create_usercopy(name, size, align, flags, useroffset,
					  usersize, NULL);
}

/* Since 6.7 a shrinker is allocated; before, it was part of its user. */
struct objcache_shrinker {
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	struct shrinker *shrinker;
#else
	struct shrinker shrinker;
	void *data;
#endif
};

static inline void *objcache_shrinker_data(struct shrinker *shrinker)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return shrinker->private_data;
#else
	return container_of(shrinker, struct objcache_shrinker, shrinker)->data;
#endif
}

typedef unsigned long objcache_shrink_fn(struct shrinker *shrinker,
					 struct shrink_control *sc);

static inline int objcache_shrinker_register(struct objcache_shrinker *s,
					     void *data, const char *name,
					     objcache_shrink_fn *count,
					     objcache_shrink_fn *scan)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	s->shrinker = shrinker_alloc(0, "objcache-%s", name);
	if (!s->shrinker)
		return -ENOMEM;
	s->shrinker->count_objects = count;
	s->shrinker->scan_objects = scan;
	s->shrinker->seeks = DEFAULT_SEEKS;
	s->shrinker->private_data = data;
	shrinker_register(s->shrinker);
	return 0;
#else
	s->shrinker.count_objects = count;
	s->shrinker.scan_objects = scan;
	s->shrinker.seeks = DEFAULT_SEEKS;
	s->data = data;
	return register_shrinker(&s->shrinker, "objcache-%s", name);
#endif
}

static inline void objcache_shrinker_unregister(struct objcache_shrinker *s)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	shrinker_free(s->shrinker);
#else
	unregister_shrinker(&s->shrinker);
#endif
}

/*
 * Isolated at boot: from the scheduler's domains (isolcpus=), from the tick
 * (isolcpus=nohz) or from work items (nohz_full=). By a cgroup as well, since modules
 * may ask that; before, nobody tells them.
 */
static inline bool objcache_cpu_is_isolated(int cpu)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	if (cpu_is_isolated(cpu))
		return true;
#endif
	return !housekeeping_test_cpu(cpu, HK_TYPE_DOMAIN) ||
	       !housekeeping_test_cpu(cpu, HK_TYPE_TICK) ||
	       !housekeeping_test_cpu(cpu, HK_TYPE_WQ);
}

/* hrtimer_init() and hrtimer_setup() never overlap from 6.1 to 7.x but in 6.13. */
static inline void objcache_hrtimer_setup(struct hrtimer *timer,
					  enum hrtimer_restart (*fn)(struct hrtimer *),
					  enum hrtimer_mode mode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, fn, CLOCK_MONOTONIC, mode);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, mode);
	timer->function = fn;
#endif
}

#endif /* _OBJCACHE_COMPAT_H */
