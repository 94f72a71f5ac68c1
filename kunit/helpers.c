// SPDX-License-Identifier: GPL-2.0
/* What the suites share; see helpers.h. */

#include <linux/bitmap.h>
#include <linux/cpumask.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/panic.h>
#include <linux/slab.h>

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

/* Who is in a put: one task per CPU; a preempted one may go unseen. */
static DEFINE_PER_CPU(struct task_struct *, t_putting);

/* What a call must leave as it was. */
struct t_caller {
	int preempt;
	bool irqs_off;
};

static struct t_caller t_caller_now(void)
{
	return (struct t_caller) {
		.preempt = preempt_count(),
		.irqs_off = irqs_disabled(),
	};
}

static void t_caller_check(struct tcache *tc, struct t_caller was)
{
	if (irqs_disabled() != was.irqs_off)
		t_fault(tc, T_IRQS_CHANGED);
	if (preempt_count() != was.preempt)
		t_fault(tc, T_PREEMPT_CHANGED);
}

static u64 t_word(const struct tobj *obj, unsigned int i)
{
	return ((u64)obj->id << 32 | obj->round) * (2 * i + 1);
}

static void t_write(struct tobj *obj)
{
	unsigned int i;

	obj->round++;
	for (i = 0; i < T_WORDS; i++)
		obj->words[i] = t_word(obj, i);
}

static bool t_reads_well(const struct tobj *obj)
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

	if (!left)
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

void t_init(struct tcache *tc, struct kunit *test, unsigned int size)
{
	tc->test = test;
	tc->size = size;
	init_completion(&tc->gate);
	tc->dtor_seen = bitmap_zalloc(T_MAX_IDS, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tc->dtor_seen);
}

static void t_cleanup(void *p)
{
	struct tcache *tc = p;

	t_open_gate(tc);
	if (tc->cache)
		objcache_destroy(tc->cache);
	bitmap_free(tc->dtor_seen);
}

/* A cache that goes away with its test, whatever happens to that. */
struct tcache *t_create(struct kunit *test, const struct objcache_params *given)
{
	struct objcache_params params = *given;
	struct objcache *cache;
	struct tcache *tc;

	params.size = max_t(unsigned int, params.size, sizeof(struct tobj));
	params.flags |= OBJCACHE_NO_AGING;
	params.ops = params.ops ?: &t_ops;
	tc = kunit_kzalloc(test, sizeof(*tc), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tc);
	t_init(tc, test, params.size);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, t_cleanup, tc));
	params.ctx = tc;
	cache = objcache_create("kunit", &params);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cache);
	tc->cache = cache;
	return tc;
}

/* One whose magazines are full after four puts, and a CPU after 32. */
struct tcache *t_create_small(struct kunit *test, unsigned int flags)
{
	struct objcache_params params = {
		.batch = 4,
		.capacity = 32,
		.flags = flags,
	};

	return t_create(test, &params);
}

void t_destroy(struct tcache *tc)
{
	struct objcache *cache = tc->cache;

	tc->cache = NULL;
	objcache_destroy(cache);
}

bool t_claim(struct tcache *tc, struct tobj *obj, u32 who)
{
	if (READ_ONCE(obj->magic) != TOBJ_LIVE)
		t_fault(tc, T_NOT_LIVE);
	if (!atomic_cmpxchg(&obj->owner, 0, who))
		return true;
	t_fault(tc, T_TWO_OWNERS);
	return false;
}

bool t_release(struct tcache *tc, struct tobj *obj, u32 who)
{
	if (atomic_cmpxchg(&obj->owner, who, 0) == who)
		return true;
	t_fault(tc, T_NOT_OWNER);
	return false;
}

/* What was written before the put is read here with plain loads. */
static struct tobj *t_received(struct tcache *tc, struct tobj *obj, u32 who)
{
	if (!obj || !t_claim(tc, obj, who))
		return obj;
	if (!t_reads_well(obj))
		t_fault(tc, T_WORDS_LOST);
	t_write(obj);
	return obj;
}

struct tobj *t_get(struct tcache *tc, gfp_t gfp, u32 who)
{
	struct t_caller was = t_caller_now();
	struct tobj *obj = objcache_get(tc->cache, gfp);

	t_caller_check(tc, was);
	return t_received(tc, obj, who);
}

struct tobj *t_try_get(struct tcache *tc, u32 who)
{
	struct t_caller was = t_caller_now();
	struct tobj *obj = objcache_try_get(tc->cache);

	t_caller_check(tc, was);
	return t_received(tc, obj, who);
}

