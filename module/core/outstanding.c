// SPDX-License-Identifier: GPL-2.0
/*
 * Debug mode: who has what, grouped by stack, the most first
 *
 * So a leak of ten thousand objects is one line. Objects come and go meanwhile; what
 * a line shows of one of them may be of its next owner.
 */
#include <linux/jhash.h>
#include <linux/math64.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/timekeeping.h>

#include "debug.h"
#include "trace.h"

/* Different stacks; what comes from further ones is summed up. */
#define OBJCACHE_GROUPS		128U

/* Of a leak the log shows the largest ones; the rest is summed up. */
#define OBJCACHE_LEAKS_SHOWN	8U

struct objcache_group {
	u32 hash;
	unsigned long nr;
	struct objcache_who oldest;
};

struct objcache_groups {
	unsigned int nr;
	unsigned long others;
	unsigned long total;
	struct objcache_group group[OBJCACHE_GROUPS];
};

/* Without a stack: by task. */
static u32 objcache_group_hash(const struct objcache_who *who)
{
	unsigned int nr = min(who->nr, OBJCACHE_FRAMES);

	if (!nr)
		return jhash(who->comm, sizeof(who->comm), who->pid);
	return jhash(who->frames, nr * sizeof(who->frames[0]), nr);
}

static struct objcache_group *objcache_group_of(struct objcache_groups *g,
						u32 hash)
{
	unsigned int i;

	for (i = 0; i < g->nr; i++)
		if (g->group[i].hash == hash)
			return &g->group[i];
	if (g->nr == OBJCACHE_GROUPS)
		return NULL;
	g->group[g->nr].hash = hash;
	return &g->group[g->nr++];
}

static void objcache_group_add(struct objcache_track *track, void *data)
{
	struct objcache_groups *g = data;
	struct objcache_group *group;
	struct objcache_who who;

	if (atomic_read(&track->state) != OBJCACHE_TAKEN)
		return;
	data_race(who = track->taken); /* see above */
	g->total++;
	group = objcache_group_of(g, objcache_group_hash(&who));
	if (!group) {
		g->others++;
		return;
	}
	if (!group->nr++ || who.ns < group->oldest.ns)
		group->oldest = who;
}

static int objcache_group_cmp(const void *a, const void *b)
{
	const struct objcache_group *left = a, *right = b;

	if (left->nr != right->nr)
		return left->nr < right->nr ? 1 : -1;
	return 0;
}

/* NULL: no memory. kvfree() it. */
static struct objcache_groups *objcache_group_all(struct objcache_core *core)
{
	struct objcache_groups *g = kvzalloc(sizeof(*g), GFP_KERNEL);

	if (!g)
		return NULL;
	objcache_each_track(core, objcache_group_add, g);
	sort(g->group, g->nr, sizeof(g->group[0]), objcache_group_cmp, NULL);
	return g;
}

static u64 objcache_group_ms(const struct objcache_group *group, u64 now)
{
	return div_u64(now - min(now, group->oldest.ns), NSEC_PER_MSEC);
}

/**
 * objcache_show_outstanding - who has what of a cache
 * @m: where to
 * @core: the cache
 */
void objcache_show_outstanding(struct seq_file *m, struct objcache_core *core)
{
	struct objcache_groups *g = objcache_group_all(core);
	u64 now = ktime_get_mono_fast_ns();
	char text[128];
	unsigned int i, j;

	if (!g) {
		seq_puts(m, "no memory\n");
		return;
	}
	seq_printf(m, "%lu objects are out\n", g->total);
	for (i = 0; i < g->nr; i++) {
		const struct objcache_group *group = &g->group[i];

		objcache_print_who(text, sizeof(text), &group->oldest);
		seq_printf(m, "%lu objects, the oldest for %llu ms: %s\n",
			   group->nr, objcache_group_ms(group, now), text);
		for (j = 0; j < min(group->oldest.nr, OBJCACHE_FRAMES); j++) {
			objcache_print_frame(text, sizeof(text),
					     group->oldest.frames[j]);
			seq_printf(m, "  %s\n", text);
		}
	}
	if (g->others)
		seq_printf(m, "%lu objects from more stacks\n", g->others);
	kvfree(g);
}

static void objcache_print_group(const struct objcache_group *group, u64 now)
{
	char text[128];
	unsigned int i;

	objcache_print_who(text, sizeof(text), &group->oldest);
	pr_err("  %lu objects, the oldest for %llu ms: taken by %s\n", group->nr,
	       objcache_group_ms(group, now), text);
	for (i = 0; i < min(group->oldest.nr, OBJCACHE_FRAMES); i++) {
		objcache_print_frame(text, sizeof(text),
				     group->oldest.frames[i]);
		pr_err("    %s\n", text);
	}
}

/**
 * objcache_report_leaks - who has the objects that a cache is destroyed without
 * @core: the cache, dead
 * @out: how many
 *
 * Context: Process context, may sleep.
 */
void objcache_report_leaks(struct objcache_core *core, unsigned long out)
{
	struct objcache_groups *g = objcache_group_all(core);
	u64 now = ktime_get_mono_fast_ns();
	unsigned long rest = 0;
	unsigned int i;

	objcache_count_add(core, leaked, out);
	trace_objcache_finding(core->name, "leaked", 0);
	pr_err("=================================================================\n");
	pr_err("%s: leak: %lu objects of %u bytes are out at the end\n",
	       core->name, out, core->params.size);
	pr_err("  Likely: a path that forgets to put, or a user that still works.\n");
	for (i = 0; g && i < g->nr; i++) {
		if (i < OBJCACHE_LEAKS_SHOWN)
			objcache_print_group(&g->group[i], now);
		else
			rest += g->group[i].nr;
	}
	if (g && rest + g->others)
		pr_err("  %lu objects from more stacks\n", rest + g->others);
	if (!(core->flags & OBJCACHE_STACKS))
		pr_err("  Level stacks shows who called.\n");
	pr_err("-----------------------------------------------------------------\n");
	kvfree(g);
}

static void objcache_count_late(struct objcache_track *track, void *data)
{
	unsigned long *nr = data;

	if (atomic_read(&track->state) == OBJCACHE_TAKEN)
		++*nr;
}

/**
 * objcache_report_late - what never came back
 *
 * Context: Process context; all caches are destroyed.
 */
void objcache_report_late(void)
{
	unsigned long nr = 0;

	objcache_each_track(NULL, objcache_count_late, &nr);
	if (nr)
		pr_err("unloaded with %lu objects of destroyed caches still out: their memory stays for good\n",
		       nr);
}
