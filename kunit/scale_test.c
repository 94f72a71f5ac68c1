// SPDX-License-Identifier: GPL-2.0
/*
 * Why more CPUs cost nothing: traffic that fits a private part writes no line
 * that another CPU's get or put reads, and what tells thieves where to look is
 * right whoever races
 *
 * What a miss costs with 2 to 64 CPUs is counted by `make scale`.
 */

#include <linux/cache.h>
#include <linux/cpumask.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "helpers.h"
#include "inside.h"

#define BATCH		4
#define PRIVATE		(2 * BATCH)
#define SHARED_FROM	offsetof(struct objcache_cpu, ring)

/**
 * struct span - memory that get and put read on other CPUs too
 * @what: its name
 * @from: where it begins
 * @size: bytes
 * @copy: what was there
 */
struct span {
	const char *what;
	const void *from;
	size_t size;
	void *copy;
};

static void span_free(void *copy)
{
	vfree(copy);
}

static void span_take(struct kunit *test, struct span *span, const char *what,
		      const void *from, size_t size)
{
	*span = (struct span) { what, from, size, vmalloc(size) };
	KUNIT_ASSERT_NOT_NULL(test, span->copy);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, span_free, span->copy));
	memcpy(span->copy, from, size);
}

/* All that is not this CPU's own; returns how many spans that is. */
static unsigned int spans_take(struct tcache *tc, struct span *spans, unsigned int self)
{
	struct objcache_core *core = to_core(tc->cache);
	struct objcache_cpu *c = per_cpu_ptr(core->cpu, self);
	struct kunit *test = tc->test;
	unsigned int cpu, nr = 0;

	span_take(test, &spans[nr++], "the cache", core, sizeof(*core));
	span_take(test, &spans[nr++], "the node", objcache_node_of(core, self),
		  sizeof(struct objcache_node) + cpumask_size());
	span_take(test, &spans[nr++], "the shared part", &c->ring,
		  sizeof(*c) - SHARED_FROM);
	span_take(test, &spans[nr++], "the ring's slots", c->ring[0].slots,
		  2 * (c->ring[0].mask + 1) * sizeof(*c->ring[0].slots));
	for_each_possible_cpu(cpu)
		if (cpu != self)
			span_take(test, &spans[nr++], "another CPU's part",
				  per_cpu_ptr(core->cpu, cpu), sizeof(*c));
	return nr;
}

/* Bursts of each size that the private part holds: hits, and swaps of its halves. */
static void use_private(struct tcache *tc, unsigned int rounds)
{
	struct tobj *objs[PRIVATE];
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		t_get_all(tc, objs, 1 + i % PRIVATE);
		t_put_all(tc, objs, 1 + i % PRIVATE);
	}
}

static void private_traffic_writes_nothing_that_others_read(struct kunit *test)
{
	struct span *spans = kunit_kcalloc(test, 4 + num_possible_cpus(), sizeof(*spans),
					     GFP_KERNEL);
	struct tcache *tc = t_create_small(test, 0);
	unsigned int i, nr;
	u64 hits;

	KUNIT_ASSERT_NOT_NULL(test, spans);
	t_on_cpu(test, 0);
	use_private(tc, PRIVATE);
	hits = t_stat(tc, hits);
	nr = spans_take(tc, spans, t_nth_cpu(0));
	use_private(tc, 5000);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_TRUE_MSG(test, !memcmp(spans[i].copy, spans[i].from, spans[i].size),
				      "%s was written", spans[i].what);
	KUNIT_EXPECT_GT(test, t_stat(tc, hits), hits + 5000);
	KUNIT_EXPECT_EQ(test, t_stat(tc, fresh), PRIVATE);
	t_finish(tc);
}

static bool share_a_line(size_t one, size_t two)
{
	return one / SMP_CACHE_BYTES == two / SMP_CACHE_BYTES;
}

