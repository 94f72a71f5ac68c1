// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/objcache: tables for people, keys for scripts
 *
 * All files read the per-CPU counts without a lock that get or put takes.
 */
#include <linux/debugfs.h>
#include <linux/math64.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "core.h"
#include "debug.h"

#define OBJCACHE_SCHEMA		1

LIST_HEAD(objcache_caches);
DEFINE_MUTEX(objcache_mutex); /* guards it */

static struct dentry *objcache_dir;

/* ---- caches ---- */

/* Tenths of a percent, so that "0.1" and "0" differ. */
static void objcache_show_share(struct seq_file *m, u64 part, u64 whole)
{
	u64 tenths = whole ? div64_u64(part * 1000, whole) : 0;
	u32 rest;

	tenths = min_t(u64, tenths, 1000);
	tenths = div_u64_rem(tenths, 10, &rest);
	seq_printf(m, " %5llu.%u", tenths, rest);
}

static void objcache_show_cache(struct seq_file *m, struct objcache_core *core)
{
	struct objcache_stats stats;

	objcache_read_stats(&core->pub, &stats);
	seq_printf(m, "%-31s %8u %10llu %10llu", core->name, core->params.size,
		   stats.in_use, stats.parked);
	objcache_show_share(m, stats.hits, stats.gets);
	objcache_show_share(m, stats.steals, stats.gets);
	objcache_show_share(m, stats.fresh, stats.gets);
	seq_putc(m, '\n');
}

