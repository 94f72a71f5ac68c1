/* SPDX-License-Identifier: GPL-2.0 */
/* Running a function in each context that a user of the API may be in. */
#ifndef _OBJCACHE_KUNIT_CONTEXTS_H
#define _OBJCACHE_KUNIT_CONTEXTS_H

#include <kunit/test.h>

enum t_context {
	T_TASK,
	T_BH_OFF,
	T_PREEMPT_OFF,
	T_IRQS_OFF,
	T_RAW_LOCK_ON,		/* under a raw spinlock, interrupts on */
	T_RAW_LOCK,		/* under a raw spinlock, interrupts off */
	T_SOFTIRQ,
	T_HARDIRQ,
	T_NMI,
	T_NR_CONTEXTS
};

/*
 * How a get may allocate in an interrupt that is hard on PREEMPT_RT too: not at all,
 * there or where lockdep checks for it. 0: it only tries.
 */
#define T_HARD_GFP							\
	(IS_ENABLED(CONFIG_PREEMPT_RT) ||				\
	 IS_ENABLED(CONFIG_PROVE_RAW_LOCK_NESTING) ? 0 : GFP_ATOMIC)

const char *t_context_name(enum t_context context);

/* Whether NMI-like context can be had here; skips the test if not. */
void t_need_nmi(struct kunit *test);

/*
 * Runs @fn on this CPU in @context and returns when it has. Also with
 * preemption off, where it spins. False: it did not run, or elsewhere than it
 * should have.
 */
bool t_run_in(enum t_context context, void (*fn)(void *data), void *data);

/*
 * In NMI context on this CPU, from any context: runs what t_nmi_arm() was
 * given. Between t_need_nmi() and the end of the test.
 */
void t_nmi_arm(void (*fn)(void *data), void *data);
void t_nmi_point(void);

#endif /* _OBJCACHE_KUNIT_CONTEXTS_H */
