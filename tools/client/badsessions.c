// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions without a cache, two with the same one, and what a close leaves
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "badinput.h"

static void sessions_empty(void)
{
	static const struct {
		const char *name;
		unsigned long cmd;
	} rows[] = {
		{ "get", OBJCACHE_IOC_GET },
		{ "try_get", OBJCACHE_IOC_TRY_GET },
		{ "put", OBJCACHE_IOC_PUT },
		{ "discard", OBJCACHE_IOC_DISCARD },
		{ "stamp", OBJCACHE_IOC_STAMP },
		{ "check", OBJCACHE_IOC_CHECK },
		{ "stats", OBJCACHE_IOC_STATS },
		{ "drain", OBJCACHE_IOC_DRAIN },
		{ "run", OBJCACHE_IOC_RUN },
		{ "progress", OBJCACHE_IOC_PROGRESS },
	};
	char zeroes[256] = {};
	int fd = session();
	unsigned int i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		row(dev_ioctl(fd, rows[i].cmd, zeroes), ENXIO,
		    "%s: before there is a cache", rows[i].name);
	row(dev_ioctl(fd, OBJCACHE_IOC_AGE, NULL), ENXIO,
	    "age: before there is a cache");
	close(fd);
}

static void sessions_names(void)
{
	int fd = session(), other = session();
	struct objcache_dev_stats stats = { .version = OBJCACHE_DEV_STATS_VERSION + 1 };

	row(dev_create(fd, "bad", SIZE, 0), 0, "create: the first");
	row(dev_create(fd, "bad2", SIZE, 0), EBUSY, "create: twice in a session");
	row(dev_open_cache(fd, "bad"), EBUSY, "open: after create");
	row(dev_create(other, "bad", SIZE, 0), EEXIST, "create: a name in use");
	row(dev_create(other, "bad2", SIZE, 0), 0, "create: after EEXIST");
	close(other);
	other = session();
	row(dev_open_cache(other, "bad"), 0, "open: what another has made");
	close(fd);
	row_number(in_use(other), 0, "the cache outlives its maker");
	row(dev_ioctl(other, OBJCACHE_IOC_STATS, &stats), EINVAL,
	    "stats: another version");
	stats.version = OBJCACHE_DEV_STATS_VERSION;
	stats.reserved = 1;
	row(dev_ioctl(other, OBJCACHE_IOC_STATS, &stats), EINVAL,
	    "stats: reserved");
	row(dev_ioctl(other, OBJCACHE_IOC_AGE, (void *)1), EINVAL,
	    "age: with an argument");
	row(dev_ioctl(other, OBJCACHE_IOC_AGE, NULL), 0, "age");
	close(other);
	other = session();
	row(dev_open_cache(other, "bad"), ENOENT, "open: after the last close");
	row(dev_create(other, "bad", SIZE, 0), 0, "create: the name is free again");
	close(other);
}

static void sessions_close(void)
{
	int fd = session_with_cache(SIZE, OBJCACHE_DEV_CREATE_OPS);
	int other = session_sharing();
	uint32_t handles[OBJCACHE_DEV_BATCH];
	struct objcache_dev_stats stats;
	__u64 released;

	get(fd, handles, 64);
	get(fd, handles, 36);
	get(other, handles, 1);
	row_number(in_use(other), 101, "close: objects of both are in use");
	close(fd);
	row_number(in_use(other), 1, "close: gives back what it held");
	put(other, handles, 1);
	dev_ioctl(other, OBJCACHE_IOC_DRAIN, &released);
	dev_stats(other, &stats);
	row_number(stats.parked + stats.releasing + stats.in_use, 0,
		   "drain: nothing left");
	row_number(stats.destructed, stats.constructed,
		   "drain: as many destructed as constructed");
	row_number(stats.violations, 0, "close: no violations");
	close(other);
}

/* The device's file is a reference to the module. */
static void sessions_unload(void)
{
	int fd = session();
	long ret = syscall(SYS_delete_module, "objcache", O_NONBLOCK);

	row(ret ? errno : 0, EWOULDBLOCK, "rmmod: with an open session");
	close(fd);
}

void cases_sessions(void)
{
	sessions_empty();
	sessions_names();
	sessions_close();
	sessions_unload();
}
