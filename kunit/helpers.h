/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites share: a cache whose operations keep book of everything that
 * happens to its objects (book.h), calls that check the API's promises on every
 * use, and a crew of bound threads (crew.h).
 *
 * Nothing here knows how objcache is made inside.
 */
#ifndef _OBJCACHE_KUNIT_HELPERS_H
#define _OBJCACHE_KUNIT_HELPERS_H

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/stddef.h>

#include "../module/objcache.h"
#include "book.h"
#include "compat.h"
#include "crew.h"

/*
 * How long a condition may take to come true before a test fails: on a busy host a
 * guest gets through a second in ten or more. KUnit itself ends a case after 300 s.
 */
#define T_PATIENCE_MS	120000

/*
 * How often what takes long is done where KASAN looks at each access: the kernels
 * without it do it all.
 */
#define T_SLOWER	(IS_ENABLED(CONFIG_KASAN) ? 5 : 1)
#define T_ROUNDS(nr)	(((nr) - 1) / T_SLOWER + 1)

/* Looks until @cond holds; false when the patience is over. */
#define t_wait_until(cond)						\
({									\
	unsigned long _end = jiffies + msecs_to_jiffies(T_PATIENCE_MS);	\
	bool _ok;							\
									\
	while (!(_ok = (cond)) && time_before(jiffies, _end))		\
		usleep_range(200, 1000);				\
	_ok;								\
})

/*
 * Lets a crew work for @ms, and as long after that as it takes until @cond holds:
 * what it has to show, and may not have had a CPU for. False: it never did.
 */
#define t_crew_run(crew, ms, cond)					\
({									\
	struct t_crew *_crew = (crew);					\
	bool _shown;							\
									\
	t_crew_start(_crew);						\
	msleep(ms);							\
	_shown = t_wait_until(cond);					\
	t_crew_stop(_crew);						\
	_shown;								\
})

/* Life of a cache */
void t_init(struct tcache *tc, struct kunit *test, unsigned int size);
struct tcache *t_create_named(struct kunit *test, const char *name,
			      const struct objcache_params *params);
struct tcache *t_create(struct kunit *test, const struct objcache_params *params);
struct tcache *t_create_small(struct kunit *test, unsigned int flags);
void t_destroy(struct tcache *tc);

/* The API, with its promises about the caller's context checked */
struct tobj *t_get(struct tcache *tc, gfp_t gfp, u32 who);
struct tobj *t_try_get(struct tcache *tc, u32 who);
void t_put(struct tcache *tc, struct tobj *obj, u32 who);
void t_discard(struct tcache *tc, struct tobj *obj, u32 who);
unsigned int t_get_bulk(struct tcache *tc, gfp_t gfp, unsigned int nr,
			struct tobj **objs, u32 who);
void t_put_bulk(struct tcache *tc, unsigned int nr, struct tobj **objs, u32 who);

/* Many at once */
struct tobj **t_objs(struct kunit *test, unsigned int nr);
void t_get_all(struct tcache *tc, struct tobj **objs, unsigned int nr);
void t_put_all(struct tcache *tc, struct tobj **objs, unsigned int nr);
void t_doom(struct tcache *tc, unsigned int nr);
void t_expect_life_goes_on(struct tcache *tc);
unsigned int t_try_get_all(struct tcache *tc, struct tobj **objs, unsigned int nr);

/* The ownership stamp by itself; false: it was somebody else's */
bool t_claim(struct tcache *tc, struct tobj *obj, u32 who);
bool t_release(struct tcache *tc, struct tobj *obj, u32 who);

/* Accounts */
struct objcache_stats t_stats(struct tcache *tc);
u64 t_stat_at(struct tcache *tc, size_t offset);
#define t_stat(tc, field)	t_stat_at(tc, offsetof(struct objcache_stats, field))
void t_expect_balanced_now(struct tcache *tc, u64 in_use);
void t_expect_balanced(struct tcache *tc, u64 in_use);
void t_finish(struct tcache *tc);

/* A small generator of its own: usable in NMI, and repeatable. */
static inline u32 t_random(u32 *state)
{
	u32 x = *state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	*state = x;
	return x;
}

#endif /* _OBJCACHE_KUNIT_HELPERS_H */
