/* SPDX-License-Identifier: GPL-2.0 */
/*
 * objcache: per-CPU, lock-free caches of constructed objects
 *
 * What it is for: kernel code that keeps making and destroying objects which
 * are costly to get ready (a transform and its scratch page, a request with
 * its buffers), or that gets and puts plain memory at a rate where the slab's
 * own fast path shows up in profiles. What Go's sync.Pool is to Go.
 *
 * What it is best at: get and put without a lock, a locked instruction or an
 * interrupt toggle; objects that move between CPUs a magazine at a time; use
 * from any context, NMI included.
 *
 * What it is not:
 *  - a reserve, unless it is told to be (&objcache_params.min_objects). A get may
 *    else fail whenever the slab may.
 *  - a place for state. Any parked object may be destroyed at any time.
 *  - a buffer that user space is copied to or from, unless it is told which part
 *    of an object may be (&objcache_params.useroffset).
 *  - a lookup structure or a reference count. An object that was got belongs
 *    to its getter alone until it is put.
 *
 * Ordering: everything done to an object before objcache_put() happens before
 * everything done to it after the objcache_get() that returns it, on whichever
 * CPU that is. No other ordering is promised.
 */
#ifndef _OBJCACHE_H
#define _OBJCACHE_H

#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/types.h>

#include "objcache_uapi.h"

/*
 * The inline paths below are an ABI: a module carries a copy of them. Raise
 * this number with every change to them, to struct objcache_owner or to
 * struct objcache.
 */
#define OBJCACHE_ABI		5U

/* Room for the longest cache name and its NUL. */
#define OBJCACHE_NAME_LEN	32

/**
 * DOC: cache flags, for &objcache_params.flags
 *
 * %OBJCACHE_NO_STEAL: what a CPU parked is handed out on that CPU only.
 *
 * %OBJCACHE_NODE_LOCAL: an object whose page is of another node than the
 * putting CPU's is destroyed instead of parked; where that node has no memory, any
 * object is parked.
 *
 * %OBJCACHE_NO_AGING: parked objects do not expire with time.
 *
 * %OBJCACHE_DEBUG: nothing is cached; every get constructs and every put
 * destroys, so that the slab's own checkers see each use after put.
 *
 * %OBJCACHE_CHECK: objects go through a quarantine, first in first out, on each node
 * as long as the capacity. What is put, discarded or handed out is known before it
 * is followed, and verified: a second put, a foreign pointer, another cache's object,
 * a write after put or beyond the object's ends is reported, once, and the object
 * withdrawn. An object with any op must not change while it is parked (as one would
 * that stays linked in a list of its user's). Costs a few hundred bytes an object,
 * and the object's length at each put and get.
 *
 * %OBJCACHE_STACKS: the same, and the stacks of who took and put each object. debugfs
 * shows who has what; a destroy with objects out says who took them.
 *
 * %OBJCACHE_DROP: as %OBJCACHE_CHECK, and a random quarter of the puts is not kept.
 *
 * %OBJCACHE_ACCOUNT: what the cache has for each CPU from the start, parked
 * objects apart, is charged to the memory cgroup of who creates it. For caches
 * that are made on behalf of user space.
 */
#define OBJCACHE_NO_STEAL	0x1U
#define OBJCACHE_NODE_LOCAL	0x2U
#define OBJCACHE_NO_AGING	0x4U
#define OBJCACHE_DEBUG		0x8U
#define OBJCACHE_CHECK		0x10U
#define OBJCACHE_STACKS		0x20U
#define OBJCACHE_DROP		0x40U
#define OBJCACHE_ACCOUNT	0x80U
#define OBJCACHE_CHECKS		(OBJCACHE_CHECK | OBJCACHE_STACKS | \
				 OBJCACHE_DROP)
#define OBJCACHE_FLAGS		(OBJCACHE_NO_STEAL | OBJCACHE_NODE_LOCAL | \
				 OBJCACHE_NO_AGING | OBJCACHE_DEBUG | \
				 OBJCACHE_CHECKS | OBJCACHE_ACCOUNT)

