// SPDX-License-Identifier: GPL-2.0
/*
 * Hostile input that takes several calls, or several threads
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "badinput.h"

/* Rounds of a race: so many, or for so long on a slow machine. */
#define RACES		2000
#define RACES_NS	10000000000ULL

/* How long something that takes a moment may take on a slow machine. */
#define PATIENCE_MS	20000

static int get(int fd, uint32_t *handles, unsigned int count)
{
	struct objcache_dev_batch batch = {};

	return dev_batch(fd, OBJCACHE_IOC_GET, &batch, handles, count);
}

static int put(int fd, uint32_t *handles, unsigned int count)
{
	struct objcache_dev_batch batch = {};

	return dev_batch(fd, OBJCACHE_IOC_PUT, &batch, handles, count);
}

static void sleep_ms(unsigned int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

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
	struct objcache_dev_stats stats;
	uint32_t handle;

	dev_batch(fd, OBJCACHE_IOC_GET, &batch, &handle, 1);
	put(fd, &handle, 1);
	batch.flags = OBJCACHE_DEV_BLANK;
	row(dev_batch(fd, OBJCACHE_IOC_TRY_GET, &batch, &handle, 1), 0,
	    "try_get: one is parked");
	row_number(batch.mismatches, 0, "reset: the next owner finds it blank");
	batch.flags = OBJCACHE_DEV_SPOIL;
	row(dev_batch(fd, OBJCACHE_IOC_PUT, &batch, &handle, 1), 0,
	    "put: spoilt");
	dev_stats(fd, &stats);
	row_number(stats.refused, 1, "reset: a spoilt one is refused");
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
	struct objcache_dev_stats stats = { .version = 2 };

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

void cases_limits(void)
{
	limits_objects();
	limits_bytes();
	limits_caches();
}

/* Two threads that do something to the same handle at the same time. */
struct race {
	int fd;
	unsigned long cmd;		/* of the second thread */
	uint32_t handle;
	pthread_barrier_t barrier;
	int err;			/* of the second thread */
	bool over;			/* set before a barrier */
};

static void *race_main(void *arg)
{
	struct race *race = arg;

	for (;;) {
		struct objcache_dev_batch batch = {};

		pthread_barrier_wait(&race->barrier);
		if (race->over)
			return NULL;
		race->err = dev_batch(race->fd, race->cmd, &batch,
				      &race->handle, 1);
		pthread_barrier_wait(&race->barrier);
	}
}

/*
 * How often the outcome was one that must not be. A put that met a stamp is
 * repeated: the object must be there still.
 */
static unsigned int race_wrong(struct race *race, bool both_put)
{
	uint64_t end = now_ns() + RACES_NS;
	unsigned int i, wrong = 0;

	for (i = 0; i < RACES && now_ns() < end; i++) {
		int err;

		get(race->fd, &race->handle, 1);
		pthread_barrier_wait(&race->barrier);
		err = put(race->fd, &race->handle, 1);
		pthread_barrier_wait(&race->barrier);
		if (both_put)
			wrong += !err == !race->err;
		else if (err == EBUSY)
			wrong += !!put(race->fd, &race->handle, 1);
		else
			wrong += err || (race->err && race->err != ENOENT);
	}
	race->over = true;
	pthread_barrier_wait(&race->barrier);
	return wrong;
}

static void race_against(const char *what, unsigned long cmd, bool both_put)
{
	struct race race = { .fd = session_with_cache(2048, 0), .cmd = cmd };
	pthread_t thread;

	pthread_barrier_init(&race.barrier, NULL, 2);
	pthread_create(&thread, NULL, race_main, &race);
	row_number(race_wrong(&race, both_put), 0, what);
	pthread_join(thread, NULL);
	row_number(in_use(race.fd), 0, "race: nothing left");
	close(race.fd);
}

void cases_races(void)
{
	race_against("race: put against put, exactly one wins",
		     OBJCACHE_IOC_PUT, true);
	race_against("race: put against discard, exactly one wins",
		     OBJCACHE_IOC_DISCARD, true);
	race_against("race: put against stamp", OBJCACHE_IOC_STAMP, false);
	race_against("race: put against check", OBJCACHE_IOC_CHECK, false);
}

struct runner {
	int fd;
	int err;
	uint64_t returned;
	struct objcache_dev_run run;
};

static void ignore(int signal)
{
	(void)signal;
}

static void *runner_main(void *arg)
{
	struct runner *runner = arg;

	runner->err = dev_ioctl(runner->fd, OBJCACHE_IOC_RUN, &runner->run);
	runner->returned = now_ns();
	return NULL;
}

static const struct objcache_dev_run an_hour = {
	.pattern = OBJCACHE_DEV_BURST,
	.contexts = OBJCACHE_DEV_PROCESS | OBJCACHE_DEV_SOFTIRQ |
		    OBJCACHE_DEV_HARDIRQ,
	.cpus = 1,
	.duration_ms = OBJCACHE_DEV_RUN_MS,
	.irq_hz = OBJCACHE_DEV_RUN_HZ,
	.burst = OBJCACHE_DEV_RUN_BURST,
	.objects = 20000,
};

/* Has every context done something since @before? */
static bool runs_progress(int fd, const struct objcache_dev_progress *before)
{
	struct objcache_dev_progress now;
	unsigned int i;

	for (i = 0; i < PATIENCE_MS / 100; i++) {
		sleep_ms(100);
		dev_ioctl(fd, OBJCACHE_IOC_PROGRESS, &now);
		if (now.pairs[0] > before->pairs[0] &&
		    now.pairs[1] > before->pairs[1] &&
		    now.pairs[2] > before->pairs[2])
			return true;
	}
	return false;
}

static void runs_while(int fd, struct objcache_dev_progress *before)
{
	struct objcache_dev_run run = an_hour;
	uint32_t handles[OBJCACHE_DEV_BATCH];

	row(dev_ioctl(fd, OBJCACHE_IOC_RUN, &run), EBUSY,
	    "run: while one is running");
	row(get(fd, handles, 64), 0, "run: get meanwhile");
	row(put(fd, handles, 64), 0, "run: put meanwhile");
	dev_ioctl(fd, OBJCACHE_IOC_PROGRESS, before);
	row_number(before->state, OBJCACHE_DEV_RUNNING, "progress: running");
	row_number(runs_progress(fd, before), 1, "progress: in every context");
}

static void runs_signal(int fd)
{
	struct runner runner = { .fd = fd, .run = an_hour };
	struct objcache_dev_progress before = {}, after;
	struct sigaction action = { .sa_handler = ignore };
	pthread_t thread;
	uint64_t sent;

	sigaction(SIGUSR1, &action, NULL);
	pthread_create(&thread, NULL, runner_main, &runner);
	row_number(runs_progress(fd, &before), 1, "run: begins");
	runs_while(fd, &before);
	sent = now_ns();
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, NULL);
	row(runner.err, EINTR, "run: stopped by a signal");
	row_number(runner.returned - sent < PATIENCE_MS * 1000000ULL, 1,
		   "run: promptly");
	row_number(runner.run.result.pairs[0] > before.pairs[0], 1,
		   "run: tells what was done");
	dev_ioctl(fd, OBJCACHE_IOC_PROGRESS, &after);
	row_number(after.state, OBJCACHE_DEV_DONE, "progress: done");
	row_number(after.pairs[0], runner.run.result.pairs[0],
		   "progress: tells the same");
	row_number(in_use(fd), 0, "run: nothing left in use");
	row_number(held(fd), 0, "run: nothing left held");
}

