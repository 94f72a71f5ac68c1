// SPDX-License-Identifier: GPL-2.0
/*
 * More memory than there is, so that it is swapped, and a look at what comes back
 *
 *   hog MEGABYTES TASKS ROUNDS
 *
 * Each task fills MEGABYTES with pages that are all different and half of which
 * compresses; when all have, each reads its own ROUNDS times, in another order each.
 * Exit status 0 if each page was what it had been.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE		4096

static void page_fill(unsigned char *page, uint32_t seed)
{
	uint32_t x = seed * 2654435761u + 1;
	int i;

	for (i = 0; i < PAGE; i += 4) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		*(uint32_t *)(page + i) = i % 128 < 64 ? x : seed;
	}
}

/* All tasks have the end of the pipe that is written to, until they have filled. */
static int wait_for_all(int pipe_of_all[2])
{
	char none;

	close(pipe_of_all[1]);
	return read(pipe_of_all[0], &none, 1);
}

static int task(int id, size_t pages, int rounds, int pipe_of_all[2])
{
	unsigned char want[PAGE], *memory;
	size_t i, at;
	int round;

	memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	for (i = 0; i < pages; i++)
		page_fill(memory + i * PAGE, id * 1000003u + i);
	if (wait_for_all(pipe_of_all))
		return 1;
	for (round = 0; round < rounds; round++) {
		for (i = 0; i < pages; i++) {
			/* 4099 is a prime larger than any factor of pages. */
			at = (i * 4099 + round) % pages;
			page_fill(want, id * 1000003u + at);
			if (memcmp(want, memory + at * PAGE, PAGE)) {
				fprintf(stderr, "hog: %d: page %zu has changed\n", id, at);
				return 1;
			}
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	int tasks, i, status, pipe_of_all[2], failed = 0;

	if (argc != 4) {
		fprintf(stderr, "usage: hog MEGABYTES TASKS ROUNDS\n");
		return 2;
	}
	tasks = atoi(argv[2]);
	if (pipe(pipe_of_all))
		return 1;
	for (i = 0; i < tasks; i++) {
		pid_t child = fork();

		if (child < 0)
			return 1;
		if (!child)
			_exit(task(i, (size_t)atoi(argv[1]) << 8, atoi(argv[3]), pipe_of_all));
	}
	close(pipe_of_all[1]);
	while (wait(&status) > 0)
		failed |= !WIFEXITED(status) || WEXITSTATUS(status);
	return failed;
}