/**
 * struct objcache_ops - what makes, unmakes and cleans an object
 * @ctor: makes fresh memory ready to use; 0 or a negative errno. Called in the
 *	context of the get with its @gfp, outside every critical section;
 *	may sleep when @gfp allows. NULL: nothing to construct.
 * @dtor: undoes @ctor, exactly once for each object whose @ctor returned 0,
 *	before its memory is freed. Called in process context; may sleep; may put
 *	into other caches, and must not create, destroy, drain, age or prefill
 *	any. It runs on a workqueue with WQ_MEM_RECLAIM, so it must not flush a
 *	workqueue or work item without. NULL: nothing to undo.
 * @reset: called by put, in the caller's context (which may be NMI), to make
 *	the object fit for its next user. %false: do not keep it; it is destroyed
 *	later (without a @dtor, perhaps at once). NULL: every object is kept. With a
 *	reset each put is a call; gets are inline as ever.
 *
 * Each op is handed the &objcache_params.ctx of the cache.
 */
struct objcache_ops {
	int (*ctor)(void *obj, void *ctx, gfp_t gfp);
	void (*dtor)(void *obj, void *ctx);
	bool (*reset)(void *obj, void *ctx);
};

/**
 * struct objcache_params - what a cache is like
 * @size: bytes of an object, 1 to KMALLOC_MAX_SIZE less one link. Objects
 *	within three pages of that have no room for what slab_debug= adds, and
 *	are not debugged by it.
 * @align: bytes, a power of two up to PAGE_SIZE; 0: natural
 * @slab_flags: SLAB_HWCACHE_ALIGN and SLAB_RECLAIM_ACCOUNT may be given
 * @flags: OBJCACHE_* flags
 * @batch: objects per magazine, the unit that moves between CPUs: 1 to 255, and
 *	32 KiB of them at most, but for a single object; 0: chosen from what an
 *	object takes in the slab. Two magazines of it are private to each CPU.
 * @capacity: objects parked per CPU at most, private ones included: two
 *	magazines to 65536, rounded down to whole ones; 0: chosen from what an
 *	object takes in the slab
 * @age_ms: milliseconds between aging steps, 10 to 3600000; 0: the module's
 *	default
 * @weight: bytes that an object holds besides its own size, 0 to 1 GiB. Counts
 *	where bytes decide: in @batch and @capacity when they are chosen, in what
 *	the shrinker reports, in objcache_cost().
 * @max_objects: in existence at most, memory that is about to be one or still was
 *	one included; up to INT_MAX; 0: no limit. See objcache_get() for who waits.
 * @min_objects: in existence at least, made by objcache_create(): up to 65536, and
 *	to @max_objects; 0: none kept. Neither of the two with %OBJCACHE_NO_STEAL or
 *	%OBJCACHE_NODE_LOCAL.
 * @useroffset: where in an object the window starts that user copies may touch,
 *	as for kmem_cache_create_usercopy()
 * @usersize: bytes of that window, which ends within @size; 0: none
 * @ops: how objects are made and unmade, copied; NULL: plain memory. A dtor
 *	without a ctor is refused: objects are made in bulk and ahead of need, and
 *	none that nobody has constructed may reach a destructor.
 * @ctx: handed to every op
 */
struct objcache_params {
	unsigned int size;
	unsigned int align;
	slab_flags_t slab_flags;
	unsigned int flags;
	unsigned int batch;
	unsigned int capacity;
	unsigned int age_ms;
	unsigned int weight;
	unsigned int max_objects;
	unsigned int min_objects;
	unsigned int useroffset;
	unsigned int usersize;
	const struct objcache_ops *ops;
	void *ctx;
};

/**
 * struct objcache_cost - what a cache can come to take, in bytes
 * @object: one object, its share of the slab and its weight included
 * @idle: all that is not objects, with every magazine that it can have
 * @full: the same, and all objects that there can be while nobody has one: those
 *	parked on each CPU, those on their way out, and free ones that the slab
 *	keeps
 *
 * Each possible CPU counts as if it were online and full. What slab_debug= and
 * the like add is not in it, nor what objects in use keep from being freed
 * because they share its pages.
 */
struct objcache_cost {
	u64 object;
	u64 idle;
	u64 full;
};

/**
 * struct objcache_stats - sums over all CPUs, exact when the cache is quiet
 *
 * Its members are those of OBJCACHE_STATS() in objcache_uapi.h, each a u64: what a
 * cache counts is listed and described there.
 *
 * Read while the cache is in use, each is off by what happened during the read at
 * most, and none is below 0. created = destroyed + parked + releasing + in_use, when
 * quiet.
 */
struct objcache_stats {
	/* private: a list of its own describes them */
#define OBJCACHE_STATS_FIELD(name, meaning)	u64 name;
	OBJCACHE_STATS(OBJCACHE_STATS_FIELD)
#undef OBJCACHE_STATS_FIELD
};

