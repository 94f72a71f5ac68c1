// SPDX-License-Identifier: GPL-2.0
/*
 * S11, boundary by boundary: an NMI before each instruction of a get and a put,
 * one at a time
 *
 * A call is single-stepped once, which tells its instructions. Then each of them
 * in turn gets a kprobe, the cache is brought into the same state again, and the
 * call is made. On x86 the int3 of a kprobe enters the kernel like an NMI, with
 * in_nmi() true; its handler gets an object, puts it, and puts until nothing
 * more fits. What the call gave then, the order of what comes out of the cache,
 * the owners and the books are judged after each.
 *
 * For x86-64 only. What kprobes refuse (patched in other ways) is counted.
 */

#include <linux/kallsyms.h>
#include <linux/kdebug.h>
#include <linux/kprobes.h>
#include <linux/notifier.h>
#include <linux/ptrace.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "helpers.h"
#include "steps.h"
#include "../module/internal.h"

#ifdef CONFIG_X86_64
#include <asm/debugreg.h>
#include <asm/pgtable.h>

#define BATCH		2U
#define CAPACITY	8U
#define STASH		(CAPACITY + BATCH + 2)	/* more than a CPU keeps */
#define HAND		64U
#define BOUNDARIES	2048U

/*
 * With KASAN or KCSAN the code is three times as long, and each boundary takes
 * tens of milliseconds: there one that an earlier scene has probed is left out.
 * Otherwise each is probed in every scene that it is part of.
 */
#define EACH_ONCE	(IS_ENABLED(CONFIG_KASAN) || IS_ENABLED(CONFIG_KCSAN))

#define TASK		1	/* who the test's own objects belong to */
#define NMI		2

/* The calls: the inline path as compiled here, and the module's own. */
static noinline void *probed_get(struct objcache *cache, void *unused)
{
	return objcache_get(cache, GFP_NOWAIT);
}

static noinline void *probed_try_get(struct objcache *cache, void *unused)
{
	return objcache_try_get(cache);
}

static noinline void *probed_put(struct objcache *cache, void *obj)
{
	objcache_put(cache, obj);
	return NULL;
}

static noinline void *probed_called_get(struct objcache *cache, void *unused)
{
	return __objcache_get(cache, GFP_NOWAIT);
}

static noinline void *probed_called_try_get(struct objcache *cache, void *unused)
{
	return __objcache_try_get(cache);
}

static noinline void *probed_called_put(struct objcache *cache, void *obj)
{
	__objcache_put(cache, obj);
	return NULL;
}

/**
 * struct scene - a call, and the state of the cache that it meets
 * @call: itself
 * @puts: it takes an object
 * @park: objects put here before
 * @unpark: how many of them are taken again
 * @private: the newest of them is in the private part then
 * @linked: objects on the nested list
 * @far: magazines in the ring of another CPU
 * @depot: without a destructor, so that there is a depot
 * @aged: what is in the ring here is aged
 * @bare: no empty magazine waits in the ring
 * @inside: the call itself interrupts the owner
 */
struct scene {
	void *(*call)(struct objcache *cache, void *obj);
	bool puts;
	unsigned int park;
	unsigned int unpark;
	bool private;
	unsigned int linked;
	unsigned int far;
	bool depot;
	bool aged;
	bool bare;
	bool inside;
};

/**
 * struct rig - a cache, a call of it that is probed, and who comes between
 * @test: whose it is
 * @tc: the cache
 * @scene: what is played
 * @task: whose call it is
 * @open: the handler is to act
 * @acted: it has
 * @nested: it came within an owner section
 * @got: what it got first; NULL: nothing
 * @last: what it put last
 * @stash: what it has to put
 * @stashed: how many those are
 * @hand: objects of the task
 * @held: how many those are
 * @obj: what the call puts
 * @newest: the object parked here last; NULL: none
 * @recorder: sees the steps
 * @boundary: addresses of instructions, each once
 * @boundaries: how many those are
 * @probes: one for each that takes one
 * @armed: pointers to those
 * @probed: how many those are
 * @refused: boundaries at which kprobes allow none
 * @astray: hits outside NMI context
 * @unreached: probes that the call did not run into
 * @nested_hits: hits within an owner section
 * @full: hits whose puts went on until nothing more fitted
 * @symbol: room for a name
 */
