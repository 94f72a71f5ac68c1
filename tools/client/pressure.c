// SPDX-License-Identifier: GPL-2.0
/*
 * objcache-pressure: memory pressure is met from the caches
 *
 * Fills caches through /dev/objcache until they hold a good part of the memory,
 * one of them with destructors, then takes the memory itself, page by page. It
 * must get it: the caches have to let go of what they have parked before anybody
 * is killed for it. Nothing here asks them to; no object ages.
 */
#include <argp.h>
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "device.h"

#define MIB		1048576ULL
#define OBJECT_SIZE	16384
#define NO_AGING	4		/* OBJCACHE_NO_AGING */

/* What one session may have out at once, and so one CPU's capacity. */
#define CACHE_OBJECTS	(OBJCACHE_DEV_BYTES / OBJECT_SIZE)
#define PLAIN_CACHES	16
#define CHUNK		(2 * MIB)
#define BUDGET_MB	1048576

/* Of the memory that the caches took, what is taken back at least and at most. */
#define TAKE_PERCENT	50
#define TAKE_PERCENT_MAX	75

struct cache {
	char name[OBJCACHE_DEV_NAME_LEN];
	int fd;
	struct objcache_dev_stats full;
	struct objcache_dev_stats now;
};

static struct cache caches[PLAIN_CACHES + 1];
static unsigned int nr_caches;
static unsigned int share = 40;

static void __attribute__((noreturn, format(printf, 1, 2)))
die(const char *format, ...)
{
	va_list args;

	printf("pressure: FAIL: ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	exit(1);
}

/* A line of /proc/meminfo, in bytes. */
static unsigned long long mem_bytes(const char *key)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128], name[64];
	unsigned long long kib;

	if (!file)
		die("/proc/meminfo: %s", strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63[^:]: %llu", name, &kib) == 2 &&
		    !strcmp(name, key)) {
			fclose(file);
			return kib << 10;
		}
	}
	die("/proc/meminfo has no %s", key);
}

static unsigned long long cache_parked(struct cache *cache)
{
	int err = dev_stats(cache->fd, &cache->now);

	if (err)
		die("%s: stats: %s", cache->name, strerror(err));
	return cache->now.parked;
}

/* ---- filling ---- */

/* What is put on one CPU is parked there: so all of it is got and put on one. */
static void stay_on(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("CPU %u: %s", cpu, strerror(errno));
}

static void move(struct cache *cache, unsigned long cmd, uint32_t *handles,
		 unsigned int nr)
{
	struct objcache_dev_batch batch;
	unsigned int done;
	int err;

	for (done = 0; done < nr; done += batch.done) {
		unsigned int left = nr - done;

		memset(&batch, 0, sizeof(batch));
		batch.flags = OBJCACHE_DEV_BULK;
		err = dev_batch(cache->fd, cmd, &batch, handles + done,
				left < OBJCACHE_DEV_BATCH ? left : OBJCACHE_DEV_BATCH);
		if (err)
			die("%s: object %u of %u: %s", cache->name, done, nr,
			    strerror(err));
	}
}

static struct cache *make(const char *kind, unsigned int flags)
{
	struct objcache_dev_create create = {
		.size = OBJECT_SIZE, .capacity = CACHE_OBJECTS,
		.cache_flags = NO_AGING, .flags = flags,
	};
	struct cache *cache = &caches[nr_caches++];
	int err;

	snprintf(cache->name, sizeof(cache->name), "pressure-%s-%u", kind,
		 nr_caches);
	memcpy(create.name, cache->name, sizeof(create.name));
	cache->fd = dev_open();
	if (cache->fd < 0)
		die("%s: %s", OBJCACHE_DEV_PATH, strerror(errno));
	err = dev_ioctl(cache->fd, OBJCACHE_IOC_CREATE, &create);
	if (err)
		die("%s: %s", cache->name, strerror(err));
	return cache;
}

static void fill(struct cache *cache, unsigned int nr)
{
	static uint32_t handles[CACHE_OBJECTS];

	stay_on(nr_caches % sysconf(_SC_NPROCESSORS_ONLN));
	move(cache, OBJCACHE_IOC_GET, handles, nr);
	move(cache, OBJCACHE_IOC_PUT, handles, nr);
	if (cache_parked(cache) != nr)
		die("%s: %llu of %u objects are parked", cache->name,
		    cache->now.parked, nr);
	cache->full = cache->now;
}

/*
 * By the worst case each of these caches could take several times what it does:
 * on every CPU as much as here on one.
 */
static void raise_budget(unsigned int mb)
{
	int err = dev_budget(mb);

	if (err)
		die("a budget of %u MiB: %s", mb, strerror(err));
}