/**
 * struct objcache_owner - the part of a CPU's state that a hit touches
 * @top: one past the newest private object; the slot below the oldest one
 *	holds NULL, so an empty stack needs no second comparison
 * @limit: a put goes out of line when @top has reached it; any CPU may take it
 *	away (NULL)
 * @base: what @top is when the stack is empty
 * @gets: objects handed out by the hit path
 * @puts: objects taken back by the hit path
 * @idle: the owner's token: 1 when @top and what it points into are not in use.
 *	Only this CPU touches it, with preemption off, and an owner takes it to
 *	0 and back. An interrupt that finds it gone leaves them alone and takes
 *	the nested path.
 *
 * Written by its own CPU only, but for @limit; other CPUs read @top, @gets and
 * @puts for statistics, and live with a stale value.
 */
struct objcache_owner {
	void **top;
	void **limit;
	void **base;
	unsigned long gets;
	unsigned long puts;
	unsigned int idle;
};

/**
 * struct objcache - a cache; made by objcache_create()
 * @owner: the hit path's state, of each CPU
 */
struct objcache {
	struct objcache_owner __percpu *owner;
	/* private: what follows it is struct objcache_core's */
};

struct device;

struct objcache *__objcache_create(const char *name,
				   const struct objcache_params *params,
				   unsigned int abi, size_t params_size);
struct objcache *__devm_objcache_create(struct device *dev, const char *name,
					const struct objcache_params *params,
					unsigned int abi, size_t params_size);
__printf(4, 5)
struct objcache *__objcache_createf(const struct objcache_params *params,
				    unsigned int abi, size_t params_size,
				    const char *fmt, ...);
void *__objcache_get(struct objcache *cache, gfp_t gfp);
void *__objcache_try_get(struct objcache *cache);
void __objcache_put(struct objcache *cache, void *obj);
void *__objcache_get_slow(struct objcache *cache, gfp_t gfp);
void *__objcache_get_err(struct objcache *cache, gfp_t gfp);
void *__objcache_try_get_slow(struct objcache *cache);
void __objcache_put_slow(struct objcache *cache, void *obj);

/**
 * struct objcache_site - where a call is, for reports in debug mode
 * @file: its source file
 * @line: the line there
 */
struct objcache_site {
	const char *file;
	unsigned int line;
};

void *__objcache_get_at(struct objcache *cache, gfp_t gfp,
			const struct objcache_site *site);
void *__objcache_try_get_at(struct objcache *cache,
			    const struct objcache_site *site);
void __objcache_put_at(struct objcache *cache, void *obj,
		       const struct objcache_site *site);
void __objcache_discard_at(struct objcache *cache, void *obj,
			   const struct objcache_site *site);

unsigned int __objcache_get_bulk(struct objcache *cache, gfp_t gfp,
				 unsigned int nr, void **objs);

/**
 * objcache_create - make a cache
 * @name: 1 to 31 of ``[A-Za-z0-9._-]``, not "." or ".."; shown in debugfs
 * @params: what the cache is like; copied
 *
 * Context: Process context, may sleep. Not from a dtor or a hotplug callback.
 * Return: the cache, or ERR_PTR: -EINVAL for a bad parameter, after a line in
 * the log that names it, its value and its range, or for a module built
 * against another version of this header; -EEXIST for a name in use, or
 * "caches", which debugfs has for itself; -ENOMEM.
 */
static inline struct objcache *
objcache_create(const char *name, const struct objcache_params *params)
{
	return __objcache_create(name, params, OBJCACHE_ABI, sizeof(*params));
}

/**
 * objcache_createf - make a cache with a name by format
 * @params: what the cache is like; copied
 * @fmt: of the name, as for printf(); what comes of it is as for objcache_create()
 *
 * For caches of which there is one for each device, mount or the like:
 * ``objcache_createf(&params, "squashfs-%u", minor)``.
 *
 * Context: Process context, may sleep. Not from a dtor or a hotplug callback.
 * Return: as for objcache_create().
 */
