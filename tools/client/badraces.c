// SPDX-License-Identifier: GPL-2.0
/*
 * Two threads that race for one handle
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "badinput.h"

/* Rounds of a race: so many, or for so long on a slow machine. */
#define RACES		2000
#define RACES_NS	3000000000ULL

/* The most that the first thread waits after it has let the second one go. */
#define LEAD_MAX	16384

/* Caches that come and go; each takes a while to go. */
#define BRIEF		30

/*
 * Two threads that do something to the same handle at the same time. They meet by
 * looking, not by being woken: who is woken comes when the other one has been.
 */
struct race {
	int fd;
	unsigned long cmd;		/* of the second thread */
	uint32_t handle;
	atomic_uint begun;		/* the round that they are in */
	atomic_uint ended;		/* the last one that the second thread has ended */
	int err;			/* of the second thread */
	bool over;			/* set before a round begins */
};

/* For a CPU that both have to share, and a host that has others to run. */
static void race_meet(atomic_uint *where, unsigned int round)
{
	unsigned int looks;

	for (looks = 1; atomic_load(where) != round; looks++)
		if (!(looks % 1024))
			sched_yield();
}

static void *race_main(void *arg)
{
	struct race *race = arg;
	unsigned int round;

	for (round = 1;; round++) {
		struct objcache_dev_batch batch = {};

		race_meet(&race->begun, round);
		if (race->over)
			return NULL;
		race->err = dev_batch(race->fd, race->cmd, &batch,
				      &race->handle, 1);
		atomic_store(&race->ended, round);
	}
}

/*
 * Lets the second thread go, and waits so long that both arrive together: longer if
 * that one was late the last time, else shorter.
 */
static void race_begin(struct race *race, unsigned int round, unsigned int *lead)
{
	unsigned int i;

	if (race->err && *lead < LEAD_MAX)
		*lead += 64;
	else if (!race->err && *lead)
		*lead -= 64;
	atomic_store(&race->begun, round);
	/* Then it may be on the same CPU. */
	if (*lead == LEAD_MAX)
		sched_yield();
	for (i = *lead; i; i--)
		atomic_signal_fence(memory_order_seq_cst);
}

/*
 * How often the outcome was one that must not be. A put that met a stamp is
 * repeated: the object must be there still.
 */
static unsigned int race_wrong(struct race *race, bool both_put)
{
	uint64_t end = now_ns() + RACES_NS;
	unsigned int round, lead = 0, wrong = 0;

	for (round = 1; round <= RACES && now_ns() < end; round++) {
		int err;

		get(race->fd, &race->handle, 1);
		race_begin(race, round, &lead);
		err = put(race->fd, &race->handle, 1);
		race_meet(&race->ended, round);
		if (both_put)
			wrong += !err == !race->err;
		else if (err == EBUSY)
			wrong += !!put(race->fd, &race->handle, 1);
		else
			wrong += err || (race->err && race->err != ENOENT);
	}
	race->over = true;
	atomic_store(&race->begun, round);
	return wrong;
}

static void race_against(const char *what, unsigned long cmd, bool both_put)
{
	struct race race = { .fd = session_with_cache(2048, 0), .cmd = cmd };
	pthread_t thread;

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
