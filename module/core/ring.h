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
 *  - while head and tail differ there are slots
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
	u32 limit;		/* magazines at most; 0: there are no slots */
	unsigned long *slots;
};

/* How many slots a ring of @limit magazines has. */
static inline u32 objcache_ring_slots(u32 limit)
{
	return limit ? roundup_pow_of_two(limit) : 0;
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

/*
 * Give a ring its slots: objcache_ring_slots(@limit) of them. It may be in use,
 * without, and has then been empty all along.
 */
static inline void objcache_ring_attach(struct objcache_ring *ring,
					unsigned long *slots, u32 limit)
{
	u32 i, nr = objcache_ring_slots(limit);

	for (i = 0; i < nr; i++)
		slots[i] = OBJCACHE_SLOT_FREE;
	ring->mask = nr ? nr - 1 : 0;
	WRITE_ONCE(ring->slots, slots);
	/* All of it before the limit: pairs with objcache_ring_push(). */
	smp_store_release(&ring->limit, limit);
}

/*
 * Take them away: the ring is empty, and its owner is gone. A thief may still
 * be about to return a slot; what the slots are in must stay for a grace period.
 */
static inline void objcache_ring_detach(struct objcache_ring *ring)
{
	u32 end = objcache_ring_tail(atomic64_read(&ring->word)) + 1;

	WRITE_ONCE(ring->limit, 0);
	/*
	 * Both ends move on, so that no word that a thief has read before comes
	 * back: see objcache_ring_claim(). Each by itself: a sum would carry from
	 * the tail to the head. Ordered before the slots go.
	 */
	(void)atomic64_xchg(&ring->word, objcache_ring_pack(end, end));
	WRITE_ONCE(ring->slots, NULL);
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

	/* Acquire: pairs with objcache_ring_attach(), if we have just got slots. */
	if (head - objcache_ring_tail(word) >= smp_load_acquire(&ring->limit))
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

/*
 * Any CPU, any context, preemption off: claim the oldest magazine. Its slot must
 * be returned, within a few instructions: until then the owner finds it full.
 */
static inline struct objcache_magazine *
objcache_ring_claim(struct objcache_ring *ring, unsigned long **slot)
{
	unsigned long *slots;
	s64 word;
	u32 head, tail;

	do {
		/*
		 * Acquire: the slots are those that the word was of, or later
		 * ones. Later ones come with another tail, for good, and then
		 * the exchange below fails: pairs with objcache_ring_detach().
		 */
		word = atomic64_read_acquire(&ring->word);
		head = objcache_ring_head(word);
		tail = objcache_ring_tail(word);
		if (head == tail)
			return NULL;
		slots = READ_ONCE(ring->slots);
		/* Acquire: pairs with the release in objcache_ring_push(). */
	} while (!atomic64_try_cmpxchg_acquire(&ring->word, &word,
					       objcache_ring_pack(head, tail + 1)));
	*slot = &slots[tail & ring->mask];
	return (struct objcache_magazine *)READ_ONCE(**slot);
}

/* The same, all of it: take the oldest magazine and leave @empty in its slot. */
static inline struct objcache_magazine *
objcache_ring_steal(struct objcache_ring *ring, struct objcache_magazine *empty)
{
	struct objcache_magazine *mag;
	unsigned long *slot;

	mag = objcache_ring_claim(ring, &slot);
	if (mag)
		objcache_ring_return(slot, empty);
	return mag;
}

/*
 * Owner only: the empty magazine in slot @index, if the slot is free and one lies
 * there. It may be taken by leaving NULL there instead.
 */
static inline struct objcache_magazine *
objcache_ring_empty(struct objcache_ring *ring, u32 index)
{
	/* Acquire: as in objcache_ring_push(). */
	unsigned long old = smp_load_acquire(objcache_ring_slot(ring, index));

	if (!(old & OBJCACHE_SLOT_FREE))
		return NULL;
	return (struct objcache_magazine *)(old & ~OBJCACHE_SLOT_FREE);
}

/* Owner only, of a slot that is free: nobody else changes it. */
static inline void objcache_ring_set_empty(struct objcache_ring *ring, u32 index,
					   struct objcache_magazine *empty)
{
	WRITE_ONCE(*objcache_ring_slot(ring, index),
		   (unsigned long)empty | OBJCACHE_SLOT_FREE);
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