#define objcache_createf(params, fmt, ...)				\
	__objcache_createf(params, OBJCACHE_ABI,			\
			   sizeof(struct objcache_params), fmt,		\
			   ##__VA_ARGS__)

/**
 * objcache_cost - what a cache can come to take at most
 * @name: as for objcache_create()
 * @params: likewise
 * @cost: where to
 *
 * For who makes caches on behalf of others, and has to set limits.
 *
 * Context: Process context.
 * Return: 0, or -EINVAL as from objcache_create().
 */
int objcache_cost(const char *name, const struct objcache_params *params,
		  struct objcache_cost *cost);

/**
 * objcache_destroy - end a cache
 * @cache: the cache; NULL and ERR_PTR are ignored, with a line in the log
 *
 * Releases all that is parked and waits for the destructors. All objects should
 * have come back, and no call be under way. If objects are still out, their
 * number is logged and what they need stays for good; a late put is harmless.
 * The name is free on return. A cache that is left when the module that has its
 * ops goes is destroyed then, after a line in the log that names both.
 *
 * Context: Process context, sleeps. Not from a dtor or a hotplug callback, nor
 * under a lock that a dtor or a hotplug callback takes.
 */
void objcache_destroy(struct objcache *cache);

/*
 * The two halves of the hit path. Preemption is off around them, so no other
 * task runs here between taking the token and giving it back; an interrupt that
 * comes before completes its own operation, and one that comes later finds the
 * token gone. Both are on this CPU, so compiler barriers order them. Where the
 * decrement takes several instructions, an interrupt between them leaves the
 * token as it found it. data_race(): the statistics of other CPUs read these
 * fields and can be off by what is under way; an aging step may take @limit away.
 *
 * On x86 this CPU's copy of a per-CPU variable can be named in the instruction;
 * such pointers are of a type of their own, hence macros.
 */
#if defined(CONFIG_USE_X86_SEG_SUPPORT) && !defined(__CHECKER__)
#define objcache_this_owner(cache)	__my_cpu_ptr((cache)->owner)
#else
#define objcache_this_owner(cache)	raw_cpu_ptr((cache)->owner)
#endif

/* False: we interrupted the owner. */
#define objcache_owner_enter(own)					\
({									\
	__auto_type __own = (own);					\
	bool __mine = true;						\
									\
	/* Both on this CPU's own token. */				\
	if (unlikely(data_race(--__own->idle))) {			\
		barrier(); /* a decrement in memory, not a load */	\
		data_race(__own->idle++); /* as above */		\
		__mine = false;						\
	}								\
	barrier(); /* the token before what it guards */		\
	__mine;								\
})

#define objcache_owner_exit(own)					\
do {									\
	barrier(); /* what the token guards before the token */		\
	data_race((own)->idle = 1); /* this CPU's own */		\
} while (0)

/*
 * A get that may make an object is checked as kmem_cache_alloc() is, whether it has
 * to or not; on kernels that check nothing, no instruction. Not might_alloc() alone:
 * with PREEMPT_DYNAMIC it ends in a call.
 */
static __always_inline void objcache_might_alloc(gfp_t gfp)
{
	if (IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP) || IS_ENABLED(CONFIG_LOCKDEP))
		might_alloc(gfp);
}

/*
 * Debug builds of the caller: those that define OBJCACHE_CALLER before they include
 * this, and all on kernels with CONFIG_DEBUG_VM. There the inline calls look whether
 * @cache is one, as the out-of-line ones always do. Elsewhere, no instruction.
 */
#ifdef OBJCACHE_CALLER
#define OBJCACHE_CHECKS_CALLS	true
#else
#define OBJCACHE_CHECKS_CALLS	IS_ENABLED(CONFIG_DEBUG_VM)
#endif

static __always_inline bool objcache_no_cache(const struct objcache *cache)
{
	return OBJCACHE_CHECKS_CALLS && IS_ERR_OR_NULL(cache);
}

static __always_inline void *objcache_hit_get(struct objcache *cache)
{
	preempt_disable();
	__auto_type own = objcache_this_owner(cache);

	if (objcache_owner_enter(own)) {
		void *obj = own->top[-1];

		if (likely(obj)) {
			barrier(); /* one decrement in memory, top not kept */
			data_race(own->top--); /* others read it for statistics */
			data_race(own->gets++); /* as well */
			objcache_owner_exit(own);
			preempt_enable();
			return obj;
		}
		objcache_owner_exit(own);
	}
	preempt_enable();
	return NULL;
}

static __always_inline bool objcache_hit_put(struct objcache *cache, void *obj)
{
	preempt_disable();
	__auto_type own = objcache_this_owner(cache);

	if (objcache_owner_enter(own)) {
		void **top = own->top;

		if (likely(top < data_race(own->limit))) { /* see age.c */
			*top = obj;
			data_race(own->top++); /* others read it for statistics */
			data_race(own->puts++); /* as well */
			objcache_owner_exit(own);
			preempt_enable();
			return true;
		}
		objcache_owner_exit(own);
	}
	preempt_enable();
	return false;
}

