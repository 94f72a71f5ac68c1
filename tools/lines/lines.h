/* SPDX-License-Identifier: GPL-2.0 */
/*
 * objcache_lines: patterns of gets and puts, for the plugin to watch
 *
 * Nothing is counted here: the plugin sees every access. This module marks what
 * is whose, and has all CPUs go on object by object: each lets the others run
 * after every call, so that what they share is passed around as often as it
 * can be.
 *
 * Sections are named for the file that implements them.
 */
#ifndef _OBJCACHE_LINES_H
#define _OBJCACHE_LINES_H

#include <linux/atomic.h>
#include <linux/types.h>

#include "bench.h"
#include "mark.h"

struct seq_file;

/* Objects that a producer hands over at once: more than a magazine, eight lines. */
#define LINES_CHUNK	64

/**
 * struct lines_contender - who is looked at
 * @name: as in make bench
 * @gets: takes @nr objects; NULL where there was none
 * @puts: gives them back
 * @there: this kernel has it
 *
 * @worker tells which ring, where there is one for each pair of CPUs.
 */
struct lines_contender {
	const char *name;
	void (*gets)(unsigned int worker, void **objs, unsigned int nr);
	void (*puts)(unsigned int worker, void **objs, unsigned int nr);
	bool there;
};

/**
 * struct lines_run - a pattern with a contender
 * @who: the contender
 * @step: what a worker does in one round
 * @cpus: how many workers, one on each CPU
 * @warm: rounds before those that count
 * @rounds: those that count
 * @last: no more is produced
 * @arrived: how often a worker came to a meeting point
 * @short_of: gets that gave nothing
 * @boxes: two for each worker, to hand objects over in
 */
struct lines_run {
	const struct lines_contender *who;
	void (*step)(struct lines_run *run, unsigned int worker,
		     unsigned int round);
	unsigned int cpus;
	unsigned int warm;
	unsigned int rounds;
	bool last;
	atomic_t arrived;
	atomic_t short_of;
	void **boxes;
};

/* Objects that fit into a box: what one CPU frees for another at most. */
#define LINES_BOX	1024

/* The box that @worker's objects are in, of every second round another one. */
static inline void **lines_box(struct lines_run *run, unsigned int worker,
			       unsigned int round)
{
	return run->boxes + (2 * worker + (round & 1)) * LINES_BOX;
}

/* pools.c: what the objects come from */
int lines_pools_create(void);
void lines_pools_destroy(void);
int lines_pools_check(void);
struct bench_spsc *lines_ring(unsigned int worker);

/* calls.c: the contenders */
extern const struct lines_contender lines_contenders[];
extern const unsigned int lines_contenders_nr;
extern bool lines_plant;

/* patterns.c */

/**
 * struct lines_pattern - who gets and who puts
 * @name: as in make bench
 * @step: see &struct lines_run
 * @objects: that all CPUs get in a round
 * @rounds: those that count
 * @floor: a ring for one producer and one consumer can do it
 */
struct lines_pattern {
	const char *name;
	void (*step)(struct lines_run *run, unsigned int worker,
		     unsigned int round);
	unsigned int (*objects)(unsigned int cpus);
	unsigned int rounds;
	bool floor;
};

extern const struct lines_pattern lines_patterns[];
extern const unsigned int lines_patterns_nr;

/* run.c */
long lines_run(const struct lines_pattern *pattern,
	       const struct lines_contender *who);

/* known.c: addresses that have a name */
void lines_show_known(struct seq_file *m);

#endif /* _OBJCACHE_LINES_H */
