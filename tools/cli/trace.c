// SPDX-License-Identifier: GPL-2.0
/*
 * objcache trace: what happens off the hit path, as it happens
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "events.h"
#include "json.h"
#include "tables.h"

static const char *event_name, *input;
static unsigned int time_ms, most;
static bool one_cache;	/* which one is no news */

static const struct option_spec trace_options[] = {
	{ 'e', "event", "NAME", "only of this kind: miss, refill, steal, spill, ...",
	  OPTION_TEXT, &event_name },
	{ 't', "time", "SECONDS", "stop after this time (default: until interrupted)",
	  OPTION_SECONDS, &time_ms, 10, 86400000 },
	{ 'n', "count", "N", "end after so many events",
	  OPTION_NUMBER, &most, 1, 2000000000 },
	{ 'i', "input", "FILE", "read a recording: ftrace's text, - for stdin",
	  OPTION_TEXT, &input },
	{},
};

/* Why an event comes, in words; the others are shown by their fields. */
static bool trace_words(const struct event *event)
{
	const char *nr = event_text(event, "nr");

	if (!strcmp(event->name, "miss"))
		printf("nothing parked: %s made", nr);
	else if (!strcmp(event->name, "refill"))
		printf("%s back from its shared part", nr);
	else if (!strcmp(event->name, "steal"))
		printf("%s from CPU %s%s", nr, event_text(event, "victim"),
		       event_number(event, "aged") ? ", aged" : "");
	else if (!strcmp(event->name, "spill"))
		printf("%s %s", nr, strcmp(event_text(event, "to"), "ring") ?
		       "above the capacity" :
		       "to its shared part");
	else if (!strcmp(event->name, "release"))
		printf("%s on their way out", nr);
	else if (!strcmp(event->name, "age"))
		printf("a step sent %s out", nr);
	else if (!strcmp(event->name, "shrink"))
		printf("memory pressure: %s of %s", event_text(event, "done"),
		       event_text(event, "wanted"));
	else
		return false;
	return true;
}

static void trace_text(const struct event *event)
{
	unsigned int i;

	printf("%6" PRIu64 ".%06" PRIu64 "  cpu %-3u  %-16s  ",
	       event->time_us / 1000000, event->time_us % 1000000, event->cpu,
	       event->task);
	if (!one_cache)
		printf("%-16s  ", event_text(event, "cache"));
	printf("%-7s  ", event->name);
	if (!trace_words(event))
		for (i = 0; i < event->fields; i++)
			if (strcmp(event->field[i].key, "cache"))
				printf("%s%s=%s", i > 1 ? " " : "",
				       event->field[i].key,
				       event->field[i].value);
	putchar('\n');
}

static void trace_json(const struct event *event)
{
	struct json_object *object = json_begin("trace");
	unsigned long long value;
	unsigned int i;
	char *end;

	json_number(object, "time_us", event->time_us);
	json_number(object, "cpu", event->cpu);
	json_text(object, "task", event->task);
	json_text(object, "event", event->name);
	for (i = 0; i < event->fields; i++) {
		value = strtoull(event->field[i].value, &end, 10);
		if (!*end && strcmp(event->field[i].key, "cache"))
			json_number(object, event->field[i].key, value);
		else
			json_text(object, event->field[i].key,
				  event->field[i].value);
	}
	json_end(object);
}

static uint64_t trace_all(struct events *events)
{
	struct event event;
	uint64_t nr = 0;

	while ((!most || nr < most) && events_next(events, &event)) {
		if (event_name && strcmp(event_name, event.name))
			continue;
		nr++;
		if (want_json)
			trace_json(&event);
		else
			trace_text(&event);
		if (!events->len)
			fflush(stdout);
	}
	return nr;
}

static int trace_run(int argc, char **argv)
{
	const char *cache = argc ? argv[0] : NULL;
	struct cache_names names = {};
	struct events events;
	uint64_t nr;
	int code = CODE_FINE;

	one_cache = cache;
	if (!input)
		code = cache ? cache_find(cache) : names_read(&names);
	names_free(&names);
	if (code)
		return code;
	interrupt_catch();
	code = events_start(&events, cache, event_name, input, time_ms);
	if (code)
		return code;
	nr = trace_all(&events);
	events_stop(&events);
	fflush(stdout);
	fprintf(stderr, "objcache: %" PRIu64 " events", nr);
	if (events.lost)
		fprintf(stderr, ", %" PRIu64 " lost: the buffer was full",
			events.lost);
	fputc('\n', stderr);
	return CODE_FINE;
}

const struct command trace_command = {
	.name = "trace",
	.arguments = "[CACHE]",
	.summary = "The trace events of a cache, or of all, as they come",
	.options = trace_options,
	.most = 1,
	.run = trace_run,
};
