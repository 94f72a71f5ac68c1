// SPDX-License-Identifier: GPL-2.0
/*
 * Actors: each gets, puts, discards and hands on at random
 *
 * An actor wants to hold some number of objects; when it does, it wants another
 * number. So there are bursts, which fill and empty the shared parts. It keeps to
 * one cache for a while, but now and then takes from any. All of it is legal in
 * any context, NMI included.
 */
#include <linux/irqflags.h>
#include <linux/preempt.h>

#include "torture.h"

#define TORT_BULK	24

/* Of a context that interrupts others; a thread holds TORT_HELD. */
#define TORT_ROOM	12

static const char * const tort_context_names[] = {
	[TORT_PROCESS]	= "process",
	[TORT_SOFTIRQ]	= "softirq",
	[TORT_HARDIRQ]	= "hardirq",
	[TORT_IRQ_WORK]	= "irq_work",
	[TORT_NMI]	= "NMI",
};

/* ---- what a call must leave as it was ---- */

struct tort_caller {
	int preempt;
	bool irqs_off;
};

static struct tort_caller tort_caller_now(void)
{
	return (struct tort_caller) {
		.preempt = preempt_count(),
		.irqs_off = irqs_disabled(),
	};
}

static void tort_caller_check(struct tort_actor *actor, struct tort_caller was)
{
	struct tort_caller is = tort_caller_now();

	if (is.preempt != was.preempt || is.irqs_off != was.irqs_off)
		tort_fault("a call in %s changed preemption from %x to %x, interrupts off from %d to %d",
			   tort_context_names[actor->context], was.preempt,
			   is.preempt, was.irqs_off, is.irqs_off);
}

/* ---- one at a time ---- */

unsigned int tort_dice(struct tort_actor *actor, unsigned int sides)
{
	return (u32)torture_random(&actor->random) % sides;
}

static struct tort_cache *tort_any_cache(struct tort_actor *actor)
{
	return &tort_caches[tort_dice(actor, TORT_CACHES)];
}

static struct tort_tally *tort_tally(struct tort_actor *actor,
				     struct tort_cache *tc)
{
	return &actor->tally[tc - tort_caches];
}

/* Others read it meanwhile. */
static void tort_count(u64 *count, unsigned int nr)
{
	WRITE_ONCE(*count, *count + nr);
}

static void tort_take(struct tort_actor *actor, struct tort_cache *tc,
		      struct tort_obj *obj)
{
	if (tort_claim(tc, obj, actor->id))
		actor->held[actor->nr++] = (struct tort_held) { tc, obj };
}

/* Actors hold what others wait for, so they do not wait themselves: tort_waiter() does. */
static gfp_t tort_no_wait(struct tort_cache *tc, gfp_t gfp)
{
	if (tc->params.min_objects)
		return gfp & ~__GFP_DIRECT_RECLAIM;
	return tc->params.max_objects ? gfp | __GFP_NORETRY : gfp;
}

static void tort_get(struct tort_actor *actor, struct tort_cache *tc, gfp_t gfp)
{
	struct tort_caller was = tort_caller_now();
	struct tort_obj *obj;

	gfp = gfp ? tort_no_wait(tc, gfp) : 0;
	obj = gfp ? objcache_get(tc->cache, gfp) : objcache_try_get(tc->cache);
	tort_caller_check(actor, was);
	if (!obj)
		return;
	tort_count(&tort_tally(actor, tc)->gets, 1);
	tort_take(actor, tc, obj);
}

/* Any of those it holds, not always the last. */
static struct tort_held tort_choose(struct tort_actor *actor)
{
	unsigned int i = tort_dice(actor, actor->nr);
	struct tort_held one = actor->held[i];

	actor->held[i] = actor->held[--actor->nr];
	return one;
}

static void tort_put(struct tort_actor *actor, struct tort_held one)
{
	struct tort_caller was;

	if (!tort_release(one.tc, one.obj, actor->id))
		return;
	was = tort_caller_now();
	objcache_put(one.tc->cache, one.obj);
	tort_caller_check(actor, was);
	tort_count(&tort_tally(actor, one.tc)->puts, 1);
}

