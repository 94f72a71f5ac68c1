// SPDX-License-Identifier: GPL-2.0
/*
 * S6: what nobody wants for two age steps goes, what is used stays
 *
 * Steps are taken by hand, on caches without a timer, but where the timer itself
 * is the subject. Isolated and nohz_full CPUs, which keep their private part
 * until they use it again, are not looked at.
 */

#include <linux/bitmap.h>
#include <linux/ktime.h>
#include <linux/sort.h>
#include <linux/vmalloc.h>

#include "actors.h"
#include "helpers.h"
#include "../module/internal.h"

#define BATCH		4
#define PRIVATE		(2 * BATCH)
#define PARKED		24
#define SHARED		(PARKED - PRIVATE)

/* @nr objects in use at once, and back here. */
static void use(struct tcache *tc, unsigned int nr)
{
	struct tobj *objs[PARKED];

	t_get_all(tc, objs, nr);
	t_put_all(tc, objs, nr);
}

static unsigned long aged_out_by(struct tcache *tc, unsigned int cpu)
{
	struct objcache_core *core = to_core(tc->cache);

	return READ_ONCE(per_cpu_ptr(core->cpu, cpu)->count.aged_out);
}

/* ---- steps by hand ---- */

static void s06_an_idle_object_survives_one_step_and_not_two(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);

	t_on_cpu(test, 0);
	use(tc, PARKED);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), PARKED);
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_out), 0);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_out), PARKED);
	KUNIT_EXPECT_EQ(test, t_stat(tc, ages), 2);
	t_expect_balanced(tc, 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, destroyed), PARKED);
	t_finish(tc);
}

static void s06_two_steps_empty_an_idle_cache_on_all_cpus(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned int cpus = num_online_cpus(), cpu;
	struct tobj **objs = t_objs(test, cpus * PARKED);

	t_get_all(tc, objs, cpus * PARKED);
	for (cpu = 0; cpu < cpus; cpu++) {
		t_on_cpu(test, cpu);
		t_put_all(tc, objs + cpu * PARKED, PARKED);
	}
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), cpus * PARKED);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	t_finish(tc);
}

static void s06_steady_use_survives_a_hundred_steps(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned int i;

	t_on_cpu(test, 0);
	for (i = 0; i < 100; i++) {
		use(tc, PARKED);
		objcache_age(tc->cache);
	}
	KUNIT_EXPECT_EQ(test, t_stat(tc, ages), 100);
	KUNIT_EXPECT_EQ(test, t_stat(tc, fresh), PARKED);
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_out), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), PARKED);
	t_finish(tc);
}

/*
 * The same on all CPUs in turn: each leaves what the next one takes, and nothing
 * but the private parts is ever needed besides.
 */
static void s06_steady_use_on_all_cpus_makes_nothing_fresh(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned int cpus = num_online_cpus(), cpu, i;

	for (i = 0; i < 100; i++) {
		for (cpu = 0; cpu < cpus; cpu++) {
			t_on_cpu(test, cpu);
			use(tc, PARKED);
		}
		objcache_age(tc->cache);
		KUNIT_EXPECT_EQ(test, t_stat(tc, fresh), SHARED + cpus * PRIVATE);
	}
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_out), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), SHARED + cpus * PRIVATE);
	objcache_age(tc->cache);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	t_finish(tc);
}

/* What steady use never reaches is not in use: the shared part goes. */
static void s06_idle_objects_go_beside_steady_use(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned int i;

	t_on_cpu(test, 0);
	use(tc, PARKED);
	for (i = 0; i < 5; i++) {
		use(tc, 2);
		objcache_age(tc->cache);
		KUNIT_EXPECT_EQ(test, t_stat(tc, parked), i ? PRIVATE : PARKED);
	}
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_out), SHARED);
	t_finish(tc);
}

/* One get and put between two steps keep the whole of it. */
static void s06_a_private_part_that_is_used_survives(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned int i;

	t_on_cpu(test, 0);
	use(tc, PRIVATE);
	for (i = 0; i < 10; i++) {
		objcache_age(tc->cache);
		KUNIT_EXPECT_EQ(test, t_stat(tc, parked), PRIVATE);
		use(tc, 1);
	}
	objcache_age(tc->cache);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	t_finish(tc);
}