static void runs_patterns(int fd)
{
	static const char *const names[] = { "run: pair", "run: burst",
					     "run: flow" };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		struct objcache_dev_run run = an_hour;

		run.pattern = i;
		run.duration_ms = 100;
		run.objects = 3 * (i + 1);
		row(dev_ioctl(fd, OBJCACHE_IOC_RUN, &run), 0, "%s", names[i]);
		row_number(run.result.violations, 0, "run: no violations");
		row_number(in_use(fd), 0, "run: nothing left");
	}
}

static void runs_planted(int fd)
{
	struct objcache_dev_run run = an_hour;
	struct objcache_dev_stats stats;
	int plain;

	run.duration_ms = 300;
	run.flags = OBJCACHE_DEV_PLANT;
	row(dev_ioctl(fd, OBJCACHE_IOC_RUN, &run), 0, "run: planted");
	row_number(run.result.violations, 3,
		   "run: every planted second owner is found");
	dev_stats(fd, &stats);
	row_number(stats.violations, 3, "stats: tells them");
	row_number(stats.in_use, 0, "run: planted, nothing left");
	plain = session_with_cache(SIZE, OBJCACHE_DEV_CREATE_PLAIN);
	row(dev_ioctl(plain, OBJCACHE_IOC_RUN, &run), EINVAL,
	    "run: planted, but plain");
	run.flags = 0;
	row(dev_ioctl(plain, OBJCACHE_IOC_RUN, &run), 0, "run: plain");
	row_number(run.result.violations, 0, "run: plain, no violations");
	close(plain);
}

/* Waits until the other process has objects and, in its workload, more. */
static bool runs_begun(int fd)
{
	struct objcache_dev_stats stats;
	unsigned int i;

	for (i = 0; i < PATIENCE_MS / 100; i++) {
		sleep_ms(100);
		if (!dev_stats(fd, &stats) && stats.in_use > OBJCACHE_DEV_BATCH)
			return true;
	}
	return false;
}

/* A process that is killed in the middle of everything. */
static void runs_killed(void)
{
	int other = session_with_cache(SIZE, OBJCACHE_DEV_CREATE_OPS);
	pid_t pid = fork();
	int status;

	if (!pid) {
		struct objcache_dev_run run = an_hour;
		uint32_t handles[OBJCACHE_DEV_BATCH];
		int fd = session_sharing();

		get(fd, handles, OBJCACHE_DEV_BATCH);
		_exit(dev_ioctl(fd, OBJCACHE_IOC_RUN, &run));
	}
	row_number(runs_begun(other), 1, "kill: in use before");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	row_number(WIFSIGNALED(status), 1, "kill: ends a workload");
	row_number(in_use(other), 0, "kill: nothing left in use");
	close(other);
}

void cases_runs(void)
{
	int fd = session_with_cache(SIZE, OBJCACHE_DEV_CREATE_OPS);
	struct objcache_dev_progress progress;
	struct objcache_dev_run run = an_hour;
	uint32_t handle;

	row(dev_ioctl(fd, OBJCACHE_IOC_PROGRESS, &progress), 0,
	    "progress: before any run");
	row_number(progress.state, OBJCACHE_DEV_IDLE, "progress: idle");
	get(fd, &handle, 1);
	run.objects = OBJCACHE_DEV_OBJECTS;
	row(dev_ioctl(fd, OBJCACHE_IOC_RUN, &run), EDQUOT,
	    "run: more objects than the session may still take");
	put(fd, &handle, 1);
	runs_patterns(fd);
	runs_signal(fd);
	close(fd);
	fd = session_with_cache(SIZE, 0);
	runs_planted(fd);
	close(fd);
	runs_killed();
}

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
