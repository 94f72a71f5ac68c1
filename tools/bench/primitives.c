// SPDX-License-Identifier: GPL-2.0
/*
 * What the building blocks cost that a cache could be made of
 */
#include <linux/irqflags.h>
#include <linux/spinlock.h>

#include "bench.h"

static DEFINE_SPINLOCK(lock);
static unsigned long word;

/* PRIMITIVE(name, statements...): a loop of them. */
#define PRIMITIVE(name, ...)						\
static int primitive_##name(struct bench_round *round)			\
{									\
	unsigned int i, n = round->iterations;				\
	u64 start;							\
									\
	round->ops = n;							\
	start = bench_begin();						\
	for (i = 0; i < n; i++) {					\
		__VA_ARGS__;						\
		barrier();						\
	}								\
	bench_end(&round->cost[0], start);				\
	return 0;							\
}

PRIMITIVE(loop, barrier())
PRIMITIVE(preempt, preempt_disable(); preempt_enable())
PRIMITIVE(irqsave, unsigned long flags;
	  local_irq_save(flags); local_irq_restore(flags))
PRIMITIVE(spinlock, spin_lock(&lock); spin_unlock(&lock))
PRIMITIVE(cmpxchg, cmpxchg(&word, 0, 0))

static const char *const primitive_names[BENCH_CONTENDERS] = {
	"loop", "preempt_off_on", "irq_save_restore", "spin_lock_unlock",
	"locked_cmpxchg",
};

const struct bench_pattern bench_primitives = {
	.name = "primitives",
	.rows = { "primitives" },
	.columns = primitive_names,
	.fn = {
		primitive_loop, primitive_preempt, primitive_irqsave,
		primitive_spinlock, primitive_cmpxchg,
	},
	.iterations = 10000,
	.step_iterations = 128,
	.warm = 1,
};
