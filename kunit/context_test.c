// SPDX-License-Identifier: GPL-2.0
/*
 * S11: every call from every context, also in the middle of another one
 *
 * Whether a call changed what it must not (interrupts, the preemption count)
 * is checked by the t_ calls themselves.
 */

#include <linux/interrupt.h>
#include <linux/kprobes.h>
#include <linux/smp.h>

#include "contexts.h"
#include "inside.h"

#define CAPACITY	32

/* What a function did in its context, to be judged afterwards. */
struct job {
	struct tcache *tc;
	struct tobj *objs[100];
	unsigned int nr;
	unsigned int rounds;
	unsigned int nulls;
	gfp_t gfp;
};

static struct job *job_create(struct tcache *tc, gfp_t gfp, unsigned int rounds)
{
	struct job *job = kunit_kzalloc(tc->test, sizeof(*job), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(tc->test, job);
	job->tc = tc;
	job->gfp = gfp;
	job->rounds = rounds;
	return job;
}

static void job_keep(struct job *job, struct tobj *obj)
{
	if (obj)
		job->objs[job->nr++] = obj;
	else
		job->nulls++;
}

/* With objects parked: each call a hundred times. */
static void use_parked(void *data)
{
	struct job *job = data;
	unsigned int i;

	for (i = 0; i < 100; i++) {
		job_keep(job, t_try_get(job->tc, 1));
		job_keep(job, t_get(job->tc, job->gfp, 1));
		while (job->nr)
			t_put(job->tc, job->objs[--job->nr], 1);
	}
	job_keep(job, t_try_get(job->tc, 1));
	if (job->nr)
		t_discard(job->tc, job->objs[--job->nr], 1);
}

static void expect_usable_in(struct kunit *test, enum t_context context)
{
	struct tcache *tc = t_create_small(test, 0);
	struct job *job = job_create(tc, GFP_ATOMIC, 0);
	u64 discarded;

	t_on_cpu(test, 0);
	KUNIT_EXPECT_EQ(test, 20, objcache_prefill(tc->cache, 20, GFP_KERNEL));
	KUNIT_EXPECT_TRUE(test, t_run_in(context, use_parked, job));
	KUNIT_EXPECT_EQ_MSG(test, job->nulls, 0, "in %s", t_context_name(context));
	discarded = t_stat(tc, discarded);
	KUNIT_EXPECT_EQ(test, discarded, 1);
	KUNIT_EXPECT_EQ(test, t_stat(tc, fresh), 0);
	t_expect_balanced(tc, 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, parked), 19);
	t_finish(tc);
}

static void s11_parked_objects_are_usable_in_every_context(struct kunit *test)
{
	enum t_context context;

	t_need_magazines(test);
	for (context = T_TASK; context < T_NMI; context++)
		expect_usable_in(test, context);
}

static void s11_parked_objects_are_usable_in_nmi(struct kunit *test)
{
	t_need_magazines(test);
	t_need_nmi(test);
	expect_usable_in(test, T_NMI);
}

static void get_some(void *data)
{
	struct job *job = data;
	unsigned int i;

	for (i = 0; i < job->rounds; i++)
		job_keep(job, t_get(job->tc, job->gfp, 1));
}

static void put_all(void *data)
{
	struct job *job = data;

	while (job->nr)
		t_put(job->tc, job->objs[--job->nr], 1);
}

static void discard_all(void *data)
{
	struct job *job = data;

	while (job->nr)
		t_discard(job->tc, job->objs[--job->nr], 1);
}

/*
 * Its locks are spinlock_t, which do not nest in raw ones; nor, says lockdep, in an
 * interrupt that is hard on PREEMPT_RT too.
 */
static bool slab_is_legal_in(enum t_context context)
{
	if (IS_ENABLED(CONFIG_PROVE_RAW_LOCK_NESTING) && context == T_HARDIRQ)
		return false;
	return context != T_RAW_LOCK_ON && context != T_RAW_LOCK &&
	       context != T_NMI;
}

/* Empty cache: what is legal for the slab in a context is legal here. */
static void s11_a_miss_allocates_wherever_the_slab_may(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct job *job = job_create(tc, GFP_ATOMIC, 20);
	enum t_context context;

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "not on PREEMPT_RT");
	t_on_cpu(test, 0);
	for (context = T_TASK; context < T_NR_CONTEXTS; context++) {
		if (!slab_is_legal_in(context))
			continue;
		KUNIT_EXPECT_TRUE(test, t_run_in(context, get_some, job));
		KUNIT_EXPECT_EQ_MSG(test, job->nr, 20, "in %s", t_context_name(context));
		KUNIT_EXPECT_TRUE(test, t_run_in(context, discard_all, job));
		t_expect_balanced(tc, 0);
	}
	t_finish(tc);
}

