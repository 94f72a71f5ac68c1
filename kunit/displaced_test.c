// SPDX-License-Identifier: GPL-2.0
/*
 * S5, S8 and S10: nothing below the capacity is ever destroyed
 *
 * What finds no place on its CPU (nested, without a magazine, beside a stalled taker)
 * waits where any get finds it, and ages there; what is on its way out is taken back
 * before one is made. Whether one was destroyed is seen by getting all of them back:
 * one that had to be made shows that one was.
 */

#include <linux/kprobes.h>
#include <linux/ptrace.h>

#include "contexts.h"
#include "inside.h"
#include "outside.h"

#define CAPACITY	32
#define ROUNDS		200

/* All @nr come back to a get that may not wait, and none had to be made. */
static void expect_all_back(struct tcache *tc, struct tobj **objs, unsigned int nr,
			    u64 created)
{
	struct kunit *test = tc->test;
	unsigned int i, got = 0;

	for (i = 0; i < nr; i++) {
		objs[i] = t_get(tc, GFP_ATOMIC, 1);
		got += !!objs[i];
	}
	KUNIT_EXPECT_EQ(test, got, nr);
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), created);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->dtors), 0);
}

/* ---- nested ---- */

/* As interrupts would that come in the midst of calls, deterministically. */
static void nest(struct tcache *tc, u32 *random)
{
	unsigned int i, nr = 1 + t_random(random) % 8;
	struct tobj *task[3], *irq[8];

	for (i = 0; i < ARRAY_SIZE(task); i++)
		task[i] = t_try_get(tc, 1);
	t_hold_token(tc);
	for (i = 0; i < nr; i++)
		irq[i] = t_try_get(tc, 2);
	for (i = 0; i < nr; i++)
		t_put(tc, irq[i], 2);
	t_drop_token(tc);
	for (i = 0; i < ARRAY_SIZE(task); i++)
		t_put(tc, task[i], 1);
}

static void s10_pops_and_pushes_that_nest_lose_nothing(struct kunit *test)
{
	struct objcache_params params = { .batch = 1, .capacity = CAPACITY };
	struct tcache *tc = t_create(test, &params);
	struct tobj **objs = t_objs(test, CAPACITY);
	unsigned int i;
	u32 random = 1;

	t_on_cpu(test, 0);
	t_get_all(tc, objs, CAPACITY);
	t_put_all(tc, objs, CAPACITY);
	for (i = 0; i < ROUNDS; i++)
		nest(tc, &random);
	expect_all_back(tc, objs, CAPACITY, CAPACITY);
	t_put_all(tc, objs, CAPACITY);
	t_finish(tc);
}

/* More than a magazine holds, all of it nested. */
static struct tcache *nested_burst(struct kunit *test, struct tobj **objs)
{
	struct tcache *tc = t_create_small(test, 0);

	t_on_cpu(test, 0);
	t_get_all(tc, objs, CAPACITY);
	t_hold_token(tc);
	t_put_all(tc, objs, CAPACITY);
	t_drop_token(tc);
	return tc;
}

static void s10_a_burst_of_nested_puts_is_kept(struct kunit *test)
{
	struct tobj **objs = t_objs(test, CAPACITY);
	struct tcache *tc = nested_burst(test, objs);

	expect_all_back(tc, objs, CAPACITY, CAPACITY);
	t_put_all(tc, objs, CAPACITY);
	t_finish(tc);
}

static void s10_another_cpu_finds_what_was_displaced(struct kunit *test)
{
	struct tobj **objs = t_objs(test, CAPACITY);
	struct tcache *tc;
	unsigned int got;

	t_need_cpus(test, 2);
	tc = nested_burst(test, objs);
	t_on_cpu(test, 1);
	for (got = 0; got < CAPACITY; got++) {
		objs[got] = t_get(tc, GFP_ATOMIC, 1);
		if (t_stat(tc, created) > CAPACITY)
			break;
	}
	/* But for what has found a place on its CPU all the same. */
	KUNIT_EXPECT_GE(test, got, CAPACITY / 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->dtors), 0);
	t_put_all(tc, objs, min(got + 1, (unsigned int)CAPACITY));
	t_finish(tc);
}

