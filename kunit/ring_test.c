// SPDX-License-Identifier: GPL-2.0
/*
 * S2, for the ring alone: one producer, every other CPU a thief, and each value
 * seen exactly once, also while the indices wrap.
 */

#include <linux/bitmap.h>
#include <linux/slab.h>

#include "helpers.h"
#include "../module/core/ring.h"

#define SLOTS		8
#define NEAR_WRAP	((u32)-500)

/* A magazine with one value in it: not a pointer, and never 0. */
#define VALUES		20000
#define POOL		64

/**
 * struct rig - a ring under test
 * @ring: itself
 * @slots: its slots
 * @pool: magazines that are nobody's; a slot is claimed with xchg
 * @seen: a bit for each value that came out
 * @twice: values that came out a second time
 * @foreign: magazines that came out without a value
 * @out: values that came out
 * @in: values that went in; the producer's
 * @popped: those that the producer took back
 * @finished: the producer is
 */
struct rig {
	struct objcache_ring ring;
	unsigned long slots[2 * SLOTS];
	struct objcache_magazine *pool[POOL];
	unsigned long *seen;
	atomic_t twice;
	atomic_t foreign;
	atomic_t out;
	unsigned long in;
	unsigned long popped;
	bool finished;
};

static void rig_cleanup(void *p)
{
	struct rig *rig = p;
	unsigned int i;

	bitmap_free(rig->seen);
	for (i = 0; i < POOL; i++)
		kfree(rig->pool[i]);
	for (i = 0; i < ARRAY_SIZE(rig->slots); i++)
		kfree((void *)(rig->slots[i] & ~OBJCACHE_SLOT_FREE));
}

static struct rig *rig_create(struct kunit *test, u32 limit, u32 start)
{
	struct rig *rig = kunit_kzalloc(test, sizeof(*rig), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rig);
	objcache_ring_attach(&rig->ring, rig->slots, limit);
	atomic64_set(&rig->ring.word, objcache_ring_pack(start, start));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, rig_cleanup, rig));
	rig->seen = bitmap_zalloc(VALUES + 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rig->seen);
	return rig;
}

static struct objcache_magazine *rig_magazine(void)
{
	struct objcache_magazine *mag;

	return kzalloc(sizeof(*mag) + sizeof(mag->objs[0]), GFP_KERNEL);
}

/* Takes any magazine out of the pool, or makes one. */
static struct objcache_magazine *rig_take(struct rig *rig)
{
	struct objcache_magazine *mag;
	unsigned int i;

	for (i = 0; i < POOL; i++) {
		mag = xchg(&rig->pool[i], NULL);
		if (mag)
			return mag;
	}
	return rig_magazine();
}

static void rig_give(struct rig *rig, struct objcache_magazine *mag)
{
	unsigned int i;

	for (i = 0; mag && i < POOL; i++)
		if (!cmpxchg(&rig->pool[i], NULL, mag))
			return;
	kfree(mag);
}

/* Takes the value out of a magazine and books it. */
static void rig_book(struct rig *rig, struct objcache_magazine *mag)
{
	unsigned long value = (unsigned long)mag->objs[0];

	mag->objs[0] = NULL;
	atomic_inc(&rig->out);
	if (!value || value > VALUES)
		atomic_inc(&rig->foreign);
	else if (test_and_set_bit(value, rig->seen))
		atomic_inc(&rig->twice);
}

static bool rig_push(struct rig *rig)
{
	struct objcache_magazine *mag = rig_take(rig), *empty = NULL;

	if (!mag)
		return false;
	mag->objs[0] = (void *)(rig->in + 1);
	if (!objcache_ring_push(&rig->ring, mag, &empty)) {
		mag->objs[0] = NULL;
		rig_give(rig, mag);
		return false;
	}
	rig->in++;
	rig_give(rig, empty);
	return true;
}

/* @empty stayed in the ring if @mag came out of it. */
static bool rig_got(struct rig *rig, struct objcache_magazine *mag,
		    struct objcache_magazine *empty)
{
	if (!mag) {
		rig_give(rig, empty);
		return false;
	}
	rig_book(rig, mag);
	rig_give(rig, mag);
	return true;
}

static bool rig_pop(struct rig *rig)
{
	struct objcache_magazine *empty = rig_take(rig);
	struct objcache_magazine *mag = objcache_ring_pop(&rig->ring, empty);

	rig->popped += !!mag;
	return rig_got(rig, mag, empty);
}

/* As objcache_rob() does it. */
static bool rig_steal(struct rig *rig)
{
	struct objcache_magazine *empty = rig_take(rig), *mag;
	unsigned long *slot;

	mag = objcache_ring_claim(&rig->ring, &slot);
	if (mag)
		objcache_ring_return(slot, empty);
	return rig_got(rig, mag, empty);
}

