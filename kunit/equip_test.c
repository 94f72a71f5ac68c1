// SPDX-License-Identifier: GPL-2.0
/*
 * S12 and S20: a CPU's part exists while the CPU does
 */

#include <linux/cpu.h>
#include <linux/kprobes.h>
#include <linux/mm.h>

#include "inside.h"
#include "outside.h"

/* ---- what a CPU costs ---- */

#define CACHES	8

static void destroy_caches(void *p)
{
	struct objcache **caches = p;
	unsigned int i;

	for (i = 0; i < CACHES; i++)
		if (!IS_ERR_OR_NULL(caches[i]))
			objcache_destroy(caches[i]);
}

/* Bytes that so many caches take, whose CPUs' parts are as large as may be. */
static long cost_of_caches(struct kunit *test)
{
	struct objcache_params params = {
		.size = 64, .batch = 1, .capacity = 65536, .flags = OBJCACHE_NO_AGING,
	};
	struct objcache *caches[CACHES] = {};
	long before = si_mem_available(), cost;
	unsigned int i;
	char name[24];

	for (i = 0; i < CACHES; i++) {
		snprintf(name, sizeof(name), "kunit-other-%u", i);
		caches[i] = objcache_create(name, &params);
		KUNIT_EXPECT_FALSE(test, IS_ERR(caches[i]));
	}
	cost = (before - (long)si_mem_available()) * PAGE_SIZE;
	destroy_caches(caches);
	return cost;
}

static void s20_an_absent_cpu_costs_next_to_nothing(struct kunit *test)
{
	unsigned int cpus = num_online_cpus(), cpu = t_victim();
	long all, without, share;

	t_need_magazines(test);
	t_need_hotplug(test);
	t_on_cpu(test, 0);
	/* What the first ones need for good does not count. */
	cost_of_caches(test);
	all = cost_of_caches(test);
	share = all / cpus;
	t_cpu_off(test, cpu);
	without = cost_of_caches(test);
	t_cpu_on(test, cpu);
	kunit_info(test, "%ld KiB with %u CPUs, %ld KiB with one less", all / SZ_1K, cpus,
		   without / SZ_1K);
	KUNIT_EXPECT_LT(test, without, all - share / 2);
	/* Or memory is not what a CPU costs, and nothing is shown. */
	KUNIT_EXPECT_GT(test, share, CACHES * SZ_128K);
}

static void s20_a_cpu_that_goes_gives_its_part_back(struct kunit *test)
{
	struct objcache_params params = {
		.size = 64, .batch = 1, .capacity = 65536, .flags = OBJCACHE_NO_AGING,
	};
	struct objcache **caches = kunit_kcalloc(test, CACHES, sizeof(*caches), GFP_KERNEL);
	unsigned int cpu = t_victim(), i;
	long cost, online, offline;
	char name[24];

	t_need_magazines(test);
	t_need_hotplug(test);
	KUNIT_ASSERT_NOT_NULL(test, caches);
	t_on_cpu(test, 0);
	/* Also what the kernel itself needs for a CPU, in both directions. */
	t_cpu_off(test, cpu);
	t_cpu_on(test, cpu);
	cost = si_mem_available();
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, destroy_caches, caches));
	for (i = 0; i < CACHES; i++) {
		snprintf(name, sizeof(name), "kunit-other-%u", i);
		caches[i] = objcache_create(name, &params);
		KUNIT_EXPECT_FALSE(test, IS_ERR(caches[i]));
	}
	online = si_mem_available();
	cost -= online;
	t_cpu_off(test, cpu);
	rcu_barrier();
	KUNIT_EXPECT_TRUE(test, t_wait_until((offline = si_mem_available()) - online >
					     cost / (long)num_possible_cpus() / 2));
	kunit_info(test, "%ld pages for %u CPUs, %ld came back", cost, num_possible_cpus(),
		   offline - online);
	t_cpu_on(test, cpu);
}