/* Counted in lines from the start of a struct that starts with a line. */
static void what_a_hit_writes_has_lines_of_its_own(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct objcache_core *core = to_core(tc->cache);
	size_t last = offsetofend(struct objcache_cpu, owned) - 1;
	unsigned int cpu;

	if (!IS_ENABLED(CONFIG_SMP))
		kunit_skip(test, "one CPU shares lines with nobody");
	KUNIT_EXPECT_EQ(test, offsetof(struct objcache_cpu, own), 0);
	KUNIT_EXPECT_FALSE(test, share_a_line(last, offsetof(struct objcache_cpu, count)));
	last = offsetofend(struct objcache_cpu, count) - 1;
	KUNIT_EXPECT_FALSE(test, share_a_line(last, SHARED_FROM));
	last = offsetofend(struct objcache_cpu, stolen) - 1;
	KUNIT_EXPECT_FALSE(test, share_a_line(last, offsetof(struct objcache_cpu, touched)));
	KUNIT_EXPECT_EQ(test, sizeof(struct objcache_cpu) % SMP_CACHE_BYTES, 0);
	for_each_possible_cpu(cpu)
		KUNIT_EXPECT_EQ(test, 0, (unsigned long)per_cpu_ptr(core->cpu, cpu) %
					 SMP_CACHE_BYTES);
	/* What every call reads, and what the way out of objects writes. */
	last = offsetofend(struct objcache_core, none) - 1;
	KUNIT_EXPECT_FALSE(test, share_a_line(last, offsetof(struct objcache_core, doomed)));
	last = offsetofend(struct objcache_node, store) - 1;
	KUNIT_EXPECT_FALSE(test, share_a_line(last, offsetof(struct objcache_node, surplus)));
	KUNIT_EXPECT_EQ(test, 0, (unsigned long)core % SMP_CACHE_BYTES);
	t_finish(tc);
}

/* ---- the surplus bits ---- */

#define ROUNDS		300000U
#define ROUNDS_MIN	500U	/* however busy the host */
#define RACE_MS		4000
#define HELD		3	/* with a magazine of one: one of them is pushed */

/**
 * struct race - one CPU that pushes a magazine, one that searches
 * @tc: the cache; its magazines hold one object
 * @go: the round that may begin; the thief's
 * @done: the round in which the push is done; the producer's
 * @obj: what is to be put
 * @delay: of the search, in turns of a loop
 * @lost: rounds after which the magazine was there and its bit was not
 * @hidden: rounds after which no search found it
 * @rounds: how many there were
 * @first: of them, those in which the first search had it already
 */
struct race {
	struct tcache *tc;
	u32 go;
	u32 done;
	struct tobj *obj;
	unsigned int delay;
	unsigned int lost;
	unsigned int hidden;
	unsigned int rounds;
	unsigned int first;
};

/*
 * The search begins so much later that it meets the push: later if it came
 * before it the last time, else sooner; and a little at random.
 */
static void linger(struct race *race, u32 *random)
{
	unsigned int i;

	for (i = race->delay + t_random(random) % 64; i; i--)
		barrier();
}

static void adjust(struct race *race, bool found)
{
	if (!found)
		race->delay = min(race->delay + 16, 65536U);
	else if (race->delay >= 16)
		race->delay -= 16;
}

/* Until the other one has come to @round; false: it is time to go home. */
static bool await(struct t_thread *thread, u32 *where, u32 round)
{
	unsigned int spins;

	/* Acquire: pairs with the releases in race_produce() and race_round(). */
	for (spins = 0; smp_load_acquire(where) != round; spins++) {
		if (t_crew_stopping(thread->crew))
			return false;
		if (!(spins % 4096))
			cond_resched();
		cpu_relax();
	}
	return true;
}

static void race_produce(struct t_thread *thread)
{
	struct race *race = thread->crew->data;
	u32 round;

	for (round = 1; await(thread, &race->go, round); round++) {
		t_put(race->tc, race->obj, thread->who);
		/* The push before the word of it: pairs with await(). */
		smp_store_release(&race->done, round);
	}
}

