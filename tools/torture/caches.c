// SPDX-License-Identifier: GPL-2.0
/*
 * The caches under torture, the stamp that says who owns an object, and the
 * audit at the end
 *
 * A stamp tells a held object from any other memory: it is made of a secret, the
 * object's address and its owner. So it works in plain memory too, whose
 * contents are undefined when it is got: what is there is never the stamp of an
 * owner, unless there is one.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/hash.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/random.h>

#include "torture.h"

#define TORT_WORDS	4

/**
 * struct tort_obj - an object of any of the caches
 * @stamp: its owner, nobody, or it is not constructed
 * @round: how often it was claimed since its construction
 * @words: made of @round; written by one owner, read by the next
 */
struct tort_obj {
	atomic64_t stamp;
	u64 round;
	u64 words[TORT_WORDS];
};

/* Owners are numbered from 1; this is nobody. */
#define TORT_NOBODY	0

/* One in so many fails, is refused, sleeps. Primes, so that they do not go together. */
#define TORT_CTOR_FAILS		61
#define TORT_CTOR_SLEEPS	251
#define TORT_REFUSES		89
#define TORT_DTOR_SLEEPS	53

static u64 tort_secret;

struct tort_cache tort_caches[TORT_CACHES] = {
	{
		.name = "torture-plain",
		.params = { .size = 64 },
	}, {
		.name = "torture-large",
		.params = { .size = 12000, .slab_flags = SLAB_RECLAIM_ACCOUNT },
	}, {
		.name = "torture-ops",
		.params = { .size = 128, .batch = 8, .capacity = 64, .ops = &tort_ops },
	}, {
		.name = "torture-local",
		.params = { .size = 200, .batch = 8, .capacity = 64, .ops = &tort_ops,
			    .flags = OBJCACHE_NODE_LOCAL },
	}, {
		.name = "torture-nosteal",
		.params = { .size = 96, .batch = 4, .capacity = 32, .ops = &tort_ops,
			    .flags = OBJCACHE_NO_STEAL },
	}, {
		.name = "torture-tiny",
		.params = { .size = 72, .batch = 1, .capacity = 2, .ops = &tort_ops },
	}, {
		/* So few that those of the private parts alone would be more. */
		.name = "torture-bounded",
		.params = { .size = 80, .batch = 4, .capacity = 16, .ops = &tort_ops,
			    .max_objects = 40 },
	}, {
		/* Each that is discarded is made anew. */
		.name = "torture-reserve",
		.params = { .size = 88, .batch = 2, .capacity = 16, .ops = &tort_ops,
			    .min_objects = 20, .max_objects = 20 },
	},
};

/* ---- the stamp ---- */

static u64 tort_stamp(const struct tort_obj *obj, u16 owner)
{
	return (hash_64((uintptr_t)obj ^ tort_secret, 48) << 16) | owner;
}

/* Its owner, or nobody. */
static u16 tort_owner(const struct tort_obj *obj, u64 stamp)
{
	return (stamp ^ tort_stamp(obj, 0)) >> 16 ? TORT_NOBODY : (u16)stamp;
}

static u64 tort_word(const struct tort_obj *obj, unsigned int i)
{
	return (obj->round + 1) * (2 * i + 1) ^ (uintptr_t)obj;
}

static void tort_write(struct tort_obj *obj)
{
	unsigned int i;

	for (i = 0; i < TORT_WORDS; i++)
		obj->words[i] = tort_word(obj, i);
}

static void tort_check_words(struct tort_cache *tc, const struct tort_obj *obj,
			     const char *when)
{
	unsigned int i;

	for (i = 0; i < TORT_WORDS; i++) {
		if (obj->words[i] == tort_word(obj, i))
			continue;
		tort_fault("%s: an object's contents changed %s", tc->name, when);
		return;
	}
}

/* False: it is another's, and stays so. */
bool tort_claim(struct tort_cache *tc, struct tort_obj *obj, u16 owner)
{
	s64 was = atomic64_read(&obj->stamp);
	u16 first = tort_owner(obj, was);

	if (first) {
		tort_fault("%s: an object of actor %u was handed to actor %u too",
			   tc->name, first, owner);
		return false;
	}
	if (tc->params.ops && was != tort_stamp(obj, TORT_NOBODY))
		tort_fault("%s: actor %u was handed an object that is not constructed",
			   tc->name, owner);
	if (atomic64_cmpxchg(&obj->stamp, was, tort_stamp(obj, owner)) != was) {
		tort_fault("%s: an object was handed to actor %u and another one at once",
			   tc->name, owner);
		return false;
	}
	if (tc->params.ops)
		tort_check_words(tc, obj, "between put and get");
	obj->round++;
	tort_write(obj);
	return true;
}

/* False: it is not @owner's to give away. */
bool tort_release(struct tort_cache *tc, struct tort_obj *obj, u16 owner)
{
	s64 mine = tort_stamp(obj, owner);

	tort_check_words(tc, obj, "while it was held");
	if (atomic64_cmpxchg(&obj->stamp, mine, tort_stamp(obj, TORT_NOBODY)) == mine)
		return true;
	tort_fault("%s: an object of actor %u lost its stamp", tc->name, owner);
	return false;
}

/* ---- what is done to objects ---- */