/* ---- coming and going ---- */

/* With nothing but destructors that do not end, and as many as may wait. */
static void s12_a_cpu_comes_and_goes_while_the_keeper_is_held_up(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned int cpu = t_victim();

	t_need_hotplug(test);
	t_on_cpu(test, 0);
	t_doom(tc, T_LEAST_BOUND + 8);
	t_cpu_off(test, cpu);
	t_cpu_on(test, cpu);
	/* No patience ended that the destructors have: they were held up all the time. */
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->dtors_done), 0);
	t_open_gate(tc);
	t_finish(tc);
}

/* ---- without memory ---- */

#if defined(CONFIG_FAULT_INJECTION) && defined(CONFIG_FAILSLAB) && defined(CONFIG_KRETPROBES)

/* Whose allocation for a CPU that comes fails, and which; 0: it has. */
static struct objcache_core *fail_of;
static unsigned int fail_at;

/* Of another cache: no end is looked for. */
static int equip_begins(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	if ((void *)regs_get_kernel_argument(regs, 0) != fail_of)
		return 1;
	current->fail_nth = fail_at;
	return 0;
}

static int equip_ends(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	fail_at = current->fail_nth;
	current->fail_nth = 0;
	return 0;
}

static struct kretprobe equip_probe = {
	.kp.symbol_name = "objcache_part_equip",
	.entry_handler = equip_begins,
	.handler = equip_ends,
};

static void equip_unprobe(void *unused)
{
	unregister_kretprobe(&equip_probe);
}

/* Whether there was such an allocation. */
static bool comes_without(struct kunit *test, unsigned int cpu, unsigned int nth)
{
	t_cpu_off(test, cpu);
	fail_at = nth;
	t_cpu_on(test, cpu);
	return !fail_at;
}

/* In time: as there is no aging that is all that the interval is for. */
static void s12_a_cpu_that_came_without_memory_has_rings_later(struct kunit *test)
{
	struct objcache_params params = {
		.batch = 4, .capacity = 32, .flags = OBJCACHE_NO_AGING, .age_ms = 10,
	};
	unsigned int cpu = t_victim(), nth = 0;
	struct objcache_cpu *c;
	struct tcache *tc;
	bool failed;

	t_need_magazines(test);
	t_need_hotplug(test);
	t_on_cpu(test, 0);
	tc = t_create(test, &params);
	c = per_cpu_ptr(to_core(tc->cache)->cpu, cpu);
	fail_of = to_core(tc->cache);
	equip_probe.kp.addr = NULL;
	equip_probe.kp.flags = 0;
	KUNIT_ASSERT_EQ(test, 0, register_kretprobe(&equip_probe));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, equip_unprobe, NULL));
	do {
		failed = comes_without(test, cpu, ++nth);
		KUNIT_EXPECT_TRUE_MSG(test, t_wait_until(READ_ONCE(c->slots)),
				      "at allocation %u", nth);
	} while (failed && nth < 100);
	kunit_info(test, "%u allocations", nth - 1);
	/* Two magazines, and the slots. */
	KUNIT_EXPECT_GT(test, nth, 3);
	t_finish(tc);
}

#else

static void s12_a_cpu_that_came_without_memory_has_rings_later(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_FAILSLAB and CONFIG_KRETPROBES");
}

#endif

static struct kunit_case equip_cases[] = {
	KUNIT_CASE_SLOW(s20_an_absent_cpu_costs_next_to_nothing),
	KUNIT_CASE_SLOW(s20_a_cpu_that_goes_gives_its_part_back),
	KUNIT_CASE_SLOW(s12_a_cpu_comes_and_goes_while_the_keeper_is_held_up),
	KUNIT_CASE_SLOW(s12_a_cpu_that_came_without_memory_has_rings_later),
	{}
};

static struct kunit_suite equip_suite = {
	.name = "objcache_equip",
	.test_cases = equip_cases,
};

kunit_test_suite(equip_suite);
