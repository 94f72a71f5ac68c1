// SPDX-License-Identifier: GPL-2.0
/*
 * S7: what memory pressure takes, in which order, and that it never waits
 *
 * The shrinker is called as reclaim would, and lockdep is told that it is
 * reclaim; from user space the same goes through debugfs (SHRINKER_DEBUG).
 */

#include <linux/kcsan-checks.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/vmstat.h>

#include "actors.h"
#include "inside.h"
#include "outside.h"
#include "tables.h"

#define BATCH		4
#define PRIVATE		(2 * BATCH)
#define PARKED		24
#define SHARED		(PARKED - PRIVATE)

typedef unsigned long shrink_fn(struct shrinker *shrinker, struct shrink_control *sc);

/*
 * They write current->flags, which the load balancer reads: a race of the kernel's
 * with itself, but inlined here.
 */
static unsigned int reclaim_begin(void)
{
	unsigned int flags;

	kcsan_disable_current();
	flags = memalloc_noreclaim_save();
	kcsan_enable_current();
	return flags;
}

static void reclaim_end(unsigned int flags)
{
	kcsan_disable_current();
	memalloc_noreclaim_restore(flags);
	kcsan_enable_current();
}

static unsigned long as_reclaim(struct objcache *cache, bool scan, unsigned long nr)
{
	struct shrinker *shrinker = t_shrinker(cache);
	shrink_fn *fn = scan ? shrinker->scan_objects : shrinker->count_objects;
	struct shrink_control sc = {
		.gfp_mask = GFP_KERNEL, .nr_to_scan = nr, .nr_scanned = nr,
	};
	unsigned int flags = reclaim_begin();
	unsigned long done;

	fs_reclaim_acquire(GFP_KERNEL);
	done = fn(shrinker, &sc);
	fs_reclaim_release(GFP_KERNEL);
	reclaim_end(flags);
	return done;
}

static unsigned long count(struct tcache *tc)
{
	return as_reclaim(tc->cache, false, 0);
}

static unsigned long scan(struct tcache *tc, unsigned long nr)
{
	return as_reclaim(tc->cache, true, nr);
}

static void s07_count_is_what_is_parked(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned int cpu, nr, sum = 0;
	struct tobj *objs[PARKED];

	KUNIT_EXPECT_EQ(test, count(tc), SHRINK_EMPTY);
	for (cpu = 0; cpu < num_online_cpus(); cpu++) {
		t_on_cpu(test, cpu);
		nr = PARKED - 3 * cpu % PARKED;
		KUNIT_EXPECT_EQ(test, objcache_prefill(tc->cache, nr, GFP_KERNEL), nr);
		sum += nr;
		KUNIT_EXPECT_EQ(test, count(tc), sum);
	}
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), sum);
	t_get_all(tc, objs, 10);
	KUNIT_EXPECT_EQ(test, count(tc), sum - 10);
	objcache_drain(tc->cache);
	KUNIT_EXPECT_EQ(test, count(tc), SHRINK_EMPTY);
	t_put_all(tc, objs, 10);
	KUNIT_EXPECT_EQ(test, count(tc), 10);
	t_finish(tc);
}

static void s07_scan_of_an_empty_cache_says_stop(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);

	KUNIT_EXPECT_EQ(test, scan(tc, 128), SHRINK_STOP);
	KUNIT_EXPECT_EQ(test, t_stat(tc, shrunk), 0);
	t_finish(tc);
}

static unsigned int destroyed_among(struct tcache *tc, const u32 *ids, unsigned int nr)
{
	unsigned int i, sum = 0;

	for (i = 0; i < nr; i++)
		sum += test_bit(ids[i], tc->dtor_seen);
	return sum;
}

static void expect_scan(struct tcache *tc, unsigned long nr, unsigned long done)
{
	struct kunit *test = tc->test;

	KUNIT_EXPECT_EQ(test, scan(tc, nr), done);
	KUNIT_EXPECT_TRUE(test, t_wait_until(!t_stat(tc, releasing)));
}

