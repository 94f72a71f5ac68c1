/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the module share
 *
 * Sections are named for the file that implements them.
 */
#ifndef _OBJCACHE_INTERNAL_H
#define _OBJCACHE_INTERNAL_H

#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/irq_work.h>
#include <linux/kref.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rwsem.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "objcache.h"
#include "compat.h"
#include "magazine.h"
#include "ring.h"

struct dentry;

/*
 * Counted with this_cpu operations, from any context: what happens off the hit
 * path. The names are those of struct objcache_stats, where they are in it.
 */
struct objcache_counters {
	unsigned long created;
	unsigned long destroyed;
	unsigned long slow_gets;	/* objects handed out off the hit path */
	unsigned long slow_puts;	/* objects taken back off the hit path */
	unsigned long own_ring;
	unsigned long steals;
	unsigned long fresh;
	unsigned long taken_back;	/* objects taken back from depot or release queue */
	unsigned long ctor_failures;
	unsigned long overflow;
	unsigned long refused;
	unsigned long discarded;
	unsigned long nested;
	unsigned long prefilled;
	unsigned long aged_hits;
	unsigned long aged_out;		/* of the private part */
	unsigned long shrunk;
};

/*
 * What the owner section counts of such. Nothing comes between there, so a plain
 * addition does: an atomic one is dear where interrupts are turned off for it.
 */
struct objcache_owned_counters {
	unsigned long refilled;		/* gets that the private part served after a refill */
	unsigned long steals;
	unsigned long taken_back;
	unsigned long overflow;
	unsigned long aged_hits;
};

/* One CPU's part of a cache. Fields are grouped by who writes them. */
struct objcache_cpu {
	/* The owner section: this CPU only, holding the token. */
	struct objcache_owner own;
	struct objcache_magazine *loaded;	/* own.top points into it */
	struct objcache_magazine *spare;	/* full or empty; may be NULL */
	bool spare_full;
	bool pushing;				/* one magazine more may be in the ring soon */
	struct objcache_owned_counters owned;

	/* This CPU, any context. */
	struct objcache_counters count ____cacheline_aligned_in_smp;

	/*
	 * Shared: the owner at the head, thieves at the tail. Two generations:
	 * ring[gen] is current, the other one aged.
	 */
	struct objcache_ring ring[2] ____cacheline_aligned_in_smp;
	unsigned int gen;			/* flipped by age steps */
	atomic_long_t stolen;			/* objects that thieves took */

	/* Contexts that found the token gone add; anyone takes the list. */
	struct llist_head nested ____cacheline_aligned_in_smp;
	atomic_t nested_nr;

	/* Age steps, under age_mutex. */
	unsigned long touched;			/* what objcache_touched() said last */
	bool expired;				/* the last step found it so */
	struct work_struct age_work;
	bool squeeze;				/* the shrinker wants it all */

	/* Drains, under drain_mutex. */
	struct work_struct drain_work;
	unsigned long drained;

	struct objcache_core *core;
};

/*
 * Objects that wait to be destroyed. What comes in meanwhile waits until all of
 * the last grab is gone, so nothing is overtaken for good.
 */
struct objcache_queue {
	struct llist_head in;		/* anyone adds */
	struct llist_node *out;		/* the last grab; under take_lock */
	unsigned long grabs;		/* how many there were; under take_lock */
};

/* Magazines on top of one another, linked through their floors. */
struct objcache_pile {
	struct objcache_magazine *top;
	unsigned int nr;
	unsigned int low;		/* the least @nr since the last look */
};

/* Full magazines above the capacity, and empty ones left in exchange. */
struct objcache_depot {
	raw_spinlock_t lock;		/* guards the piles and @watched */
	struct objcache_pile full;
	struct objcache_pile empty;
	bool watched;			/* a look is due, or about to be */
	unsigned int max;		/* full ones at most; 0: there is no depot */
	atomic_long_t shed;		/* objects on their way from here to the slab */
	struct delayed_work work;
};

