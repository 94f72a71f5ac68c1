// SPDX-License-Identifier: GPL-2.0
/*
 * Loading and unloading
 */
#include <linux/cpuhotplug.h>
#include <linux/module.h>

#include "core/core.h"
#include "core/debug.h"
#include "device/chardev.h"

static int __init objcache_init(void)
{
	int err;

	err = objcache_kick_start();
	if (err)
		return err;
	err = objcache_track_start();
	if (err)
		goto err_kick;
	err = objcache_hotplug_start();
	if (err)
		goto err_track;
	objcache_debugfs_start();
	err = objcache_modules_start();
	if (err)
		goto err_debugfs;
	err = objcache_chardev_init();
	if (err)
		goto err_modules;
	return 0;

err_modules:
	objcache_modules_stop();
err_debugfs:
	objcache_debugfs_stop();
	objcache_hotplug_stop();
err_track:
	objcache_reports_stop();
	objcache_track_stop();
err_kick:
	objcache_kick_stop();
	return err;
}

/* Modules with caches depend on us, so all of those are gone, and what they forgot. */
static void __exit objcache_exit_module(void)
{
	objcache_chardev_exit();
	objcache_modules_stop();
	objcache_debugfs_stop();
	objcache_hotplug_stop();
	objcache_report_late();
	objcache_reports_stop();
	objcache_track_stop();
	objcache_kick_stop();
}

module_init(objcache_init);
module_exit(objcache_exit_module);

MODULE_DESCRIPTION("Per-CPU lock-free caches of constructed objects");
MODULE_LICENSE("GPL");