/* Nested on two CPUs of a node, as much as each may have. */
static void s10_each_cpu_has_a_capacity_of_its_own(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, OBJCACHE_NO_AGING);
	struct tobj **objs = t_objs(test, 2 * CAPACITY);
	unsigned int nth;

	t_need_cpus(test, 2);
	if (cpu_to_node(t_nth_cpu(0)) != cpu_to_node(t_nth_cpu(1)))
		kunit_skip(test, "needs two CPUs of a node");
	t_on_cpu(test, 0);
	t_get_all(tc, objs, 2 * CAPACITY);
	for (nth = 0; nth < 2; nth++) {
		t_on_cpu(test, nth);
		t_put_nested(tc, objs + nth * CAPACITY, CAPACITY);
		KUNIT_EXPECT_EQ(test, t_stat(tc, overflow), 0);
		KUNIT_EXPECT_EQ(test, t_stat(tc, parked), (nth + 1) * CAPACITY);
	}
	expect_all_back(tc, objs, 2 * CAPACITY, 2 * CAPACITY);
	t_put_all(tc, objs, 2 * CAPACITY);
	t_finish(tc);
}

/* Looking for room that is not there, as without memory for a ring, is not displacing. */
static void s10_who_finds_no_room_has_displaced_nothing(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, OBJCACHE_NO_AGING);
	struct tobj **objs = t_objs(test, CAPACITY + 1);
	struct objcache_cpu *c;
	unsigned int i, limit;

	t_need_cpus(test, 2);
	if (cpu_to_node(t_nth_cpu(0)) != cpu_to_node(t_nth_cpu(1)))
		kunit_skip(test, "needs two CPUs of a node");
	t_on_cpu(test, 0);
	t_get_all(tc, objs, CAPACITY + 1);
	t_on_cpu(test, 1);
	t_put_nested(tc, objs, CAPACITY);
	t_on_cpu(test, 0);
	c = raw_cpu_ptr(to_core(tc->cache)->cpu);
	limit = xchg(&c->ring[0].limit, 0);
	for (i = 0; i < CAPACITY; i++)
		objcache_prefill(tc->cache, CAPACITY, GFP_KERNEL);
	xchg(&c->ring[0].limit, limit);
	KUNIT_EXPECT_EQ(test, t_parked_on(tc, t_nth_cpu(0)), 8);
	t_put_nested(tc, objs + CAPACITY, 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, overflow), 0);
	t_finish(tc);
}

static void s10_what_was_displaced_ages_as_in_a_shared_part(struct kunit *test)
{
	struct tobj **objs = t_objs(test, CAPACITY);
	struct tcache *tc = nested_burst(test, objs);
	unsigned int i;

	objcache_age(tc->cache);
	t_flush_cpus(test);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->dtors), 0);
	expect_all_back(tc, objs, CAPACITY, CAPACITY);
	t_put_all(tc, objs, CAPACITY);
	for (i = 0; i < 3; i++)
		objcache_age(tc->cache);
	KUNIT_EXPECT_TRUE(test, t_wait_until(atomic_read(&tc->dtors_done) == CAPACITY));
	t_finish(tc);
}

/* ---- without a magazine ---- */

#define MANY	100

struct pile {
	struct tcache *tc;
	struct tobj *objs[MANY];
};

static void put_pile(void *data)
{
	struct pile *pile = data;

	t_put_all(pile->tc, pile->objs, MANY);
}

/* Far from the capacity; but in most contexts no magazine can be asked for. */
static void s05_a_put_needs_no_magazine_in_any_context(struct kunit *test)
{
	struct objcache_params params = { .batch = 4, .capacity = 4 * MANY };
	struct pile *pile = kunit_kzalloc(test, sizeof(*pile), GFP_KERNEL);
	enum t_context context;

	t_need_nmi(test);
	KUNIT_ASSERT_NOT_NULL(test, pile);
	for (context = T_TASK; context < T_NR_CONTEXTS; context++) {
		pile->tc = t_create(test, &params);
		t_on_cpu(test, 0);
		t_get_all(pile->tc, pile->objs, MANY);
		KUNIT_EXPECT_TRUE_MSG(test, t_run_in(context, put_pile, pile), "in %s",
				      t_context_name(context));
		expect_all_back(pile->tc, pile->objs, MANY, MANY);
		t_put_all(pile->tc, pile->objs, MANY);
		t_finish(pile->tc);
	}
}

/* ---- on its way out ---- */

/* The keeper is in a destructor, so that what waits goes on waiting. */
static void hold_keeper(struct tcache *tc)
{
	struct tobj *obj = t_get(tc, GFP_KERNEL, 1);

	KUNIT_ASSERT_NOT_NULL(tc->test, obj);
	WRITE_ONCE(tc->gated, true);
	t_discard(tc, obj, 1);
	KUNIT_ASSERT_TRUE(tc->test, t_wait_until(atomic_read(&tc->dtors) == 1));
}

