// SPDX-License-Identifier: GPL-2.0
/*
 * The module's trace events, by tracefs and its text: that format is the same on every
 * kernel, and what trace-cmd reports of a recording is like it.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "events.h"
#include "tables.h"
#include "text.h"

/* Between two looks at a pipe that was empty. */
#define POLL_MS		20

/* ---- a line ---- */

const char *event_text(const struct event *event, const char *key)
{
	unsigned int i;

	for (i = 0; i < event->fields; i++)
		if (!strcmp(event->field[i].key, key))
			return event->field[i].value;
	return "";
}

uint64_t event_number(const struct event *event, const char *key)
{
	return strtoull(event_text(event, key), NULL, 10);
}

/* "cache=map victim=3 ..." */
static void event_fields(struct event *event, const char *at)
{
	event->fields = 0;
	while (event->fields < FIELDS_MOST &&
	       sscanf(at, " %31[^= \n]=%63[^ \n]",
		      event->field[event->fields].key,
		      event->field[event->fields].value) == 2) {
		event->fields++;
		at += strspn(at, " ");
		at += strcspn(at, " \n");
	}
}

/*
 * "  task-123  [001] ...1.  24.699190: objcache_refill: cache=map nr=16". The task may
 * be called anything, so the CPU is the last number in brackets before the event.
 */
static bool event_parse(struct event *event, const char *line)
{
	const char *name = strstr(line, ": objcache_"), *time = name, *cpu;
	unsigned long seconds, us;
	size_t len;

	if (!name)
		return false;
	while (time > line && !isspace((unsigned char)time[-1]))
		time--;
	for (cpu = time; cpu > line && *cpu != '['; cpu--)
		;
	if (sscanf(time, "%lu.%lu", &seconds, &us) != 2 ||
	    sscanf(cpu, "[%u]", &event->cpu) != 1)
		return false;
	event->time_us = seconds * 1000000ULL + us;
	line += strspn(line, " ");
	len = cpu - line;
	while (len && line[len - 1] == ' ')
		len--;
	snprintf(event->task, sizeof(event->task), "%.*s", (int)len, line);
	name += strlen(": objcache_");
	len = strcspn(name, ":");
	snprintf(event->name, sizeof(event->name), "%.*s", (int)len, name);
	event_fields(event, name + len + (name[len] == ':'));
	return true;
}

/* "CPU:2 [LOST 123 EVENTS]" */
static uint64_t lost_parse(const char *line)
{
	const char *lost = strstr(line, "[LOST ");
	uint64_t nr;

	if (strncmp(line, "CPU:", 4) || !lost ||
	    sscanf(lost, "[LOST %" SCNu64, &nr) != 1)
		return 0;
	return nr;
}

/* ---- tracefs ---- */

static bool write_file(const char *text, const char *path)
{
	FILE *file = fopen(path, "we");
	bool fine;

	if (!file)
		return false;
	fine = fputs(text, file) >= 0;
	return !fclose(file) && fine;
}

/* Where it is mounted; debugfs brings it along. */
static const char *tracing_find(void)
{
	static const char *const places[] = { "/sys/kernel/tracing",
					      "/sys/kernel/debug/tracing" };
	unsigned int i;

	for (i = 0; i < COUNT_OF(places); i++)
		if (rooted_exists("%s/instances", places[i]))
			return places[i];
	return NULL;
}

static int instance_enable(struct events *events, const char *name)
{
	char path[PATH_SIZE], filter[NAME_SIZE + 16];
	size_t len;

	len = snprintf(path, sizeof(path), "%s/events/objcache/%s%s",
		       events->instance, name ? "objcache_" : "", name ?: "");
	if (access(path, F_OK))
		return usage_error("%s: no such trace event of objcache", name);
	if (events->cache) {
		/* Whoever has no such field is filtered here. */
		snprintf(filter, sizeof(filter), "name == \"%s\"",
			 events->cache);
		snprintf(path + len, sizeof(path) - len, "/filter");
		write_file(filter, path);
	}
	snprintf(path + len, sizeof(path) - len, "/enable");
	if (!write_file("1", path))
		return unsupported("%s: %s", path, strerror(errno));
	return CODE_FINE;
}

static int instance_open(struct events *events)
{
	char path[PATH_SIZE];
	int fd;

	snprintf(path, sizeof(path), "%s/trace_pipe", events->instance);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return unsupported("%s: %s", path, strerror(errno));
	events->file = fdopen(fd, "r");
	return events->file ? CODE_FINE : unsupported("no memory for a file");
}

static int live_start(struct events *events, const char *name)
{
	const char *tracing = tracing_find();
	int code;

	if (!tracing && geteuid())
		return unsupported("tracefs is not to be seen: run it as root");
	if (!tracing)
		return unsupported("tracefs is not mounted: mount -t tracefs tracefs /sys/kernel/tracing");
	snprintf(events->instance, sizeof(events->instance),
		 "%s/instances/objcache-%d", rooted("%s", tracing), getpid());
	if (mkdir(events->instance, 0700))
		return unsupported("%s: %s", events->instance, strerror(errno));
	events->live = true;
	if (access(rooted("%s/events/objcache", tracing), F_OK))
		code = unsupported("the module has no trace events: its kernel is without tracing");
	else
		code = instance_enable(events, name);
	if (!code)
		code = instance_open(events);
	if (code)
		events_stop(events);
	return code;
}

int events_start(struct events *events, const char *cache, const char *name,
		 const char *input, unsigned int ms)
{
	int code;

	memset(events, 0, sizeof(*events));
	events->cache = cache;
	if (!input) {
		code = live_start(events, name);
		events->start_ns = now_ns();
		if (ms)
			events->end_ns = events->start_ns + ms * 1000000ULL;
		return code;
	}
	events->file = strcmp(input, "-") ? fopen(input, "re") : stdin;
	if (!events->file)
		return usage_error("--input %s: %s", input, strerror(errno));
	return CODE_FINE;
}

/* Part of a line may come now and its rest later. */
static bool line_read(struct events *events)
{
	char *to = events->line + events->len;

	errno = 0;
	clearerr(events->file);
	if (!fgets(to, sizeof(events->line) - events->len, events->file))
		return false;
	events->len += strlen(to);
	if (events->line[events->len - 1] != '\n' &&
	    events->len < sizeof(events->line) - 1)
		return false;
	events->len = 0;
	return true;
}

/* Whether another look is worth it, after waiting for it. */
static bool live_wait(struct events *events)
{
	char path[PATH_SIZE];

	if (!events->live)
		return false;
	if (interrupted() || (events->end_ns && now_ns() >= events->end_ns)) {
		snprintf(path, sizeof(path), "%s/tracing_on", events->instance);
		write_file("0", path);
		events->end_ns = now_ns();
		events->live = false;	/* what is in it is still read */
		return true;
	}
	pause_ms(POLL_MS);
	return true;
}

bool events_next(struct events *events, struct event *event)
{
	for (;;) {
		if (!line_read(events)) {
			if (!live_wait(events))
				return false;
			continue;
		}
		/* Tasks may call themselves anything. */
		text_plain(events->line);
		events->lost += lost_parse(events->line);
		if (event_parse(event, events->line) &&
		    (!events->cache ||
		     !strcmp(event_text(event, "cache"), events->cache)))
			return true;
	}
}

void events_stop(struct events *events)
{
	if (events->file)
		fclose(events->file);
	/* It cannot go while one of its files is open. */
	if (events->instance[0] && rmdir(events->instance))
		fprintf(stderr, "objcache: %s is left: %s\n", events->instance,
			strerror(errno));
}