struct rig {
	struct kunit *test;
	struct tcache *tc;
	const struct scene *scene;
	struct task_struct *task;
	bool open;
	bool acted;
	bool nested;
	struct tobj *got;
	struct tobj *last;
	struct tobj *stash[STASH];
	unsigned int stashed;
	struct tobj *hand[HAND];
	unsigned int held;
	struct tobj *obj;
	struct tobj *newest;
	struct notifier_block recorder;
	unsigned long boundary[BOUNDARIES];
	unsigned int boundaries;
	struct kprobe *probes;
	struct kprobe *armed[BOUNDARIES];
	unsigned int probed;
	unsigned int refused;
	unsigned int astray;
	unsigned int unreached;
	unsigned int nested_hits;
	unsigned int full;
	char symbol[KSYM_SYMBOL_LEN];
};

/* Handlers have no argument; tests run one after the other. */
static struct rig *the_rig;

static struct objcache_core *rig_core(struct rig *rig)
{
	return to_core(rig->tc->cache);
}

/* ---- who comes between ---- */

static unsigned long overflown_here(struct rig *rig)
{
	struct objcache_core *core = rig_core(rig);

	return this_cpu_read(core->cpu->count.overflow) +
	       this_cpu_read(core->cpu->owned.overflow);
}

static void intrude(struct rig *rig)
{
	unsigned long overflow = overflown_here(rig);

	rig->nested = raw_cpu_ptr(rig->tc->cache->owner)->idle != 1;
	rig->got = t_try_get(rig->tc, NMI);
	if (rig->got)
		t_put(rig->tc, rig->got, NMI);
	while (rig->stashed && overflown_here(rig) == overflow) {
		rig->last = rig->stash[--rig->stashed];
		t_put(rig->tc, rig->last, NMI);
	}
	rig->full += overflown_here(rig) != overflow;
}

/*
 * Once in a call, and in that call only. What it does may run into the probe
 * again, which then is not handled.
 */
static int boundary_hit(struct kprobe *probe, struct pt_regs *regs)
{
	struct rig *rig = the_rig;

	if (current != rig->task || !rig->open)
		return 0;
	rig->open = false;
	rig->acted = true;
	rig->astray += !in_nmi();
	intrude(rig);
	return 0;
}

/* Being there, keeps the probe from being turned into a jump. */
static void boundary_passed(struct kprobe *probe, struct pt_regs *regs,
			    unsigned long flags)
{
}

/* ---- the state that a call meets ---- */

/* Only a get that would have to make one looks into the depot. */
static struct tobj *rig_take(struct rig *rig)
{
	struct tobj *obj = t_try_get(rig->tc, TASK);

	if (!obj && READ_ONCE(rig_core(rig)->depot.full.nr))
		obj = t_get(rig->tc, GFP_KERNEL, TASK);
	return obj;
}

static void rig_take_all(struct rig *rig)
{
	struct tobj *obj;

	while (rig->held < HAND && (obj = rig_take(rig)))
		rig->hand[rig->held++] = obj;
}

static void rig_top_up(struct rig *rig)
{
	struct tobj *obj;

	while (rig->held < HAND / 2 + STASH) {
		obj = t_get(rig->tc, GFP_KERNEL, TASK);
		KUNIT_ASSERT_NOT_NULL(rig->test, obj);
		rig->hand[rig->held++] = obj;
	}
}

/* The last one of the hand. */
static struct tobj *rig_park_one(struct rig *rig)
{
	struct tobj *obj = rig->hand[--rig->held];

	t_put(rig->tc, obj, TASK);
	return obj;
}

static void rig_park_far(struct rig *rig)
{
	unsigned int far = rig->scene->far;
	struct objcache_cpu *c;

	if (!far)
		return;
	c = per_cpu_ptr(rig_core(rig)->cpu, t_nth_cpu(1));
	t_on_cpu(rig->test, 1);
	while (rig->held && objcache_shared(c) < far)
		rig_park_one(rig);
	t_on_cpu(rig->test, 0);
}

