// SPDX-License-Identifier: GPL-2.0
/*
 * S1 and OBJCACHE_NODE_LOCAL where memory has nodes
 *
 * All but the first test are skipped on machines with one node. With QEMU:
 * -smp 4,sockets=2 and two -numa node,memdev=...,cpus=... (vm.py --nodes 2).
 */

#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/topology.h>

#include "inside.h"

#define BATCH		4
#define PRIVATE		(2 * BATCH)
#define PARKED		24
#define SHARED		(PARKED - PRIVATE)

/* Two CPUs of one node and one of another. */
struct places {
	unsigned int self;
	unsigned int near;
	unsigned int far;
};

static void on(struct kunit *test, unsigned int cpu)
{
	KUNIT_ASSERT_EQ(test, 0, set_cpus_allowed_ptr(current, cpumask_of(cpu)));
}

/* The @nth online CPU that is on @node, or, not @same, that is not. */
static unsigned int cpu_of(int node, bool same, unsigned int nth)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		if ((cpu_to_node(cpu) == node) == same && !nth--)
			return cpu;
	return nr_cpu_ids;
}

static void need_near(struct kunit *test, struct places *p, int node)
{
	p->self = cpu_of(node, true, 0);
	p->near = cpu_of(node, true, 1);
	p->far = cpu_of(node, false, 0);
	if (p->near >= nr_cpu_ids)
		kunit_skip(test, "needs two CPUs on node %d", node);
}

static void need_nodes(struct kunit *test, struct places *p, int node)
{
	if (num_online_nodes() < 2)
		kunit_skip(test, "needs two nodes");
	need_near(test, p, node);
	if (p->far >= nr_cpu_ids)
		kunit_skip(test, "needs a CPU on another node than %d", node);
}

/* @nr new objects, parked on @cpu. */
static void park_on(struct tcache *tc, unsigned int cpu, struct tobj **objs)
{
	on(tc->test, cpu);
	t_get_all(tc, objs, PARKED);
	t_put_all(tc, objs, PARKED);
}

static bool is_among(const struct tobj *obj, struct tobj **objs)
{
	unsigned int i;

	for (i = 0; i < PARKED; i++)
		if (objs[i] == obj)
			return true;
	return false;
}

/* The next @nr gets take from @from, and with a counter to say so. */
static void expect_next(struct tcache *tc, struct tobj **got, unsigned int nr,
			struct tobj **from, const char *what)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		got[i] = t_try_get(tc, 1);
		KUNIT_ASSERT_NOT_NULL_MSG(tc->test, got[i], "%s: get %u", what, i);
		KUNIT_EXPECT_TRUE_MSG(tc->test, is_among(got[i], from),
				      "%s: get %u", what, i);
	}
}

static void s01_other_cpus_come_before_the_own_aged_generation(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *own[PARKED], *theirs[PARKED], **got = t_objs(test, 2 * PARKED);
	struct places p;

	need_near(test, &p, cpu_to_node(t_nth_cpu(0)));
	on(test, p.near);
	t_get_all(tc, theirs, PARKED);
	park_on(tc, p.self, own);
	objcache_age(tc->cache);
	on(test, p.near);
	t_put_all(tc, theirs, PARKED);
	on(test, p.self);
	expect_next(tc, got, PRIVATE, own, "private");
	expect_next(tc, got + PRIVATE, SHARED, theirs, "other CPU's current");
	KUNIT_EXPECT_EQ(test, t_stat(tc, steals), SHARED);
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_hits), 0);
	expect_next(tc, got + PARKED, SHARED, own, "own aged");
	KUNIT_EXPECT_EQ(test, t_stat(tc, steals), SHARED);
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_hits), SHARED);
	KUNIT_EXPECT_NULL(test, t_try_get(tc, 1));
	t_put_all(tc, got, PARKED + SHARED);
	t_finish(tc);
}

/* Whichever of the two was parked first, and on either node. */
static void expect_near_first(struct kunit *test, int node, bool far_first)
{
	struct tobj *near[PARKED], *far[PARKED], **got = t_objs(test, 2 * SHARED);
	struct tcache *tc = t_create_small(test, 0);
	struct places p;

	need_nodes(test, &p, node);
	on(test, p.self);
	t_get_all(tc, near, PARKED);
	t_get_all(tc, far, PARKED);
	on(test, far_first ? p.far : p.near);
	t_put_all(tc, far_first ? far : near, PARKED);
	on(test, far_first ? p.near : p.far);
	t_put_all(tc, far_first ? near : far, PARKED);
	on(test, p.self);
	expect_next(tc, got, SHARED, near, "own node");
	expect_next(tc, got + SHARED, SHARED, far, "other node");
	KUNIT_EXPECT_EQ(test, t_stat(tc, steals), 2 * SHARED);
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_hits), 0);
	KUNIT_EXPECT_NULL(test, t_try_get(tc, 1));
	t_put_all(tc, got, 2 * SHARED);
	t_finish(tc);
}

static void s01_cpus_of_the_own_node_come_before_those_of_others(struct kunit *test)
{
	int node;

	for_each_online_node(node) {
		expect_near_first(test, node, false);
		expect_near_first(test, node, true);
	}
}

