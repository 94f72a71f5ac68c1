// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/objcache and its debugfs folder, for the clients
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "device.h"

#define KEY(name, meaning)	{ #name, offsetof(struct objcache_dev_stats, name) },

const struct stats_key stats_keys[] = {
	OBJCACHE_STATS(KEY)
	{ NULL, 0 },
};

int dev_open(void)
{
	return open(OBJCACHE_DEV_PATH, O_RDWR | O_CLOEXEC);
}

int dev_ioctl(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? errno : 0;
}

int dev_create(int fd, const char *name, unsigned int size, unsigned int flags)
{
	struct objcache_dev_create create = { .size = size, .flags = flags };

	strncpy((char *)create.name, name, sizeof(create.name) - 1);
	return dev_ioctl(fd, OBJCACHE_IOC_CREATE, &create);
}

int dev_open_cache(int fd, const char *name)
{
	struct objcache_dev_open open = {};

	strncpy((char *)open.name, name, sizeof(open.name) - 1);
	return dev_ioctl(fd, OBJCACHE_IOC_OPEN, &open);
}

int dev_stats(int fd, struct objcache_dev_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	stats->version = OBJCACHE_DEV_STATS_VERSION;
	return dev_ioctl(fd, OBJCACHE_IOC_STATS, stats);
}

int dev_batch(int fd, unsigned long cmd, struct objcache_dev_batch *batch,
	      uint32_t *handles, unsigned int count)
{
	batch->handles = (uintptr_t)handles;
	batch->count = count;
	return dev_ioctl(fd, cmd, batch);
}

int dev_budget(unsigned int mb)
{
	FILE *file = fopen("/sys/module/objcache/parameters/device_mb", "we");
	int err;

	if (!file)
		return errno;
	err = fprintf(file, "%u\n", mb) < 0 ? errno : 0;
	return fclose(file) ? errno : err;
}

uint64_t stats_value(const struct objcache_dev_stats *stats,
		     const struct stats_key *key)
{
	uint64_t value;

	memcpy(&value, (const char *)stats + key->offset, sizeof(value));
	return value;
}

static FILE *debugfs_open(const char *cache, const char *file)
{
	char path[256];

	if (cache)
		snprintf(path, sizeof(path), DEBUGFS "/%s/%s", cache, file);
	else
		snprintf(path, sizeof(path), DEBUGFS "/%s", file);
	return fopen(path, "re");
}

/* One "key: value" line of a cache's stats. */
bool debugfs_stat(const char *cache, const char *key, uint64_t *value)
{
	FILE *stats = debugfs_open(cache, "stats");
	char line[256], name[64];
	bool found = false;

	if (!stats)
		return false;
	while (!found && fgets(line, sizeof(line), stats))
		found = sscanf(line, "%63[^:]: %" SCNu64, name, value) == 2 &&
			!strcmp(name, key);
	fclose(stats);
	return found;
}

/* Copies a file to stdout, under its name. */
bool debugfs_show(const char *cache, const char *file)
{
	FILE *from = debugfs_open(cache, file);
	char line[1024];

	if (!from)
		return false;
	printf("--- %s%s%s ---\n", cache ? cache : "", cache ? "/" : "", file);
	while (fgets(line, sizeof(line), from))
		fputs(line, stdout);
	fclose(from);
	return true;
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}