static void rig_park(struct rig *rig)
{
	struct tobj *order[CAPACITY + BATCH];
	unsigned int i, nr = rig->scene->park;

	for (i = 0; i < nr; i++)
		order[i] = rig_park_one(rig);
	for (i = 0; i < rig->scene->unpark; i++)
		rig->hand[rig->held++] = t_try_get(rig->tc, TASK);
	nr -= rig->scene->unpark;
	rig->newest = nr && !rig->scene->depot ? order[nr - 1] : NULL;
}

/* Owner only: as strip does, when nobody is there. */
static void rig_strip(struct objcache_ring *ring)
{
	u32 i;

	for (i = 0; i <= ring->mask; i++) {
		if (!(ring->slots[i] & OBJCACHE_SLOT_FREE))
			continue;
		kfree((void *)(ring->slots[i] & ~OBJCACHE_SLOT_FREE));
		ring->slots[i] = OBJCACHE_SLOT_FREE;
	}
}

static bool rig_enter(struct rig *rig)
{
	struct objcache_owner *owner;

	preempt_disable();
	owner = raw_cpu_ptr(rig->tc->cache->owner);
	return objcache_owner_enter(owner);
}

static void rig_exit(struct rig *rig)
{
	struct objcache_owner *owner = raw_cpu_ptr(rig->tc->cache->owner);

	objcache_owner_exit(owner);
	preempt_enable();
}

static void rig_link(struct rig *rig)
{
	unsigned int i;

	KUNIT_EXPECT_TRUE(rig->test, rig_enter(rig));
	for (i = 0; i < rig->scene->linked; i++)
		rig_park_one(rig);
	rig_exit(rig);
}

static void rig_stash(struct rig *rig)
{
	struct tobj *obj;

	while (rig->stashed < STASH) {
		obj = rig->hand[--rig->held];
		t_release(rig->tc, obj, TASK);
		t_claim(rig->tc, obj, NMI);
		rig->stash[rig->stashed++] = obj;
	}
}

static void rig_unstash(struct rig *rig)
{
	struct tobj *obj;

	while (rig->stashed) {
		obj = rig->stash[--rig->stashed];
		t_release(rig->tc, obj, NMI);
		t_claim(rig->tc, obj, TASK);
		rig->hand[rig->held++] = obj;
	}
}

/* No look at the depot comes in between, and none has been. */
static void rig_hold_depot(struct objcache_depot *depot)
{
	cancel_delayed_work_sync(&depot->work);
	depot->full.low = 0;
	depot->empty.low = 0;
	depot->watched = true;
}

/* The same each time: nothing is parked but what the scene asks for. */
static void rig_set(struct rig *rig)
{
	struct objcache_cpu *c = per_cpu_ptr(rig_core(rig)->cpu, t_nth_cpu(0));

	rig_take_all(rig);
	rig_top_up(rig);
	rig_park_far(rig);
	rig_park(rig);
	rig_link(rig);
	rig_stash(rig);
	if (rig->scene->depot)
		rig_hold_depot(&rig_core(rig)->depot);
	if (rig->scene->aged)
		WRITE_ONCE(c->gen, !c->gen);
	if (rig->scene->bare) {
		rig_strip(&c->ring[0]);
		rig_strip(&c->ring[1]);
	}
	rig->obj = rig->scene->puts ? rig->hand[--rig->held] : NULL;
	rig->acted = false;
	rig->nested = false;
	rig->got = NULL;
	rig->last = NULL;
}

/* ---- a call ---- */

static noinline struct tobj *rig_call(struct rig *rig, bool stepped)
{
	struct tcache *tc = rig->tc;
	struct tobj *obj;

	if (rig->obj)
		t_release(tc, rig->obj, TASK);
	preempt_disable();
	if (rig->scene->inside)
		rig_enter(rig);
	if (stepped)
		step_on();
	rig->open = !stepped;
	obj = rig->scene->call(tc->cache, rig->obj);
	rig->open = false;
	if (stepped)
		step_off();
	if (rig->scene->inside)
		rig_exit(rig);
	preempt_enable();
	if (obj && t_claim(tc, obj, TASK))
		rig->hand[rig->held++] = obj;
	return obj;
}

