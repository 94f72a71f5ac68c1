// SPDX-License-Identifier: GPL-2.0
/*
 * Objects on their way out: the queue, its bound, and the worker
 *
 * Plain memory goes straight back to the slab where that is legal. Everything
 * else, and every object with a destructor, is linked on one of two lists:
 * waiting (could still be handed out) and doomed (must not). A worker runs the
 * destructors in process context and frees.
 *
 * Any context adds, with a cmpxchg. Takers are serialised by take_lock, which is
 * what llist_del_first() asks for. It is taken with interrupts off, because a
 * put may come under any lock of the caller's; only an NMI can then meet a taker
 * on its own CPU, and it just tries.
 */
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "internal.h"
#include "trace.h"

/* Objects destroyed between two looks at need_resched; also the stack's size. */
#define OBJCACHE_RELEASE_BATCH	16

static struct workqueue_struct *objcache_wq;

/**
 * objcache_may_queue - is queue_work() legal here?
 * @core: the cache that wants something done
 *
 * It wakes a task, which is too much under a raw lock. Where it is not legal, an
 * irq_work queues what is due for the cache: releases, aging, the depot.
 *
 * Context: Any.
 * Return: whether the caller may queue work; if not, it need not.
 */
bool objcache_may_queue(struct objcache_core *core)
{
	if (objcache_may_call_slab())
		return true;
	irq_work_queue(&core->kick);
	return false;
}

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

/*
 * A timer is started where the first object is made. On an isolated CPU it would
 * come there, and the step with it; or not at all, as it wakes no idle CPU.
 */
static int objcache_timer_cpu(void)
{
	int cpu;

	if (likely(objcache_may_disturb(smp_processor_id())))
		return WORK_CPU_UNBOUND;
	for_each_online_cpu(cpu)
		if (objcache_may_disturb(cpu))
			return cpu;
	return WORK_CPU_UNBOUND;
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
	/* No CPU that is online now is dead before we are through. */
	preempt_disable();
	queue_delayed_work_on(objcache_timer_cpu(), objcache_wq, timer,
			      msecs_to_jiffies(ms));
	preempt_enable();
}

/* ---- adding ---- */

static void objcache_kick(struct objcache_core *core)
{
	if (objcache_may_queue(core))
		queue_work(objcache_wq, &core->release_work);
}

static void objcache_kicked(struct irq_work *kick)
{
	struct objcache_core *core = container_of(kick, struct objcache_core,
						  kick);

	if (!READ_ONCE(core->dead)) {
		if (READ_ONCE(core->armed))
			objcache_age_start(core);
		if (READ_ONCE(core->depot.watched))
			objcache_depot_start(core);
	}
	queue_work(objcache_wq, &core->release_work);
}

