/* SPDX-License-Identifier: GPL-2.0 */
/* The reports of debug mode, read in the kernel's log. */
#ifndef _OBJCACHE_KUNIT_REPORTS_H
#define _OBJCACHE_KUNIT_REPORTS_H

#include "contexts.h"

/* Counted is what the log says from here on. */
void t_log_mark(void);

/* Lines since then with all three in them; the first of those, or 0. */
unsigned int t_log_lines(const char *a, const char *b, const char *c);
unsigned int t_log_first(const char *a);

/* Reports since then, finished ones. */
#define t_reports()	t_log_lines("objcache: ------", "", "")

/* Whether there is a stack in a report; User-Mode Linux has none. */
bool t_has_stacks(void);

/* There is one report since then, with this title and of @context, or the test fails. */
void t_expect_report(struct kunit *test, const char *title, enum t_context context);

#endif /* _OBJCACHE_KUNIT_REPORTS_H */
