// SPDX-License-Identifier: GPL-2.0
/*
 * Debug mode: telling people what is wrong
 *
 * A finding may come in an NMI, or under any lock, the run queue's included, where a
 * line for the console could wait for that very lock. So it is copied to one of a few
 * records, and printed as one block: at once where the finder could be preempted,
 * else soon, by a work item. Stacks are kept as addresses in place, not in the kernel's
 * stack depot: that takes a lock and memory, and neither is to be had everywhere.
 */
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "context.h"
#include "debug.h"
#include "trace.h"

/* Waiting to be printed at once; the machine can hold more findings than a reader. */
#define OBJCACHE_REPORTS	16U

struct objcache_report {
	struct llist_node node;
	char cache[OBJCACHE_NAME_LEN];
	char other[OBJCACHE_NAME_LEN];	/* the object's, or that of the one it points into */
	enum objcache_stat kind;
	const void *obj;
	unsigned int size;
	unsigned int serial;		/* 0: no object */
	long inside;			/* offset in the object it points into, or -1 */
	const char *detail;
	unsigned int unshown;		/* earlier ones of this cache */
	bool stacks;			/* are kept, where the kernel can walk them */
	struct objcache_who finder, taken, put;
	struct objcache_damage damage;	/* nr is 0: none */
};

static struct objcache_report objcache_reports[OBJCACHE_REPORTS];
static unsigned long objcache_reports_used;
static LLIST_HEAD(objcache_reports_due);
static unsigned long objcache_printing;	/* bit 0: somebody is */

/* For people: a headline, what is the case, what has likely led to it. */
static const struct {
	const char *title;
	const char *what;
	const char *likely;
} objcache_texts[OBJCACHE_NR_STATS] = {
	[OBJCACHE_STAT_put_twice] = {
		"put twice",
		"Nobody has it: it is in the cache, or on its way there.",
		"two owners each think that they are the last, or an error path puts what was put before",
	},
	[OBJCACHE_STAT_put_foreign] = {
		"put of a foreign pointer",
		"No object of a checked cache begins there.",
		"memory of another allocator, a pointer into an object, or an object that was destroyed since",
	},
	[OBJCACHE_STAT_put_elsewhere] = {
		"put into the wrong cache",
		"It is an object of another cache.",
		"two caches of the same user are mixed up",
	},
	[OBJCACHE_STAT_put_late] = {
		"call for a destroyed cache",
		"The cache was destroyed while the object was out.",
		"the user destroys its cache before its last request, timer or callback is through",
	},
	[OBJCACHE_STAT_discarded_parked] = {
		"discard of a parked object",
		"Nobody has it: it is in the cache, or on its way there.",
		"an error path discards what was put before",
	},
	[OBJCACHE_STAT_written_after_put] = {
		"write after put",
		"It has changed while nobody had it.",
		"somebody has kept a pointer to it, or a device still writes there",
	},
	[OBJCACHE_STAT_overrun] = {
		"write beyond the end",
		"What lies behind the object has changed.",
		"an index or a length is too large",
	},
	[OBJCACHE_STAT_underrun] = {
		"write before the start",
		"What lies before the object has changed.",
		"an index is below 0, or the object before it is overrun",
	},
	[OBJCACHE_STAT_op_misbehaved] = {
		"an op misbehaves",
		"It did not leave its caller's context as it found it.",
		"a lock is not released on one of its ways out, or it calls what may sleep",
	},
	[OBJCACHE_STAT_wrong_context] = {
		"get that may sleep where nobody may",
		"Its gfp allows to sleep; here are no interrupts, no preemption, or no task.",
		"GFP_KERNEL where GFP_ATOMIC is meant",
	},
};

/* ---- who ---- */

static enum objcache_place objcache_place(void)
{
	if (in_nmi())
		return OBJCACHE_IN_NMI;
	if (in_hardirq())
		return OBJCACHE_IN_HARDIRQ;
	return in_serving_softirq() ? OBJCACHE_IN_SOFTIRQ : OBJCACHE_IN_TASK;
}

static unsigned int objcache_stack(unsigned long *frames)
{
#ifdef CONFIG_STACKTRACE
	return stack_trace_save(frames, OBJCACHE_FRAMES, 2);
#else
	frames[0] = (unsigned long)__builtin_return_address(0);
	return 1;
#endif
}

static void objcache_note_as(struct objcache_who *who, bool stack,
			     const struct objcache_site *site)
{
	memcpy(who->comm, current->comm, sizeof(who->comm));
	who->comm[sizeof(who->comm) - 1] = '\0';
	who->pid = task_pid_nr(current);
	who->cpu = raw_smp_processor_id();
	who->place = objcache_place();
	who->ns = ktime_get_mono_fast_ns();
	who->file[0] = '\0';
	if (site) {
		/* A copy: the caller's module may be gone when it is read. */
		strscpy(who->file, kbasename(site->file), sizeof(who->file));
		who->line = site->line;
	}
	who->nr = stack ? objcache_stack(who->frames) : 0;
}

