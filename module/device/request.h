/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Request contexts: what an ioctl needs while it runs
 *
 * Taken from a cache of objcache's own at entry and put back at exit, so that
 * no call has a large stack frame or an allocation of its own. The device is
 * so the first user of the API it shows.
 */
#ifndef _OBJCACHE_REQUEST_H
#define _OBJCACHE_REQUEST_H

#include <linux/types.h>

#include "../objcache_uapi.h"

struct session;

/* The structure of a command; the members are named for them, released is DRAIN's. */
union request_arg {
	struct objcache_dev_create create;
	struct objcache_dev_open open;
	struct objcache_dev_batch batch;
	struct objcache_dev_stats stats;
	struct objcache_dev_run run;
	struct objcache_dev_progress progress;
	__u64 released;
};

/**
 * struct request - one ioctl
 * @session: whose
 * @value: the argument itself, for commands that take no structure
 * @nr: how many of @handles and @objs are in use
 * @arg: the structure copied in, worked on and copied out
 * @handles: room for %OBJCACHE_DEV_BATCH
 * @objs: likewise
 *
 * The constructor allocates what the pointers point to. @arg and @handles could
 * not be in the object itself: hardened usercopy lets user space copy from and
 * to kmalloc() memory, but not from and to a slab without a usercopy window.
 */
struct request {
	struct session *session;
	unsigned long value;
	unsigned int nr;
	union request_arg *arg;
	u32 *handles;
	void **objs;
};

int requests_init(void);
void requests_exit(void);
struct request *request_get(struct session *session);
void request_put(struct request *req);

#endif /* _OBJCACHE_REQUEST_H */
