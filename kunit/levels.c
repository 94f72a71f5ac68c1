// SPDX-License-Identifier: GPL-2.0
/* The module's parameter debug=, as the tests meet it; see levels.h. */

#include <linux/fs.h>
#include <linux/string.h>

#include "compat.h"
#include "levels.h"
#include "tables.h"
#include "../module/core/core.h"

/* Of caches like the tests', whose flags debug= may add to. */
static unsigned int levels(struct kunit *test)
{
	struct objcache_params params = { .size = 64 };
	/* Not the name of any other: some are asked for with a cache at hand. */
	struct objcache *cache = objcache_create("kunit-level", &params);
	unsigned int flags;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	flags = to_core(cache)->flags;
	objcache_destroy(cache);
	return flags;
}

int t_need_magazines(struct kunit *test)
{
	if (levels(test) & (OBJCACHE_DEBUG | OBJCACHE_CHECK))
		kunit_skip(test, "debug= has no magazines, and keeps other objects in another order");
	return 0;
}

void t_need_keeping(struct kunit *test)
{
	if (levels(test) & (OBJCACHE_DEBUG | OBJCACHE_DROP))
		kunit_skip(test, "with debug= not everything that is put is kept");
}

int t_need_parking(struct kunit *test)
{
	if (levels(test) & OBJCACHE_DEBUG)
		kunit_skip(test, "with debug= at level none nothing is parked");
	return 0;
}

#define PARAMETER	"/sys/module/objcache/parameters/debug"

int t_debug_set(const char *text)
{
	struct file *file = filp_open(PARAMETER, O_WRONLY, 0);
	loff_t pos = 0;
	ssize_t ret;

	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = kernel_write(file, text, strlen(text), &pos);
	filp_close(file, NULL);
	return ret < 0 ? ret : 0;
}

static void debug_restore(void *was)
{
	t_debug_set(was);
}

void t_debug_save(struct kunit *test)
{
	char *was = kunit_kzalloc(test, 512, GFP_KERNEL);
	struct file *file;
	loff_t pos = 0;

	KUNIT_ASSERT_NOT_NULL(test, was);
	t_need_files(test);
	file = filp_open(PARAMETER, O_RDONLY, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	KUNIT_EXPECT_GE(test, kernel_read(file, was, 511, &pos), 1);
	filp_close(file, NULL);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, debug_restore, was));
}

int t_own_levels(struct kunit *test)
{
	if (levels(test) & (OBJCACHE_DEBUG | OBJCACHE_CHECK)) {
		t_debug_save(test);
		KUNIT_ASSERT_EQ(test, 0, t_debug_set("\n"));
	}
	return 0;
}
