// SPDX-License-Identifier: GPL-2.0
/*
 * S11, boundary by boundary: an NMI before each instruction of a get and a put,
 * one at a time
 *
 * A call is single-stepped once, which tells its instructions. Then each of them
 * in turn gets a kprobe, the cache is brought into the same state again, and the
 * call is made. On x86 the int3 of a kprobe enters the kernel like an NMI, with
 * in_nmi() true; its handler gets an object, puts it, and puts until nothing
 * more fits. What the call gave then, the order of what comes out of the cache,
 * the owners and the books are judged after each.
 *
 * For x86-64 only. What kprobes refuse (patched in other ways) is counted.
 */

#include "inside.h"
#include "probe.h"

static bool probe_one(struct rig *rig, struct kprobe *probe)
{
	struct kunit *test = rig->test;
	struct tobj *obj;
	int tries = 2;

	/* Not reached once: an interrupt of the machine's own may have led it elsewhere. */
	do {
		probe_rig_set(rig);
		KUNIT_ASSERT_EQ(test, 0, enable_kprobe(probe));
		obj = probe_rig_call(rig, false);
		KUNIT_ASSERT_EQ(test, 0, disable_kprobe(probe));
		probe_judge(rig, obj);
	} while (!rig->acted && --tries);
	rig->unreached += !rig->acted;
	if (test->status == KUNIT_SUCCESS)
		return true;
	sprint_symbol(rig->symbol, (unsigned long)probe->addr);
	kunit_info(test, "the NMI came at %s, %s the owner at work", rig->symbol,
		   rig->nested ? "with" : "without");
	return false;
}

static void play(struct kunit *test, const struct scene *scene)
{
	u64 ns = ktime_get_ns();
	unsigned int i, hits = 0;
	struct rig *rig;

	/* Here, because objtool minds a function elsewhere that never returns. */
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "the step keeps preemption off");
	if (!IS_ENABLED(CONFIG_KPROBES))
		kunit_skip(test, "no kprobes here");
	t_need_cpus(test, 2);
	rig = probe_rig_create(test);
	probe_rig_open(rig, scene);
	/* Twice before it counts: what is made only once has been made then. */
	for (i = 0; i < 3; i++) {
		probe_rig_set(rig);
		probe_rig_unstash(rig);
		probe_points_find(rig);
	}
	probe_points_prepare(rig);
	for (i = 0; i < rig->probed && probe_one(rig, rig->armed[i]); i++)
		hits += rig->acted;
	probe_points_disarm(rig);
	kunit_info(test, "%u boundaries hit of %u, %u with the owner at work; %u refused, %u not reached; %llu ms",
		   hits, rig->boundaries, rig->nested_hits, rig->refused, rig->unreached,
		   (ktime_get_ns() - ns) / NSEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, rig->unreached, 0);
	KUNIT_EXPECT_EQ(test, rig->astray, 0);
	KUNIT_EXPECT_EQ(test, rig->full, hits);
	KUNIT_EXPECT_GT(test, rig->boundaries, 10);
	probe_rig_close(rig);
}

/*
 * A test each, so that none of them takes longer than the kernel lets a task wait.
 */
#define SCENE(title, ...)						\
static void s11_an_nmi_in_##title(struct kunit *test)			\
{									\
	static const struct scene scene = { __VA_ARGS__ };		\
									\
	play(test, &scene);						\
}

/* ---- hits ---- */

SCENE(inline_get, probed_get, .park = 2, .private = true)
SCENE(inline_try_get, probed_try_get, .park = 2, .private = true)
SCENE(inline_put, probed_put, .puts = true, .park = 1)
SCENE(called_get, probed_called_get, .park = 2, .private = true)
SCENE(called_try_get, probed_called_try_get, .park = 2, .private = true)
SCENE(called_put, probed_called_put, .puts = true, .park = 1)

/* ---- gets behind the hit path ---- */

SCENE(get_from_the_spare, probed_get, .park = BATCH + 1, .unpark = 1, .private = true)
SCENE(get_from_the_own_ring, probed_get, .park = 3 * BATCH, .unpark = 2 * BATCH)
SCENE(get_from_the_aged_ring, probed_get, .park = 3 * BATCH, .unpark = 2 * BATCH, .aged = true)
SCENE(get_that_steals, probed_get, .far = 1)
SCENE(get_of_loose_ones, probed_get, .loose = 2)
SCENE(get_from_the_depot, probed_get, .park = CAPACITY + BATCH, .unpark = CAPACITY, .depot = true)
SCENE(get_of_a_fresh_one, probed_get)
SCENE(try_get_of_nothing, probed_try_get)