/**
 * objcache_get - take an object that is ready to use
 * @cache: where from
 * @gfp: how a fresh one may be allocated if none is parked; any that is legal
 *	for kmem_cache_alloc() in this context, but not __GFP_ZERO, which a
 *	parked object could not honour (refused: NULL and a line in the log).
 *	__GFP_ACCOUNT goes to the constructor only: a parked object would stay
 *	charged to whoever made it.
 *
 * Parked objects first: this CPU's private part, newest first; its shared
 * part, newest magazine first; what is displaced on this node; the shared parts of
 * the node's CPUs, oldest magazine first, then their aged generation; other nodes.
 * Then what is on its way out and may be taken back. Then a fresh one, constructed
 * in this context with @gfp. The contents of an object without a constructor are
 * undefined.
 *
 * @cache is not checked: NULL or ERR_PTR is an oops, as with kmem_cache_alloc().
 * The _noinline twin checks it, and so do debug builds of the caller: with
 * OBJCACHE_CALLER defined, or CONFIG_DEBUG_VM. @gfp is, where the kernel checks that of
 * kmem_cache_alloc(), whether there is a parked object or not.
 *
 * With all of GFP_KERNEL, and very many objects waiting to be destroyed, it waits for
 * destructors; in a cache with a maximum or a minimum any get with
 * __GFP_DIRECT_RECLAIM may. So none of these under a lock that a dtor takes.
 *
 * In a cache with a maximum, and no more to be made, a get with __GFP_DIRECT_RECLAIM
 * waits for a put, for an object's end or for a making that failed: first come, first
 * served. Without a minimum it does not if @gfp has __GFP_NORETRY or
 * __GFP_RETRY_MAYFAIL, and a fatal signal ends the wait; with __GFP_NOFAIL it does, and
 * no signal ends that: only an object, or a constructor that fails. In a cache with a
 * minimum such a get never returns NULL: an object is tried to be made without reclaim
 * and then with it, __GFP_NORETRY, __GFP_NOMEMALLOC and __GFP_NOWARN added, then it
 * waits, and tries again every five seconds. Nobody waits in a destructor of the same
 * cache. Who may not wait gets NULL, with __GFP_NOFAIL too: the maximum holds. Below
 * it such a get comes before those who wait, 32 times until one of them is served. No such
 * wait under a lock that a dtor takes.
 *
 * Context: Any in which @gfp is legal. In NMI, and on PREEMPT_RT where the
 * caller is not preemptible, parked objects only.
 * Return: an object that is the caller's until it is put or discarded, or
 * NULL: no memory; the constructor failed; none is parked where none may be made
 * (NMI, PREEMPT_RT); or so many objects wait to be destroyed that no more are made,
 * and @gfp lacks part of GFP_KERNEL (and __GFP_NOFAIL).
 */
static __always_inline void *objcache_get(struct objcache *cache, gfp_t gfp)
{
	void *obj;

	objcache_might_alloc(gfp);
	if (unlikely(gfp & __GFP_ZERO) || objcache_no_cache(cache))
		return __objcache_get_slow(cache, gfp);
	obj = objcache_hit_get(cache);
	if (likely(obj))
		return obj;
	return __objcache_get_slow(cache, gfp);
}

/**
 * objcache_get_err - objcache_get() that says why there is no object
 * @cache: where from
 * @gfp: as for objcache_get()
 *
 * Context: as for objcache_get().
 * Return: an object as from objcache_get(), or ERR_PTR where that gives NULL: what
 * the constructor returned (-EINVAL if that is no errno); -EAGAIN, none may be made
 * now and @gfp or the caller does not allow to wait; -EINTR, a fatal signal ended
 * the wait; -EINVAL, @gfp is refused; else -ENOMEM.
 */
static __always_inline void *objcache_get_err(struct objcache *cache, gfp_t gfp)
{
	void *obj;

	objcache_might_alloc(gfp);
	if (unlikely(gfp & __GFP_ZERO) || objcache_no_cache(cache))
		return __objcache_get_err(cache, gfp);
	obj = objcache_hit_get(cache);
	if (likely(obj))
		return obj;
	return __objcache_get_err(cache, gfp);
}

