// SPDX-License-Identifier: GPL-2.0
/*
 * Lanes: what one context on one CPU of a workload does
 *
 * A lane runs one step after another and never two at once: a thread is one,
 * and an hrtimer's handler does not run twice at once even if it moves because
 * its CPU went offline. So what a lane writes has one writer, and a ring
 * between two lanes one producer and one consumer.
 *
 * The numbers come from user space. So each step is bounded, threads
 * reschedule after each, and a timer whose handler takes long or comes late
 * expires less often than it was told to.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "../compat.h"
#include "lane.h"
#include "session.h"

/*
 * Objects that an interrupt takes in one go at most, and bytes of them, which
 * constructor and reset fill: some 100 microseconds each.
 */
#define LANE_IRQ_BURST	64
#define LANE_IRQ_BYTES	(64U << 10)

/* Objects in one bulk get at most: nothing can cut it short. */
#define LANE_BULK	256

/* Microseconds that a FLOW thread sleeps when it can do nothing. */
#define LANE_IDLE_US	50

/*
 * A pause of so many times what a handler took: it gets 1/5 of the CPU. Each
 * workload that runs at the same time makes it, and the period, as much longer.
 */
#define LANE_PAUSE	4

/* Being later than this shows a slow host rather than a busy guest. */
#define LANE_LATE_MAX	(NSEC_PER_MSEC / 2)

/* Read by lane_sum() while the lane runs; may be one behind. */
static void lane_count(u64 *count)
{
	WRITE_ONCE(*count, *count + 1);
}

/* xorshift64: a number from 1 to lane->burst. */
static unsigned int lane_random(struct lane *lane)
{
	u64 x = lane->random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	lane->random = x;
	return 1 + (u32)(x >> 32) % lane->burst;
}

/*
 * A hard interrupt is one on PREEMPT_RT too, where a get does not allocate by
 * itself; elsewhere lockdep may check that it would be in order there.
 */
static bool lane_may_alloc(const struct lane *lane)
{
	return !IS_ENABLED(CONFIG_PROVE_RAW_LOCK_NESTING) ||
	       lane->context != LANE_HARDIRQ;
}

static gfp_t lane_gfp(const struct lane *lane)
{
	return (lane->context == LANE_PROCESS ? GFP_KERNEL : GFP_NOWAIT) |
	       __GFP_NOWARN;
}

/* An object that cannot be claimed is its other owner's: it is not put. */
static bool lane_claim(struct lane *lane, void *obj)
{
	if (unlikely(!devobj_claim(lane->devcache, obj, lane->owner))) {
		lane_count(&lane->violations);
		return false;
	}
	if (unlikely(lane->plant)) {
		lane->plant = false;
		lane_claim(lane, obj);
	}
	return true;
}

static void *lane_get(struct lane *lane)
{
	struct objcache *cache = lane->devcache->cache;
	void *obj;

	if (lane_may_alloc(lane))
		obj = objcache_get(cache, lane_gfp(lane));
	else
		obj = objcache_try_get(cache);
	if (unlikely(!obj)) {
		lane_count(&lane->failures);
		return NULL;
	}
	return lane_claim(lane, obj) ? obj : NULL;
}

/* @owner: the lane that got it */
static bool lane_release(struct lane *lane, void *obj, u64 owner)
{
	if (unlikely(!devobj_release(lane->devcache, obj, owner))) {
		lane_count(&lane->violations);
		return false;
	}
	lane_count(&lane->pairs);
	return true;
}

static void lane_put(struct lane *lane, void *obj, u64 owner)
{
	if (lane_release(lane, obj, owner))
		objcache_put(lane->devcache->cache, obj);
}

/* Between two objects of a long step: false if it should be cut short. */
static bool lane_go_on(struct lane *lane)
{
	if (lane->context == LANE_PROCESS)
		cond_resched();
	return !READ_ONCE(*lane->stop);
}