/* In the order in which they are put: aged, current, private. */
static void s07_scan_takes_aged_then_current_then_private_parts(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *objs[36];
	u32 ids[36];
	unsigned int i;

	t_on_cpu(test, 0);
	t_get_all(tc, objs, 36);
	for (i = 0; i < 36; i++)
		ids[i] = objs[i]->id;
	t_put_all(tc, objs, 24);
	objcache_age(tc->cache);
	/* Two magazines more get into a shared part that has room for six. */
	t_put_all(tc, objs + 24, 8);
	expect_scan(tc, 8, 8);
	KUNIT_EXPECT_EQ(test, destroyed_among(tc, ids, 8), 8);
	expect_scan(tc, 8, 8);
	KUNIT_EXPECT_EQ(test, destroyed_among(tc, ids, 16), 16);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->dtors), 16);
	expect_scan(tc, 8, 8);
	KUNIT_EXPECT_EQ(test, destroyed_among(tc, ids, 24), 24);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->dtors), 24);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), PRIVATE);
	KUNIT_EXPECT_EQ(test, scan(tc, 8), SHRINK_STOP);
	KUNIT_EXPECT_TRUE(test, t_wait_until(t_stat(tc, shrunk) == 32));
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	t_put_all(tc, objs + 32, 4);
	t_finish(tc);
}

/* As many of them as it takes, one CPU after another. */
static void s07_scan_asks_cpus_for_their_private_parts(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned int cpus = num_online_cpus(), cpu;

	for (cpu = 0; cpu < cpus; cpu++) {
		t_on_cpu(test, cpu);
		KUNIT_EXPECT_EQ(test, objcache_prefill(tc->cache, PRIVATE, GFP_KERNEL),
				PRIVATE);
	}
	KUNIT_EXPECT_EQ(test, scan(tc, 1), SHRINK_STOP);
	flush_work(&to_core(tc->cache)->squeeze);
	KUNIT_EXPECT_EQ(test, t_stat(tc, shrunk), PRIVATE);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), (cpus - 1) * PRIVATE);
	KUNIT_EXPECT_TRUE(test, t_wait_until(!t_stat(tc, releasing)));
	KUNIT_EXPECT_EQ(test, scan(tc, cpus * PRIVATE), SHRINK_STOP);
	flush_work(&to_core(tc->cache)->squeeze);
	KUNIT_EXPECT_EQ(test, t_stat(tc, shrunk), cpus * PRIVATE);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	t_finish(tc);
}

/* Rounded up to a magazine; and all CPUs' shared parts are within reach. */
static void s07_scan_takes_what_it_is_asked_for(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned int cpus = num_online_cpus(), cpu;
	unsigned long left = cpus * SHARED;

	for (cpu = 0; cpu < cpus; cpu++) {
		t_on_cpu(test, cpu);
		KUNIT_EXPECT_EQ(test, objcache_prefill(tc->cache, PARKED, GFP_KERNEL),
				PARKED);
	}
	expect_scan(tc, 1, BATCH);
	expect_scan(tc, 2 * BATCH, 2 * BATCH);
	left -= 3 * BATCH;
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), cpus * PRIVATE + left);
	expect_scan(tc, left, left);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), cpus * PRIVATE);
	t_finish(tc);
}