static int caches_show(struct seq_file *m, void *unused)
{
	struct objcache_core *core;

	seq_printf(m, "%-31s %8s %10s %10s %7s %7s %7s\n", "name", "size",
		   "in use", "parked", "hit %", "steal %", "fresh %");
	mutex_lock(&objcache_mutex);
	list_for_each_entry(core, &objcache_caches, list)
		objcache_show_cache(m, core);
	mutex_unlock(&objcache_mutex);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(caches);

/* ---- stats ---- */

static int stats_show(struct seq_file *m, void *unused)
{
	struct objcache_core *core = m->private;
	struct objcache_stats stats;
	int i;

	objcache_read_stats(&core->pub, &stats);
	seq_printf(m, "schema: %d\n", OBJCACHE_SCHEMA);
	for (i = 0; i < OBJCACHE_NR_STATS; i++)
		seq_printf(m, "%s: %llu\n", objcache_stat_names[i],
			   *objcache_stat(&stats, i));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

/* ---- cpus ---- */

static int cpus_show(struct seq_file *m, void *unused)
{
	struct objcache_core *core = m->private;
	struct objcache_stats s;
	int cpu;

	seq_printf(m, "%4s %8s %12s %12s %12s %11s %11s %11s %10s %10s %9s\n",
		   "cpu", "parked", "gets", "puts", "hits", "own ring",
		   "stolen by", "stolen from", "fresh", "overflow", "nested");
	for_each_possible_cpu(cpu) {
		objcache_read_cpu(core, cpu, &s);
		seq_printf(m, "%4d %8llu %12llu %12llu %12llu %11llu %11llu %11llu %10llu %10llu %9llu\n",
			   cpu, s.parked, s.gets, s.puts, s.hits, s.own_ring,
			   s.steals, s.stolen, s.fresh, s.overflow, s.nested);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(cpus);

/* ---- config ---- */

/* What a CPU really holds besides objects, the most of all. */
static size_t objcache_cpu_bytes(struct objcache_core *core)
{
	size_t most = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct objcache_cpu *c = per_cpu_ptr(core->cpu, cpu);
		size_t slots = objcache_ring_slots(READ_ONCE(c->ring[0].limit));

		most = max(most, objcache_magazines_on(c) *
				 objcache_magazine_bytes(core->batch) +
				 2 * slots * sizeof(unsigned long));
	}
	return sizeof(struct objcache_cpu) + most;
}

static int config_show(struct seq_file *m, void *unused)
{
	struct objcache_core *core = m->private;
	const struct objcache_params *p = &core->params;

	seq_printf(m, "size: %u\n", p->size);
	seq_printf(m, "align: %u\n", p->align);
	seq_printf(m, "slab_object_size: %u\n", core->object_bytes);
	seq_printf(m, "slab_flags: 0x%x\n", (__force unsigned int)p->slab_flags);
	seq_printf(m, "flags: 0x%x%s%s%s%s%s%s%s%s\n", p->flags,
		   p->flags & OBJCACHE_NO_STEAL ? " NO_STEAL" : "",
		   p->flags & OBJCACHE_NODE_LOCAL ? " NODE_LOCAL" : "",
		   p->flags & OBJCACHE_NO_AGING ? " NO_AGING" : "",
		   p->flags & OBJCACHE_DEBUG ? " DEBUG" : "",
		   p->flags & OBJCACHE_CHECK ? " CHECK" : "",
		   p->flags & OBJCACHE_STACKS ? " STACKS" : "",
		   p->flags & OBJCACHE_DROP ? " DROP" : "",
		   p->flags & OBJCACHE_ACCOUNT ? " ACCOUNT" : "");
	seq_printf(m, "batch: %u\n", p->batch);
	seq_printf(m, "capacity: %u\n", p->capacity);
	seq_printf(m, "depot: %ld\n", core->depot_max);
	seq_printf(m, "backlog: %ld\n", core->backlog_max);
	seq_printf(m, "weight: %u\n", p->weight);
	seq_printf(m, "max_objects: %u\n", p->max_objects);
	seq_printf(m, "min_objects: %u\n", p->min_objects);
	seq_printf(m, "usercopy: %u %u\n", p->useroffset, p->usersize);
	seq_printf(m, "age_ms: %u\n", p->age_ms);
	seq_printf(m, "ops:%s%s%s\n", core->ops.ctor ? " ctor" : "",
		   core->ops.dtor ? " dtor" : "",
		   core->ops.reset ? " reset" : "");
	seq_printf(m, "bytes_per_cpu: %zu\n", objcache_cpu_bytes(core));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(config);

/* ---- outstanding ---- */

static int outstanding_show(struct seq_file *m, void *unused)
{
	objcache_show_outstanding(m, m->private);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(outstanding);

/* ---- age and drain ---- */

static ssize_t age_write(struct file *file, const char __user *buf,
			 size_t count, loff_t *ppos)
{
	struct objcache_core *core = file_inode(file)->i_private;

	objcache_age(&core->pub);
	return count;
}

static const struct file_operations age_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = age_write,
};

static ssize_t drain_write(struct file *file, const char __user *buf,
			   size_t count, loff_t *ppos)
{
	struct objcache_core *core = file_inode(file)->i_private;

	objcache_drain(&core->pub);
	return count;
}

static const struct file_operations drain_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = drain_write,
};

/**
 * objcache_debugfs_add - a cache's folder
 * @core: the cache
 */
void objcache_debugfs_add(struct objcache_core *core)
{
	core->dir = debugfs_create_dir(core->name, objcache_dir);
	debugfs_create_file("stats", 0444, core->dir, core, &stats_fops);
	debugfs_create_file("cpus", 0444, core->dir, core, &cpus_fops);
	debugfs_create_file("config", 0444, core->dir, core, &config_fops);
	if (core->flags & OBJCACHE_STACKS)
		debugfs_create_file("outstanding", 0444, core->dir, core,
				    &outstanding_fops);
	debugfs_create_file("age", 0200, core->dir, core, &age_fops);
	debugfs_create_file("drain", 0200, core->dir, core, &drain_fops);
}

/**
 * objcache_debugfs_remove - the folder goes; waits for readers and writers
 * @core: the cache
 */
void objcache_debugfs_remove(struct objcache_core *core)
{
	debugfs_remove(core->dir);
}

/**
 * objcache_debugfs_start - the folder of all caches
 */
void objcache_debugfs_start(void)
{
	objcache_dir = debugfs_create_dir("objcache", NULL);
	debugfs_create_file("caches", 0444, objcache_dir, NULL, &caches_fops);
}

/**
 * objcache_debugfs_stop - it goes, with whatever is left in it
 */
void objcache_debugfs_stop(void)
{
	debugfs_remove(objcache_dir);
}
