/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What 6.1's KUnit lacks of what the suites use
 */
#ifndef _OBJCACHE_KUNIT_COMPAT_H
#define _OBJCACHE_KUNIT_COMPAT_H

#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/version.h>
#include <linux/workqueue.h>

/* Since 6.6; before, no flag says it. */
#ifndef SLAB_NO_MERGE
#define SLAB_NO_MERGE	0
#endif

#ifndef KUNIT_EXPECT_MEMEQ
#define KUNIT_EXPECT_MEMEQ(test, left, right, size) \
	KUNIT_EXPECT_EQ(test, memcmp(left, right, size), 0)
#endif

#ifndef KUNIT_CASE_SLOW
#define KUNIT_CASE_SLOW(name)	KUNIT_CASE(name)
#endif

/* Since 6.17 a workqueue says that it is bound to CPUs; before, it just was. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
#define T_WQ_PERCPU	WQ_PERCPU
#else
#define T_WQ_PERCPU	0
#endif

/* The kernel's shrinker in a struct objcache_shrinker; see ../module/compat.h. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
#define t_shrinker_of(s)	((s)->shrinker)
#else
#define t_shrinker_of(s)	(&(s)->shrinker)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)

struct kunit_compat_action {
	void (*action)(void *data);
	void *data;
};

static inline int kunit_compat_init(struct kunit_resource *res, void *context)
{
	res->data = kmemdup(context, sizeof(struct kunit_compat_action),
			    GFP_KERNEL);
	return res->data ? 0 : -ENOMEM;
}

static inline void kunit_compat_free(struct kunit_resource *res)
{
	struct kunit_compat_action *deferred = res->data;

	deferred->action(deferred->data);
	kfree(deferred);
}

/* As since 6.5: @action runs when the test ends, or now if that fails. */
static inline int kunit_add_action_or_reset(struct kunit *test,
					    void (*action)(void *data),
					    void *data)
{
	struct kunit_compat_action deferred = { action, data };

	if (kunit_alloc_resource(test, kunit_compat_init, kunit_compat_free,
				 GFP_KERNEL, &deferred))
		return 0;
	action(data);
	return -ENOMEM;
}

static inline bool kunit_compat_match(struct kunit *test,
				      struct kunit_resource *res, void *wanted)
{
	return res->free == kunit_compat_free &&
	       !memcmp(res->data, wanted, sizeof(struct kunit_compat_action));
}

/* As since 6.5: @action runs now instead of when the test ends. */
static inline void kunit_release_action(struct kunit *test,
					void (*action)(void *data), void *data)
{
	struct kunit_compat_action deferred = { action, data };

	kunit_destroy_resource(test, kunit_compat_match, &deferred);
}

#endif

#endif /* _OBJCACHE_KUNIT_COMPAT_H */
