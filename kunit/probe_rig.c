// SPDX-License-Identifier: GPL-2.0
/*
 * The rig: the cache in the state that a call meets, who comes between, and what
 * is judged after; see probe.h.
 */

#include <linux/slab.h>

#include "inside.h"
#include "probe.h"
#include "steps.h"

#define TASK		1	/* who the test's own objects belong to */
#define NMI		2
#define ENOUGH		(HAND / 2 + STASH)

static struct objcache_core *rig_core(struct rig *rig)
{
	return to_core(rig->tc->cache);
}

/* ---- who comes between ---- */

static unsigned long overflown_here(struct rig *rig)
{
	struct objcache_core *core = rig_core(rig);

	return this_cpu_read(core->cpu->count[OBJCACHE_STAT_overflow]) +
	       this_cpu_read(core->cpu->owned[OBJCACHE_STAT_overflow]) +
	       this_cpu_read(core->cpu->count[OBJCACHE_STAT_displaced]) +
	       this_cpu_read(core->cpu->owned[OBJCACHE_STAT_displaced]);
}

/* Without a magazine to be had, the object itself goes to the depot. */
static void intruder_puts(struct rig *rig, struct tobj *obj)
{
	t_put(rig->tc, obj, NMI);
	if (!rig->nested && raw_cpu_ptr(rig->tc->cache->owner)->top[-1] == obj)
		rig->last = obj;
}

void probe_intrude(struct rig *rig)
{
	unsigned long overflow = overflown_here(rig);

	rig->nested = raw_cpu_ptr(rig->tc->cache->owner)->idle != 1;
	rig->got = t_try_get(rig->tc, NMI);
	if (rig->got)
		intruder_puts(rig, rig->got);
	while (rig->stashed && overflown_here(rig) == overflow)
		intruder_puts(rig, rig->stash[--rig->stashed]);
	rig->full += overflown_here(rig) != overflow;
}

/* ---- the state that a call meets ---- */

/* Only a get that would have to make one takes back what is leaving. */
static struct tobj *rig_take(struct rig *rig)
{
	struct tobj *obj = t_try_get(rig->tc, TASK);

	if (!obj && t_stored(rig->tc, OBJCACHE_LEAVING))
		obj = t_get(rig->tc, GFP_KERNEL, TASK);
	return obj;
}

/* Nothing is destroyed meanwhile: what is too much goes here. */
static void rig_take_all(struct rig *rig)
{
	struct tobj *obj;

	while ((obj = rig_take(rig))) {
		if (rig->held < ENOUGH)
			rig->hand[rig->held++] = obj;
		else
			t_discard(rig->tc, obj, TASK);
	}
	while (rig->held > ENOUGH)
		t_discard(rig->tc, rig->hand[--rig->held], TASK);
}