/* In capacities of one CPU: bursts of up to five of them find room. */
#define OBJCACHE_DEPOT_MAX	4

/* Empty magazines in stock for puts that may not allocate: a few interrupts' worth. */
#define OBJCACHE_STOCK		8

struct objcache_core {
	struct objcache pub;

	/* Read-mostly, set by create. */
	struct objcache_cpu __percpu *cpu;
	struct kmem_cache *slab;
	struct objcache_ops ops;
	void *ctx;
	unsigned int flags;
	unsigned int batch;
	unsigned int capacity;
	unsigned int shared_max;	/* objects in ring and nested list together */
	unsigned int link;		/* offset of the link in an object */
	unsigned int backlog_max;
	bool slow_put;			/* puts have to look at the object first */
	bool dead;			/* is being destroyed, or was with objects out */
	struct cpumask *surplus;	/* CPUs that may have something to steal */
	void *none[1];			/* the floor of no magazine: empty and full */

	/* Release queue. */
	struct objcache_queue waiting ____cacheline_aligned_in_smp;
	struct objcache_queue doomed;	/* must not be handed out again */
	raw_spinlock_t take_lock;	/* serialises takers of both lists */
	atomic_long_t releasing;
	struct irq_work kick;
	struct work_struct release_work;
	struct rw_semaphore helpers;	/* read: gets that run destructors */
	struct llist_head stock;	/* empty magazines */
	atomic_t stock_nr;

	/* Above the capacity. */
	struct objcache_depot depot ____cacheline_aligned_in_smp;

	/* Aging. */
	struct mutex age_mutex;		/* one step, or reaping of it, at a time */
	struct delayed_work age_timer;
	struct work_struct reap_work;
	unsigned int armed;		/* the timer runs, or is about to */
	unsigned long ages;
	unsigned long aged_out;		/* of shared parts, under age_mutex */

	/* Management. */
	struct objcache_shrinker shrinker;
	struct hlist_node hotplug;
	struct objcache_params params;	/* as chosen */
	char name[OBJCACHE_NAME_LEN];
	struct list_head list;
	struct mutex drain_mutex;	/* one use of the drain_work at a time */
	struct dentry *dir;
};

static inline struct objcache_core *to_core(struct objcache *cache)
{
	return container_of(cache, struct objcache_core, pub);
}

static inline struct llist_node *
objcache_link(const struct objcache_core *core, void *obj)
{
	return obj + core->link;
}

static inline void *objcache_of_link(const struct objcache_core *core,
				     struct llist_node *node)
{
	return (void *)node - core->link;
}

/*
 * Where the kernel has the upper half of the addresses, a pointer to something
 * is a number below all errors, and those below NULL. So one comparison does for
 * IS_ERR_OR_NULL(), and what many pointers have in common tells of a NULL.
 */
#define OBJCACHE_UPPER_HALF						\
	((IS_ENABLED(CONFIG_X86_64) && !IS_ENABLED(CONFIG_UML)) ||	\
	 (IS_ENABLED(CONFIG_ARM64) && !IS_ENABLED(CONFIG_KASAN_SW_TAGS)))

/* Neither an error nor NULL. */
static __always_inline bool objcache_is_object(const void *ptr)
{
	if (OBJCACHE_UPPER_HALF)
		return (long)ptr < -MAX_ERRNO;
	return !IS_ERR_OR_NULL(ptr);
}

/* The same of @a, and @b is not NULL. */
static __always_inline bool objcache_are_objects(const void *a, const void *b)
{
	if (OBJCACHE_UPPER_HALF)
		return (((long)a + MAX_ERRNO) & (long)b) < 0;
	return objcache_is_object(a) && b;
}

/* Start with -1, add each pointer; negative at the end if none was NULL. */
static __always_inline long objcache_add_common(long common, const void *ptr)
{
	if (OBJCACHE_UPPER_HALF)
		return common & (long)ptr;
	return ptr ? common : 0;
}

