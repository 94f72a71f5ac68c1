// SPDX-License-Identifier: GPL-2.0
/*
 * A cache's life: create, destroy, and the registry of names
 */
#include <linux/export.h>
#include <linux/kmemleak.h>
#include <linux/ktime.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "internal.h"

LIST_HEAD(objcache_caches);
DEFINE_MUTEX(objcache_mutex);	/* guards objcache_caches */

/* ---- create ---- */

/* A caller that asks for too much is told so: no need for a trace. */
static gfp_t objcache_create_gfp(const struct objcache_params *params)
{
	return __GFP_NOWARN | (params->flags & OBJCACHE_ACCOUNT ?
			       GFP_KERNEL_ACCOUNT : GFP_KERNEL);
}

static int objcache_init_cpu(struct objcache_core *core, int cpu)
{
	struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);
	gfp_t gfp = objcache_create_gfp(&core->params);
	struct objcache_magazine *loaded, *spare;
	u32 limit = core->shared_max / core->batch;
	u32 nr = objcache_ring_slots(limit);
	unsigned long *slots = NULL;
	int node = cpu_to_node(cpu);

	c->own.idle = 1;
	init_llist_head(&c->nested);
	objcache_drain_init(core, cpu);
	objcache_equip(core, c, NULL, NULL);
	if (core->flags & OBJCACHE_DEBUG)
		return 0;
	loaded = objcache_magazine_alloc(core, gfp, node);
	spare = objcache_magazine_alloc(core, gfp, node);
	objcache_equip(core, c, loaded, spare);
	if (nr)
		slots = kvmalloc_node(array_size(2 * nr, sizeof(*slots)), gfp,
				      node);
	if (slots) {
		objcache_ring_init(&c->ring[0], slots, limit);
		objcache_ring_init(&c->ring[1], slots + nr, limit);
	}
	return loaded && spare && (slots || !nr) ? 0 : -ENOMEM;
}

static void objcache_free_cpus(struct objcache_core *core)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);

		kfree(c->loaded);
		kfree(c->spare);
		kvfree(c->ring[0].slots);
	}
	free_percpu(core->cpu);
}

static int objcache_init_cpus(struct objcache_core *core)
{
	int cpu, err;

	core->cpu = alloc_percpu_gfp(struct objcache_cpu,
				     objcache_create_gfp(&core->params));
	if (!core->cpu)
		return -ENOMEM;
	core->pub.owner = &core->cpu->own;
	for_each_possible_cpu(cpu) {
		err = objcache_init_cpu(core, cpu);
		if (err) {
			objcache_free_cpus(core);
			return err;
		}
	}
	return 0;
}

static void objcache_set_params(struct objcache_core *core,
				const struct objcache_params *params)
{
	if (params->ops)
		core->ops = *params->ops;
	core->params = *params;
	core->params.ops = &core->ops;
	core->ctx = params->ctx;
	core->flags = params->flags;
	core->batch = params->batch;
	core->capacity = params->capacity;
	core->shared_max = params->capacity - 2 * params->batch;
	core->backlog_max = params->capacity;
	core->link = objcache_link_offset(&core->params);
	core->slow_put = core->ops.reset ||
			 (params->flags & (OBJCACHE_NODE_LOCAL | OBJCACHE_DEBUG));
}

/*
 * The number makes the slab's name unlike any other's, now and later. A slab
 * that had to stay may be older than this loading of the module, hence the time.
 */
static int objcache_init_slab(struct objcache_core *core)
{
	static atomic64_t serial;
	char name[OBJCACHE_NAME_LEN + 32];

	atomic64_cmpxchg(&serial, 0, ktime_get_ns());
	snprintf(name, sizeof(name), "objcache-%s-%llx", core->name,
		 atomic64_inc_return(&serial));
	core->slab = objcache_slab_create(name, objcache_slab_size(&core->params),
					  core->params.align,
					  core->params.slab_flags);
	return core->slab ? 0 : -ENOMEM;
}

static struct objcache_core *
objcache_new(const char *name, const struct objcache_params *params)
{
	gfp_t gfp = objcache_create_gfp(params);
	struct objcache_core *core;
	int err = -ENOMEM;

	core = kzalloc(sizeof(*core), gfp);
	if (!core)
		return ERR_PTR(err);
	strscpy(core->name, name, sizeof(core->name));
	objcache_set_params(core, params);
	mutex_init(&core->drain_mutex);
	core->surplus = kzalloc(cpumask_size(), gfp);
	if (!core->surplus)
		goto err_core;
	err = objcache_init_slab(core);
	if (err)
		goto err_surplus;
	err = objcache_init_cpus(core);
	if (err)
		goto err_slab;
	objcache_release_init(core);
	objcache_depot_init(core);
	objcache_age_init(core);
	err = objcache_shrink_init(core);
	if (err)
		goto err_cpus;
	objcache_hotplug_add(core);
	return core;

err_cpus:
	objcache_release_exit(core);
	objcache_free_cpus(core);
err_slab:
	kmem_cache_destroy(core->slab);
err_surplus:
	kfree(core->surplus);
err_core:
	kfree(core);
	return ERR_PTR(err);
}