/* Reclaim is credited with what its own task frees. */
static void expect_freed_within_scan(struct kunit *test, unsigned int flags)
{
	struct objcache_params params = {
		.size = 64, .batch = BATCH, .capacity = 32,
		.flags = OBJCACHE_NO_AGING | flags,
	};
	static struct objcache_stats before, after; /* much, for a stack under KASAN */
	struct objcache *cache;

	cache = objcache_create("kunit-plain", &params);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	t_on_cpu(test, 0);
	KUNIT_EXPECT_EQ(test, objcache_prefill(cache, PARKED, GFP_KERNEL), PARKED);
	KUNIT_EXPECT_EQ(test, as_reclaim(cache, false, 0), PARKED);
	objcache_read_stats(cache, &before);
	KUNIT_EXPECT_EQ(test, as_reclaim(cache, true, SHARED), SHARED);
	objcache_read_stats(cache, &after);
	KUNIT_EXPECT_EQ(test, after.destroyed, before.destroyed + SHARED);
	KUNIT_EXPECT_EQ(test, after.shrunk, SHARED);
	KUNIT_EXPECT_EQ(test, after.releasing, 0);
	KUNIT_EXPECT_EQ(test, after.parked, PRIVATE);
	KUNIT_EXPECT_EQ(test, after.created,
			after.destroyed + after.parked + after.in_use);
	/* The rest by a work item, on reclaim's account all the same. */
	KUNIT_EXPECT_EQ(test, as_reclaim(cache, true, PRIVATE), SHRINK_STOP);
	flush_work(&to_core(cache)->squeeze);
	objcache_read_stats(cache, &after);
	KUNIT_EXPECT_EQ(test, after.shrunk, PARKED);
	KUNIT_EXPECT_EQ(test, as_reclaim(cache, false, 0), SHRINK_EMPTY);
	KUNIT_EXPECT_TRUE(test, t_wait_until((objcache_read_stats(cache, &after),
					      after.destroyed == before.destroyed + PARKED)));
	KUNIT_EXPECT_TRUE(test, t_wait_until((objcache_read_stats(cache, &after),
					      !after.releasing)));
	objcache_destroy(cache);
}

static void s07_plain_objects_are_freed_within_scan(struct kunit *test)
{
	expect_freed_within_scan(test, 0);
}

/* There all that leaves a CPU is doomed. */
static void s07_so_they_are_where_none_is_stolen(struct kunit *test)
{
	expect_freed_within_scan(test, OBJCACHE_NO_STEAL);
}

/* In the keeper's hands they stay until it is done, and no scan waits. */
static void s07_with_a_destructor_those_stay_queued(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, OBJCACHE_NO_STEAL);
	struct objcache_stats st;

	t_on_cpu(test, 0);
	KUNIT_EXPECT_EQ(test, objcache_prefill(tc->cache, PARKED, GFP_KERNEL), PARKED);
	tc->gated = true;
	scan(tc, SHARED);
	st = t_stats(tc);
	KUNIT_EXPECT_EQ(test, st.destroyed, 0);
	KUNIT_EXPECT_EQ(test, st.releasing, SHARED);
	KUNIT_EXPECT_EQ(test, st.shrunk, SHARED);
	t_open_gate(tc);
	t_finish(tc);
}

/* No destructor returns before the gate opens, and that is after the scans. */
static void s07_scan_does_not_wait_for_destructors(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct objcache_stats st;

	t_on_cpu(test, 0);
	KUNIT_EXPECT_EQ(test, objcache_prefill(tc->cache, PARKED, GFP_KERNEL), PARKED);
	tc->gated = true;
	KUNIT_EXPECT_EQ(test, scan(tc, SHARED), SHARED);
	st = t_stats(tc);
	KUNIT_EXPECT_EQ(test, st.destroyed, 0);
	KUNIT_EXPECT_EQ(test, st.releasing, SHARED);
	KUNIT_EXPECT_EQ(test, st.shrunk, SHARED);
	/* What waits for its destructor is not in the way of the private parts. */
	KUNIT_EXPECT_TRUE(test, t_wait_until((scan(tc, SHARED),
					      t_stat(tc, releasing) == PARKED)));
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->dtors_done), 0);
	t_expect_balanced_now(tc, 0);
	t_open_gate(tc);
	t_finish(tc);
}

/* ---- freed slabs ---- */

#define LARGE_NR	26U

