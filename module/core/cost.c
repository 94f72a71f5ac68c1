// SPDX-License-Identifier: GPL-2.0
/*
 * What a cache can come to take: an upper bound, from its parameters alone
 *
 * Best at saying no before anything is allocated. It counts the worst that there
 * can be on every possible CPU, so a cache in use takes far less.
 */
#include <linux/align.h>
#include <linux/cpumask.h>
#include <linux/export.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/overflow.h>

#include "core.h"
#include "debug.h"

/* No allocator rounds up further; what CPUs write may be given a line. */
static u64 objcache_alloc_bytes(size_t size)
{
	return roundup_pow_of_two(ALIGN(size, SMP_CACHE_BYTES));
}

/* A large one may be alone in its pages. */
static u64 objcache_object_share(const struct objcache_params *p)
{
	unsigned int size = objcache_object_bytes(p);

	return size > PAGE_SIZE / 2 ? PAGE_SIZE << get_order(size) : size;
}

/* What debug mode keeps of each object, beside it. */
static u64 objcache_track_bytes(const struct objcache_params *p)
{
	if (!(p->flags & OBJCACHE_CHECK))
		return 0;
	return objcache_alloc_bytes(sizeof(struct objcache_track) +
				    OBJCACHE_SHADOW);
}

/*
 * Free objects that the slab keeps for itself: on each CPU a slab and those of
 * its partial list, up to twelve for objects of a page and more; ten empty ones
 * on each node. A slab is eight pages or one object, at most.
 */
static u64 objcache_slack_bytes(u64 object)
{
	u64 slab = max_t(u64, object, PAGE_SIZE << PAGE_ALLOC_COSTLY_ORDER);
	u64 cpu = object < PAGE_SIZE ? slab : max(13 * object, 4 * slab);

	return num_possible_cpus() * cpu + num_possible_nodes() * 10 * slab;
}

/* Two magazines, two rings, and in each of their slots a magazine, full or empty. */
static u64 objcache_cpu_bytes(const struct objcache_params *p)
{
	u32 limit = p->capacity / p->batch - 2;
	u64 slots = 2 * (u64)objcache_ring_slots(limit);
	u64 bytes = objcache_alloc_bytes(sizeof(struct objcache_cpu));

	if (p->flags & OBJCACHE_NO_PARTS)
		return bytes;
	if (slots)
		bytes += objcache_alloc_bytes(slots * sizeof(unsigned long));
	return bytes + (2 + slots) * objcache_magazine_bytes(p->batch);
}

/**
 * objcache_cost_of - objcache_cost() of parameters that are complete
 * @p: as objcache_check_params() gives them
 * @cost: where to
 */
static void objcache_cost_of(const struct objcache_params *p,
			     struct objcache_cost *cost)
{
	u64 cpus = num_possible_cpus();
	u64 depot = num_possible_nodes() * objcache_depot_objects(p);
	/* Waiting for the keeper: as many as end the making of more. */
	u64 objects = max(p->capacity, OBJCACHE_MIN_BACKLOG);

	cost->object = objcache_object_share(p) + objcache_track_bytes(p) +
		       p->weight;
	cost->idle = objcache_alloc_bytes(sizeof(struct objcache_core)) +
		     num_possible_nodes() *
		     objcache_alloc_bytes(sizeof(struct objcache_node) +
					  cpumask_size()) +
		     cpus * objcache_cpu_bytes(p);
	if (!(p->flags & OBJCACHE_DEBUG)) {
		/* Its magazines, full ones and empty ones. */
		cost->idle += 2 * (depot / p->batch) *
			      objcache_magazine_bytes(p->batch);
		objects += depot + cpus * p->capacity;
	}
	if (p->max_objects)
		objects = min_t(u64, objects, p->max_objects);
	objects = max_t(u64, objects, p->min_objects);
	/* What the slab keeps for itself holds nothing. */
	cost->full = cost->idle + objects * cost->object +
		     objcache_slack_bytes(objcache_object_share(p));
}

int objcache_cost(const char *name, const struct objcache_params *params,
		  struct objcache_cost *cost)
{
	struct objcache_params chosen;
	int err = objcache_check_params(name, params, &chosen);

	if (!err)
		objcache_cost_of(&chosen, cost);
	return err;
}
EXPORT_SYMBOL_GPL(objcache_cost);
