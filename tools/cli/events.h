/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module's trace events: live, from an instance of tracefs that nobody else reads,
 * or out of what was recorded
 */
#ifndef OBJCACHE_CLI_EVENTS_H
#define OBJCACHE_CLI_EVENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define FIELDS_MOST	12

struct event {
	char task[64];			/* and its number: "swapper/0-0" */
	unsigned int cpu;
	uint64_t time_us;
	char name[32];			/* without "objcache_" */
	unsigned int fields;
	struct {
		char key[32], value[64];
	} field[FIELDS_MOST];
};

/* "" where it has none of that name. */
const char *event_text(const struct event *event, const char *key);
uint64_t event_number(const struct event *event, const char *key);

struct events {
	FILE *file;			/* trace_pipe, or the recording */
	bool live;
	char instance[256];
	const char *cache;		/* only of that one; NULL: all */
	uint64_t start_ns, end_ns;	/* of what is live; 0: no end */
	uint64_t lost;
	char line[1024];
	unsigned int len;		/* of a line that is not whole yet */
};

/*
 * Starts: of one cache or all (NULL), of one kind of event or all (NULL); @ms 0: until
 * interrupted. From a file, "-" is stdin, if @input is not NULL. What to exit with.
 */
int events_start(struct events *events, const char *cache, const char *name,
		 const char *input, unsigned int ms);
/* False: the time is over, the recording ends, or interrupted. */
bool events_next(struct events *events, struct event *event);
/* Always after events_start() was fine. */
void events_stop(struct events *events);

#endif /* OBJCACHE_CLI_EVENTS_H */
