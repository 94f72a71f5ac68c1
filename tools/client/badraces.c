// SPDX-License-Identifier: GPL-2.0
/*
 * Two threads that race for one handle
 */
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "badinput.h"

/* Rounds of a race: so many, or for so long on a slow machine. */
#define RACES		2000
#define RACES_NS	10000000000ULL

/* Caches that come and go; each takes a while to go. */
#define BRIEF		30

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

/* Opens what comes and goes, and uses it. */
static void *opener_main(void *arg)
{
	struct race *race = arg;

	while (!__atomic_load_n(&race->over, __ATOMIC_RELAXED)) {
		int fd = session(), err = dev_open_cache(fd, "bad-brief");
		uint32_t handle;

		if (!err)
			err = get(fd, &handle, 1);
		if (!err)
			err = put(fd, &handle, 1);
		if (err && err != ENOENT)
			race->err = err;
		close(fd);
	}
	return NULL;
}

/* A name that is not found any more may be taken still, for a moment. */
static void race_open_close(void)
{
	struct race race = {};
	unsigned int i, wrong = 0;
	pthread_t thread;

	pthread_create(&thread, NULL, opener_main, &race);
	for (i = 0; i < BRIEF; i++) {
		int fd = session(), err = dev_create(fd, "bad-brief", SIZE, 0);

		wrong += err && err != EEXIST;
		close(fd);
	}
	__atomic_store_n(&race.over, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	row_number(wrong, 0, "race: create against open and close");
	row(race.err, 0, "race: open against create and close");
}

void cases_races(void)
{
	race_open_close();
	race_against("race: put against put, exactly one wins",
		     OBJCACHE_IOC_PUT, true);
	race_against("race: put against discard, exactly one wins",
		     OBJCACHE_IOC_DISCARD, true);
	race_against("race: put against stamp", OBJCACHE_IOC_STAMP, false);
	race_against("race: put against check", OBJCACHE_IOC_CHECK, false);
}
