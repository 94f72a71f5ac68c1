// SPDX-License-Identifier: GPL-2.0
/*
 * Handles that are stale, foreign or lost half way
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "badinput.h"

static void handles_twice(int fd)
{
	uint32_t handles[4];
	struct objcache_dev_batch batch = {};

	get(fd, handles, 3);
	handles[3] = handles[2];
	handles[2] = handles[1];
	row(dev_batch(fd, OBJCACHE_IOC_PUT, &batch, handles, 4), ENOENT,
	    "put: the same handle twice in one call");
	row_number(batch.done, 2, "put: says which one");
	row(put(fd, handles + 3, 1), 0, "put: the one after it still can be");
	row(put(fd, handles, 1), ENOENT, "put: the same handle in two calls");
	batch.done = 0;
	row(dev_batch(fd, OBJCACHE_IOC_CHECK, &batch, handles, 1), ENOENT,
	    "check: a stale handle");
	row(dev_batch(fd, OBJCACHE_IOC_STAMP, &batch, handles, 1), ENOENT,
	    "stamp: a stale handle");
	row(dev_batch(fd, OBJCACHE_IOC_DISCARD, &batch, handles, 1), ENOENT,
	    "discard: a stale handle");
	get(fd, handles + 1, 1);
	row(put(fd, handles, 1), ENOENT,
	    "put: a stale handle after another get");
	row(put(fd, handles + 1, 1), 0, "put: the new one");
}

static void handles_foreign(int fd)
{
	int other = session_sharing();
	uint32_t handle;

	get(fd, &handle, 1);
	row(put(other, &handle, 1), ENOENT, "put: another session's handle");
	row(put(fd, &handle, 1), 0, "put: by the session that has it");
	handle = ~0U;
	row(put(fd, &handle, 1), ENOENT, "put: handle of all ones");
	close(other);
}

static void handles_stamps(int fd)
{
	struct objcache_dev_batch batch = { .value = 1,
					    .flags = OBJCACHE_DEV_MARK };
	uint32_t handles[2];

	dev_batch(fd, OBJCACHE_IOC_GET, &batch, handles, 2);
	batch.flags = 0;
	dev_batch(fd, OBJCACHE_IOC_CHECK, &batch, handles, 2);
	row_number(batch.mismatches, 0, "check: what was stamped");
	batch.value = 2;
	dev_batch(fd, OBJCACHE_IOC_CHECK, &batch, handles, 2);
	row_number(batch.mismatches, 2 * (SIZE - 8) / 8,
		   "check: another value, in every word");
	batch.flags = OBJCACHE_DEV_VERIFY;
	dev_batch(fd, OBJCACHE_IOC_PUT, &batch, handles, 2);
	row_number(batch.mismatches, 2 * (SIZE - 8) / 8,
		   "put: verifies, and puts all the same");
	row_number(batch.done, 2, "put: both");
}

/* Buffers that fail half way must lose nothing. */
static void handles_faults(int fd)
{
	long size = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 3 * size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct objcache_dev_batch *batch = (void *)map;
	uint32_t handles[8], *end = (void *)(map + 2 * size);

	mprotect(map + size, size, PROT_READ);
	mprotect(map + 2 * size, size, PROT_NONE);
	row(get(fd, end - 8, 8), EFAULT, "get: read-only handles");
	row(get(fd, (uint32_t *)8, 8), EFAULT, "get: unmapped handles");
	row(get(fd, end - 4, 8), EFAULT, "get: the handles do not fit");
	row(put(fd, end - 4, 8), EFAULT, "put: the handles are cut off");
	batch->handles = (uintptr_t)handles;
	batch->count = 8;
	mprotect(map, size, PROT_READ);
	row(dev_ioctl(fd, OBJCACHE_IOC_GET, batch), EFAULT,
	    "get: a read-only structure");
	row(put(fd, handles, 1), ENOENT, "get: those handles are no good");
	row_number(in_use(fd), 0, "get: nothing lost by faults");
	row_number(held(fd), 0, "get: nothing charged for faults");
	munmap(map, 3 * size);
}

static void handles_reset(void)
{
	int fd = session_with_cache(SIZE, OBJCACHE_DEV_CREATE_OPS);
	struct objcache_dev_batch batch = { .value = 3,
					    .flags = OBJCACHE_DEV_MARK };
	struct objcache_dev_stats before, after;
	uint32_t handle;

	dev_batch(fd, OBJCACHE_IOC_GET, &batch, &handle, 1);
	put(fd, &handle, 1);
	batch.flags = OBJCACHE_DEV_BLANK;
	/* The same, unless debug mode has not kept it. */
	row(dev_batch(fd, OBJCACHE_IOC_GET, &batch, &handle, 1), 0,
	    "get: once more");
	row_number(batch.mismatches, 0, "reset: the next owner finds it blank");
	dev_stats(fd, &before);
	batch.flags = OBJCACHE_DEV_SPOIL;
	row(dev_batch(fd, OBJCACHE_IOC_PUT, &batch, &handle, 1), 0,
	    "put: spoilt");
	dev_stats(fd, &after);
	row_number(after.refused - before.refused, 1,
		   "reset: a spoilt one is refused");
	close(fd);
}

void cases_handles(void)
{
	int fd = session_with_cache(SIZE, 0);

	handles_twice(fd);
	handles_foreign(fd);
	handles_stamps(fd);
	handles_faults(fd);
	handles_reset();
	close(fd);
}
