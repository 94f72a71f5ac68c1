/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A cache whose operations keep book of everything that happens to its objects.
 *
 * What went wrong is counted as a fault, from whichever context, and reported
 * by t_expect_balanced() in the context of the test.
 */
#ifndef _OBJCACHE_KUNIT_BOOK_H
#define _OBJCACHE_KUNIT_BOOK_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/sched.h>

#include "../module/objcache.h"
#include "compat.h"

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
 * @free_pass: the task whose destructors do not wait, and whose constructors do not fail
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

/* Faults */
void t_fault(struct tcache *tc, enum t_fault fault);
unsigned int t_take_faults(struct tcache *tc, enum t_fault fault);
void t_expect_no_fault(struct tcache *tc);

/* Destructors that wait */
void t_open_gate(struct tcache *tc);

/* For the checked calls: what an object holds, and who is in a put */
void t_write(struct tobj *obj);
bool t_reads_well(const struct tobj *obj);
void t_put_begin(void);
void t_put_end(void);

#endif /* _OBJCACHE_KUNIT_BOOK_H */
