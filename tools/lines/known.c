// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses that have a name: what the report knows of lines
 *
 *	known NAME CPU TYPE ADDRESS SIZE	of a structure; CPU -1: of none
 *	points NAME CPU OFFSET ADDRESS		a pointer in it, and where to
 *
 * TYPE is for the report to look up, in the module's debugging information: so are
 * the sizes of objcache's own, which nobody outside of it knows, and come as
 * parameters.
 */
#include <linux/cpumask.h>
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>

#include "contenders.h"
#include "lines.h"
#include "spsc.h"

static unsigned int core_size;
module_param(core_size, uint, 0444);
MODULE_PARM_DESC(core_size, "bytes of struct objcache_core");

static unsigned int cpu_size;
module_param(cpu_size, uint, 0444);
MODULE_PARM_DESC(cpu_size, "bytes of struct objcache_cpu");

/* The kernel's half of the addresses. */
static bool is_pointer(unsigned long word)
{
	return (long)word < -MAX_ERRNO;
}

static void show(struct seq_file *m, const char *name, int cpu,
		 const char *type, const void *where, size_t size)
{
	const unsigned long *words = where;
	size_t i;

	seq_printf(m, "known %s %d %s %lx %zu\n", name, cpu, type,
		   (unsigned long)where, size);
	for (i = 0; i < size / sizeof(*words); i++) {
		unsigned long word = READ_ONCE(words[i]);

		if (is_pointer(word))
			seq_printf(m, "points %s %d %zu %lx\n", name, cpu,
				   i * sizeof(*words), word & ~7UL);
	}
}

static void show_objcache(struct seq_file *m)
{
	struct objcache *cache = bench_pools.objcache;
	int cpu;

	/* What hit paths use comes first in both. */
	show(m, "objcache_core", -1, "objcache_core", cache, core_size);
	for_each_online_cpu(cpu)
		show(m, "objcache_cpu", cpu, "objcache_cpu",
		     per_cpu_ptr(cache->owner, cpu), cpu_size);
}

/* A slab's layout is its own, but that a pointer to what its CPUs have is first. */
static void show_slab(struct seq_file *m)
{
	void __percpu *cpu_slab = *(void __percpu **)bench_pools.slab;
	int cpu;

	show(m, "kmem_cache", -1, "-", bench_pools.slab,
	     ksize(bench_pools.slab));
	for_each_online_cpu(cpu)
		show(m, "kmem_cache_cpu", cpu, "-", per_cpu_ptr(cpu_slab, cpu),
		     SMP_CACHE_BYTES);
}

#if BENCH_HAS_OBJPOOL
static void show_objpool(struct seq_file *m)
{
	struct objpool_slot *slot;
	int cpu;

	show(m, "objpool", -1, "objpool_head", &bench_pools.objpool,
	     sizeof(bench_pools.objpool));
	for_each_online_cpu(cpu) {
		slot = bench_pools.objpool.cpu_slots[cpu];
		if (slot)
			show(m, "objpool_slot", cpu, "objpool_slot", slot,
			     sizeof(*slot));
	}
}
#else
static void show_objpool(struct seq_file *m) { }
#endif

void lines_show_known(struct seq_file *m)
{
	unsigned int cpu;

	show_objcache(m);
	show_slab(m);
	show_objpool(m);
	for (cpu = 0; cpu + 1 < num_online_cpus(); cpu += 2)
		show(m, "ring", cpu, "bench_spsc", lines_ring(cpu),
		     offsetof(struct bench_spsc, batches));
	for_each_online_cpu(cpu)
		seq_printf(m, "percpu %u %lx\n", cpu, per_cpu_offset(cpu));
}
