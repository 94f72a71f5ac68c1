/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A CPU's shared part: a ring of full magazines that other CPUs take from
 *
 * One producer, many takers, no lock. The owner pushes and pops at the head,
 * thieves take at the tail. Head (high half) and tail (low half) live in one
 * word, so that one compare-and-exchange settles the owner's pop against every
 * thief, and a carry out of head falls off the end (after Go's poolDequeue).
 *
 * The index alone does not make a slot safe to reuse: a thief that has won the
 * tail may not have read its slot yet when the head comes round. So slots are
 * tagged: %OBJCACHE_SLOT_FREE set means that the producer may fill it. A taker
 * gives the slot back with the tag and with an empty magazine in exchange, and
 * the producer takes a slot that is still full for a full ring. Magazines are
 * thus conserved: a producer here and a consumer there never allocate one.
 *
 * Best at: passing a batch with one locked instruction on either side, from any
 * context. Cannot: hold a magazine that is not full, grow, or be pushed to by
 * anyone but its owner.
 *
 * Invariants:
 *  - tail only grows; head - tail is never above @limit
 *  - a slot in [tail, head) is full; one outside is free, or full for as long
 *    as the taker that claimed it has not given it back
 */
#ifndef _OBJCACHE_RING_H
#define _OBJCACHE_RING_H

#include <linux/atomic.h>
#include <linux/types.h>

#include "magazine.h"

#define OBJCACHE_SLOT_FREE	1UL

struct objcache_ring {
	atomic64_t word;	/* head << 32 | tail */
	u32 mask;		/* slots less one; their number is a power of two */
	u32 limit;		/* magazines at most */
	unsigned long *slots;
	/* Claimed by an age step and not yet emptied; under age_mutex. */
	u32 reap_from, reap_to;
};

/*
 * Twice as many as there may be magazines, so that the owner finds room while
 * an age step has yet to empty what it has claimed.
 */
static inline u32 objcache_ring_slots(u32 limit)
{
	return limit ? roundup_pow_of_two(2 * limit) : 0;
}

static inline u32 objcache_ring_head(u64 word)
{
	return word >> 32;
}

static inline u32 objcache_ring_tail(u64 word)
{
	return word;
}

static inline u64 objcache_ring_pack(u32 head, u32 tail)
{
	return (u64)head << 32 | tail;
}

/* @slots: objcache_ring_slots(@limit) of them. Before anyone else sees @ring. */
static inline void objcache_ring_init(struct objcache_ring *ring,
				      unsigned long *slots, u32 limit)
{
	u32 i, nr = objcache_ring_slots(limit);

	ring->limit = limit;
	ring->mask = nr ? nr - 1 : 0;
	ring->slots = slots;
	for (i = 0; i < nr; i++)
		slots[i] = OBJCACHE_SLOT_FREE;
	atomic64_set(&ring->word, 0);
}

/* Magazines in the ring; stale unless the ring is quiet. */
static inline u32 objcache_ring_count(const struct objcache_ring *ring)
{
	u64 word = atomic64_read(&ring->word);

	return objcache_ring_head(word) - objcache_ring_tail(word);
}

static inline unsigned long *objcache_ring_slot(struct objcache_ring *ring,
						u32 index)
{
	return &ring->slots[index & ring->mask];
}

/*
 * Owner only. On success *@empty is the empty magazine that the last taker
 * left in the slot, or NULL.
 */
static inline bool objcache_ring_push(struct objcache_ring *ring,
				      struct objcache_magazine *mag,
				      struct objcache_magazine **empty)
{
	u64 word = atomic64_read(&ring->word);
	u32 head = objcache_ring_head(word);
	unsigned long *slot, old;

	if (head - objcache_ring_tail(word) >= ring->limit)
		return false;
	slot = objcache_ring_slot(ring, head);
	/*
	 * Pairs with the release in objcache_ring_return(): what the taker did
	 * to the empty magazine, and its read of the slot, come before our use
	 * of both. Without it a taker could read what is pushed here.
	 */
	old = smp_load_acquire(slot);
	if (!(old & OBJCACHE_SLOT_FREE))
		return false;
	*empty = (struct objcache_magazine *)(old & ~OBJCACHE_SLOT_FREE);
	WRITE_ONCE(*slot, (unsigned long)mag);
	/*
	 * Release: the slot, the magazine and the objects in it before the head
	 * that shows them. Pairs with the acquire in objcache_ring_claim(). An
	 * RMW on the whole word, because thieves change the other half.
	 */
	(void)atomic64_fetch_add_release(1LL << 32, &ring->word);
	return true;
}

/*
 * Give a claimed slot back, with an empty magazine (or NULL) in it. Release:
 * pairs with the acquire in objcache_ring_push(). *@slot is ours alone from
 * the claim until here.
 */
static inline void objcache_ring_return(unsigned long *slot,
					struct objcache_magazine *empty)
{
	/* The use of the slot before its tag: pairs with objcache_ring_push(). */
	smp_store_release(slot, (unsigned long)empty | OBJCACHE_SLOT_FREE);
}

/* Any CPU, any context: claim the oldest magazine. Its slot must be returned. */
static inline struct objcache_magazine *
objcache_ring_claim(struct objcache_ring *ring, unsigned long **slot)
{
	s64 word = atomic64_read(&ring->word);
	u32 head, tail;

	do {
		head = objcache_ring_head(word);
		tail = objcache_ring_tail(word);
		if (head == tail)
			return NULL;
		/* Acquire: pairs with the release in objcache_ring_push(). */
	} while (!atomic64_try_cmpxchg_acquire(&ring->word, &word,
					       objcache_ring_pack(head, tail + 1)));
	*slot = objcache_ring_slot(ring, tail);
	return (struct objcache_magazine *)READ_ONCE(**slot);
}

/*
 * Process context: claim all magazines, [*@from, *@to), with one RMW. Each slot
 * must be returned, by objcache_ring_return().
 */
static inline void objcache_ring_claim_all(struct objcache_ring *ring,
					   u32 *from, u32 *to)
{
	s64 word = atomic64_read(&ring->word);

	do {
		*from = objcache_ring_tail(word);
		*to = objcache_ring_head(word);
		/* Acquire: pairs with the release in objcache_ring_push(). */
	} while (!atomic64_try_cmpxchg_acquire(&ring->word, &word,
					       objcache_ring_pack(*to, *to)));
}

/* Owner only: take the newest magazine and leave @empty in its slot. */
static inline struct objcache_magazine *
objcache_ring_pop(struct objcache_ring *ring, struct objcache_magazine *empty)
{
	s64 word = atomic64_read(&ring->word);
	struct objcache_magazine *mag;
	unsigned long *slot;
	u32 head;

	do {
		head = objcache_ring_head(word);
		if (head == objcache_ring_tail(word))
			return NULL;
		/*
		 * Relaxed: the owner itself pushed what it pops. One RMW all
		 * the same, against thieves.
		 */
	} while (!atomic64_try_cmpxchg_relaxed(&ring->word, &word,
					       word - (1LL << 32)));
	slot = objcache_ring_slot(ring, head - 1);
	mag = (struct objcache_magazine *)READ_ONCE(*slot);
	objcache_ring_return(slot, empty);
	return mag;
}

#endif /* _OBJCACHE_RING_H */
