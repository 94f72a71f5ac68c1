// SPDX-License-Identifier: GPL-2.0
/*
 * A user of objcache with a mistake in it, for debug mode to find: a request that
 * cannot be served is put on the error path, and once more by who has served it
 */
#include <linux/module.h>

/* Reports name file and line of the calls in here. */
#define OBJCACHE_CALLER
#include "objcache.h"

struct request {
	int code;
};

static struct objcache *requests;

static noinline int serve(struct request *request)
{
	if (request->code < 0)
		goto error;
	return 0;
error:
	objcache_put(requests, request);
	return -EINVAL;
}

static noinline void serve_one(int code)
{
	struct request *request = objcache_get(requests, GFP_KERNEL);

	if (!request)
		return;
	request->code = code;
	serve(request);
	objcache_put(requests, request);
}

static int __init wrong_init(void)
{
	const struct objcache_params params = { .size = sizeof(struct request) };

	requests = objcache_create("wrong", &params);
	if (IS_ERR(requests))
		return PTR_ERR(requests);
	serve_one(1);
	serve_one(-1);
	return 0;
}

static void __exit wrong_exit(void)
{
	objcache_destroy(requests);
}

module_init(wrong_init);
module_exit(wrong_exit);

MODULE_DESCRIPTION("A wrong user of objcache, for its debug mode to find");
MODULE_LICENSE("GPL");
