/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A ring of pointer batches for one producer and one consumer: the least that
 * can bring objects from one CPU to another
 *
 * Protected against nothing else: one thread puts, one gets.
 */
#ifndef _OBJCACHE_BENCH_SPSC_H
#define _OBJCACHE_BENCH_SPSC_H

#include <linux/cache.h>
#include <linux/types.h>
#include <asm/barrier.h>
#include <asm/processor.h>

#define SPSC_BATCH	64
#define SPSC_SLOTS	128

/**
 * struct bench_spsc - the ring
 * @head: batches filled; written by the producer
 * @fill: objects in the one being filled
 * @tail: batches emptied; written by the consumer
 * @taken: objects taken from the one being emptied
 * @limit: how many batches may wait, up to SPSC_SLOTS
 * @batches: batch number n is in n modulo SPSC_SLOTS
 */
struct bench_spsc {
	struct {
		unsigned int head;
		unsigned int fill;
	} ____cacheline_aligned_in_smp;
	struct {
		unsigned int tail;
		unsigned int taken;
	} ____cacheline_aligned_in_smp;
	unsigned int limit ____cacheline_aligned_in_smp;
	void *batches[SPSC_SLOTS][SPSC_BATCH] ____cacheline_aligned_in_smp;
};

/* Waits for room. */
static __always_inline void bench_spsc_put(struct bench_spsc *ring, void *obj)
{
	unsigned int head = ring->head;

	if (!ring->fill)
		while (head - smp_load_acquire(&ring->tail) == ring->limit) /* pairs with get */
			cpu_relax();
	ring->batches[head % SPSC_SLOTS][ring->fill++] = obj;
	if (ring->fill == SPSC_BATCH) {
		ring->fill = 0;
		smp_store_release(&ring->head, head + 1); /* pairs with get */
	}
}

/* Waits for a batch. */
static __always_inline void *bench_spsc_get(struct bench_spsc *ring)
{
	unsigned int tail = ring->tail;
	void *obj;

	if (!ring->taken)
		while (smp_load_acquire(&ring->head) == tail) /* pairs with put */
			cpu_relax();
	obj = ring->batches[tail % SPSC_SLOTS][ring->taken++];
	if (ring->taken == SPSC_BATCH) {
		ring->taken = 0;
		smp_store_release(&ring->tail, tail + 1); /* pairs with put */
	}
	return obj;
}

#endif /* _OBJCACHE_BENCH_SPSC_H */
