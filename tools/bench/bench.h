/* SPDX-License-Identifier: GPL-2.0 */
/*
 * objcache_bench: what its files share
 *
 * A pattern is a loop around a measured section; it is compiled once for each
 * contender, from one inline function, so that all run the same loop. A section
 * is timed, or single-stepped to count its instructions, by the same code.
 */
#ifndef _OBJCACHE_BENCH_H
#define _OBJCACHE_BENCH_H

#include <linux/ktime.h>
#include <linux/preempt.h>
#include <linux/timex.h>
#include <linux/types.h>

#define BENCH_OBJECT_SIZE	256
#define BENCH_ROWS		4
#define BENCH_OBJECTS		10000

/* Kernel-side single steps need the trap flag, and a kernel that enters on it. */
#if defined(CONFIG_X86_64) && !defined(CONFIG_UML)
#define BENCH_CAN_STEP	1
#else
#define BENCH_CAN_STEP	0
#endif

struct kmem_cache;
struct objcache;

enum bench_contender_id {
	BENCH_floor,
	BENCH_objcache,
	BENCH_objcache_inline,
	BENCH_kmem_cache,
	BENCH_kmem_cache_construct,
	BENCH_objpool,
	BENCH_mempool,
	BENCH_CONTENDERS,
};

/**
 * struct bench_cost - what measured sections cost
 * @clock: nanoseconds, or CPU cycles where they count instructions
 * @steps: instructions, if they were single-stepped
 * @locked: those that lock the bus: a lock prefix, or xchg with memory
 * @irqs: those that touch the interrupt flag: cli, sti, pushf, popf
 * @longest: most of them in a row with preemption or interrupts off
 * @sections: how many sections
 */
struct bench_cost {
	u64 clock;
	unsigned long steps;
	unsigned long locked;
	unsigned long irqs;
	unsigned long longest;
	unsigned long sections;
};

/**
 * struct bench_round - one round of a pattern with one contender
 * @iterations: how many times to go round the loop
 * @ops: objects that went through, set by the pattern: what costs are divided by
 * @objs: room for BENCH_OBJECTS pointers
 * @cost: one for each row of the pattern
 */
struct bench_round {
	unsigned int iterations;
	unsigned int ops;
	void **objs;
	struct bench_cost cost[BENCH_ROWS];
};

typedef int (*bench_fn)(struct bench_round *round);

/**
 * struct bench_pattern - something to measure
 * @name: as in the words
 * @run: does it all, and keeps its own results; NULL: rounds of @fn
 * @rows: what each cost of a round is called; the first NULL ends them
 * @columns: names of what is compared, if it is not the contenders
 * @fn: the loop, of each contender that can do it
 * @iterations: of a measured round
 * @step_iterations: of a single-stepped one; 0: this pattern cannot be stepped
 * @step_rounds: how many of those, averaged; 0: one
 * @rounds: how many at most; 0: as many as the parameter says
 * @warm: rounds before the first measured one
 * @cpus: how many must be online
 */
struct bench_pattern {
	const char *name;
	int (*run)(const struct bench_pattern *pattern, unsigned int rounds);
	const char *rows[BENCH_ROWS + 1];
	const char *const *columns;
	bench_fn fn[BENCH_CONTENDERS];
	unsigned int iterations;
	unsigned int step_iterations;
	unsigned int step_rounds;
	unsigned int rounds;
	unsigned int warm;
	unsigned int cpus;
};

/* ---- clock and steps ---- */

extern bool bench_cycles;
extern bool bench_stepping;

static __always_inline u64 bench_clock(void)
{
	return bench_cycles ? get_cycles() : ktime_get_ns();
}

#if BENCH_CAN_STEP
int bench_step_start(void);
void bench_step_stop(void);

/* No other task must get the flag, so preemption stays off meanwhile. */
static __always_inline void bench_step_on(void)
{
	preempt_disable();
	asm volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq" ::: "cc", "memory");
}

static __always_inline void bench_step_off(void)
{
	asm volatile("pushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq" ::: "cc", "memory");
	preempt_enable();
}
#else
static inline int bench_step_start(void) { return -EOPNOTSUPP; }
static inline void bench_step_stop(void) { }
static __always_inline void bench_step_on(void) { }
static __always_inline void bench_step_off(void) { }
#endif /* BENCH_CAN_STEP */

void bench_step_end(struct bench_cost *cost);
void bench_add_sampled(struct bench_cost *cost, const struct bench_cost *sampled,
		       unsigned int nr);

/* What is between these two is measured: timed, or stepped through. */
static __always_inline u64 bench_begin(void)
{
	if (unlikely(bench_stepping)) {
		bench_step_on();
		return 0;
	}
	return bench_clock();
}

static __always_inline void bench_end(struct bench_cost *cost, u64 start)
{
	if (unlikely(bench_stepping)) {
		bench_step_off();
		bench_step_end(cost);
		return;
	}
	cost->clock += bench_clock() - start;
	cost->sections++;
}

/* ---- contenders.c ---- */

int bench_contenders_create(void);
void bench_contenders_destroy(void);
bool bench_contender_is_there(enum bench_contender_id id);
int bench_check_books(struct objcache *cache);
struct kmem_cache *bench_slab_create(const char *name, unsigned int size);

/* ---- run.c ---- */

extern const char *const bench_names[BENCH_CONTENDERS];

struct seq_file;

int bench_run(const char *name);
void bench_show_results(struct seq_file *m);
void bench_show_patterns(struct seq_file *m);
int bench_go_to(unsigned int cpu);

/* ---- workers.c ---- */

typedef int bench_work_fn(void *data, unsigned int worker);

int bench_workers_run(unsigned int workers, bench_work_fn *fn, void *data,
		      u64 *elapsed);

/* ---- alone.c ---- */

int bench_alone_begin(void);
int bench_alone_end(void);
unsigned int bench_disturbed(void);

/* ---- memory.c ---- */

struct dentry;

void bench_memory_create(struct dentry *folder);
void bench_memory_destroy(void);

/* ---- the patterns, each in the file of its topic ---- */

extern const struct bench_pattern bench_pair, bench_burst32, bench_bulk32;
extern const struct bench_pattern bench_pair_bounded, bench_pair_reset;
extern const struct bench_pattern bench_nested, bench_concurrent;
extern const struct bench_pattern bench_alloc_free_10k;
extern const struct bench_pattern bench_remote_free, bench_remote_free_10k;
extern const struct bench_pattern bench_one_alloc_n_free;
extern const struct bench_pattern bench_one_alloc_n_free_10k;
extern const struct bench_pattern bench_flow, bench_flow_free;
extern const struct bench_pattern bench_overflow, bench_starvation;
extern const struct bench_pattern bench_age_pause, bench_expensive_new;
extern const struct bench_pattern bench_constructed;
extern const struct bench_pattern bench_debug_levels;
extern const struct bench_pattern bench_primitives;
extern const struct bench_pattern bench_tail_500, bench_tail_10k;

int bench_constructed_create(void);
void bench_constructed_destroy(void);
int bench_flow_create(void);
void bench_flow_destroy(void);
int bench_golang_create(void);
void bench_golang_destroy(void);
int bench_tails_create(void);
void bench_tails_destroy(void);
void bench_tails_forget(void);
void bench_tails_show(struct seq_file *m);

#endif /* _OBJCACHE_BENCH_H */
