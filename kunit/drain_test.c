// SPDX-License-Identifier: GPL-2.0
/*
 * S13 and S14: a drain and a destroy return when all is done, and not before
 *
 * What is in anybody's hands on its way out (a step's, the keeper's, a taker's) counts
 * as releasing, and a drain waits for it. After a destroy no operation runs.
 */

#include <linux/delay.h>
#include <linux/kmemleak.h>
#include <linux/kprobes.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "inside.h"
#include "outside.h"

/* ---- a drain beside takers ---- */

#define ROUNDS		T_ROUNDS(20)
#define DISCARDS	8
#define DTOR_US		100
#define MANY		100
#define IDS		SZ_1M

struct item {
	u32 id;
};

/* Whose destructor has returned, by number. */
static unsigned long *ended;
static atomic_t next_id;

static int item_ctor(void *obj, void *ctx, gfp_t gfp)
{
	((struct item *)obj)->id = atomic_fetch_inc(&next_id) % IDS;
	return 0;
}

static void item_dtor(void *obj, void *ctx)
{
	u32 id = ((struct item *)obj)->id;

	udelay(DTOR_US);
	set_bit(id, ended);
}

static const struct objcache_ops item_ops = { .ctor = item_ctor, .dtor = item_dtor };

/* Gets that take back, puts that overflow, steps: all that has objects in hand. */
static void disturb(struct t_thread *thread)
{
	struct objcache *cache = thread->crew->data;
	void *objs[40];
	unsigned int nr;

	while (!t_crew_stopping(thread->crew)) {
		for (nr = 0; nr < ARRAY_SIZE(objs); nr++) {
			objs[nr] = objcache_get(cache, GFP_ATOMIC);
			if (!objs[nr])
				break;
		}
		while (nr)
			objcache_put(cache, objs[--nr]);
		if (thread->index == 1)
			objcache_age(cache);
		cond_resched();
	}
}

/* False: a drain came back before what was doomed when it began was destroyed. */
static bool drain_once(struct kunit *test, struct objcache *cache)
{
	u32 ids[DISCARDS];
	unsigned int i;
	bool all = true;

	for (i = 0; i < DISCARDS; i++) {
		struct item *item = objcache_get(cache, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, item);
		ids[i] = item->id;
		objcache_discard(cache, item);
	}
	objcache_drain(cache);
	for (i = 0; i < DISCARDS; i++)
		all &= test_bit(ids[i], ended);
	return all;
}

static void destroy_cache(void *cache)
{
	objcache_destroy(cache);
}

static void s13_a_drain_returns_when_the_destructors_have_run(struct kunit *test)
{
	struct objcache_params params = {
		.size = sizeof(struct item), .batch = 1, .capacity = 16,
		.ops = &item_ops, .flags = OBJCACHE_NO_AGING,
	};
	struct objcache *cache;
	struct t_crew *crew;
	unsigned int i, early = 0;

	t_need_cpus(test, 3);
	ended = kvcalloc(BITS_TO_LONGS(IDS), sizeof(*ended), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ended);
	atomic_set(&next_id, 0);
	cache = objcache_create("kunit-other", &params);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, destroy_cache, cache));
	t_on_cpu(test, 0);
	crew = t_crew_create(test, 3, disturb, cache);
	t_crew_start(crew);
	for (i = 0; i < ROUNDS; i++)
		early += !drain_once(test, cache);
	t_crew_stop(crew);
	KUNIT_EXPECT_EQ_MSG(test, early, 0, "of %u drains", ROUNDS);
	/* So that no number was used twice. */
	KUNIT_EXPECT_LT(test, atomic_read(&next_id), IDS);
	kunit_info(test, "%d made", atomic_read(&next_id));
	kunit_release_action(test, destroy_cache, cache);
	kvfree(ended);
}

