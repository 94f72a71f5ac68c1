/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a cache is made of: the structures that all files of the core share
 *
 * Read this, README.md beside it has the picture; then the files in the order
 * of module/Kbuild, from the ground up: each uses only what stands before it.
 */
#ifndef _OBJCACHE_CORE_H
#define _OBJCACHE_CORE_H

#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/build_bug.h>
#include <linux/cache.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/ratelimit_types.h>
#include <linux/rbtree.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "../compat.h"
#include "../objcache.h"
#include "magazine.h"
#include "ring.h"

struct dentry;

/* Index of a statistic, in the order of OBJCACHE_STATS(). */
enum objcache_stat {
#define OBJCACHE_STAT_INDEX(name, text)	OBJCACHE_STAT_##name,
	OBJCACHE_STATS(OBJCACHE_STAT_INDEX)
#undef OBJCACHE_STAT_INDEX
	OBJCACHE_NR_STATS
};

/* One CPU's part of a cache. Fields are grouped by who writes them. */
struct objcache_cpu {
	/* The owner section: this CPU only, holding the token. */
	struct objcache_owner own;
	struct objcache_magazine *loaded;	/* own.top points into it */
	struct objcache_magazine *spare;	/* full or empty; may be NULL */
	bool spare_full;
	bool missed;				/* interrupted as owner, by who wanted its part */
	int victim;				/* CPU that was stolen from last, or this one */
	unsigned long owned[OBJCACHE_NR_STATS];	/* counted by plain additions */

	/* This CPU, any context: counted by this_cpu operations. */
	unsigned long count[OBJCACHE_NR_STATS] ____cacheline_aligned_in_smp;
	u64 beside;				/* what it has displaced; put.c */

	/*
	 * Shared: the owner at the head, thieves at the tail. Two generations:
	 * ring[gen] is current, the other one aged.
	 */
	struct objcache_ring ring[2] ____cacheline_aligned_in_smp;
	unsigned int gen;			/* flipped by age steps */
	unsigned long *slots;			/* of both rings; NULL: none yet */
	unsigned long *old_slots;		/* of a time before, in which thieves may be */
	u32 strip;				/* the slot to look at next for an empty magazine */
	atomic_long_t stolen;			/* objects that thieves took */

	/* Age steps, under age_mutex. */
	unsigned long touched ____cacheline_aligned_in_smp; /* what objcache_touched() said last */
	bool expired;				/* the last step found it so */
};

/* All that a CPU costs which is not there. */
static_assert(sizeof(struct objcache_cpu) <= SZ_1K);

/* What becomes of an object that leaves a CPU. */
enum objcache_kind {
	OBJCACHE_DISPLACED,	/* parked: found no place on its CPU */
	OBJCACHE_LEAVING,	/* on its way out, and may yet be taken back */
	OBJCACHE_KINDS,
	OBJCACHE_DOOMED = OBJCACHE_KINDS, /* on its way out for good */
};

/* Full magazines on top of one another, linked through their floors. */
struct objcache_pile {
	struct objcache_magazine *top;
	unsigned int nr;
};

/*
 * Objects of one kind, in two generations: young ones come in, old ones go on
 * (to the next kind, or out). Anyone adds loose ones, without a lock; all else
 * is under the node's.
 */
struct objcache_store {
	struct objcache_pile young, old;
	struct objcache_magazine *opened;	/* an old one, being emptied */
	unsigned int opened_nr;			/* objects left in it */
	struct llist_node *out;			/* old loose ones */
	struct llist_head in;			/* young loose ones */
	atomic_long_t loose;			/* those, and objects that are being unmade */
};

/* What the CPUs of a node share: the depot, and who has something to steal. */
struct objcache_node {
	raw_spinlock_t lock ____cacheline_aligned_in_smp;
	struct objcache_pile empty, empty_old;	/* magazines to go on with */
	struct llist_head shed;			/* and such as could not be added */
	unsigned int short_of;			/* objects that gets took loose */
	bool in_order;				/* loose objects: first in, first out */
	u32 emptied;				/* so often nothing displaced was left */
	struct objcache_store store[OBJCACHE_KINDS];
	/*
	 * A bit for each CPU of the node that may have full magazines in its
	 * rings, and behind them one for each kind that may be stored here.
	 */
	unsigned long surplus[] ____cacheline_aligned_in_smp;
};

