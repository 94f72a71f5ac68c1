// SPDX-License-Identifier: GPL-2.0
/*
 * Phase 2: workloads inside the kernel
 *
 * The time is cut into slices, which take turns among the patterns. Afterwards
 * each of the ways that an object can take must have been taken often enough
 * for its races to have had a chance; slices that feed what is short are added.
 * A cache in debug mode has none of these ways.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "stress.h"
#include "tables.h"

/* What own_ring, steals, overflow and nested must each come to. */
#define COUNT_MIN	10000

#define ROUNDS		2	/* of all patterns, in the time given */
#define EXTRA_MAX	100	/* slices on top: a busy host makes each of them shorter */
#define EXTRA_MS	3000

struct run {
	struct stress *stress;
	struct objcache_dev_run ask;
	atomic_bool done;
	int err;
};

/*
 * Bursts go beyond the 128 objects that a CPU keeps, so that some overflow; a
 * flow has many magazines on their way, so that there is something to steal.
 */
static const struct pattern {
	const char *name;
	unsigned int pattern;
	unsigned int burst;
	unsigned int objects;		/* per CPU and context */
	unsigned int irq_hz;
} patterns[] = {
	{ "pair", OBJCACHE_DEV_PAIR, 64, 64, 1000 },
	{ "burst", OBJCACHE_DEV_BURST, 300, 300, 1000 },
	{ "flow", OBJCACHE_DEV_FLOW, 200, 2048, 500 },
};

#define PATTERNS	(sizeof(patterns) / sizeof(patterns[0]))

/* Counters of the cache, each with the pattern that feeds it. */
static const struct need {
	const char *name;
	size_t offset;
	const struct pattern *fed_by;
} needs[] = {
	{ "own_ring", offsetof(struct objcache_dev_stats, own_ring),
	  &patterns[1] },
	{ "steals", offsetof(struct objcache_dev_stats, steals), &patterns[2] },
	{ "overflow", offsetof(struct objcache_dev_stats, overflow),
	  &patterns[1] },
	{ "nested", offsetof(struct objcache_dev_stats, nested), &patterns[0] },
};

/* Its workload ends when this thread is sent a signal. */
static void on_stop(int number)
{
	(void)number;
}

static void *run_main(void *arg)
{
	struct run *run = arg;

	run->err = dev_ioctl(run->stress->fd, OBJCACHE_IOC_RUN, &run->ask);
	atomic_store(&run->done, true);
	return NULL;
}

static void run_report(struct run *run, const char *name, uint64_t *last)
{
	struct objcache_dev_progress now;
	uint64_t pairs;

	if (dev_ioctl(run->stress->fd, OBJCACHE_IOC_PROGRESS, &now) ||
	    now.state != OBJCACHE_DEV_RUNNING)
		return;
	pairs = now.pairs[0] + now.pairs[1] + now.pairs[2];
	progress(run->stress, "%s: %.1f of %.1f s, %" PRIu64 " pairs, %" PRIu64
		 "/s, %" PRIu64 " violations", name, now.elapsed_ns / 1e9,
		 run->ask.duration_ms / 1e3, pairs, pairs - *last,
		 (uint64_t)now.violations);
	*last = pairs;
}

static void run_watch(struct run *run, pthread_t thread, const char *name)
{
	const struct timespec tick = { .tv_nsec = 50 * 1000 * 1000 };
	uint64_t next = now_ns() + 1000000000, last = 0;

	while (!atomic_load(&run->done)) {
		nanosleep(&tick, NULL);
		/* again and again: it may not have begun */
		if (interrupted())
			pthread_kill(thread, SIGUSR1);
		if (now_ns() < next)
			continue;
		run_report(run, name, &last);
		next += 1000000000;
	}
}

static void run_tally(struct run *run)
{
	struct tally *tally = &run->stress->tally;
	unsigned int i;

	for (i = 0; i < OBJCACHE_DEV_CONTEXTS; i++) {
		tally->pairs[i] += run->ask.result.pairs[i];
		tally->gets += run->ask.result.pairs[i];
		tally->puts += run->ask.result.pairs[i];
	}
	tally->violations += run->ask.result.violations;
	tally->failures += run->ask.result.failures;
}