/* Workers without a CPU take what there is in the order in which it came. */
static void flush_unbound(struct kunit *test)
{
	struct workqueue_struct *wq = alloc_workqueue("objcache_kunit_unbound",
						      WQ_UNBOUND | WQ_MEM_RECLAIM, 0);

	KUNIT_ASSERT_NOT_NULL(test, wq);
	t_flush_wq(wq);
	destroy_workqueue(wq);
}

/* ---- a drain beside others that call the keeper ---- */

static void drain_it(struct t_thread *thread)
{
	struct t_call *call = thread->crew->data;

	objcache_drain(call->tc->cache);
	/* The destructors before that it is done: pairs with the test. */
	smp_store_release(&call->done, true);
}

/*
 * The keeper is in a destructor, and a drain has queued it anew. What is put above the
 * capacity calls it, too: that must not end the drain.
 */
static void s13_a_drain_does_not_end_when_the_keeper_is_called(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct objcache_core *core = to_core(tc->cache);
	struct t_call call = { .tc = tc };
	struct t_crew *crew = t_crew_create(test, 1, drain_it, &call);
	struct tobj **objs = t_objs(test, MANY);

	t_need_keeping(test);
	t_on_cpu(test, 0);
	t_get_all(tc, objs, MANY);
	t_doom(tc, 1);
	KUNIT_ASSERT_TRUE(test, t_wait_until(atomic_read(&tc->dtors) == 1));
	t_crew_start(crew);
	/* The keeper's bit is all that the drain waits for. */
	KUNIT_EXPECT_TRUE(test, t_wait_until(test_bit(OBJCACHE_DUE_NOW, &core->due) &&
					     !task_is_running(crew->threads[0].task)));
	t_put_all(tc, objs, MANY);
	KUNIT_EXPECT_TRUE(test, test_bit(OBJCACHE_DUE_LOOK, &core->due));
	t_flush_cpus(test);
	flush_unbound(test);
	/* Pairs with drain_it(). */
	KUNIT_EXPECT_FALSE(test, smp_load_acquire(&call.done));
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->dtors_done), 0);
	t_open_gate(tc);
	KUNIT_EXPECT_TRUE(test, t_crew_join(crew));
	t_finish(tc);
}

/* ---- in the hands of a step ---- */

#define HANDFUL		13
#define TRIES		100

/**
 * struct stopper - holds up a kworker that gives objects to the slab
 * @armed: the next one that does
 * @caught: it has come
 * @hold_ms: for so long, which is more than a CPU's other work waits for it
 */
static struct stopper {
	bool armed;
	bool caught;
	unsigned int hold_ms;
} the_stopper;

static int stop_here(struct kprobe *probe, struct pt_regs *regs)
{
	if (!(current->flags & PF_WQ_WORKER) || !xchg(&the_stopper.armed, false))
		return 0;
	WRITE_ONCE(the_stopper.caught, true);
	mdelay(the_stopper.hold_ms);
	return 0;
}

static struct kprobe stop_probes[2];
static struct kprobe *stops[] = { &stop_probes[0], &stop_probes[1] };

static void stops_remove(void *unused)
{
	unregister_kprobes(stops, ARRAY_SIZE(stops));
}

static void stops_set(struct kunit *test)
{
	static const char * const where[] = { "kmem_cache_free", "kmem_cache_free_bulk" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(where); i++)
		stop_probes[i] = (struct kprobe) {
			.symbol_name = where[i], .pre_handler = stop_here,
		};
	if (register_kprobes(stops, ARRAY_SIZE(stops)))
		kunit_skip(test, "no kprobes on the slab's calls");
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, stops_remove, NULL));
	the_stopper = (struct stopper) { .hold_ms = 15 };
}

/* Two steps each time it is told to. */
struct ager {
	struct objcache *cache;
	struct completion begin;
	struct completion end;
};