static void record(struct rig *rig, unsigned long ip)
{
	unsigned int i;

	if (ip < MODULES_VADDR || ip >= MODULES_END || rig->boundaries == BOUNDARIES)
		return;
	for (i = 0; i < rig->boundaries; i++)
		if (rig->boundary[i] == ip)
			return;
	rig->boundary[rig->boundaries++] = ip;
}

static int recorder_notify(struct notifier_block *notifier, unsigned long event,
			   void *data)
{
	struct rig *rig = container_of(notifier, struct rig, recorder);
	struct die_args *args = data;
	unsigned long *dr6 = (unsigned long *)args->err;

	if (event != DIE_DEBUG || current != rig->task || !(*dr6 & DR_STEP))
		return NOTIFY_DONE;
	record(rig, args->regs->ip);
	return NOTIFY_STOP;
}

/* All of objcache.ko, and of this module what is called. */
static bool is_of_the_call(struct rig *rig, unsigned long ip)
{
	sprint_symbol(rig->symbol, ip);
	return strstr(rig->symbol, "[objcache]") || !strncmp(rig->symbol, "probed_", 7);
}

static void find_boundaries(struct rig *rig)
{
	unsigned int i, nr = 0;

	rig->boundaries = 0;
	KUNIT_ASSERT_EQ(rig->test, 0, register_die_notifier(&rig->recorder));
	rig_call(rig, true);
	unregister_die_notifier(&rig->recorder);
	KUNIT_EXPECT_LT(rig->test, rig->boundaries, BOUNDARIES);
	for (i = 0; i < rig->boundaries; i++)
		if (is_of_the_call(rig, rig->boundary[i]))
			rig->boundary[nr++] = rig->boundary[i];
	rig->boundaries = nr;
}

/* ---- what is judged ---- */

/*
 * Where the handler did not meet the owner at work, it came before the call had
 * its effect, or after. Where it did, private parts are as the call left them.
 */
static void expect_result(struct rig *rig, struct tobj *obj)
{
	struct kunit *test = rig->test;

	if (rig->scene->inside || !rig->newest)
		return;
	if (!rig->nested)
		KUNIT_EXPECT_PTR_EQ(test, obj, rig->got == rig->newest ? rig->last : rig->newest);
	else if (rig->scene->private)
		KUNIT_EXPECT_PTR_EQ(test, obj, rig->newest);
}

/* The newest is what was put last: by the call or by who came after it. */
static void expect_on_top(struct rig *rig)
{
	struct kunit *test = rig->test;
	bool after = !rig->nested && rig->got == rig->obj;
	struct tobj *top;

	if (rig->scene->inside)
		return;
	top = t_try_get(rig->tc, TASK);
	KUNIT_EXPECT_PTR_EQ(test, top, after ? rig->last : rig->obj);
	if (top)
		rig->hand[rig->held++] = top;
}

/*
 * Put a, b, c: they come back as c, b, a. What interrupts have linked may come in
 * between.
 */
static void expect_newest_first(struct rig *rig)
{
	struct objcache_cpu *c = per_cpu_ptr(rig_core(rig)->cpu, t_nth_cpu(0));
	unsigned int foreign = atomic_read(&c->nested_nr), left = 3;
	struct tobj *abc[3], *obj;

	abc[0] = rig_park_one(rig);
	abc[1] = rig_park_one(rig);
	abc[2] = rig_park_one(rig);
	while (left && (obj = t_try_get(rig->tc, TASK))) {
		rig->hand[rig->held++] = obj;
		if (obj == abc[left - 1])
			left--;
		else if (!foreign--)
			break;
	}
	KUNIT_EXPECT_EQ(rig->test, left, 0);
}