unsigned int t_get_bulk(struct tcache *tc, gfp_t gfp, unsigned int nr,
			struct tobj **objs, u32 who)
{
	struct t_caller was = t_caller_now();
	unsigned int got, i;

	got = objcache_get_bulk(tc->cache, gfp, nr, (void **)objs);
	t_caller_check(tc, was);
	for (i = 0; i < got; i++)
		t_received(tc, objs[i], who);
	return got;
}

/* Marks the caller, so that a destructor on its stack is seen. */
static void t_put_begin(void)
{
	if (!in_task())
		return;
	migrate_disable();
	raw_cpu_write(t_putting, current);
}

static void t_put_end(void)
{
	if (!in_task())
		return;
	raw_cpu_write(t_putting, NULL);
	migrate_enable();
}

void t_put(struct tcache *tc, struct tobj *obj, u32 who)
{
	struct t_caller was;

	if (!obj)
		return;
	t_release(tc, obj, who);
	t_put_begin();
	was = t_caller_now();
	objcache_put(tc->cache, obj);
	t_caller_check(tc, was);
	t_put_end();
}

void t_discard(struct tcache *tc, struct tobj *obj, u32 who)
{
	struct t_caller was;

	t_release(tc, obj, who);
	t_put_begin();
	was = t_caller_now();
	objcache_discard(tc->cache, obj);
	t_caller_check(tc, was);
	t_put_end();
}

void t_put_bulk(struct tcache *tc, unsigned int nr, struct tobj **objs, u32 who)
{
	struct t_caller was;
	unsigned int i;

	for (i = 0; i < nr; i++)
		t_release(tc, objs[i], who);
	t_put_begin();
	was = t_caller_now();
	objcache_put_bulk(tc->cache, nr, (void **)objs);
	t_caller_check(tc, was);
	t_put_end();
}

struct tobj **t_objs(struct kunit *test, unsigned int nr)
{
	struct tobj **objs = kunit_kcalloc(test, nr, sizeof(*objs), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, objs);
	return objs;
}

/* The three below are the test thread's own: it holds its objects as 1. */
void t_get_all(struct tcache *tc, struct tobj **objs, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		objs[i] = t_get(tc, GFP_KERNEL, 1);
		KUNIT_ASSERT_NOT_NULL(tc->test, objs[i]);
	}
}

void t_put_all(struct tcache *tc, struct tobj **objs, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		t_put(tc, objs[i], 1);
}

/* How many of @nr are parked where this CPU finds them. */
unsigned int t_try_get_all(struct tcache *tc, struct tobj **objs, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		objs[i] = t_try_get(tc, 1);
		if (!objs[i])
			break;
	}
	return i;
}

struct objcache_stats t_stats(struct tcache *tc)
{
	struct objcache_stats stats = {};

	objcache_read_stats(tc->cache, &stats);
	return stats;
}

/* One of them; t_stat(). */
u64 t_stat_at(struct tcache *tc, size_t offset)
{
	struct objcache_stats stats = t_stats(tc);

	return *(u64 *)((void *)&stats + offset);
}

void t_open_gate(struct tcache *tc)
{
	WRITE_ONCE(tc->gated, false);
	complete_all(&tc->gate);
}

static void t_expect_no_fault(struct tcache *tc)
{
	unsigned int i;

	for (i = 0; i < T_NR_FAULTS; i++)
		KUNIT_EXPECT_EQ_MSG(tc->test, 0, atomic_read(&tc->faults[i]), "%s",
				    t_fault_names[i]);
}

/* S14, with what the operations counted as the second opinion. */
void t_expect_balanced_now(struct tcache *tc, u64 in_use)
{
	struct objcache_stats st = t_stats(tc);
	struct kunit *test = tc->test;

	KUNIT_EXPECT_EQ(test, st.created,
			st.destroyed + st.parked + st.releasing + st.in_use);
	KUNIT_EXPECT_EQ(test, st.in_use, in_use);
	KUNIT_EXPECT_EQ(test, st.in_use, st.gets - st.puts - st.discarded);
	KUNIT_EXPECT_EQ(test, st.steals, st.stolen);
	KUNIT_EXPECT_EQ(test, st.created, (u64)atomic_read(&tc->ctors));
	KUNIT_EXPECT_EQ(test, st.ctor_failures, (u64)atomic_read(&tc->ctor_failures));
	t_expect_no_fault(tc);
}

/* The same once all that waited has been destroyed. */
void t_expect_balanced(struct tcache *tc, u64 in_use)
{
	struct kunit *test = tc->test;

	KUNIT_EXPECT_TRUE_MSG(test, t_wait_until(!t_stat(tc, releasing)),
			      "the release queue does not empty");
	KUNIT_EXPECT_EQ(test, t_stat(tc, destroyed), (u64)atomic_read(&tc->dtors_done));
	t_expect_balanced_now(tc, in_use);
}

