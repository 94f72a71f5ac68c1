// SPDX-License-Identifier: GPL-2.0
/*
 * More objects, bytes and caches than there may be
 */
#include <errno.h>
#include <unistd.h>

#include "badinput.h"

static void limits_objects(void)
{
	int fd = session_with_cache(OBJCACHE_DEV_MIN_SIZE, 0);
	int other = session_sharing();
	uint32_t handles[OBJCACHE_DEV_BATCH];
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < OBJCACHE_DEV_OBJECTS / OBJCACHE_DEV_BATCH; i++)
		err = get(fd, handles, OBJCACHE_DEV_BATCH);
	row(err, 0, "limit: all objects that a session may hold");
	row_number(held(fd), OBJCACHE_DEV_OBJECTS, "limit: they are counted");
	row(get(fd, handles + 1, 1), EDQUOT, "limit: one object more");
	row(get(other, handles + 1, 1), 0, "limit: not another session's");
	row(put(fd, handles, 1), 0, "limit: one back");
	row(get(fd, handles, 1), 0, "limit: one again");
	close(fd);
	row_number(in_use(other), 1, "limit: close gives all back");
	close(other);
}

static void limits_bytes(void)
{
	int fd = session_with_cache(2 << 20, OBJCACHE_DEV_CREATE_PLAIN);
	uint32_t handles[OBJCACHE_DEV_BATCH];

	row(get(fd, handles, 33), EDQUOT, "limit: 66 MiB in one call");
	row_number(in_use(fd), 0, "limit: nothing was got");
	close(fd);
}

static void limits_caches(void)
{
	int fds[OBJCACHE_DEV_CACHES + 1], err = 0;
	unsigned int i;

	for (i = 0; i < OBJCACHE_DEV_CACHES; i++)
		fds[i] = session_with_cache(SIZE, 0);
	fds[i] = session();
	row(dev_create(fds[i], "bad", SIZE, 0), ENFILE, "limit: 65 caches");
	close(fds[0]);
	err = dev_create(fds[i], "bad", SIZE, 0);
	row(err, 0, "limit: after one is gone");
	for (i = 1; i <= OBJCACHE_DEV_CACHES; i++)
		close(fds[i]);
}

/*
 * The slab adds to an object when it is told to debug it, so a size that is just
 * right for it is not for the device: the kernel would print a trace.
 */
void cases_sizes(void)
{
	static const unsigned int flags[] = { 0, OBJCACHE_DEV_CREATE_OPS,
					      OBJCACHE_DEV_CREATE_PLAIN };
	struct objcache_dev_create create = {
		.name = "bad-large", .size = (4 << 20) - 8,
	};
	unsigned int i;
	int fd = session();

	row(dev_ioctl(fd, OBJCACHE_IOC_CREATE, &create), EINVAL,
	    "size: 4 MiB less 8");
	row_number(log_count("size 4194296 is not within 16 to 4182016") > 0, 1,
		   "size: the log names what would do");
	create.size = OBJCACHE_DEV_MAX_SIZE + 1;
	row(dev_ioctl(fd, OBJCACHE_IOC_CREATE, &create), EINVAL,
	    "size: a byte more than would do");
	close(fd);
	create.size = OBJCACHE_DEV_MAX_SIZE;
	for (i = 0; i < 2 * sizeof(flags) / sizeof(flags[0]); i++) {
		uint32_t handle;

		create.flags = flags[i / 2];
		create.align = i % 2 * sysconf(_SC_PAGESIZE);
		fd = session();
		row(dev_ioctl(fd, OBJCACHE_IOC_CREATE, &create), 0,
		    "size: what would do, flags %u, align %u", create.flags,
		    create.align);
		row(get(fd, &handle, 1), 0, "size: an object of it");
		row(put(fd, &handle, 1), 0, "size: back");
		close(fd);
	}
}

void cases_limits(void)
{
	limits_objects();
	limits_bytes();
	limits_caches();
}
