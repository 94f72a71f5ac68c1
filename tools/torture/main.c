// SPDX-License-Identifier: GPL-2.0
/*
 * objcache_torture: everything at once, for as long as it is loaded
 *
 *	insmod torture.ko; insmod objcache.ko; insmod objcache_torture.ko
 *	echo 1 >/sys/module/objcache_torture/parameters/stop
 *
 * It stands on the kernel's torture framework, which takes CPUs offline and
 * online, moves the workers about and lets them pause. Best at showing that no
 * object ever has two owners and none is lost, whatever happens at the same time.
 * A failure says that there is a bug, hardly where: the suites do that.
 *
 * The write to stop fails with EIO if anything was wrong; the log has one line
 * "end: PASS ..." or "end: FAIL ..." then.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>

#include "torture.h"

unsigned int tort_workers;
module_param_named(workers, tort_workers, uint, 0444);
MODULE_PARM_DESC(workers, "threads, each with interrupts of its own; 0: three for two CPUs");

unsigned int tort_stat_secs = 5;
module_param_named(stat_secs, tort_stat_secs, uint, 0444);
MODULE_PARM_DESC(stat_secs, "seconds between lines of progress");

unsigned int tort_onoff_ms = 500;
module_param_named(onoff_ms, tort_onoff_ms, uint, 0444);
MODULE_PARM_DESC(onoff_ms, "milliseconds between CPUs going on or off; 0: never");

bool tort_nmi;
module_param_named(nmi, tort_nmi, bool, 0444);
MODULE_PARM_DESC(nmi, "claim NMIs from outside, of which there must be some");

bool tort_shrink;
module_param_named(shrink, tort_shrink, bool, 0444);
MODULE_PARM_DESC(shrink, "user space drives the shrinkers, which must release some");

static bool tort_debug;
module_param_named(debug, tort_debug, bool, 0444);
MODULE_PARM_DESC(debug, "the caches are in debug mode, which has no magazines (0)");

static char *tort_plant = "nothing";
module_param_named(plant, tort_plant, charp, 0444);
MODULE_PARM_DESC(plant, "a fault, once: claim (an object claimed twice) or lose (one not put back)");

/* How long all that has to be shown may take after the time that was asked for. */
#define TORT_PATIENCE_MS	120000

static bool tort_running;
static ktime_t tort_started;

/* ---- faults ---- */

static atomic_t tort_nr_faults;

/* Each is in the log; in any context. */
void tort_fault(const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	atomic_inc(&tort_nr_faults);
	va_start(args, fmt);
	vaf.va = &args;
	pr_err_ratelimited("fault: %pV\n", &vaf);
	va_end(args);
}

/* True once, if that is what was asked for. */
bool tort_plants(const char *what)
{
	static atomic_t planted;

	return !strcmp(tort_plant, what) && !atomic_xchg(&planted, 1);
}

/* ---- what has happened ---- */

struct tort_counts {
	u64 ops[TORT_CONTEXTS];
	u64 all_ops;
	u64 nmis;
	unsigned int offlined;
	struct objcache_stats stats;	/* of all caches */
};

static void tort_add_stats(struct objcache_stats *sum,
			   const struct objcache_stats *one)
{
	sum->steals += one->steals;
	sum->aged_hits += one->aged_hits;
	sum->overflow += one->overflow;
	sum->displaced += one->displaced;
	sum->taken_back += one->taken_back;
	sum->waits += one->waits;
	sum->limit_waits += one->limit_waits;
	sum->remade += one->remade;
	sum->refused += one->refused;
	sum->discarded += one->discarded;
	sum->nested += one->nested;
	sum->ctor_failures += one->ctor_failures;
	sum->ages += one->ages;
	sum->aged_out += one->aged_out;
	sum->shrunk += one->shrunk;
}

static void tort_get_counts(struct tort_counts *counts)
{
	struct objcache_stats stats;
	unsigned int i;

	memset(counts, 0, sizeof(*counts));
	for (i = 0; i < TORT_CONTEXTS; i++) {
		counts->ops[i] = tort_ops_in(i);
		counts->all_ops += counts->ops[i];
	}
	for (i = 0; i < TORT_CACHES; i++) {
		objcache_read_stats(tort_caches[i].cache, &stats);
		tort_add_stats(&counts->stats, &stats);
	}
	counts->nmis = tort_nmis();
	counts->offlined = tort_offlined();
}

static void tort_print(const char *what, const struct tort_counts *counts)
{
	const struct objcache_stats *st = &counts->stats;

	pr_info("%s%llu ops in %lld s (process %llu, softirq %llu, hardirq %llu, irq_work %llu, NMI %llu), %llu nested, %llu displaced, %llu taken back, %llu waits, %llu waits at a limit, %llu remade, %llu steals, %llu ages, %llu aged out, %llu shrunk, %u CPUs offlined, %llu NMIs, %d faults\n",
		what, counts->all_ops,
		ktime_ms_delta(ktime_get(), tort_started) / MSEC_PER_SEC,
		counts->ops[TORT_PROCESS], counts->ops[TORT_SOFTIRQ],
		counts->ops[TORT_HARDIRQ], counts->ops[TORT_IRQ_WORK],
		counts->ops[TORT_NMI], st->nested, st->displaced,
		st->taken_back, st->waits, st->limit_waits, st->remade,
		st->steals, st->ages,
		st->aged_out, st->shrunk, counts->offlined, counts->nmis,
		atomic_read(&tort_nr_faults));
}

