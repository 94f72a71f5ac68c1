/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What some suites have to know of how objcache is made: what a CPU itself has
 * parked, and a keeper that comes when the test says so.
 */
#ifndef _OBJCACHE_KUNIT_INSIDE_H
#define _OBJCACHE_KUNIT_INSIDE_H

#include "helpers.h"
#include "levels.h"
#include "../module/core/core.h"

/* Counted here once more, part by part; @cpu is dead or quiet. */
unsigned int t_parked_on(struct tcache *tc, unsigned int cpu);

/* In the depots: displaced, which is parked, or leaving. */
u64 t_stored(struct tcache *tc, enum objcache_kind kind);

/* What changes with anything that a CPU does. */
unsigned long t_touched(struct objcache_cpu *c);

/* The owner's token is taken, as whoever interrupts the owner finds it. */
void t_hold_token(struct tcache *tc);
void t_drop_token(struct tcache *tc);
void t_put_nested(struct tcache *tc, struct tobj **objs, unsigned int nr);

/* As the kernel under memory pressure asks; t_scan() gives what it returned. */
struct shrinker *t_shrinker(struct objcache *cache);
unsigned long t_scan(struct objcache *cache, unsigned long nr);

/*
 * Nobody has the keeper come from here on; t_keeper_hurries() does what it does
 * when called at once, t_keeper_looks() what it does when its time has come. A drain
 * calls it all the same.
 */
void t_hold_keeper(struct objcache *cache);
void t_keeper_hurries(struct objcache *cache);
void t_keeper_looks(struct objcache *cache);

/* It has nothing to do, and does not come by itself; not what is held. */
bool t_keeper_rests(struct objcache *cache);

/* Nothing is dealt to who waits until it is let: then at once, on this CPU. */
void t_hold_dealer(struct objcache *cache);
void t_let_dealer(struct objcache *cache);

#endif /* _OBJCACHE_KUNIT_INSIDE_H */
