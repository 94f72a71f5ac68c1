// SPDX-License-Identifier: GPL-2.0
/*
 * A plain user of kmem_cache, in all the ways that make convert knows; what it makes of
 * this is built by tools/convert_test.sh
 */
#include <linux/list.h>
#include <linux/module.h>
#include <linux/slab.h>

struct job {
	struct list_head list;
	unsigned int length;
};

struct worker {
	struct kmem_cache *buffers;
	void *buffer;
};

static struct kmem_cache *jobs;
static struct worker worker;

static struct job *job_new(gfp_t gfp)
{
	struct job *job = kmem_cache_alloc(jobs, gfp);

	if (job)
		INIT_LIST_HEAD(&job->list);
	return job;
}

static void *buffer_new(struct worker *w)
{
	struct job *first;

	first = kmem_cache_zalloc(w->buffers, GFP_KERNEL);
	return first;
}

static int __init slab_user_init(void)
{
	struct job *job;

	jobs = KMEM_CACHE(job, SLAB_HWCACHE_ALIGN);
	if (!jobs)
		return -ENOMEM;
	worker.buffers = kmem_cache_create("slab_user-buffers", 256, 0, 0, NULL);
	if (worker.buffers == NULL)
		goto destroy_jobs;
	worker.buffer = buffer_new(&worker);
	job = job_new(GFP_KERNEL);
	if (!job)
		goto destroy_buffers;
	kmem_cache_free(jobs, job);
	return 0;

destroy_buffers:
	if (worker.buffer)
		kmem_cache_free(worker.buffers, worker.buffer);
	kmem_cache_destroy(worker.buffers);
destroy_jobs:
	kmem_cache_destroy(jobs);
	return -ENOMEM;
}

static void __exit slab_user_exit(void)
{
	kmem_cache_shrink(jobs);
	if (worker.buffer)
		kmem_cache_free(worker.buffers, worker.buffer);
	kmem_cache_destroy(worker.buffers);
	kmem_cache_destroy(jobs);
}

module_init(slab_user_init);
module_exit(slab_user_exit);

MODULE_DESCRIPTION("A user of kmem_cache");
MODULE_LICENSE("GPL");
