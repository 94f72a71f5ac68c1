/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a test can see and do from outside: /proc, calls that may hang, kworkers. It
 * knows nothing of how objcache is made.
 *
 * A call that may hang is made by a thread of its own, which the test can wait for
 * with patience, or stop waiting for.
 */
#ifndef _OBJCACHE_KUNIT_OUTSIDE_H
#define _OBJCACHE_KUNIT_OUTSIDE_H

#include <linux/workqueue.h>

#include "helpers.h"

/* S8: so many doomed objects, and no more are made. */
#define T_LEAST_BOUND	64

/**
 * struct t_call - a get that may not come back
 * @tc: where from
 * @gfp: how
 * @scope: what current_gfp_context() is to take away: a PF_ flag or 0
 * @crew: the one thread that makes it
 * @obj: what it got
 * @entered: it is about to be made
 * @done: it is over
 */
struct t_call {
	struct tcache *tc;
	gfp_t gfp;
	unsigned int scope;
	struct t_crew *crew;
	struct tobj *obj;
	bool entered;
	bool done;
};

void t_call_prepare(struct kunit *test, struct t_call *call);
void t_call_start(struct t_call *call);
bool t_call_sleeps(struct t_call *call);
bool t_call_join(struct t_call *call);

/* One line of /proc/slabinfo. */
struct t_slab {
	unsigned long active, objs, size, slabs;
};

bool t_slab_read(struct kunit *test, const char *name, struct t_slab *slab);
unsigned long t_kmalloc_active(struct kunit *test, unsigned int size);

void t_flush_wq(struct workqueue_struct *wq);

/* Every bound kworker has begun what was queued for it before. */
void t_flush_cpus(struct kunit *test);

#endif /* _OBJCACHE_KUNIT_OUTSIDE_H */