static void s06_an_idle_private_part_is_released_by_its_own_cpu(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);

	t_need_cpus(test, 2);
	t_on_cpu(test, 1);
	use(tc, PRIVATE);
	t_on_cpu(test, 0);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), PRIVATE);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	KUNIT_EXPECT_EQ(test, aged_out_by(tc, t_nth_cpu(0)), 0);
	KUNIT_EXPECT_EQ(test, aged_out_by(tc, t_nth_cpu(1)), PRIVATE);
	t_finish(tc);
}

/* Objects made ahead of need are as young as any. */
static void s06_what_was_prefilled_survives_one_step(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);

	t_on_cpu(test, 0);
	KUNIT_EXPECT_EQ(test, objcache_prefill(tc->cache, PARKED, GFP_KERNEL), PARKED);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), PARKED);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	t_finish(tc);
}

static void s06_a_get_from_the_aged_generation_is_counted(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *objs[PARKED];

	t_on_cpu(test, 0);
	use(tc, PARKED);
	objcache_age(tc->cache);
	t_get_all(tc, objs, PRIVATE);
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_hits), 0);
	t_get_all(tc, objs + PRIVATE, SHARED);
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_hits), SHARED);
	KUNIT_EXPECT_EQ(test, t_stat(tc, steals), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, fresh), PARKED);
	t_put_all(tc, objs, PARKED);
	t_finish(tc);
}

static void s06_another_cpu_finds_the_aged_generation(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *objs[PARKED];

	t_need_cpus(test, 2);
	t_on_cpu(test, 1);
	use(tc, PARKED);
	objcache_age(tc->cache);
	t_on_cpu(test, 0);
	KUNIT_EXPECT_EQ(test, t_try_get_all(tc, objs, PARKED), SHARED);
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_hits), SHARED);
	KUNIT_EXPECT_EQ(test, t_stat(tc, steals), SHARED);
	t_put_all(tc, objs, SHARED);
	t_finish(tc);
}

/* With the owner flag set, as whoever interrupts the owner finds it. */
static void put_nested(struct tcache *tc, struct tobj **objs, unsigned int nr)
{
	struct objcache_owner *owner;

	preempt_disable();
	owner = raw_cpu_ptr(tc->cache->owner);
	KUNIT_EXPECT_TRUE(tc->test, objcache_owner_enter(owner));
	t_put_all(tc, objs, nr);
	objcache_owner_exit(owner);
	preempt_enable();
}

static void s06_the_nested_list_ages_with_the_private_part(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *objs[BATCH];

	t_on_cpu(test, 0);
	t_get_all(tc, objs, BATCH);
	put_nested(tc, objs, BATCH);
	KUNIT_EXPECT_EQ(test, t_stat(tc, nested), BATCH);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), BATCH);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), BATCH);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	t_finish(tc);
}

/* Many out, many back: what the shared parts are for. */
static void burst(struct t_actor *actor)
{
	struct tobj *objs[PARKED];
	unsigned int nr;

	for (nr = 0; nr < PARKED; nr++) {
		objs[nr] = t_get(actor->tc, actor->gfp, actor->who);
		if (!objs[nr])
			break;
	}
	while (nr)
		t_put(actor->tc, objs[--nr], actor->who);
}

static void busy_user(struct t_thread *thread)
{
	struct t_actor actor;

	t_actor_init(&actor, thread->crew->data, thread->who, GFP_KERNEL);
	actor.may_bulk = true;
	while (!t_crew_stopping(thread->crew)) {
		t_actor_step(&actor);
		if (!(t_random(&actor.random) % 32))
			burst(&actor);
		cond_resched();
	}
	t_actor_empty(&actor);
}