/* With the one at the gate. */
static void expect_all_taken_back(struct tcache *tc, struct tobj **objs, unsigned int nr)
{
	struct kunit *test = tc->test;
	u64 created = t_stat(tc, created);
	unsigned int i, got = 0;

	for (i = 0; i < nr; i++) {
		objs[i] = t_get(tc, GFP_ATOMIC, 1);
		got += !!objs[i];
	}
	KUNIT_EXPECT_EQ(test, got, nr);
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), created);
	t_open_gate(tc);
	t_put_all(tc, objs, nr);
	t_finish(tc);
}

static void s08_what_two_steps_release_is_got_at_once(struct kunit *test)
{
	struct objcache_params params = { .batch = 1, .capacity = 1024 };
	struct tcache *tc = t_create(test, &params);
	struct tobj **objs = t_objs(test, 1024);
	unsigned int cpu, share = 1024 / num_online_cpus();

	hold_keeper(tc);
	for (cpu = 0; cpu < num_online_cpus(); cpu++) {
		t_on_cpu(test, cpu);
		KUNIT_ASSERT_EQ(test, share, objcache_prefill(tc->cache, share, GFP_KERNEL));
	}
	t_on_cpu(test, 0);
	objcache_age(tc->cache);
	objcache_age(tc->cache);
	expect_all_taken_back(tc, objs, share * num_online_cpus());
}

static void s08_what_is_above_the_capacity_is_got_before_one_is_made(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj **objs = t_objs(test, 3 * CAPACITY);

	t_on_cpu(test, 0);
	t_get_all(tc, objs, 3 * CAPACITY);
	hold_keeper(tc);
	t_put_all(tc, objs, 3 * CAPACITY);
	expect_all_taken_back(tc, objs, 3 * CAPACITY);
}

static void s08_what_pressure_releases_is_got_before_one_is_made(struct kunit *test)
{
	struct tobj **objs = t_objs(test, CAPACITY);
	struct tcache *tc = t_create_small(test, 0);

	t_on_cpu(test, 0);
	hold_keeper(tc);
	KUNIT_ASSERT_EQ(test, CAPACITY, objcache_prefill(tc->cache, CAPACITY, GFP_KERNEL));
	t_scan(tc->cache, CAPACITY);
	t_flush_cpus(test);
	expect_all_taken_back(tc, objs, CAPACITY);
}

#define HELD		40
#define TURNS		T_ROUNDS(500)

/* As many as one holds, again and again; nothing that is called may sleep. */
static void take_and_give(struct t_thread *thread)
{
	struct tcache *tc = thread->crew->data;
	struct tobj *objs[HELD];
	unsigned int i, nr;

	for (i = 0; i < TURNS; i++) {
		for (nr = 0; nr < HELD; nr++)
			objs[nr] = t_get(tc, GFP_ATOMIC, thread->who);
		while (nr)
			t_put(tc, objs[--nr], thread->who);
		cond_resched();
	}
}

/*
 * Each finds another at the depot's lock, most of the time. With nothing unmade: so
 * there are as many as were in use at once, and what a get has just missed.
 */
static void s08_who_meets_others_at_the_depot_takes_back_too(struct kunit *test)
{
	struct objcache_params params = { .batch = 1, .capacity = 2 };
	struct tcache *tc = t_create(test, &params);
	unsigned int nr = num_online_cpus();
	struct t_crew *crew = t_crew_create(test, nr, take_and_give, tc);

	t_need_cpus(test, 2);
	t_hold_keeper(tc->cache);
	t_crew_start(crew);
	KUNIT_EXPECT_TRUE(test, t_crew_join(crew));
	KUNIT_EXPECT_LE(test, t_stat(tc, created), (u64)(2 * nr * HELD));
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->dtors), 0);
	kunit_info(test, "%llu made for %u in use at once", t_stat(tc, created), nr * HELD);
	objcache_drain(tc->cache);
	t_finish(tc);
}

/* ---- what a put frees ---- */

/**
 * struct meter - objects that a task gives to the slab in one call
 * @task: whose
 * @freed: in the call that is under way
 * @most: of all its calls
 */
static struct meter {
	struct task_struct *task;
	unsigned long freed;
	unsigned long most;
} the_meter;

/* Not what RCU's callbacks free in a softirq that has come between. */
static void meter_add(unsigned long nr)
{
	if (READ_ONCE(the_meter.task) == current && !in_serving_softirq())
		the_meter.freed += nr;
}

static int meter_one(struct kprobe *probe, struct pt_regs *regs)
{
	meter_add(1);
	return 0;
}

static int meter_bulk(struct kprobe *probe, struct pt_regs *regs)
{
#ifdef CONFIG_HAVE_FUNCTION_ARG_ACCESS_API /* without it there are no kprobes */
	meter_add(regs_get_kernel_argument(regs, 1));
#endif
	return 0;
}