static void lane_step_pair(struct lane *lane)
{
	unsigned int i, nr = lane_random(lane);

	for (i = 0; i < nr; i++) {
		void *obj = lane_get(lane);

		if (obj)
			lane_put(lane, obj, lane->owner);
	}
}

static unsigned int lane_get_many(struct lane *lane, unsigned int nr)
{
	unsigned int i, got = 0;

	for (i = 0; i < nr && lane_go_on(lane); i++) {
		void *obj = lane_get(lane);

		if (obj)
			lane->objs[got++] = obj;
	}
	return got;
}

static unsigned int lane_get_bulk(struct lane *lane, unsigned int nr)
{
	unsigned int i, claimed = 0, got;

	nr = min_t(unsigned int, nr, LANE_BULK);
	got = objcache_get_bulk(lane->devcache->cache, lane_gfp(lane), nr,
				lane->objs);
	if (got < nr)
		lane_count(&lane->failures);
	for (i = 0; i < got; i++) {
		void *obj = lane->objs[i];

		if (lane_claim(lane, obj))
			lane->objs[claimed++] = obj;
	}
	return claimed;
}

static void lane_put_many(struct lane *lane, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		lane_put(lane, lane->objs[i], lane->owner);
		lane_go_on(lane);
	}
}

static void lane_put_bulk(struct lane *lane, unsigned int nr)
{
	unsigned int i, released = 0;

	for (i = 0; i < nr; i++) {
		void *obj = lane->objs[i];

		if (lane_release(lane, obj, lane->owner))
			lane->objs[released++] = obj;
	}
	objcache_put_bulk(lane->devcache->cache, released, lane->objs);
}

/* One by one or in bulk, as two bits of the random state have it. */
static void lane_step_burst(struct lane *lane)
{
	unsigned int nr = lane_random(lane);

	if (lane->random & 1 || !lane_may_alloc(lane))
		nr = lane_get_many(lane, nr);
	else
		nr = lane_get_bulk(lane, nr);
	if (lane->random & 2)
		lane_put_many(lane, nr);
	else
		lane_put_bulk(lane, nr);
}

/*
 * The rings are like those of circular-buffers.rst. Producer: the object goes
 * in before the head that tells of it, release A; the acquire of tail, B, sees
 * that the slot was read before it is written again.
 */
static bool lane_hand_on(struct lane *lane)
{
	struct lane_ring *ring = &lane->out;
	unsigned int head = ring->head;
	void *obj;

	/* B: pairs with D */
	if (head - smp_load_acquire(&ring->tail) >= ring->size)
		return false;
	obj = lane_get(lane);
	if (!obj)
		return false;
	ring->slots[head & (ring->size - 1)] = obj;
	/* A: pairs with C */
	smp_store_release(&ring->head, head + 1);
	return true;
}

/*
 * Consumer: the acquire of head, C, comes before the read of the slot, and the
 * release of tail, D, after it. The object is put before D, so that those under
 * way are never more than the ring's size.
 */
static bool lane_take_over(struct lane *lane)
{
	struct lane_ring *ring = &lane->from->out;
	unsigned int tail = ring->tail;

	/* C: pairs with A */
	if (tail == smp_load_acquire(&ring->head))
		return false;
	lane_put(lane, ring->slots[tail & (ring->size - 1)], lane->from->owner);
	/* D: pairs with B */
	smp_store_release(&ring->tail, tail + 1);
	return true;
}

static void lane_step_flow(struct lane *lane)
{
	unsigned int i, nr = lane_random(lane);
	bool moved = false;

	for (i = 0; lane->out.slots && i < nr && lane_hand_on(lane); i++)
		moved = true;
	for (i = 0; lane->from && i < nr && lane_take_over(lane); i++)
		moved = true;
	if (!moved && lane->context == LANE_PROCESS)
		usleep_range(LANE_IDLE_US, 2 * LANE_IDLE_US);
}

static void (*const lane_steps[])(struct lane *lane) = {
	[OBJCACHE_DEV_PAIR]	= lane_step_pair,
	[OBJCACHE_DEV_BURST]	= lane_step_burst,
	[OBJCACHE_DEV_FLOW]	= lane_step_flow,
};

