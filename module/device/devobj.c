// SPDX-License-Identifier: GPL-2.0
/*
 * Objects of the device: who owns one, and what is in it
 *
 * An object starts with an owner word: 0 while it is parked, else the id of
 * the getter. It is claimed with cmpxchg(0 -> id) after get and released with
 * cmpxchg(id -> 0) before put, so of two getters that were handed the same
 * object one fails to claim, whatever the timing. Equal contents could not show
 * that: two owners that write the same value look like one.
 *
 * Behind it comes the payload, which sessions stamp and check. With
 * OBJCACHE_DEV_CREATE_OPS it is blank after every get.
 *
 * A plain object has nobody to set the word to 0, and the cache may use the
 * memory while it is parked. There a claim is a store, and only the release
 * can fail.
 *
 * Unless there are ops, a payload that its owner has not stamped is what was in
 * the memory before. Nobody is told anything about it, see handles.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/build_bug.h>
#include <linux/math.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "session.h"

/* The owner of an object whose destructor has run. No session has this id. */
#define DEVOBJ_DEAD	(~0ULL)

/* What the payload of a blank object, and of one not worth keeping, starts from. */
#define DEVOBJ_BLANK	0x626c616e6b000000ULL
#define DEVOBJ_SPOILED	0x73706f696c656421ULL

/**
 * struct devobj - an object
 * @owner: who has it
 * @payload: the rest; of any length, 8-byte aligned
 */
struct devobj {
	atomic64_t owner;
	u8 payload[] __aligned(8);
};

static_assert(sizeof(struct devobj) < OBJCACHE_DEV_MIN_SIZE);

/*
 * Neighbouring words differ, so contents that slid are found. The last word may
 * be cut short: an object can have any size.
 */
static void payload_fill(const struct devcache *devcache, void *obj, u64 word)
{
	struct devobj *devobj = obj;
	unsigned int i, size = devcache->size - sizeof(*devobj);
	u64 *words = (u64 *)devobj->payload;

	for (i = 0; i < size / sizeof(word); i++)
		words[i] = word++;
	memcpy(&words[i], &word, size % sizeof(word));
}

static u64 payload_compare(const struct devcache *devcache, void *obj, u64 word)
{
	struct devobj *devobj = obj;
	unsigned int i, size = devcache->size - sizeof(*devobj);
	const u64 *words = (const u64 *)devobj->payload;
	u64 mismatches = 0;

	for (i = 0; i < size / sizeof(word); i++)
		mismatches += words[i] != word++;
	return mismatches + !!memcmp(&words[i], &word, size % sizeof(word));
}

/* No two handles of a session give the same payload for the same value. */
static u64 payload_first(u64 value, u32 handle)
{
	return value ^ ((u64)handle << 32);
}

void devobj_stamp(struct devcache *devcache, void *obj, u64 value, u32 handle)
{
	payload_fill(devcache, obj, payload_first(value, handle));
}

u64 devobj_check(const struct devcache *devcache, void *obj, u64 value,
		 u32 handle)
{
	return payload_compare(devcache, obj, payload_first(value, handle));
}

/* Those that devobj_check() compares, the last of which may be cut short. */
u64 devobj_words(const struct devcache *devcache)
{
	return DIV_ROUND_UP(devcache->size - sizeof(struct devobj),
			    sizeof(u64));
}

u64 devobj_check_blank(const struct devcache *devcache, void *obj)
{
	return payload_compare(devcache, obj, DEVOBJ_BLANK);
}

/* To be seen by devobj_reset(). */
void devobj_spoil(void *obj)
{
	struct devobj *devobj = obj;
	u64 spoiled = DEVOBJ_SPOILED;

	memcpy(devobj->payload, &spoiled, sizeof(spoiled));
}

static void devobj_violated(struct devcache *devcache)
{
	atomic64_inc(&devcache->violations);
	pr_err_ratelimited("device: an object of %s has a second owner\n",
			   devcache->name);
}

/*
 * Relaxed: what matters is that it is one step. That a release is seen by the
 * next claim is for the cache to order, put before get; a stronger cmpxchg
 * would hide it if it did not.
 */
bool devobj_claim(struct devcache *devcache, void *obj, u64 owner)
{
	struct devobj *devobj = obj;

	if (devcache->flags & OBJCACHE_DEV_CREATE_PLAIN) {
		atomic64_set(&devobj->owner, owner);
		return true;
	}
	if (likely(!atomic64_cmpxchg_relaxed(&devobj->owner, 0, owner)))
		return true;
	devobj_violated(devcache);
	return false;
}

bool devobj_release(struct devcache *devcache, void *obj, u64 owner)
{
	struct devobj *devobj = obj;

	if (likely(atomic64_cmpxchg_relaxed(&devobj->owner, owner, 0) == owner))
		return true;
	devobj_violated(devcache);
	return false;
}

static int devobj_bare_ctor(void *obj, void *ctx, gfp_t gfp)
{
	struct devcache *devcache = ctx;
	struct devobj *devobj = obj;

	atomic64_set(&devobj->owner, 0);
	atomic64_inc(&devcache->constructed);
	return 0;
}

static int devobj_ctor(void *obj, void *ctx, gfp_t gfp)
{
	payload_fill(ctx, obj, DEVOBJ_BLANK);
	return devobj_bare_ctor(obj, ctx, gfp);
}

static bool devobj_reset(void *obj, void *ctx)
{
	struct devobj *devobj = obj;
	u64 spoiled = DEVOBJ_SPOILED;

	if (!memcmp(devobj->payload, &spoiled, sizeof(spoiled)))
		return false;
	payload_fill(ctx, obj, DEVOBJ_BLANK);
	return true;
}

/* Finds an object that is destroyed twice, or while somebody has it. */
static void devobj_dtor(void *obj, void *ctx)
{
	struct devcache *devcache = ctx;
	struct devobj *devobj = obj;

	if (atomic64_cmpxchg_relaxed(&devobj->owner, 0, DEVOBJ_DEAD))
		devobj_violated(devcache);
	atomic64_inc(&devcache->destructed);
}

/* OBJCACHE_DEV_CREATE_OPS */
const struct objcache_ops devobj_ops = {
	.ctor	= devobj_ctor,
	.dtor	= devobj_dtor,
	.reset	= devobj_reset,
};

const struct objcache_ops devobj_bare_ops = {
	.ctor	= devobj_bare_ctor,
};
