/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the char device share
 *
 * Sections are named for the file that implements them. Locks, outermost first:
 *
 *   session->setup	giving the session its cache
 *   devcaches_lock	list, number and reference counts of the device's
 *			caches; held for a moment
 *
 *   session->running	coming and going of the session's workload
 *
 *   xa_lock of session->handles, a spinlock that nothing nests in
 */
#ifndef _OBJCACHE_SESSION_H
#define _OBJCACHE_SESSION_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "../objcache.h"
#include "../objcache_uapi.h"

struct request;
struct run;

/*
 * What user space can make fail must not make the page allocator print a
 * trace; and what stays with a user is charged to it.
 */
#define SESSION_GFP	(GFP_KERNEL_ACCOUNT | __GFP_NOWARN)

/* Those of objcache.h that user space may ask for. */
#define SESSION_CACHE_FLAGS	(OBJCACHE_NO_STEAL | OBJCACHE_NODE_LOCAL | \
				 OBJCACHE_NO_AGING | OBJCACHE_DEBUG | \
				 OBJCACHE_CHECKS)

/**
 * struct devcache - a cache that was made through the device
 * @node: in the list of them
 * @cache: the cache
 * @sessions: how many have it open
 * @size: bytes of an object
 * @flags: OBJCACHE_DEV_CREATE_*
 * @cost: what was taken of the budget for it, and each object in use takes
 * @violations: second owners found, see devobj_claim()
 * @constructed: calls of the constructor
 * @destructed: calls of the destructor
 * @name: NUL-terminated
 *
 * @node and @sessions belong to devcaches_lock; the atomics to nobody; the rest
 * does not change.
 */
struct devcache {
	struct list_head node;
	struct objcache *cache;
	unsigned int sessions;
	unsigned int size;
	unsigned int flags;
	struct objcache_cost cost;
	atomic64_t violations;
	atomic64_t constructed;
	atomic64_t destructed;
	char name[OBJCACHE_DEV_NAME_LEN];
};

/**
 * struct session - an open file
 * @id: part of the owner stamps, unique among sessions
 * @setup: held while @devcache is chosen
 * @devcache: set once; read with session_devcache()
 * @handles: objects that the session has out, by handle
 * @next_handle: where the search for a free one starts; xa_lock
 * @held: objects out, or promised to a call that is under way
 * @limit: of @held
 * @running: held while @run and @last change
 * @run: the workload that runs now, or NULL
 * @last: result of the last one
 */
struct session {
	u32 id;
	struct mutex setup;	/* the choice of @devcache */
	struct devcache *devcache;
	struct xarray handles;
	u32 next_handle;
	atomic_t held;
	unsigned int limit;
	struct mutex running;	/* @run and @last */
	struct run *run;
	struct objcache_dev_progress last;
};

/* budget.c */
int budget_take(const char *what, u64 bytes);
int budget_take_cache(const char *name, u64 bytes);
void budget_return(u64 bytes);

/* devcache.c */
int devcache_create(const struct objcache_dev_create *create,
		    struct devcache **devcache);
struct devcache *devcache_open(const char *name);
void devcache_close(struct devcache *devcache);
int device_check_range(const char *what, u64 value, u64 min, u64 max);

/* devobj.c */
extern const struct objcache_ops devobj_ops;
extern const struct objcache_ops devobj_bare_ops;
bool devobj_claim(struct devcache *devcache, void *obj, u64 owner);
bool devobj_release(struct devcache *devcache, void *obj, u64 owner);
void devobj_stamp(struct devcache *devcache, void *obj, u64 value, u32 handle);
u64 devobj_check(const struct devcache *devcache, void *obj, u64 value,
		 u32 handle);
u64 devobj_words(const struct devcache *devcache);
u64 devobj_check_blank(const struct devcache *devcache, void *obj);
void devobj_spoil(void *obj);

/* session.c */
struct session *session_new(void);
void session_free(struct session *session);
struct devcache *session_devcache(struct session *session);
int session_charge(struct session *session, unsigned int nr);
void session_uncharge(struct session *session, unsigned int nr);
int session_create(struct request *req);
int session_open(struct request *req);
int session_stats(struct request *req);
int session_age(struct request *req);
int session_drain(struct request *req);

/* handles.c */
int handles_get(struct request *req);
int handles_try_get(struct request *req);
void handles_settle(struct request *req, bool delivered);
int handles_put(struct request *req);
int handles_discard(struct request *req);
int handles_stamp(struct request *req);
int handles_check(struct request *req);
void handles_put_all(struct session *session);

/* workload.c */
int workload_run(struct request *req);
int workload_progress(struct request *req);

#endif /* _OBJCACHE_SESSION_H */
