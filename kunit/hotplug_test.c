// SPDX-License-Identifier: GPL-2.0
/*
 * S12: a CPU that goes takes nothing with it
 *
 * The last CPU goes and comes, while the others use the cache, and while a timer
 * interrupt on it gets and puts for as long as there are interrupts there.
 */

#include <linux/cpu.h>
#include <linux/hrtimer.h>
#include <linux/smp.h>

#include "actors.h"
#include "contexts.h"
#include "entry.h"
#include "inside.h"
#include "reports.h"

#define BATCH		4
#define PARKED		24
#define CAPACITY	32

/* It is usable still, on any other CPU. */
static void expect_found(struct tcache *tc, unsigned int nr)
{
	struct tobj **objs = t_objs(tc->test, nr + 1);

	KUNIT_EXPECT_EQ(tc->test, t_try_get_all(tc, objs, nr + 1), nr);
	t_put_all(tc, objs, nr);
}

/* A cache of which @cpu, the last one, had PARKED objects when it went. */
static struct tcache *park_and_go(struct kunit *test, unsigned int cpu)
{
	struct tcache *tc = t_create_small(test, 0);

	t_need_parking(test);
	t_need_hotplug(test);
	t_on_cpu(test, num_online_cpus() - 1);
	KUNIT_EXPECT_EQ(test, objcache_prefill(tc->cache, PARKED, GFP_KERNEL), PARKED);
	t_on_cpu(test, 0);
	t_cpu_off(test, cpu);
	return tc;
}

static void s12_what_a_dead_cpu_had_parked_is_usable(struct kunit *test)
{
	unsigned int cpu = t_victim();
	struct tcache *tc = park_and_go(test, cpu);

	KUNIT_EXPECT_EQ(test, t_parked_on(tc, cpu), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), PARKED);
	KUNIT_EXPECT_EQ(test, t_stat(tc, destroyed), 0);
	expect_found(tc, PARKED);
	t_cpu_on(test, cpu);
	t_finish(tc);
}

/* Nobody who would use it: two steps. */
static void s12_what_a_dead_cpu_had_parked_ages(struct kunit *test)
{
	unsigned int cpu = t_victim();
	struct tcache *tc = park_and_go(test, cpu);

	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), PARKED);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	t_expect_balanced(tc, 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, destroyed), PARKED);
	t_cpu_on(test, cpu);
	t_finish(tc);
}

/* Private part and both generations: something in each. */
static void s12_no_part_of_a_dead_cpu_is_forgotten(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned int cpu = t_victim();
	struct objcache_cpu *c = per_cpu_ptr(to_core(tc->cache)->cpu, cpu);
	struct tobj *objs[CAPACITY];

	t_need_magazines(test);
	t_need_hotplug(test);
	t_on_cpu(test, num_online_cpus() - 1);
	t_get_all(tc, objs, CAPACITY);
	t_put_all(tc, objs, PARKED);
	objcache_age(tc->cache);
	t_put_all(tc, objs + PARKED, CAPACITY - PARKED);
	KUNIT_EXPECT_NE(test, objcache_ring_count(&c->ring[0]), 0);
	KUNIT_EXPECT_NE(test, objcache_ring_count(&c->ring[1]), 0);
	KUNIT_EXPECT_TRUE(test, c->spare_full);
	KUNIT_EXPECT_EQ(test, t_parked_on(tc, cpu), CAPACITY);
	t_on_cpu(test, 0);
	t_cpu_off(test, cpu);
	KUNIT_EXPECT_EQ(test, t_parked_on(tc, cpu), 0);
	t_expect_balanced(tc, 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, destroyed), 0);
	expect_found(tc, CAPACITY);
	t_cpu_on(test, cpu);
	t_finish(tc);
}

