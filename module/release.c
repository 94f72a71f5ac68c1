// SPDX-License-Identifier: GPL-2.0
/*
 * Objects on their way out: the queue, its bound, and the worker
 *
 * Plain memory goes straight back to the slab where that is legal. Everything
 * else, and every object with a destructor, is linked on one of two lists:
 * waiting (could still be handed out) and doomed (must not). A worker runs the
 * destructors in process context and frees.
 *
 * Any context adds, with a cmpxchg. Takers are serialised by take_lock, so that
 * taking the first entry has no ABA; interrupts only ever try the lock, so it
 * needs no interrupts disabled.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "internal.h"
#include "trace.h"

/* Objects destroyed between two looks at need_resched; also the stack's size. */
#define OBJCACHE_RELEASE_BATCH	16

static struct workqueue_struct *objcache_wq;

/**
 * objcache_queue_work - have the caches' worker do something
 * @work: what
 *
 * Context: Any in which queue_work() is legal.
 */
void objcache_queue_work(struct work_struct *work)
{
	queue_work(objcache_wq, work);
}

/**
 * objcache_queue_timer - have the caches' worker do something later
 * @timer: what
 * @ms: when, in milliseconds
 *
 * Context: Any in which queue_work() is legal.
 */
void objcache_queue_timer(struct delayed_work *timer, unsigned int ms)
{
	queue_delayed_work(objcache_wq, timer, msecs_to_jiffies(ms));
}

/* ---- adding ---- */

static void objcache_kick(struct objcache_core *core)
{
	/* queue_work() wakes a task, which is too much under a raw lock. */
	if (objcache_may_call_slab())
		queue_work(objcache_wq, &core->release_work);
	else
		irq_work_queue(&core->kick);
}

static void objcache_kicked(struct irq_work *kick)
{
	struct objcache_core *core = container_of(kick, struct objcache_core,
						  kick);

	if (READ_ONCE(core->armed) && !READ_ONCE(core->dead))
		objcache_age_start(core);
	queue_work(objcache_wq, &core->release_work);
}

static void objcache_queue(struct objcache_core *core, struct llist_head *list,
			   void **objs, unsigned int nr)
{
	struct llist_node *first = objcache_link(core, objs[0]);
	struct llist_node *last = first;
	unsigned int i;

	for (i = 1; i < nr; i++) {
		last->next = objcache_link(core, objs[i]);
		last = last->next;
	}
	atomic_long_add(nr, &core->releasing);
	llist_add_batch(first, last, list);
	objcache_kick(core);
}

static void objcache_free(struct objcache_core *core, void **objs,
			  unsigned int nr)
{
	unsigned int i;

	if (objcache_may_bulk() && nr > 1)
		kmem_cache_free_bulk(core->slab, nr, objs);
	else
		for (i = 0; i < nr; i++)
			kmem_cache_free(core->slab, objs[i]);
	this_cpu_add(core->cpu->count.destroyed, nr);
}

/**
 * objcache_release - objects leave the cache, and might yet be taken back
 * @core: the cache
 * @objs: the objects
 * @nr: how many, at least one
 *
 * Context: Any.
 */
void objcache_release(struct objcache_core *core, void **objs, unsigned int nr)
{
	trace_objcache_release(core->name, nr);
	if (!core->ops.dtor && objcache_may_call_slab())
		objcache_free(core, objs, nr);
	else
		objcache_queue(core, &core->waiting, objs, nr);
}

/**
 * objcache_doom - an object leaves the cache and is not to be used again
 * @core: the cache
 * @obj: the object
 *
 * Context: Any.
 */
void objcache_doom(struct objcache_core *core, void *obj)
{
	trace_objcache_release(core->name, 1);
	if (!core->ops.dtor && objcache_may_call_slab())
		objcache_free(core, &obj, 1);
	else
		objcache_queue(core, &core->doomed, &obj, 1);
}

/* ---- taking ---- */

static bool objcache_take_lock(struct objcache_core *core)
{
	if (in_task()) {
		raw_spin_lock(&core->take_lock);
		return true;
	}
	return raw_spin_trylock(&core->take_lock);
}

static unsigned int objcache_take(struct objcache_core *core,
				  struct llist_head *list, void **objs,
				  unsigned int nr)
{
	unsigned int i;

	if (llist_empty(list) || !objcache_take_lock(core))
		return 0;
	for (i = 0; i < nr; i++) {
		struct llist_node *node = llist_del_first(list);

		if (!node)
			break;
		objs[i] = objcache_of_link(core, node);
	}
	raw_spin_unlock(&core->take_lock);
	return i;
}

/**
 * objcache_take_back - hand out an object that waits for the worker
 * @core: the cache
 *
 * Context: Any.
 * Return: the object, or NULL: none that may be handed out, or
 * an interrupt met a taker at work.
 */
void *objcache_take_back(struct objcache_core *core)
{
	void *obj;

	if (!objcache_take(core, &core->waiting, &obj, 1))
		return NULL;
	atomic_long_dec(&core->releasing);
	return obj;
}

/**
 * objcache_release_some - destroy a few queued objects here and now
 * @core: the cache
 *
 * Context: Process context, may sleep.
 * Return: whether there were any.
 */
