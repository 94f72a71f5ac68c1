/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module's parameter debug=, which may have the tests' own caches in debug mode:
 * what cannot hold there skips and says why, and who tests a level sees to it that
 * there is no other.
 */
#ifndef _OBJCACHE_KUNIT_LEVELS_H
#define _OBJCACHE_KUNIT_LEVELS_H

#include <kunit/test.h>

/*
 * Skips the test where debug= has caches like the tests' go through the quarantine of
 * debug mode, which has another order, other bounds and no magazines. Those that return
 * something are also the init of suites that are all about that.
 */
int t_need_magazines(struct kunit *test);

/* Likewise, where debug= has levels none or drop, at which puts are not kept. */
void t_need_keeping(struct kunit *test);

/* Likewise, at level none: not even what is made ahead. */
int t_need_parking(struct kunit *test);

/* What it is from here on, until the end of the test; needs files. */
void t_debug_save(struct kunit *test);
int t_debug_set(const char *text);

/*
 * The init of suites whose caches have the levels that they are created with: debug=
 * would add to those, so it says nothing while such a test runs.
 */
int t_own_levels(struct kunit *test);

#endif /* _OBJCACHE_KUNIT_LEVELS_H */