static void s06_aging_under_load_loses_nothing(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned long end = jiffies + msecs_to_jiffies(1500);
	struct t_crew *crew;

	crew = t_crew_create(test, 2 * num_online_cpus(), busy_user, tc);
	t_crew_start(crew);
	while (time_before(jiffies, end))
		objcache_age(tc->cache);
	t_crew_stop(crew);
	KUNIT_EXPECT_GE(test, t_stat(tc, ages), 3);
	kunit_info(test, "%llu steps, %llu objects released by them, %llu brought back",
		   t_stat(tc, ages), t_stat(tc, aged_out), t_stat(tc, aged_hits));
	t_finish(tc);
}

/* ---- the timer ---- */

static void named_cleanup(void *p)
{
	struct tcache *tc = p;

	t_open_gate(tc);
	if (tc->cache)
		objcache_destroy(tc->cache);
	bitmap_free(tc->dtor_seen);
}

/* What t_create() never makes: a cache with its timer on, or a second one. */
static struct tcache *create_named(struct kunit *test, const char *name,
				   struct objcache_params *params)
{
	struct objcache *cache;
	struct tcache *tc;

	tc = kunit_kzalloc(test, sizeof(*tc), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tc);
	t_init(tc, test, params->size);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, named_cleanup, tc));
	params->ctx = tc;
	cache = objcache_create(name, params);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	tc->cache = cache;
	return tc;
}

static struct tcache *aging_create(struct kunit *test, const char *name,
				   unsigned int age_ms, unsigned int flags)
{
	struct objcache_params params = {
		.size = sizeof(struct tobj), .batch = BATCH, .capacity = 32,
		.age_ms = age_ms, .flags = flags, .ops = &t_ops,
	};

	return create_named(test, name, &params);
}

static void stay_awake(struct t_thread *thread)
{
	while (!t_crew_stopping(thread->crew))
		cond_resched();
}

/*
 * The timer is deferrable: on a CPU that sleeps it waits until that wakes up for
 * another reason. So none sleeps, until the end of the test.
 */
static void keep_cpus_awake(struct kunit *test)
{
	t_crew_start(t_crew_create(test, num_online_cpus(), stay_awake, NULL));
	t_on_cpu(test, 0);
}

static bool timer_runs(struct tcache *tc)
{
	return READ_ONCE(to_core(tc->cache)->armed);
}

static void s06_the_timer_empties_an_idle_cache(struct kunit *test)
{
	struct tcache *tc = aging_create(test, "kunit", 20, 0);

	keep_cpus_awake(test);
	use(tc, PARKED);
	KUNIT_EXPECT_TRUE(test, t_wait_until(!t_stat(tc, parked)));
	KUNIT_EXPECT_TRUE(test, t_wait_until(t_stat(tc, ages) >= 2));
	KUNIT_EXPECT_TRUE(test, t_wait_until(t_stat(tc, destroyed) == PARKED));
	t_finish(tc);
}

static void s06_the_timer_leaves_alone_what_a_cpu_uses(struct kunit *test)
{
	struct tcache *tc = aging_create(test, "kunit", 50, 0);
	u64 before;

	keep_cpus_awake(test);
	use(tc, PRIVATE);
	before = t_stat(tc, ages);
	KUNIT_EXPECT_TRUE(test, t_wait_until((use(tc, 1),
					      t_stat(tc, ages) > before + 5)));
	if (t_stat(tc, aged_out))
		kunit_info(test, "%llu objects aged: this thread had to wait for two intervals",
			   t_stat(tc, aged_out));
	else
		KUNIT_EXPECT_EQ(test, t_stat(tc, fresh), PRIVATE);
	/* Or the timer comes between what t_finish() counts and what it drains. */
	objcache_drain(tc->cache);
	t_finish(tc);
}

/* While all are out, nothing is parked; the timer has to go on all the same. */
static void s06_objects_put_after_a_long_time_out_still_age(struct kunit *test)
{
	struct tcache *tc = aging_create(test, "kunit", 10, 0);
	struct tobj *objs[PARKED];
	u64 before;

	keep_cpus_awake(test);
	t_get_all(tc, objs, PARKED);
	before = t_stat(tc, ages);
	/* Its chance to stop: many intervals, whether it goes on or not. */
	t_wait_until(t_stat(tc, ages) > before + 5);
	msleep(100);
	t_put_all(tc, objs, PARKED);
	KUNIT_EXPECT_TRUE(test, t_wait_until(!t_stat(tc, parked)));
	t_finish(tc);
}

