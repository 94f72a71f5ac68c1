/* SPDX-License-Identifier: GPL-2.0 */
/*
 * objcache_torture: what its files share. Sections are named for them.
 */
#ifndef OBJCACHE_TORTURE_H
#define OBJCACHE_TORTURE_H

#include <linux/atomic.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/spinlock.h>
#include <linux/torture.h>
#include <linux/types.h>

#include "../../module/objcache.h"

/* ---- caches.c: the caches, and the stamp that every object carries ---- */

#define TORT_CACHES	8
#define TORT_BOXES	16

struct tort_obj;

/**
 * struct tort_cache - a cache under torture
 * @name: of the cache
 * @params: it is made with
 * @cache: the cache
 * @ctors: constructor calls, failed ones included
 * @ctor_failures: of them, those that were made to fail
 * @dtors: destructor calls
 * @refusals: puts that reset refused
 * @live: objects that are constructed
 * @box: objects on their way from one actor to any other, owned by nobody
 * @stats: at the last look
 */
struct tort_cache {
	const char *name;
	struct objcache_params params;
	struct objcache *cache;
	atomic64_t ctors;
	atomic64_t ctor_failures;
	atomic64_t dtors;
	atomic64_t refusals;
	atomic_t live;
	struct tort_obj *box[TORT_BOXES];
	struct objcache_stats stats;
};

extern struct tort_cache tort_caches[TORT_CACHES];
extern const struct objcache_ops tort_ops;

int tort_caches_create(void);
void tort_caches_audit(void);
void tort_caches_destroy(void);

bool tort_claim(struct tort_cache *tc, struct tort_obj *obj, u16 owner);
bool tort_release(struct tort_cache *tc, struct tort_obj *obj, u16 owner);

/* ---- actor.c: gets and puts at random, in whichever context it is called ---- */

enum tort_context {
	TORT_PROCESS,
	TORT_SOFTIRQ,
	TORT_HARDIRQ,
	TORT_IRQ_WORK,
	TORT_NMI,
	TORT_CONTEXTS
};

#define TORT_HELD	128

struct tort_held {
	struct tort_cache *tc;
	struct tort_obj *obj;
};

/* What an actor did to one cache; read by others while it goes on. */
struct tort_tally {
	u64 gets;
	u64 puts;
	u64 discards;
};

/**
 * struct tort_actor - a getter and putter, which runs in one context only
 * @context: which
 * @id: its stamp
 * @waits: it only waits, and holds nothing while it does
 * @room: objects that it holds at most
 * @random: its dice
 * @tc: the cache it uses most, for a while
 * @goal: how many objects it wants to hold
 * @growing: it holds fewer than that
 * @nr: how many it holds
 * @held: them
 * @tally: by cache
 */
struct tort_actor {
	enum tort_context context;
	u16 id;
	bool waits;
	unsigned int room;
	struct torture_random_state random;
	struct tort_cache *tc;
	unsigned int goal;
	bool growing;
	unsigned int nr;
	struct tort_held held[TORT_HELD];
	struct tort_tally tally[TORT_CACHES];
};

typedef void tort_actor_fn(struct tort_actor *actor, void *data);

void tort_actor_init(struct tort_actor *actor, enum tort_context context);
unsigned int tort_dice(struct tort_actor *actor, unsigned int sides);
void tort_actor_steps(struct tort_actor *actor, gfp_t gfp, unsigned int nr);
void tort_actor_wait(struct tort_actor *actor);
void tort_actor_empty(struct tort_actor *actor);
struct tort_tally tort_tally_of(struct tort_cache *tc);
u64 tort_ops_in(enum tort_context context);

/* ---- contexts.c: the contexts, and who acts in them ---- */

/**
 * struct tort_worker - a thread, and the interrupts that it lets come to its CPU
 * @task: the thread
 * @lock: held in some of its steps
 * @actor: one for each context but NMI
 * @soft: runs the one in softirq
 * @hard: runs the one in hardirq
 * @irq_work: runs the one in irq_work
 */
struct tort_worker {
	struct task_struct *task;
	raw_spinlock_t lock;
	struct tort_actor actor[TORT_NMI];
	struct hrtimer soft;
	struct hrtimer hard;
	struct irq_work irq_work;
};

void tort_worker_init(struct tort_worker *worker);
void tort_worker_act(struct tort_worker *worker);
void tort_worker_exit(struct tort_worker *worker);

int tort_nmi_init(void);
void tort_nmi_stop(void);
void tort_nmi_exit(void);
u64 tort_nmis(void);
void tort_nmi_actors_do(tort_actor_fn *fn, void *data);

/* ---- threads.c: the workers, and all that runs beside them ---- */

int tort_threads_start(void);
void tort_threads_stop(void);
void tort_waiters_stop(void);
void tort_threads_exit(void);
unsigned int tort_offlined(void);
void tort_actors_do(tort_actor_fn *fn, void *data);

/* ---- main.c: parameters, faults and the verdict ---- */

extern unsigned int tort_workers, tort_stat_secs, tort_onoff_ms;
extern bool tort_nmi, tort_shrink;

__printf(1, 2) void tort_fault(const char *fmt, ...);
bool tort_plants(const char *what);
void tort_show_progress(void);

#endif /* OBJCACHE_TORTURE_H */
