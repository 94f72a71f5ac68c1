/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /dev/objcache, for stress and for the tests' clients
 */
#ifndef OBJCACHE_CLI_DEVICE_H
#define OBJCACHE_CLI_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tables.h"

/* A count of struct objcache_dev_stats, by the name that it has everywhere. */
struct stats_key {
	const char *name;
	size_t offset;
};

extern const struct stats_key stats_keys[];	/* up to a NULL name */

int dev_open(void);
int dev_ioctl(int fd, unsigned long cmd, void *arg);	/* 0 or the errno */
int dev_create(int fd, const char *name, unsigned int size, unsigned int flags);
int dev_open_cache(int fd, const char *name);
int dev_stats(int fd, struct objcache_dev_stats *stats);
int dev_batch(int fd, unsigned long cmd, struct objcache_dev_batch *batch,
	      uint32_t *handles, unsigned int count);

/* What the device may take in all; 0: its default. A parameter of the module. */
int dev_budget(unsigned int mb);

uint64_t stats_value(const struct objcache_dev_stats *stats,
		     const struct stats_key *key);

#endif /* OBJCACHE_CLI_DEVICE_H */
