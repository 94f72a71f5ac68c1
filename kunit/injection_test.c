// SPDX-License-Identifier: GPL-2.0
/*
 * S19 under fault injection: each allocation of a create and of a get fails in turn.
 * Nothing is left behind, and no get with direct reclaim returns NULL. And S18: what
 * could not be made is not counted. And S12: who may wait for memory for rings does.
 *
 * Not within the kernel's making of a slab: where that fails, 6.12 prints a stack and
 * loses the slab's name.
 */

#include <linux/kprobes.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "inside.h"

#if defined(CONFIG_FAULT_INJECTION) && defined(CONFIG_FAILSLAB) && defined(CONFIG_KRETPROBES)

/* Allocations that are not counted: the count is put away, and taken up again after. */
static int slab_begins(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	*(unsigned int *)instance->data = current->fail_nth;
	current->fail_nth = 0;
	return 0;
}

static int slab_ends(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	current->fail_nth = *(unsigned int *)instance->data;
	return 0;
}

static struct kretprobe slab_probe = {
	.kp.symbol_name = "__kmem_cache_create_args",
	.entry_handler = slab_begins,
	.handler = slab_ends,
	.data_size = sizeof(unsigned int),
};

static void slab_unprobe(void *unused)
{
	unregister_kretprobe(&slab_probe);
}

static void probe_slab(struct kunit *test)
{
	slab_probe.kp.addr = NULL;
	slab_probe.kp.flags = 0;
	if (register_kretprobe(&slab_probe))
		kunit_skip(test, "this kernel makes slabs elsewhere");
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, slab_unprobe, NULL));
}

static void faults_end(void *unused)
{
	current->fail_nth = 0;
}

/* Those that may wait fail as well: user space has to have said so. */
static void need_faults(struct kunit *test)
{
	void *memory;

	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, faults_end, NULL));
	current->fail_nth = 1;
	memory = kmalloc(8, GFP_KERNEL);
	current->fail_nth = 0;
	kfree(memory);
	if (memory)
		kunit_skip(test, "echo N >/sys/kernel/debug/failslab/ignore-gfp-wait");
}

/* Whether the fault has come to pass; none does from here on. */
static bool was_injected(void)
{
	bool injected = !current->fail_nth;

	current->fail_nth = 0;
	return injected;
}

#define ALL_LEVELS	(OBJCACHE_STACKS | OBJCACHE_DROP)

/* CPUs whose rings have no slots. */
static unsigned int without_slots(struct objcache *cache)
{
	unsigned int cpu, nr = 0;

	for_each_online_cpu(cpu)
		nr += !per_cpu_ptr(to_core(cache)->cpu, cpu)->slots;
	return nr;
}

/* The number of allocations of a create; at each but the last it failed, or did without. */
static unsigned int create_at_each(struct kunit *test, unsigned int flags, unsigned int *failed)
{
	struct objcache_params params = {
		.size = 64, .min_objects = 3, .flags = OBJCACHE_NO_AGING | flags,
	};
	struct objcache_stats stats;
	unsigned int nth = 0;
	bool injected;

	do {
		struct objcache *cache;

		current->fail_nth = ++nth;
		cache = objcache_create("kunit-nth", &params);
		injected = was_injected();
		if (IS_ERR(cache)) {
			++*failed;
			continue;
		}
		objcache_read_stats(cache, &stats);
		KUNIT_EXPECT_EQ_MSG(test, stats.created - stats.destroyed, 3, "at %u", nth);
		/* In debug mode there are none. */
		if (!flags)
			KUNIT_EXPECT_EQ_MSG(test, without_slots(cache), 0, "at %u", nth);
		objcache_destroy(cache);
	} while (injected && nth < 10000);
	return nth;
}

static void s19_create_fails_at_any_allocation(struct kunit *test)
{
	unsigned int nth, failed = 0;

	need_faults(test);
	probe_slab(test);
	nth = create_at_each(test, ALL_LEVELS, &failed);
	/* The last one was not to fail. */
	KUNIT_EXPECT_GT(test, failed, 3);
	KUNIT_EXPECT_LT(test, failed, nth);
	kunit_info(test, "%u allocations, %u without which there is no cache", nth - 1, failed);
}

