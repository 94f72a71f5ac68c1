// SPDX-License-Identifier: GPL-2.0
/*
 * objpool over objcache: what of it is not on the hot path
 *
 * A pool may be ended in any context while objects are out; it is gone when the last of
 * them has been dropped. As in objpool a count of references says when: one an object,
 * and the pool's own. A cache is destroyed where one may sleep, so a work item does that.
 */
#include <linux/llist.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/refcount.h>
#include <linux/workqueue.h>

#include "objpool_shim.h"

struct objpool_shim {
	struct objcache *cache;
	struct objpool_head *head; /* the user's, gone when the pool is */
	size_t size;
	int nr_objs;
	void *context;
	objpool_init_obj_cb objinit;
	objpool_fini_cb release;
	refcount_t ref;
	struct llist_head dropped; /* linked by the objects' own memory */
	int __percpu *popping;
	struct work_struct work;
};

static struct workqueue_struct *queue;
static atomic_t serial = ATOMIC_INIT(0);

static int shim_ctor(void *obj, void *ctx, gfp_t gfp)
{
	struct objpool_shim *shim = ctx;

	memset(obj, 0, shim->size);
	return shim->objinit ? shim->objinit(obj, shim->context) : 0;
}

static const struct objcache_ops shim_ops = { .ctor = shim_ctor };

static void shim_end(struct work_struct *work)
{
	struct objpool_shim *shim = container_of(work, struct objpool_shim, work);
	struct llist_node *node, *next;

	llist_for_each_safe(node, next, llist_del_all(&shim->dropped))
		objcache_put(shim->cache, node);
	objcache_destroy(shim->cache);
	free_percpu(shim->popping);
	kfree(shim);
}

/* The user's part of it is over with the last reference, at once; ours a bit later. */
static void shim_deref(struct objpool_shim *shim, int nr)
{
	if (!refcount_sub_and_test(nr, &shim->ref))
		return;
	if (shim->release)
		shim->release(shim->head, shim->context);
	queue_work(queue, &shim->work);
}

static struct objcache *shim_cache(struct objpool_shim *shim, int nr)
{
	const struct objcache_params params = {
		.size = shim->size,
		/* What a CPU has in private is out of the others' reach: as little as can be. */
		.batch = clamp(nr / (16 * (int)num_possible_cpus()), 1, 63),
		.capacity = max(nr, 2),
		/* As many as that, from the start to the end. */
		.max_objects = nr,
		.min_objects = nr,
		.ops = &shim_ops,
		.ctx = shim,
	};

	return objcache_createf(&params, "objpool-%u", atomic_inc_return(&serial));
}

int objpool_init(struct objpool_head *pool, int nr_objs, int object_size,
		 gfp_t gfp, void *context, objpool_init_obj_cb objinit,
		 objpool_fini_cb release)
{
	struct objpool_shim *shim;
	int err;

	if (nr_objs <= 0 || object_size <= 0)
		return -EINVAL;
	shim = kzalloc(sizeof(*shim), GFP_KERNEL);
	if (!shim)
		return -ENOMEM;
	shim->head = pool;
	shim->size = max_t(size_t, object_size, sizeof(struct llist_node));
	shim->nr_objs = nr_objs;
	refcount_set(&shim->ref, nr_objs + 1);
	init_llist_head(&shim->dropped);
	shim->context = context;
	shim->objinit = objinit;
	shim->release = release;
	INIT_WORK(&shim->work, shim_end);
	err = -ENOMEM;
	shim->popping = alloc_percpu(int);
	if (!shim->popping)
		goto free_shim;
	shim->cache = shim_cache(shim, nr_objs);
	err = PTR_ERR_OR_ZERO(shim->cache);
	if (err)
		goto free_popping;
	*pool = (struct objpool_head) {
		.cache = shim->cache,
		.shim = shim,
		.popping = shim->popping,
		.nr_objs = nr_objs,
		.context = context,
	};
	return 0;

free_popping:
	free_percpu(shim->popping);
free_shim:
	kfree(shim);
	return err;
}
EXPORT_SYMBOL_GPL(objpool_init);

int objpool_drop(void *obj, struct objpool_head *pool)
{
	struct objpool_shim *shim = pool->shim;

	llist_add(obj, &shim->dropped);
	shim_deref(shim, 1);
	return -EAGAIN;
}
EXPORT_SYMBOL_GPL(objpool_drop);

/* No push is under way, by what the user of a pool promises, and from here on no pop. */
void objpool_fini(struct objpool_head *pool)
{
	struct objpool_shim *shim = pool->shim;
	struct objcache_stats stats;
	int cpu;

	WRITE_ONCE(pool->cache, NULL);
	smp_mb(); /* with objpool_pop(): it sees this, or we see it under way */
	for_each_possible_cpu(cpu)
		while (READ_ONCE(*per_cpu_ptr(shim->popping, cpu)))
			cpu_relax();
	smp_mb(); /* with objpool_pop(): what it has got is counted below */
	objcache_read_stats(shim->cache, &stats);
	shim_deref(shim, shim->nr_objs - stats.in_use + 1);
}
EXPORT_SYMBOL_GPL(objpool_fini);

static int __init shim_init(void)
{
	queue = alloc_workqueue("objcache_objpool", WQ_UNBOUND, 0);
	return queue ? 0 : -ENOMEM;
}

static void __exit shim_exit(void)
{
	destroy_workqueue(queue);
}

module_init(shim_init);
module_exit(shim_exit);

MODULE_DESCRIPTION("objpool's interface over objcache");
MODULE_LICENSE("GPL");