void tort_show_progress(void)
{
	struct tort_counts counts;

	tort_get_counts(&counts);
	tort_print("", &counts);
}

/* ---- the verdict ---- */

/* What has not been shown so far; NULL: nothing. */
static const char *tort_missing(const struct tort_counts *counts)
{
	const struct objcache_stats *st = &counts->stats;
	const struct {
		const char *what;
		u64 nr;
	} kinds[] = {
		{ "an operation in a thread", counts->ops[TORT_PROCESS] },
		{ "an operation in softirq", counts->ops[TORT_SOFTIRQ] },
		{ "an operation in hardirq", counts->ops[TORT_HARDIRQ] },
		{ "an operation in irq_work", counts->ops[TORT_IRQ_WORK] },
		{ "an operation in NMI", counts->ops[TORT_NMI] || !tort_nmi },
		{ "an interrupted operation", st->nested || tort_debug },
		{ "a steal", st->steals || tort_debug },
		{ "a hit in an aged generation", st->aged_hits || tort_debug },
		{ "an overflow", st->overflow },
		{ "a displaced object", st->displaced || tort_debug },
		{ "an object that was taken back", st->taken_back },
		{ "a refusal", st->refused },
		{ "a discard", st->discarded },
		{ "a failing constructor", st->ctor_failures },
		{ "a release by aging", st->aged_out },
		{ "a release by a shrinker", st->shrunk || !tort_shrink },
		{ "a wait at a limit", st->limit_waits },
		{ "an object made of another one", st->remade || tort_debug },
		{ "a CPU going offline", counts->offlined || !tort_onoff_ms ||
		  num_possible_cpus() == 1 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!kinds[i].nr)
			return kinds[i].what;
	return NULL;
}

/* On a busy host the time that was asked for may be too short for all of it. */
static void tort_wait_for_all_kinds(void)
{
	struct tort_counts counts;
	unsigned int i;

	for (i = 0; i < TORT_PATIENCE_MS / 100; i++) {
		tort_get_counts(&counts);
		if (!tort_missing(&counts))
			return;
		msleep(100);
	}
}

static int tort_judge(void)
{
	struct tort_counts counts;
	const char *missing;
	bool failed;

	tort_caches_audit();
	tort_get_counts(&counts);
	missing = tort_missing(&counts);
	if (missing)
		tort_fault("nothing was shown: %s never happened", missing);
	failed = atomic_read(&tort_nr_faults);
	tort_print(failed ? "end: FAIL " : "end: PASS ", &counts);
	return failed ? -EIO : 0;
}

/* ---- start and stop ---- */

static void tort_free(void)
{
	tort_caches_destroy();
	tort_nmi_exit();
	tort_threads_exit();
	torture_cleanup_end();
}

static void tort_give_back(struct tort_actor *actor, void *unused)
{
	if (!actor->waits)
		tort_actor_empty(actor);
}

static void tort_halt(void)
{
	tort_threads_stop();
	tort_nmi_stop();
	/* Somebody may be waiting for it. */
	tort_actors_do(tort_give_back, NULL);
	tort_waiters_stop();
}

static int tort_stop(void)
{
	int ret;

	if (!tort_running)
		return -EINVAL;
	tort_wait_for_all_kinds();
	if (torture_cleanup_begin())
		return -EBUSY;
	tort_running = false;
	tort_halt();
	ret = tort_judge();
	tort_free();
	return ret;
}

static int tort_stop_set(const char *val, const struct kernel_param *kp)
{
	return tort_stop();
}

static const struct kernel_param_ops tort_stop_ops = { .set = tort_stop_set };
module_param_cb(stop, &tort_stop_ops, NULL, 0200);
MODULE_PARM_DESC(stop, "write anything: stop and judge; EIO if anything was wrong");

static int __init tort_init(void)
{
	int ret;

	if (!tort_workers)
		tort_workers = num_online_cpus() * 3 / 2;
	if (!tort_stat_secs) {
		pr_err("stat_secs=0: must be at least 1\n");
		return -EINVAL;
	}
	if (!torture_init_begin("objcache", 0))
		return -EBUSY;
	tort_started = ktime_get();
	ret = tort_caches_create() ?: tort_nmi_init() ?: tort_threads_start();
	torture_init_end();
	if (!ret) {
		tort_running = true;
		return 0;
	}
	torture_cleanup_begin();
	tort_halt();
	tort_free();
	return ret;
}

static void __exit tort_exit(void)
{
	tort_stop();
}

module_init(tort_init);
module_exit(tort_exit);

MODULE_DESCRIPTION("Torture test of objcache");
MODULE_LICENSE("GPL");