/* S20 */
static void s12_a_cpu_has_magazines_while_it_is_online(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0), *other;
	unsigned int cpu = t_victim();
	struct objcache_cpu *c = per_cpu_ptr(to_core(tc->cache)->cpu, cpu);

	t_need_magazines(test);
	t_need_hotplug(test);
	t_on_cpu(test, 0);
	KUNIT_EXPECT_NOT_NULL(test, c->loaded);
	KUNIT_EXPECT_NOT_NULL(test, c->slots);
	t_cpu_off(test, cpu);
	KUNIT_EXPECT_NULL(test, c->loaded);
	KUNIT_EXPECT_NULL(test, c->spare);
	KUNIT_EXPECT_NULL(test, c->slots);
	other = t_create_named(test, "kunit-other", &(struct objcache_params) { .batch = BATCH });
	KUNIT_EXPECT_NULL(test, per_cpu_ptr(to_core(other->cache)->cpu, cpu)->loaded);
	KUNIT_EXPECT_NULL(test, per_cpu_ptr(to_core(other->cache)->cpu, cpu)->slots);
	t_cpu_on(test, cpu);
	KUNIT_EXPECT_NOT_NULL(test, c->loaded);
	KUNIT_EXPECT_NOT_NULL(test, c->slots);
	KUNIT_EXPECT_NOT_NULL(test, per_cpu_ptr(to_core(other->cache)->cpu, cpu)->slots);
	t_finish(other);
	t_finish(tc);
}

static void s12_a_cpu_that_is_back_parks_and_finds_objects(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned int cpu = t_victim();
	struct tobj *objs[PARKED];
	u64 fresh;

	t_need_magazines(test);
	t_need_hotplug(test);
	t_on_cpu(test, 0);
	t_cpu_off(test, cpu);
	t_cpu_on(test, cpu);
	t_on_cpu(test, num_online_cpus() - 1);
	t_get_all(tc, objs, PARKED);
	t_put_all(tc, objs, PARKED);
	KUNIT_EXPECT_EQ(test, t_parked_on(tc, cpu), PARKED);
	fresh = t_stat(tc, fresh);
	t_get_all(tc, objs, PARKED);
	KUNIT_EXPECT_EQ(test, t_stat(tc, fresh), fresh);
	t_put_all(tc, objs, PARKED);
	t_on_cpu(test, 0);
	KUNIT_EXPECT_EQ(test, t_try_get_all(tc, objs, PARKED), PARKED - 2 * BATCH);
	t_put_all(tc, objs, PARKED - 2 * BATCH);
	t_finish(tc);
}

/* Steps, drains and memory pressure, with a CPU away. */
static void s12_a_cache_works_while_a_cpu_is_away(struct kunit *test)
{
	struct tcache *tc;
	unsigned int cpu = t_victim();
	struct tobj *objs[PARKED];

	t_need_keeping(test);
	t_need_hotplug(test);
	t_on_cpu(test, 0);
	t_cpu_off(test, cpu);
	tc = t_create_small(test, 0);
	t_get_all(tc, objs, PARKED);
	t_put_all(tc, objs, PARKED);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), PARKED);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	t_get_all(tc, objs, PARKED);
	t_put_all(tc, objs, PARKED);
	KUNIT_EXPECT_EQ(test, objcache_drain(tc->cache), PARKED);
	t_cpu_on(test, cpu);
	t_finish(tc);
}

/**
 * struct ticker - a timer interrupt of one CPU that uses a cache
 * @timer: pinned there
 * @actor: what it does
 * @cpu: where
 * @ticks: how often it ran there
 * @started: it has
 */
struct ticker {
	struct hrtimer timer;
	struct t_actor actor;
	unsigned int cpu;
	unsigned long ticks;
	bool started;
};

/* On another CPU its own is dead, and the timer was moved. */
static enum hrtimer_restart ticker_fn(struct hrtimer *timer)
{
	struct ticker *ticker = container_of(timer, struct ticker, timer);
	struct t_actor *actor = &ticker->actor;
	unsigned int i;

