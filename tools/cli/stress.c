// SPDX-License-Identifier: GPL-2.0
/*
 * objcache stress: proves from user space that /dev/objcache works
 *
 * Phase 1: threads get and put objects by handle, each marked with a value of
 * its own. Phase 2: workloads inside the kernel, in threads and interrupts.
 * Then the books are compared: what was done, what the device says and what
 * debugfs says.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "stress.h"

/*
 * Small magazines, and room for few of them: so that objects leave the private
 * part, other CPUs find some to take, and bursts run over. What a magazine
 * holds must still fit the private part's 64 KiB.
 */
#define CACHE_BATCH	16
#define CACHE_CAPACITY	128

bool fail(struct stress *stress, const char *format, ...)
{
	va_list args;

	if (stress->reason[0])
		return false;
	va_start(args, format);
	vsnprintf(stress->reason, sizeof(stress->reason), format, args);
	va_end(args);
	return false;
}

void progress(const struct stress *stress, const char *format, ...)
{
	va_list args;

	if (stress->options.quiet)
		return;
	fflush(stdout);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static struct stress stress = {
	.options = { .threads = 8, .pairs = 1000000, .duration = 15,
		     .object_size = 256 },
};

static const struct option_spec stress_options[] = {
	{ 't', "threads", "N", "threads of phase 1, 1 to 256 (8)",
	  OPTION_NUMBER, &stress.options.threads, 1, 256 },
	{ 'n', "pairs", "N", "gets and puts of phase 1 at least (1000000)",
	  OPTION_NUMBER, &stress.options.pairs, 1, 1000000000 },
	{ 'd', "duration", "SECONDS",
	  "seconds that the kernel workloads run (15)",
	  OPTION_NUMBER, &stress.options.duration, 1, 3600 },
	{ 's', "object-size", "BYTES", "object size, 16 to 65536 (256)",
	  OPTION_NUMBER, &stress.options.object_size, OBJCACHE_DEV_MIN_SIZE,
	  65536 },
	{ 'c', "cpus", "N", "CPUs for the kernel workloads (all online)",
	  OPTION_NUMBER, &stress.options.cpus, 1, CPUS_MOST },
	{ 'p', "plant", NULL, "plant faults, which must be found: fails",
	  OPTION_FLAG, &stress.options.plant },
	{ 'w', "show", NULL, "print the debugfs files at the end",
	  OPTION_FLAG, &stress.options.show },
	{ 'q', "quiet", NULL, "no plan and no progress",
	  OPTION_FLAG, &stress.options.quiet },
	{},
};

static bool stress_setup(void)
{
	struct objcache_dev_create create = {
		.size = stress.options.object_size,
		.batch = CACHE_BATCH,
		.capacity = CACHE_CAPACITY,
		.flags = OBJCACHE_DEV_CREATE_OPS,
	};
	int err;

	/*
	 * Both chosen by the cache for objects so large that few are kept; each
	 * has a link of eight bytes.
	 */
	if (create.size + 8 > 65536 / (2 * CACHE_BATCH)) {
		create.batch = 0;
		create.capacity = 0;
	}
	snprintf(stress.cache, sizeof(stress.cache), "stress-%d", getpid());
	memcpy(create.name, stress.cache, sizeof(create.name));
	err = dev_ioctl(stress.fd, OBJCACHE_IOC_CREATE, &create);
	if (err)
		return fail(&stress, "cache %s: %s", stress.cache, strerror(err));
	return true;
}

/* Faults that were planted and not found are another failure than found ones. */
static bool stress_judge(void)
{
	const struct tally *tally = &stress.tally;

	if (stress.options.plant && !(tally->mismatches && tally->violations))
		return fail(&stress, "planted faults not found: %" PRIu64
			    " mismatches, %" PRIu64 " violations",
			    tally->mismatches, tally->violations);
	if (tally->mismatches || tally->violations)
		return fail(&stress, "%" PRIu64 " mismatches, %" PRIu64
			    " violations%s", tally->mismatches,
			    tally->violations,
			    stress.options.plant ? " (planted)" : "");
	return true;
}

/* ---- what is said of it ---- */

static void stress_plan(void)
{
	const struct stress_options *options = &stress.options;

	if (options->quiet || want_json)
		return;
	printf("stress: cache %s, objects of %u bytes\n"
	       "  1. %u threads get, stamp, check and put by handle: %u pairs\n"
	       "  2. workloads in the kernel on %u CPUs, in threads, softirq and hardirq: %u s\n"
	       "  3. the books: what was done, what the device says, what debugfs says\n"
	       "  4. a drain, and the books again\n",
	       stress.cache, options->object_size, options->threads,
	       options->pairs, options->cpus, options->duration);
}

static uint64_t runs_pairs(void)
{
	return stress.tally.pairs[0] + stress.tally.pairs[1] +
	       stress.tally.pairs[2];
}

static uint64_t handle_pairs(void)
{
	return stress.tally.puts + stress.tally.discards - runs_pairs();
}

static const char *stress_verdict(bool pass)
{
	if (!pass)
		return "FAIL";
	return interrupted() ? "PARTIAL" : "PASS";
}

static void stress_text(bool pass)
{
	const struct tally *tally = &stress.tally;

	if (!pass) {
		printf("stress: FAIL: %s\n", stress.reason);
		return;
	}
	printf("stress: %s %" PRIu64 " pairs by handle, %" PRIu64
	       " in workloads (process %" PRIu64 ", softirq %" PRIu64
	       ", hardirq %" PRIu64 "), 0 violations%s\n", stress_verdict(pass),
	       handle_pairs(), runs_pairs(), tally->pairs[0], tally->pairs[1],
	       tally->pairs[2], interrupted() ? " until interrupted" : "");
}

static void stress_json(bool pass, uint64_t ns)
{
	struct json_object *object = json_begin("stress");
	const struct tally *tally = &stress.tally;

	json_text(object, "verdict", stress_verdict(pass));
	json_text(object, "reason", stress.reason);
	json_number(object, "threads", stress.options.threads);
	json_number(object, "cpus", stress.options.cpus);
	json_number(object, "object_size_bytes", stress.options.object_size);
	json_number(object, "elapsed_ms", ns / 1000000);
	json_number(object, "handle_pairs", handle_pairs());
	json_number(object, "process_pairs", tally->pairs[0]);
	json_number(object, "softirq_pairs", tally->pairs[1]);
	json_number(object, "hardirq_pairs", tally->pairs[2]);
	json_number(object, "violations", tally->violations);
	json_number(object, "mismatches", tally->mismatches);
	json_number(object, "failed_gets", tally->failures);
	json_end(object);
}

/* What to exit with where there is no device to be had. */
static int stress_open(void)
{
	unsigned int online = sysconf(_SC_NPROCESSORS_ONLN);

	if (!stress.options.cpus)
		stress.options.cpus = online;
	if (stress.options.cpus > online)
		return usage_error("--cpus %u: is not a number from 1 to %u",
				   stress.options.cpus, online);
	stress.fd = dev_open();
	if (stress.fd >= 0)
		return CODE_FINE;
	if (errno != ENOENT && errno != ENXIO && errno != ENODEV)
		return unsupported("%s: %s: run it as root",
				   rooted(OBJCACHE_DEV_PATH), strerror(errno));
	fprintf(stderr, "objcache: %s is not there: modprobe objcache\n",
		rooted(OBJCACHE_DEV_PATH));
	return CODE_ABSENT;
}

static int stress_run(int argc, char **argv)
{
	uint64_t start = now_ns();
	bool pass;
	int code;

	(void)argc;
	(void)argv;
	code = stress_open();
	if (code)
		return code;
	interrupt_catch();
	pass = stress_setup();
	if (pass)
		stress_plan();
	pass = pass && threads_phase(&stress) && runs_phase(&stress);
	if (stress.options.show && !want_json)
		audit_show(&stress);
	pass = pass && stress_judge() && audit_phase(&stress);
	if (want_json)
		stress_json(pass, now_ns() - start);
	else
		stress_text(pass);
	return pass ? interrupt_code() : CODE_FAILED;
}

const struct command stress_command = {
	.name = "stress",
	.arguments = "",
	.summary = "Drives /dev/objcache hard and proves that no object has two owners",
	.options = stress_options,
	.run = stress_run,
};
