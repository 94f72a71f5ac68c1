/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites share: a cache whose operations keep book of everything that
 * happens to its objects, calls that check the API's promises on every use,
 * and a crew of bound threads.
 *
 * Nothing here knows how objcache is made inside. What went wrong is counted as
 * a fault, from whichever context, and reported by t_expect_balanced() in the
 * context of the test.
 */
#ifndef _OBJCACHE_KUNIT_HELPERS_H
#define _OBJCACHE_KUNIT_HELPERS_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/stddef.h>

#include "../module/objcache.h"
#include "compat.h"

/* How long a condition may take to come true before a test fails. */
#define T_PATIENCE_MS	10000

/* Objects of one cache that are followed by number; later ones are counted. */
#define T_MAX_IDS	131072U

#define T_WORDS		6

/**
 * struct tobj - what the test caches hold
 * @magic: whether it is constructed
 * @id: the number its constructor gave it, never used twice in a cache
 * @owner: who holds it; 0: nobody. Claimed with cmpxchg.
 * @round: how often it was written
 * @words: follow from @id and @round; written and read without any marking
 */
struct tobj {
	u32 magic;
	u32 id;
	atomic_t owner;
	u32 round;
	u64 words[T_WORDS];
};

#define TOBJ_LIVE	0x0b7ec70f
#define TOBJ_DEAD	0xdeadd70f

enum t_fault {
	T_TWO_OWNERS,		/* an object that somebody holds was handed out */
	T_NOT_OWNER,		/* an object was claimed by somebody else meanwhile */
	T_NOT_LIVE,		/* an object that is not constructed was handed out */
	T_WORDS_LOST,		/* what was written before the put is not there */
	T_CTOR_CONTEXT,		/* a constructor within a critical section */
	T_CTOR_IN_NMI,
	T_DTOR_TWICE,
	T_DTOR_CONTEXT,		/* a destructor where it may not sleep */
	T_DTOR_IN_PUT,		/* a destructor on the stack of a put */
	T_DTOR_OWNED,		/* the destructor of an object that somebody holds */
	T_OP_AFTER_DESTROY,
	T_IRQS_CHANGED,		/* a call left interrupts not as it found them */
	T_PREEMPT_CHANGED,	/* and this one the preemption count */
	T_GATE_TIMEOUT,		/* a destructor was not let through the gate */
	T_NR_FAULTS
};

/**
 * struct tcache - a cache and the book kept of it
 * @test: the test it belongs to
 * @cache: the cache; NULL once destroyed
 * @size: bytes of an object
 * @fail_ctors: this many constructors to come fail; negative: all
 * @ctor_may_sleep: constructors sleep if their gfp allows
 * @refuse: what reset answers, the other way round
 * @dtor_us: microseconds a destructor sleeps
 * @gated: destructors wait for @gate, unless @free_pass runs them
 * @gate: opened by t_open_gate()
 * @free_pass: the task whose destructors do not wait
 * @dead: the cache was destroyed; no operation may run
 * @ctors: constructors that succeeded
 * @ctor_failures: constructors that failed
 * @dtors: destructors that were entered
 * @dtors_done: destructors that returned
 * @free_pass_dtors: those of them that @free_pass ran
 * @resets: calls of reset
 * @live_max: most objects ever constructed and not yet destroyed
 * @last_gfp: what the last constructor was given
 * @faults: how often each fault was seen
 * @dtor_seen: a bit for each id whose destructor has run
 */
struct tcache {
	struct kunit *test;
	struct objcache *cache;
	unsigned int size;

	atomic_t fail_ctors;
	bool ctor_may_sleep;
	bool refuse;
	unsigned int dtor_us;
	bool gated;
	struct completion gate;
	struct task_struct *free_pass;
	bool dead;

	atomic_t ctors;
	atomic_t ctor_failures;
	atomic_t dtors;
	atomic_t dtors_done;
	atomic_t free_pass_dtors;
	atomic_t resets;
	atomic_t live_max;
	gfp_t last_gfp;
	atomic_t faults[T_NR_FAULTS];
	unsigned long *dtor_seen;
};