static void objcache_queue(struct objcache_core *core, struct objcache_queue *q,
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
	llist_add_batch(first, last, &q->in);
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

/* True: objcache_take_unlock() with the same @flags. */
static inline bool objcache_take_lock(struct objcache_core *core,
				      unsigned long *flags)
{
	/* On a single CPU a trylock always succeeds. */
	if (in_nmi())
		return IS_ENABLED(CONFIG_SMP) &&
		       raw_spin_trylock_irqsave(&core->take_lock, *flags);
	raw_spin_lock_irqsave(&core->take_lock, *flags);
	return true;
}

static inline void objcache_take_unlock(struct objcache_core *core,
					unsigned long flags)
{
	raw_spin_unlock_irqrestore(&core->take_lock, flags);
}

/* No grab has this number, not for some centuries. */
#define OBJCACHE_ANY_GRAB	LONG_MAX

/*
 * Without take_lock only a hint: while somebody grabs, the objects are in neither
 * list.
 */
static bool objcache_queue_empty(struct objcache_queue *q)
{
	return !READ_ONCE(q->out) && llist_empty(&q->in);
}

/* Up to @nr objects; nothing new is grabbed after grab number @last. */
static unsigned int objcache_take(struct objcache_core *core,
				  struct objcache_queue *q, void **objs,
				  unsigned int nr, unsigned long last)
{
	unsigned long flags;
	unsigned int i;

	if (!objcache_take_lock(core, &flags))
		return 0;
	if (!q->out && (long)(last - q->grabs) > 0) {
		WRITE_ONCE(q->out, llist_del_all(&q->in));
		WRITE_ONCE(q->grabs, q->grabs + 1);
	}
	for (i = 0; i < nr && q->out; i++) {
		objs[i] = objcache_of_link(core, q->out);
		WRITE_ONCE(q->out, q->out->next);
	}
	objcache_take_unlock(core, flags);
	return i;
}

/**
 * objcache_take_back - hand out an object that waits for the worker
 * @core: the cache
 *
 * Context: Any.
 * Return: the object, or NULL: none that may be handed out, or
 * an NMI met a taker at work.
 */
void *objcache_take_back(struct objcache_core *core)
{
	void *obj;

	/* The one is handed out on its own CPU only, the other not again at all. */
	if (core->flags & (OBJCACHE_NO_STEAL | OBJCACHE_DEBUG))
		return NULL;
	if (objcache_queue_empty(&core->waiting) ||
	    !objcache_take(core, &core->waiting, &obj, 1, OBJCACHE_ANY_GRAB))
		return NULL;
	atomic_long_dec(&core->releasing);
	return obj;
}

static bool objcache_release_from(struct objcache_core *core,
				  struct objcache_queue *q, unsigned long last)
{
	/* What a slow destructor holds up cannot be taken back: one at a time. */
	unsigned int most = core->ops.dtor ? 1 : OBJCACHE_RELEASE_BATCH;
	void *objs[OBJCACHE_RELEASE_BATCH];
	unsigned int nr;

	nr = objcache_take(core, q, objs, most, last);
	if (nr) {
		if (core->ops.dtor)
			core->ops.dtor(objs[0], core->ctx);
		objcache_free(core, objs, nr);
		atomic_long_sub(nr, &core->releasing);
	}
	return nr;
}

/**
 * objcache_release_some - help the worker: destroy a few objects here and now
 * @core: the cache
 *
 * Does nothing while somebody waits for all helpers, who must not be kept waiting
 * by new ones, nor by a destructor that comes here.
 *
 * Context: Process context, may sleep.
 */
void objcache_release_some(struct objcache_core *core)
{
	if (!down_read_trylock(&core->helpers))
		return;
	if (!objcache_release_from(core, &core->doomed, OBJCACHE_ANY_GRAB))
		objcache_release_from(core, &core->waiting, OBJCACHE_ANY_GRAB);
	up_read(&core->helpers);
}

/* ---- empty magazines ---- */

/**
 * objcache_magazine_bytes - what an empty or full magazine takes
 * @core: the cache
 *
 * Hits write into it, so no other CPU's may lie in its lines. What the allocator
 * gives for a power of two begins at a multiple of it; the batches that are chosen
 * by default make one, from 7 up.
 *
 * Return: bytes.
 */
size_t objcache_magazine_bytes(const struct objcache_core *core)
{
	size_t bytes = offsetof(struct objcache_magazine, objs[core->batch]);

	return roundup_pow_of_two(max_t(size_t, bytes, SMP_CACHE_BYTES));
}

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

	mag = kmalloc_node(objcache_magazine_bytes(core), gfp | __GFP_NOWARN,
			   node);
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
	unsigned long flags;

	if (llist_empty(&core->stock) || !objcache_take_lock(core, &flags))
		return NULL;
	node = llist_del_first(&core->stock);
	objcache_take_unlock(core, flags);
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
	/* The kick has the worker fill the stock up again. */
	if (objcache_may_queue(core))
		return objcache_magazine_alloc(core, GFP_NOWAIT, NUMA_NO_NODE);
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

/*
 * Bring the stock to @nr magazines, as far as there is memory without reclaim:
 * the worker may be what reclaim waits for.
 */
static void objcache_restock(struct objcache_core *core, int nr)
{
	struct objcache_magazine *mag;

	while (atomic_read(&core->stock_nr) < nr) {
		mag = objcache_magazine_alloc(core, GFP_NOWAIT, NUMA_NO_NODE);
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

static bool objcache_queues_empty(struct objcache_core *core)
{
	unsigned long flags;
	bool empty;

	raw_spin_lock_irqsave(&core->take_lock, flags);
	empty = objcache_queue_empty(&core->doomed) &&
		objcache_queue_empty(&core->waiting);
	raw_spin_unlock_irqrestore(&core->take_lock, flags);
	return empty;
}

static void objcache_release_work(struct work_struct *work)
{
	struct objcache_core *core = container_of(work, struct objcache_core,
						  release_work);
	unsigned long doomed = READ_ONCE(core->doomed.grabs) + 1;
	unsigned long waiting = READ_ONCE(core->waiting.grabs) + 1;

	/* All that was there; under steady load a flush must end all the same. */
	do {
		cond_resched();
	} while (objcache_release_from(core, &core->doomed, doomed) ||
		 objcache_release_from(core, &core->waiting, waiting));
	if (!objcache_queues_empty(core))
		queue_work(objcache_wq, work);
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
	objcache_reap(core);
	objcache_depot_clear(core);
	queue_work(objcache_wq, &core->release_work);
	flush_work(&core->release_work);
	/* A get may have taken some of it off the worker's hands. */
	down_write(&core->helpers);
	up_write(&core->helpers);
}

/**
 * objcache_release_init - a cache's queue, empty
 * @core: the cache
 */
void objcache_release_init(struct objcache_core *core)
{
	init_llist_head(&core->waiting.in);
	init_llist_head(&core->doomed.in);
	init_llist_head(&core->stock);
	raw_spin_lock_init(&core->take_lock);
	init_rwsem(&core->helpers);
	/* Hard on PREEMPT_RT too: the thread that runs others goes with its CPU. */
	core->kick = IRQ_WORK_INIT_HARD(objcache_kicked);
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
	/* It queues itself again while there is something. */
	while (flush_work(&core->release_work))
		;
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
