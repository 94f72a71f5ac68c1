// SPDX-License-Identifier: GPL-2.0
/*
 * A cache's life: create, destroy, and the registry of names
 */
#include <linux/export.h>
#include <linux/kmemleak.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/random.h>
#include <linux/ratelimit.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "core.h"
#include "debug.h"

/* ---- create ---- */

static int objcache_init_cpus(struct objcache_core *core)
{
	int cpu;

	core->cpu = alloc_percpu_gfp(struct objcache_cpu,
				     objcache_own_gfp(core, GFP_KERNEL));
	if (!core->cpu)
		return -ENOMEM;
	core->pub.owner = &core->cpu->own;
	for_each_possible_cpu(cpu)
		objcache_part_init(core, per_cpu_ptr(core->cpu, cpu));
	return 0;
}

/*
 * Half a slab page at most, so that no get is much dearer than the slab's own, and what
 * is made together is mostly of one page: so it goes back cheaper. And not of objects
 * that others may be short of.
 */
static unsigned int objcache_choose_make_nr(struct objcache_core *core)
{
	const struct objcache_params *p = &core->params;
	unsigned int nr = min_t(unsigned int, p->batch / 2,
				PAGE_SIZE / 2 / core->object_bytes);

	if (core->ops.ctor || p->flags & OBJCACHE_NO_PARTS)
		return 0;
	return p->max_objects ?
		       min(nr, p->max_objects / (4 * num_possible_cpus())) : nr;
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
	/* Two magazines are private. */
	core->shared_max = params->capacity / params->batch - 2;
	core->backlog_max = max(params->capacity, OBJCACHE_MIN_BACKLOG);
	core->depot_max = objcache_depot_objects(params);
	core->link = objcache_link_offset(&core->params);
	core->object_bytes = objcache_object_bytes(&core->params);
	core->held_bytes = objcache_held_bytes(&core->params);
	core->make_nr = objcache_choose_make_nr(core);
	core->slow_put = core->ops.reset ||
			 (params->flags & (OBJCACHE_NODE_LOCAL | OBJCACHE_NO_PARTS));
	core->checks = params->flags & OBJCACHE_CHECK;
	core->lead = objcache_lead(&core->params);
	core->watch.seed = get_random_u32();
	/* Ten reports in five seconds; how many are missing the next one says. */
	ratelimit_state_init(&core->watch.limit, 5 * HZ, 10);
	ratelimit_set_flags(&core->watch.limit, RATELIMIT_MSG_ON_RELEASE);
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
					  core->params.slab_flags,
					  core->params.usersize ? core->lead +
					  core->params.useroffset : 0,
					  core->params.usersize);
	return core->slab ? 0 : -ENOMEM;
}

static int objcache_init_core(struct objcache_core *core)
{
	int err;

	lockdep_register_key(&core->dtor_key);
	lockdep_init_map(&core->dtor_map, "objcache_dtor", &core->dtor_key, 0);
	objcache_limit_init(core);
	objcache_deal_init(core);
	objcache_kick_init(core);
	objcache_keeper_init(core);
	objcache_tidy_init(core);
	objcache_age_init(core);
	err = objcache_depot_init(core);
	if (!err && core->min_objects)
		err = objcache_kick_own(core);
	if (!err)
		err = objcache_init_cpus(core);
	if (!err)
		err = objcache_init_slab(core);
	if (!err)
		err = objcache_shrink_init(core);
	return err;
}

static void objcache_free_core(struct objcache_core *core)
{
	kmem_cache_destroy(core->slab);
	free_percpu(core->cpu);
	objcache_depot_exit(core);
	objcache_kick_exit(core);
	lockdep_unregister_key(&core->dtor_key);
	kfree(core);
}