static void expect_each_once(struct kunit *test, struct rig *rig)
{
	KUNIT_EXPECT_EQ(test, atomic_read(&rig->twice), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&rig->foreign), 0);
	KUNIT_EXPECT_EQ(test, (unsigned long)atomic_read(&rig->out), rig->in);
	KUNIT_EXPECT_EQ(test, (unsigned long)bitmap_weight(rig->seen, VALUES + 1), rig->in);
	KUNIT_EXPECT_EQ(test, objcache_ring_count(&rig->ring), 0);
}

static void s02_a_ring_holds_its_limit_and_no_more(struct kunit *test)
{
	unsigned int limit, i;
	struct rig *rig;

	for (limit = 1; limit <= SLOTS; limit++) {
		rig = rig_create(test, limit, NEAR_WRAP);
		for (i = 0; i < limit; i++) {
			KUNIT_EXPECT_EQ(test, objcache_ring_count(&rig->ring), i);
			KUNIT_EXPECT_TRUE(test, rig_push(rig));
		}
		KUNIT_EXPECT_FALSE(test, rig_push(rig));
		KUNIT_EXPECT_EQ(test, objcache_ring_count(&rig->ring), limit);
		while (rig_steal(rig))
			;
		expect_each_once(test, rig);
	}
}

static void s02_an_empty_or_absent_ring_gives_nothing(struct kunit *test)
{
	struct rig *rig = rig_create(test, SLOTS, NEAR_WRAP);
	struct rig *absent = rig_create(test, 0, 0);

	KUNIT_EXPECT_FALSE(test, rig_pop(rig));
	KUNIT_EXPECT_FALSE(test, rig_steal(rig));
	KUNIT_EXPECT_TRUE(test, rig_push(rig));
	KUNIT_EXPECT_TRUE(test, rig_pop(rig));
	KUNIT_EXPECT_FALSE(test, rig_pop(rig));
	KUNIT_EXPECT_FALSE(test, rig_push(absent));
	KUNIT_EXPECT_FALSE(test, rig_pop(absent));
	KUNIT_EXPECT_FALSE(test, rig_steal(absent));
}

static void s02_a_ring_pops_the_newest_and_gives_away_the_oldest(struct kunit *test)
{
	struct rig *rig = rig_create(test, SLOTS, (u32)-3);
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		KUNIT_EXPECT_TRUE(test, rig_push(rig));
	KUNIT_EXPECT_TRUE(test, rig_pop(rig));
	KUNIT_EXPECT_TRUE(test, test_bit(SLOTS, rig->seen));
	KUNIT_EXPECT_TRUE(test, rig_steal(rig));
	KUNIT_EXPECT_TRUE(test, test_bit(1, rig->seen));
	KUNIT_EXPECT_TRUE(test, rig_pop(rig));
	KUNIT_EXPECT_TRUE(test, test_bit(SLOTS - 1, rig->seen));
	KUNIT_EXPECT_TRUE(test, rig_steal(rig));
	KUNIT_EXPECT_TRUE(test, test_bit(2, rig->seen));
	while (rig_steal(rig))
		;
	expect_each_once(test, rig);
}

/* Alone, through every position and over the wrap of both indices. */
static void s02_a_ring_wraps_without_loss(struct kunit *test)
{
	struct rig *rig = rig_create(test, SLOTS, NEAR_WRAP);
	u32 random = 1;

	while (rig->in < 3000) {
		switch (t_random(&random) % 4) {
		case 0:
			rig_pop(rig);
			break;
		case 1:
			rig_steal(rig);
			break;
		default:
			rig_push(rig);
		}
	}
	KUNIT_EXPECT_GT(test, rig->popped, 0);
	while (rig_steal(rig))
		;
	expect_each_once(test, rig);
	KUNIT_EXPECT_LT(test, objcache_ring_tail(atomic64_read(&rig->ring.word)), NEAR_WRAP);
}

/* A slot whose taker is not finished with it is not filled again. */
/* A CPU that goes away, wherever its ring has come to. */
static void s12_a_ring_that_has_lost_its_slots_is_empty(struct kunit *test)
{
	static const u32 starts[] = { 0, 1, NEAR_WRAP, U32_MAX - 1, U32_MAX };
	struct objcache_magazine *mag, *empty;
	struct rig *rig;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		rig = rig_create(test, SLOTS, starts[i]);
		objcache_ring_detach(&rig->ring);
		KUNIT_ASSERT_EQ_MSG(test, objcache_ring_count(&rig->ring), 0,
				    "from %u", starts[i]);
		KUNIT_EXPECT_NULL(test, objcache_ring_steal(&rig->ring, NULL));
		mag = rig_magazine();
		KUNIT_ASSERT_NOT_NULL(test, mag);
		KUNIT_EXPECT_FALSE(test, objcache_ring_push(&rig->ring, mag, &empty));
		objcache_ring_attach(&rig->ring, rig->slots, SLOTS);
		KUNIT_EXPECT_TRUE(test, objcache_ring_push(&rig->ring, mag, &empty));
		KUNIT_EXPECT_PTR_EQ(test, objcache_ring_steal(&rig->ring, NULL), mag);
		kfree(mag);
	}
}

