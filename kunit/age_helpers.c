// SPDX-License-Identifier: GPL-2.0
/* Users of a cache that ages; see age_helpers.h. */

#include "actors.h"
#include "age_helpers.h"

void age_use(struct tcache *tc, unsigned int nr)
{
	struct tobj *objs[PARKED];

	t_get_all(tc, objs, nr);
	t_put_all(tc, objs, nr);
}

/* Many out, many back: what the shared parts are for. */
static void burst(struct t_actor *actor)
{
	struct tobj *objs[PARKED];
	unsigned int nr;

	for (nr = 0; nr < PARKED; nr++) {
		objs[nr] = t_get(actor->tc, actor->gfp, actor->who);
		if (!objs[nr])
			break;
	}
	while (nr)
		t_put(actor->tc, objs[--nr], actor->who);
}

void age_busy_user(struct t_thread *thread)
{
	struct t_actor actor;

	t_actor_init(&actor, thread->crew->data, thread->who, GFP_KERNEL);
	actor.may_bulk = true;
	while (!t_crew_stopping(thread->crew)) {
		t_actor_step(&actor);
		if (!(t_random(&actor.random) % 32))
			burst(&actor);
		cond_resched();
	}
	t_actor_empty(&actor);
}