/* The first time there was no memory without reclaim; then it is waited for. */
static void s12_each_cpu_has_rings_when_create_returns(struct kunit *test)
{
	unsigned int nth, failed = 0;

	t_need_magazines(test);
	need_faults(test);
	probe_slab(test);
	nth = create_at_each(test, 0, &failed);
	/* Magazines and slots are none without which there is no cache. */
	KUNIT_EXPECT_GT(test, nth - failed, 3 * num_online_cpus());
}

/* Each is a try without reclaim, and then one with; either may fail. */
static void get_at_each(struct kunit *test, unsigned int flags, gfp_t gfp, unsigned int scope)
{
	struct objcache_params params = {
		.batch = 2, .capacity = 16, .min_objects = 1, .flags = flags,
	};
	unsigned int nth = 0, was = current->flags & scope;
	bool injected;

	do {
		struct tcache *tc = t_create(test, &params);
		struct tobj *held, *obj;

		t_get_all(tc, &held, 1);
		current->flags |= scope;
		current->fail_nth = ++nth;
		obj = t_get(tc, gfp, 1);
		injected = was_injected();
		current->flags &= ~(scope & ~was);
		KUNIT_EXPECT_NOT_NULL_MSG(test, obj, "at allocation %u", nth);
		KUNIT_EXPECT_EQ(test, t_stat(tc, limit_waits), 0);
		t_put(tc, held, 1);
		t_put(tc, obj, 1);
		t_expect_balanced(tc, 0);
		t_destroy(tc);
	} while (injected && nth < 100);
	KUNIT_EXPECT_GT(test, nth, 1);
}

static void s19_no_get_fails_at_any_allocation(struct kunit *test)
{
	static const struct {
		gfp_t gfp;
		unsigned int scope;
	} ways[] = {
		{ GFP_KERNEL }, { GFP_NOFS }, { GFP_NOIO },
		{ GFP_KERNEL, PF_MEMALLOC_NOFS }, { GFP_KERNEL, PF_MEMALLOC_NOIO },
	};
	unsigned int i;

	need_faults(test);
	for (i = 0; i < ARRAY_SIZE(ways); i++)
		get_at_each(test, 0, ways[i].gfp, ways[i].scope);
	get_at_each(test, ALL_LEVELS, GFP_NOIO, 0);
}

/* Many cannot be made at once, and then one can: all that there may be still are. */
static void s18_what_could_not_be_made_does_not_count(struct kunit *test)
{
	struct objcache_params params = {
		.size = 64, .batch = 4, .max_objects = 8 * num_possible_cpus(),
	};
	struct objcache *cache = objcache_create("kunit-nth", &params);
	void **objs = kunit_kcalloc(test, params.max_objects + 1, sizeof(*objs), GFP_KERNEL);
	unsigned int nr = 0;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	KUNIT_ASSERT_NOT_NULL(test, objs);
	need_faults(test);
	/* Many at once, which are then made one by one; or one, where it is one by one. */
	current->fail_nth = 1;
	objs[0] = objcache_get(cache, GFP_KERNEL | __GFP_NORETRY);
	KUNIT_EXPECT_TRUE(test, was_injected());
	nr = objs[0] ? 1 : 0;
	while (nr <= params.max_objects) {
		objs[nr] = objcache_get(cache, GFP_KERNEL | __GFP_NORETRY);
		if (!objs[nr])
			break;
		nr++;
	}
	KUNIT_EXPECT_EQ(test, nr, params.max_objects);
	objcache_put_bulk(cache, nr, objs);
	objcache_destroy(cache);
}

#else

static void s18_what_could_not_be_made_does_not_count(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_FAILSLAB");
}

static void s19_create_fails_at_any_allocation(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_FAILSLAB");
}

static void s12_each_cpu_has_rings_when_create_returns(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_FAILSLAB");
}

static void s19_no_get_fails_at_any_allocation(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_FAILSLAB");
}

#endif

static struct kunit_case injection_cases[] = {
	KUNIT_CASE_SLOW(s19_create_fails_at_any_allocation),
	KUNIT_CASE_SLOW(s12_each_cpu_has_rings_when_create_returns),
	KUNIT_CASE(s19_no_get_fails_at_any_allocation),
	KUNIT_CASE(s18_what_could_not_be_made_does_not_count),
	{}
};

static struct kunit_suite injection_suite = {
	.name = "objcache_injection",
	.test_cases = injection_cases,
};

kunit_test_suite(injection_suite);
