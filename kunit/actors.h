/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Actors: each holds a few objects and does something at random with them, from
 * a context of its own on one CPU. Usable in any context.
 */
#ifndef _OBJCACHE_KUNIT_ACTORS_H
#define _OBJCACHE_KUNIT_ACTORS_H

#include "helpers.h"

#define T_HELD_MAX	12

/**
 * struct t_actor - somebody who uses a cache
 * @tc: the cache
 * @who: the stamp on the objects it holds
 * @random: state of its generator; repeatable
 * @gfp: with which it may get; 0: it only tries
 * @may_bulk: it may use the bulk calls
 * @may_discard: it discards now and then
 * @nr: objects it holds
 * @steps: what it has done
 * @held: the objects
 */
struct t_actor {
	struct tcache *tc;
	u32 who;
	u32 random;
	gfp_t gfp;
	bool may_bulk;
	bool may_discard;
	unsigned int nr;
	unsigned long steps;
	struct tobj *held[T_HELD_MAX];
};

void t_actor_init(struct t_actor *actor, struct tcache *tc, u32 who, gfp_t gfp);
void t_actor_step(struct t_actor *actor);
void t_actor_empty(struct t_actor *actor);

#endif /* _OBJCACHE_KUNIT_ACTORS_H */