/* At least so many discarded objects may wait, however small the capacity. */
#define OBJCACHE_MIN_BACKLOG	64U

/* Why the keeper is wanted, see kick.c. */
enum objcache_due {
	OBJCACHE_DUE_NOW,	/* something is to be unmade */
	OBJCACHE_DUE_LOOK,	/* something lies in a depot: look in a while */
};

/* Debug mode: of a cache that checks. */
struct objcache_watch {
	atomic_t serial;		/* of the last object */
	atomic_t puts;			/* that asked whether to be dropped */
	u32 seed;			/* of what they are told */
	bool missing;			/* some may be that have to be there */
	atomic_t unshown;		/* findings without a report */
	struct ratelimit_state limit;	/* of reports */
};

struct objcache_core {
	struct objcache pub;

	/* Read-mostly, set by create. */
	struct objcache_cpu __percpu *cpu;
	struct objcache_node **node;	/* by number */
	const unsigned long **hint;	/* all words of all their surplus bits */
	unsigned int nr_hints;
	struct kmem_cache *slab;
	struct objcache_ops ops;
	void *ctx;
	unsigned int flags;
	unsigned int batch;
	unsigned int capacity;
	unsigned int shared_max;	/* full magazines in a CPU's rings */
	unsigned int make_nr;		/* plain objects made in one go */
	unsigned int link;		/* offset of the link in an object */
	unsigned int object_bytes;	/* that one takes in the slab */
	unsigned int held_bytes;	/* the same, and what it holds besides */
	long backlog_max;
	long depot_max;			/* objects leaving that are nobody's hurry */
	bool bounded : 1;		/* it has a maximum or a minimum */
	bool checks : 1;		/* debug mode: see debug.h */
	bool slow_put;			/* puts have to look at the object first */
	unsigned int lead;		/* bytes of guard before an object */
	bool dead;			/* is being destroyed, or was with objects out */
	void *none[1];			/* the floor of no magazine: empty and full */

	/* The backlog: what may not be handed out again. Anyone adds. */
	struct llist_head doomed ____cacheline_aligned_in_smp;
	atomic_long_t doomed_nr;	/* those in the keeper's hands too */
	wait_queue_head_t room;		/* gets that wait for it to be smaller; drains */

	/* Bounds on how many there are; limit.c. */
	int exist_max;
	int min_objects;
	atomic_t exist;			/* reservations: what is, is made, or is spare memory */
	atomic_t stay;			/* of them not about to be unmade; if there is a minimum */
	struct llist_head spare;	/* memory kept for objects */
	raw_spinlock_t spare_lock;	/* for who takes some */
	raw_spinlock_t wait_lock;
	struct rb_root_cached waiters[2];	/* by ticket; [1]: who would make one */
	unsigned int waiting;		/* how many; others look without the lock */
	unsigned long tickets;		/* that were given to waiters, under the lock */
	atomic_t overtaken;		/* so often since one was served, or the first came */
	struct irq_work deal;

	/* The keeper, and what has it come. */
	struct workqueue_struct *keepers;	/* its own, if there is a minimum */
	unsigned long due;		/* bits of enum objcache_due */
	struct irq_work kick;
	struct delayed_work keeper;
	atomic_long_t passes;		/* of it, begun and ended: odd in between */
	unsigned long looked;		/* jiffies of its last look at leaving ones */
	atomic_t draining;		/* drains that want all unmade */
	bool untidy;			/* the slab may have empty pages */
	bool drained;			/* it has, and a drain wants them back */
	bool pressed;			/* memory pressure: nothing is kept */
	struct delayed_work tidy;

	/* Aging. */
	struct mutex age_mutex;		/* one step at a time */
	struct delayed_work age_timer;
	struct work_struct squeeze;
	atomic_long_t squeeze_nr;	/* objects that the shrinker still wants */
	int squeeze_cpu;		/* the last one that was asked */
	unsigned long ages;
	unsigned long seen_destroyed;	/* by the last step */

	struct objcache_watch watch;