static unsigned long slab_bytes(void)
{
	return (global_node_page_state_pages(NR_SLAB_RECLAIMABLE_B) +
		global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B)) << PAGE_SHIFT;
}

static void by_two_steps(struct objcache *cache)
{
	objcache_age(cache);
	objcache_age(cache);
}

static void by_drain(struct objcache *cache)
{
	objcache_drain(cache);
}

/* Private parts, too. */
static void by_pressure(struct objcache *cache)
{
	as_reclaim(cache, true, LARGE_NR * SZ_1M / PAGE_SIZE);
	flush_work(&to_core(cache)->squeeze);
	as_reclaim(cache, true, LARGE_NR * SZ_1M / PAGE_SIZE);
}

/* The slab keeps ten empty ones for itself, if nobody asks for them. */
static void expect_slabs_freed(struct kunit *test, void (*release)(struct objcache *cache),
			       const char *what)
{
	struct objcache_params params = {
		.size = SZ_1M - SZ_4K, .batch = 1, .capacity = LARGE_NR,
		.flags = OBJCACHE_NO_AGING,
	};
	struct objcache *cache = objcache_create("kunit-large", &params);
	unsigned long before = slab_bytes();
	void *objs[LARGE_NR];
	unsigned int nr;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	t_on_cpu(test, 0);
	nr = objcache_get_bulk(cache, GFP_KERNEL, LARGE_NR, objs);
	KUNIT_EXPECT_EQ(test, nr, LARGE_NR);
	KUNIT_EXPECT_GT(test, slab_bytes(), before + LARGE_NR / 2 * SZ_1M);
	objcache_put_bulk(cache, nr, objs);
	release(cache);
	KUNIT_EXPECT_TRUE_MSG(test, t_wait_until(slab_bytes() < before + 3 * SZ_1M),
			      "%s: %lu KiB still in slabs", what,
			      (slab_bytes() - before) / SZ_1K);
	objcache_destroy(cache);
}

static void s07_freed_slabs_reach_the_page_allocator(struct kunit *test)
{
	expect_slabs_freed(test, by_drain, "drain");
	expect_slabs_freed(test, by_pressure, "pressure");
	expect_slabs_freed(test, by_two_steps, "two steps");
}

#ifdef CONFIG_KRETPROBES

static int may_not(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	regs_set_return_value(regs, false);
	return 0;
}

static struct kretprobe may_disturb_probe = {
	.kp.symbol_name = "objcache_may_disturb",
	.handler = may_not,
};

static void disturb_again(void *unused)
{
	unregister_kretprobe(&may_disturb_probe);
}

/* Each CPU is as one that is isolated. */
static void disturb_none(struct kunit *test)
{
	may_disturb_probe.kp.addr = NULL;
	may_disturb_probe.kp.flags = 0;
	KUNIT_ASSERT_EQ(test, 0, register_kretprobe(&may_disturb_probe));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, disturb_again, NULL));
}

#else

static void disturb_none(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_KRETPROBES");
}

#endif

static unsigned long slabs_of(struct kunit *test, const char *name)
{
	struct t_slab slab = {};

	KUNIT_EXPECT_TRUE(test, t_slab_read(test, name, &slab));
	return slab.slabs;
}

static void drain_it(struct t_thread *thread)
{
	objcache_drain(((struct tcache *)thread->crew->data)->cache);
}

/*
 * It alone, and not before all has been freed: somebody else's goes at the slab come
 * while its destructors run.
 */