/* S14; what lies in the depot counts as releasing, and stays there. */
static void expect_books(struct rig *rig, u64 in_use)
{
	if (!rig->scene->depot) {
		t_expect_balanced(rig->tc, in_use);
		return;
	}
	rig_hold_depot(&rig_core(rig)->depot);
	KUNIT_EXPECT_TRUE(rig->test, t_wait_until(!atomic_long_read(&rig_core(rig)->releasing)));
	t_expect_balanced_now(rig->tc, in_use);
}

static void judge(struct rig *rig, struct tobj *obj)
{
	struct kunit *test = rig->test;

	rig->unreached += !rig->acted;
	rig->nested_hits += rig->nested;
	if (rig->scene->puts)
		expect_on_top(rig);
	else
		expect_result(rig, obj);
	if (!rig->scene->puts && rig->scene->call != probed_try_get)
		KUNIT_EXPECT_NOT_NULL(test, obj);
	expect_newest_first(rig);
	rig_unstash(rig);
	expect_books(rig, rig->held);
}

/* ---- all of it ---- */

/*
 * Each is written once more: QEMU (7.2) may keep a translation that has the int3
 * of a probe that is gone, until something is written there again.
 */
static void disarm_all(void *p)
{
	struct rig *rig = p;

	unsigned int i;

	for (i = 0; i < rig->probed; i++)
		if (!enable_kprobe(rig->armed[i]))
			disable_kprobe(rig->armed[i]);
	if (rig->probed)
		unregister_kprobes(rig->armed, rig->probed);
	rig->probed = 0;
}

static unsigned long probed_before[4 * BOUNDARIES];
static unsigned int nr_probed_before;

static bool is_done(unsigned long ip)
{
	unsigned int i;

	for (i = 0; i < nr_probed_before; i++)
		if (probed_before[i] == ip)
			return EACH_ONCE;
	if (nr_probed_before < ARRAY_SIZE(probed_before))
		probed_before[nr_probed_before++] = ip;
	return false;
}

/* Registered, it waits to be enabled. */
static bool prepare_probe(struct rig *rig, unsigned long ip)
{
	struct kprobe *probe = &rig->probes[rig->probed];

	*probe = (struct kprobe) {
		.addr = (kprobe_opcode_t *)ip,
		.pre_handler = boundary_hit,
		.post_handler = boundary_passed,
		.flags = KPROBE_FLAG_DISABLED,
	};
	if (register_kprobe(probe))
		return false;
	rig->armed[rig->probed++] = probe;
	return true;
}

static void prepare_probes(struct rig *rig)
{
	unsigned int i;

	rig->refused = 0;
	for (i = 0; i < rig->boundaries; i++)
		if (!is_done(rig->boundary[i]))
			rig->refused += !prepare_probe(rig, rig->boundary[i]);
}

static bool probe_one(struct rig *rig, struct kprobe *probe)
{
	struct kunit *test = rig->test;
	struct tobj *obj;

	rig_set(rig);
	KUNIT_ASSERT_EQ(test, 0, enable_kprobe(probe));
	obj = rig_call(rig, false);
	KUNIT_ASSERT_EQ(test, 0, disable_kprobe(probe));
	judge(rig, obj);
	if (test->status == KUNIT_SUCCESS)
		return true;
	sprint_symbol(rig->symbol, (unsigned long)probe->addr);
	kunit_info(test, "the NMI came at %s, %s the owner at work", rig->symbol,
		   rig->nested ? "with" : "without");
	return false;
}

static void rig_open(struct rig *rig, const struct scene *scene)
{
	struct objcache_ops ops = { .ctor = t_ops.ctor };
	struct objcache_params params = {
		.batch = BATCH, .capacity = CAPACITY, .ops = scene->depot ? &ops : &t_ops,
	};

	rig->tc = t_create(rig->test, &params);
	rig->scene = scene;
	/* What overflows may wait as long as it likes: no get is refused for that. */
	rig_core(rig)->backlog_max = INT_MAX;
}

static void rig_close(struct rig *rig)
{
	rig_take_all(rig);
	while (rig->held)
		rig_park_one(rig);
	if (!rig->scene->depot) {
		t_finish(rig->tc);
		return;
	}
	objcache_drain(rig->tc->cache);
	expect_books(rig, 0);
	KUNIT_EXPECT_EQ(rig->test, t_stat(rig->tc, parked) + t_stat(rig->tc, releasing), 0);
	t_destroy(rig->tc);
}