static void tort_discard(struct tort_actor *actor, struct tort_held one)
{
	struct tort_caller was;

	if (!tort_release(one.tc, one.obj, actor->id))
		return;
	was = tort_caller_now();
	objcache_discard(one.tc->cache, one.obj);
	tort_caller_check(actor, was);
	tort_count(&tort_tally(actor, one.tc)->discards, 1);
}

/*
 * To whoever comes by the box next, on another CPU or in another context; what
 * was in it comes out. The xchg() is a full barrier: what is in the object goes
 * with it.
 */
static void tort_hand_on(struct tort_actor *actor, struct tort_held one)
{
	struct tort_obj **box = &one.tc->box[tort_dice(actor, TORT_BOXES)];
	struct tort_obj *other;

	if (tort_plants("claim"))
		tort_claim(one.tc, one.obj, actor->id);
	if (!tort_release(one.tc, one.obj, actor->id))
		return;
	other = xchg(box, one.obj);
	if (other)
		tort_take(actor, one.tc, other);
}

/* ---- several at once ---- */

static void tort_get_bulk(struct tort_actor *actor, gfp_t gfp)
{
	struct tort_caller was = tort_caller_now();
	unsigned int room = min(actor->room - actor->nr, TORT_BULK);
	struct tort_cache *tc = actor->tc;
	void *objs[TORT_BULK];
	unsigned int nr, i;

	nr = objcache_get_bulk(tc->cache, tort_no_wait(tc, gfp ?: GFP_NOWAIT),
			       tort_dice(actor, room + 1), objs);
	tort_caller_check(actor, was);
	tort_count(&tort_tally(actor, tc)->gets, nr);
	for (i = 0; i < nr; i++)
		tort_take(actor, tc, objs[i]);
}

/* The newest ones, as long as they are of one cache. */
static void tort_put_bulk(struct tort_actor *actor)
{
	struct tort_cache *tc = actor->held[actor->nr - 1].tc;
	struct tort_caller was;
	void *objs[TORT_BULK];
	unsigned int nr = 0;

	while (actor->nr && nr < TORT_BULK &&
	       actor->held[actor->nr - 1].tc == tc) {
		struct tort_obj *obj = actor->held[--actor->nr].obj;

		if (tort_release(tc, obj, actor->id))
			objs[nr++] = obj;
	}
	was = tort_caller_now();
	objcache_put_bulk(tc->cache, nr, objs);
	tort_caller_check(actor, was);
	tort_count(&tort_tally(actor, tc)->puts, nr);
}

/* ---- steps ---- */

static void tort_set_goal(struct tort_actor *actor)
{
	actor->tc = tort_any_cache(actor);
	actor->goal = tort_dice(actor, actor->room + 1);
	actor->growing = actor->goal > actor->nr;
}

static void tort_grow(struct tort_actor *actor, gfp_t gfp)
{
	switch (tort_dice(actor, 16)) {
	case 0:
		/* There is none that only tries, but in NMI each does. */
		if (gfp || in_nmi())
			tort_get_bulk(actor, gfp);
		return;
	case 1:
		return tort_get(actor, tort_any_cache(actor), gfp);
	case 2:
	case 3:
		return tort_get(actor, actor->tc, 0);
	default:
		return tort_get(actor, actor->tc, gfp);
	}
}

static void tort_shed(struct tort_actor *actor)
{
	switch (tort_dice(actor, 16)) {
	case 0:
		return tort_put_bulk(actor);
	case 1:
		return tort_discard(actor, tort_choose(actor));
	case 2:
	case 3:
		return tort_hand_on(actor, tort_choose(actor));
	default:
		return tort_put(actor, tort_choose(actor));
	}
}

static void tort_step(struct tort_actor *actor, gfp_t gfp)
{
	/* Where nothing is to be had, a goal may be out of reach. */
	if (actor->growing ? actor->nr >= actor->goal : actor->nr <= actor->goal ||
	    !tort_dice(actor, 128))
		tort_set_goal(actor);
	/* A quarter of the steps goes the other way. */
	if (actor->growing == !!tort_dice(actor, 4) && actor->nr < actor->room)
		tort_grow(actor, gfp);
	else if (actor->nr)
		tort_shed(actor);
}

