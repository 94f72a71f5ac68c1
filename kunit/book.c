// SPDX-License-Identifier: GPL-2.0
/* The operations of the test caches and the book they keep; see book.h. */

#include <linux/bitops.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/percpu.h>

#include "helpers.h"

static const char * const t_fault_names[] = {
	[T_TWO_OWNERS]		= "handed out to two",
	[T_NOT_OWNER]		= "claimed while held",
	[T_NOT_LIVE]		= "handed out unconstructed",
	[T_WORDS_LOST]		= "contents lost between put and get",
	[T_CTOR_CONTEXT]	= "ctor within a critical section",
	[T_CTOR_IN_NMI]		= "ctor in NMI",
	[T_DTOR_TWICE]		= "dtor twice",
	[T_DTOR_CONTEXT]	= "dtor where it may not sleep",
	[T_DTOR_IN_PUT]		= "dtor on the stack of a put",
	[T_DTOR_OWNED]		= "dtor of an object that is held",
	[T_OP_AFTER_DESTROY]	= "op called after destroy",
	[T_IRQS_CHANGED]	= "interrupts changed by a call",
	[T_PREEMPT_CHANGED]	= "preemption count changed by a call",
	[T_GATE_TIMEOUT]	= "dtor stuck at the gate",
};

void t_fault(struct tcache *tc, enum t_fault fault)
{
	atomic_inc(&tc->faults[fault]);
}

/* Faults that a test has planted: how many, and forget them. */
unsigned int t_take_faults(struct tcache *tc, enum t_fault fault)
{
	return atomic_xchg(&tc->faults[fault], 0);
}

void t_expect_no_fault(struct tcache *tc)
{
	unsigned int i;

	for (i = 0; i < T_NR_FAULTS; i++)
		KUNIT_EXPECT_EQ_MSG(tc->test, 0, atomic_read(&tc->faults[i]), "%s",
				    t_fault_names[i]);
}

/* Who is in a put: one task per CPU; a preempted one may go unseen. */
static DEFINE_PER_CPU(struct task_struct *, t_putting);

/* Marks the caller, so that a destructor on its stack is seen. */
void t_put_begin(void)
{
	if (!in_task())
		return;
	migrate_disable();
	raw_cpu_write(t_putting, current);
}

void t_put_end(void)
{
	if (!in_task())
		return;
	raw_cpu_write(t_putting, NULL);
	migrate_enable();
}

static u64 t_word(const struct tobj *obj, unsigned int i)
{
	return ((u64)obj->id << 32 | obj->round) * (2 * i + 1);
}

void t_write(struct tobj *obj)
{
	unsigned int i;

	obj->round++;
	for (i = 0; i < T_WORDS; i++)
		obj->words[i] = t_word(obj, i);
}

bool t_reads_well(const struct tobj *obj)
{
	unsigned int i;

	for (i = 0; i < T_WORDS; i++)
		if (obj->words[i] != t_word(obj, i))
			return false;
	return true;
}

static void t_note_live(struct tcache *tc)
{
	int live = atomic_read(&tc->ctors) - atomic_read(&tc->dtors_done);
	int max = atomic_read(&tc->live_max);

	while (live > max && !atomic_try_cmpxchg(&tc->live_max, &max, live))
		;
}

static bool t_ctor_fails(struct tcache *tc)
{
	int left = atomic_read(&tc->fail_ctors);

	if (!left || READ_ONCE(tc->free_pass) == current)
		return false;
	return left < 0 || atomic_dec_if_positive(&tc->fail_ctors) >= 0;
}

static void t_check_ctor_context(struct tcache *tc, gfp_t gfp)
{
	if (in_nmi())
		t_fault(tc, T_CTOR_IN_NMI);
	if (!gfpflags_allow_blocking(gfp))
		return;
	if (irqs_disabled() || (IS_ENABLED(CONFIG_PREEMPT_COUNT) && preempt_count()))
		t_fault(tc, T_CTOR_CONTEXT);
	else if (tc->ctor_may_sleep)
		usleep_range(50, 100);
}

static int t_ctor(void *p, void *ctx, gfp_t gfp)
{
	struct tcache *tc = ctx;
	struct tobj *obj = p;

	if (READ_ONCE(tc->dead))
		t_fault(tc, T_OP_AFTER_DESTROY);
	WRITE_ONCE(tc->last_gfp, gfp);
	t_check_ctor_context(tc, gfp);
	if (t_ctor_fails(tc)) {
		atomic_inc(&tc->ctor_failures);
		return -ENOSPC;
	}
	obj->id = atomic_fetch_inc(&tc->ctors);
	obj->round = 0;
	atomic_set(&obj->owner, 0);
	t_write(obj);
	WRITE_ONCE(obj->magic, TOBJ_LIVE);
	t_note_live(tc);
	return 0;
}

static void t_check_dtor_context(struct tcache *tc)
{
	if (!in_task() || irqs_disabled() ||
	    (IS_ENABLED(CONFIG_PREEMPT_COUNT) && preempt_count()))
		t_fault(tc, T_DTOR_CONTEXT);
	if (raw_cpu_read(t_putting) == current)
		t_fault(tc, T_DTOR_IN_PUT);
	might_sleep();
}

void t_open_gate(struct tcache *tc)
{
	WRITE_ONCE(tc->gated, false);
	complete_all(&tc->gate);
}

static void t_wait_at_gate(struct tcache *tc)
{
	if (!READ_ONCE(tc->gated) || READ_ONCE(tc->free_pass) == current)
		return;
	if (wait_for_completion_timeout(&tc->gate, msecs_to_jiffies(T_PATIENCE_MS)))
		return;
	t_fault(tc, T_GATE_TIMEOUT);
	t_open_gate(tc);
}

static void t_dtor(void *p, void *ctx)
{
	struct tcache *tc = ctx;
	struct tobj *obj = p;

	if (READ_ONCE(tc->dead))
		t_fault(tc, T_OP_AFTER_DESTROY);
	t_check_dtor_context(tc);
	if (cmpxchg(&obj->magic, TOBJ_LIVE, TOBJ_DEAD) != TOBJ_LIVE ||
	    (obj->id < T_MAX_IDS && test_and_set_bit(obj->id, tc->dtor_seen)))
		t_fault(tc, T_DTOR_TWICE);
	if (atomic_read(&obj->owner))
		t_fault(tc, T_DTOR_OWNED);
	atomic_inc(&tc->dtors);
	if (READ_ONCE(tc->free_pass) == current)
		atomic_inc(&tc->free_pass_dtors);
	if (tc->dtor_us)
		usleep_range(tc->dtor_us, tc->dtor_us + 100);
	t_wait_at_gate(tc);
	atomic_inc(&tc->dtors_done);
}

static bool t_reset(void *p, void *ctx)
{
	struct tcache *tc = ctx;
	struct tobj *obj = p;

	if (READ_ONCE(tc->dead))
		t_fault(tc, T_OP_AFTER_DESTROY);
	if (READ_ONCE(obj->magic) != TOBJ_LIVE)
		t_fault(tc, T_NOT_LIVE);
	atomic_inc(&tc->resets);
	return !READ_ONCE(tc->refuse);
}

const struct objcache_ops t_ops = {
	.ctor = t_ctor,
	.dtor = t_dtor,
};

const struct objcache_ops t_ops_reset = {
	.ctor = t_ctor,
	.dtor = t_dtor,
	.reset = t_reset,
};
