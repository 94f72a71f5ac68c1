/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where we are, and what is legal there
 */
#ifndef _OBJCACHE_CONTEXT_H
#define _OBJCACHE_CONTEXT_H

#include <linux/err.h>
#include <linux/irqflags.h>
#include <linux/preempt.h>
#include <linux/sched.h>	/* for in_interrupt() on PREEMPT_RT */

/*
 * Where the kernel has the upper half of the addresses, a pointer to something
 * is a number below all errors, and those below NULL. So one comparison does for
 * IS_ERR_OR_NULL(), and what many pointers have in common tells of a NULL.
 */
#define OBJCACHE_UPPER_HALF						\
	((IS_ENABLED(CONFIG_X86_64) && !IS_ENABLED(CONFIG_UML)) ||	\
	 (IS_ENABLED(CONFIG_ARM64) && !IS_ENABLED(CONFIG_KASAN_SW_TAGS)))

/* Neither an error nor NULL. */
static __always_inline bool objcache_is_object(const void *ptr)
{
	if (OBJCACHE_UPPER_HALF)
		return (long)ptr < -MAX_ERRNO;
	return !IS_ERR_OR_NULL(ptr);
}

/* The same of @a, and @b is not NULL. */
static __always_inline bool objcache_are_objects(const void *a, const void *b)
{
	if (OBJCACHE_UPPER_HALF)
		return (((long)a + MAX_ERRNO) & (long)b) < 0;
	return objcache_is_object(a) && b;
}

/* Start with -1, add each pointer; negative at the end if none was NULL. */
static __always_inline long objcache_add_common(long common, const void *ptr)
{
	if (OBJCACHE_UPPER_HALF)
		return common & (long)ptr;
	return ptr ? common : 0;
}

/*
 * Neither the slab nor the page allocator may be entered from NMI, nor, on
 * PREEMPT_RT, where their locks sleep, from a caller that is not preemptible.
 */
static inline bool objcache_may_alloc(void)
{
	if (in_nmi())
		return false;
	return !IS_ENABLED(CONFIG_PREEMPT_RT) || preemptible();
}

/*
 * Stricter, for what put does on its own account: the caller may hold a raw
 * spinlock, under which no spinlock_t, and so no slab call, is in order. With
 * interrupts on that harms nobody but on PREEMPT_RT, and is asked for only there
 * and where lockdep checks it.
 */
static inline bool objcache_may_call_slab(void)
{
	if (IS_ENABLED(CONFIG_PROVE_RAW_LOCK_NESTING) && !preemptible())
		return false;
	return objcache_may_alloc() && !irqs_disabled();
}

/* The slab's bulk calls want process context with interrupts on. */
static inline bool objcache_may_bulk(void)
{
	return objcache_may_call_slab() && !in_interrupt();
}

/*
 * A lock that is held with interrupts off is not held by this CPU while they are on:
 * whatever has interrupted its holder finds them off, probes too.
 */
static inline bool objcache_may_spin(void)
{
	return !irqs_disabled() && !in_nmi();
}

#endif /* _OBJCACHE_CONTEXT_H */