static void free_probes(void *probes)
{
	vfree(probes);
}

static struct rig *rig_create(struct kunit *test)
{
	struct rig *rig = kunit_kzalloc(test, sizeof(*rig), GFP_KERNEL);

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "the step keeps preemption off");
	if (!IS_ENABLED(CONFIG_KPROBES))
		kunit_skip(test, "no kprobes here");
	t_need_cpus(test, 2);
	KUNIT_ASSERT_NOT_NULL(test, rig);
	rig->test = test;
	rig->task = current;
	rig->recorder.notifier_call = recorder_notify;
	rig->recorder.priority = INT_MAX;
	rig->probes = vzalloc(array_size(BOUNDARIES, sizeof(*rig->probes)));
	KUNIT_ASSERT_NOT_NULL(test, rig->probes);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_probes, rig->probes));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, disarm_all, rig));
	the_rig = rig;
	t_on_cpu(test, 0);
	return rig;
}

static void play(struct kunit *test, const struct scene *scene)
{
	struct rig *rig = rig_create(test);
	u64 ns = ktime_get_ns();
	unsigned int i, hits = 0;

	rig_open(rig, scene);
	/* Twice before it counts: what is made only once has been made then. */
	for (i = 0; i < 3; i++) {
		rig_set(rig);
		rig_unstash(rig);
		find_boundaries(rig);
	}
	prepare_probes(rig);
	for (i = 0; i < rig->probed && probe_one(rig, rig->armed[i]); i++)
		hits += rig->acted;
	disarm_all(rig);
	kunit_info(test, "%u boundaries hit of %u, %u with the owner at work; %u refused, %u not reached; %llu ms",
		   hits, rig->boundaries, rig->nested_hits, rig->refused, rig->unreached,
		   (ktime_get_ns() - ns) / NSEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, rig->unreached, 0);
	KUNIT_EXPECT_EQ(test, rig->astray, 0);
	KUNIT_EXPECT_EQ(test, rig->full, hits);
	KUNIT_EXPECT_GT(test, rig->boundaries, 10);
	rig_close(rig);
}

/*
 * A test each, so that none of them takes longer than the kernel lets a task wait.
 */
#define SCENE(title, ...)						\
static void s11_an_nmi_in_##title(struct kunit *test)			\
{									\
	static const struct scene scene = { __VA_ARGS__ };		\
									\
	play(test, &scene);						\
}

/* ---- hits ---- */

SCENE(inline_get, probed_get, .park = 2, .private = true)
SCENE(inline_try_get, probed_try_get, .park = 2, .private = true)
SCENE(inline_put, probed_put, .puts = true, .park = 1)
SCENE(called_get, probed_called_get, .park = 2, .private = true)
SCENE(called_try_get, probed_called_try_get, .park = 2, .private = true)
SCENE(called_put, probed_called_put, .puts = true, .park = 1)

/* ---- gets behind the hit path ---- */

SCENE(get_from_the_spare, probed_get, .park = 3, .unpark = 1, .private = true)
SCENE(get_that_folds_the_list_in, probed_get, .linked = 2)
SCENE(get_from_the_own_ring, probed_get, .park = 6, .unpark = 4)
SCENE(get_from_the_aged_ring, probed_get, .park = 6, .unpark = 4, .aged = true)
SCENE(get_that_steals, probed_get, .far = 1)
SCENE(get_from_the_depot, probed_get, .park = CAPACITY + BATCH, .unpark = CAPACITY, .depot = true)
SCENE(get_of_a_fresh_one, probed_get)
SCENE(try_get_of_nothing, probed_try_get)

/* ---- puts behind it ---- */

SCENE(put_with_an_empty_spare, probed_put, .puts = true, .park = 2)
SCENE(put_that_folds_the_list_in, probed_put, .puts = true, .park = 2, .linked = 1)
SCENE(put_that_pushes, probed_put, .puts = true, .park = 4)
SCENE(put_that_needs_a_magazine, probed_put, .puts = true, .park = 4, .bare = true)
SCENE(put_that_overflows, probed_put, .puts = true, .park = CAPACITY)
SCENE(put_to_the_depot, probed_put, .puts = true, .park = CAPACITY, .depot = true)

