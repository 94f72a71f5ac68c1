// SPDX-License-Identifier: GPL-2.0
/*
 * The end: do all books agree?
 *
 * Three parties count: this program, the cache, and the device's constructor
 * and destructor. The cache tells its numbers twice, by ioctl and in debugfs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "stress.h"

/* Aging and the keeper may move numbers between two readings. */
#define READINGS	6000

static bool expect(struct stress *stress, const char *what, uint64_t got,
		   uint64_t want)
{
	if (got == want)
		return true;
	return fail(stress, "%s is %" PRIu64 ", should be %" PRIu64, what, got,
		    want);
}

/* The first number that debugfs tells differently, or NULL. */
static const struct stats_key *debugfs_differs(struct stress *stress,
					       const struct objcache_dev_stats *stats,
					       uint64_t *value)
{
	const struct stats_key *key;

	for (key = stats_keys; key->name; key++) {
		*value = UINT64_MAX;
		if (!debugfs_stat(stress->cache, key->name, value) ||
		    *value != stats_value(stats, key))
			return key;
	}
	return NULL;
}

/* Reads until nothing is being released and both tell the same. */
static bool audit_read(struct stress *stress, struct objcache_dev_stats *stats)
{
	const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
	const struct stats_key *differs = NULL;
	uint64_t value = 0;
	unsigned int i;

	for (i = 0; i < READINGS; i++) {
		if (dev_stats(stress->fd, stats))
			return fail(stress, "no statistics");
		differs = debugfs_differs(stress, stats, &value);
		if (!differs && !stats->releasing)
			return true;
		nanosleep(&pause, NULL);
	}
	if (!differs)
		return expect(stress, "releasing", stats->releasing, 0);
	if (value == UINT64_MAX)
		return fail(stress, "%s/%s/stats has no %s", DEBUGFS,
			    stress->cache, differs->name);
	return fail(stress, "%s is %" PRIu64 " in debugfs, %" PRIu64 " by ioctl",
		    differs->name, value, stats_value(stats, differs));
}

static bool audit_balance(struct stress *stress,
			  const struct objcache_dev_stats *stats)
{
	return expect(stress, "destroyed + parked + releasing + in_use",
		      stats->destroyed + stats->parked + stats->releasing +
		      stats->in_use, stats->created) &&
	       expect(stress, "in_use", stats->in_use, 0) &&
	       expect(stress, "steals less stolen",
		      stats->steals - stats->stolen, 0) &&
	       expect(stress, "objects of the session", stats->session_objects,
		      0) &&
	       expect(stress, "constructed", stats->constructed,
		      stats->created) &&
	       expect(stress, "destructed", stats->destructed,
		      stats->destroyed);
}

static bool audit_counts(struct stress *stress,
			 const struct objcache_dev_stats *stats)
{
	const struct tally *tally = &stress->tally;

	return expect(stress, "gets", stats->gets, tally->gets) &&
	       expect(stress, "puts", stats->puts, tally->puts) &&
	       expect(stress, "discarded", stats->discarded, tally->discards) &&
	       expect(stress, "violations of the cache", stats->violations,
		      tally->violations);
}

static bool audit_drained(struct stress *stress)
{
	struct objcache_dev_stats stats;
	__u64 released;

	if (dev_ioctl(stress->fd, OBJCACHE_IOC_DRAIN, &released))
		return fail(stress, "drain failed");
	if (!audit_read(stress, &stats))
		return false;
	progress(stress, "audit: drained %" PRIu64 " objects",
		 (uint64_t)released);
	return expect(stress, "parked after drain", stats.parked, 0) &&
	       expect(stress, "destroyed after drain", stats.destroyed,
		      stats.created) &&
	       audit_balance(stress, &stats);
}

bool audit_phase(struct stress *stress)
{
	struct objcache_dev_stats stats;

	if (!audit_read(stress, &stats))
		return false;
	progress(stress, "audit: own_ring %" PRIu64 ", steals %" PRIu64
		 ", overflow %" PRIu64 ", nested %" PRIu64 ", fresh %" PRIu64,
		 (uint64_t)stats.own_ring, (uint64_t)stats.steals,
		 (uint64_t)stats.overflow, (uint64_t)stats.nested,
		 (uint64_t)stats.fresh);
	return audit_balance(stress, &stats) && audit_counts(stress, &stats) &&
	       audit_drained(stress);
}

/* Copies a file to stdout, under its name. */
static void show_file(const char *path)
{
	FILE *from = rooted_open(DEBUGFS "/%s", path);
	char line[1024];

	if (!from) {
		printf("%s/%s cannot be read\n", DEBUGFS, path);
		return;
	}
	printf("--- %s ---\n", path);
	while (fgets(line, sizeof(line), from))
		fputs(line, stdout);
	fclose(from);
}

void audit_show(struct stress *stress)
{
	static const char *const files[] = { "stats", "cpus", "config" };
	char path[OBJCACHE_DEV_NAME_LEN + 16];
	unsigned int i;

	show_file("caches");
	for (i = 0; i < COUNT_OF(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", stress->cache, files[i]);
		show_file(path);
	}
}
