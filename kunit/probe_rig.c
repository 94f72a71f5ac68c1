// SPDX-License-Identifier: GPL-2.0
/*
 * The rig: the cache in the state that a call meets, who comes between, and what
 * is judged after; see probe.h.
 */

#include <linux/slab.h>

#include "probe.h"
#include "steps.h"
#include "../module/internal.h"

#define TASK		1	/* who the test's own objects belong to */
#define NMI		2

static struct objcache_core *rig_core(struct rig *rig)
{
	return to_core(rig->tc->cache);
}

/* ---- who comes between ---- */

static unsigned long overflown_here(struct rig *rig)
{
	struct objcache_core *core = rig_core(rig);

	return this_cpu_read(core->cpu->count.overflow) +
	       this_cpu_read(core->cpu->owned.overflow);
}

void probe_intrude(struct rig *rig)
{
	unsigned long overflow = overflown_here(rig);

	rig->nested = raw_cpu_ptr(rig->tc->cache->owner)->idle != 1;
	rig->got = t_try_get(rig->tc, NMI);
	if (rig->got)
		t_put(rig->tc, rig->got, NMI);
	while (rig->stashed && overflown_here(rig) == overflow) {
		rig->last = rig->stash[--rig->stashed];
		t_put(rig->tc, rig->last, NMI);
	}
	rig->full += overflown_here(rig) != overflow;
}

/* ---- the state that a call meets ---- */

/* Only a get that would have to make one looks into the depot. */
static struct tobj *rig_take(struct rig *rig)
{
	struct tobj *obj = t_try_get(rig->tc, TASK);

	if (!obj && READ_ONCE(rig_core(rig)->depot.full.nr))
		obj = t_get(rig->tc, GFP_KERNEL, TASK);
	return obj;
}

static void rig_take_all(struct rig *rig)
{
	struct tobj *obj;

	while (rig->held < HAND && (obj = rig_take(rig)))
		rig->hand[rig->held++] = obj;
}

static void rig_top_up(struct rig *rig)
{
	struct tobj *obj;

	while (rig->held < HAND / 2 + STASH) {
		obj = t_get(rig->tc, GFP_KERNEL, TASK);
		KUNIT_ASSERT_NOT_NULL(rig->test, obj);
		rig->hand[rig->held++] = obj;
	}
}

/* The last one of the hand. */
static struct tobj *rig_park_one(struct rig *rig)
{
	struct tobj *obj = rig->hand[--rig->held];

	t_put(rig->tc, obj, TASK);
	return obj;
}

static void rig_park_far(struct rig *rig)
{
	unsigned int far = rig->scene->far;
	struct objcache_cpu *c;

	if (!far)
		return;
	c = per_cpu_ptr(rig_core(rig)->cpu, t_nth_cpu(1));
	t_on_cpu(rig->test, 1);
	while (rig->held && objcache_shared(c) < far)
		rig_park_one(rig);
	t_on_cpu(rig->test, 0);
}

static void rig_park(struct rig *rig)
{
	struct tobj *order[CAPACITY + BATCH];
	unsigned int i, nr = rig->scene->park;

	for (i = 0; i < nr; i++)
		order[i] = rig_park_one(rig);
	for (i = 0; i < rig->scene->unpark; i++)
		rig->hand[rig->held++] = t_try_get(rig->tc, TASK);
	nr -= rig->scene->unpark;
	rig->newest = nr && !rig->scene->depot ? order[nr - 1] : NULL;
}

/* Owner only: as strip does, when nobody is there. */
static void rig_strip(struct objcache_ring *ring)
{
	u32 i;

	for (i = 0; i <= ring->mask; i++) {
		if (!(ring->slots[i] & OBJCACHE_SLOT_FREE))
			continue;
		kfree((void *)(ring->slots[i] & ~OBJCACHE_SLOT_FREE));
		ring->slots[i] = OBJCACHE_SLOT_FREE;
	}
}

static bool rig_enter(struct rig *rig)
{
	struct objcache_owner *owner;

	preempt_disable();
	owner = raw_cpu_ptr(rig->tc->cache->owner);
	return objcache_owner_enter(owner);
}

static void rig_exit(struct rig *rig)
{
	struct objcache_owner *owner = raw_cpu_ptr(rig->tc->cache->owner);

	objcache_owner_exit(owner);
	preempt_enable();
}

static void rig_link(struct rig *rig)
{
	unsigned int i;

	KUNIT_EXPECT_TRUE(rig->test, rig_enter(rig));
	for (i = 0; i < rig->scene->linked; i++)
		rig_park_one(rig);
	rig_exit(rig);
}

static void rig_stash(struct rig *rig)
{
	struct tobj *obj;

	while (rig->stashed < STASH) {
		obj = rig->hand[--rig->held];
		t_release(rig->tc, obj, TASK);
		t_claim(rig->tc, obj, NMI);
		rig->stash[rig->stashed++] = obj;
	}
}

void probe_rig_unstash(struct rig *rig)
{
	struct tobj *obj;

	while (rig->stashed) {
		obj = rig->stash[--rig->stashed];
		t_release(rig->tc, obj, NMI);
		t_claim(rig->tc, obj, TASK);
		rig->hand[rig->held++] = obj;
	}
}

/* No look at the depot comes in between, and none has been. */
static void rig_hold_depot(struct objcache_depot *depot)
{
	cancel_delayed_work_sync(&depot->work);
	depot->full.low = 0;
	depot->empty.low = 0;
	depot->watched = true;
}

