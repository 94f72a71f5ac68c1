// SPDX-License-Identifier: GPL-2.0
/*
 * What the guest scripts beside it have user space do
 *
 *   scenes take MIB SECONDS    take what is available and MIB more, in steps
 *   scenes spin CPU SECONDS    spin there as SCHED_FIFO; at the end make /tmp/spun
 *   scenes hold NAME FILE      a session with a cache, closed when FILE is there
 *   scenes create NAME         a session that creates a cache, and ends
 *
 * Exit status 0, or 1 and a line that says why not.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../../module/objcache_uapi.h"

#define MIB	1048576UL
#define STEPS	100

static _Noreturn void die(const char *format, ...)
{
	va_list args;

	printf("scenes: FAIL: ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	exit(1);
}

static unsigned long parse(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end || end == text)
		die("%s is not a number", text);
	return value;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static unsigned long available(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long kib = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %lu", &kib) == 1)
			break;
	if (!kib)
		die("/proc/meminfo has no MemAvailable");
	fclose(file);
	return kib << 10;
}

/* Each step touches what it takes, and all of it stays. */
static int take_memory(unsigned long mib, unsigned long seconds)
{
	unsigned long bytes = available() + mib * MIB, step = bytes / STEPS;
	unsigned int i;
	char *memory;

	printf("available %lu MiB, %lu MiB to take\n", available() / MIB, bytes / MIB);
	fflush(stdout);
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		die("mmap of %lu bytes: %s", bytes, strerror(errno));
	for (i = 0; i < STEPS; i++) {
		memset(memory + i * step, 1, step);
		usleep(seconds * 1000000 / STEPS);
	}
	printf("taken, %lu MiB still available\n", available() / MIB);
	return 0;
}

/*
 * From 6.12 on a server gives other tasks a twentieth of a CPU that is busy so. Turned
 * off while it serves us: 6.12 warns of its own sums where it has nothing to serve.
 */
static void fair_server_off(unsigned long cpu)
{
	char path[80];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/sched/fair_server/cpu%lu/runtime", cpu);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return;
	if (write(fd, "0", 1) != 1)
		die("%s: %s", path, strerror(errno));
	close(fd);
}

static int spin(unsigned long cpu, unsigned long seconds)
{
	struct sched_param param = { .sched_priority = 50 };
	double end = now() + seconds;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("CPU %lu: %s", cpu, strerror(errno));
	fair_server_off(cpu);
	if (sched_setscheduler(0, SCHED_FIFO, &param))
		die("SCHED_FIFO: %s", strerror(errno));
	close(open("/tmp/spinning", O_CREAT | O_WRONLY, 0600));
	while (now() < end)
		;
	close(open("/tmp/spun", O_CREAT | O_WRONLY, 0600));
	return 0;
}

static int make_session(const char *name)
{
	struct objcache_dev_create arg = { .size = 256 };
	int fd = open(OBJCACHE_DEV_PATH, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die("%s: %s", OBJCACHE_DEV_PATH, strerror(errno));
	if (strlen(name) >= sizeof(arg.name))
		die("%s: too long", name);
	memcpy(arg.name, name, strlen(name));
	if (ioctl(fd, OBJCACHE_IOC_CREATE, &arg))
		die("create %s: %s", name, strerror(errno));
	return fd;
}

static int hold(const char *name, const char *until)
{
	int fd = make_session(name);

	while (access(until, F_OK))
		usleep(10000);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (argc == 4 && !strcmp(what, "take"))
		return take_memory(parse(argv[2]), parse(argv[3]));
	if (argc == 4 && !strcmp(what, "spin"))
		return spin(parse(argv[2]), parse(argv[3]));
	if (argc == 4 && !strcmp(what, "hold"))
		return hold(argv[2], argv[3]);
	if (argc == 3 && !strcmp(what, "create"))
		return make_session(argv[2]) < 0;
	die("usage: scenes take MIB SECONDS | spin CPU SECONDS | hold NAME FILE | create NAME");
}