/* The last one has destructors; it is an eighth of a full one. */
static void fill_all(void)
{
	unsigned long long goal = mem_bytes("MemFree") / 100 * (100 - share);

	while (mem_bytes("MemFree") > goal && nr_caches < PLAIN_CACHES)
		fill(make("plain", OBJCACHE_DEV_CREATE_PLAIN), CACHE_OBJECTS);
	fill(make("dtor", OBJCACHE_DEV_CREATE_OPS), CACHE_OBJECTS / 8);
}

/* ---- taking ---- */

/* Objects that pressure has released, and those that are parked still. */
static void count(unsigned long long *shrunk, unsigned long long *parked)
{
	unsigned int i;

	*shrunk = *parked = 0;
	for (i = 0; i < nr_caches; i++) {
		*parked += cache_parked(&caches[i]);
		*shrunk += caches[i].now.shrunk;
	}
}

static void take_chunk(unsigned long long taken)
{
	void *chunk = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (chunk == MAP_FAILED)
		die("%llu MiB taken, no more: %s", taken / MIB, strerror(errno));
	memset(chunk, 1, CHUNK);
}

/* @least bytes, and more until the caches are empty. Returns how many. */
static unsigned long long take(unsigned long long least, unsigned long long most)
{
	unsigned long long taken, shrunk, parked = 1;

	for (taken = 0; taken < (parked ? most : least); taken += CHUNK) {
		take_chunk(taken);
		count(&shrunk, &parked);
		if (taken % (64 * MIB))
			continue;
		printf("%4llu MiB taken, %4llu free, %6llu objects parked, %6llu shrunk, of those with destructors %llu parked\n",
		       taken / MIB, mem_bytes("MemFree") / MIB, parked, shrunk,
		       caches[nr_caches - 1].now.parked);
		fflush(stdout);
	}
	return taken;
}

/*
 * Destructors run later, and pressure does not wait for them: once it has let up, what
 * is left may stay. All that is on its way out ends, each by its destructor.
 */
static void expect_ended(struct cache *cache)
{
	const struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };
	unsigned long long before = 0;

	while (cache_parked(cache), cache->now.releasing) {
		if (cache->now.releasing != before) {
			printf("%s: %llu parked, %llu releasing\n", cache->name,
			       cache->now.parked, cache->now.releasing);
			fflush(stdout);
		}
		before = cache->now.releasing;
		nanosleep(&pause, NULL);
	}
	if (!cache->now.destructed ||
	    cache->now.destructed != cache->full.constructed - cache->now.parked)
		die("%s: %llu destructor calls for %llu objects, of which %llu are parked",
		    cache->name, cache->now.destructed,
		    cache->full.constructed, cache->now.parked);
}

/*
 * All but what was free came from the caches, by their own count too. What an object
 * takes is measured: in a debug kernel it is twice its size.
 */
static void expect_shrunk(unsigned long long from_caches,
			  unsigned long long per_object)
{
	unsigned long long shrunk, parked;
	unsigned int i;

	count(&shrunk, &parked);
	if (shrunk * per_object < from_caches)
		die("%llu MiB were to come from the caches, %llu did: %llu objects of %llu bytes",
		    from_caches / MIB, shrunk * per_object / MIB, shrunk,
		    per_object);
	for (i = 0; i < nr_caches; i++)
		if (!caches[i].now.shrunk ||
		    caches[i].now.parked >= caches[i].full.parked)
			die("%s: %llu shrunk, %llu of %llu parked",
			    caches[i].name, caches[i].now.shrunk,
			    caches[i].now.parked, caches[i].full.parked);
}

static const struct argp_option argp_options[] = {
	{ "share", 's', "PERCENT", 0,
	  "of the free memory, to be held by caches, 10 to 60 (40)", 0 },
	{},
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	if (key == ARGP_KEY_ARG)
		argp_error(state, "unexpected argument %s", text);
	if (key != 's')
		return ARGP_ERR_UNKNOWN;
	share = strtoul(text, NULL, 10);
	if (share < 10 || share > 60)
		argp_error(state, "--share %s is not within 10 to 60", text);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = argp_options,
		.parser = parse_option,
		.doc = "Fills object caches, then takes the memory, and checks that the caches gave way.",
	};
	unsigned long long before, after, held, taken, shrunk, parked;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	before = mem_bytes("MemFree");
	raise_budget(BUDGET_MB);
	fill_all();
	raise_budget(0);
	after = mem_bytes("MemFree");
	if (after >= before)
		die("the caches hold no memory");
	held = before - after;
	count(&shrunk, &parked);
	printf("%u caches hold %llu of %llu MiB that were free\n", nr_caches,
	       held / MIB, before / MIB);
	taken = take(after + held / 100 * TAKE_PERCENT,
		     after + held / 100 * TAKE_PERCENT_MAX);
	expect_ended(&caches[nr_caches - 1]);
	expect_shrunk(held / 100 * TAKE_PERCENT, held / parked);
	printf("pressure: PASS %llu MiB taken, of which %llu were free and the rest came from %u caches\n",
	       taken / MIB, after / MIB, nr_caches);
	return 0;
}
