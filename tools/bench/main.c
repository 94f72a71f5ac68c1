// SPDX-License-Identifier: GPL-2.0
/*
 * objcache_bench: objcache beside what a kernel engineer would use instead
 *
 *	insmod objcache_bench.ko
 *	cd /sys/kernel/debug/objcache_bench
 *	cat patterns
 *	echo pair >run && cat results
 *
 * Best at comparing contenders in one run on one machine. It cannot say what a
 * cache does to the rest of a real load: nobody touches the objects, and nothing
 * else wants the CPU's caches.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "bench.h"

static struct dentry *folder;

static int results_show(struct seq_file *m, void *unused)
{
	bench_show_results(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(results);

static int patterns_show(struct seq_file *m, void *unused)
{
	bench_show_patterns(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(patterns);

static ssize_t run_write(struct file *file, const char __user *buf,
			 size_t count, loff_t *ppos)
{
	char name[64];
	int err;

	if (count >= sizeof(name))
		return -ENOENT;
	if (copy_from_user(name, buf, count))
		return -EFAULT;
	name[count] = '\0';
	err = bench_run(strim(name));
	return err ?: count;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = run_write,
};

static void folder_create(void)
{
	folder = debugfs_create_dir("objcache_bench", NULL);
	debugfs_create_file("patterns", 0444, folder, NULL, &patterns_fops);
	debugfs_create_file("run", 0200, folder, NULL, &run_fops);
	debugfs_create_file("results", 0444, folder, NULL, &results_fops);
	bench_memory_create(folder);
}

static int __init bench_init(void)
{
	int err;

	err = bench_contenders_create();
	if (err)
		return err;
	err = bench_flow_create();
	if (err)
		goto no_flow;
	err = bench_golang_create();
	if (err)
		goto no_golang;
	err = bench_constructed_create();
	if (err)
		goto no_constructed;
	err = bench_tails_create();
	if (err)
		goto no_tails;
	folder_create();
	return 0;

no_tails:
	bench_constructed_destroy();
no_constructed:
	bench_golang_destroy();
no_golang:
	bench_flow_destroy();
no_flow:
	bench_contenders_destroy();
	return err;
}
module_init(bench_init);

static void __exit bench_exit(void)
{
	debugfs_remove(folder);
	bench_memory_destroy();
	bench_tails_destroy();
	bench_constructed_destroy();
	bench_golang_destroy();
	bench_flow_destroy();
	bench_contenders_destroy();
}
module_exit(bench_exit);

MODULE_DESCRIPTION("objcache measured against its alternatives");
MODULE_LICENSE("GPL");