/* With @gfp 0 it only takes what is parked. */
void tort_actor_steps(struct tort_actor *actor, gfp_t gfp, unsigned int nr)
{
	while (nr--)
		tort_step(actor, gfp);
}

/* For one object of each cache that has few, holding none; for as long as it takes. */
void tort_actor_wait(struct tort_actor *actor)
{
	unsigned int i;

	for (i = 0; i < TORT_CACHES; i++) {
		struct tort_cache *tc = &tort_caches[i];
		struct tort_obj *obj;

		if (!tc->params.max_objects)
			continue;
		obj = objcache_get(tc->cache, GFP_KERNEL);
		if (!obj && tc->params.min_objects)
			tort_fault("%s: a get that may wait gave NULL", tc->name);
		if (!obj)
			continue;
		tort_count(&tort_tally(actor, tc)->gets, 1);
		tort_take(actor, tc, obj);
		if (!actor->nr)
			continue;
		if (tort_dice(actor, 4))
			tort_put(actor, tort_choose(actor));
		else
			tort_discard(actor, tort_choose(actor));
	}
}

/* ---- life ---- */

void tort_actor_init(struct tort_actor *actor, enum tort_context context)
{
	static atomic_t last_id;

	actor->context = context;
	actor->id = atomic_inc_return(&last_id);
	actor->room = context == TORT_PROCESS ? TORT_HELD : TORT_ROOM;
	torture_random_init(&actor->random);
	actor->random.trs_state = actor->id;
	tort_set_goal(actor);
}

/* What is in the boxes is nobody's; taken out when nobody else acts any more. */
static void tort_empty_boxes(struct tort_actor *actor)
{
	unsigned int i, j;

	for (i = 0; i < TORT_CACHES; i++) {
		for (j = 0; j < TORT_BOXES; j++) {
			struct tort_cache *tc = &tort_caches[i];
			struct tort_obj *obj = xchg(&tc->box[j], NULL);

			if (obj)
				tort_take(actor, tc, obj);
			if (actor->nr)
				tort_put(actor, tort_choose(actor));
		}
	}
}

/* Everything back, in process context. */
void tort_actor_empty(struct tort_actor *actor)
{
	if (actor->nr && tort_plants("lose"))
		actor->nr--;
	while (actor->nr)
		tort_put(actor, tort_choose(actor));
	tort_empty_boxes(actor);
}

/* ---- sums ---- */

struct tort_sum {
	struct tort_cache *tc;
	struct tort_tally tally;
};

static void tort_add_tally(struct tort_actor *actor, void *data)
{
	struct tort_sum *sum = data;
	struct tort_tally *tally = tort_tally(actor, sum->tc);

	sum->tally.gets += READ_ONCE(tally->gets);
	sum->tally.puts += READ_ONCE(tally->puts);
	sum->tally.discards += READ_ONCE(tally->discards);
}

/* What all actors did to one cache. */
struct tort_tally tort_tally_of(struct tort_cache *tc)
{
	struct tort_sum sum = { .tc = tc };

	tort_actors_do(tort_add_tally, &sum);
	return sum.tally;
}

struct tort_ops {
	enum tort_context context;
	u64 ops;
};

static void tort_add_ops(struct tort_actor *actor, void *data)
{
	struct tort_ops *sum = data;
	unsigned int i;

	for (i = 0; i < TORT_CACHES && actor->context == sum->context; i++)
		sum->ops += READ_ONCE(actor->tally[i].gets) +
			    READ_ONCE(actor->tally[i].puts) +
			    READ_ONCE(actor->tally[i].discards);
}

/* Gets, puts and discards in one context, in all caches. */
u64 tort_ops_in(enum tort_context context)
{
	struct tort_ops sum = { .context = context };

	tort_actors_do(tort_add_ops, &sum);
	return sum.ops;
}
