// SPDX-License-Identifier: GPL-2.0
/*
 * Phase 1: threads that get and put by handle
 *
 * Each object is stamped with a value that no other thread uses when it is got,
 * and checked before it is given back. Every fourth thread shares the session
 * of the one before it; the others have one each, all on the same cache.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "stress.h"

/* The phase ends when enough pairs are done, and fails when it takes longer. */
#define SECONDS_MAX	600

struct thread {
	pthread_t id;
	struct stress *stress;
	unsigned int number;
	int fd;
	uint64_t random;
	uint64_t batches;
	struct tally tally;
	atomic_uint_least64_t pairs;		/* the tally's, for the progress line */
	int err;			/* of the ioctl that failed */
	const char *failed;		/* its name */
};

static atomic_bool stop;

static uint64_t thread_random(struct thread *thread)
{
	uint64_t x = thread->random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return thread->random = x;
}

static bool thread_fail(struct thread *thread, const char *what, int err)
{
	thread->failed = what;
	thread->err = err;
	atomic_store(&stop, true);
	return false;
}

static bool thread_get(struct thread *thread, struct objcache_dev_batch *batch,
		       uint32_t *handles)
{
	uint64_t random = thread_random(thread);
	bool try = !(random & 0x700);
	int err;

	memset(batch, 0, sizeof(*batch));
	batch->value = (uint64_t)(thread->number + 1) << 48 | thread->batches++;
	batch->flags = OBJCACHE_DEV_MARK;
	if (!try && random & 0x40)
		batch->flags |= OBJCACHE_DEV_BULK;
	if (!(random & 0x3800))
		batch->flags |= OBJCACHE_DEV_BLANK;
	err = dev_batch(thread->fd, try ? OBJCACHE_IOC_TRY_GET : OBJCACHE_IOC_GET,
			batch, handles, 1 + random % OBJCACHE_DEV_BATCH);
	thread->tally.violations += batch->violations;
	thread->tally.mismatches += batch->mismatches;
	thread->tally.gets += batch->done;
	thread->tally.failures += batch->count - batch->done;
	if (err == EAGAIN || err == ENOMEM)
		return true;
	return !err || thread_fail(thread, "get", err);
}

/* A fault that the check before put must find. */
static bool thread_plant(struct thread *thread, uint64_t value, uint32_t *handle)
{
	struct objcache_dev_batch batch = { .value = ~value };
	int err = dev_batch(thread->fd, OBJCACHE_IOC_STAMP, &batch, handle, 1);

	return !err || thread_fail(thread, "stamp", err);
}

static bool thread_check(struct thread *thread, uint64_t value,
			 uint32_t *handles, unsigned int count)
{
	struct objcache_dev_batch batch = { .value = value };
	int err = dev_batch(thread->fd, OBJCACHE_IOC_CHECK, &batch, handles,
			    count);

	thread->tally.mismatches += batch.mismatches;
	return !err || thread_fail(thread, "check", err);
}

static bool thread_put(struct thread *thread, uint64_t value, uint32_t *handles,
		       unsigned int count)
{
	struct objcache_dev_batch batch = { .value = value,
					    .flags = OBJCACHE_DEV_VERIFY };
	uint64_t random = thread_random(thread);
	bool discard = !(random & 0x3f00);
	int err;

	if (!discard && random & 0x40)
		batch.flags |= OBJCACHE_DEV_BULK;
	err = dev_batch(thread->fd,
			discard ? OBJCACHE_IOC_DISCARD : OBJCACHE_IOC_PUT,
			&batch, handles, count);
	thread->tally.violations += batch.violations;
	thread->tally.mismatches += batch.mismatches;
	if (discard)
		thread->tally.discards += batch.done;
	else
		thread->tally.puts += batch.done;
	return !err || thread_fail(thread, discard ? "discard" : "put", err);
}

static bool thread_round(struct thread *thread)
{
	uint32_t handles[OBJCACHE_DEV_BATCH];
	struct objcache_dev_batch got;

	if (!thread_get(thread, &got, handles))
		return false;
	if (!got.done)
		return true;
	if (thread->stress->options.plant && !thread->number &&
	    thread->batches < 8 && !thread_plant(thread, got.value, handles))
		return false;
	if (!(thread->random & 0x1f0000) &&
	    !thread_check(thread, got.value, handles, got.done))
		return false;
	if (!thread_put(thread, got.value, handles, got.done))
		return false;
	atomic_store(&thread->pairs,
		     thread->tally.puts + thread->tally.discards);
	return true;
}

