/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lanes: one context on one CPU of a workload
 */
#ifndef _OBJCACHE_LANE_H
#define _OBJCACHE_LANE_H

#include <linux/atomic.h>
#include <linux/hrtimer.h>
#include <linux/types.h>

struct devcache;

/*
 * Objects that a FLOW lane can have under way: what it gets done while a slow
 * host does not run the CPU that takes them.
 */
#define LANE_RING	4096

/* Indices of the contexts; their bits are OBJCACHE_DEV_PROCESS and so on. */
enum lane_context {
	LANE_PROCESS,
	LANE_SOFTIRQ,
	LANE_HARDIRQ,
};

/**
 * struct lane_ring - objects handed from one lane to another
 * @head: objects put in; written by the producer
 * @tail: objects taken out; written by the consumer
 * @size: of @slots, a power of two
 * @slots: objects from @tail to @head
 */
struct lane_ring {
	unsigned int head;
	unsigned int tail;
	unsigned int size;
	void **slots;
};

/**
 * struct lane - one context on one CPU
 * @devcache: the cache it works on; NULL: a lane not asked for
 * @stop: set when lanes should come to their end
 * @runs: how many workloads share the CPUs
 * @step: what it does over and over
 * @context: which context it is
 * @owner: what it stamps on objects
 * @burst: objects in one go at most
 * @objs: room for that many
 * @out: where FLOW hands objects to; no slots: this lane makes none
 * @from: lane whose @out this one takes from, or NULL
 * @plant: the next object is to be claimed twice
 * @random: state of the random numbers, never 0
 * @pairs: objects got and put
 * @violations: second owners found
 * @failures: gets that gave NULL
 * @period: between two expiries of @timer
 * @timer: of the interrupt contexts
 *
 * All is written by the lane itself only, from lane_start() to lane_cancel();
 * the three counts are read by others meanwhile.
 */
struct lane {
	struct devcache *devcache;
	const bool *stop;
	const atomic_t *runs;
	void (*step)(struct lane *lane);
	enum lane_context context;
	u64 owner;
	unsigned int burst;
	void **objs;
	struct lane_ring out;
	struct lane *from;
	bool plant;
	u64 random;
	u64 pairs;
	u64 violations;
	u64 failures;
	ktime_t period;
	struct hrtimer timer;
};

/**
 * struct lane_config - what a lane is to be like
 * @devcache: the cache
 * @stop: see &struct lane
 * @runs: likewise
 * @pattern: OBJCACHE_DEV_PAIR and so on
 * @context: which context
 * @owner: what it stamps on objects, unique among lanes and sessions
 * @objects: it may have out, at least 1
 * @burst: in one go
 * @hz: timer interrupts per second
 * @seed: of the random numbers
 * @produces: in FLOW: hands objects on
 * @plant: the first object is to be claimed twice
 */
struct lane_config {
	struct devcache *devcache;
	const bool *stop;
	const atomic_t *runs;
	unsigned int pattern;
	enum lane_context context;
	u64 owner;
	unsigned int objects;
	unsigned int burst;
	unsigned int hz;
	u64 seed;
	bool produces;
	bool plant;
};

int lane_init(struct lane *lane, const struct lane_config *config);
void lane_destroy(struct lane *lane);
void lane_start(struct lane *lane);
void lane_cancel(struct lane *lane);
void lane_finish(struct lane *lane);

#endif /* _OBJCACHE_LANE_H */