/**
 * objcache_note - note who we are
 * @core: the cache: with stacks, or without
 * @who: where to
 * @site: of the call, or NULL
 *
 * Context: Any.
 */
void objcache_note(struct objcache_core *core, struct objcache_who *who,
		   const struct objcache_site *site)
{
	objcache_note_as(who, core->flags & OBJCACHE_STACKS, site);
}

/**
 * objcache_print_who - task, CPU, context and place of a call
 * @to: where to
 * @size: bytes there
 * @who: who; a task may have any name, line feeds in it
 *
 * Return: as snprintf().
 */
int objcache_print_who(char *to, size_t size, const struct objcache_who *who)
{
	static const char * const places[] = {
		[OBJCACHE_IN_TASK] = "task",
		[OBJCACHE_IN_SOFTIRQ] = "softirq",
		[OBJCACHE_IN_HARDIRQ] = "hardirq",
		[OBJCACHE_IN_NMI] = "NMI",
	};
	int len = scnprintf(to, size, "%*pE/%d on CPU %d in %s",
			    (int)strlen(who->comm), who->comm, who->pid,
			    who->cpu, places[who->place]);

	if (who->file[0])
		len += scnprintf(to + len, size - len, " at %s:%u", who->file,
				 who->line);
	return len;
}

/**
 * objcache_print_frame - a step of a stack, by name
 * @to: where to
 * @size: bytes there
 * @frame: the step
 *
 * Of code that is gone, as a module's init is, the kernel would show the address.
 */
void objcache_print_frame(char *to, size_t size, unsigned long frame)
{
	scnprintf(to, size, "%pS", (void *)frame);
	if (!strncmp(to, "0x", 2))
		strscpy(to, "code that is gone", size);
}

/* ---- printing, where that is safe ---- */

static void objcache_print_stack(const struct objcache_who *who)
{
	char text[128];
	unsigned int i;

	for (i = 0; i < min(who->nr, OBJCACHE_FRAMES); i++) {
		objcache_print_frame(text, sizeof(text), who->frames[i]);
		pr_err("    %s\n", text);
	}
}

static void objcache_print_part(const char *what, const struct objcache_who *who,
				u64 now)
{
	char text[128];

	if (!who->ns)
		return;
	objcache_print_who(text, sizeof(text), who);
	if (now)
		pr_err("  %s by %s, %llu us before\n", what, text,
		       div_u64(now - min(now, who->ns), NSEC_PER_USEC));
	else
		pr_err("  %s by %s\n", what, text);
	objcache_print_stack(who);
}

static void objcache_print_damage(const struct objcache_damage *d)
{
	if (!d->nr) {
		pr_err("  Changed: some of its bytes from %d on, of which no copy is kept\n",
		       d->from);
		return;
	}
	pr_err("  Bytes %d to %d are: %*ph\n", d->from, d->to, (int)d->nr, d->is);
	pr_err("  and should be: %*ph\n", (int)d->nr, d->should);
}

static void objcache_print_object(const struct objcache_report *r)
{
	const char *title = objcache_texts[r->kind].title;

	if (r->serial)
		pr_err("%s: %s: object #%u, %u bytes, at %p\n", r->cache, title,
		       r->serial, r->size, r->obj);
	else if (r->obj)
		pr_err("%s: %s: %p\n", r->cache, title, r->obj);
	else
		pr_err("%s: %s\n", r->cache, title);
	pr_err("  %s\n", objcache_texts[r->kind].what);
	if (r->inside >= 0)
		pr_err("  It points to byte %ld of an object of cache %s.\n",
		       r->inside, r->other);
	else if (r->other[0])
		pr_err("  It is an object of cache %s.\n", r->other);
	if (r->detail)
		pr_err("  %s\n", r->detail);
	pr_err("  Likely: %s.\n", objcache_texts[r->kind].likely);
}

static void objcache_print_end(const struct objcache_report *r)
{
	if (r->serial)
		pr_err("  Done: the object is withdrawn; its memory stays until the cache is destroyed\n");
	else
		pr_err("  Done: ignored, or put right\n");
	if (r->taken.ns && !r->stacks)
		pr_err("  Level stacks shows who called\n");
	if (r->unshown)
		pr_err("  %u findings before it are not shown\n", r->unshown);
	pr_err("-----------------------------------------------------------------\n");
}

