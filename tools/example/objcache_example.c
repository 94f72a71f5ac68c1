// SPDX-License-Identifier: GPL-2.0
/*
 * A complete user of objcache: requests that come with a page of scratch memory
 *
 * Making such a request takes two allocations; with a cache that happens a few
 * times, not for every request.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>

#include "objcache.h"

/* README: from here */
struct request {
	unsigned int length;
	char *scratch;
};

static struct objcache *requests;

static int request_ctor(void *obj, void *ctx, gfp_t gfp)
{
	struct request *request = obj;

	request->length = 0;
	request->scratch = (char *)__get_free_page(gfp);
	return request->scratch ? 0 : -ENOMEM;
}

static void request_dtor(void *obj, void *ctx)
{
	struct request *request = obj;

	free_page((unsigned long)request->scratch);
}

/* What the next user must not see. */
static bool request_reset(void *obj, void *ctx)
{
	struct request *request = obj;

	request->length = 0;
	return true;
}

static const struct objcache_ops request_ops = {
	.ctor = request_ctor,
	.dtor = request_dtor,
	.reset = request_reset,
};

/* Not inlined: CI looks at a get that hits. With a reset each put is a call. */
static noinline struct request *request_get(void)
{
	return objcache_get(requests, GFP_KERNEL);
}

static noinline void request_put(struct request *request)
{
	objcache_put(requests, request);
}

static int serve(const char *text)
{
	struct request *request = request_get();

	if (!request)
		return -ENOMEM;
	strscpy(request->scratch, text, PAGE_SIZE);
	request->length = strlen(request->scratch);
	request_put(request);
	return 0;
}

/* README: to here */
static unsigned int rounds = 100000;
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "requests to serve at load");

static int serve_all(void)
{
	struct objcache_stats stats;
	unsigned int i;
	int err = 0;

	for (i = 0; i < rounds && !err; i++)
		err = serve("hello");
	objcache_read_stats(requests, &stats);
	pr_info("%u requests served with %llu constructed\n", i, stats.created);
	return err;
}

/* README: from here */
static int __init example_init(void)
{
	const struct objcache_params params = {
		.size = sizeof(struct request),
		.ops = &request_ops,
	};
	int err;

	requests = objcache_create("example", &params);
	if (IS_ERR(requests))
		return PTR_ERR(requests);
	err = serve_all();
	if (err)
		objcache_destroy(requests);
	return err;
}

static void __exit example_exit(void)
{
	objcache_destroy(requests);
}

/* README: to here */
module_init(example_init);
module_exit(example_exit);

MODULE_DESCRIPTION("Example user of objcache");
MODULE_LICENSE("GPL");
