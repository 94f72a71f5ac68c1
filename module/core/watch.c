// SPDX-License-Identifier: GPL-2.0
/*
 * Debug mode: the ops of a cache that checks
 *
 * An op must leave its caller's context as it found it, and must not sleep where the
 * caller must not. What it has changed is put right, so that the machine goes on.
 */
#include <linux/irqflags.h>
#include <linux/preempt.h>
#include <linux/sched.h>

#include "context.h"
#include "debug.h"

enum objcache_op { OBJCACHE_CTOR, OBJCACHE_DTOR, OBJCACHE_RESET };
enum objcache_fault { OBJCACHE_IRQS, OBJCACHE_PREEMPT, OBJCACHE_SLEPT };

static const char * const objcache_op_faults[][3] = {
	[OBJCACHE_CTOR] = {
		"The ctor has left interrupts on or off, not as it found them.",
		"The ctor has left preemption on or off, not as it found it.",
		"The ctor has slept, which its gfp does not allow.",
	},
	[OBJCACHE_DTOR] = {
		"The dtor has left interrupts on or off, not as it found them.",
		"The dtor has left preemption on or off, not as it found it.",
	},
	[OBJCACHE_RESET] = {
		"The reset has left interrupts on or off, not as it found them.",
		"The reset has left preemption on or off, not as it found it.",
		"The reset has slept; it is called by put, in whatever context.",
	},
};

/* What an op must leave as it was. */
struct objcache_before {
	int preempt;
	bool irqs_off;
	unsigned long slept;	/* how often; a task that is preempted does not */
};

static struct objcache_before objcache_before(void)
{
	return (struct objcache_before) {
		.preempt = preempt_count(),
		.irqs_off = irqs_disabled(),
		.slept = current->nvcsw,
	};
}

static void objcache_blame(struct objcache_core *core, enum objcache_op op,
			   enum objcache_fault fault)
{
	objcache_found(&(struct objcache_finding) {
		.core = core, .kind = OBJCACHE_STAT_op_misbehaved,
		.detail = objcache_op_faults[op][fault],
	});
}

static void objcache_after(struct objcache_core *core, enum objcache_op op,
			   const struct objcache_before *was, bool may_sleep)
{
	int more = preempt_count() - was->preempt;
	bool irqs_off = irqs_disabled();

	/* Put right before it is told. */
	if (more > 0)
		preempt_count_sub(more);
	else if (more)
		preempt_count_add(-more);
	if (irqs_off && !was->irqs_off)
		local_irq_enable();
	else if (!irqs_off && was->irqs_off)
		local_irq_disable();
	if (more)
		objcache_blame(core, op, OBJCACHE_PREEMPT);
	if (irqs_off != was->irqs_off)
		objcache_blame(core, op, OBJCACHE_IRQS);
	/* On PREEMPT_RT a spinlock_t, which it may take, can sleep. */
	if (!may_sleep && !IS_ENABLED(CONFIG_PREEMPT_RT) && in_task() &&
	    current->nvcsw != was->slept)
		objcache_blame(core, op, OBJCACHE_SLEPT);
}

/**
 * objcache_watched_ctor - call the constructor
 * @core: the cache, which has one
 * @obj: the object
 * @gfp: for it
 *
 * Return: what it returned.
 */
int objcache_watched_ctor(struct objcache_core *core, void *obj, gfp_t gfp)
{
	struct objcache_before was = objcache_before();
	int err = core->ops.ctor(obj, core->ctx, gfp);

	objcache_after(core, OBJCACHE_CTOR, &was, gfpflags_allow_blocking(gfp));
	return err;
}

/**
 * objcache_watched_dtor - call the destructor
 * @core: the cache, which has one
 * @obj: the object
 */
void objcache_watched_dtor(struct objcache_core *core, void *obj)
{
	struct objcache_before was = objcache_before();

	core->ops.dtor(obj, core->ctx);
	objcache_after(core, OBJCACHE_DTOR, &was, true);
}

/**
 * objcache_watched_reset - call reset
 * @core: the cache, which has one
 * @obj: the object
 *
 * Return: what it returned.
 */
bool objcache_watched_reset(struct objcache_core *core, void *obj)
{
	struct objcache_before was = objcache_before();
	bool keep = core->ops.reset(obj, core->ctx);

	objcache_after(core, OBJCACHE_RESET, &was, false);
	return keep;
}
