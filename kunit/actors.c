// SPDX-License-Identifier: GPL-2.0
/* Actors; see actors.h. */

#include "actors.h"

void t_actor_init(struct t_actor *actor, struct tcache *tc, u32 who, gfp_t gfp)
{
	*actor = (struct t_actor) {
		.tc = tc,
		.who = who,
		.random = who * 2654435761U | 1,
		.gfp = gfp,
		.may_discard = true,
	};
}

static void t_actor_get(struct t_actor *actor)
{
	struct tobj *obj;

	if (actor->nr == T_HELD_MAX)
		return;
	if (actor->gfp && t_random(&actor->random) % 4)
		obj = t_get(actor->tc, actor->gfp, actor->who);
	else
		obj = t_try_get(actor->tc, actor->who);
	if (obj)
		actor->held[actor->nr++] = obj;
}

/* Gives back any of those it holds, not always the last. */
static void t_actor_give(struct t_actor *actor)
{
	struct tobj *obj;
	unsigned int i;

	if (!actor->nr)
		return;
	i = t_random(&actor->random) % actor->nr;
	obj = actor->held[i];
	actor->held[i] = actor->held[--actor->nr];
	if (actor->may_discard && !(t_random(&actor->random) % 32))
		t_discard(actor->tc, obj, actor->who);
	else
		t_put(actor->tc, obj, actor->who);
}

static void t_actor_bulk(struct t_actor *actor)
{
	unsigned int room = T_HELD_MAX - actor->nr;
	unsigned int nr = t_random(&actor->random) % (T_HELD_MAX + 1);

	if (nr <= room) {
		actor->nr += t_get_bulk(actor->tc, actor->gfp, nr,
					actor->held + actor->nr, actor->who);
	} else {
		nr = min(nr, actor->nr);
		actor->nr -= nr;
		t_put_bulk(actor->tc, nr, actor->held + actor->nr, actor->who);
	}
}

void t_actor_step(struct t_actor *actor)
{
	u32 dice = t_random(&actor->random) % 16;

	/* Others may look whether it does something. */
	WRITE_ONCE(actor->steps, actor->steps + 1);
	if (actor->may_bulk && !dice)
		t_actor_bulk(actor);
	else if (dice % 2)
		t_actor_get(actor);
	else
		t_actor_give(actor);
}

/* Everything back; in process context. */
void t_actor_empty(struct t_actor *actor)
{
	while (actor->nr)
		t_put(actor->tc, actor->held[--actor->nr], actor->who);
}
