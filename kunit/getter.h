/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Gets that may wait: each made by a thread of its own, bound to a CPU.
 */
#ifndef _OBJCACHE_KUNIT_GETTER_H
#define _OBJCACHE_KUNIT_GETTER_H

#include "helpers.h"

/**
 * struct t_getter - a get that may not come back
 * @tc: where from
 * @gfp: how
 * @bulk: so many in one call; 0: one, by objcache_get_err()
 * @scope: PF_ flags that current_gfp_context() is to see
 * @task: the thread
 * @objs: what it got
 * @got: how many those are
 * @err: why there is none
 * @entered: it is about to be made
 * @over: completed when it is
 */
struct t_getter {
	struct tcache *tc;
	gfp_t gfp;
	unsigned int bulk;
	unsigned int scope;
	struct task_struct *task;
	struct tobj *objs[8];
	unsigned int got;
	int err;
	bool entered;
	struct completion over;
};

/* From the @nth CPU; it is over at the end of the test at the latest. */
struct t_getter *t_getter_start(struct kunit *test, struct tcache *tc, gfp_t gfp,
				unsigned int nth);
struct t_getter *t_getter_start_as(struct kunit *test, const struct t_getter *like,
				   unsigned int nth);

/* It waits for an object: asleep in the call. */
bool t_getter_waits(struct t_getter *getter);

/* It comes back within the patience of a test. */
bool t_getter_comes(struct t_getter *getter);
bool t_getter_is_back(struct t_getter *getter);

/* Why there is none for @gfp; 0: there is one; -ETIMEDOUT: it waits for it, and waits on. */
int t_getter_says(struct kunit *test, struct tcache *tc, gfp_t gfp);

/* Its thread is killed; as far as threads of the kernel can be. */
void t_getter_kill(struct t_getter *getter);

/* What it got is put by the test's own thread. */
void t_getter_puts(struct t_getter *getter);

#endif /* _OBJCACHE_KUNIT_GETTER_H */
