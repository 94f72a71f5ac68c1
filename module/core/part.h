/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The owner section: what code that holds a CPU's token works with
 *
 * Between objcache_enter() and objcache_exit() this CPU's magazines and the
 * head of its ring are ours: no other task runs here, interrupts find the token
 * gone, other CPUs only read counts.
 */
#ifndef _OBJCACHE_PART_H
#define _OBJCACHE_PART_H

#include "core.h"

/* NULL: it is taken, we interrupted it. objcache_exit() either way. */
static inline struct objcache_cpu *
objcache_enter(struct objcache_core *core)
{
	struct objcache_cpu *c;

	preempt_disable();
	c = this_cpu_ptr(core->cpu);
	return likely(objcache_owner_enter(&c->own)) ? c : NULL;
}

static inline void objcache_exit(struct objcache_cpu *c)
{
	if (c)
		objcache_owner_exit(&c->own);
	preempt_enable();
}

static inline bool objcache_any_loaded(const struct objcache_cpu *c)
{
	return c->own.top != c->own.base;
}

static inline unsigned int objcache_loaded(const struct objcache_cpu *c)
{
	return c->own.top - c->own.base;
}

static inline unsigned int objcache_room(const struct objcache_core *core,
					 const struct objcache_cpu *c)
{
	return c->loaded ? core->batch - objcache_loaded(c) : 0;
}

/* Owner only. The counts that other CPUs read may be off meanwhile. */
static inline void objcache_set_top(struct objcache_cpu *c, void **top)
{
	WRITE_ONCE(c->own.top, top);
}

/*
 * Owner only, or destroy. Caches whose puts have to look have none to speak of; one
 * that is being destroyed gets none again, so that a late put is no hit.
 */
static inline void objcache_set_limit(struct objcache_core *core,
				      struct objcache_cpu *c)
{
	unsigned int nr = c->loaded && !core->slow_put ? core->batch : 0;

	if (unlikely(READ_ONCE(core->dead)))
		return;
	WRITE_ONCE(c->own.limit, c->own.base + nr);
	if (unlikely(core->bounded))
		objcache_check_limit(core, c);
}

void objcache_load(struct objcache_core *core, struct objcache_cpu *c,
		   struct objcache_magazine *mag, unsigned int nr);
void objcache_swap_spare(struct objcache_core *core, struct objcache_cpu *c);
#endif /* _OBJCACHE_PART_H */