static void s11_a_miss_in_nmi_constructs_nothing(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct job *job = job_create(tc, GFP_NOWAIT, 5);

	t_need_nmi(test);
	t_on_cpu(test, 0);
	KUNIT_EXPECT_TRUE(test, t_run_in(T_NMI, get_some, job));
	KUNIT_EXPECT_EQ(test, job->nulls, 5);
	KUNIT_EXPECT_EQ(test, t_stat(tc, created), 0);
	KUNIT_EXPECT_EQ(test, t_stat(tc, fresh), 0);
	t_finish(tc);
}

/*
 * Far above the capacity, where a put has to find a way out for each; where it can
 * have no magazine, what its CPU could not keep is displaced.
 */
static void s11_puts_above_the_capacity_work_in_every_context(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct job *job = job_create(tc, GFP_KERNEL, 100);
	enum t_context context;

	t_need_keeping(test);
	t_need_nmi(test);
	t_on_cpu(test, 0);
	for (context = T_TASK; context < T_NR_CONTEXTS; context++) {
		get_some(job);
		KUNIT_EXPECT_TRUE(test, t_run_in(context, put_all, job));
		KUNIT_EXPECT_LE(test, t_parked_on(tc, t_nth_cpu(0)), CAPACITY);
		KUNIT_EXPECT_GE(test, t_stat(tc, parked), CAPACITY);
		KUNIT_EXPECT_EQ(test, t_stat(tc, parked),
				t_parked_on(tc, t_nth_cpu(0)) + t_stored(tc, OBJCACHE_DISPLACED));
		t_expect_balanced(tc, 0);
		get_some(job);
		KUNIT_EXPECT_TRUE(test, t_run_in(context, discard_all, job));
		t_expect_balanced(tc, 0);
	}
	t_finish(tc);
}

static void use_bulk(void *data)
{
	struct job *job = data;
	unsigned int nr;

	for (nr = 0; nr < 50; nr += 7) {
		job->nr = t_get_bulk(job->tc, job->gfp, nr, job->objs, 1);
		job->nulls += nr - job->nr;
		t_put_bulk(job->tc, job->nr, job->objs, 1);
	}
	job->nr = 0;
}

static void s11_bulk_calls_leave_interrupts_as_they_were(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct job *job = job_create(tc, GFP_ATOMIC, 0);
	enum t_context context;

	t_need_keeping(test);
	t_on_cpu(test, 0);
	for (context = T_TASK; context < T_NR_CONTEXTS; context++) {
		if (!slab_is_legal_in(context))
			continue;
		job->nulls = 0;
		KUNIT_EXPECT_TRUE(test, t_run_in(context, use_bulk, job));
		if (!IS_ENABLED(CONFIG_PREEMPT_RT))
			KUNIT_EXPECT_EQ_MSG(test, job->nulls, 0, "in %s",
					    t_context_name(context));
		t_expect_balanced(tc, 0);
	}
	job->gfp = GFP_KERNEL;
	use_bulk(job);
	t_finish(tc);
}

static void s11_calls_that_may_sleep_leave_interrupts_as_they_were(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);

	objcache_prefill(tc->cache, 20, GFP_KERNEL);
	KUNIT_EXPECT_FALSE(test, irqs_disabled());
	KUNIT_EXPECT_TRUE(test, preemptible() || !IS_ENABLED(CONFIG_PREEMPT_COUNT));
	objcache_age(tc->cache);
	KUNIT_EXPECT_FALSE(test, irqs_disabled());
	objcache_drain(tc->cache);
	KUNIT_EXPECT_FALSE(test, irqs_disabled());
	t_finish(tc);
}

/*
 * As if @fn interrupted a hit: the owner flag of this CPU is set, and what it
 * guards must be found as it was left.
 */
static bool run_nested(struct tcache *tc, enum t_context context,
		       void (*fn)(void *data), void *data)
{
	struct objcache_owner *owner;
	void **top, **limit;
	bool ran, intact;

	preempt_disable();
	owner = raw_cpu_ptr(tc->cache->owner);
	if (!objcache_owner_enter(owner)) {
		preempt_enable();
		return false;
	}
	top = owner->top;
	limit = owner->limit;
	ran = t_run_in(context, fn, data);
	intact = !owner->idle && owner->top == top && owner->limit == limit;
	objcache_owner_exit(owner);
	preempt_enable();
	return ran && intact;
}

static const enum t_context nesting[] = {
	T_PREEMPT_OFF, T_IRQS_OFF, T_RAW_LOCK_ON, T_RAW_LOCK,
#ifndef CONFIG_PREEMPT_RT	/* There it is a thread, which interrupts nothing. */
	T_SOFTIRQ,
#endif
	T_HARDIRQ, T_NMI,
};