static void s02_a_claimed_slot_is_not_reused_before_its_return(struct kunit *test)
{
	struct rig *rig = rig_create(test, 4, NEAR_WRAP);
	struct objcache_magazine *mag;
	unsigned long *slot;
	unsigned int i;

	KUNIT_EXPECT_TRUE(test, rig_push(rig));
	mag = objcache_ring_claim(&rig->ring, &slot);
	KUNIT_ASSERT_NOT_NULL(test, mag);
	for (i = 0; i < rig->ring.mask; i++) {
		KUNIT_EXPECT_TRUE(test, rig_push(rig));
		KUNIT_EXPECT_TRUE(test, rig_steal(rig));
	}
	KUNIT_EXPECT_FALSE(test, rig_push(rig));
	KUNIT_EXPECT_PTR_EQ(test, (void *)*slot, (void *)mag);
	rig_book(rig, mag);
	objcache_ring_return(slot, mag);
	KUNIT_EXPECT_TRUE(test, rig_push(rig));
	while (rig_steal(rig))
		;
	expect_each_once(test, rig);
}

static void produce(struct rig *rig)
{
	u32 random = 7;

	while (rig->in < VALUES) {
		if (t_random(&random) % 8)
			rig_push(rig);
		else
			rig_pop(rig);
		if (!(rig->in % 64))
			cond_resched();
	}
	/* Pairs with steal(): the last push before the end. */
	smp_store_release(&rig->finished, true);
}

static void steal(struct rig *rig)
{
	/* Acquire: pairs with produce(). */
	while (!smp_load_acquire(&rig->finished)) {
		rig_steal(rig);
		cond_resched();
	}
}

static void producer_and_thieves(struct t_thread *thread)
{
	if (thread->index)
		steal(thread->crew->data);
	else
		produce(thread->crew->data);
}

static void race_in_ring(struct kunit *test, u32 limit)
{
	struct rig *rig = rig_create(test, limit, NEAR_WRAP);
	struct t_crew *crew;

	crew = t_crew_create(test, num_online_cpus(), producer_and_thieves, rig);
	t_crew_start(crew);
	KUNIT_ASSERT_TRUE(test, t_crew_join(crew));
	KUNIT_EXPECT_EQ(test, rig->in, VALUES);
	KUNIT_EXPECT_GT(test, rig->in, rig->popped);
	KUNIT_EXPECT_GT(test, rig->popped, 0);
	while (rig_steal(rig))
		;
	expect_each_once(test, rig);
}

static void s02_every_value_in_a_ring_comes_out_once(struct kunit *test)
{
	t_need_cpus(test, 2);
	race_in_ring(test, SLOTS);
}

static void s02_every_value_comes_out_once_of_a_ring_of_one_slot(struct kunit *test)
{
	t_need_cpus(test, 2);
	race_in_ring(test, 1);
}

static void s02_every_value_comes_out_once_of_a_ring_of_odd_size(struct kunit *test)
{
	t_need_cpus(test, 2);
	race_in_ring(test, 3);
}

static struct kunit_case ring_cases[] = {
	KUNIT_CASE(s02_a_ring_holds_its_limit_and_no_more),
	KUNIT_CASE(s02_an_empty_or_absent_ring_gives_nothing),
	KUNIT_CASE(s02_a_ring_pops_the_newest_and_gives_away_the_oldest),
	KUNIT_CASE(s02_a_ring_wraps_without_loss),
	KUNIT_CASE(s12_a_ring_that_has_lost_its_slots_is_empty),
	KUNIT_CASE(s02_a_claimed_slot_is_not_reused_before_its_return),
	KUNIT_CASE(s02_every_value_in_a_ring_comes_out_once),
	KUNIT_CASE(s02_every_value_comes_out_once_of_a_ring_of_one_slot),
	KUNIT_CASE(s02_every_value_comes_out_once_of_a_ring_of_odd_size),
	{}
};

static struct kunit_suite ring_suite = {
	.name = "objcache_ring",
	.test_cases = ring_cases,
};

kunit_test_suite(ring_suite);