static bool run_slice(struct stress *stress, const struct pattern *pattern,
		      unsigned int ms, unsigned int hz_factor)
{
	unsigned int hz = pattern->irq_hz * hz_factor;
	struct run run = {
		.stress = stress,
		.ask = {
			.pattern = pattern->pattern,
			.contexts = OBJCACHE_DEV_PROCESS | OBJCACHE_DEV_SOFTIRQ |
				    OBJCACHE_DEV_HARDIRQ,
			.cpus = stress->options.cpus,
			.duration_ms = ms,
			.irq_hz = hz < OBJCACHE_DEV_RUN_HZ ? hz :
							     OBJCACHE_DEV_RUN_HZ,
			.burst = pattern->burst,
			.seed = now_ns(),
			.flags = stress->options.plant ? OBJCACHE_DEV_PLANT : 0,
		},
	};
	uint64_t most = OBJCACHE_DEV_BYTES / stress->options.object_size;
	pthread_t thread;

	/* as many as the pattern is best with, if the session may */
	run.ask.objects = stress->options.cpus * OBJCACHE_DEV_CONTEXTS *
			  pattern->objects;
	if (run.ask.objects > most)
		run.ask.objects = most;
	if (run.ask.objects > OBJCACHE_DEV_OBJECTS)
		run.ask.objects = OBJCACHE_DEV_OBJECTS;
	if (pthread_create(&thread, NULL, run_main, &run))
		return fail(stress, "cannot make a thread");
	run_watch(&run, thread, pattern->name);
	pthread_join(thread, NULL);
	run_tally(&run);
	if (run.err && !(run.err == EINTR && interrupted()))
		return fail(stress, "workload %s: %s", pattern->name,
			    strerror(run.err));
	return true;
}

/* What is short of COUNT_MIN, or NULL. One CPU has nobody to steal from. */
static const struct need *runs_short(struct stress *stress, uint64_t *count)
{
	struct objcache_dev_stats stats;
	unsigned int i;

	if (dev_stats(stress->fd, &stats))
		return NULL;
	for (i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		const struct stats_key key = { needs[i].name, needs[i].offset };

		*count = stats_value(&stats, &key);
		if (*count >= COUNT_MIN)
			continue;
		if (stress->options.cpus < 2 && !strcmp(key.name, "steals"))
			continue;
		return &needs[i];
	}
	return NULL;
}

static bool runs_extra(struct stress *stress)
{
	struct cache_config config;
	const struct need *need;
	unsigned int extra;
	uint64_t count;

	if (!config_read(stress->cache, &config) && config_debugged(&config)) {
		progress(stress, "%s is in debug mode (%s): nothing goes by way of magazines, nor has to",
			 stress->cache, config_flags(&config));
		return true;
	}
	for (extra = 0; extra < EXTRA_MAX && !interrupted(); extra++) {
		need = runs_short(stress, &count);
		if (!need)
			return true;
		progress(stress, "%s is %" PRIu64 " of %u: more of %s",
			 need->name, count, COUNT_MIN, need->fed_by->name);
		if (!run_slice(stress, need->fed_by, EXTRA_MS, 2 + extra))
			return false;
	}
	need = runs_short(stress, &count);
	if (need && !interrupted())
		return fail(stress, "%s is %" PRIu64 ", should be %u",
			    need->name, count, COUNT_MIN);
	return true;
}

bool runs_phase(struct stress *stress)
{
	unsigned int slices = ROUNDS * PATTERNS;
	unsigned int ms = stress->options.duration * 1000 / slices;
	struct sigaction action = { .sa_handler = on_stop };
	unsigned int i;

	sigemptyset(&action.sa_mask);
	sigaction(SIGUSR1, &action, NULL);
	for (i = 0; i < slices && !interrupted(); i++)
		if (!run_slice(stress, &patterns[i % PATTERNS], ms,
			       1 + i / PATTERNS))
			return false;
	return runs_extra(stress);
}