static void age_twice(struct t_thread *thread)
{
	struct ager *ager = thread->crew->data;

	while (!t_crew_stopping(thread->crew)) {
		wait_for_completion(&ager->begin);
		objcache_age(ager->cache);
		objcache_age(ager->cache);
		complete(&ager->end);
	}
}

static void ager_wake(void *p)
{
	complete_all(&((struct ager *)p)->begin);
}

/* What CPU 1 has parked is in a step's hands, or the keeper's, when the drain begins. */
static u64 missing_after_drain(struct kunit *test, struct ager *ager)
{
	struct objcache_stats st;

	t_on_cpu(test, 1);
	KUNIT_ASSERT_EQ(test, HANDFUL, objcache_prefill(ager->cache, HANDFUL, GFP_KERNEL));
	t_on_cpu(test, 0);
	WRITE_ONCE(the_stopper.caught, false);
	WRITE_ONCE(the_stopper.armed, true);
	complete(&ager->begin);
	while (!READ_ONCE(the_stopper.caught) && !completion_done(&ager->end))
		cond_resched();
	objcache_drain(ager->cache);
	objcache_read_stats(ager->cache, &st);
	WRITE_ONCE(the_stopper.armed, false);
	wait_for_completion(&ager->end);
	return st.created - st.destroyed;
}

static void s14_what_a_step_has_in_hand_is_waited_for(struct kunit *test)
{
	static const struct objcache_ops ops = { .ctor = item_ctor };
	struct objcache_params params = {
		.size = 64, .ops = &ops, .flags = OBJCACHE_NO_AGING,
	};
	struct ager *ager = kunit_kzalloc(test, sizeof(*ager), GFP_KERNEL);
	struct t_crew *crew;
	unsigned int i;
	u64 missing = 0;

	t_need_parking(test);
	t_need_cpus(test, 2);
	stops_set(test);
	KUNIT_ASSERT_NOT_NULL(test, ager);
	init_completion(&ager->begin);
	init_completion(&ager->end);
	ager->cache = objcache_create("kunit-other", &params);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ager->cache);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, destroy_cache, ager->cache));
	crew = t_crew_create(test, 1, age_twice, ager);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, ager_wake, ager));
	t_crew_start(crew);
	for (i = 0; i < TRIES && !missing; i++)
		missing = missing_after_drain(test, ager);
	KUNIT_EXPECT_EQ_MSG(test, missing, 0, "after drain %u", i);
	/* One at least was held up, or nothing is shown. */
	KUNIT_EXPECT_TRUE(test, READ_ONCE(the_stopper.caught));
	WRITE_ONCE(crew->stop, true);
	kunit_release_action(test, ager_wake, ager);
	t_crew_stop(crew);
	kunit_release_action(test, destroy_cache, ager->cache);
}

/* ---- a put that is under way ---- */

/**
 * struct passer - a put that a destroy overtakes
 * @cache: the cache
 * @obj: the object
 * @inside: the put is in reset, past whatever it has looked at
 * @destroyed: destroy has returned
 * @over: the put has
 * @gone: set after @destroyed can be
 * @late: operations after destroy has returned
 * @dtors: destructors in all
 */
static struct passer {
	struct objcache *cache;
	void *obj;
	struct completion inside;
	struct completion destroyed;
	bool over;
	bool gone;
	atomic_t late;
	atomic_t dtors;
} passer;

static int passer_ctor(void *obj, void *ctx, gfp_t gfp)
{
	return 0;
}

static void passer_dtor(void *obj, void *ctx)
{
	if (READ_ONCE(passer.gone))
		atomic_inc(&passer.late);
	atomic_inc(&passer.dtors);
}

/*
 * As a task that is preempted here for long; to sleep is not allowed. A destroy that
 * waits for it is in order, too: then the patience ends, and the put goes on.
 */
static bool passer_reset(void *obj, void *ctx)
{
	unsigned long end = jiffies + msecs_to_jiffies(1000);

	complete(&passer.inside);
	while (!completion_done(&passer.destroyed) && time_before(jiffies, end))
		cpu_relax();
	return true;
}