static void use_nested(void *data)
{
	struct job *job = data;
	unsigned int i;

	for (i = 0; i < 6; i++)
		t_put(job->tc, job->objs[--job->nr], 1);
	t_discard(job->tc, job->objs[--job->nr], 1);
	for (i = 0; i < 4; i++)
		job_keep(job, t_try_get(job->tc, 1));
	for (i = 0; i < 4; i++)
		job_keep(job, T_HARD_GFP ? t_get(job->tc, GFP_NOWAIT, 1) :
					   t_try_get(job->tc, 1));
	for (i = 0; i < 3; i++)
		t_put(job->tc, job->objs[--job->nr], 1);
}

static void s11_calls_that_interrupt_another_find_their_way(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct job *job = job_create(tc, GFP_KERNEL, 30);
	unsigned int i;
	u64 nested;

	t_need_magazines(test);
	t_need_nmi(test);
	t_on_cpu(test, 0);
	KUNIT_EXPECT_EQ(test, 20, objcache_prefill(tc->cache, 20, GFP_KERNEL));
	for (i = 0; i < ARRAY_SIZE(nesting); i++) {
		nested = t_stat(tc, nested);
		get_some(job);
		KUNIT_EXPECT_TRUE_MSG(test, run_nested(tc, nesting[i], use_nested, job),
				      "in %s", t_context_name(nesting[i]));
		KUNIT_EXPECT_GE(test, t_stat(tc, nested), nested + 6);
		t_expect_balanced(tc, job->nr);
		put_all(job);
		t_expect_balanced(tc, 0);
	}
	t_finish(tc);
}

/* Also when a get finds the flag set and nothing is parked. */
static void s11_a_nested_miss_allocates_wherever_the_slab_may(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct job *job = job_create(tc, GFP_ATOMIC, 10);
	unsigned int i;

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "not on PREEMPT_RT");
	t_on_cpu(test, 0);
	for (i = 0; i < ARRAY_SIZE(nesting); i++) {
		if (!slab_is_legal_in(nesting[i]))
			continue;
		KUNIT_EXPECT_TRUE(test, run_nested(tc, nesting[i], get_some, job));
		KUNIT_EXPECT_EQ_MSG(test, job->nr, 10, "in %s",
				    t_context_name(nesting[i]));
		discard_all(job);
		t_expect_balanced(tc, 0);
	}
	t_finish(tc);
}

/* What an interrupt parked while the flag was set, the CPU finds later. */
static void s11_what_nested_puts_parked_is_not_stranded(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct job *job = job_create(tc, GFP_KERNEL, 10);
	struct tobj **objs = t_objs(test, 100);
	unsigned int i, nr;
	u64 parked;

	t_need_keeping(test);
	t_need_nmi(test);
	t_on_cpu(test, 0);
	for (i = 0; i < ARRAY_SIZE(nesting); i++) {
		get_some(job);
		KUNIT_EXPECT_TRUE(test, run_nested(tc, nesting[i], put_all, job));
		t_expect_balanced(tc, 0);
		parked = t_stat(tc, parked);
		KUNIT_EXPECT_GE_MSG(test, parked, 1, "in %s", t_context_name(nesting[i]));
		nr = t_try_get_all(tc, objs, 100);
		KUNIT_EXPECT_EQ(test, parked, nr);
		t_put_all(tc, objs, nr);
		objcache_drain(tc->cache);
	}
	t_finish(tc);
}

static void s10_nested_puts_keep_to_the_capacity(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct job *job = job_create(tc, GFP_KERNEL, 100);
	unsigned int prefill;

	t_on_cpu(test, 0);
	for (prefill = 0; prefill <= CAPACITY; prefill += 8) {
		get_some(job);
		objcache_prefill(tc->cache, prefill, GFP_KERNEL);
		KUNIT_EXPECT_TRUE(test, run_nested(tc, T_HARDIRQ, put_all, job));
		KUNIT_EXPECT_LE(test, t_parked_on(tc, t_nth_cpu(0)), CAPACITY);
		t_expect_balanced(tc, 0);
		get_some(job);
		put_all(job);
		KUNIT_EXPECT_LE(test, t_parked_on(tc, t_nth_cpu(0)), CAPACITY);
		objcache_drain(tc->cache);
	}
	t_finish(tc);
}

/* ---- interrupts from other CPUs ---- */

/* Which softirqs are pending here that were not before @fn, with interrupts off. */
static u32 raised_by(void (*fn)(void *data), void *data)
{
	u32 before = local_softirq_pending();

	fn(data);
	return local_softirq_pending() & ~before;
}

/**
 * struct caller - what another CPU is to call
 * @job: of which all is called
 * @raised: softirqs that this raised
 */
struct caller {
	struct job *job;
	u32 raised;
};