/* The same each time: nothing is parked but what the scene asks for. */
void probe_rig_set(struct rig *rig)
{
	struct objcache_cpu *c = per_cpu_ptr(rig_core(rig)->cpu, t_nth_cpu(0));

	rig_take_all(rig);
	rig_top_up(rig);
	rig_park_far(rig);
	rig_park(rig);
	rig_link(rig);
	rig_stash(rig);
	if (rig->scene->depot)
		rig_hold_depot(&rig_core(rig)->depot);
	if (rig->scene->aged)
		WRITE_ONCE(c->gen, !c->gen);
	if (rig->scene->bare) {
		rig_strip(&c->ring[0]);
		rig_strip(&c->ring[1]);
	}
	rig->obj = rig->scene->puts ? rig->hand[--rig->held] : NULL;
	rig->acted = false;
	rig->nested = false;
	rig->got = NULL;
	rig->last = NULL;
}

/* ---- a call ---- */

noinline struct tobj *probe_rig_call(struct rig *rig, bool stepped)
{
	struct tcache *tc = rig->tc;
	struct tobj *obj;

	if (rig->obj)
		t_release(tc, rig->obj, TASK);
	preempt_disable();
	if (rig->scene->inside)
		rig_enter(rig);
	if (stepped)
		step_on();
	rig->open = !stepped;
	obj = rig->scene->call(tc->cache, rig->obj);
	rig->open = false;
	if (stepped)
		step_off();
	if (rig->scene->inside)
		rig_exit(rig);
	preempt_enable();
	if (obj && t_claim(tc, obj, TASK))
		rig->hand[rig->held++] = obj;
	return obj;
}

/* ---- what is judged ---- */

/*
 * Where the handler did not meet the owner at work, it came before the call had
 * its effect, or after. Where it did, private parts are as the call left them.
 */
static void expect_result(struct rig *rig, struct tobj *obj)
{
	struct kunit *test = rig->test;

	if (rig->scene->inside || !rig->newest)
		return;
	if (!rig->nested)
		KUNIT_EXPECT_PTR_EQ(test, obj, rig->got == rig->newest ? rig->last : rig->newest);
	else if (rig->scene->private)
		KUNIT_EXPECT_PTR_EQ(test, obj, rig->newest);
}

/* The newest is what was put last: by the call or by who came after it. */
static void expect_on_top(struct rig *rig)
{
	struct kunit *test = rig->test;
	bool after = !rig->nested && rig->got == rig->obj;
	struct tobj *top;

	if (rig->scene->inside)
		return;
	top = t_try_get(rig->tc, TASK);
	KUNIT_EXPECT_PTR_EQ(test, top, after ? rig->last : rig->obj);
	if (top)
		rig->hand[rig->held++] = top;
}

/*
 * Put a, b, c: they come back as c, b, a. What interrupts have linked may come in
 * between.
 */
static void expect_newest_first(struct rig *rig)
{
	struct objcache_cpu *c = per_cpu_ptr(rig_core(rig)->cpu, t_nth_cpu(0));
	unsigned int foreign = atomic_read(&c->nested_nr), left = 3;
	struct tobj *abc[3], *obj;

	abc[0] = rig_park_one(rig);
	abc[1] = rig_park_one(rig);
	abc[2] = rig_park_one(rig);
	while (left && (obj = t_try_get(rig->tc, TASK))) {
		rig->hand[rig->held++] = obj;
		if (obj == abc[left - 1])
			left--;
		else if (!foreign--)
			break;
	}
	KUNIT_EXPECT_EQ(rig->test, left, 0);
}

/* S14; what lies in the depot counts as releasing, and stays there. */
static void expect_books(struct rig *rig, u64 in_use)
{
	if (!rig->scene->depot) {
		t_expect_balanced(rig->tc, in_use);
		return;
	}
	rig_hold_depot(&rig_core(rig)->depot);
	KUNIT_EXPECT_TRUE(rig->test, t_wait_until(!atomic_long_read(&rig_core(rig)->releasing)));
	t_expect_balanced_now(rig->tc, in_use);
}

void probe_judge(struct rig *rig, struct tobj *obj)
{
	struct kunit *test = rig->test;

	rig->unreached += !rig->acted;
	rig->nested_hits += rig->nested;
	if (rig->scene->puts)
		expect_on_top(rig);
	else
		expect_result(rig, obj);
	if (!rig->scene->puts && rig->scene->call != probed_try_get)
		KUNIT_EXPECT_NOT_NULL(test, obj);
	expect_newest_first(rig);
	probe_rig_unstash(rig);
	expect_books(rig, rig->held);
}

/* ---- its life ---- */

void probe_rig_open(struct rig *rig, const struct scene *scene)
{
	struct objcache_ops ops = { .ctor = t_ops.ctor };
	struct objcache_params params = {
		.batch = BATCH, .capacity = CAPACITY, .ops = scene->depot ? &ops : &t_ops,
	};

	rig->tc = t_create(rig->test, &params);
	rig->scene = scene;
	/* What overflows may wait as long as it likes: no get is refused for that. */
	rig_core(rig)->backlog_max = INT_MAX;
}

void probe_rig_close(struct rig *rig)
{
	rig_take_all(rig);
	while (rig->held)
		rig_park_one(rig);
	if (!rig->scene->depot) {
		t_finish(rig->tc);
		return;
	}
	objcache_drain(rig->tc->cache);
	expect_books(rig, 0);
	KUNIT_EXPECT_EQ(rig->test, t_stat(rig->tc, parked) + t_stat(rig->tc, releasing), 0);
	t_destroy(rig->tc);
}

struct rig *probe_rig_create(struct kunit *test)
{
	struct rig *rig = kunit_kzalloc(test, sizeof(*rig), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rig);
	rig->test = test;
	rig->task = current;
	probe_points_init(rig);
	t_on_cpu(test, 0);
	return rig;
}
