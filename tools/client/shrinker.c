// SPDX-License-Identifier: GPL-2.0
/*
 * objcache-shrinker: the shrinkers of object caches, driven through debugfs
 *
 * What /sys/kernel/debug/shrinker/objcache-NAME-ID/count says is what is parked,
 * and a write to scan releases the aged generation, then the rest of the shared
 * part, then private parts. All of it on one CPU, where magazines of four make two
 * private ones and a shared part of six. Needs a kernel with SHRINKER_DEBUG.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "device.h"

#define SHRINKERS	"/sys/kernel/debug/shrinker/objcache-%s-*"
#define NO_AGING	4		/* OBJCACHE_NO_AGING: steps by hand only */
#define BATCH		4
#define CAPACITY	32
#define PRIVATE		(2 * BATCH)
#define AGED		16
#define CURRENT		8
#define PARKED		(AGED + CURRENT + PRIVATE)

static int session;
static char name[OBJCACHE_DEV_NAME_LEN];
static char folder[256];

static void __attribute__((noreturn, format(printf, 1, 2)))
die(const char *format, ...)
{
	va_list args;

	printf("shrinker: FAIL: ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	exit(1);
}

static void expect(const char *what, unsigned long long is,
		   unsigned long long should_be)
{
	if (is != should_be)
		die("%s: %s is %llu, should be %llu", name, what, is, should_be);
}

/* ---- the cache ---- */

static struct objcache_dev_stats read_stats(void)
{
	struct objcache_dev_stats now;
	int err = dev_stats(session, &now);

	if (err)
		die("%s: stats: %s", name, strerror(err));
	return now;
}

static void move(unsigned long cmd, uint32_t *handles, unsigned int nr)
{
	struct objcache_dev_batch batch = {};
	int err = dev_batch(session, cmd, &batch, handles, nr);

	if (err || batch.done != nr)
		die("%s: %u of %u objects: %s", name, batch.done, nr, strerror(err));
}

static void make(const char *kind, unsigned int flags)
{
	struct objcache_dev_create create = {
		.size = 256, .batch = BATCH, .capacity = CAPACITY,
		.cache_flags = NO_AGING, .flags = flags,
	};
	int err;

	snprintf(name, sizeof(name), "shrinker-%s", kind);
	memcpy(create.name, name, sizeof(create.name));
	session = dev_open();
	if (session < 0)
		die("%s: %s", OBJCACHE_DEV_PATH, strerror(errno));
	err = dev_ioctl(session, OBJCACHE_IOC_CREATE, &create);
	if (err)
		die("%s: %s", name, strerror(err));
}

static void step(void)
{
	if (ioctl(session, OBJCACHE_IOC_AGE, 0))
		die("%s: age: %s", name, strerror(errno));
}

/* Aged, current and private, as many of each as their names say. */
static void park(void)
{
	uint32_t handles[PARKED];

	move(OBJCACHE_IOC_GET, handles, PARKED);
	move(OBJCACHE_IOC_PUT, handles, AGED + PRIVATE);
	step();
	move(OBJCACHE_IOC_PUT, handles + AGED + PRIVATE, CURRENT);
	expect("parked", read_stats().parked, PARKED);
}

/* ---- its shrinker ---- */

static void find_shrinker(void)
{
	char pattern[256];
	glob_t found;

	snprintf(pattern, sizeof(pattern), SHRINKERS, name);
	if (glob(pattern, 0, NULL, &found) || found.gl_pathc != 1)
		die("%s: not one such folder", pattern);
	snprintf(folder, sizeof(folder), "%s", found.gl_pathv[0]);
	globfree(&found);
}

/* A line per memory cgroup: its number, and a count per node. No line: none. */
static unsigned long long shrinker_count(void)
{
	unsigned long long sum = 0, value;
	char path[300], line[1024];
	char *next, *end;
	FILE *file;

	snprintf(path, sizeof(path), "%s/count", folder);
	file = fopen(path, "re");
	if (!file)
		die("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		strtoull(line, &next, 10);
		for (value = strtoull(next, &end, 10); end != next;
		     next = end, value = strtoull(next, &end, 10))
			sum += value;
	}
	fclose(file);
	return sum;
}

/* Of node 0, which is all that a shrinker without node awareness has. */
static void shrinker_scan(unsigned int nr)
{
	char path[300], text[32];
	int fd, length;

	snprintf(path, sizeof(path), "%s/scan", folder);
	length = snprintf(text, sizeof(text), "0 0 %u", nr);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, length) != length)
		die("%s: %s", path, strerror(errno));
	close(fd);
}