static void rig_top_up(struct rig *rig)
{
	struct tobj *obj;

	while (rig->held < ENOUGH) {
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
static void rig_strip_ring(struct objcache_ring *ring)
{
	u32 i;

	for (i = 0; i <= ring->mask; i++) {
		if (!(ring->slots[i] & OBJCACHE_SLOT_FREE))
			continue;
		kfree((void *)(ring->slots[i] & ~OBJCACHE_SLOT_FREE));
		ring->slots[i] = OBJCACHE_SLOT_FREE;
	}
}

static void rig_strip_pile(struct objcache_pile *pile)
{
	struct objcache_magazine *mag;

	while ((mag = pile->top)) {
		pile->top = mag->floor;
		pile->nr--;
		kfree(mag);
	}
}

/* One empty magazine waits in the depot, or none anywhere near. */
static void rig_set_empties(struct rig *rig, struct objcache_cpu *c)
{
	struct objcache_core *core = rig_core(rig);
	struct objcache_node *n = objcache_here(core);
	struct objcache_magazine *mag = NULL;
	unsigned long flags;

	if (!rig->scene->bare) {
		mag = kzalloc(objcache_magazine_bytes(core->batch), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(rig->test, mag);
	} else {
		rig_strip_ring(&c->ring[0]);
		rig_strip_ring(&c->ring[1]);
	}
	raw_spin_lock_irqsave(&n->lock, flags);
	rig_strip_pile(&n->empty);
	rig_strip_pile(&n->empty_old);
	n->empty.top = mag;
	n->empty.nr = !!mag;
	raw_spin_unlock_irqrestore(&n->lock, flags);
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

static void rig_displace(struct rig *rig)
{
	unsigned int i;

	KUNIT_EXPECT_TRUE(rig->test, rig_enter(rig));
	for (i = 0; i < rig->scene->loose; i++)
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

/* The same each time: nothing is parked but what the scene asks for. */
void probe_rig_set(struct rig *rig)
{
	struct objcache_cpu *c = per_cpu_ptr(rig_core(rig)->cpu, t_nth_cpu(0));

	rig_take_all(rig);
	rig_top_up(rig);
	rig_park_far(rig);
	rig_park(rig);
	rig_displace(rig);
	rig_stash(rig);
	if (rig->scene->aged)
		WRITE_ONCE(c->gen, !c->gen);
	rig_set_empties(rig, c);
	/* No theft is known, nor a trace of one left; and nobody has called the keeper. */
	irq_work_sync(&rig_core(rig)->kick);
	cancel_delayed_work_sync(&rig_core(rig)->keeper);
	rig_core(rig)->due = 0;
	c->victim = t_nth_cpu(0);
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

/* So that what is put next finds room here. */
static void rig_make_room(struct rig *rig)
{
	unsigned int i;
	struct tobj *obj;

	for (i = 0; i < 3 && (obj = t_try_get(rig->tc, TASK)); i++)
		rig->hand[rig->held++] = obj;
}

/* Put a, b, c: they come back as c, b, a. */
static void expect_newest_first(struct rig *rig)
{
	struct tobj *abc[3], *obj;
	unsigned int i;

	rig_make_room(rig);
	for (i = 0; i < 3; i++)
		abc[i] = rig_park_one(rig);
	for (i = 3; i--; ) {
		obj = t_try_get(rig->tc, TASK);
		KUNIT_EXPECT_PTR_EQ(rig->test, obj, abc[i]);
		if (obj)
			rig->hand[rig->held++] = obj;
	}
}

void probe_judge(struct rig *rig, struct tobj *obj)
{
	struct kunit *test = rig->test;

	rig->nested_hits += rig->nested;
	if (rig->scene->puts)
		expect_on_top(rig);
	else
		expect_result(rig, obj);
	if (!rig->scene->puts && rig->scene->call != probed_try_get)
		KUNIT_EXPECT_NOT_NULL(test, obj);
	expect_newest_first(rig);
	probe_rig_unstash(rig);
	t_expect_balanced_now(rig->tc, rig->held);
}

/* ---- its life ---- */

/* It would be in the way: what is leaving stays, and nobody else has a lock. */
static void rig_keeper(struct work_struct *work)
{
	struct objcache_core *core = container_of(to_delayed_work(work),
						  struct objcache_core, keeper);

	clear_bit(OBJCACHE_DUE_NOW, &core->due);
	clear_bit(OBJCACHE_DUE_LOOK, &core->due);
}

void probe_rig_open(struct rig *rig, const struct scene *scene)
{
	struct objcache_params params = {
		.batch = BATCH, .capacity = CAPACITY, .flags = OBJCACHE_NO_AGING,
		.ops = scene->reset ? &t_ops_reset : &t_ops,
	};
	struct objcache_core *core;

	rig->tc = t_create(rig->test, &params);
	rig->scene = scene;
	core = rig_core(rig);
	/* So many may wait as like: no get is refused for that. */
	core->backlog_max = INT_MAX;
	rig->keeper = core->keeper.work.func;
	core->keeper.work.func = rig_keeper;
}

void probe_rig_close(struct rig *rig)
{
	struct objcache_core *core = rig_core(rig);

	rig_take_all(rig);
	while (rig->held)
		rig_park_one(rig);
	irq_work_sync(&core->kick);
	cancel_delayed_work_sync(&core->keeper);
	core->keeper.work.func = rig->keeper;
	objcache_drain(rig->tc->cache);
	t_finish(rig->tc);
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