	if (smp_processor_id() != ticker->cpu)
		return HRTIMER_NORESTART;
	for (i = 0; i < 8; i++)
		t_actor_step(actor);
	/* To the end: what has to be queued for the worker while the CPU dies. */
	if (cpu_dying(ticker->cpu) && actor->nr && !(ticker->ticks % 4))
		t_discard(actor->tc, actor->held[--actor->nr], actor->who);
	WRITE_ONCE(ticker->ticks, ticker->ticks + 1);
	hrtimer_forward_now(timer, ns_to_ktime(500 * NSEC_PER_USEC));
	return HRTIMER_RESTART;
}

static void ticker_start(void *p)
{
	struct ticker *ticker = p;

	hrtimer_start(&ticker->timer, ns_to_ktime(500 * NSEC_PER_USEC),
		      HRTIMER_MODE_REL_PINNED_HARD);
}

static void ticker_cancel(void *p)
{
	struct ticker *ticker = p;

	hrtimer_cancel(&ticker->timer);
}

static struct ticker *ticker_create(struct tcache *tc, unsigned int cpu)
{
	struct kunit *test = tc->test;
	struct ticker *ticker = kunit_kzalloc(test, sizeof(*ticker), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ticker);
	ticker->cpu = cpu;
	t_actor_init(&ticker->actor, tc, 2, T_HARD_GFP);
	/* What it has must last until the CPU is dead; see ticker_fn(). */
	ticker->actor.may_discard = false;
	objcache_hrtimer_setup(&ticker->timer, ticker_fn, HRTIMER_MODE_REL_PINNED_HARD);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, ticker_cancel, ticker));
	return ticker;
}

/* The CPU works, dies at work, and is found to have nothing left. */
static void die_at_work(struct tcache *tc, struct ticker *ticker)
{
	struct kunit *test = tc->test;
	unsigned long ticks = ticker->ticks;

	/*
	 * On PREEMPT_RT an interrupt only uses what is there. Under load too much may
	 * wait for its destructor just now.
	 */
	t_on_cpu(test, num_online_cpus() - 1);
	KUNIT_EXPECT_TRUE(test, t_wait_until(objcache_prefill(tc->cache, PARKED, GFP_KERNEL)));
	t_on_cpu(test, 0);
	KUNIT_ASSERT_EQ(test, 0, smp_call_function_single(ticker->cpu, ticker_start,
							  ticker, true));
	KUNIT_EXPECT_TRUE(test, t_wait_until(READ_ONCE(ticker->ticks) > ticks + 20));
	t_cpu_off(test, ticker->cpu);
	hrtimer_cancel(&ticker->timer);
	KUNIT_EXPECT_EQ(test, t_parked_on(tc, ticker->cpu), 0);
	/* Nor does anything wait for it to come back, as each drain then would. */
	KUNIT_EXPECT_TRUE(test, t_wait_until(!t_stat(tc, releasing)));
	KUNIT_EXPECT_TRUE(test, t_wait_until(!irq_work_is_pending(&to_core(tc->cache)->kick)));
	t_actor_empty(&ticker->actor);
	t_cpu_on(test, ticker->cpu);
}

static void s12_puts_from_interrupts_until_the_cpu_dies_are_not_lost(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct ticker *ticker;
	unsigned int i;

	t_need_magazines(test);
	t_need_hotplug(test);
	t_on_cpu(test, 0);
	ticker = ticker_create(tc, t_victim());
	for (i = 0; i < 3; i++) {
		die_at_work(tc, ticker);
		t_expect_balanced(tc, 0);
	}
	kunit_info(test, "%lu timer interrupts", ticker->ticks);
	t_finish(tc);
}

