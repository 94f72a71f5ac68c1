// SPDX-License-Identifier: GPL-2.0
/*
 * What the device as a whole may take
 *
 * Taken before anything is allocated, in one step, so that those who ask at the
 * same time cannot pass the limit together. A cache takes the worst that it can
 * come to on all possible CPUs, an object its size and its handle while a session
 * has it, a workload its threads.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/kstrtox.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "session.h"

static unsigned int device_mb;

static int device_mb_set(const char *val, const struct kernel_param *kp)
{
	unsigned int mb;

	if (kstrtouint(val, 0, &mb)) {
		pr_err_ratelimited("module parameter device_mb: '%.*s' is not a number from 0 (a quarter of the memory) to %u MiB\n",
				   (int)strcspn(val, "\n"), val, UINT_MAX);
		return -EINVAL;
	}
	WRITE_ONCE(device_mb, mb);
	return 0;
}

static const struct kernel_param_ops device_mb_ops = {
	.set = device_mb_set,
	.get = param_get_uint,
};

module_param_cb(device_mb, &device_mb_ops, &device_mb, 0644);
MODULE_PARM_DESC(device_mb, "MiB that /dev/objcache may take at most, by the worst case (0: a quarter of the memory)");

static atomic64_t budget_used = ATOMIC64_INIT(0);

static u64 budget_limit(void)
{
	u64 mb = READ_ONCE(device_mb);

	return mb ? mb * SZ_1M : (u64)totalram_pages() * PAGE_SIZE / 4;
}

static int budget_refuse(const char *what, u64 bytes, u64 most, int err)
{
	pr_notice_ratelimited("device: %s could take %llu KiB, of %llu KiB that %s may and %llu that the device has taken (device_mb)\n",
			      what, div_u64(bytes, SZ_1K), div_u64(most, SZ_1K),
			      err == -EDQUOT ? "a session" : "the device",
			      div_u64(atomic64_read(&budget_used), SZ_1K));
	return err;
}

/* Promises @bytes, or none at all. */
int budget_take(const char *what, u64 bytes)
{
	u64 most = budget_limit();
	s64 used = atomic64_read(&budget_used);

	do {
		if (bytes > most || used > most - bytes)
			return budget_refuse(what, bytes, most, -ENOSPC);
	} while (!atomic64_try_cmpxchg(&budget_used, &used, used + bytes));
	return 0;
}

/* The same for a cache, which is one session's: no more than half of all. */
int budget_take_cache(const char *name, u64 bytes)
{
	u64 most = budget_limit() / 2;

	if (bytes > most)
		return budget_refuse(name, bytes, most, -EDQUOT);
	return budget_take(name, bytes);
}

void budget_return(u64 bytes)
{
	atomic64_sub(bytes, &budget_used);
}