static void objcache_print_report(const struct objcache_report *r)
{
	pr_err("=================================================================\n");
	objcache_print_object(r);
	objcache_print_part("Found", &r->finder, 0);
	objcache_print_part("Taken", &r->taken, r->finder.ns);
	objcache_print_part("Put", &r->put, r->finder.ns);
	if (r->damage.kind)
		objcache_print_damage(&r->damage);
	objcache_print_end(r);
}

static void objcache_print_list(struct llist_node *node)
{
	while (node) {
		struct objcache_report *r = llist_entry(node,
							struct objcache_report,
							node);

		node = node->next;
		objcache_print_report(r);
		/* Read before it is another's: pairs with objcache_claim(). */
		clear_bit_unlock(r - objcache_reports, &objcache_reports_used);
	}
}

/**
 * objcache_print_due - print the reports there are
 *
 * One at a time; who finds another at it leaves it to that.
 *
 * Context: Preemptible.
 */
void objcache_print_due(void)
{
	while (!llist_empty(&objcache_reports_due) &&
	       !test_and_set_bit_lock(0, &objcache_printing)) {
		struct llist_node *all = llist_del_all(&objcache_reports_due);

		objcache_print_list(llist_reverse_order(all));
		clear_bit_unlock(0, &objcache_printing);
		/* Done before the look for more: pairs with objcache_found(). */
		smp_mb__after_atomic();
	}
}

static void objcache_print_work_fn(struct work_struct *unused)
{
	objcache_print_due();
}

static DECLARE_WORK(objcache_print_work, objcache_print_work_fn);

static void objcache_print_kicked(struct irq_work *unused)
{
	objcache_queue_work(&objcache_print_work);
}

static struct irq_work objcache_print_kick =
	IRQ_WORK_INIT_HARD(objcache_print_kicked);

/* ---- records ---- */

static struct objcache_report *objcache_claim(void)
{
	unsigned int i;

	for (i = 0; i < OBJCACHE_REPORTS; i++)
		if (!test_and_set_bit_lock(i, &objcache_reports_used))
			return &objcache_reports[i];
	return NULL;
}

static bool objcache_to_be_shown(const struct objcache_finding *f)
{
	if (f->track && test_and_set_bit(0, &f->track->reported))
		return false;
	if (___ratelimit(&f->core->watch.limit, __func__))
		return true;
	atomic_inc(&f->core->watch.unshown);
	return false;
}

static void objcache_fill(struct objcache_report *r,
			  const struct objcache_finding *f)
{
	const struct objcache_track *near = f->near ? f->near(f->obj) : NULL;
	const struct objcache_track *t = f->track;

	*r = (struct objcache_report) {
		.kind = f->kind, .obj = f->obj, .detail = f->detail,
		.inside = -1, .size = f->core->params.size,
	};
	strscpy(r->cache, f->core->name, sizeof(r->cache));
	if (near) {
		r->inside = f->obj - near->obj;
		strscpy(r->other, near->core->name, sizeof(r->other));
	}
	if (t) {
		r->serial = t->serial;
		r->size = t->core->params.size;
		r->stacks = t->core->flags & OBJCACHE_STACKS;
		/* Whoever has it may be writing these. */
		data_race(r->taken = t->taken); /* see above */
		data_race(r->put = t->put); /* as well */
		if (t->core != f->core)
			strscpy(r->other, t->core->name, sizeof(r->other));
	}
	if (f->damage)
		r->damage = *f->damage;
	r->unshown = atomic_xchg(&f->core->watch.unshown, 0);
	objcache_note_as(&r->finder, true, f->site);
}

/**
 * objcache_found - something is wrong: count it, and tell
 * @f: what
 *
 * An object is reported once, a cache ten times in five seconds; each is counted.
 *
 * Context: Any, under any lock.
 */
void objcache_found(const struct objcache_finding *f)
{
	struct objcache_report *r = NULL;

	this_cpu_inc(f->core->cpu->count[f->kind]);
	trace_objcache_finding(f->core->name, objcache_stat_names[f->kind],
			       f->track ? f->track->serial : 0);
	if (!objcache_to_be_shown(f))
		return;
	r = objcache_claim();
	if (!r) {
		atomic_inc(&f->core->watch.unshown);
		return;
	}
	objcache_fill(r, f);
	/* A full barrier: pairs with objcache_print_due(). */
	llist_add(&r->node, &objcache_reports_due);
	if (preemptible())
		objcache_print_due();
	else if (objcache_runs_irq_work())
		irq_work_queue(&objcache_print_kick);
}

/**
 * objcache_reports_stop - all are printed; no cache is left
 *
 * Context: Process context.
 */
void objcache_reports_stop(void)
{
	irq_work_sync(&objcache_print_kick);
	flush_work(&objcache_print_work);
	objcache_print_due();
}