static void expect_parked(unsigned int nr)
{
	uint64_t from_debugfs = 0;

	if (!debugfs_stat(name, "parked", &from_debugfs))
		die("%s: no parked in debugfs", name);
	expect("parked in debugfs", from_debugfs, nr);
	expect("the shrinker's count", shrinker_count(), nr);
}

/* What scan has asked CPUs and the worker for comes a little later. */
static void wait_for(unsigned int parked)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	struct objcache_dev_stats now = read_stats();
	unsigned int i;

	for (i = 0; i < 15000 && (now.parked > parked || now.releasing); i++) {
		nanosleep(&pause, NULL);
		now = read_stats();
	}
	expect("parked", now.parked, parked);
	expect("releasing", now.releasing, 0);
}

/* ---- the tests ---- */

static void start(const char *kind, unsigned int flags)
{
	make(kind, flags);
	find_shrinker();
	expect_parked(0);
	park();
	expect_parked(PARKED);
}

/* Had it taken any others, some of those left would come from the aged ones. */
static void scan_takes_the_aged_first(const char *kind, unsigned int flags)
{
	struct objcache_dev_stats before, after;
	uint32_t handles[PARKED];

	start(kind, flags);
	shrinker_scan(AGED);
	wait_for(PARKED - AGED);
	expect_parked(PARKED - AGED);
	before = read_stats();
	expect("shrunk", before.shrunk, AGED);
	move(OBJCACHE_IOC_TRY_GET, handles, PARKED - AGED);
	after = read_stats();
	expect("objects from the current generation",
	       after.own_ring - before.own_ring, CURRENT);
	expect("objects from the aged generation", after.aged_hits, 0);
	close(session);
}

static void scan_takes_private_parts_last(const char *kind, unsigned int flags)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	unsigned int i;

	start(kind, flags);
	shrinker_scan(AGED + CURRENT);
	wait_for(PRIVATE);
	expect_parked(PRIVATE);
	shrinker_scan(PRIVATE);
	wait_for(0);
	expect_parked(0);
	/* Counted a moment after they have left their CPU. */
	for (i = 0; i < 500 && read_stats().shrunk < PARKED; i++)
		nanosleep(&pause, NULL);
	expect("shrunk", read_stats().shrunk, PARKED);
	expect("destroyed", read_stats().destroyed, PARKED);
	close(session);
}

/* Reclaim is credited with what it frees itself. */
static void scan_frees_plain_objects_itself(void)
{
	struct objcache_dev_stats now;

	start("credit", OBJCACHE_DEV_CREATE_PLAIN);
	shrinker_scan(AGED);
	now = read_stats();
	expect("destroyed when scan returns", now.destroyed, AGED);
	expect("releasing when scan returns", now.releasing, 0);
	close(session);
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.doc = "Drives the shrinkers of object caches through debugfs, and checks what each scan released.",
	};
	cpu_set_t set;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("CPU 0: %s", strerror(errno));
	scan_takes_the_aged_first("plain-aged", OBJCACHE_DEV_CREATE_PLAIN);
	scan_takes_the_aged_first("aged", OBJCACHE_DEV_CREATE_OPS);
	scan_takes_private_parts_last("plain-private", OBJCACHE_DEV_CREATE_PLAIN);
	scan_takes_private_parts_last("private", OBJCACHE_DEV_CREATE_OPS);
	scan_frees_plain_objects_itself();
	printf("shrinker: PASS count is what is parked; aged first, private last\n");
	return 0;
}
