// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/objcache, for stress and for the tests' clients
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "device.h"

#define KEY(name, meaning)	{ #name, offsetof(struct objcache_dev_stats, name) },

const struct stats_key stats_keys[] = {
	OBJCACHE_STATS(KEY)
	{ NULL, 0 },
};

int dev_open(void)
{
	return open(rooted(OBJCACHE_DEV_PATH), O_RDWR | O_CLOEXEC);
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
