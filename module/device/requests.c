// SPDX-License-Identifier: GPL-2.0
/*
 * Request contexts, from the cache "objcache-requests"
 *
 * The constructor allocates the buffers, reset removes what the next user must
 * not see, the destructor frees the buffers.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "../objcache.h"
#include "request.h"

static struct objcache *requests;

static void request_dtor(void *obj, void *ctx)
{
	struct request *req = obj;

	kfree(req->objs);
	kfree(req->handles);
	kfree(req->arg);
}

static int request_ctor(void *obj, void *ctx, gfp_t gfp)
{
	struct request *req = obj;

	memset(req, 0, sizeof(*req));
	req->arg = kzalloc(sizeof(*req->arg), gfp);
	req->handles = kcalloc(OBJCACHE_DEV_BATCH, sizeof(*req->handles), gfp);
	req->objs = kcalloc(OBJCACHE_DEV_BATCH, sizeof(*req->objs), gfp);
	if (req->arg && req->handles && req->objs)
		return 0;
	request_dtor(req, ctx);
	return -ENOMEM;
}

/* The whole arrays: a copy from user space may have failed half way. */
static bool request_reset(void *obj, void *ctx)
{
	struct request *req = obj;

	req->session = NULL;
	req->value = 0;
	req->nr = 0;
	memset(req->arg, 0, sizeof(*req->arg));
	memset(req->handles, 0, OBJCACHE_DEV_BATCH * sizeof(*req->handles));
	memset(req->objs, 0, OBJCACHE_DEV_BATCH * sizeof(*req->objs));
	return true;
}

static const struct objcache_ops request_ops = {
	.ctor	= request_ctor,
	.dtor	= request_dtor,
	.reset	= request_reset,
};

struct request *request_get(struct session *session)
{
	struct request *req = objcache_get(requests, GFP_KERNEL | __GFP_NOWARN);

	if (req)
		req->session = session;
	return req;
}

void request_put(struct request *req)
{
	objcache_put(requests, req);
}

int requests_init(void)
{
	const struct objcache_params params = {
		.size	= sizeof(struct request),
		.align	= __alignof__(struct request),
		.ops	= &request_ops,
	};

	requests = objcache_create("objcache-requests", &params);
	return PTR_ERR_OR_ZERO(requests);
}

void requests_exit(void)
{
	objcache_destroy(requests);
}