/*
 * The pause grows with what the handler took and, within limits, with how late
 * it came. So the interrupted thread goes on even where one interrupt takes
 * longer than the period that user space has asked for.
 */
static enum hrtimer_restart lane_tick(struct hrtimer *timer)
{
	struct lane *lane = container_of(timer, struct lane, timer);
	ktime_t start = ktime_get(), end;
	s64 late = ktime_sub(start, hrtimer_get_expires(timer));
	s64 pause;

	if (READ_ONCE(*lane->stop))
		return HRTIMER_NORESTART;
	lane->step(lane);
	end = ktime_get();
	pause = max_t(s64, lane->period, LANE_PAUSE * ktime_sub(end, start));
	pause *= max(atomic_read(lane->runs), 1);
	pause += clamp_t(s64, late, 0, LANE_LATE_MAX);
	hrtimer_forward(timer, end, pause);
	return HRTIMER_RESTART;
}

static enum hrtimer_mode lane_mode(const struct lane *lane)
{
	return lane->context == LANE_HARDIRQ ? HRTIMER_MODE_REL_PINNED_HARD :
					       HRTIMER_MODE_REL_PINNED_SOFT;
}

/* Called on the lane's CPU. */
void lane_start(struct lane *lane)
{
	if (lane->devcache && lane->context != LANE_PROCESS)
		hrtimer_start(&lane->timer, lane->period, lane_mode(lane));
}

/* Returns when the handler has returned; harmless without lane_start(). */
void lane_cancel(struct lane *lane)
{
	if (lane->devcache && lane->context != LANE_PROCESS)
		hrtimer_cancel(&lane->timer);
}

/* When no lane runs any more: puts what this one was still to be handed. */
void lane_finish(struct lane *lane)
{
	if (!lane->devcache || !lane->from)
		return;
	while (lane_take_over(lane))
		cond_resched();
}

/* Memory that the lane's pattern needs. */
static int lane_alloc(struct lane *lane, const struct lane_config *config)
{
	unsigned int size;

	switch (config->pattern) {
	case OBJCACHE_DEV_BURST:
		lane->objs = kvmalloc_array(lane->burst, sizeof(*lane->objs),
					    SESSION_GFP);
		return lane->objs ? 0 : -ENOMEM;
	case OBJCACHE_DEV_FLOW:
		if (!config->produces)
			return 0;
		size = min_t(unsigned int, config->objects, LANE_RING);
		lane->out.size = rounddown_pow_of_two(size);
		lane->out.slots = kvmalloc_array(lane->out.size, sizeof(void *),
						 SESSION_GFP);
		return lane->out.slots ? 0 : -ENOMEM;
	default:
		return 0;
	}
}

static unsigned int lane_irq_burst(const struct lane *lane)
{
	unsigned int most = max(LANE_IRQ_BYTES / lane->devcache->size, 1U);

	return min3(lane->burst, most, (unsigned int)LANE_IRQ_BURST);
}

/* On failure too, lane_destroy() is to be called. */
int lane_init(struct lane *lane, const struct lane_config *config)
{
	lane->devcache = config->devcache;
	lane->stop = config->stop;
	lane->runs = config->runs;
	lane->step = lane_steps[config->pattern];
	lane->context = config->context;
	lane->owner = config->owner;
	lane->plant = config->plant;
	lane->burst = min(config->objects, config->burst);
	lane->random = config->seed ?: 1;
	if (lane->context != LANE_PROCESS) {
		lane->burst = lane_irq_burst(lane);
		lane->period = NSEC_PER_SEC / config->hz;
		objcache_hrtimer_setup(&lane->timer, lane_tick,
				       lane_mode(lane));
	}
	return lane_alloc(lane, config);
}

void lane_destroy(struct lane *lane)
{
	kvfree(lane->out.slots);
	kvfree(lane->objs);
}