extern const struct objcache_ops t_ops;
extern const struct objcache_ops t_ops_reset;

/* Looks until @cond holds; false when the patience is over. */
#define t_wait_until(cond)						\
({									\
	unsigned long _end = jiffies + msecs_to_jiffies(T_PATIENCE_MS);	\
	bool _ok;							\
									\
	while (!(_ok = (cond)) && time_before(jiffies, _end))		\
		usleep_range(200, 1000);				\
	_ok;								\
})

/* Life of a cache */
void t_init(struct tcache *tc, struct kunit *test, unsigned int size);
struct tcache *t_create(struct kunit *test, const struct objcache_params *params);
struct tcache *t_create_small(struct kunit *test, unsigned int flags);
void t_destroy(struct tcache *tc);

/* The API, with its promises about the caller's context checked */
struct tobj *t_get(struct tcache *tc, gfp_t gfp, u32 who);
struct tobj *t_try_get(struct tcache *tc, u32 who);
void t_put(struct tcache *tc, struct tobj *obj, u32 who);
void t_discard(struct tcache *tc, struct tobj *obj, u32 who);
unsigned int t_get_bulk(struct tcache *tc, gfp_t gfp, unsigned int nr,
			struct tobj **objs, u32 who);
void t_put_bulk(struct tcache *tc, unsigned int nr, struct tobj **objs, u32 who);

/* Many at once */
struct tobj **t_objs(struct kunit *test, unsigned int nr);
void t_get_all(struct tcache *tc, struct tobj **objs, unsigned int nr);
void t_put_all(struct tcache *tc, struct tobj **objs, unsigned int nr);
unsigned int t_try_get_all(struct tcache *tc, struct tobj **objs, unsigned int nr);

/* The ownership stamp by itself; false: it was somebody else's */
bool t_claim(struct tcache *tc, struct tobj *obj, u32 who);
bool t_release(struct tcache *tc, struct tobj *obj, u32 who);

/* Accounts */
struct objcache_stats t_stats(struct tcache *tc);
u64 t_stat_at(struct tcache *tc, size_t offset);
#define t_stat(tc, field)	t_stat_at(tc, offsetof(struct objcache_stats, field))
void t_fault(struct tcache *tc, enum t_fault fault);
unsigned int t_take_faults(struct tcache *tc, enum t_fault fault);
void t_open_gate(struct tcache *tc);
void t_expect_balanced_now(struct tcache *tc, u64 in_use);
void t_expect_balanced(struct tcache *tc, u64 in_use);
void t_finish(struct tcache *tc);

/* CPUs and threads */
unsigned int t_nth_cpu(unsigned int nth);
void t_on_cpu(struct kunit *test, unsigned int nth);
void t_need_cpus(struct kunit *test, unsigned int nr);

struct t_crew;

struct t_thread {
	struct t_crew *crew;
	struct task_struct *task;
	unsigned int index;
	u32 who;
	struct completion done;
};

/**
 * struct t_crew - threads that start at once, one bound to each CPU in turn
 * @fn: what each of them does, until t_crew_stopping()
 * @data: for @fn
 * @stop: they are to come home
 * @go: the start
 * @nr: how many they are
 * @threads: each of them
 */
struct t_crew {
	void (*fn)(struct t_thread *thread);
	void *data;
	bool stop;
	struct completion go;
	unsigned int nr;
	struct t_thread threads[];
};

struct t_crew *t_crew_create(struct kunit *test, unsigned int nr,
			     void (*fn)(struct t_thread *thread), void *data);
void t_crew_start(struct t_crew *crew);
void t_crew_run(struct t_crew *crew, unsigned int ms);
void t_crew_stop(struct t_crew *crew);
bool t_crew_join(struct t_crew *crew);

static inline bool t_crew_stopping(struct t_crew *crew)
{
	return READ_ONCE(crew->stop);
}

/* A small generator of its own: usable in NMI, and repeatable. */
static inline u32 t_random(u32 *state)
{
	u32 x = *state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	*state = x;
	return x;
}

#endif /* _OBJCACHE_KUNIT_HELPERS_H */
