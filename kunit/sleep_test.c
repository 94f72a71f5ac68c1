// SPDX-License-Identifier: GPL-2.0
/*
 * A get that may sleep says so to the kernel's checks, even on a hit
 *
 * Seen by a probe on what might_sleep() calls. That the kernel then complains of a
 * caller that may not is shown by `make selftest`.
 */

#include <linux/kprobes.h>

#include "inside.h"

static struct task_struct *asker;
static unsigned int asked;

static int count_asked(struct kprobe *probe, struct pt_regs *regs)
{
	if (current == asker)
		asked++;
	return 0;
}

static struct kprobe might_sleep_probe = {
	.symbol_name = "__might_sleep",
	.pre_handler = count_asked,
};

static void unprobe(void *unused)
{
	unregister_kprobe(&might_sleep_probe);
}

static int sleep_init(struct kunit *test)
{
	int err;

	if (!IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP))
		kunit_skip(test, "this kernel does not check who sleeps");
	might_sleep_probe.addr = NULL;
	might_sleep_probe.flags = 0;
	err = register_kprobe(&might_sleep_probe);
	if (!err)
		err = kunit_add_action_or_reset(test, unprobe, NULL);
	return err ?: t_need_magazines(test);
}

static void *get_inline(struct objcache *cache, gfp_t gfp)
{
	return objcache_get(cache, gfp);
}

static void *get_called(struct objcache *cache, gfp_t gfp)
{
	return objcache_get_noinline(cache, gfp);
}

static void *get_in_bulk(struct objcache *cache, gfp_t gfp)
{
	void *obj;

	return objcache_get_bulk(cache, gfp, 1, &obj) ? obj : NULL;
}

static const struct {
	const char *name;
	void *(*get)(struct objcache *cache, gfp_t gfp);
} gets[] = {
	{ "get", get_inline },
	{ "get_noinline", get_called },
	{ "get_bulk", get_in_bulk },
};

/* How often a hit has asked; the object is parked again. */
static unsigned int asks(struct tcache *tc, unsigned int i, gfp_t gfp)
{
	u64 fresh = t_stat(tc, fresh);
	void *obj;

	asked = 0;
	asker = current;
	obj = gets[i].get(tc->cache, gfp);
	asker = NULL;
	KUNIT_ASSERT_NOT_NULL(tc->test, obj);
	KUNIT_EXPECT_EQ_MSG(tc->test, t_stat(tc, fresh), fresh, "%s", gets[i].name);
	objcache_put(tc->cache, obj);
	return asked;
}

static struct tcache *one_parked(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);

	t_on_cpu(test, 0);
	KUNIT_ASSERT_EQ(test, 1, objcache_prefill(tc->cache, 1, GFP_KERNEL));
	return tc;
}

static void a_hit_that_might_have_slept_is_checked(struct kunit *test)
{
	struct tcache *tc = one_parked(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(gets); i++)
		KUNIT_EXPECT_GE_MSG(test, asks(tc, i, GFP_KERNEL), 1, "%s", gets[i].name);
	t_finish(tc);
}

static void a_hit_that_could_not_sleep_is_not(struct kunit *test)
{
	struct tcache *tc = one_parked(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(gets); i++) {
		KUNIT_EXPECT_EQ_MSG(test, asks(tc, i, GFP_ATOMIC), 0, "%s", gets[i].name);
		KUNIT_EXPECT_EQ_MSG(test, asks(tc, i, GFP_NOWAIT), 0, "%s", gets[i].name);
	}
	t_finish(tc);
}

static void a_prefill_that_makes_nothing_is_checked(struct kunit *test)
{
	struct tcache *tc = one_parked(test);

	asked = 0;
	asker = current;
	objcache_prefill(tc->cache, 0, GFP_KERNEL);
	asker = NULL;
	KUNIT_EXPECT_GE(test, asked, 1);
	t_finish(tc);
}

static struct kunit_case sleep_cases[] = {
	KUNIT_CASE(a_hit_that_might_have_slept_is_checked),
	KUNIT_CASE(a_hit_that_could_not_sleep_is_not),
	KUNIT_CASE(a_prefill_that_makes_nothing_is_checked),
	{}
};

static struct kunit_suite sleep_suite = {
	.name = "objcache_sleep",
	.init = sleep_init,
	.test_cases = sleep_cases,
};

kunit_test_suite(sleep_suite);
