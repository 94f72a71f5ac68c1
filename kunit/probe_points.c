// SPDX-License-Identifier: GPL-2.0
/*
 * The calls that are probed, the instructions that they are made of, and a
 * kprobe at each; see probe.h.
 */

#include <linux/hash.h>
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

#define IP_SET_BITS	14

/* A set of addresses, each in the first free place from its hash on. */
struct ip_set {
	unsigned int nr;
	unsigned long ips[1 << IP_SET_BITS];
};

/* Where it is, or else a free place: there are always some. */
static unsigned long *ip_set_find(struct ip_set *set, unsigned long ip)
{
	u32 i = hash_long(ip, IP_SET_BITS);

	while (set->ips[i] && set->ips[i] != ip)
		i = (i + 1) % ARRAY_SIZE(set->ips);
	return &set->ips[i];
}

/* False: it was there already. */
static bool ip_set_add(struct ip_set *set, unsigned long ip)
{
	unsigned long *place = ip_set_find(set, ip);

	if (*place)
		return false;
	if (set->nr < ARRAY_SIZE(set->ips) / 2) {
		*place = ip;
		set->nr++;
	}
	return true;
}

/* In the scene at hand, and probed since the suite began. */
static struct ip_set recorded, probed;

static void record(struct rig *rig, unsigned long ip)
{
	if (ip < MODULES_VADDR || ip >= MODULES_END || rig->boundaries == BOUNDARIES)
		return;
	if (ip_set_add(&recorded, ip))
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
	if (*ip_set_find(&probed, ip))
		return true;
	sprint_symbol(rig->symbol, ip);
	return strstr(rig->symbol, "[objcache]") || !strncmp(rig->symbol, "probed_", 7);
}

void probe_points_find(struct rig *rig)
{
	rig->boundaries = 0;
	memset(&recorded, 0, sizeof(recorded));
	KUNIT_ASSERT_EQ(rig->test, 0, register_die_notifier(&rig->recorder));
	probe_rig_call(rig, true);
	unregister_die_notifier(&rig->recorder);
	KUNIT_EXPECT_LT(rig->test, rig->boundaries, BOUNDARIES);
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

void probe_points_forget(void)
{
	memset(&probed, 0, sizeof(probed));
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

/* Asking for the symbol of one takes longer than all else here: only of what is new. */
void probe_points_prepare(struct rig *rig)
{
	unsigned int i, nr = 0;

	for (i = 0; i < rig->boundaries; i++)
		if (is_of_the_call(rig, rig->boundary[i]))
			rig->boundary[nr++] = rig->boundary[i];
	rig->boundaries = nr;
	rig->refused = 0;
	for (i = 0; i < nr; i++)
		if (ip_set_add(&probed, rig->boundary[i]) || !EACH_ONCE)
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
