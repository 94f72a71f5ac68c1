/* SPDX-License-Identifier: GPL-2.0 */
/* Being there when a function of the module is entered. */
#ifndef _OBJCACHE_KUNIT_ENTRY_H
#define _OBJCACHE_KUNIT_ENTRY_H

#include <kunit/test.h>

struct pt_regs;

/* Skips the test where there are no probes. */
void t_need_entries(struct kunit *test);

/*
 * Has @fn run when @function is entered for the first time from here on, in whatever
 * context a probe has there, until the end of the test.
 */
void t_at_entry(struct kunit *test, const char *function,
		void (*fn)(struct pt_regs *regs, void *data), void *data);
bool t_was_entered(void);

/* For @fn: this was not the one. */
void t_at_next_entry(void);

#endif /* _OBJCACHE_KUNIT_ENTRY_H */