/* Own aged, the node's aged, and only then what is current elsewhere. */
static void expect_near_aged_first(struct kunit *test, int node)
{
	struct tobj *near[PARKED], *far[PARKED], *own[PARKED];
	struct tobj **got = t_objs(test, 3 * PARKED);
	struct tcache *tc = t_create_small(test, 0);
	struct places p;

	need_nodes(test, &p, node);
	on(test, p.far);
	t_get_all(tc, far, PARKED);
	on(test, p.self);
	t_get_all(tc, own, PARKED);
	park_on(tc, p.near, near);
	on(test, p.self);
	t_put_all(tc, own, PARKED);
	objcache_age(tc->cache);
	on(test, p.far);
	t_put_all(tc, far, PARKED);
	on(test, p.self);
	expect_next(tc, got, PARKED, own, "private and own aged");
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_hits), SHARED);
	KUNIT_EXPECT_EQ(test, t_stat(tc, steals), 0);
	expect_next(tc, got + PARKED, SHARED, near, "aged of the own node");
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_hits), 2 * SHARED);
	KUNIT_EXPECT_EQ(test, t_stat(tc, steals), SHARED);
	expect_next(tc, got + PARKED + SHARED, SHARED, far, "current of another node");
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_hits), 2 * SHARED);
	KUNIT_EXPECT_EQ(test, t_stat(tc, steals), 2 * SHARED);
	KUNIT_EXPECT_EQ(test, t_stat(tc, fresh), 3 * PARKED);
	t_put_all(tc, got, PARKED + 2 * SHARED);
	t_finish(tc);
}

static void s01_the_aged_of_the_own_node_come_before_other_nodes(struct kunit *test)
{
	int node;

	for_each_online_node(node)
		expect_near_aged_first(test, node);
}

/* The aged generation of another node comes last, but before a fresh object. */
static void s01_the_aged_of_another_node_come_before_a_fresh_object(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *far[PARKED], *got[SHARED], *obj;
	struct places p;

	need_nodes(test, &p, first_online_node);
	park_on(tc, p.far, far);
	objcache_age(tc->cache);
	on(test, p.self);
	expect_next(tc, got, SHARED, far, "aged of another node");
	KUNIT_EXPECT_EQ(test, t_stat(tc, aged_hits), SHARED);
	KUNIT_EXPECT_EQ(test, t_stat(tc, fresh), PARKED);
	obj = t_get(tc, GFP_KERNEL, 1);
	KUNIT_ASSERT_NOT_NULL(test, obj);
	KUNIT_EXPECT_EQ(test, t_stat(tc, fresh), PARKED + 1);
	t_put(tc, obj, 1);
	t_put_all(tc, got, SHARED);
	t_finish(tc);
}

static struct tobj *get_on_node(struct tcache *tc, unsigned int cpu)
{
	struct tobj *obj;

	on(tc->test, cpu);
	obj = t_get(tc, GFP_KERNEL | __GFP_THISNODE, 1);
	KUNIT_ASSERT_NOT_NULL(tc->test, obj);
	KUNIT_ASSERT_EQ(tc->test, cpu_to_node(cpu), page_to_nid(virt_to_page(obj)));
	return obj;
}

static void s01_node_local_destroys_what_is_put_on_another_node(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, OBJCACHE_NODE_LOCAL);
	struct tobj *obj;
	struct places p;

	need_nodes(test, &p, first_online_node);
	obj = get_on_node(tc, p.far);
	on(test, p.self);
	t_put(tc, obj, 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, refused), 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	t_expect_balanced(tc, 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, destroyed), 1);
	t_finish(tc);
}

static void s01_node_local_keeps_what_is_put_on_its_node(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, OBJCACHE_NODE_LOCAL);
	struct places p;
	struct tobj *obj;

	need_nodes(test, &p, first_online_node);
	t_put(tc, get_on_node(tc, p.self), 1);
	t_put(tc, get_on_node(tc, p.far), 1);
	obj = get_on_node(tc, p.self);
	on(test, p.near);
	t_put(tc, obj, 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, refused), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 2);
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), 2);
	t_finish(tc);
}

/* As what is in a ring there; else nobody would where all of a node's CPUs have gone. */
static void s12_node_local_finds_what_another_node_has_stored(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, OBJCACHE_NODE_LOCAL | OBJCACHE_NO_AGING);
	struct tobj *obj, *got;
	struct places p;

	need_nodes(test, &p, first_online_node);
	obj = get_on_node(tc, p.far);
	t_put_nested(tc, &obj, 1);
	on(test, p.self);
	got = t_try_get(tc, 1);
	KUNIT_EXPECT_PTR_EQ(test, got, obj);
	if (got)
		t_put(tc, got, 1);
	t_finish(tc);
}

/* Without the flag it does not matter. */
static void s01_other_caches_keep_what_is_put_on_another_node(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct tobj *obj;
	struct places p;

	need_nodes(test, &p, first_online_node);
	obj = get_on_node(tc, p.far);
	on(test, p.self);
	t_put(tc, obj, 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, refused), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 1);
	t_finish(tc);
}

static struct kunit_case numa_cases[] = {
	KUNIT_CASE(s01_other_cpus_come_before_the_own_aged_generation),
	KUNIT_CASE(s01_cpus_of_the_own_node_come_before_those_of_others),
	KUNIT_CASE(s01_the_aged_of_the_own_node_come_before_other_nodes),
	KUNIT_CASE(s01_the_aged_of_another_node_come_before_a_fresh_object),
	KUNIT_CASE(s01_node_local_destroys_what_is_put_on_another_node),
	KUNIT_CASE(s01_node_local_keeps_what_is_put_on_its_node),
	KUNIT_CASE(s12_node_local_finds_what_another_node_has_stored),
	KUNIT_CASE(s01_other_caches_keep_what_is_put_on_another_node),
	{}
};

static struct kunit_suite numa_suite = {
	.name = "objcache_numa",
	.init = t_need_magazines,
	.test_cases = numa_cases,
};

kunit_test_suite(numa_suite);
