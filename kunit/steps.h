/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The trap flag: the CPU enters the kernel after each instruction, where a die
 * notifier sees DIE_DEBUG. For x86-64 only.
 */
#ifndef _OBJCACHE_KUNIT_STEPS_H
#define _OBJCACHE_KUNIT_STEPS_H

#include <kunit/test.h>
#include <linux/compiler.h>
#include <linux/preempt.h>

/* User-Mode Linux has the configuration, and the flag is its host's. */
#if defined(CONFIG_X86_64) && !defined(CONFIG_UML)
#define T_STEPS

#include <asm/debugreg.h>

/* Before and after the flag is up, no other task must get it. */
static __always_inline void step_on(void)
{
	preempt_disable();
	asm volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq" ::: "cc", "memory");
}

static __always_inline void step_off(void)
{
	asm volatile("pushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq" ::: "cc", "memory");
	preempt_enable();
}

#endif

/* Skips the test of a call that is stepped where none can be. */
static inline void t_need_steps(struct kunit *test)
{
#ifndef T_STEPS
	kunit_skip(test, "the trap flag is x86-64's");
#endif
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "the step keeps preemption off, and the call may sleep here");
}

#endif /* _OBJCACHE_KUNIT_STEPS_H */
