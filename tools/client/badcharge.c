// SPDX-License-Identifier: GPL-2.0
/*
 * Who creates a cache pays for what it has from the start: its memory cgroup does
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "badinput.h"

#define ROOT	"/tmp/cgroup"
#define OURS	ROOT "/objcache"

/*
 * Pointers to 8192 magazines in each of two rings: what each CPU that is online has.
 * Of all together more than the 64 pages that a kernel may go on counting as charged.
 */
#define CAPACITY	8194
#define CPU_BYTES	(2 * 8192 * sizeof(uint64_t))

static int write_to(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	int err = 0;

	if (!file)
		return errno;
	if (fputs(text, file) < 0)
		err = errno;
	if (fclose(file))
		err = errno;
	return err;
}

static uint64_t charged(void)
{
	FILE *file = fopen(OURS "/memory.current", "re");
	unsigned long long bytes = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%llu", &bytes) != 1)
		bytes = 0;
	fclose(file);
	return bytes;
}

static int create_in_cgroup(int fd)
{
	struct objcache_dev_create create = {
		.name = "bad-charge", .size = 16, .batch = 1,
		.capacity = CAPACITY,
	};

	return dev_ioctl(fd, OBJCACHE_IOC_CREATE, &create);
}

static void charge_create(void)
{
	uint64_t least = sysconf(_SC_NPROCESSORS_ONLN) * CPU_BYTES;
	uint64_t before = charged(), after;
	int fd = session();

	row(create_in_cgroup(fd), 0, "charge: a cache");
	after = charged();
	if (has_flag("bad-charge", "DEBUG") || has_flag("bad-charge", "CHECK")) {
		printf("# charge: no figures: in debug mode a CPU has no rings\n");
		close(fd);
		return;
	}
	row_number(after >= before + least, 1,
		   "charge: its part of each CPU is charged");
	close(fd);
	row_number(charged() < after, 1, "charge: no more after the close");
}

/* Kernels without memory cgroups have nothing to charge. */
void cases_charge(void)
{
	if (mkdir(ROOT, 0755) && errno != EEXIST)
		return;
	if (mount("cgroup2", ROOT, "cgroup2", 0, NULL)) {
		rmdir(ROOT);
		return;
	}
	if (!write_to(ROOT "/cgroup.subtree_control", "+memory\n") &&
	    !mkdir(OURS, 0755)) {
		row(write_to(OURS "/cgroup.procs", "0\n"), 0,
		    "charge: in a cgroup");
		charge_create();
		row(write_to(ROOT "/cgroup.procs", "0\n"), 0,
		    "charge: out of it");
		row(rmdir(OURS) ? errno : 0, 0, "charge: it goes");
	}
	umount(ROOT);
	rmdir(ROOT);
}