static void *thread_main(void *arg)
{
	struct thread *thread = arg;

	while (!atomic_load(&stop) && thread_round(thread))
		;
	return NULL;
}

static bool thread_open(struct stress *stress, struct thread *threads,
			unsigned int number)
{
	struct thread *thread = &threads[number];
	int err;

	thread->stress = stress;
	thread->number = number;
	thread->random = 0x9e3779b97f4a7c15ULL * (number + 1);
	if (number % 4 == 3) {
		thread->fd = threads[number - 1].fd;
		return true;
	}
	thread->fd = dev_open();
	if (thread->fd < 0)
		return fail(stress, "%s: %s", OBJCACHE_DEV_PATH, strerror(errno));
	err = dev_open_cache(thread->fd, stress->cache);
	if (err)
		return fail(stress, "open of %s: %s", stress->cache,
			    strerror(err));
	return true;
}

static uint64_t threads_pairs(struct thread *threads, unsigned int nr)
{
	uint64_t pairs = 0;
	unsigned int i;

	for (i = 0; i < nr; i++)
		pairs += atomic_load(&threads[i].pairs);
	return pairs;
}

/* Until there are enough pairs, a thread failed, or it takes too long. */
static bool threads_watch(struct stress *stress, struct thread *threads)
{
	const struct timespec tick = { .tv_nsec = 100 * 1000 * 1000 };
	uint64_t start = now_ns(), last = 0, pairs = 0;
	unsigned int second = 0;

	while (!atomic_load(&stop) && !interrupted() &&
	       pairs < stress->options.pairs) {
		unsigned int elapsed;

		nanosleep(&tick, NULL);
		pairs = threads_pairs(threads, stress->options.threads);
		elapsed = (now_ns() - start) / 1000000000;
		if (elapsed == second)
			continue;
		progress(stress, "threads: %u s, %" PRIu64 " of %u pairs, %"
			 PRIu64 "/s", elapsed, pairs, stress->options.pairs,
			 (pairs - last) / (elapsed - second));
		second = elapsed;
		last = pairs;
		if (elapsed >= SECONDS_MAX)
			return fail(stress, "only %" PRIu64 " pairs in %u s",
				    pairs, elapsed);
	}
	progress(stress, "threads: %" PRIu64 " pairs by %u threads in %.1f s",
		 pairs, stress->options.threads, (now_ns() - start) / 1e9);
	return true;
}

static bool thread_join(struct stress *stress, struct thread *thread)
{
	struct tally *sum = &stress->tally, *own = &thread->tally;

	pthread_join(thread->id, NULL);
	sum->gets += own->gets;
	sum->puts += own->puts;
	sum->discards += own->discards;
	sum->mismatches += own->mismatches;
	sum->violations += own->violations;
	sum->failures += own->failures;
	if (thread->failed)
		return fail(stress, "thread %u: %s: %s", thread->number,
			    thread->failed, strerror(thread->err));
	return true;
}

static bool threads_run(struct stress *stress, struct thread *threads)
{
	unsigned int i, started;
	bool pass = true;

	for (started = 0; started < stress->options.threads; started++)
		if (pthread_create(&threads[started].id, NULL, thread_main,
				   &threads[started])) {
			pass = fail(stress, "cannot make thread %u", started);
			break;
		}
	pass = pass && threads_watch(stress, threads);
	atomic_store(&stop, true);
	for (i = 0; i < started; i++)
		pass = thread_join(stress, &threads[i]) && pass;
	return pass;
}

bool threads_phase(struct stress *stress)
{
	static struct thread threads[256];
	unsigned int i;

	for (i = 0; i < stress->options.threads; i++)
		if (!thread_open(stress, threads, i))
			return false;
	if (!threads_run(stress, threads))
		return false;
	for (i = 0; i < stress->options.threads; i++)
		if (i % 4 != 3)
			close(threads[i].fd);
	return true;
}