static void s07_a_drain_has_the_slab_shrunk_where_cpus_are_isolated(struct kunit *test)
{
	struct objcache_params params = {
		.batch = BATCH, .capacity = 32, .flags = OBJCACHE_NO_AGING,
	};
	struct tcache *tc = t_create_named(test, "kunit-other", &params);
	struct t_crew *crew = t_crew_create(test, 1, drain_it, tc);
	struct work_struct *tidy = &to_core(tc->cache)->tidy.work;

	t_need_files(test);
	t_on_cpu(test, 0);
	disturb_none(test);
	KUNIT_EXPECT_EQ(test, objcache_prefill(tc->cache, PARKED, GFP_KERNEL), PARKED);
	tc->gated = true;
	t_crew_start(crew);
	KUNIT_EXPECT_TRUE(test, t_wait_until(atomic_read(&tc->dtors) == 1));
	tidy->func(tidy);
	KUNIT_EXPECT_GT(test, slabs_of(test, "kunit-other"), 0);
	t_open_gate(tc);
	KUNIT_EXPECT_TRUE(test, t_crew_join(crew));
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->dtors_done), PARKED);
	KUNIT_EXPECT_TRUE(test, t_wait_until(!slabs_of(test, "kunit-other")));
	/* Once: what is freed after that is nobody's hurry. */
	KUNIT_EXPECT_TRUE(test, t_wait_until(!READ_ONCE(to_core(tc->cache)->drained)));
	t_finish(tc);
}

/* One of the threads is reclaim, on a CPU that others use too. */
static void user_or_reclaim(struct t_thread *thread)
{
	struct tcache *tc = thread->crew->data;
	u32 random = thread->who;
	struct t_actor actor;

	t_actor_init(&actor, tc, thread->who, GFP_KERNEL);
	actor.may_bulk = true;
	while (!t_crew_stopping(thread->crew)) {
		if (thread->index % 3) {
			t_actor_step(&actor);
		} else {
			count(tc);
			scan(tc, t_random(&random) % 40);
		}
		cond_resched();
	}
	t_actor_empty(&actor);
}

static void s07_scanning_under_load_loses_nothing(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned long end = jiffies + msecs_to_jiffies(1500);
	struct t_crew *crew;

	t_need_parking(test);
	crew = t_crew_create(test, 2 * num_online_cpus(), user_or_reclaim, tc);
	t_crew_start(crew);
	while (time_before(jiffies, end) || !t_stat(tc, shrunk) || t_stat(tc, gets) <= 100) {
		objcache_age(tc->cache);
		usleep_range(200, 1000);
	}
	t_crew_stop(crew);
	/* What scan has asked CPUs for may still be under way. */
	objcache_drain(tc->cache);
	t_expect_balanced(tc, 0);
	t_finish(tc);
}

static struct kunit_case shrink_cases[] = {
	KUNIT_CASE(s07_count_is_what_is_parked),
	KUNIT_CASE(s07_scan_takes_aged_then_current_then_private_parts),
	KUNIT_CASE(s07_scan_asks_cpus_for_their_private_parts),
	KUNIT_CASE(s07_scan_takes_what_it_is_asked_for),
	KUNIT_CASE(s07_plain_objects_are_freed_within_scan),
	KUNIT_CASE(s07_so_they_are_where_none_is_stolen),
	KUNIT_CASE(s07_with_a_destructor_those_stay_queued),
	KUNIT_CASE(s07_scan_does_not_wait_for_destructors),
	KUNIT_CASE(s07_a_drain_has_the_slab_shrunk_where_cpus_are_isolated),
	{}
};

static struct kunit_suite shrink_suite = {
	.name = "objcache_shrink",
	.init = t_need_magazines,
	.test_cases = shrink_cases,
};

/* A quarantine is shrunk as well. */
static struct kunit_case shrink_any_cases[] = {
	KUNIT_CASE(s07_scan_of_an_empty_cache_says_stop),
	KUNIT_CASE_SLOW(s07_freed_slabs_reach_the_page_allocator),
	KUNIT_CASE_SLOW(s07_scanning_under_load_loses_nothing),
	{}
};

static struct kunit_suite shrink_any_suite = {
	.name = "objcache_shrink_any",
	.test_cases = shrink_any_cases,
};

kunit_test_suites(&shrink_suite, &shrink_any_suite);
