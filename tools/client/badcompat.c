// SPDX-License-Identifier: GPL-2.0
/*
 * The calls of a 32-bit program
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "badinput.h"

#ifdef __x86_64__

/* ioctl(2) as a 32-bit program calls it. */
static int ioctl32(int fd, unsigned long cmd, void *arg)
{
	long ret;

	asm volatile("int $0x80" : "=a" (ret)
		     : "a" (54L), "b" ((long)fd), "c" (cmd), "d" (arg)
		     : "memory", "r8", "r9", "r10", "r11");
	return -(int)ret;
}

void cases_compat(void)
{
	int fd = session_with_cache(SIZE, 0);
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	struct objcache_dev_batch *batch = (void *)low;
	uint32_t *handles = (void *)(low + 2048);

	if (ioctl32(fd, 0, low) == ENOSYS)
		return;
	batch->handles = (uintptr_t)handles;
	batch->count = 2;
	row(ioctl32(fd, 0, low), ENOTTY, "32 bits: unknown command");
	row(ioctl32(fd, OBJCACHE_IOC_GET, low), 0, "32 bits: get");
	row_number(batch->done, 2, "32 bits: both");
	row(ioctl32(fd, OBJCACHE_IOC_PUT, low), 0, "32 bits: put");
	row(ioctl32(fd, OBJCACHE_IOC_GET, NULL), EFAULT, "32 bits: NULL");
	munmap(low, 4096);
	close(fd);
}

#else

void cases_compat(void)
{
}

#endif