static bool objcache_name_taken(const char *name)
{
	struct objcache_core *core;

	/* What debugfs calls its table. */
	if (!strcmp(name, "caches"))
		return true;
	list_for_each_entry(core, &objcache_caches, list)
		if (!strcmp(core->name, name))
			return true;
	return false;
}

static int objcache_check_abi(const char *name, unsigned int abi,
			      size_t params_size)
{
	if (abi == OBJCACHE_ABI && params_size == sizeof(struct objcache_params))
		return 0;
	pr_err_ratelimited("%.*s: the caller was built against version %u of objcache.h with params of %zu bytes, this module is version %u with %zu: rebuild the caller\n",
			   OBJCACHE_NAME_LEN - 1, name ?: "(null)", abi,
			   params_size, OBJCACHE_ABI,
			   sizeof(struct objcache_params));
	return -EINVAL;
}

/**
 * __objcache_create - what objcache_create() calls
 * @name: as there
 * @params: as there
 * @abi: %OBJCACHE_ABI of the caller's header
 * @params_size: bytes of the caller's struct objcache_params
 *
 * Return: as there.
 */
struct objcache *__objcache_create(const char *name,
				   const struct objcache_params *params,
				   unsigned int abi, size_t params_size)
{
	struct objcache_params chosen;
	struct objcache_core *core;
	int err;

	err = objcache_check_abi(name, abi, params_size);
	if (!err)
		err = objcache_check_params(name, params, &chosen);
	if (err)
		return ERR_PTR(err);

	mutex_lock(&objcache_mutex);
	core = ERR_PTR(-EEXIST);
	if (!objcache_name_taken(name))
		core = objcache_new(name, &chosen);
	if (!IS_ERR(core)) {
		list_add_tail(&core->list, &objcache_caches);
		objcache_debugfs_add(core);
	}
	mutex_unlock(&objcache_mutex);
	return IS_ERR(core) ? ERR_CAST(core) : &core->pub;
}
EXPORT_SYMBOL_GPL(__objcache_create);

/* ---- destroy ---- */

/* Empty, and with no room: nobody touches a slot any more. */
static void objcache_close_rings(struct objcache_cpu *c)
{
	WRITE_ONCE(c->ring[0].limit, 0);
	WRITE_ONCE(c->ring[1].limit, 0);
}

/*
 * A late put reads the core and, by the hit path, a CPU's part; the objects that are
 * out are in the slab. All else goes. One that was past the test of @dead when that
 * was set may still push and then mark its CPU, with preemption off. So first there
 * is no room in the rings any more, and when nobody is left who found some, no mask
 * to mark either; who looks at that finds it empty.
 */
static void objcache_bury(struct objcache_core *core, u64 out)
{
	struct cpumask *surplus = core->surplus;
	int cpu;

	pr_err("%s: destroyed with %llu objects still out; for late puts its slab stays for good, and %zu bytes and %zu for each of %u CPUs\n",
	       core->name, out, sizeof(*core), sizeof(struct objcache_cpu),
	       num_possible_cpus());
	for_each_possible_cpu(cpu)
		objcache_close_rings(per_cpu_ptr(core->cpu, cpu));
	synchronize_rcu();
	for_each_possible_cpu(cpu)
		kvfree(per_cpu_ptr(core->cpu, cpu)->ring[0].slots);
	WRITE_ONCE(core->surplus, (struct cpumask *)cpu_none_mask);
	synchronize_rcu();
	kfree(surplus);
	kmem_cache_shrink(core->slab);
	kmemleak_not_leak(core);
}

void objcache_destroy(struct objcache *cache)
{
	struct objcache_core *core = to_core(cache);
	struct objcache_stats stats;

	if (!objcache_cache_ok(cache, "destroy"))
		return;
	/* Waits for open files; from here on no drain comes from user space. */
	objcache_debugfs_remove(core);
	mutex_lock(&objcache_mutex);
	list_del(&core->list);
	mutex_unlock(&objcache_mutex);
	/* No shrinker and no hotplug callback comes any more. */
	objcache_shrink_exit(core);
	objcache_hotplug_remove(core);
	/* From here on nothing is parked any more, and nothing arms the timer. */
	WRITE_ONCE(core->dead, true);
	/* No age step comes any more, nor what one has left to the CPUs. */
	objcache_age_exit(core);
	/* No object is parked, no magazine left, no destructor outstanding. */
	objcache_drain_core(core);
	/* Nobody looks at the depot any more, and it is empty. */
	objcache_depot_exit(core);
	/* No irq_work and no worker runs any more. */
	objcache_release_exit(core);

	objcache_read_stats(cache, &stats);
	if (stats.created != stats.destroyed) {
		objcache_bury(core, stats.created - stats.destroyed);
		return;
	}
	objcache_free_cpus(core);
	kmem_cache_destroy(core->slab);
	kfree(core->surplus);
	kfree(core);
}
EXPORT_SYMBOL_GPL(objcache_destroy);