/* A debug cache by its nature, a destroyed one because nobody would take it. */
static inline bool objcache_keeps_nothing(const struct objcache_core *core)
{
	return (core->flags & OBJCACHE_DEBUG) || READ_ONCE(core->dead);
}

/* As many objects wait to be destroyed as may: no more are made. */
static inline bool objcache_backlogged(const struct objcache_core *core)
{
	return atomic_long_read(&core->releasing) >= core->backlog_max;
}

/*
 * Neither the slab nor the page allocator may be entered from NMI, nor, on
 * PREEMPT_RT, where their locks sleep, from a caller that is not preemptible.
 */
static inline bool objcache_may_alloc(void)
{
	if (in_nmi())
		return false;
	return !IS_ENABLED(CONFIG_PREEMPT_RT) || preemptible();
}

/*
 * Stricter, for what put does on its own account: the caller may hold a raw
 * spinlock, under which no spinlock_t, and so no slab call, is in order. With
 * interrupts on that harms nobody but on PREEMPT_RT, and is asked for only there
 * and where lockdep checks it.
 */
static inline bool objcache_may_call_slab(void)
{
	if (IS_ENABLED(CONFIG_PROVE_RAW_LOCK_NESTING) && !preemptible())
		return false;
	return objcache_may_alloc() && !irqs_disabled();
}

/* The slab's bulk calls want process context with interrupts on. */
static inline bool objcache_may_bulk(void)
{
	return objcache_may_call_slab() && !in_interrupt();
}

/* The current generation's ring, and the aged one. Stale on other CPUs. */
static inline struct objcache_ring *objcache_ring_of(struct objcache_cpu *c,
						     bool aged)
{
	return &c->ring[READ_ONCE(c->gen) ^ aged];
}

/* Magazines in both rings; stale unless they are quiet. */
static inline unsigned int objcache_shared(struct objcache_cpu *c)
{
	return objcache_ring_count(&c->ring[0]) +
	       objcache_ring_count(&c->ring[1]);
}

/* Anything that this CPU does to the cache changes it. */
static inline unsigned long objcache_touched(struct objcache_cpu *c)
{
	return READ_ONCE(c->own.gets) + READ_ONCE(c->own.puts) +
	       READ_ONCE(c->count.slow_gets) + READ_ONCE(c->count.slow_puts) +
	       READ_ONCE(c->count.prefilled);
}

/* Any CPU: the next put of that one shall look whether its part has expired. */
static inline void objcache_ask(struct objcache_cpu *c)
{
	WRITE_ONCE(c->own.limit, NULL);
}

/* How far a search for parked objects goes. */
enum objcache_reach {
	OBJCACHE_PRIVATE,	/* this CPU's private part and nested list */
	OBJCACHE_OWN,		/* its rings as well */
	OBJCACHE_ALL,		/* other CPUs as well */
	OBJCACHE_BEYOND,	/* and what is on its way out, in the depot */
};

/* core.c: getting and putting; owner.h has more of it */
void objcache_equip(struct objcache_core *core, struct objcache_cpu *c,
		    struct objcache_magazine *loaded,
		    struct objcache_magazine *spare);
void *objcache_take_parked(struct objcache_core *core, struct objcache_cpu *c,
			   enum objcache_reach reach);
bool objcache_cache_ok(struct objcache *cache, const char *what);
bool objcache_gfp_ok(struct objcache_core *core, gfp_t gfp);

/* fresh.c: making objects */
void *objcache_fresh(struct objcache_core *core, gfp_t gfp);
void *objcache_fresh_one(struct objcache_core *core, gfp_t gfp);

/* release.c: objects on their way out */
void objcache_release(struct objcache_core *core, void **objs, unsigned int nr);
bool objcache_may_queue(struct objcache_core *core);
void objcache_queue_work(struct work_struct *work);
void objcache_queue_timer(struct delayed_work *timer, unsigned int ms);
void objcache_doom(struct objcache_core *core, void *obj);
void *objcache_take_back(struct objcache_core *core);
void objcache_release_some(struct objcache_core *core);
void objcache_release_init(struct objcache_core *core);
void objcache_release_exit(struct objcache_core *core);
void objcache_release_flush(struct objcache_core *core);
size_t objcache_magazine_bytes(const struct objcache_core *core);
struct objcache_magazine *objcache_magazine_alloc(struct objcache_core *core,
						  gfp_t gfp, int node);