/* Nobody else is there now. */
static void race_judge(struct race *race, unsigned int producer)
{
	struct objcache_core *core = to_core(race->tc->cache);
	struct objcache_cpu *c = per_cpu_ptr(core->cpu, producer);

	if (objcache_shared(c) && !test_bit(producer, objcache_node_of(core, producer)->surplus))
		race->lost++;
}

/* The bit is still set from the last round, and the ring is empty. */
static bool race_round(struct t_thread *thread, u32 *random, u32 round)
{
	struct race *race = thread->crew->data;
	u32 other = thread->crew->threads[0].who;
	struct tobj *obj;

	/* The object before the word: pairs with await(). */
	smp_store_release(&race->go, round);
	linger(race, random);
	obj = t_try_get(race->tc, thread->who);
	adjust(race, obj);
	if (!await(thread, &race->done, round))
		return false;
	race->first += !!obj;
	race_judge(race, t_nth_cpu(0));
	if (!obj)
		obj = t_try_get(race->tc, thread->who);
	race->obj = obj;
	race->hidden += !obj;
	if (!obj)
		return false;
	t_release(race->tc, obj, thread->who);
	t_claim(race->tc, obj, other);
	race->rounds++;
	return true;
}

static void race_search(struct t_thread *thread)
{
	unsigned long end = jiffies + msecs_to_jiffies(RACE_MS);
	u32 random = thread->who, round;

	for (round = 1; round <= ROUNDS; round++) {
		if (round > ROUNDS_MIN && !time_before(jiffies, end))
			break;
		if (!race_round(thread, &random, round))
			break;
	}
}

static void producer_or_thief(struct t_thread *thread)
{
	if (thread->index)
		race_search(thread);
	else
		race_produce(thread);
}

/* The producer's private part is full, so that each of its puts pushes. */
static void race_prepare(struct race *race, u32 producer)
{
	struct kunit *test = race->tc->test;

	t_on_cpu(test, 0);
	KUNIT_EXPECT_EQ(test, objcache_prefill(race->tc->cache, HELD, GFP_KERNEL), HELD);
	t_on_cpu(test, 1);
	race->obj = t_try_get(race->tc, producer);
	KUNIT_ASSERT_NOT_NULL(test, race->obj);
	KUNIT_EXPECT_EQ(test, t_stat(race->tc, parked), HELD - 1);
}

static void no_magazine_is_ever_hidden_from_thieves(struct kunit *test)
{
	struct objcache_params params = { .batch = 1, .capacity = 8 };
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	struct t_crew *crew;

	t_need_cpus(test, 2);
	KUNIT_ASSERT_NOT_NULL(test, race);
	race->tc = t_create(test, &params);
	crew = t_crew_create(test, 2, producer_or_thief, race);
	race_prepare(race, crew->threads[0].who);
	t_crew_start(crew);
	KUNIT_EXPECT_NE(test, 0, wait_for_completion_timeout(&crew->threads[1].done,
							     msecs_to_jiffies(2 * T_PATIENCE_MS)));
	t_crew_stop(crew);
	kunit_info(test, "%u rounds; in %u of them the first search had it", race->rounds,
		   race->first);
	KUNIT_EXPECT_EQ(test, race->lost, 0);
	KUNIT_EXPECT_EQ(test, race->hidden, 0);
	KUNIT_EXPECT_GE(test, race->rounds, ROUNDS_MIN);
	t_put(race->tc, race->obj, crew->threads[0].who);
	t_finish(race->tc);
}

static struct kunit_case scale_cases[] = {
	KUNIT_CASE(private_traffic_writes_nothing_that_others_read),
	KUNIT_CASE(what_a_hit_writes_has_lines_of_its_own),
	KUNIT_CASE_SLOW(no_magazine_is_ever_hidden_from_thieves),
	{}
};

static struct kunit_suite scale_suite = {
	.name = "objcache_scale",
	.init = t_need_magazines,
	.test_cases = scale_cases,
};

kunit_test_suite(scale_suite);