/* ---- calls that interrupt the owner themselves ---- */

SCENE(nested_get_from_the_list, probed_get, .linked = 1, .inside = true)
SCENE(nested_get_from_the_own_ring, probed_get, .park = 6, .unpark = 4, .inside = true)
SCENE(nested_get_that_steals, probed_get, .far = 1, .inside = true)
SCENE(nested_get_of_a_fresh_one, probed_get, .inside = true)
SCENE(nested_put, probed_put, .puts = true, .inside = true)
SCENE(nested_put_without_room, probed_put, .puts = true, .linked = BATCH, .inside = true)

static int probe_suite_init(struct kunit_suite *suite)
{
	nr_probed_before = 0;
	return 0;
}

#else

static void s11_an_nmi_in_a_call_needs_x86(struct kunit *test)
{
	kunit_skip(test, "x86-64 only");
}

static int probe_suite_init(struct kunit_suite *suite)
{
	return 0;
}

#endif /* CONFIG_X86_64 */

static struct kunit_case probe_cases[] = {
#ifdef CONFIG_X86_64
	KUNIT_CASE_SLOW(s11_an_nmi_in_inline_get),
	KUNIT_CASE_SLOW(s11_an_nmi_in_inline_try_get),
	KUNIT_CASE_SLOW(s11_an_nmi_in_inline_put),
	KUNIT_CASE_SLOW(s11_an_nmi_in_called_get),
	KUNIT_CASE_SLOW(s11_an_nmi_in_called_try_get),
	KUNIT_CASE_SLOW(s11_an_nmi_in_called_put),
	KUNIT_CASE_SLOW(s11_an_nmi_in_get_from_the_spare),
	KUNIT_CASE_SLOW(s11_an_nmi_in_get_that_folds_the_list_in),
	KUNIT_CASE_SLOW(s11_an_nmi_in_get_from_the_own_ring),
	KUNIT_CASE_SLOW(s11_an_nmi_in_get_from_the_aged_ring),
	KUNIT_CASE_SLOW(s11_an_nmi_in_get_that_steals),
	KUNIT_CASE_SLOW(s11_an_nmi_in_get_from_the_depot),
	KUNIT_CASE_SLOW(s11_an_nmi_in_get_of_a_fresh_one),
	KUNIT_CASE_SLOW(s11_an_nmi_in_try_get_of_nothing),
	KUNIT_CASE_SLOW(s11_an_nmi_in_put_with_an_empty_spare),
	KUNIT_CASE_SLOW(s11_an_nmi_in_put_that_folds_the_list_in),
	KUNIT_CASE_SLOW(s11_an_nmi_in_put_that_pushes),
	KUNIT_CASE_SLOW(s11_an_nmi_in_put_that_needs_a_magazine),
	KUNIT_CASE_SLOW(s11_an_nmi_in_put_that_overflows),
	KUNIT_CASE_SLOW(s11_an_nmi_in_put_to_the_depot),
	KUNIT_CASE_SLOW(s11_an_nmi_in_nested_get_from_the_list),
	KUNIT_CASE_SLOW(s11_an_nmi_in_nested_get_from_the_own_ring),
	KUNIT_CASE_SLOW(s11_an_nmi_in_nested_get_that_steals),
	KUNIT_CASE_SLOW(s11_an_nmi_in_nested_get_of_a_fresh_one),
	KUNIT_CASE_SLOW(s11_an_nmi_in_nested_put),
	KUNIT_CASE_SLOW(s11_an_nmi_in_nested_put_without_room),
#else
	KUNIT_CASE(s11_an_nmi_in_a_call_needs_x86),
#endif
	{}
};

static struct kunit_suite probe_suite = {
	.name = "objcache_probes",
	.suite_init = probe_suite_init,
	.test_cases = probe_cases,
};

kunit_test_suite(probe_suite);