struct objcache_magazine *objcache_magazine_take(struct objcache_core *core);
void objcache_magazine_put(struct objcache_core *core,
			   struct objcache_magazine *mag);
int objcache_release_start(void);
void objcache_release_stop(void);

/* depot.c: full magazines above the capacity */
bool objcache_depot_give(struct objcache_core *core,
			 struct objcache_magazine *mag,
			 struct objcache_magazine **empty, bool *start);
struct objcache_magazine *objcache_depot_swap(struct objcache_core *core,
					      struct objcache_magazine *empty);
unsigned long objcache_depot_shed(struct objcache_core *core, unsigned int nr);
unsigned long objcache_releasing(struct objcache_core *core);
void objcache_depot_clear(struct objcache_core *core);
void objcache_depot_watch(struct objcache_core *core);
void objcache_depot_start(struct objcache_core *core);
void objcache_depot_init(struct objcache_core *core);
void objcache_depot_exit(struct objcache_core *core);

/* params.c: what create was given */
int objcache_check_params(const char *name, const struct objcache_params *given,
			  struct objcache_params *chosen);
unsigned int objcache_link_offset(const struct objcache_params *params);
unsigned int objcache_slab_size(const struct objcache_params *params);
unsigned int objcache_object_bytes(const struct objcache_params *params);

/* cache.c: create, destroy, and the registry */
extern struct list_head objcache_caches;
extern struct mutex objcache_mutex;	/* guards objcache_caches */

/* drain.c: emptying a cache */
int objcache_drain_start(void);
void objcache_queue_on(int cpu, struct work_struct *work);
void objcache_drain_stop(void);
void objcache_drain_init(struct objcache_core *core, int cpu);
unsigned long objcache_release_here(struct objcache_core *core);
unsigned long objcache_release_dead(struct objcache_cpu *c);
unsigned long objcache_release_own(struct objcache_cpu *c,
				   enum objcache_reach reach);
unsigned long objcache_drain_core(struct objcache_core *core);

/* age.c: two generations */
void objcache_age_init(struct objcache_core *core);
void objcache_age_exit(struct objcache_core *core);
void objcache_age_arm(struct objcache_core *core);
void objcache_age_start(struct objcache_core *core);
void objcache_age_here(struct objcache_core *core);
void objcache_age_step(struct objcache_core *core);
bool objcache_may_disturb(int cpu);
void objcache_squeeze(struct objcache_core *core, int cpu);
void objcache_reap(struct objcache_core *core);

/* shrink.c: memory pressure */
int objcache_shrink_init(struct objcache_core *core);
void objcache_shrink_exit(struct objcache_core *core);

/* hotplug.c: CPUs that go away */
int objcache_hotplug_start(void);
void objcache_hotplug_stop(void);
void objcache_hotplug_add(struct objcache_core *core);
void objcache_hotplug_remove(struct objcache_core *core);

/* stats.c: counting */
struct objcache_cpu_stats {
	u64 parked;
	u64 gets;
	u64 puts;
	u64 hits;
	u64 own_ring;
	u64 steals;
	u64 stolen;
	u64 fresh;
	u64 overflow;
	u64 nested;
};

u64 objcache_private(struct objcache_core *core, struct objcache_cpu *c);
u64 objcache_parked_on(struct objcache_core *core, struct objcache_cpu *c);
void objcache_read_cpu(struct objcache_core *core, int cpu,
		       struct objcache_cpu_stats *stats);

/* debugfs.c */
void objcache_debugfs_start(void);
void objcache_debugfs_stop(void);
void objcache_debugfs_add(struct objcache_core *core);
void objcache_debugfs_remove(struct objcache_core *core);

#endif /* _OBJCACHE_INTERNAL_H */