static void s06_the_timer_stops_when_no_object_exists(struct kunit *test)
{
	struct tcache *tc = aging_create(test, "kunit", 10, 0);
	u64 ages;

	keep_cpus_awake(test);
	KUNIT_EXPECT_FALSE(test, timer_runs(tc));
	use(tc, PARKED);
	KUNIT_EXPECT_TRUE(test, timer_runs(tc));
	KUNIT_EXPECT_TRUE(test, t_wait_until(!timer_runs(tc)));
	KUNIT_EXPECT_EQ(test, t_stat(tc, destroyed), PARKED);
	ages = t_stat(tc, ages);
	msleep(200);
	KUNIT_EXPECT_EQ(test, t_stat(tc, ages), ages);
	t_finish(tc);
}

static void s06_a_fresh_object_starts_the_timer_again(struct kunit *test)
{
	struct tcache *tc = aging_create(test, "kunit", 10, 0);
	unsigned int round;
	u64 ages;

	keep_cpus_awake(test);
	for (round = 0; round < 3; round++) {
		ages = t_stat(tc, ages);
		use(tc, BATCH);
		KUNIT_EXPECT_TRUE(test, t_wait_until(!t_stat(tc, parked)));
		KUNIT_EXPECT_TRUE(test, t_wait_until(t_stat(tc, ages) >= ages + 2));
		KUNIT_EXPECT_TRUE(test, t_wait_until(!timer_runs(tc)));
	}
	t_finish(tc);
}

/* The same with an object made where queue_work() is not allowed. */
static void s06_an_object_made_with_interrupts_off_starts_the_timer(struct kunit *test)
{
	struct tcache *tc = aging_create(test, "kunit", 10, 0);
	struct tobj *obj;

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "no object can be made there");
	keep_cpus_awake(test);
	local_irq_disable();
	obj = t_get(tc, GFP_ATOMIC, 1);
	local_irq_enable();
	KUNIT_ASSERT_NOT_NULL(test, obj);
	t_put(tc, obj, 1);
	KUNIT_EXPECT_TRUE(test, t_wait_until(!t_stat(tc, parked)));
	/* A step is counted when it ends, which is after it releases. */
	KUNIT_EXPECT_TRUE(test, t_wait_until(t_stat(tc, ages) >= 2));
	t_finish(tc);
}

/* The twin with a timer says when enough time has passed. */
static void s06_without_aging_time_does_nothing(struct kunit *test)
{
	struct tcache *tc = aging_create(test, "kunit", 10, OBJCACHE_NO_AGING);
	struct tcache *twin = aging_create(test, "kunit-twin", 10, 0);
	struct tobj *obj;

	keep_cpus_awake(test);
	use(tc, PARKED);
	obj = t_get(twin, GFP_KERNEL, 1);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_TRUE(test, t_wait_until(t_stat(twin, ages) >= 5));
	KUNIT_EXPECT_EQ(test, t_stat(tc, ages), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), PARKED);
	t_put(twin, obj, 1);
	objcache_drain(twin->cache);
	t_finish(twin);
	t_finish(tc);
}

/* Beside it, steps by hand and drains. */
static void s06_the_timer_under_load_loses_nothing(struct kunit *test)
{
	struct tcache *tc = aging_create(test, "kunit", 10, 0);
	unsigned long end = jiffies + msecs_to_jiffies(1000);
	struct t_crew *crew;

	crew = t_crew_create(test, num_online_cpus(), busy_user, tc);
	t_crew_start(crew);
	while (time_before(jiffies, end)) {
		objcache_age(tc->cache);
		objcache_drain(tc->cache);
		usleep_range(500, 1000);
	}
	t_crew_stop(crew);
	KUNIT_EXPECT_TRUE(test, t_wait_until(!t_stat(tc, parked)));
	t_finish(tc);
}

/* ---- what a step costs ---- */

#define COST_ROUNDS	100
#define COST_OBJECTS	100000U
#define COST_BATCH	63

