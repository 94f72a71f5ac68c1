// SPDX-License-Identifier: GPL-2.0
/*
 * More memory, threads and interrupts than the device as a whole may take
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "badinput.h"

#define CREATORS	8

/* How long something that takes a moment may take on a slow machine. */
#define PATIENCE_MS	300000

/* Some 1.3 MiB on each CPU that there could be, and 10 MiB. */
static int create_large(int fd, unsigned int number)
{
	struct objcache_dev_create create = { .size = 4000, .capacity = 256 };

	snprintf((char *)create.name, sizeof(create.name), "bad-large-%u",
		 number);
	return dev_ioctl(fd, OBJCACHE_IOC_CREATE, &create);
}

/* Makes caches up to the first refusal, whose errno is returned. */
static int create_many(int *fds, unsigned int *nr, unsigned int first)
{
	int err = 0;

	while (!err && *nr < OBJCACHE_DEV_CACHES) {
		fds[*nr] = session();
		err = create_large(fds[*nr], first + *nr);
		if (err)
			close(fds[*nr]);
		else
			(*nr)++;
	}
	return err;
}

static void close_many(int *fds, unsigned int nr)
{
	while (nr)
		close(fds[--nr]);
}

struct creator {
	pthread_t thread;
	unsigned int number;
	int fds[OBJCACHE_DEV_CACHES];
	unsigned int nr;
	int err;
};

static pthread_barrier_t together;

static void *creator_main(void *arg)
{
	struct creator *creator = arg;

	pthread_barrier_wait(&together);
	creator->err = create_many(creator->fds, &creator->nr,
				   OBJCACHE_DEV_CACHES * creator->number);
	return NULL;
}

/* None passes the limit that @most caches have reached, however they race. */
static void budget_races(unsigned int most)
{
	static struct creator creators[CREATORS];
	unsigned int i, nr = 0, refused = 0;

	pthread_barrier_init(&together, NULL, CREATORS);
	for (i = 0; i < CREATORS; i++) {
		creators[i].number = i + 1;
		pthread_create(&creators[i].thread, NULL, creator_main,
			       &creators[i]);
	}
	for (i = 0; i < CREATORS; i++) {
		pthread_join(creators[i].thread, NULL);
		nr += creators[i].nr;
		refused += creators[i].err == ENOSPC;
	}
	row_number(nr, most, "budget: as many from threads at the same time");
	row_number(refused, CREATORS, "budget: each thread is refused in the end");
	for (i = 0; i < CREATORS; i++)
		close_many(creators[i].fds, creators[i].nr);
}

static void budget_caches(void)
{
	int fds[OBJCACHE_DEV_CACHES];
	unsigned int nr = 0, again = 0;

	row(create_many(fds, &nr, 0), ENOSPC, "budget: caches, until refused");
	row_number(log_count("that the device may") > 0, 1,
		   "budget: the log names the limit");
	row_number(nr >= 2 && nr < OBJCACHE_DEV_CACHES, 1, "budget: a few");
	if (!nr)
		return;
	close(fds[--nr]);
	fds[nr] = session();
	row(create_large(fds[nr], nr), 0, "budget: one more after one is gone");
	close_many(fds, nr + 1);
	row(create_many(fds, &again, 0), ENOSPC, "budget: once more");
	row_number(again, nr + 1, "budget: as many as before");
	close_many(fds, again);
	budget_races(nr + 1);
}

/* Nothing but pointers, for 65536 objects of 16 bytes on each CPU. */
static void budget_session(void)
{
	struct objcache_dev_create create = {
		.name = "bad-wide", .size = 16, .batch = 1, .capacity = 65536,
	};
	int fd = session();

	row(dev_ioctl(fd, OBJCACHE_IOC_CREATE, &create), EDQUOT,
	    "budget: a cache that is too much for one session");
	row_number(log_count("bad-wide could take") > 0, 1,
		   "budget: the log names the cache");
	close(fd);
}

/* What a session has already is not taken away; more is refused. */
static void budget_objects(void)
{
	int fd = session_with_cache(SIZE, 0);
	struct objcache_dev_run run = { .contexts = 1, .cpus = 1,
					.duration_ms = 1, .burst = 1,
					.objects = 1 };
	uint32_t handles[OBJCACHE_DEV_BATCH];

	row(get(fd, handles, 1), 0, "budget: an object");
	budget(1);
	row(get(fd, handles + 1, 1), ENOSPC, "budget: no other");
	row(dev_ioctl(fd, OBJCACHE_IOC_RUN, &run), ENOSPC,
	    "budget: no workload");
	row(put(fd, handles, 1), 0, "budget: it can be put");
	budget(ENOUGH_MB);
	row(get(fd, handles, 1), 0, "budget: an object once more");
	row(dev_ioctl(fd, OBJCACHE_IOC_RUN, &run), 0, "budget: a workload");
	row_number(held(fd), 1, "budget: one object is held");
	close(fd);
}

/*
 * Objects of a few bytes, with less than a MiB left for them: who holds one handle in
 * 64 has a node of 576 bytes for each, or of 192 where the kernel is built small, and
 * objects alone would count 24.
 */
