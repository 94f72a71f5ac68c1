// SPDX-License-Identifier: GPL-2.0
/*
 * objcache-stress: proves from user space that /dev/objcache works
 *
 * Phase 1: threads get and put objects by handle, each marked with a value of
 * its own. Phase 2: workloads inside the kernel, in threads and interrupts.
 * Then the books are compared: what was done, what the device says and what
 * debugfs says.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stress.h"

/*
 * Small magazines, and room for few of them: so that objects leave the private
 * part, other CPUs find some to take, and bursts run over. What a magazine
 * holds must still fit the private part's 64 KiB.
 */
#define CACHE_BATCH	16
#define CACHE_CAPACITY	128

enum { EXIT_PASS, EXIT_FAIL, EXIT_USAGE };

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
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

static const struct argp_option argp_options[] = {
	{ "threads", 't', "N", 0, "threads of phase 1, 1 to 256 (8)", 0 },
	{ "pairs", 'n', "N", 0,
	  "gets and puts of phase 1 at least, 1 to 1000000000 (1000000)", 0 },
	{ "duration", 'd', "SECONDS", 0,
	  "of the workloads, 1 to 3600 (15); the threads take what they need", 0 },
	{ "object-size", 's', "BYTES", 0, "of an object, 16 to 65536 (256)", 0 },
	{ "cpus", 'c', "N", 0, "of the workloads (all online)", 0 },
	{ "plant", 'p', NULL, 0, "plant faults, which must be found: fails", 0 },
	{ "show", 'w', NULL, 0, "print the debugfs files at the end", 0 },
	{ "quiet", 'q', NULL, 0, "no progress lines", 0 },
	{},
};

static void parse_number(const char *name, const char *text, unsigned int min,
			 unsigned int max, unsigned int *number)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (end == text || *end || errno || value < min || value > max) {
		fprintf(stderr, "objcache-stress: --%s %s is not within %u to %u\n",
			name, text, min, max);
		exit(EXIT_USAGE);
	}
	*number = value;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 't':
		parse_number("threads", text, 1, 256, &options->threads);
		return 0;
	case 'n':
		parse_number("pairs", text, 1, 1000000000, &options->pairs);
		return 0;
	case 'd':
		parse_number("duration", text, 1, 3600, &options->duration);
		return 0;
	case 's':
		parse_number("object-size", text, OBJCACHE_DEV_MIN_SIZE, 65536,
			     &options->object_size);
		return 0;
	case 'c':
		parse_number("cpus", text, 1, sysconf(_SC_NPROCESSORS_ONLN),
			     &options->cpus);
		return 0;
	case 'p':
		options->plant = true;
		return 0;
	case 'w':
		options->show = true;
		return 0;
	case 'q':
		options->quiet = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument %s", text);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static bool stress_setup(struct stress *stress)
{
	struct objcache_dev_create create = {
		.size = stress->options.object_size,
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
	snprintf(stress->cache, sizeof(stress->cache), "stress-%d", getpid());
	memcpy(create.name, stress->cache, sizeof(create.name));
	stress->fd = dev_open();
	if (stress->fd < 0)
		return fail(stress, "%s: %s", OBJCACHE_DEV_PATH, strerror(errno));
	err = dev_ioctl(stress->fd, OBJCACHE_IOC_CREATE, &create);
	if (err)
		return fail(stress, "cache %s: %s", stress->cache, strerror(err));
	return true;
}

/* Faults that were planted and not found are another failure than found ones. */
static bool stress_judge(struct stress *stress)
{
	const struct tally *tally = &stress->tally;

	if (stress->options.plant && !(tally->mismatches && tally->violations))
		return fail(stress, "planted faults not found: %" PRIu64
			    " mismatches, %" PRIu64 " violations",
			    tally->mismatches, tally->violations);
	if (tally->mismatches || tally->violations)
		return fail(stress, "%" PRIu64 " mismatches, %" PRIu64
			    " violations%s", tally->mismatches,
			    tally->violations,
			    stress->options.plant ? " (planted)" : "");
	return true;
}

static void stress_pass(const struct stress *stress)
{
	const struct tally *tally = &stress->tally;
	uint64_t runs = tally->pairs[0] + tally->pairs[1] + tally->pairs[2];

	printf("stress: PASS %" PRIu64 " pairs by handle, %" PRIu64
	       " in workloads (process %" PRIu64 ", softirq %" PRIu64
	       ", hardirq %" PRIu64 "), 0 violations\n",
	       tally->puts + tally->discards - runs, runs, tally->pairs[0],
	       tally->pairs[1], tally->pairs[2]);
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = argp_options,
		.parser = parse_option,
		.doc = "Drives /dev/objcache from threads and from inside the kernel, and checks that no object ever has two owners.",
	};
	static struct stress stress = {
		.options = { .threads = 8, .pairs = 1000000, .duration = 15,
			     .object_size = 256 },
	};
	bool pass;

	stress.options.cpus = sysconf(_SC_NPROCESSORS_ONLN);
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &stress.options);
	pass = stress_setup(&stress) && threads_phase(&stress) &&
	       runs_phase(&stress);
	if (stress.options.show)
		audit_show(&stress);
	pass = pass && stress_judge(&stress) && audit_phase(&stress);
	if (pass)
		stress_pass(&stress);
	else
		printf("stress: FAIL: %s\n", stress.reason);
	return pass ? EXIT_PASS : EXIT_FAIL;
}
