// SPDX-License-Identifier: GPL-2.0
/*
 * What debug mode costs: a get and a put in a cache of each level, plain objects
 */
#include <linux/err.h>

#include "contenders.h"

/* With that the quarantine is full, and gets take from it. */
#define CAPACITY	64

static void level_pairs(struct objcache *cache, unsigned int n)
{
	while (n--)
		objcache_put(cache, objcache_get(cache, GFP_KERNEL));
}

static int level_round(unsigned int flags, unsigned int n,
		       struct bench_cost *cost)
{
	const struct objcache_params params = {
		.size = BENCH_OBJECT_SIZE,
		.capacity = CAPACITY,
		.flags = flags | OBJCACHE_NO_AGING,
	};
	struct objcache *cache = objcache_create("bench-level", &params);
	u64 start;

	if (IS_ERR(cache))
		return PTR_ERR(cache);
	level_pairs(cache, 2 * CAPACITY);
	start = bench_begin();
	level_pairs(cache, n);
	bench_end(cost, start);
	objcache_destroy(cache);
	return 0;
}

static int debug_levels(struct bench_round *round)
{
	static const unsigned int levels[] = {
		0, OBJCACHE_DEBUG, OBJCACHE_CHECK, OBJCACHE_STACKS,
	};
	unsigned int i;
	int err = 0;

	round->ops = round->iterations;
	for (i = 0; i < ARRAY_SIZE(levels) && !err; i++)
		err = level_round(levels[i], round->iterations, &round->cost[i]);
	return err;
}

const struct bench_pattern bench_debug_levels = {
	.name = "debug_levels",
	.rows = { "debug_off", "debug_none", "debug_check", "debug_stacks" },
	.fn = { [BENCH_objcache_inline] = debug_levels },
	.iterations = 500,
	.warm = 1,
};