/* One crew member uses the cache, the next one does what visits all CPUs. */
static void user_or_visitor(struct t_thread *thread)
{
	struct tcache *tc = thread->crew->data;
	struct t_actor actor;
	unsigned int i;

	t_actor_init(&actor, tc, thread->who, GFP_KERNEL);
	actor.may_bulk = true;
	for (i = 0; !t_crew_stopping(thread->crew); i++) {
		t_actor_step(&actor);
		if (thread->index == 1 && i % 64 == 0)
			objcache_age(tc->cache);
		if (thread->index == 1 && i % 256 == 0)
			objcache_drain(tc->cache);
		/*
		 * A CPU that goes away hands on its tasks when it schedules, if they
		 * are not in migrate_disable(), as t_put() is. The last one there has
		 * to see to that; with PREEMPT cond_resched() does nothing.
		 */
		schedule();
	}
	t_actor_empty(&actor);
}

static void s12_cpus_that_come_and_go_under_load_lose_nothing(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct ticker *ticker;
	struct t_crew *crew;
	unsigned int i;

	t_need_parking(test);
	t_need_hotplug(test);
	t_on_cpu(test, 0);
	ticker = ticker_create(tc, t_victim());
	/* Threads are bound to one CPU after the other: not to the last. */
	crew = t_crew_create(test, num_online_cpus() - 1, user_or_visitor, tc);
	t_crew_start(crew);
	for (i = 0; i < 3; i++)
		die_at_work(tc, ticker);
	KUNIT_EXPECT_TRUE(test, t_wait_until(t_stat(tc, gets) > 100));
	t_crew_stop(crew);
	t_expect_balanced(tc, 0);
	t_finish(tc);
}

/* ---- a drain while a CPU goes ---- */

static struct t_crew *drainers;

/* Between its last interrupt and what objcache does when it is gone. */
static int goes_slowly(unsigned int cpu)
{
	t_crew_come(drainers);
	/* Who does not wait for us is red, unless it takes longer than this. */
	wait_for_completion_timeout(&drainers->threads[0].done, HZ);
	return 0;
}

static void drain_it(struct t_thread *thread)
{
	struct tcache *tc = thread->crew->data;

	objcache_drain(tc->cache);
}

static void remove_state(void *state)
{
	cpuhp_remove_state_nocalls((long)state);
}

static void s13_a_drain_waits_for_who_goes_with_something(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned int cpu = t_victim();
	long state;

	t_need_magazines(test);
	t_need_hotplug(test);
	t_on_cpu(test, num_online_cpus() - 1);
	KUNIT_EXPECT_EQ(test, objcache_prefill(tc->cache, BATCH, GFP_KERNEL), BATCH);
	t_on_cpu(test, 0);
	drainers = t_crew_create(test, 1, drain_it, tc);
	t_crew_poll(drainers);
	state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "objcache/kunit:drain", NULL,
					  goes_slowly);
	KUNIT_ASSERT_GT(test, state, 0);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, remove_state, (void *)state));
	t_cpu_off(test, cpu);
	KUNIT_EXPECT_TRUE(test, t_crew_join(drainers));
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->dtors_done), BATCH);
	t_cpu_on(test, cpu);
	t_finish(tc);
}

/* Threads that run where they like are moved in the midst of things. */
static void wander(struct t_thread *thread)
{
	set_cpus_allowed_ptr(current, cpu_possible_mask);
	user_or_visitor(thread);
}

static void s12_tasks_that_a_dying_cpu_hands_on_lose_nothing(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned int cpu = t_victim(), i;
	struct t_crew *crew;

	t_need_hotplug(test);
	t_on_cpu(test, 0);
	crew = t_crew_create(test, 2 * num_online_cpus(), wander, tc);
	t_crew_start(crew);
	for (i = 0; i < 2; i++) {
		msleep(50);
		t_cpu_off(test, cpu);
		KUNIT_EXPECT_EQ(test, t_parked_on(tc, cpu), 0);
		t_cpu_on(test, cpu);
	}
	t_crew_stop(crew);
	t_expect_balanced(tc, 0);
	t_finish(tc);
}

