/* SPDX-License-Identifier: GPL-2.0 */
/* What the suites about aging share: age_test.c, age_timer_test.c. */
#ifndef _OBJCACHE_KUNIT_AGE_HELPERS_H
#define _OBJCACHE_KUNIT_AGE_HELPERS_H

#include "helpers.h"

#define BATCH		4
#define PRIVATE		(2 * BATCH)
#define PARKED		24

/* @nr objects in use at once, and back here. */
void age_use(struct tcache *tc, unsigned int nr);

/* Of a crew whose data is a cache */
void age_busy_user(struct t_thread *thread);

#endif /* _OBJCACHE_KUNIT_AGE_HELPERS_H */