static const struct objcache_ops passer_ops = {
	.ctor = passer_ctor, .dtor = passer_dtor, .reset = passer_reset,
};

static void pass(struct t_thread *thread)
{
	objcache_put(passer.cache, passer.obj);
	WRITE_ONCE(passer.over, true);
}

static void s13_no_destructor_runs_after_destroy(struct kunit *test)
{
	struct objcache_params params = {
		.size = 64, .batch = 4, .capacity = 32, .ops = &passer_ops,
		.flags = OBJCACHE_NO_AGING,
	};
	struct t_crew *crew = t_crew_create(test, 1, pass, NULL);
	unsigned int i;

	t_need_cpus(test, 2);
	memset(&passer, 0, sizeof(passer));
	init_completion(&passer.inside);
	init_completion(&passer.destroyed);
	/* With an object out its slab stays, as one of that name may. */
	passer.cache = objcache_create("kunit-leaver", &params);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, passer.cache);
	t_on_cpu(test, 0);
	passer.obj = objcache_get(passer.cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, passer.obj);
	t_on_cpu(test, 1);
	t_crew_start(crew);
	wait_for_completion(&passer.inside);
	objcache_destroy(passer.cache);
	WRITE_ONCE(passer.gone, true);
	complete_all(&passer.destroyed);
	KUNIT_EXPECT_TRUE(test, t_crew_join(crew));
	KUNIT_EXPECT_TRUE(test, passer.over);
	/* What it may have left to a worker. */
	for (i = 0; i < 10; i++) {
		t_flush_cpus(test);
		flush_unbound(test);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&passer.late), 0);
	if (!atomic_read(&passer.dtors))
		kmemleak_ignore(passer.obj);
}

/* ---- one cache and another ---- */

static void destroy_it(struct t_thread *thread)
{
	t_destroy(thread->crew->data);
}

static void s13_a_destroy_that_waits_delays_no_other_cache(struct kunit *test)
{
	struct objcache_params params = { .flags = OBJCACHE_NO_AGING };
	struct tcache *stuck = t_create_small(test, 0), *tc;
	struct t_crew *crew = t_crew_create(test, 1, destroy_it, stuck);
	u64 parked;

	t_doom(stuck, 3);
	t_crew_start(crew);
	KUNIT_EXPECT_TRUE(test, t_wait_until(!READ_ONCE(stuck->cache) &&
					     !task_is_running(crew->threads[0].task)));
	tc = t_create_named(test, "kunit-other", &params);
	t_put(tc, t_get(tc, GFP_KERNEL, 1), 1);
	/* In debug mode it may not be kept. */
	parked = t_stat(tc, parked);
	objcache_age(tc->cache);
	KUNIT_EXPECT_EQ(test, parked, (u64)objcache_drain(tc->cache));
	t_finish(tc);
	KUNIT_EXPECT_EQ(test, atomic_read(&stuck->dtors_done), 0);
	t_open_gate(stuck);
	KUNIT_EXPECT_TRUE(test, t_crew_join(crew));
	KUNIT_EXPECT_EQ(test, atomic_read(&stuck->dtors_done), 3);
	t_expect_no_fault(stuck);
}

static struct kunit_case drain_cases[] = {
	KUNIT_CASE_SLOW(s13_a_drain_returns_when_the_destructors_have_run),
	KUNIT_CASE(s13_a_drain_does_not_end_when_the_keeper_is_called),
	KUNIT_CASE_SLOW(s14_what_a_step_has_in_hand_is_waited_for),
	KUNIT_CASE(s13_no_destructor_runs_after_destroy),
	KUNIT_CASE(s13_a_destroy_that_waits_delays_no_other_cache),
	{}
};

static struct kunit_suite drain_suite = {
	.name = "objcache_drain",
	.test_cases = drain_cases,
};

kunit_test_suite(drain_suite);