/* Hits, puts above the capacity, discards, and all of it nested. */
static void call_all(void *data)
{
	struct caller *caller = data;
	struct job *job = caller->job;

	caller->raised |= raised_by(put_all, job);
	caller->raised |= raised_by(use_parked, job);
	job->rounds = 2 * CAPACITY;
	caller->raised |= raised_by(get_some, job);
	caller->raised |= raised_by(discard_all, job);
}

/*
 * On PREEMPT_RT a CPU that comes from idle warns of a softirq that such a call has
 * raised. Elsewhere it costs time.
 */
static void s11_a_call_for_another_cpu_raises_no_softirq(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	struct job *job = job_create(tc, T_HARD_GFP, 100);
	struct caller caller = { .job = job };
	unsigned int i;

	t_need_keeping(test);
	t_need_cpus(test, 2);
	for (i = 0; i < T_ROUNDS(20); i++) {
		t_on_cpu(test, 0);
		job->rounds = 100;
		job->gfp = GFP_KERNEL;
		get_some(job);
		job->gfp = T_HARD_GFP;
		KUNIT_ASSERT_EQ(test, 0, smp_call_function_single(t_nth_cpu(1), call_all,
								  &caller, true));
		t_expect_balanced(tc, job->nr);
	}
	KUNIT_EXPECT_EQ(test, caller.raised, 0);
	/* All ways out have been taken, or little is shown. */
	KUNIT_EXPECT_GT(test, t_stat(tc, overflow) + t_stat(tc, displaced), 0);
	KUNIT_EXPECT_GT(test, t_stat(tc, discarded), 0);
	t_finish(tc);
}

/* The core's own: the interrupt by which steps and drains empty a private part. */
static struct {
	unsigned int visits;
	u32 raised;
} visited;

static int visit_begins(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	*(u32 *)instance->data = local_softirq_pending();
	return 0;
}

static int visit_ends(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	visited.visits++;
	visited.raised |= local_softirq_pending() & ~*(u32 *)instance->data;
	return 0;
}

static struct kretprobe visit_probe;

static void visit_probe_remove(void *unused)
{
	unregister_kretprobe(&visit_probe);
}

static void s11_a_visit_of_another_cpu_raises_no_softirq(struct kunit *test)
{
	struct tcache *tc = t_create_small(test, 0);
	unsigned int i;

	t_need_parking(test);
	t_need_cpus(test, 2);
	memset(&visited, 0, sizeof(visited));
	visit_probe = (struct kretprobe) {
		.kp.symbol_name = "objcache:objcache_visited",
		.entry_handler = visit_begins, .handler = visit_ends,
		.data_size = sizeof(u32), .maxactive = nr_cpu_ids,
	};
	if (register_kretprobe(&visit_probe))
		kunit_skip(test, "no return probes here");
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, visit_probe_remove, NULL));
	for (i = 0; i < 20; i++) {
		t_on_cpu(test, 1);
		KUNIT_EXPECT_EQ(test, CAPACITY,
				objcache_prefill(tc->cache, CAPACITY, GFP_KERNEL));
		t_on_cpu(test, 0);
		KUNIT_EXPECT_EQ(test, CAPACITY, objcache_drain(tc->cache));
	}
	kunit_release_action(test, visit_probe_remove, NULL);
	KUNIT_EXPECT_GE(test, visited.visits, 20);
	KUNIT_EXPECT_EQ(test, visited.raised, 0);
	t_finish(tc);
}

static struct kunit_case context_cases[] = {
	KUNIT_CASE(s11_parked_objects_are_usable_in_every_context),
	KUNIT_CASE(s11_parked_objects_are_usable_in_nmi),
	KUNIT_CASE(s11_a_miss_allocates_wherever_the_slab_may),
	KUNIT_CASE(s11_a_miss_in_nmi_constructs_nothing),
	KUNIT_CASE(s11_puts_above_the_capacity_work_in_every_context),
	KUNIT_CASE(s11_bulk_calls_leave_interrupts_as_they_were),
	KUNIT_CASE(s11_calls_that_may_sleep_leave_interrupts_as_they_were),
	KUNIT_CASE(s11_calls_that_interrupt_another_find_their_way),
	KUNIT_CASE(s11_a_nested_miss_allocates_wherever_the_slab_may),
	KUNIT_CASE(s11_what_nested_puts_parked_is_not_stranded),
	KUNIT_CASE(s10_nested_puts_keep_to_the_capacity),
	KUNIT_CASE(s11_a_call_for_another_cpu_raises_no_softirq),
	KUNIT_CASE(s11_a_visit_of_another_cpu_raises_no_softirq),
	{}
};

static struct kunit_suite context_suite = {
	.name = "objcache_contexts",
	.test_cases = context_cases,
};

kunit_test_suite(context_suite);
