// SPDX-License-Identifier: GPL-2.0
/*
 * Calls during a workload, and workloads that are stopped or killed
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "badinput.h"

/* How long something that takes a moment may take on a slow machine, or a busy one. */
#define PATIENCE_MS	300000

static void sleep_ms(unsigned int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
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

/* Has every context of the run done something since @before? Not of the one before. */
static bool runs_progress(int fd, const struct objcache_dev_progress *before)
{
	struct objcache_dev_progress now;
	unsigned int i;

	for (i = 0; i < PATIENCE_MS / 100; i++) {
		sleep_ms(100);
		if (dev_ioctl(fd, OBJCACHE_IOC_PROGRESS, &now))
			return false;
		if (now.state == OBJCACHE_DEV_RUNNING &&
		    now.pairs[0] > before->pairs[0] &&
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
	__u64 released;

	row(dev_ioctl(fd, OBJCACHE_IOC_RUN, &run), EBUSY,
	    "run: while one is running");
	row(get(fd, handles, 64), 0, "run: get meanwhile");
	row(put(fd, handles, 64), 0, "run: put meanwhile");
	row(dev_ioctl(fd, OBJCACHE_IOC_PROGRESS, before), 0,
	    "progress: meanwhile");
	row_number(before->state, OBJCACHE_DEV_RUNNING, "progress: running");
	row(dev_ioctl(fd, OBJCACHE_IOC_DRAIN, &released), 0,
	    "drain: during a run");
	row(dev_ioctl(fd, OBJCACHE_IOC_AGE, NULL), 0, "age: during a run");
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
	row(dev_ioctl(fd, OBJCACHE_IOC_PROGRESS, &after), 0,
	    "progress: afterwards");
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

/* Until every context has done something; how long that takes, the host decides. */
static void runs_until_all(struct runner *runner, const char *what)
{
	struct objcache_dev_progress before = {};
	pthread_t thread;

	pthread_create(&thread, NULL, runner_main, runner);
	row_number(runs_progress(runner->fd, &before), 1, what);
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, NULL);
}

static void runs_planted(int fd)
{
	struct runner runner = { .fd = fd, .run = an_hour };
	struct objcache_dev_run run = an_hour;
	struct objcache_dev_stats stats;
	int plain;

	runner.run.flags = OBJCACHE_DEV_PLANT;
	runs_until_all(&runner, "run: planted, in every context");
	row(runner.err, EINTR, "run: planted");
	row_number(runner.run.result.violations, 3,
		   "run: every planted second owner is found");
	run.duration_ms = 100;
	run.flags = OBJCACHE_DEV_PLANT;
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

/* The last copy of the descriptor is the one that the call itself has. */
static void runs_closed(void)
{
	struct runner runner = { .run = an_hour };
	struct objcache_dev_progress before = {};
	pthread_t thread;
	int other;

	runner.fd = session_with_cache(SIZE, OBJCACHE_DEV_CREATE_OPS);
	other = session_sharing();
	pthread_create(&thread, NULL, runner_main, &runner);
	row_number(runs_progress(runner.fd, &before), 1, "close: during a run");
	row(close(runner.fd) ? errno : 0, 0, "close: is not held up");
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, NULL);
	row(runner.err, EINTR, "close: the run goes on until it is stopped");
	row_number(in_use(other), 0, "close: nothing left in use");
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
	runs_closed();
	runs_killed();
}
