// SPDX-License-Identifier: GPL-2.0
/*
 * objcache-badinput: hostile input to /dev/objcache
 *
 * Each row does something wrong, or something right that is easily taken for
 * wrong, and knows which errno is the answer. After all of it nothing may be
 * left in use.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <unistd.h>

#include "badinput.h"

/* How the kernel begins one, whatever its reason. */
#define TRACE	"Call Trace:"

static unsigned int passed, failed, caches;
static char cache[OBJCACHE_DEV_NAME_LEN];	/* made last */

static const char *errno_name(int err)
{
	const char *name = strerrorname_np(err);

	return err ? name ? name : "unknown" : "success";
}

static void row_begin(int pass)
{
	passed += pass;
	failed += !pass;
	printf("%s %u - ", pass ? "ok" : "not ok", passed + failed);
}

void row(int got, int want, const char *format, ...)
{
	va_list args;

	row_begin(got == want);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	if (got != want)
		printf(": got %s, want %s", errno_name(got), errno_name(want));
	putchar('\n');
}

void row_number(uint64_t got, uint64_t want, const char *what)
{
	row_begin(got == want);
	printf("%s", what);
	if (got != want)
		printf(": got %" PRIu64 ", want %" PRIu64, got, want);
	putchar('\n');
}

static int give_up(const char *what, int err)
{
	printf("not ok %u - %s: got %s, want success\n", passed + failed + 1,
	       what, errno_name(err));
	printf("badinput: %u passed, %u failed\n", passed, failed + 1);
	exit(EXIT_FAILURE);
}

int session(void)
{
	int fd = dev_open();

	return fd < 0 ? give_up(OBJCACHE_DEV_PATH, errno) : fd;
}

int session_with_cache(unsigned int size, unsigned int flags)
{
	int fd = session(), err;

	snprintf(cache, sizeof(cache), "bad-%d-%u", getpid(), caches++);
	err = dev_create(fd, cache, size, flags);
	return err ? give_up("making a cache", err) : fd;
}

int session_sharing(void)
{
	int fd = session(), err = dev_open_cache(fd, cache);

	return err ? give_up("sharing a cache", err) : fd;
}

uint64_t in_use(int fd)
{
	struct objcache_dev_stats stats;
	uint64_t shown = UINT64_MAX;
	int err = dev_stats(fd, &stats);

	if (err)
		give_up("statistics", err);
	if (debugfs_stat(cache, "in_use", &shown) && shown != stats.in_use)
		row_number(shown, stats.in_use, "debugfs and ioctl agree");
	return stats.in_use;
}

uint64_t held(int fd)
{
	struct objcache_dev_stats stats;
	int err = dev_stats(fd, &stats);

	return err ? (uint64_t)give_up("statistics", err) :
		     stats.session_objects;
}

int get(int fd, uint32_t *handles, unsigned int count)
{
	struct objcache_dev_batch batch = {};

	return dev_batch(fd, OBJCACHE_IOC_GET, &batch, handles, count);
}

int put(int fd, uint32_t *handles, unsigned int count)
{
	struct objcache_dev_batch batch = {};

	return dev_batch(fd, OBJCACHE_IOC_PUT, &batch, handles, count);
}

void budget(unsigned int mb)
{
	int err = dev_budget(mb);

	if (err)
		row(err, 0, "device_mb: %u", mb);
}

/* Those that could be plugged in included. */
/* The module's debug= may add some to those of all caches. */
bool has_flag(const char *name, const char *flag)
{
	static struct cache_config config;

	return !config_read(name ?: cache, &config) &&
	       strstr(config_flags(&config), flag);
}

unsigned int possible_cpus(void)
{
	FILE *file = fopen("/sys/devices/system/cpu/possible", "re");
	unsigned int first, last = 0;

	if (file && fscanf(file, "%u-%u", &first, &last) < 1)
		give_up("possible CPUs", EINVAL);
	if (file)
		fclose(file);
	return last + 1;
}

/* In how many lines of the kernel's log, as far back as it goes? */
unsigned int log_count(const char *text)
{
	static char log[1 << 20];
	int length = klogctl(3, log, sizeof(log) - 1);
	unsigned int nr = 0;
	const char *at;

	log[length < 0 ? 0 : length] = '\0';
	for (at = strstr(log, text); at; at = strstr(at + 1, text))
		nr++;
	return nr;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.doc = "Tries hostile ioctls on /dev/objcache, and whether each gets the errno that it should.",
	};

	unsigned int traces;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	traces = log_count(TRACE);
	budget(ENOUGH_MB);
	cases_sizes();
	table_commands();
	table_create();
	table_open();
	table_batch();
	table_run();
	table_buffers();
	cases_handles();
	cases_sessions();
	cases_limits();
	cases_secrets();
	cases_budget();
	cases_charge();
	cases_races();
	cases_runs();
	cases_compat();
	budget(0);
	row_number(log_count(TRACE) <= traces, 1,
		   "no trace in the log of all this");
	printf("badinput: %u passed, %u failed\n", passed, failed);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