static int tort_ctor(void *p, void *ctx, gfp_t gfp)
{
	struct tort_cache *tc = ctx;
	struct tort_obj *obj = p;
	u64 nr = atomic64_inc_return(&tc->ctors);

	if (in_nmi())
		tort_fault("%s: constructed in NMI", tc->name);
	if (gfpflags_allow_blocking(gfp)) {
		might_sleep();
		if (!(nr % TORT_CTOR_SLEEPS))
			usleep_range(50, 100);
	}
	if (!(nr % TORT_CTOR_FAILS)) {
		atomic64_inc(&tc->ctor_failures);
		return -ENOSPC;
	}
	if (tc->params.max_objects &&
	    atomic_inc_return(&tc->live) > tc->params.max_objects)
		tort_fault("%s: more than %u objects exist", tc->name,
			   tc->params.max_objects);
	obj->round = nr;
	tort_write(obj);
	atomic64_set(&obj->stamp, tort_stamp(obj, TORT_NOBODY));
	return 0;
}

static void tort_dtor(void *p, void *ctx)
{
	struct tort_cache *tc = ctx;
	struct tort_obj *obj = p;
	s64 free = tort_stamp(obj, TORT_NOBODY);
	u64 nr = atomic64_inc_return(&tc->dtors);

	if (!in_task() || irqs_disabled())
		tort_fault("%s: destroyed outside process context", tc->name);
	might_sleep();
	if (atomic64_cmpxchg(&obj->stamp, free, ~free) != free)
		tort_fault("%s: destroyed twice, or while it was held", tc->name);
	else
		tort_check_words(tc, obj, "between put and destructor");
	if (!(nr % TORT_DTOR_SLEEPS))
		usleep_range(100, 1000);
	atomic_dec(&tc->live);
}

static bool tort_reset(void *p, void *ctx)
{
	struct tort_cache *tc = ctx;
	struct tort_obj *obj = p;

	if (obj->round % TORT_REFUSES)
		return true;
	atomic64_inc(&tc->refusals);
	return false;
}

const struct objcache_ops tort_ops = {
	.ctor	= tort_ctor,
	.dtor	= tort_dtor,
	.reset	= tort_reset,
};

/* ---- life and audit ---- */

int tort_caches_create(void)
{
	unsigned int i;

	tort_secret = get_random_u64();
	for (i = 0; i < TORT_CACHES; i++) {
		struct tort_cache *tc = &tort_caches[i];
		struct objcache *cache;

		tc->params.age_ms = 100;	/* and tort_ager() more often */
		tc->params.ctx = tc;
		cache = objcache_create(tc->name, &tc->params);
		if (IS_ERR(cache))
			return PTR_ERR(cache);
		tc->cache = cache;
	}
	return 0;
}

static void tort_expect(struct tort_cache *tc, const char *what, u64 is,
			u64 should_be)
{
	if (is != should_be)
		tort_fault("%s: %s is %llu, should be %llu", tc->name, what, is,
			   should_be);
}

/* The books against what the actors counted. */
static void tort_audit_counts(struct tort_cache *tc)
{
	struct tort_tally tally = tort_tally_of(tc);
	struct objcache_stats *st = &tc->stats;

	tort_expect(tc, "gets", st->gets, tally.gets);
	tort_expect(tc, "puts", st->puts, tally.puts);
	tort_expect(tc, "discarded", st->discarded, tally.discards);
	tort_expect(tc, "in_use", st->in_use, 0);
	tort_expect(tc, "stolen", st->stolen, st->steals);
	tort_expect(tc, "ctor_failures", st->ctor_failures,
		    atomic64_read(&tc->ctor_failures));
	if (!(tc->params.flags & OBJCACHE_NODE_LOCAL))
		tort_expect(tc, "refused", st->refused,
			    atomic64_read(&tc->refusals));
}

/* Every object that was made is no more, but for the minimum. */
static void tort_audit_objects(struct tort_cache *tc)
{
	struct objcache_stats *st = &tc->stats;
	unsigned int min = tc->params.min_objects;

	tort_expect(tc, "parked after drain", st->parked, min);
	tort_expect(tc, "releasing after drain", st->releasing, 0);
	tort_expect(tc, "destroyed", st->destroyed, st->created - min);
	if (!tc->params.ops)
		return;
	tort_expect(tc, "created", st->created, atomic64_read(&tc->ctors) -
		    atomic64_read(&tc->ctor_failures));
	tort_expect(tc, "destructor calls", atomic64_read(&tc->dtors),
		    st->created - min);
}

/* The timer's steps go on: what they have in their hands a drain waits for. */
static void tort_drain(struct tort_cache *tc)
{
	/* What could not be replaced at once is soon. */
	do {
		objcache_drain(tc->cache);
		objcache_read_stats(tc->cache, &tc->stats);
	} while (tc->stats.created - tc->stats.destroyed < tc->params.min_objects &&
		 !msleep_interruptible(10));
}

void tort_caches_audit(void)
{
	unsigned int i;

	for (i = 0; i < TORT_CACHES; i++) {
		struct tort_cache *tc = &tort_caches[i];

		tort_drain(tc);
		tort_audit_counts(tc);
		tort_audit_objects(tc);
	}
}

void tort_caches_destroy(void)
{
	unsigned int i;

	for (i = 0; i < TORT_CACHES; i++)
		if (tort_caches[i].cache)
			objcache_destroy(tort_caches[i].cache);
}