/* Up to two magazines on each CPU are private; the others are COST_OBJECTS. */
static unsigned int cost_per_cpu(void)
{
	return DIV_ROUND_UP(COST_OBJECTS, num_online_cpus()) + 3 * COST_BATCH;
}

static struct tcache *cost_create(struct kunit *test, const char *name)
{
	struct objcache_params params = {
		.size = sizeof(struct tobj), .batch = COST_BATCH,
		.capacity = cost_per_cpu() + 3 * COST_BATCH,
		.flags = OBJCACHE_NO_AGING, .ops = &t_ops,
	};

	return create_named(test, name, &params);
}

/*
 * No objects of the cache's: with kmemleak to make and to free so many takes
 * minutes. What is parked is not looked at, and here it never leaves but by
 * cost_empty(). It has room for the link, all the same.
 */
static void cost_fill(struct tcache *tc, void *objs)
{
	unsigned int cpu, i, nr = cost_per_cpu();
	size_t step = sizeof(struct tobj) + sizeof(void *);

	for (cpu = 0; cpu < num_online_cpus(); cpu++) {
		t_on_cpu(tc->test, cpu);
		for (i = 0; i < nr; i++, objs += step)
			objcache_put(tc->cache, objs);
	}
}

static u64 cost_empty(struct tcache *tc)
{
	unsigned int cpu;
	u64 nr = 0;

	for (cpu = 0; cpu < num_online_cpus(); cpu++) {
		t_on_cpu(tc->test, cpu);
		while (objcache_try_get(tc->cache))
			nr++;
	}
	return nr;
}

static void cost_free(void *objs)
{
	vfree(objs);
}

/* From here on it waits in a destructor, and reaps nothing that a step claims. */
static void cost_hold_worker(struct tcache *tc)
{
	struct tobj *obj = t_get(tc, GFP_KERNEL, 1);

	KUNIT_ASSERT_NOT_NULL(tc->test, obj);
	tc->gated = true;
	t_discard(tc, obj, 1);
	KUNIT_ASSERT_TRUE(tc->test, t_wait_until(atomic_read(&tc->dtors) == 1));
}

/*
 * A step costs the most when all that is parked is aged, and goes. To make
 * 100,000 objects for each round would take minutes; so what the step has claimed
 * is given back, as if objcache_age_shared() had not been there. And
 * objcache_age_private() is to find that every CPU was busy.
 */
static void cost_undo(struct objcache_core *core)
{
	unsigned int cpu, nr;

	mutex_lock(&core->age_mutex);
	for_each_possible_cpu(cpu) {
		struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);
		struct objcache_ring *ring = &c->ring[c->gen];

		nr = (ring->reap_to - ring->reap_from) * core->batch;
		atomic64_set(&ring->word, objcache_ring_pack(ring->reap_to,
							     ring->reap_from));
		ring->reap_from = ring->reap_to;
		atomic_long_sub(nr, &core->releasing);
		WRITE_ONCE(c->gen, !c->gen);
		c->touched = ULONG_MAX;
	}
	mutex_unlock(&core->age_mutex);
}

/* All that is shared is aged from here on. */
static void cost_make_aged(struct objcache_core *core)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);

		WRITE_ONCE(c->gen, !c->gen);
		c->touched = ULONG_MAX;
	}
}

/* The best of three: one in twenty is interrupted, by the host's other work. */
static u64 cost_of_step(struct tcache *tc)
{
	u64 best = U64_MAX, ns;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		ns = ktime_get_ns();
		objcache_age(tc->cache);
		best = min(best, ktime_get_ns() - ns);
		cost_undo(to_core(tc->cache));
	}
	return best;
}

static int cost_compare(const void *a, const void *b)
{
	u64 left = *(const u64 *)a, right = *(const u64 *)b;

	return left < right ? -1 : left > right;
}

static u64 cost_rank(u64 *costs, unsigned int percent)
{
	sort(costs, COST_ROUNDS, sizeof(*costs), cost_compare, NULL);
	return costs[COST_ROUNDS * percent / 100];
}