bool objcache_release_some(struct objcache_core *core)
{
	void *objs[OBJCACHE_RELEASE_BATCH];
	unsigned int i, nr;

	nr = objcache_take(core, &core->doomed, objs, ARRAY_SIZE(objs));
	if (!nr)
		nr = objcache_take(core, &core->waiting, objs, ARRAY_SIZE(objs));
	if (!nr)
		return false;
	for (i = 0; core->ops.dtor && i < nr; i++)
		core->ops.dtor(objs[i], core->ctx);
	objcache_free(core, objs, nr);
	atomic_long_sub(nr, &core->releasing);
	return true;
}

/* ---- empty magazines ---- */

/**
 * objcache_magazine_alloc - an empty magazine from the allocator
 * @core: the cache
 * @gfp: how
 * @node: of the CPU that will use it
 *
 * Return: the magazine, or NULL.
 */
struct objcache_magazine *objcache_magazine_alloc(struct objcache_core *core,
						  gfp_t gfp, int node)
{
	struct objcache_magazine *mag;

	mag = kmalloc_node(struct_size(mag, objs, core->batch),
			   gfp | __GFP_NOWARN, node);
	if (mag)
		mag->floor = NULL;
	return mag;
}

/* While a magazine is in stock its first slot is the link. */
static void objcache_stock_add(struct objcache_core *core,
			       struct objcache_magazine *mag)
{
	atomic_inc(&core->stock_nr);
	llist_add((struct llist_node *)mag->objs, &core->stock);
}

static struct objcache_magazine *objcache_stock_take(struct objcache_core *core)
{
	struct llist_node *node;

	if (llist_empty(&core->stock) || !objcache_take_lock(core))
		return NULL;
	node = llist_del_first(&core->stock);
	raw_spin_unlock(&core->take_lock);
	if (!node)
		return NULL;
	atomic_dec(&core->stock_nr);
	return container_of((void **)node, struct objcache_magazine, objs[0]);
}

/**
 * objcache_magazine_take - an empty magazine, without sleeping
 * @core: the cache
 *
 * From the allocator, or where that is out of bounds from a small stock that
 * the worker keeps.
 *
 * Context: Any.
 * Return: the magazine, or NULL.
 */
struct objcache_magazine *objcache_magazine_take(struct objcache_core *core)
{
	if (objcache_may_call_slab())
		return objcache_magazine_alloc(core, GFP_NOWAIT, NUMA_NO_NODE);
	irq_work_queue(&core->kick);
	return objcache_stock_take(core);
}

/**
 * objcache_magazine_put - an empty magazine is not needed any more
 * @core: the cache
 * @mag: the magazine
 *
 * Context: Any.
 */
void objcache_magazine_put(struct objcache_core *core,
			   struct objcache_magazine *mag)
{
	if (objcache_may_call_slab())
		kfree(mag);
	else
		objcache_stock_add(core, mag);
}

/* Bring the stock to @nr magazines, as far as there is memory. */
static void objcache_restock(struct objcache_core *core, int nr)
{
	struct objcache_magazine *mag;

	while (atomic_read(&core->stock_nr) < nr) {
		mag = objcache_magazine_alloc(core, GFP_KERNEL, NUMA_NO_NODE);
		if (!mag)
			return;
		objcache_stock_add(core, mag);
	}
	while (atomic_read(&core->stock_nr) > nr) {
		mag = objcache_stock_take(core);
		if (!mag)
			return;
		kfree(mag);
	}
}

/* ---- the worker ---- */

static void objcache_release_work(struct work_struct *work)
{
	struct objcache_core *core = container_of(work, struct objcache_core,
						  release_work);

	do {
		objcache_reap(core);
		cond_resched();
	} while (objcache_release_some(core));
	objcache_restock(core, objcache_keeps_nothing(core) ? 0 : OBJCACHE_STOCK);
}

/**
 * objcache_release_flush - wait until all that was queued is destroyed
 * @core: the cache
 *
 * Context: Process context, sleeps. What is queued meanwhile may remain.
 */
void objcache_release_flush(struct objcache_core *core)
{
	irq_work_sync(&core->kick);
	queue_work(objcache_wq, &core->release_work);
	flush_work(&core->release_work);
}

/**
 * objcache_release_init - a cache's queue, empty
 * @core: the cache
 */
void objcache_release_init(struct objcache_core *core)
{
	init_llist_head(&core->waiting);
	init_llist_head(&core->doomed);
	init_llist_head(&core->stock);
	raw_spin_lock_init(&core->take_lock);
	init_irq_work(&core->kick, objcache_kicked);
	INIT_WORK(&core->release_work, objcache_release_work);
	objcache_restock(core, objcache_keeps_nothing(core) ? 0 : OBJCACHE_STOCK);
}

/**
 * objcache_release_exit - nothing is queued any more; free what is in stock
 * @core: the cache, without users
 */
void objcache_release_exit(struct objcache_core *core)
{
	irq_work_sync(&core->kick);
	flush_work(&core->release_work);
	objcache_restock(core, 0);
}

/**
 * objcache_release_start - the workqueue of all caches
 *
 * Return: 0 or -ENOMEM.
 */
int objcache_release_start(void)
{
	objcache_wq = alloc_workqueue("objcache", WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	return objcache_wq ? 0 : -ENOMEM;
}

/**
 * objcache_release_stop - end it; no cache is left
 */
void objcache_release_stop(void)
{
	destroy_workqueue(objcache_wq);
}