static struct objcache_core *
objcache_new(const char *name, const struct objcache_params *params)
{
	struct objcache_core *core;
	int err;

	core = kzalloc(sizeof(*core), GFP_KERNEL | __GFP_NOWARN |
		       (params->flags & OBJCACHE_ACCOUNT ? __GFP_ACCOUNT : 0));
	if (!core)
		return ERR_PTR(-ENOMEM);
	strscpy(core->name, name, sizeof(core->name));
	objcache_set_params(core, params);
	err = objcache_init_core(core);
	if (err) {
		objcache_free_core(core);
		return ERR_PTR(err);
	}
	/* Without a callback that fails this does not either. */
	objcache_hotplug_add(core);
	objcache_age_equip(core, GFP_KERNEL | __GFP_RETRY_MAYFAIL);
	objcache_age_start(core);
	return core;
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

/* All that have to be there, where any get finds them. */
static int objcache_make_min(struct objcache_core *core)
{
	int i;

	for (i = 0; i < core->min_objects; i++) {
		void *obj = objcache_make(core, GFP_KERNEL);

		if (IS_ERR_OR_NULL(obj))
			return PTR_ERR(obj) ?: -EAGAIN;
		objcache_leave(core, objcache_here(core), OBJCACHE_DISPLACED,
			       &obj, 1);
		cond_resched();
	}
	return 0;
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
	if (IS_ERR(core))
		return ERR_CAST(core);
	/* Not under the lock: a constructor may make a cache. */
	err = objcache_make_min(core);
	if (!err)
		return &core->pub;
	objcache_destroy(&core->pub);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_GPL(__objcache_create);

/**
 * __objcache_createf - what objcache_createf() calls
 * @params: as there
 * @abi: %OBJCACHE_ABI of the caller's header
 * @params_size: bytes of the caller's struct objcache_params
 * @fmt: as there
 *
 * Return: as there.
 */
struct objcache *__objcache_createf(const struct objcache_params *params,
				    unsigned int abi, size_t params_size,
				    const char *fmt, ...)
{
	/* One that is cut off here is too long all the same. */
	char name[OBJCACHE_NAME_LEN + 1];
	va_list args;

	va_start(args, fmt);
	vsnprintf(name, sizeof(name), fmt, args);
	va_end(args);
	return __objcache_create(name, params, abi, params_size);
}
EXPORT_SYMBOL_GPL(__objcache_createf);

/* ---- destroy ---- */

/* Late puts still read this memory, and the objects are in the slab. */
static void objcache_bury(struct objcache_core *core, unsigned long out)
{
	pr_err("%s: destroyed with %lu objects still out; for late puts its slab stays for good, and %zu bytes and %zu for each of %u CPUs\n",
	       core->name, out, sizeof(*core), sizeof(struct objcache_cpu),
	       num_possible_cpus());
	objcache_depot_exit(core);
	objcache_kick_exit(core);
	kmemleak_not_leak(core);
}

/* No put, get or discard that finds the cache alive is under way after this. */
static void objcache_kill(struct objcache_core *core)
{
	int cpu, i;

	WRITE_ONCE(core->dead, true);
	/*
	 * Twice: an owner that was past the test of @dead may have given itself
	 * a limit again, and with it the next hit.
	 */
	for (i = 0; i < 2; i++) {
		for_each_possible_cpu(cpu)
			objcache_ask(per_cpu_ptr(core->cpu, cpu));
		synchronize_rcu();
	}
}

/* Who has what is out; or else what was withdrawn goes as well. */
static void objcache_end_checks(struct objcache_core *core, unsigned long out)
{
	if (out) {
		objcache_report_leaks(core, out);
		return;
	}
	objcache_track_free_withdrawn(core);
	/* Whose look has found an object of this cache looks at the cache. */
	synchronize_rcu();
}

/* Nothing keeps objects from going, and the keeper makes none any more. */
static void objcache_drop_min(struct objcache_core *core)
{
	if (!core->min_objects)
		return;
	WRITE_ONCE(core->min_objects, 0);
	objcache_keeper_flush(core);
}

void objcache_destroy(struct objcache *cache)
{
	struct objcache_core *core = to_core(cache);
	unsigned long out;
	int cpu;

	if (!objcache_cache_ok(cache, "destroy"))
		return;
	/* 1. Open files: from here on no drain comes from user space. */
	objcache_debugfs_remove(core);
	mutex_lock(&objcache_mutex);
	list_del(&core->list);
	mutex_unlock(&objcache_mutex);
	/* 2. Scans, hotplug callbacks, age steps: none comes any more. */
	objcache_shrink_exit(core);
	objcache_hotplug_remove(core);
	objcache_age_exit(core);
	/* 3. Puts, gets and discards. From here on nothing can be parked. */
	objcache_kill(core);
	irq_work_sync(&core->deal);
	objcache_drop_min(core);
	/* 4. So all parts are ours, whichever CPU they are of. */
	for_each_possible_cpu(cpu)
		objcache_part_clear(core, cpu);
	/* 5. Destructors; then neither keeper nor tidier comes any more. */
	objcache_release_stored(core);
	objcache_keeper_exit(core);
	objcache_spare_free(core);
	objcache_tidy_exit(core);

	out = objcache_count_sum(core, OBJCACHE_STAT_created) -
	      objcache_count_sum(core, OBJCACHE_STAT_destroyed);
	if (core->checks)
		objcache_end_checks(core, out);
	if (out)
		objcache_bury(core, out);
	else
		objcache_free_core(core);
}
EXPORT_SYMBOL_GPL(objcache_destroy);