/* Turn by turn, so that both meet the same noise. */
static bool cost_is_alike(struct tcache *empty, struct tcache *full, u64 *costs)
{
	u64 low, high;
	unsigned int i;

	for (i = 0; i < COST_ROUNDS; i++) {
		costs[i] = cost_of_step(empty);
		costs[COST_ROUNDS + i] = cost_of_step(full);
	}
	low = cost_rank(costs, 95);
	high = cost_rank(costs + COST_ROUNDS, 95);
	kunit_info(full->test, "a step takes %llu ns with nothing parked, %llu ns with %u aged (p95; median %llu and %llu)",
		   low, high, COST_OBJECTS, cost_rank(costs, 50),
		   cost_rank(costs + COST_ROUNDS, 50));
	return high <= 2 * low;
}

static void s06_a_step_costs_the_same_with_100000_parked(struct kunit *test)
{
	u64 *costs = kunit_kcalloc(test, 2 * COST_ROUNDS, sizeof(*costs), GFP_KERNEL);
	u64 parked = (u64)cost_per_cpu() * num_online_cpus();
	struct tcache *empty, *full;
	void *objs;

	KUNIT_ASSERT_NOT_NULL(test, costs);
	t_need_cpus(test, 2);
	objs = vzalloc(parked * (sizeof(struct tobj) + sizeof(void *)));
	KUNIT_ASSERT_NOT_NULL(test, objs);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, cost_free, objs));
	empty = cost_create(test, "kunit-empty");
	full = cost_create(test, "kunit-full");
	t_on_cpu(test, 0);
	cost_hold_worker(full);
	cost_fill(full, objs);
	t_on_cpu(test, 0);
	cost_make_aged(to_core(full->cache));
	KUNIT_EXPECT_EQ(test, t_stat(full, parked), parked);
	if (!cost_is_alike(empty, full, costs)) {
		kunit_info(test, "once more: this machine may have been busy");
		KUNIT_EXPECT_TRUE(test, cost_is_alike(empty, full, costs));
	}
	KUNIT_EXPECT_EQ(test, cost_empty(full), parked);
	t_open_gate(full);
	t_finish(full);
	t_finish(empty);
}

static struct kunit_case age_cases[] = {
	KUNIT_CASE(s06_an_idle_object_survives_one_step_and_not_two),
	KUNIT_CASE(s06_two_steps_empty_an_idle_cache_on_all_cpus),
	KUNIT_CASE(s06_steady_use_survives_a_hundred_steps),
	KUNIT_CASE(s06_steady_use_on_all_cpus_makes_nothing_fresh),
	KUNIT_CASE(s06_idle_objects_go_beside_steady_use),
	KUNIT_CASE(s06_a_private_part_that_is_used_survives),
	KUNIT_CASE(s06_an_idle_private_part_is_released_by_its_own_cpu),
	KUNIT_CASE(s06_what_was_prefilled_survives_one_step),
	KUNIT_CASE(s06_a_get_from_the_aged_generation_is_counted),
	KUNIT_CASE(s06_another_cpu_finds_the_aged_generation),
	KUNIT_CASE(s06_the_nested_list_ages_with_the_private_part),
	KUNIT_CASE_SLOW(s06_aging_under_load_loses_nothing),
	KUNIT_CASE(s06_the_timer_empties_an_idle_cache),
	KUNIT_CASE_SLOW(s06_the_timer_leaves_alone_what_a_cpu_uses),
	KUNIT_CASE_SLOW(s06_objects_put_after_a_long_time_out_still_age),
	KUNIT_CASE(s06_the_timer_stops_when_no_object_exists),
	KUNIT_CASE_SLOW(s06_a_fresh_object_starts_the_timer_again),
	KUNIT_CASE(s06_an_object_made_with_interrupts_off_starts_the_timer),
	KUNIT_CASE_SLOW(s06_without_aging_time_does_nothing),
	KUNIT_CASE_SLOW(s06_the_timer_under_load_loses_nothing),
	KUNIT_CASE_SLOW(s06_a_step_costs_the_same_with_100000_parked),
	{}
};

static struct kunit_suite age_suite = {
	.name = "objcache_age",
	.test_cases = age_cases,
};

kunit_test_suite(age_suite);
