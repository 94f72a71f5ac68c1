// SPDX-License-Identifier: GPL-2.0
/*
 * objcache_lines: the guest's half of make lines
 *
 *	insmod objcache_lines.ko
 *	cd /sys/kernel/debug/objcache_lines
 *	echo flow objcache >run && cat result known
 *
 * Outside of the emulator with its plugin it runs the patterns and counts nothing.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "lines.h"

module_param_named(plant, lines_plant, bool, 0644);
MODULE_PARM_DESC(plant, "every call writes to one counter, which must be found");

static struct dentry *folder;
static DEFINE_MUTEX(running);	/* one run at a time */
static long objects;		/* of the last run, or its errno */

static int result_show(struct seq_file *m, void *unused)
{
	seq_printf(m, "%ld\n", objects);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(result);

static int known_show(struct seq_file *m, void *unused)
{
	lines_show_known(m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(known);

/* A line for each run that makes sense here. */
static int runs_show(struct seq_file *m, void *unused)
{
	unsigned int i, k;

	for (i = 0; i < lines_patterns_nr; i++)
		for (k = 0; k < lines_contenders_nr; k++)
			if (lines_contenders[k].there &&
			    (lines_patterns[i].floor ||
			     strcmp(lines_contenders[k].name, "ring")))
				seq_printf(m, "%s %s\n", lines_patterns[i].name,
					   lines_contenders[k].name);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(runs);

static const struct lines_pattern *find_pattern(const char *name)
{
	unsigned int i;

	for (i = 0; i < lines_patterns_nr; i++)
		if (!strcmp(lines_patterns[i].name, name))
			return &lines_patterns[i];
	return NULL;
}

static const struct lines_contender *find_contender(const char *name)
{
	unsigned int i;

	for (i = 0; name && i < lines_contenders_nr; i++)
		if (!strcmp(lines_contenders[i].name, name))
			return &lines_contenders[i];
	return NULL;
}

/* "PATTERN CONTENDER" */
static ssize_t run_write(struct file *file, const char __user *buf,
			 size_t count, loff_t *ppos)
{
	const struct lines_contender *who;
	const struct lines_pattern *pattern;
	char text[64], *rest;
	ssize_t done;

	if (count >= sizeof(text))
		return -ENOENT;
	if (copy_from_user(text, buf, count))
		return -EFAULT;
	text[count] = '\0';
	rest = strim(text);
	pattern = find_pattern(strsep(&rest, " "));
	who = find_contender(rest);
	if (!pattern || !who || !who->there)
		return -ENOENT;
	mutex_lock(&running);
	objects = lines_run(pattern, who);
	done = objects < 0 ? objects : count;
	mutex_unlock(&running);
	return done;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = run_write,
};

static int __init lines_init(void)
{
	int err = lines_pools_create();

	if (err)
		return err;
	/* What is translated already goes, as soon as this CPU leaves it. */
	lines_mark(MARK_START);
	msleep(20);
	folder = debugfs_create_dir("objcache_lines", NULL);
	debugfs_create_file("runs", 0444, folder, NULL, &runs_fops);
	debugfs_create_file("run", 0200, folder, NULL, &run_fops);
	debugfs_create_file("result", 0444, folder, NULL, &result_fops);
	debugfs_create_file("known", 0444, folder, NULL, &known_fops);
	return 0;
}
module_init(lines_init);

static void __exit lines_exit(void)
{
	debugfs_remove(folder);
	lines_pools_destroy();
}
module_exit(lines_exit);

MODULE_DESCRIPTION("patterns of objcache's use, for a count of cache lines");
MODULE_LICENSE("GPL");