/*
 * The end of a test that has given everything back: draining says how many it
 * released, nothing is left, every object was destroyed once, and the slab had
 * nothing to complain about.
 */
void t_finish(struct tcache *tc)
{
	struct kunit *test = tc->test;
	bool warned = test_taint(TAINT_WARN);
	u64 parked;

	t_expect_balanced(tc, 0);
	parked = t_stat(tc, parked);
	KUNIT_EXPECT_EQ(test, (u64)objcache_drain(tc->cache), parked);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, releasing), 0);
	t_expect_balanced_now(tc, 0);
	t_destroy(tc);
	KUNIT_EXPECT_EQ(test, atomic_read(&tc->ctors), atomic_read(&tc->dtors_done));
	KUNIT_EXPECT_EQ(test, warned, (bool)test_taint(TAINT_WARN));
	t_expect_no_fault(tc);
}

unsigned int t_nth_cpu(unsigned int nth)
{
	return cpumask_nth(nth % num_online_cpus(), cpu_online_mask);
}

/* The test's thread ends with the test, so nothing has to be restored. */
void t_on_cpu(struct kunit *test, unsigned int nth)
{
	unsigned int cpu = t_nth_cpu(nth);

	KUNIT_ASSERT_EQ(test, 0, set_cpus_allowed_ptr(current, cpumask_of(cpu)));
	KUNIT_ASSERT_EQ(test, cpu, raw_smp_processor_id());
}

void t_need_cpus(struct kunit *test, unsigned int nr)
{
	if (num_online_cpus() < nr)
		kunit_skip(test, "needs %u CPUs", nr);
}

static int t_thread_main(void *p)
{
	struct t_thread *thread = p;

	wait_for_completion(&thread->crew->go);
	if (!t_crew_stopping(thread->crew))
		thread->crew->fn(thread);
	complete_all(&thread->done);
	return 0;
}

static void t_crew_fire(void *p)
{
	t_crew_stop(p);
}

static int t_thread_create(struct t_crew *crew, unsigned int i)
{
	struct t_thread *thread = &crew->threads[i];
	struct task_struct *task;

	thread->crew = crew;
	thread->index = i;
	thread->who = 0x100 + i;
	init_completion(&thread->done);
	task = kthread_create(t_thread_main, thread, "objcache_t%u", i);
	if (IS_ERR(task))
		return PTR_ERR(task);
	thread->task = get_task_struct(task);
	kthread_bind(task, t_nth_cpu(i));
	wake_up_process(task);
	return 0;
}

struct t_crew *t_crew_create(struct kunit *test, unsigned int nr,
			     void (*fn)(struct t_thread *thread), void *data)
{
	struct t_crew *crew;
	unsigned int i;

	crew = kunit_kzalloc(test, struct_size(crew, threads, nr), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, crew);
	crew->fn = fn;
	crew->data = data;
	crew->nr = nr;
	init_completion(&crew->go);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, t_crew_fire, crew));
	for (i = 0; i < nr; i++)
		KUNIT_ASSERT_EQ(test, 0, t_thread_create(crew, i));
	return crew;
}

void t_crew_start(struct t_crew *crew)
{
	complete_all(&crew->go);
}

/* Stops all threads and waits for them. May be called again. */
void t_crew_stop(struct t_crew *crew)
{
	unsigned int i;

	WRITE_ONCE(crew->stop, true);
	complete_all(&crew->go);
	for (i = 0; i < crew->nr; i++) {
		if (!crew->threads[i].task)
			continue;
		kthread_stop(crew->threads[i].task);
		put_task_struct(crew->threads[i].task);
		crew->threads[i].task = NULL;
	}
}

/* Waits for threads that end by themselves. */
bool t_crew_join(struct t_crew *crew)
{
	unsigned long patience = msecs_to_jiffies(3 * T_PATIENCE_MS);
	bool joined = true;
	unsigned int i;

	for (i = 0; i < crew->nr; i++)
		if (!wait_for_completion_timeout(&crew->threads[i].done, patience))
			joined = false;
	t_crew_stop(crew);
	return joined;
}

/* Lets the crew work for a while. */
void t_crew_run(struct t_crew *crew, unsigned int ms)
{
	t_crew_start(crew);
	msleep(ms);
	t_crew_stop(crew);
}

MODULE_DESCRIPTION("KUnit suites of objcache, written from its specification");
MODULE_LICENSE("GPL");
