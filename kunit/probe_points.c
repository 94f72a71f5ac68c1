// SPDX-License-Identifier: GPL-2.0
/*
 * The calls that are probed, the instructions that they are made of, and a
 * kprobe at each; see probe.h.
 */

#include <linux/kdebug.h>
#include <linux/kprobes.h>
#include <linux/notifier.h>
#include <linux/ptrace.h>
#include <linux/vmalloc.h>

#include <asm/debugreg.h>
#include <asm/pgtable.h>

#include "probe.h"

/*
 * With KASAN or KCSAN the code is three times as long, and each boundary takes
 * tens of milliseconds: there one that an earlier scene has probed is left out.
 * Otherwise each is probed in every scene that it is part of.
 */
#define EACH_ONCE	(IS_ENABLED(CONFIG_KASAN) || IS_ENABLED(CONFIG_KCSAN))

/* Handlers have no argument; tests run one after the other. */
static struct rig *the_rig;

/* The calls: the inline path as compiled here, and the module's own. */
noinline void *probed_get(struct objcache *cache, void *unused)
{
	return objcache_get(cache, GFP_NOWAIT);
}

noinline void *probed_try_get(struct objcache *cache, void *unused)
{
	return objcache_try_get(cache);
}

noinline void *probed_put(struct objcache *cache, void *obj)
{
	objcache_put(cache, obj);
	return NULL;
}

noinline void *probed_called_get(struct objcache *cache, void *unused)
{
	return __objcache_get(cache, GFP_NOWAIT);
}

noinline void *probed_called_try_get(struct objcache *cache, void *unused)
{
	return __objcache_try_get(cache);
}

noinline void *probed_called_put(struct objcache *cache, void *obj)
{
	__objcache_put(cache, obj);
	return NULL;
}

/* ---- boundaries ---- */

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

void probe_points_find(struct rig *rig)
{
	unsigned int i, nr = 0;

	rig->boundaries = 0;
	KUNIT_ASSERT_EQ(rig->test, 0, register_die_notifier(&rig->recorder));
	probe_rig_call(rig, true);
	unregister_die_notifier(&rig->recorder);
	KUNIT_EXPECT_LT(rig->test, rig->boundaries, BOUNDARIES);
	for (i = 0; i < rig->boundaries; i++)
		if (is_of_the_call(rig, rig->boundary[i]))
			rig->boundary[nr++] = rig->boundary[i];
	rig->boundaries = nr;
}

/* ---- probes ---- */

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
	probe_intrude(rig);
	return 0;
}

/* Being there, keeps the probe from being turned into a jump. */
static void boundary_passed(struct kprobe *probe, struct pt_regs *regs,
			    unsigned long flags)
{
}

/*
 * Each is written once more: QEMU (7.2) may keep a translation that has the int3
 * of a probe that is gone, until something is written there again.
 */
void probe_points_disarm(void *p)
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

void probe_points_forget(void)
{
	nr_probed_before = 0;
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

void probe_points_prepare(struct rig *rig)
{
	unsigned int i;

	rig->refused = 0;
	for (i = 0; i < rig->boundaries; i++)
		if (!is_done(rig->boundary[i]))
			rig->refused += !prepare_probe(rig, rig->boundary[i]);
}

static void free_probes(void *probes)
{
	vfree(probes);
}

/* Until the test ends. */
void probe_points_init(struct rig *rig)
{
	struct kunit *test = rig->test;

	rig->recorder.notifier_call = recorder_notify;
	rig->recorder.priority = INT_MAX;
	rig->probes = vzalloc(array_size(BOUNDARIES, sizeof(*rig->probes)));
	KUNIT_ASSERT_NOT_NULL(test, rig->probes);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_probes, rig->probes));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, probe_points_disarm, rig));
	the_rig = rig;
}