static void budget_handles(void)
{
	uint32_t handles[OBJCACHE_DEV_BATCH];
	unsigned int mb, nr = 0;
	int fd, err;

	budget(ENOUGH_MB);
	fd = session_with_cache(OBJCACHE_DEV_MIN_SIZE, 0);
	for (mb = 1; mb < ENOUGH_MB; mb++) {
		budget(mb);
		if (!get(fd, handles, 1))
			break;
	}
	do {
		err = get(fd, handles, OBJCACHE_DEV_BATCH);
		if (!err)
			err = put(fd, handles, OBJCACHE_DEV_BATCH - 1);
	} while (!err && ++nr < OBJCACHE_DEV_OBJECTS);
	row(err, ENOSPC, "budget: handles far from one another, until refused");
	row_number(nr <= (1 << 20) / 192, 1, "budget: their nodes count");
	close(fd);
}

struct runner {
	pthread_t thread;
	int fd;
	int err;
};

static void ignore(int signal)
{
	(void)signal;
}

static const struct objcache_dev_run interrupts = {
	.pattern = OBJCACHE_DEV_BURST,
	.contexts = OBJCACHE_DEV_PROCESS | OBJCACHE_DEV_SOFTIRQ |
		    OBJCACHE_DEV_HARDIRQ,
	.cpus = 1,
	.duration_ms = OBJCACHE_DEV_RUN_MS, /* or a signal before */
	.irq_hz = OBJCACHE_DEV_RUN_HZ,
	.burst = 64,
	.objects = 3 * 64,
};

static void *runner_main(void *arg)
{
	struct objcache_dev_run run = interrupts;
	struct runner *runner = arg;

	runner->err = dev_ioctl(runner->fd, OBJCACHE_IOC_RUN, &run);
	return NULL;
}

static uint64_t pairs(int fd, unsigned int context)
{
	struct objcache_dev_progress progress = {};

	dev_ioctl(fd, OBJCACHE_IOC_PROGRESS, &progress);
	return progress.pairs[context];
}

/* In @context, @nr more than there were; false if that takes too long. */
static bool progresses(int fd, unsigned int context, unsigned int nr)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	uint64_t end = now_ns() + PATIENCE_MS * 1000000ULL;
	uint64_t before = pairs(fd, context);

	while (pairs(fd, context) < before + nr) {
		if (now_ns() > end)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

/* All on the first CPU, with all their interrupts. */
static void budget_runs(void)
{
	struct sigaction action = { .sa_handler = ignore };
	struct runner runners[OBJCACHE_DEV_RUNS];
	struct objcache_dev_run run = interrupts;
	unsigned int i, context, slow = 0, ended = 0;
	int fd;

	sigaction(SIGUSR1, &action, NULL);
	for (i = 0; i < OBJCACHE_DEV_RUNS; i++) {
		runners[i].fd = session_with_cache(1024, OBJCACHE_DEV_CREATE_OPS);
		pthread_create(&runners[i].thread, NULL, runner_main,
			       &runners[i]);
	}
	/* Who has not got on in that time shows enough. */
	for (i = 0; !slow && i < OBJCACHE_DEV_RUNS; i++)
		for (context = 0; !slow && context < OBJCACHE_DEV_CONTEXTS;
		     context++)
			slow += !progresses(runners[i].fd, context, 1);
	row_number(slow, 0, "budget: every context of 16 workloads at once gets on");
	fd = session_sharing();
	run.duration_ms = 1;
	row(dev_ioctl(fd, OBJCACHE_IOC_RUN, &run), ENOSPC,
	    "budget: a 17th workload");
	for (i = 0; i < OBJCACHE_DEV_RUNS; i++) {
		pthread_kill(runners[i].thread, SIGUSR1);
		pthread_join(runners[i].thread, NULL);
		ended += runners[i].err == EINTR;
		close(runners[i].fd);
	}
	row_number(ended, OBJCACHE_DEV_RUNS, "budget: all end on a signal");
	row(dev_ioctl(fd, OBJCACHE_IOC_RUN, &run), 0, "budget: and one more runs");
	close(fd);
}

/* What is no number of MiB changes nothing, and the log names it. */
static void budget_words(void)
{
	static const char *const words[] = {
		"-1", "many", "4294967296", "12MB",
	};
	const char *path = "/sys/module/objcache/parameters/device_mb";
	char says[64], name[64];
	unsigned int i, before;
	int fd;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		snprintf(says, sizeof(says), "device_mb: '%s' is not",
			 words[i]);
		before = log_count(says);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		row(write(fd, words[i], strlen(words[i])) < 0 ? errno : 0,
		    EINVAL, "budget: device_mb is not %s", words[i]);
		close(fd);
		snprintf(name, sizeof(name), "budget: the log names %s",
			 words[i]);
		row_number(log_count(says) - before, 1, name);
	}
}

/* A line feed, as echo adds one, would make two lines of one. */
static void budget_lines(void)
{
	const char *says = "age_ms: 'many' is not a number";
	unsigned int before = log_count(says);
	int fd = open("/sys/module/objcache/parameters/age_ms",
		      O_WRONLY | O_CLOEXEC);

	row(write(fd, "many\n", 5) < 0 ? errno : 0, EINVAL,
	    "budget: age_ms is not many");
	close(fd);
	row_number(log_count(says) - before, 1,
		   "budget: the log names it in one line");
}

static bool keeps_nothing(void)
{
	int fd = session_with_cache(SIZE, 0);
	bool none = has_flag(NULL, "DEBUG");

	close(fd);
	return none;
}

void cases_budget(void)
{
	unsigned int mb = 16 * possible_cpus();

	budget_words();
	budget_lines();
	if (keeps_nothing()) {
		printf("# budget: in debug mode none a cache takes next to nothing\n");
	} else {
		budget(mb);
		budget_session();
		budget_caches();
		budget(ENOUGH_MB);
		budget_objects();
	}
	budget_handles();
	budget(ENOUGH_MB);
	budget_runs();
}