/* ---- puts behind it ---- */

SCENE(put_that_resets, probed_put, .puts = true, .park = 1, .reset = true)
SCENE(put_with_an_empty_spare, probed_put, .puts = true, .park = BATCH)
SCENE(put_that_pushes, probed_put, .puts = true, .park = 2 * BATCH)
SCENE(put_that_needs_a_magazine, probed_put, .puts = true, .park = 2 * BATCH, .bare = true)
SCENE(put_that_overflows, probed_put, .puts = true, .park = CAPACITY)
SCENE(put_that_overflows_bare, probed_put, .puts = true, .park = CAPACITY, .bare = true)

/* ---- calls that interrupt the owner themselves ---- */

SCENE(nested_get_from_own_ring, probed_get, .park = 3 * BATCH, .unpark = 2 * BATCH, .inside = true)
SCENE(nested_get_that_steals, probed_get, .far = 1, .inside = true)
SCENE(nested_get_of_loose_ones, probed_get, .loose = 2, .inside = true)
SCENE(nested_get_of_a_fresh_one, probed_get, .inside = true)
SCENE(nested_put, probed_put, .puts = true, .inside = true)

static int probe_suite_init(struct kunit_suite *suite)
{
	probe_points_forget();
	return 0;
}

static struct kunit_case probe_cases[] = {
	KUNIT_CASE_SLOW(s11_an_nmi_in_inline_get),
	KUNIT_CASE_SLOW(s11_an_nmi_in_inline_try_get),
	KUNIT_CASE_SLOW(s11_an_nmi_in_inline_put),
	KUNIT_CASE_SLOW(s11_an_nmi_in_called_get),
	KUNIT_CASE_SLOW(s11_an_nmi_in_called_try_get),
	KUNIT_CASE_SLOW(s11_an_nmi_in_called_put),
	KUNIT_CASE_SLOW(s11_an_nmi_in_get_from_the_spare),
	KUNIT_CASE_SLOW(s11_an_nmi_in_get_from_the_own_ring),
	KUNIT_CASE_SLOW(s11_an_nmi_in_get_from_the_aged_ring),
	KUNIT_CASE_SLOW(s11_an_nmi_in_get_that_steals),
	KUNIT_CASE_SLOW(s11_an_nmi_in_get_of_loose_ones),
	KUNIT_CASE_SLOW(s11_an_nmi_in_get_from_the_depot),
	KUNIT_CASE_SLOW(s11_an_nmi_in_get_of_a_fresh_one),
	KUNIT_CASE_SLOW(s11_an_nmi_in_try_get_of_nothing),
	KUNIT_CASE_SLOW(s11_an_nmi_in_put_that_resets),
	KUNIT_CASE_SLOW(s11_an_nmi_in_put_with_an_empty_spare),
	KUNIT_CASE_SLOW(s11_an_nmi_in_put_that_pushes),
	KUNIT_CASE_SLOW(s11_an_nmi_in_put_that_needs_a_magazine),
	KUNIT_CASE_SLOW(s11_an_nmi_in_put_that_overflows),
	KUNIT_CASE_SLOW(s11_an_nmi_in_put_that_overflows_bare),
	KUNIT_CASE_SLOW(s11_an_nmi_in_nested_get_from_own_ring),
	KUNIT_CASE_SLOW(s11_an_nmi_in_nested_get_that_steals),
	KUNIT_CASE_SLOW(s11_an_nmi_in_nested_get_of_loose_ones),
	KUNIT_CASE_SLOW(s11_an_nmi_in_nested_get_of_a_fresh_one),
	KUNIT_CASE_SLOW(s11_an_nmi_in_nested_put),
	{}
};

static struct kunit_suite probe_suite = {
	.name = "objcache_probes",
	.suite_init = probe_suite_init,
	.init = t_need_magazines,
	.test_cases = probe_cases,
};

kunit_test_suite(probe_suite);