/**
 * objcache_try_get - take a parked object, never allocate
 * @cache: where from
 *
 * Before those who wait for one it comes 32 times until one of them is served.
 *
 * Context: Any, NMI included.
 * Return: an object as from objcache_get(), or NULL when none was found.
 */
static __always_inline void *objcache_try_get(struct objcache *cache)
{
	void *obj;

	if (objcache_no_cache(cache))
		return __objcache_try_get_slow(cache);
	obj = objcache_hit_get(cache);
	if (likely(obj))
		return obj;
	return __objcache_try_get_slow(cache);
}

/**
 * objcache_put - give an object back
 * @cache: the cache it came from
 * @obj: the object, no longer the caller's; NULL is ignored
 *
 * Never fails, never sleeps and never runs a destructor. What happened to @obj
 * before happens before what the next getter does to it.
 *
 * Context: Any, NMI included, under any lock.
 */
static __always_inline void objcache_put(struct objcache *cache, void *obj)
{
	if (unlikely(!obj))
		return;
	if (objcache_no_cache(cache) || unlikely(!objcache_hit_put(cache, obj)))
		__objcache_put_slow(cache, obj);
}

/**
 * objcache_get_bulk - take several objects
 * @cache: where from
 * @gfp: as for objcache_get()
 * @nr: how many
 * @objs: where to, room for @nr
 *
 * Context: as for objcache_get().
 * Return: how many were taken; they are the first of @objs, in the order in which
 * as many single gets would have given them. Fewer than @nr when there is no
 * memory or a constructor failed; those are the caller's all the same. Where the
 * number of objects is bounded it waits for the first one only.
 */
static __always_inline unsigned int objcache_get_bulk(struct objcache *cache,
						      gfp_t gfp,
						      unsigned int nr,
						      void **objs)
{
	objcache_might_alloc(gfp);
	if (unlikely(gfp & __GFP_ZERO)) {
		__objcache_get_slow(cache, gfp); /* refuses, and says why */
		return 0;
	}
	return __objcache_get_bulk(cache, gfp, nr, objs);
}

/**
 * objcache_get_noinline - objcache_get() as a call
 * @cache: where from
 * @gfp: as for objcache_get()
 *
 * For places where the room that the inline hit path takes matters more than
 * the call. A NULL or ERR_PTR @cache is ignored, with a line in the log, as by all
 * that is out of line; such lines are rate-limited, those of all callers together.
 *
 * Context: as for objcache_get().
 * Return: as for objcache_get().
 */
static __always_inline void *objcache_get_noinline(struct objcache *cache,
						   gfp_t gfp)
{
	objcache_might_alloc(gfp);
	if (unlikely(gfp & __GFP_ZERO))
		return __objcache_get_slow(cache, gfp);
	return __objcache_get(cache, gfp);
}

/**
 * objcache_try_get_noinline - objcache_try_get() as a call
 * @cache: where from; NULL or ERR_PTR gives NULL, with a line in the log
 *
 * Context: Any, NMI included.
 * Return: as for objcache_try_get().
 */
static __always_inline void *objcache_try_get_noinline(struct objcache *cache)
{
	return __objcache_try_get(cache);
}

/**
 * objcache_put_noinline - objcache_put() as a call
 * @cache: the cache it came from; NULL and ERR_PTR are ignored, with a line in the
 *	log
 * @obj: the object, no longer the caller's; NULL is ignored
 *
 * Context: as for objcache_put().
 */
static __always_inline void objcache_put_noinline(struct objcache *cache,
						  void *obj)
{
	__objcache_put(cache, obj);
}

/**
 * objcache_put_bulk - give several objects back
 * @cache: the cache they came from
 * @nr: how many
 * @objs: the objects, no longer the caller's; NULLs among them are ignored
 *
 * As @nr puts, from the first of @objs on.
 *
 * Context: Any, NMI included.
 */
void objcache_put_bulk(struct objcache *cache, unsigned int nr, void **objs);

/**
 * objcache_discard - destroy an object instead of keeping it
 * @cache: the cache it came from
 * @obj: the object, no longer the caller's; NULL is ignored
 *
 * The destructor runs later, in process context. An object of a cache without one may
 * be freed at once.
 *
 * Context: Any, NMI included.
 */
void objcache_discard(struct objcache *cache, void *obj);

/**
 * objcache_prefill - make objects ahead of need and park them on this CPU
 * @cache: where
 * @nr: how many
 * @gfp: as for objcache_get()
 *
 * Stops at the capacity of the CPU; nothing that is parked makes way. Stops also
 * while too many objects wait to be destroyed, at &objcache_params.max_objects, and
 * while somebody waits for an object. With %OBJCACHE_DEBUG it parks none.
 *
 * Context: Process context, may sleep if @gfp does. Not from a dtor or a hotplug
 * callback, nor under a lock that a dtor takes.
 * Return: how many were parked.
 */
