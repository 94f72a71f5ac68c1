// SPDX-License-Identifier: GPL-2.0
/*
 * Makes many caches alike and has them park and let go, for somebody outside who
 * looks at what the machine's memory does meanwhile
 *
 *	echo create objcache 64 0 100 >memory	# size, capacity (0: chosen), how many
 *	echo park >memory			# on each CPU as much as it may
 *	echo age >memory; echo drain >memory
 *	cat memory				# what there is
 *	echo destroy >memory
 *
 * More can be created beside them; all but destroy is then about the last ones.
 * Of kmem_cache there is no capacity: so many are got and freed on each CPU.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "contenders.h"
#include "core/core.h"

#define CACHES_MAX	1024U

/* Takes no part in aging but when told. */
#define NEVER_MS	3600000

static DEFINE_MUTEX(memory_lock);
static struct objcache *caches[CACHES_MAX];
static struct kmem_cache *slabs[CACHES_MAX];
static unsigned int nr_caches;	/* of either kind; the other one has none */
static unsigned int first_cache; /* of those that were created last */
static unsigned int object_size;
static unsigned int parked_each;	/* objects that a CPU parks */

static const char *kind(void)
{
	return slabs[first_cache] ? "kmem_cache" : "objcache";
}

static void destroy_all(void)
{
	while (nr_caches--) {
		if (caches[nr_caches])
			objcache_destroy(caches[nr_caches]);
		kmem_cache_destroy(slabs[nr_caches]);
		caches[nr_caches] = NULL;
		slabs[nr_caches] = NULL;
	}
	nr_caches = 0;
	first_cache = 0;
}

static int create_objcache(unsigned int i, unsigned int capacity)
{
	const struct objcache_params params = {
		.size = object_size,
		.capacity = capacity,
		.age_ms = NEVER_MS,
	};
	char name[OBJCACHE_NAME_LEN];
	struct objcache *cache;

	snprintf(name, sizeof(name), "memory-%u", i);
	cache = objcache_create(name, &params);
	if (IS_ERR(cache))
		return PTR_ERR(cache);
	caches[i] = cache;
	parked_each = to_core(cache)->params.capacity;
	return 0;
}

static int create_slab(unsigned int i, unsigned int capacity)
{
	char name[OBJCACHE_NAME_LEN];

	snprintf(name, sizeof(name), "objcache_memory_%u", i);
	slabs[i] = bench_slab_create(name, object_size);
	parked_each = capacity;
	return slabs[i] ? 0 : -ENOMEM;
}

static int create_all(const char *of, unsigned int size, unsigned int capacity,
		      unsigned int nr)
{
	bool slab = !strcmp(of, "kmem_cache");
	int err = 0;

	if ((!slab && strcmp(of, "objcache")) || !size || !nr ||
	    nr > CACHES_MAX - nr_caches)
		return -EINVAL;
	first_cache = nr_caches;
	object_size = size;
	while (!err && nr_caches < first_cache + nr) {
		err = slab ? create_slab(nr_caches, capacity) :
			     create_objcache(nr_caches, capacity);
		if (!err)
			nr_caches++;
	}
	return err;
}

static void *get_one(unsigned int i)
{
	return caches[i] ? objcache_get(caches[i], GFP_KERNEL) :
			   kmem_cache_alloc(slabs[i], GFP_KERNEL);
}

static void put_some(unsigned int i, unsigned int nr, void **objs)
{
	for (; nr--; objs++) {
		if (!*objs)
			continue;
		if (caches[i])
			objcache_put(caches[i], *objs);
		else
			kmem_cache_free(slabs[i], *objs);
	}
}

/* All are got first, or one CPU would get what another one has parked. */
static int park_one(unsigned int i, void **objs)
{
	unsigned int k, cpu, nr = num_online_cpus() * parked_each;
	int err = 0;

	for (k = 0; k < nr; k++) {
		objs[k] = get_one(i);
		if (!objs[k])
			err = -ENOMEM;
	}
	for_each_online_cpu(cpu) {
		err = err ?: bench_go_to(cpu);
		put_some(i, parked_each, objs);
		objs += parked_each;
	}
	return err;
}

static int park_all(void)
{
	cpumask_var_t before;
	unsigned int i;
	int err = 0;
	void **objs;

	if (!alloc_cpumask_var(&before, GFP_KERNEL))
		return -ENOMEM;
	cpumask_copy(before, current->cpus_ptr);
	objs = kvcalloc(num_online_cpus() * parked_each, sizeof(*objs), GFP_KERNEL);
	if (!objs)
		err = -ENOMEM;
	for (i = first_cache; i < nr_caches && !err; i++)
		err = park_one(i, objs);
	kvfree(objs);
	set_cpus_allowed_ptr(current, before);
	free_cpumask_var(before);
	return err;
}

static void age_all(void)
{
	unsigned int i;

	for (i = first_cache; i < nr_caches; i++)
		if (caches[i])
			objcache_age(caches[i]);
}

static void drain_all(void)
{
	unsigned int i;

	for (i = first_cache; i < nr_caches; i++)
		if (caches[i])
			objcache_drain(caches[i]);
}

static int obey(const char *command)
{
	unsigned int size, capacity, nr;
	char of[16];

	if (sscanf(command, "create %15s %u %u %u", of, &size, &capacity, &nr) == 4)
		return create_all(of, size, capacity, nr);
	if (!strcmp(command, "park"))
		return park_all();
	if (!strcmp(command, "age"))
		age_all();
	else if (!strcmp(command, "drain"))
		drain_all();
	else if (!strcmp(command, "destroy"))
		destroy_all();
	else
		return -EINVAL;
	return 0;
}

static ssize_t memory_write(struct file *file, const char __user *buf,
			    size_t count, loff_t *ppos)
{
	char command[64];
	int err;

	if (count >= sizeof(command))
		return -EINVAL;
	if (copy_from_user(command, buf, count))
		return -EFAULT;
	command[count] = '\0';
	mutex_lock(&memory_lock);
	err = obey(strim(command));
	mutex_unlock(&memory_lock);
	if (err)
		pr_err("memory: %s: error %d\n", command, err);
	return err ?: count;
}

/* KIND SIZE PARKED_PER_CPU BATCH CACHES CPUS POSSIBLE */
static int memory_show(struct seq_file *m, void *unused)
{
	mutex_lock(&memory_lock);
	if (nr_caches)
		seq_printf(m, "%s %u %u %u %u %u %u\n", kind(), object_size, parked_each,
			   caches[first_cache] ?
			   to_core(caches[first_cache])->params.batch : 0,
			   nr_caches - first_cache, num_online_cpus(), num_possible_cpus());
	mutex_unlock(&memory_lock);
	return 0;
}

static int memory_open(struct inode *inode, struct file *file)
{
	return single_open(file, memory_show, NULL);
}

static const struct file_operations memory_fops = {
	.owner = THIS_MODULE,
	.open = memory_open,
	.read = seq_read,
	.write = memory_write,
	.llseek = seq_lseek,
	.release = single_release,
};

void bench_memory_create(struct dentry *folder)
{
	debugfs_create_file("memory", 0600, folder, NULL, &memory_fops);
}

void bench_memory_destroy(void)
{
	destroy_all();
}
