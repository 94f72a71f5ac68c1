// SPDX-License-Identifier: GPL-2.0
/*
 * Loading and unloading
 */
#include <linux/cpuhotplug.h>
#include <linux/module.h>

#include "chardev.h"
#include "internal.h"

static int __init objcache_init(void)
{
	int err;

	err = objcache_release_start();
	if (err)
		return err;
	err = objcache_drain_start();
	if (err)
		goto err_release;
	err = objcache_hotplug_start();
	if (err)
		goto err_drain;
	objcache_debugfs_start();
	err = objcache_chardev_init();
	if (err)
		goto err_debugfs;
	return 0;

err_debugfs:
	objcache_debugfs_stop();
	objcache_hotplug_stop();
err_drain:
	objcache_drain_stop();
err_release:
	objcache_release_stop();
	return err;
}

/* Modules with caches depend on us, so all of those are gone. */
static void __exit objcache_exit_module(void)
{
	objcache_chardev_exit();
	objcache_debugfs_stop();
	objcache_hotplug_stop();
	objcache_drain_stop();
	objcache_release_stop();
}

module_init(objcache_init);
module_exit(objcache_exit_module);

MODULE_DESCRIPTION("Per-CPU lock-free caches of constructed objects");
MODULE_LICENSE("GPL");