static struct kprobe meter_probes[2];
static struct kprobe *meters[] = { &meter_probes[0], &meter_probes[1] };

static void meter_remove(void *unused)
{
	unregister_kprobes(meters, ARRAY_SIZE(meters));
}

static void meter_start(struct kunit *test)
{
	meter_probes[0] = (struct kprobe) {
		.symbol_name = "kmem_cache_free", .pre_handler = meter_one,
	};
	meter_probes[1] = (struct kprobe) {
		.symbol_name = "kmem_cache_free_bulk", .pre_handler = meter_bulk,
	};
	if (register_kprobes(meters, ARRAY_SIZE(meters)))
		kunit_skip(test, "no kprobes on the slab's calls");
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, meter_remove, NULL));
	the_meter = (struct meter) {};
}

static void metered_put(struct objcache *cache, void *obj)
{
	the_meter.freed = 0;
	WRITE_ONCE(the_meter.task, current);
	objcache_put(cache, obj);
	WRITE_ONCE(the_meter.task, NULL);
	the_meter.most = max(the_meter.most, the_meter.freed);
}

/* Plain objects, far above what a CPU may park and any depot may hold. */
static void expect_small_puts(struct kunit *test, unsigned int flags)
{
	struct objcache_params params = {
		.size = 256, .batch = 15, .capacity = 60,
		.flags = flags | OBJCACHE_NO_AGING,
	};
	const unsigned int nr = 20 * 60;
	struct objcache *cache = objcache_create("kunit-other", &params);
	void **objs = (void **)t_objs(test, nr);
	unsigned int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	t_on_cpu(test, 0);
	for (i = 0; i < nr; i++)
		objs[i] = objcache_get(cache, GFP_KERNEL);
	for (i = 0; i < nr; i++)
		metered_put(cache, objs[i]);
	objcache_destroy(cache);
	KUNIT_EXPECT_LE(test, the_meter.most, 1);
}

static void s05_a_put_frees_at_most_what_it_was_given(struct kunit *test)
{
	meter_start(test);
	expect_small_puts(test, 0);
	expect_small_puts(test, OBJCACHE_NO_STEAL);
}

/* So that the test above cannot pass because nothing is measured. */
static void s05_the_meter_counts_what_a_task_frees(struct kunit *test)
{
	struct kmem_cache *slab = kmem_cache_create("kunit-meter", 64, 0, SLAB_NO_MERGE, NULL);
	void *objs[4];

	KUNIT_ASSERT_NOT_NULL(test, slab);
	meter_start(test);
	KUNIT_ASSERT_TRUE(test, kmem_cache_alloc_bulk(slab, GFP_KERNEL, 4, objs));
	WRITE_ONCE(the_meter.task, current);
	kmem_cache_free_bulk(slab, 3, objs);
	kmem_cache_free(slab, objs[3]);
	WRITE_ONCE(the_meter.task, NULL);
	kmem_cache_destroy(slab);
	KUNIT_EXPECT_GE(test, the_meter.freed, 4);
}

static struct kunit_case displaced_cases[] = {
	KUNIT_CASE(s10_pops_and_pushes_that_nest_lose_nothing),
	KUNIT_CASE(s10_a_burst_of_nested_puts_is_kept),
	KUNIT_CASE(s10_another_cpu_finds_what_was_displaced),
	KUNIT_CASE(s10_each_cpu_has_a_capacity_of_its_own),
	KUNIT_CASE(s10_who_finds_no_room_has_displaced_nothing),
	KUNIT_CASE(s10_what_was_displaced_ages_as_in_a_shared_part),
	KUNIT_CASE(s05_a_put_needs_no_magazine_in_any_context),
	KUNIT_CASE(s08_what_two_steps_release_is_got_at_once),
	KUNIT_CASE(s08_what_is_above_the_capacity_is_got_before_one_is_made),
	KUNIT_CASE(s08_what_pressure_releases_is_got_before_one_is_made),
	KUNIT_CASE_SLOW(s08_who_meets_others_at_the_depot_takes_back_too),
	{}
};

static struct kunit_suite displaced_suite = {
	.name = "objcache_displaced",
	.init = t_need_magazines,
	.test_cases = displaced_cases,
};

/* In debug mode as well. */
static struct kunit_case freed_cases[] = {
	KUNIT_CASE(s05_a_put_frees_at_most_what_it_was_given),
	KUNIT_CASE(s05_the_meter_counts_what_a_task_frees),
	{}
};

static struct kunit_suite freed_suite = {
	.name = "objcache_freed",
	.test_cases = freed_cases,
};

kunit_test_suites(&displaced_suite, &freed_suite);
