// SPDX-License-Identifier: GPL-2.0
/*
 * Reads a disk past the page cache, and compares all of it with what it should be
 *
 *   verify DISK DATA
 *
 * Exit status 0 if as many bytes as DATA has are the same. Takes a small part of the time
 * of a checksum.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK		65536

static void die(const char *what)
{
	perror(what);
	exit(1);
}

int main(int argc, char **argv)
{
	unsigned char *data, *chunk;
	struct stat status;
	int disk, file;
	off_t at;

	if (argc != 3) {
		fprintf(stderr, "usage: verify DISK DATA\n");
		return 2;
	}
	disk = open(argv[1], O_RDONLY | O_DIRECT);
	if (disk < 0)
		die(argv[1]);
	file = open(argv[2], O_RDONLY);
	if (file < 0 || fstat(file, &status) || !status.st_size || status.st_size % CHUNK)
		die(argv[2]);
	data = mmap(NULL, status.st_size, PROT_READ, MAP_SHARED, file, 0);
	if (data == MAP_FAILED || posix_memalign((void **)&chunk, 4096, CHUNK))
		die("memory");
	for (at = 0; at < status.st_size; at += CHUNK) {
		if (pread(disk, chunk, CHUNK, at) != CHUNK)
			die(argv[1]);
		if (memcmp(chunk, data + at, CHUNK)) {
			fprintf(stderr, "verify: %s: not what was written, at %lld\n",
				argv[1], (long long)at);
			return 1;
		}
	}
	return 0;
}