	/* Management. */
	struct objcache_shrinker shrinker;
	struct hlist_node hotplug;
	struct objcache_params params;	/* as chosen */
	char name[OBJCACHE_NAME_LEN];
	struct list_head list;
	struct dentry *dir;
	struct lock_class_key dtor_key;
	struct lockdep_map dtor_map;	/* held by dtors, and by who may wait for them */
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

/* The node that @cpu's share of the depot is on. */
static inline struct objcache_node *
objcache_node_of(const struct objcache_core *core, int cpu)
{
	return core->node[cpu_to_node(cpu)];
}

/* The one that we are on. Without preemption off, one that we were on. */
static inline struct objcache_node *
objcache_here(const struct objcache_core *core)
{
	return objcache_node_of(core, raw_smp_processor_id());
}

/* Objects in a store, or on their way from there to where they are unmade. */
static inline unsigned long
objcache_store_nr(const struct objcache_core *core,
		  const struct objcache_store *store)
{
	unsigned long mags = READ_ONCE(store->young.nr) +
			     READ_ONCE(store->old.nr);

	return mags * core->batch + READ_ONCE(store->opened_nr) +
	       atomic_long_read(&store->loose);
}

/* One more, or @nr, of a statistic: from any context. */
#define objcache_count_add(core, name, nr)				\
	this_cpu_add((core)->cpu->count[OBJCACHE_STAT_##name], nr)
#define objcache_count(core, name)					\
	this_cpu_inc((core)->cpu->count[OBJCACHE_STAT_##name])

/* The same in the owner section. */
#define objcache_owned_add(c, name, nr)					\
	/* Others read it for statistics. */				\
	data_race((c)->owned[OBJCACHE_STAT_##name] += (nr))

/* Debug mode: bytes of guard on either side of an object, at least. */
#define OBJCACHE_GUARD		16U

/* Nothing is ever parked in a CPU's part. */
#define OBJCACHE_NO_PARTS	(OBJCACHE_DEBUG | OBJCACHE_CHECK)

/* A debug cache by its nature, a destroyed one because nobody would take it. */
static inline bool objcache_keeps_nothing(const struct objcache_core *core)
{
	return (core->flags & OBJCACHE_DEBUG) || READ_ONCE(core->dead);
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

/*
 * What a CPU's hits write shares no line with another's: what the allocator gives
 * for a power of two begins at a multiple of it. The batches that are chosen by
 * default make one, from 7 up.
 */
static inline size_t objcache_magazine_bytes(unsigned int batch)
{
	size_t bytes = offsetof(struct objcache_magazine, objs[batch]);

	return roundup_pow_of_two(max_t(size_t, bytes, SMP_CACHE_BYTES));
}

/* Charged to whoever is at work, if the cache is to be. */
static inline gfp_t objcache_own_gfp(const struct objcache_core *core, gfp_t gfp)
{
	return gfp | __GFP_NOWARN |
	       (core->flags & OBJCACHE_ACCOUNT ? __GFP_ACCOUNT : 0);
}

/* No object is made until fewer may not be handed out again. */
static inline bool objcache_backlogged(const struct objcache_core *core)
{
	return atomic_long_read(&core->doomed_nr) >= core->backlog_max;
}

/* One of them by its index: the structure is nothing but a list of numbers. */
static inline u64 *objcache_stat(struct objcache_stats *stats, unsigned int i)
{
	BUILD_BUG_ON(sizeof(*stats) != OBJCACHE_NR_STATS * sizeof(u64));
	return (u64 *)stats + i;
}

/* Any CPU: the next put of that one shall look whether its part has expired. */
static inline void objcache_ask(struct objcache_cpu *c)
{
	WRITE_ONCE(c->own.limit, NULL);
}

/*
 * An irq_work that a CPU queues when its last one has run stays there, and nobody else
 * can queue it then: hotplug.c looks when that CPU has gone. One that comes runs it soon.
 */
static inline bool objcache_runs_irq_work(void)
{
	unsigned int cpu = smp_processor_id();

	return likely(cpu_online(cpu)) || !cpu_dying(cpu);
}

void objcache_call_dealer(struct objcache_core *core); /* kick.c */

/*
 * After something has come that a waiter may want, or has gone that it waits for. The
 * irq_work sees what has come before this.
 */
static inline void objcache_tell_waiters(struct objcache_core *core)
{
	if (likely(!core->bounded))
		return;
	/* What has come before the look: pairs with objcache_queue_up(). */
	smp_mb();
	if (READ_ONCE(core->waiting))
		objcache_call_dealer(core);
}

/* ---- what each file has for those above it, from the ground up ---- */

/* kick.c: having something done later */
void objcache_want(struct objcache_core *core, enum objcache_due due);
void objcache_call_keeper(struct objcache_core *core);
void objcache_queue_work(struct work_struct *work);
void objcache_queue_timer(struct delayed_work *timer, unsigned int ms);
void objcache_hurry_timer(struct delayed_work *timer);
void objcache_kick_init(struct objcache_core *core);
int objcache_kick_own(struct objcache_core *core);
void objcache_kick_exit(struct objcache_core *core);
int objcache_kick_start(void);
void objcache_kick_stop(void);

/* count.c: statistics */
extern const char * const objcache_stat_names[OBJCACHE_NR_STATS];

unsigned long objcache_private(struct objcache_core *core,
			       struct objcache_cpu *c);
unsigned long objcache_parked_on(struct objcache_core *core,
				 struct objcache_cpu *c);
unsigned long objcache_stored(struct objcache_core *core,
			      enum objcache_kind kind);
unsigned long objcache_touched(struct objcache_cpu *c);
unsigned long objcache_count_sum(struct objcache_core *core,
				 enum objcache_stat stat);
unsigned int objcache_empties_on(struct objcache_cpu *c);
unsigned int objcache_magazines_on(struct objcache_cpu *c);
void objcache_read_cpu(struct objcache_core *core, int cpu,
		       struct objcache_stats *stats);
bool objcache_cache_ok(struct objcache *cache, const char *what);

/* limit.c: how many there are, where that is bounded */
unsigned int objcache_reserve(struct objcache_core *core, unsigned int nr);
void objcache_unreserve(struct objcache_core *core, unsigned int nr);
unsigned int objcache_let_go(struct objcache_core *core, unsigned int nr);
unsigned long objcache_beyond_min(struct objcache_core *core);
bool objcache_below_min(struct objcache_core *core);
void objcache_spare_add(struct objcache_core *core, void *obj);
void *objcache_spare_take(struct objcache_core *core);
void objcache_limit_init(struct objcache_core *core);

/* object.c: one object, made and unmade */
void *objcache_make(struct objcache_core *core, gfp_t gfp);
void *objcache_make_reserved(struct objcache_core *core, gfp_t gfp);
void objcache_unmake_to_spare(struct objcache_core *core, void *obj);
void *objcache_remake(struct objcache_core *core);
void objcache_spare_free(struct objcache_core *core);
unsigned int objcache_make_bulk(struct objcache_core *core, gfp_t gfp,
				unsigned int nr, void **objs);
void objcache_free(struct objcache_core *core, void **objs, unsigned int nr);
void objcache_unmake(struct objcache_core *core, void *obj);
void objcache_dtor_might_run(struct objcache_core *core);

/* A search for parked objects: how far it goes, and what it has found. */
struct objcache_search {
	struct objcache_cpu *c;		/* this CPU's part */
	bool owner;			/* of it; or we have interrupted that */
	bool leaving;			/* take back what is on its way out */
	bool real;			/* @mag is a magazine, not a place for an object */
	struct objcache_magazine *mag;	/* in: an empty one; out: with the objects */
	unsigned int room;		/* for loose objects in it */
};

/* An empty magazine to leave in exchange for a full one, or NULL. */
static inline struct objcache_magazine *
objcache_in_exchange(struct objcache_search *s)
{
	return s->real ? s->mag : NULL;
}

/* depot.c: what no CPU holds */
#define OBJCACHE_HANDFUL	32U	/* loose objects moved under a lock at a time */

void objcache_leave(struct objcache_core *core, struct objcache_node *n,
		    enum objcache_kind kind, void **objs, unsigned int nr);
bool objcache_depot_give(struct objcache_core *core, struct objcache_node *n,
			 enum objcache_kind kind, struct objcache_magazine *full,
			 struct objcache_magazine **empty, bool wait);
unsigned int objcache_depot_get(struct objcache_core *core,
				struct objcache_search *s,
				struct objcache_node *n,
				enum objcache_kind kind);
void objcache_depot_advance(struct objcache_node *n, enum objcache_kind kind);
unsigned int objcache_depot_expire(struct objcache_core *core,
				   struct objcache_node *n);
unsigned int objcache_depot_old(struct objcache_core *core,
				struct objcache_node *n, void **objs,
				unsigned int nr);
struct objcache_magazine *objcache_magazine_alloc(struct objcache_core *core,
						  gfp_t gfp, int node);
struct objcache_magazine *objcache_depot_empty(struct objcache_node *n);
void objcache_depot_keep(struct objcache_core *core, struct objcache_node *n,
			 struct objcache_magazine *empty);
bool objcache_depot_any(struct objcache_core *core, struct objcache_node *n);
void objcache_depot_supply(struct objcache_core *core, int node);
void objcache_depot_trim(struct objcache_node *n, bool all);
int objcache_depot_init(struct objcache_core *core);
void objcache_depot_exit(struct objcache_core *core);

/* keeper.c: the one worker, and the backlog's bound */
bool objcache_in_own_dtor(struct objcache_core *core);
int objcache_may_make(struct objcache_core *core, gfp_t gfp);
unsigned long objcache_unmake_leaving(struct objcache_core *core,
				      unsigned long nr);
void objcache_keeper_flush(struct objcache_core *core);
void objcache_keeper_init(struct objcache_core *core);
void objcache_keeper_exit(struct objcache_core *core);

/* steal.c: other CPUs' magazines */
enum objcache_gens {
	OBJCACHE_CURRENT = 1,
	OBJCACHE_AGED = 2,
};

bool objcache_push(struct objcache_core *core, struct objcache_cpu *c,
		   struct objcache_magazine *mag,
		   struct objcache_magazine **empty);
void objcache_unmark(struct objcache_core *core, struct objcache_node *n,
		     int cpu);
struct objcache_magazine *objcache_steal(struct objcache_core *core,
					 struct objcache_search *s,
					 struct objcache_node *n,
					 enum objcache_gens gens);

/* part.c: a CPU's part; part.h has the owner section */
unsigned long objcache_part_leave(struct objcache_core *core,
				  struct objcache_cpu *c,
				  struct objcache_node *n,
				  enum objcache_kind kind);
unsigned int objcache_part_gives(struct objcache_core *core,
				 struct objcache_node *n,
				 enum objcache_kind kind,
				 struct objcache_ring *ring);
bool objcache_part_strip(struct objcache_core *core, struct objcache_cpu *c,
			 struct objcache_node *n);
void objcache_check_limit(struct objcache_core *core, struct objcache_cpu *c);
void objcache_part_init(struct objcache_core *core, struct objcache_cpu *c);
bool objcache_part_lacks(struct objcache_core *core, int cpu);
unsigned long *objcache_slots_alloc(struct objcache_core *core, int cpu,
				    gfp_t gfp);
void objcache_part_slots(struct objcache_core *core, int cpu,
			 unsigned long *slots);
void objcache_part_equip(struct objcache_core *core, int cpu);
unsigned long objcache_part_clear(struct objcache_core *core, int cpu);
void objcache_slots_free(struct objcache_core *core, bool wait);

/* visit.c: interrupting a CPU */
bool objcache_may_disturb(int cpu);
unsigned long objcache_visit(struct objcache_core *core, int cpu,
			     bool only_idle);
void objcache_bring_out(struct objcache_core *core);

/* wait.c: waiting for an object */
struct objcache_waiter {
	struct rb_node node;		/* in &objcache_core.waiters, unless it was dealt to */
	struct task_struct *task;
	bool would_make;		/* if it may; not who has failed to */
	unsigned long ticket;		/* its place; 0: it has none yet */
	bool dealt;			/* something has come of it */
	void *obj;			/* this; or NULL: it may make one, which is reserved */
};

enum objcache_dealt {
	OBJCACHE_AN_OBJECT,
	OBJCACHE_A_MAKING,
	OBJCACHE_TRY_AGAIN,
	OBJCACHE_KILLED,
};

bool objcache_may_wait_for_one(struct objcache_core *core, gfp_t gfp);
void objcache_leave_line(struct objcache_core *core, struct objcache_waiter *w);
enum objcache_dealt objcache_wait(struct objcache_core *core,
				  struct objcache_waiter *w, gfp_t gfp);

/* put.c */
unsigned int objcache_park(struct objcache_core *core, void **objs,
			   unsigned int nr);
void objcache_put_objs(struct objcache_core *core, void **objs,
		       unsigned int nr);

/* find.c */
enum objcache_found {
	OBJCACHE_NOTHING,
	OBJCACHE_PRIVATE,	/* in this CPU's private part, as it was */
	OBJCACHE_REFILLED,	/* brought there from elsewhere */
};

enum objcache_found objcache_ready(struct objcache_core *core,
				   struct objcache_cpu *c, bool leaving);
void objcache_keep_none(struct objcache_core *core);
void *objcache_get_parked(struct objcache_core *core, bool leaving);

/* bounded.c: and those in debug mode */
void *objcache_try_get_checked(struct objcache_core *core,
			       const struct objcache_site *site);
void *objcache_try_get_bounded(struct objcache_core *core);
void *objcache_get_bounded(struct objcache_core *core, gfp_t gfp);
void *objcache_get_more(struct objcache_core *core, gfp_t gfp);
void *objcache_get_checked(struct objcache_core *core, gfp_t gfp,
			   const struct objcache_site *site);

/* get.c */
bool objcache_gfp_ok(struct objcache_core *core, gfp_t gfp);

/* deal.c: in order, to those who wait */
void objcache_deal_init(struct objcache_core *core);

/* age.c: two generations */
unsigned long objcache_age_rings(struct objcache_core *core, int cpu, bool aged,
				 unsigned long nr);
unsigned long objcache_age_stores(struct objcache_core *core);
void objcache_age_step(struct objcache_core *core);
void objcache_age_init(struct objcache_core *core);
void objcache_age_equip(struct objcache_core *core, gfp_t gfp);
void objcache_age_start(struct objcache_core *core);
void objcache_age_exit(struct objcache_core *core);

/* shrink.c: memory pressure */
int objcache_shrink_init(struct objcache_core *core);
void objcache_shrink_exit(struct objcache_core *core);

/* tidy.c: freed slabs */
#define OBJCACHE_TIDY_MS	200	/* from a freed object to a go at its slab */

void objcache_tidy_drained(struct objcache_core *core);
void objcache_tidy_init(struct objcache_core *core);
void objcache_tidy_exit(struct objcache_core *core);

/* hotplug.c: CPUs that come and go */
int objcache_hotplug_start(void);
void objcache_hotplug_stop(void);
int objcache_hotplug_add(struct objcache_core *core);
void objcache_hotplug_remove(struct objcache_core *core);

/* drain.c */
void objcache_release_stored(struct objcache_core *core);

/* debugfs.c: what people see */
extern struct list_head objcache_caches;
extern struct mutex objcache_mutex;	/* guards objcache_caches */

void objcache_debugfs_start(void);
void objcache_debugfs_stop(void);
void objcache_debugfs_add(struct objcache_core *core);
void objcache_debugfs_remove(struct objcache_core *core);

/* levels.c: debug mode, by name */
unsigned int objcache_debug_flags(const char *name);

/* params.c: what create was given */
int objcache_check_params(const char *name, const struct objcache_params *given,
			  struct objcache_params *chosen);
unsigned int objcache_lead(const struct objcache_params *params);
unsigned int objcache_link_offset(const struct objcache_params *params);
unsigned int objcache_slab_size(const struct objcache_params *params);
unsigned int objcache_object_bytes(const struct objcache_params *params);
unsigned int objcache_held_bytes(const struct objcache_params *params);
unsigned int objcache_depot_objects(const struct objcache_params *params);

/* glue.c: caches that a module forgets */
#ifdef CONFIG_MODULES
int objcache_modules_start(void);
void objcache_modules_stop(void);
#else
static inline int objcache_modules_start(void) { return 0; }
static inline void objcache_modules_stop(void) { }
#endif

#endif /* _OBJCACHE_CORE_H */