unsigned int objcache_prefill(struct objcache *cache, unsigned int nr,
			      gfp_t gfp);

/**
 * objcache_prefill_err - objcache_prefill() that says why it has stopped
 * @cache: where
 * @nr: how many
 * @gfp: as for objcache_get()
 * @err: where to: 0 if all @nr were parked; -ENOSPC, this CPU parks no more; else
 *	as from objcache_get_err(). NULL: nobody asks
 *
 * Context: as for objcache_prefill().
 * Return: how many were parked.
 */
unsigned int objcache_prefill_err(struct objcache *cache, unsigned int nr,
				  gfp_t gfp, int *err);

/**
 * objcache_age - one aging step, now
 * @cache: the cache
 *
 * What has been idle in a shared part for two steps is on its way out when this
 * returns; so is the private part of each CPU that neither got nor put between
 * the last step and this one. Isolated CPUs are not disturbed, be it that they were
 * isolated at boot or, from 6.12 on, that a cgroup has isolated them: they
 * release theirs at their next put, if that is the first they do. Destructors may
 * still be running.
 *
 * Context: Process context, may sleep. Not from a dtor or a hotplug callback, nor
 * under a lock that a dtor or a hotplug callback takes.
 */
void objcache_age(struct objcache *cache);

/**
 * objcache_drain - release all that is parked
 * @cache: the cache
 *
 * Returns when the destructors have run. Objects put meanwhile may stay, and so do
 * &objcache_params.min_objects of them.
 *
 * Context: Process context, sleeps. Not from a dtor or a hotplug callback, nor
 * under a lock that a dtor or a hotplug callback takes, nor in what one waits for.
 * Return: how many objects were released.
 */
unsigned long objcache_drain(struct objcache *cache);

/**
 * objcache_read_stats - sum the statistics of a cache
 * @cache: the cache
 * @stats: where to; zeroed if @cache is none
 *
 * Takes no lock. Exact when the cache is quiet, else off by at most what happens
 * during the read; no figure is ever below 0.
 *
 * Context: Any.
 */
void objcache_read_stats(struct objcache *cache, struct objcache_stats *stats);

/* ---- types and scopes ---- */

/**
 * objcache_get_zeroed - get an object of plain memory, all of it zero
 * @cache: a cache without a constructor, whose work it would undo
 * @gfp: as for objcache_get()
 *
 * What was put is not cleared, and __GFP_ZERO is refused: this is for who moves over
 * from kmem_cache_zalloc(), and clears as much as the cache was created for.
 *
 * Context: as for objcache_get().
 * Return: the object or NULL; of a cache with a constructor NULL, with a line in the
 * log.
 */
void *objcache_get_zeroed(struct objcache *cache, gfp_t gfp);

/**
 * objcache_create_plain - make a cache of plain memory
 * @name: as for objcache_create()
 * @size: bytes of an object
 * @align: bytes, a power of two; 0: natural
 * @slab_flags: as in &struct objcache_params
 *
 * By the arguments of kmem_cache_create(), for who moves over from that.
 *
 * Context: as for objcache_create().
 * Return: as for objcache_create(): never NULL.
 */
static inline struct objcache *
objcache_create_plain(const char *name, unsigned int size, unsigned int align,
		      slab_flags_t slab_flags)
{
	const struct objcache_params params = {
		.size = size,
		.align = align,
		.slab_flags = slab_flags,
	};

	return objcache_create(name, &params);
}

/**
 * OBJCACHE - a cache of a type's objects, as KMEM_CACHE() makes a slab
 * @__struct: the structure's tag, which is also the name of the cache
 * @__slab_flags: as in &struct objcache_params
 * @...: more members of that, as ``.ops = &request_ops``
 *
 * Of their size, and aligned as the type is.
 *
 * Context: as for objcache_create().
 * Return: as for objcache_create(): never NULL.
 */
