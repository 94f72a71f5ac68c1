/* SPDX-License-Identifier: GPL-2.0 */
/*
 * objcache stress: what its files share. Sections are named for them.
 */
#ifndef OBJCACHE_CLI_STRESS_H
#define OBJCACHE_CLI_STRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli.h"
#include "device.h"

struct stress_options {
	unsigned int threads;
	unsigned int pairs;		/* of the threads, at least */
	unsigned int duration;		/* seconds of workloads */
	unsigned int object_size;	/* bytes */
	unsigned int cpus;		/* of the workloads */
	bool plant;
	bool show;
	bool quiet;
};

/* What was done, as counted here and not by the kernel. */
struct tally {
	uint64_t gets;
	uint64_t puts;
	uint64_t discards;
	uint64_t mismatches;		/* words */
	uint64_t violations;
	uint64_t failures;		/* gets that gave nothing */
	uint64_t pairs[OBJCACHE_DEV_CONTEXTS];	/* of workloads */
};

/* stress.c */
struct stress {
	struct stress_options options;
	char cache[OBJCACHE_DEV_NAME_LEN];
	int fd;				/* of the session that made the cache */
	struct tally tally;
	char reason[256];		/* why it failed; the first one stays */
};

bool fail(struct stress *stress, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void progress(const struct stress *stress, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* threads.c: false when it failed */
bool threads_phase(struct stress *stress);

/* runs.c */
bool runs_phase(struct stress *stress);

/* audit.c */
bool audit_phase(struct stress *stress);
void audit_show(struct stress *stress);

#endif /* OBJCACHE_CLI_STRESS_H */
