// SPDX-License-Identifier: GPL-2.0
/*
 * Guessing what is in an object that nobody, or somebody else, has written
 *
 * The last word of a payload of 8k + 1 bytes has one byte, so one of 256 guesses is
 * right. Were it told, a byte of kernel memory would be known.
 */
#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "badinput.h"

#define GUESSES		256

/* Words of an object's payload; the last one may be cut short. */
static unsigned int words(unsigned int size)
{
	return (size - 8 + 7) / 8;
}

/* An object that was put is got again on the same CPU, by whichever session. */
static void stay_here(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	row(sched_setaffinity(0, sizeof(set), &set) ? errno : 0, 0,
	    "secrets: on one CPU");
}

static void stay_nowhere(void)
{
	cpu_set_t set;
	int cpu;

	CPU_ZERO(&set);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* How the words of the payload begin for a handle, so that the last one is @last. */
static uint64_t value_for(unsigned int size, uint32_t handle, uint8_t last)
{
	return (last - (words(size) - 1)) ^ (uint64_t)handle << 32;
}

/* What a call that compares says of it. VERIFY puts it; the next get finds it. */
static uint64_t compare(int fd, unsigned long cmd, uint32_t *handle,
			unsigned int size, uint8_t guess)
{
	struct objcache_dev_batch batch = {
		.value = value_for(size, *handle, guess),
		.flags = cmd == OBJCACHE_IOC_CHECK ? 0 : OBJCACHE_DEV_VERIFY,
	};
	int err = dev_batch(fd, cmd, &batch, handle, 1);

	if (!err && cmd != OBJCACHE_IOC_CHECK)
		err = get(fd, handle, 1);
	return err ? UINT64_MAX : batch.mismatches;
}

static void secrets_guess(const char *how, unsigned long cmd, unsigned int size,
			  unsigned int flags)
{
	int fd = session_with_cache(size, flags);
	unsigned int guess, told = 0;
	uint32_t handle;

	row(get(fd, &handle, 1), 0, "secrets: get, %u bytes, flags %u", size,
	    flags);
	for (guess = 0; guess < GUESSES; guess++)
		told += compare(fd, cmd, &handle, size, guess) != words(size);
	row_number(told, 0, how);
	close(fd);
}

static void secrets_guesses(unsigned int size, unsigned int flags)
{
	secrets_guess("secrets: check tells of no guess that it is right",
		      OBJCACHE_IOC_CHECK, size, flags);
	secrets_guess("secrets: nor does put", OBJCACHE_IOC_PUT, size, flags);
	secrets_guess("secrets: nor does discard", OBJCACHE_IOC_DISCARD, size,
		      flags);
}

static uint64_t check(int fd, uint64_t value, uint32_t handle)
{
	struct objcache_dev_batch batch = { .value = value };
	int err = dev_batch(fd, OBJCACHE_IOC_CHECK, &batch, &handle, 1);

	return err ? UINT64_MAX : batch.mismatches;
}

/* An object that @fd has stamped with 1 goes to @other. */
static void secrets_stamps(int fd, int other, const char *what)
{
	struct objcache_dev_batch batch = { .value = 1,
					    .flags = OBJCACHE_DEV_MARK };
	uint32_t first, second;
	uint64_t same;

	dev_batch(fd, OBJCACHE_IOC_GET, &batch, &first, 1);
	row_number(check(fd, 1, first), 0, "secrets: one's own stamp is seen");
	put(fd, &first, 1);
	row(get(other, &second, 1), 0, "secrets: the next owner");
	same = 1 ^ (uint64_t)(first ^ second) << 32;
	row_number(check(other, same, second), words(SIZE), what);
	batch.flags = 0;
	batch.value = same;
	dev_batch(other, OBJCACHE_IOC_STAMP, &batch, &second, 1);
	row_number(check(other, same, second), 0,
		   "secrets: what the next owner stamps is");
	put(other, &second, 1);
}

/* Only a whole stamp lets one look: not one that failed, nor one of its own put. */
static void secrets_plain_marks(void)
{
	int fd = session_with_cache(SIZE, OBJCACHE_DEV_CREATE_PLAIN);
	struct objcache_dev_batch batch = { .value = 1,
					    .flags = OBJCACHE_DEV_MARK };
	uint32_t handles[2];

	row(dev_batch(fd, OBJCACHE_IOC_TRY_GET, &batch, handles, 1), EAGAIN,
	    "secrets: a get that gets nothing marks nothing");
	batch.flags = 0;
	row(get(fd, handles, 2), 0, "secrets: two");
	handles[1] = 0;
	row(dev_batch(fd, OBJCACHE_IOC_STAMP, &batch, handles, 2), ENOENT,
	    "secrets: a stamp of one that is there and one that is not");
	row_number(check(fd, 1, handles[0]), 0, "secrets: the first is stamped");
	close(fd);
}

void cases_secrets(void)
{
	static const unsigned int sizes[] = { 17, 2049 };
	unsigned int i;
	int fd, other;

	stay_here();
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		secrets_guesses(sizes[i], 0);
		secrets_guesses(sizes[i], OBJCACHE_DEV_CREATE_PLAIN);
	}
	fd = session_with_cache(SIZE, OBJCACHE_DEV_CREATE_PLAIN);
	other = session_sharing();
	secrets_stamps(fd, other, "secrets: another session's stamp is not");
	secrets_stamps(fd, fd, "secrets: nor one from before a put");
	close(other);
	close(fd);
	secrets_plain_marks();
	stay_nowhere();
}
