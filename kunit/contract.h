/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the contract suites share: they know the API, debugfs, /proc and trace events,
 * and nothing of how objcache is made inside.
 *
 * A call that may hang is made by a thread of its own, which the test can wait for
 * with patience, or stop waiting for.
 */
#ifndef _OBJCACHE_KUNIT_CONTRACT_H
#define _OBJCACHE_KUNIT_CONTRACT_H

#include <linux/shrinker.h>
#include <linux/workqueue.h>

#include "helpers.h"

/* Work is counted; this only bounds what would never end. */
#define C_PATIENCE_MS	40000

#define c_wait_until(cond)						\
({									\
	unsigned long _end = jiffies + msecs_to_jiffies(C_PATIENCE_MS);	\
	bool _ok;							\
									\
	while (!(_ok = (cond)) && time_before(jiffies, _end))		\
		usleep_range(200, 1000);				\
	_ok;								\
})

/* S8: so many doomed objects, and no more are made. */
#define C_LEAST_BOUND	64

/**
 * struct c_call - a get that may not come back
 * @tc: where from
 * @gfp: how
 * @scope: what current_gfp_context() is to take away: a PF_ flag or 0
 * @crew: the one thread that makes it
 * @obj: what it got
 * @entered: it is about to be made
 * @done: it is over
 */
struct c_call {
	struct tcache *tc;
	gfp_t gfp;
	unsigned int scope;
	struct t_crew *crew;
	struct tobj *obj;
	bool entered;
	bool done;
};

void c_call_prepare(struct kunit *test, struct c_call *call);
void c_call_start(struct c_call *call);
bool c_call_sleeps(struct c_call *call);
bool c_call_join(struct c_call *call);

/* One line of /proc/slabinfo. */
struct c_slab {
	unsigned long active, objs, size, slabs;
};

bool c_slab_read(struct kunit *test, const char *name, struct c_slab *slab);
unsigned long c_kmalloc_active(struct kunit *test, unsigned int size);

/* Of the cache that is created next; see c_shrinker(). */
void c_watch_shrinker(struct kunit *test);
struct shrinker *c_shrinker(struct kunit *test);
unsigned long c_scan(struct shrinker *shrinker, unsigned long nr);

void c_flush_wq(struct workqueue_struct *wq);

/* Every bound kworker has begun what was queued for it before. */
void c_flush_cpus(struct kunit *test);

/* The owner's token, as an interrupt finds it that comes in the midst of a call. */
void c_hold_token(struct tcache *tc);
void c_drop_token(struct tcache *tc);

#endif /* _OBJCACHE_KUNIT_CONTRACT_H */
