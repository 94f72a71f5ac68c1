// SPDX-License-Identifier: GPL-2.0
/*
 * Hostile input, one call per row
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "badinput.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

/* What a 32-bit caller sees must be what a 64-bit one does. */
#define AT(type, member, offset)					\
	static_assert(offsetof(struct type, member) == (offset), #member)

AT(objcache_dev_create, size, 32);
AT(objcache_dev_create, flags, 56);
AT(objcache_dev_create, reserved, 60);
AT(objcache_dev_open, flags, 32);
AT(objcache_dev_open, reserved, 44);
AT(objcache_dev_batch, value, 8);
AT(objcache_dev_batch, count, 16);
AT(objcache_dev_batch, mismatches, 32);
AT(objcache_dev_stats, created, 8);
AT(objcache_dev_stats, session_objects, 360);
AT(objcache_dev_progress, elapsed_ns, 8);
AT(objcache_dev_progress, reserved, 56);
AT(objcache_dev_run, seed, 32);
AT(objcache_dev_run, reserved, 40);
AT(objcache_dev_run, result, 64);

void table_commands(void)
{
	static const struct {
		const char *what;
		unsigned long cmd;
	} rows[] = {
		{ "command 0", 0 },
		{ "command of all ones", 0xffffffff },
		{ "TCGETS", 0x5401 },
		{ "first number after the last", _IO(OBJCACHE_IOC_MAGIC, 13) },
		{ "last number there can be", _IO(OBJCACHE_IOC_MAGIC, 255) },
		{ "GET of another type", _IOWR('o', 2,
					       struct objcache_dev_batch) },
		{ "GET with no size", _IO(OBJCACHE_IOC_MAGIC, 2) },
		{ "GET with size 1", _IOWR(OBJCACHE_IOC_MAGIC, 2, char) },
		{ "GET with the largest size",
		  _IOC(_IOC_READ | _IOC_WRITE, OBJCACHE_IOC_MAGIC, 2, 0x3fff) },
		{ "GET that only reads", _IOR(OBJCACHE_IOC_MAGIC, 2,
					      struct objcache_dev_batch) },
		{ "AGE with a size", _IOW(OBJCACHE_IOC_MAGIC, 9, __u64) },
	};
	int fd = session_with_cache(SIZE, 0);
	char buffer[0x4000] = {};
	unsigned int i;

	for (i = 0; i < COUNT(rows); i++)
		row(dev_ioctl(fd, rows[i].cmd, buffer), ENOTTY, "%s",
		    rows[i].what);
	close(fd);
}

/* From a fresh session each; a cache that is made goes with it. */
void table_create(void)
{
	static const struct {
		const char *what;
		int want;
		struct objcache_dev_create create;
	} rows[] = {
#define NAME(what, want, name)	{ what, want, { name, .size = SIZE } }
#define PARAM(what, want, ...)	{ what, want, { "bad", __VA_ARGS__ } }
		NAME("an ordinary name", 0, "bad"),
		NAME("the name of another slab, dentry", 0, "dentry"),
		NAME("31 characters", 0, "abcdefghijklmnopqrstuvwxyz01234"),
		NAME("32 characters without end", EINVAL,
		     "abcdefghijklmnopqrstuvwxyz012345"),
		NAME("all that a name may have", 0, "aZ09._-"),
		NAME("name ...", 0, "..."),
		NAME("no name", EINVAL, ""),
		NAME("name .", EINVAL, "."),
		NAME("name ..", EINVAL, ".."),
		NAME("name ../x", EINVAL, "../x"),
		NAME("name a/b", EINVAL, "a/b"),
		NAME("name with a space", EINVAL, "a b"),
		NAME("name with a newline", EINVAL, "a\n"),
		NAME("name with a percent sign", EINVAL, "%s%n"),
		NAME("name beyond ASCII", EINVAL, "\xc3\xa9"),
		NAME("the device's own cache", EEXIST, "objcache-requests"),
		PARAM("size 0", EINVAL, .size = 0),
		PARAM("size 15", EINVAL, .size = 15),
		PARAM("size 16", 0, .size = 16),
		PARAM("size 17", 0, .size = 17),
		PARAM("size 4 MiB and 1", EINVAL, .size = (4 << 20) + 1),
		PARAM("size of all ones", EINVAL, .size = ~0U),
		PARAM("align 1", 0, .size = SIZE, .align = 1),
		PARAM("align 3", EINVAL, .size = SIZE, .align = 3),
		PARAM("align 4096", 0, .size = SIZE, .align = 4096),
		PARAM("align 1 GiB", EINVAL, .size = SIZE, .align = 1U << 30),
		PARAM("align of all ones", EINVAL, .size = SIZE, .align = ~0U),
		PARAM("batch of all ones", EINVAL, .size = SIZE, .batch = ~0U),
		PARAM("capacity 1", EINVAL, .size = SIZE, .capacity = 1),
		PARAM("capacity of all ones", EINVAL, .size = SIZE,
		      .capacity = ~0U),
		PARAM("capacity of 64 MiB and 1 object", EINVAL, .size = 4096,
		      .capacity = 16385),
		PARAM("an unknown cache flag", EINVAL, .size = SIZE,
		      .cache_flags = 1U << 7),
		PARAM("all cache flags there can be", EINVAL, .size = SIZE,
		      .cache_flags = ~0U),
		PARAM("an unknown flag", EINVAL, .size = SIZE, .flags = 4),
		PARAM("both ops and plain", EINVAL, .size = SIZE, .flags = 3),
		PARAM("reserved", EINVAL, .size = SIZE, .reserved = { 1 }),
		PARAM("reserved, last", EINVAL, .size = SIZE,
		      .reserved = { [4] = 1U << 31 }),
	};
	unsigned int i;

	for (i = 0; i < COUNT(rows); i++) {
		struct objcache_dev_create create = rows[i].create;
		int fd = session();

		row(dev_ioctl(fd, OBJCACHE_IOC_CREATE, &create), rows[i].want,
		    "create: %s", rows[i].what);
		close(fd);
	}
}

void table_open(void)
{
	static const struct {
		const char *what;
		int want;
		struct objcache_dev_open open;
	} rows[] = {
		{ "one that is not there", ENOENT, { .name = "not-there" } },
		{ "no name", ENOENT, { .name = "" } },
		{ "the device's own", ENOENT, { .name = "objcache-requests" } },
		{ "no end of the name", EINVAL,
		  { .name = "abcdefghijklmnopqrstuvwxyz012345" } },
		{ "a flag", EINVAL, { .name = "bad", .flags = 1 } },
		{ "reserved", EINVAL, { .name = "bad", .reserved = { 1 } } },
		{ "reserved, last", EINVAL,
		  { .name = "bad", .reserved = { [4] = 1 } } },
	};
	unsigned int i;

	for (i = 0; i < COUNT(rows); i++) {
		struct objcache_dev_open open = rows[i].open;
		int fd = session();

		row(dev_ioctl(fd, OBJCACHE_IOC_OPEN, &open), rows[i].want,
		    "open: %s", rows[i].what);
		close(fd);
	}
}

void table_batch(void)
{
	static const struct {
		const char *what;
		unsigned long cmd;
		int want;
		struct objcache_dev_batch batch;
	} rows[] = {
#define BATCH(what, cmd, want, ...)	\
	{ #cmd ": " what, OBJCACHE_IOC_##cmd, want, { __VA_ARGS__ } }
		BATCH("count 0", GET, EINVAL, .count = 0),
		BATCH("count 65", GET, EINVAL, .count = 65),
		BATCH("count of all ones", GET, EINVAL, .count = ~0U),
		BATCH("reserved", GET, EINVAL, .count = 1, .reserved = 1),
		BATCH("flag of put", GET, EINVAL, .count = 1,
		      .flags = OBJCACHE_DEV_VERIFY),
		BATCH("unknown flag", GET, EINVAL, .count = 1, .flags = 1U << 31),
		BATCH("blank, but no reset", GET, EINVAL, .count = 1,
		      .flags = OBJCACHE_DEV_BLANK),
		BATCH("nothing is parked", TRY_GET, EAGAIN, .count = 1),
		BATCH("bulk", TRY_GET, EINVAL, .count = 1,
		      .flags = OBJCACHE_DEV_BULK),
		BATCH("count 0", PUT, EINVAL, .count = 0),
		BATCH("count 65", PUT, EINVAL, .count = 65),
		BATCH("flag of get", PUT, EINVAL, .count = 1,
		      .flags = OBJCACHE_DEV_MARK),
		BATCH("spoil, but no reset", PUT, EINVAL, .count = 1,
		      .flags = OBJCACHE_DEV_SPOIL),
		BATCH("reserved", PUT, EINVAL, .count = 1, .reserved = ~0U),
		BATCH("handle 0", PUT, ENOENT, .count = 1),
		BATCH("handle 0", DISCARD, ENOENT, .count = 1),
		BATCH("handle 0", STAMP, ENOENT, .count = 1),
		BATCH("handle 0", CHECK, ENOENT, .count = 1),
		BATCH("flag", STAMP, EINVAL, .count = 1, .flags = 1),
		BATCH("flag", CHECK, EINVAL, .count = 1, .flags = 1),
		BATCH("bulk", DISCARD, EINVAL, .count = 1,
		      .flags = OBJCACHE_DEV_BULK),
	};
	uint32_t handles[OBJCACHE_DEV_BATCH] = {};
	int fd = session_with_cache(SIZE, 0);
	unsigned int i;

	for (i = 0; i < COUNT(rows); i++) {
		struct objcache_dev_batch batch = rows[i].batch;

		row(dev_batch(fd, rows[i].cmd, &batch, handles, batch.count),
		    rows[i].want, "%s", rows[i].what);
	}
	row_number(in_use(fd), 0, "nothing in use after bad batches");
	close(fd);
}

void table_run(void)
{
#define GOOD	.pattern = OBJCACHE_DEV_PAIR, .contexts = 7, .cpus = 1,	\
		.duration_ms = 10, .irq_hz = 100, .burst = 1, .objects = 3
#define RUN(what, want, ...)	{ what, want, { __VA_ARGS__ } }
	static const struct {
		const char *what;
		int want;
		struct objcache_dev_run run;
	} rows[] = {
		RUN("a small one", 0, GOOD),
		RUN("in a thread alone", 0, .contexts = 1, .cpus = 1,
		    .duration_ms = 1, .burst = 1, .objects = 1),
		RUN("with all that is zero", EINVAL, .flags = 0),
		RUN("no cpus", EINVAL, .contexts = 1, .duration_ms = 1,
		    .burst = 1, .objects = 1),
		RUN("100000 cpus", EINVAL, .contexts = 1, .cpus = 100000,
		    .duration_ms = 1, .burst = 1, .objects = 65536),
		RUN("cpus of all ones", EINVAL, .contexts = 1, .cpus = ~0U,
		    .duration_ms = 1, .burst = 1, .objects = 65536),
		RUN("no contexts", EINVAL, .cpus = 1, .duration_ms = 1,
		    .burst = 1, .objects = 1),
		RUN("an unknown context", EINVAL, .contexts = 9, .cpus = 1,
		    .duration_ms = 1, .burst = 1, .objects = 2),
		RUN("an unknown pattern", EINVAL, .pattern = 3, .contexts = 1,
		    .cpus = 1, .duration_ms = 1, .burst = 1, .objects = 1),
		RUN("a pattern of all ones", EINVAL, .pattern = ~0U,
		    .contexts = 1, .cpus = 1, .duration_ms = 1, .burst = 1,
		    .objects = 1),
		RUN("no time", EINVAL, .contexts = 1, .cpus = 1, .burst = 1,
		    .objects = 1),
		RUN("an hour and a millisecond", EINVAL, .contexts = 1,
		    .cpus = 1, .duration_ms = 3600001, .burst = 1, .objects = 1),
		RUN("time of all ones", EINVAL, .contexts = 1, .cpus = 1,
		    .duration_ms = ~0U, .burst = 1, .objects = 1),
		RUN("interrupts at 0 Hz", EINVAL, .contexts = 4, .cpus = 1,
		    .duration_ms = 1, .burst = 1, .objects = 1),
		RUN("interrupts at 10001 Hz", EINVAL, .contexts = 4, .cpus = 1,
		    .duration_ms = 1, .irq_hz = 10001, .burst = 1, .objects = 1),
		RUN("Hz without interrupts", EINVAL, .contexts = 1, .cpus = 1,
		    .duration_ms = 1, .irq_hz = 1, .burst = 1, .objects = 1),
		RUN("no burst", EINVAL, .contexts = 1, .cpus = 1,
		    .duration_ms = 1, .objects = 1),
		RUN("a burst of 4097", EINVAL, .contexts = 1, .cpus = 1,
		    .duration_ms = 1, .burst = 4097, .objects = 1),
		RUN("no objects", EINVAL, .contexts = 1, .cpus = 1,
		    .duration_ms = 1, .burst = 1),
		RUN("fewer objects than contexts", EINVAL, .contexts = 7,
		    .cpus = 1, .duration_ms = 1, .irq_hz = 1, .burst = 1,
		    .objects = 2),
		RUN("65537 objects", EINVAL, .contexts = 1, .cpus = 1,
		    .duration_ms = 1, .burst = 1, .objects = 65537),
		RUN("an unknown flag", EINVAL, GOOD, .flags = 2),
		RUN("reserved", EINVAL, GOOD, .reserved = { 1 }),
		RUN("reserved, last", EINVAL, GOOD, .reserved = { [2] = 1 }),
	};
	int fd = session_with_cache(SIZE, 0);
	unsigned int i;

	for (i = 0; i < COUNT(rows); i++) {
		struct objcache_dev_run run = rows[i].run;

		row(dev_ioctl(fd, OBJCACHE_IOC_RUN, &run), rows[i].want,
		    "run: %s", rows[i].what);
	}
	row_number(held(fd), 0, "nothing held after bad runs");
	close(fd);
}

/* Valid but for where it lies. */
static void fill(unsigned long cmd, void *to)
{
	struct objcache_dev_create create = { "bad", .size = SIZE };
	struct objcache_dev_batch batch = { .count = 1 };
	struct objcache_dev_stats stats = {
		.version = OBJCACHE_DEV_STATS_VERSION,
	};

	memset(to, 0, _IOC_SIZE(cmd));
	if (cmd == OBJCACHE_IOC_CREATE)
		memcpy(to, &create, sizeof(create));
	else if (cmd == OBJCACHE_IOC_STATS)
		memcpy(to, &stats, sizeof(stats));
	else if (_IOC_SIZE(cmd) == sizeof(batch))
		memcpy(to, &batch, sizeof(batch));
}

/* Two pages, of which the second cannot be touched. */
static char *pages(long size)
{
	char *map = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(map + size, size, PROT_NONE);
	return map;
}

static void buffers_of(int fd, const char *name, unsigned long cmd)
{
	long size = sysconf(_SC_PAGESIZE);
	char *map = pages(size);
	char *end = map + size - _IOC_SIZE(cmd);

	row(dev_ioctl(fd, cmd, NULL), EFAULT, "%s: NULL", name);
	row(dev_ioctl(fd, cmd, (void *)~0xfffUL), EFAULT,
	    "%s: a kernel address", name);
	row(dev_ioctl(fd, cmd, map + size), EFAULT, "%s: unreadable", name);
	fill(cmd, end);
	memmove(end + 1, end, _IOC_SIZE(cmd) - 1);
	row(dev_ioctl(fd, cmd, end + 1), EFAULT,
	    "%s: the mapping ends one byte early", name);
	fill(cmd, end);
	mprotect(map, size, PROT_READ);
	/* a bad argument comes before the buffer that cannot be written */
	if (_IOC_DIR(cmd) & _IOC_READ && cmd != OBJCACHE_IOC_OPEN &&
	    cmd != OBJCACHE_IOC_RUN && _IOC_SIZE(cmd) != 48)
		row(dev_ioctl(fd, cmd, end), EFAULT, "%s: read-only", name);
	munmap(map, 2 * size);
}

void table_buffers(void)
{
#define CMD(name)	{ #name, OBJCACHE_IOC_##name }
	static const struct {
		const char *name;
		unsigned long cmd;
	} rows[] = {
		CMD(CREATE), CMD(OPEN), CMD(GET), CMD(TRY_GET), CMD(PUT),
		CMD(DISCARD), CMD(STAMP), CMD(CHECK), CMD(STATS), CMD(DRAIN),
		CMD(RUN), CMD(PROGRESS),
	};
	int fd = session_with_cache(SIZE, 0);
	unsigned int i;

	for (i = 0; i < COUNT(rows); i++)
		buffers_of(fd, rows[i].name, rows[i].cmd);
	row_number(in_use(fd), 0, "nothing in use after bad buffers");
	close(fd);
}