#define OBJCACHE(__struct, __slab_flags, ...)				\
	objcache_create(#__struct, &(const struct objcache_params) {	\
		.size = sizeof(struct __struct),			\
		.align = __alignof__(struct __struct),			\
		.slab_flags = (__slab_flags), ##__VA_ARGS__ })

/**
 * devm_objcache_create - make a cache that ends with a device's driver
 * @dev: the device
 * @name: as for objcache_create()
 * @params: likewise
 *
 * Destroyed when the driver is unbound, after what was managed later than it.
 *
 * Context: Process context, may sleep. Not from a dtor or a hotplug callback.
 * Return: as for objcache_create().
 */
static inline struct objcache *
devm_objcache_create(struct device *dev, const char *name,
		     const struct objcache_params *params)
{
	return __devm_objcache_create(dev, name, params, OBJCACHE_ABI,
				      sizeof(*params));
}

/**
 * objcache_mempool_alloc - a mempool's way to get an element, a mempool_alloc_t
 * @gfp: as for objcache_get()
 * @pool_data: the cache
 *
 * For mempool_create() and mempool_init(): a reserve of constructed objects. Destroy
 * the pool before the cache. With NULL or ERR_PTR for one there is no pool, and a line
 * in the log.
 *
 * Context: as for objcache_get().
 * Return: as for objcache_get().
 */
void *objcache_mempool_alloc(gfp_t gfp, void *pool_data);

/**
 * objcache_mempool_free - a mempool's way to give one back, a mempool_free_t
 * @element: the object
 * @pool_data: the cache
 *
 * Context: as for objcache_put().
 */
void objcache_mempool_free(void *element, void *pool_data);

/* Scopes, where the kernel has linux/cleanup.h, which linux/slab.h then includes. */
#ifdef DEFINE_FREE

/*
 * struct objcache *cache __free(objcache_destroy) = objcache_create(...);
 * is destroyed where the scope ends, unless no_free_ptr(cache) has taken it away.
 */
DEFINE_FREE(objcache_destroy, struct objcache *, if (!IS_ERR_OR_NULL(_T)) objcache_destroy(_T))

/**
 * struct objcache_scope - an object that is put where a scope ends
 * @cache: where to
 * @obj: the object; NULL: there was none, or somebody else puts it
 */
struct objcache_scope {
	struct objcache *cache;
	void *obj;
};

/*
 * CLASS(objcache_get, request)(cache, GFP_KERNEL);
 * gets one, or NULL, in request.obj, and puts it where the scope ends.
 */
DEFINE_CLASS(objcache_get, struct objcache_scope,
	     objcache_put(_T.cache, _T.obj),
	     ((struct objcache_scope) { cache, objcache_get(cache, gfp) }),
	     struct objcache *cache, gfp_t gfp)

#endif

/*
 * With OBJCACHE_CALLER defined reports in debug mode name file and line of the calls
 * that took the object and put it. Not of bulk, _err and _noinline calls, nor of
 * scopes and mempools: those show in the stacks. In a cache that is not checked a hit
 * is the same as without.
 */
#ifdef OBJCACHE_CALLER

#define OBJCACHE_HERE							\
({									\
	static const struct objcache_site __site = {			\
		.file = __FILE__, .line = __LINE__,			\
	};								\
	&__site;							\
})

static __always_inline void *objcache_get_at(struct objcache *cache, gfp_t gfp,
					     const struct objcache_site *site)
{
	void *obj = NULL;

	objcache_might_alloc(gfp);
	if (likely(!(gfp & __GFP_ZERO)) && !objcache_no_cache(cache))
		obj = objcache_hit_get(cache);
	return obj ?: __objcache_get_at(cache, gfp, site);
}

static __always_inline void *
objcache_try_get_at(struct objcache *cache, const struct objcache_site *site)
{
	void *obj = objcache_no_cache(cache) ? NULL : objcache_hit_get(cache);

	return obj ?: __objcache_try_get_at(cache, site);
}

static __always_inline void objcache_put_at(struct objcache *cache, void *obj,
					    const struct objcache_site *site)
{
	if (unlikely(!obj))
		return;
	if (objcache_no_cache(cache) || unlikely(!objcache_hit_put(cache, obj)))
		__objcache_put_at(cache, obj, site);
}

#define objcache_get(cache, gfp)	objcache_get_at(cache, gfp, OBJCACHE_HERE)
#define objcache_try_get(cache)		objcache_try_get_at(cache, OBJCACHE_HERE)
#define objcache_put(cache, obj)	objcache_put_at(cache, obj, OBJCACHE_HERE)
#define objcache_discard(cache, obj)	__objcache_discard_at(cache, obj, OBJCACHE_HERE)

#endif /* OBJCACHE_CALLER */

#endif /* _OBJCACHE_H */
