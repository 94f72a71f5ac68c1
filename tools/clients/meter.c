// SPDX-License-Identifier: GPL-2.0
/*
 * What reading or writing 4 KiB takes, in nanoseconds: on a clock that counts
 * instructions (-icount shift=0), in instructions
 *
 *   meter read|write FILE BLOCKS ROUNDS [direct]
 *
 * Prints the median of all calls. Every block is the same when written, so that no
 * compressor has more to do for one than for another. Without `direct` the file is in
 * the page cache, and is taken out of it before each round.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BLOCK		4096

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "meter: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Half of it compresses well. */
static void fill(unsigned char *block)
{
	uint32_t x = 2463534242u;
	int i;

	for (i = 0; i < BLOCK; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		block[i] = i % 64 < 32 ? x : (unsigned int)i / 256;
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t one(int fd, int writes, void *block, off_t at)
{
	uint64_t start = now();
	ssize_t done = writes ? pwrite(fd, block, BLOCK, at) : pread(fd, block, BLOCK, at);
	uint64_t took = now() - start;

	if (done != BLOCK)
		die("a block");
	return took;
}

int main(int argc, char **argv)
{
	int writes, fd, blocks, rounds, direct, round, i, nr = 0;
	uint64_t *took;
	void *block;

	if (argc < 5 || argc > 6) {
		fprintf(stderr, "usage: meter read|write FILE BLOCKS ROUNDS [direct]\n");
		return 2;
	}
	writes = !strcmp(argv[1], "write");
	blocks = atoi(argv[3]);
	rounds = atoi(argv[4]);
	direct = argc == 6;
	fd = open(argv[2], (writes ? O_WRONLY : O_RDONLY) | (direct ? O_DIRECT : 0));
	if (fd < 0)
		die(argv[2]);
	took = calloc((size_t)blocks * rounds, sizeof(*took));
	if (!took || posix_memalign(&block, BLOCK, BLOCK))
		die("memory");
	fill(block);
	for (round = 0; round < rounds; round++) {
		if (!direct && (posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM) ||
				posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED)))
			die("fadvise");
		for (i = 0; i < blocks; i++)
			took[nr++] = one(fd, writes, block, (off_t)i * BLOCK);
	}
	qsort(took, nr, sizeof(*took), compare);
	printf("%llu\n", (unsigned long long)took[nr / 2]);
	return 0;
}