static void create_and_destroy(struct t_thread *thread)
{
	struct objcache_params params = { .size = 100, .batch = BATCH, .capacity = 32 };
	atomic_t *rounds = thread->crew->data;
	struct objcache *cache;
	char name[16];

	snprintf(name, sizeof(name), "kunit-%u", thread->index);
	while (!t_crew_stopping(thread->crew)) {
		cache = objcache_create(name, &params);
		if (IS_ERR(cache))
			return;
		if (objcache_prefill(cache, PARKED, GFP_KERNEL) == PARKED)
			atomic_inc(rounds);
		objcache_destroy(cache);
	}
}

static void s12_caches_come_and_go_while_cpus_do(struct kunit *test)
{
	unsigned int cpu = t_victim(), i;
	struct t_crew *crew;
	atomic_t *rounds;

	t_need_parking(test);
	t_need_hotplug(test);
	rounds = kunit_kzalloc(test, sizeof(*rounds), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rounds);
	t_on_cpu(test, 0);
	crew = t_crew_create(test, min(num_online_cpus() - 1, 2U), create_and_destroy, rounds);
	t_crew_start(crew);
	for (i = 0; i < 2; i++) {
		t_cpu_off(test, cpu);
		t_cpu_on(test, cpu);
	}
	KUNIT_EXPECT_TRUE(test, t_wait_until(atomic_read(rounds) >= 3));
	t_crew_stop(crew);
}

static void put_again(struct pt_regs *regs, void *data)
{
	struct t_actor *actor = data;

	objcache_put(actor->tc->cache, actor->held[0]);
}

/* After its last irq_work has run: what it queues from here on stays there. */
static void s17_what_is_found_on_a_dying_cpu_is_told(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, OBJCACHE_CHECK);
	unsigned int cpu = t_victim();
	struct t_actor actor = { .tc = tc };

	t_need_entries(test);
	t_need_hotplug(test);
	t_on_cpu(test, 0);
	t_get_all(tc, actor.held, 1);
	t_put_all(tc, actor.held, 1);
	t_log_mark();
	t_at_entry(test, "rcutree_dying_cpu", put_again, &actor);
	t_cpu_off(test, cpu);
	KUNIT_EXPECT_TRUE(test, t_was_entered());
	KUNIT_EXPECT_TRUE(test, t_wait_until(t_reports()));
	KUNIT_EXPECT_EQ(test, t_log_lines("put twice", "", ""), 1);
	t_cpu_on(test, cpu);
	objcache_drain(tc->cache);
	KUNIT_EXPECT_EQ(test, t_stat(tc, withdrawn), 1);
	t_destroy(tc);
}

static struct kunit_case hotplug_cases[] = {
	KUNIT_CASE_SLOW(s12_what_a_dead_cpu_had_parked_is_usable),
	KUNIT_CASE_SLOW(s12_what_a_dead_cpu_had_parked_ages),
	KUNIT_CASE_SLOW(s12_no_part_of_a_dead_cpu_is_forgotten),
	KUNIT_CASE_SLOW(s12_a_cpu_has_magazines_while_it_is_online),
	KUNIT_CASE_SLOW(s12_a_cpu_that_is_back_parks_and_finds_objects),
	KUNIT_CASE_SLOW(s12_a_cache_works_while_a_cpu_is_away),
	KUNIT_CASE_SLOW(s12_puts_from_interrupts_until_the_cpu_dies_are_not_lost),
	KUNIT_CASE_SLOW(s12_cpus_that_come_and_go_under_load_lose_nothing),
	KUNIT_CASE_SLOW(s12_tasks_that_a_dying_cpu_hands_on_lose_nothing),
	KUNIT_CASE_SLOW(s13_a_drain_waits_for_who_goes_with_something),
	KUNIT_CASE(s17_what_is_found_on_a_dying_cpu_is_told),
	KUNIT_CASE_SLOW(s12_caches_come_and_go_while_cpus_do),
	{}
};

static struct kunit_suite hotplug_suite = {
	.name = "objcache_hotplug",
	.test_cases = hotplug_cases,
};

kunit_test_suite(hotplug_suite);
