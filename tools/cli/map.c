// SPDX-License-Identifier: GPL-2.0
/*
 * objcache map: who steals from whom
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "events.h"
#include "json.h"
#include "tables.h"
#include "text.h"
#include "width.h"

#define WIDTH_DEFAULT	120	/* where nobody knows how wide the screen is */
#define PAIRS_SHOWN	5	/* the hottest */

static const char *const when_words[] = { "auto", "always", "never", NULL };

static const char *input, *color = "auto";
static unsigned int time_ms = 5000;

static const struct option_spec map_options[] = {
	{ 't', "time", "SECONDS", "watch so long (5)",
	  OPTION_SECONDS, &time_ms, 10, 86400000 },
	{ 'i', "input", "FILE", "read a recording: ftrace's text, - for stdin",
	  OPTION_TEXT, &input },
	{ 'c', "color", "WHEN", "heat in color: auto, always or never",
	  OPTION_WORD, &color, 0, 0, when_words },
	{},
};

struct pair {
	uint64_t magazines, objects;
};

static struct map {
	const char *cache;
	unsigned int cpus;		/* the highest and one */
	bool there[CPUS_MOST];		/* online, or seen */
	unsigned int node[CPUS_MOST];
	unsigned int nodes;
	unsigned int column[CPUS_MOST];	/* those that are there, by node */
	unsigned int columns;
	struct pair *pair;		/* [thief * cpus + victim] */
	struct pair sum;
	uint64_t aged, highest, within;
	uint64_t ns, lost;
} map;

static struct pair *map_pair(unsigned int thief, unsigned int victim)
{
	return &map.pair[(size_t)thief * map.cpus + victim];
}

/* ---- gathering ---- */

/* Room for CPUs up to this one. */
static bool map_grow(unsigned int cpu)
{
	unsigned int old = map.cpus, thief;
	struct pair *pair = map.pair;

	if (cpu >= CPUS_MOST)
		return false;
	if (cpu < old)
		return true;
	map.cpus = cpu + 1;
	map.pair = calloc((size_t)map.cpus * map.cpus, sizeof(*map.pair));
	if (!map.pair)
		exit(unsupported("no memory for a map of %u CPUs", map.cpus));
	for (thief = 0; thief < old; thief++)
		memcpy(map_pair(thief, 0), &pair[(size_t)thief * old],
		       old * sizeof(*pair));
	free(pair);
	return true;
}

static void map_add(const struct event *event)
{
	unsigned int victim = event_number(event, "victim");
	uint64_t nr = event_number(event, "nr");
	struct pair *pair;

	if (strcmp(event->name, "steal") || !map_grow(event->cpu) ||
	    !map_grow(victim))
		return;
	map.there[event->cpu] = true;
	map.there[victim] = true;
	pair = map_pair(event->cpu, victim);
	pair->magazines++;
	pair->objects += nr;
	map.sum.magazines++;
	map.sum.objects += nr;
	map.aged += event_number(event, "aged") ? nr : 0;
	if (pair->objects > map.highest)
		map.highest = pair->objects;
}

static void map_machine(void)
{
	unsigned int cpu, highest = 0;

	list_read("/sys/devices/system/cpu/online", map.there, CPUS_MOST);
	map.nodes = nodes_read(map.node, CPUS_MOST);
	for (cpu = 0; cpu < CPUS_MOST; cpu++)
		if (map.there[cpu])
			highest = cpu;
	map_grow(highest);
}

static int column_compare(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a;
	unsigned int y = *(const unsigned int *)b;

	if (map.node[x] != map.node[y])
		return map.node[x] < map.node[y] ? -1 : 1;
	return x < y ? -1 : 1;
}

/* A node is one block. */
static void map_columns(void)
{
	unsigned int cpu;

	for (cpu = 0; cpu < map.cpus; cpu++)
		if (map.there[cpu])
			map.column[map.columns++] = cpu;
	qsort(map.column, map.columns, sizeof(map.column[0]), column_compare);
}

static void map_within(void)
{
	unsigned int thief, victim;

	for (thief = 0; thief < map.cpus; thief++)
		for (victim = 0; victim < map.cpus; victim++)
			if (map.node[thief] == map.node[victim])
				map.within += map_pair(thief, victim)->objects;
}

static int map_gather(void)
{
	struct events events;
	struct event event;
	uint64_t first = 0, last = 0;
	int code = events_start(&events, map.cache, "steal", input, time_ms);

	if (code)
		return code;
	while (events_next(&events, &event)) {
		first = first ?: event.time_us;
		last = event.time_us;
		map_add(&event);
	}
	events_stop(&events);
	map.ns = input ? (last - first) * 1000 : events.end_ns - events.start_ns;
	map.lost = events.lost;
	map_columns();
	map_within();
	return CODE_FINE;
}

/* ---- for people ---- */

static bool use_color(void)
{
	const char *no_color = getenv("NO_COLOR");

	if (!strcmp(color, "auto"))
		return isatty(STDOUT_FILENO) && !(no_color && *no_color);
	return !strcmp(color, "always");
}

/* From black over red to yellow, of the 256 colors that terminals have. */
static void heat_start(uint64_t value)
{
	static const unsigned char heat[] = { 52, 88, 124, 160, 196, 202, 208,
					      214, 220 };
	unsigned int step = map.highest ? value * (COUNT_OF(heat) - 1) /
					  map.highest : 0;

	if (value && use_color())
		printf("\033[48;5;%um\033[38;5;%um", heat[step],
		       step > 4 ? 16 : 231);
}

static void heat_end(uint64_t value)
{
	if (value && use_color())
		fputs("\033[0m", stdout);
}

/* A number and its height, or where there is no room the height alone. */
static void cell_text(uint64_t value, bool wide)
{
	heat_start(value);
	if (!wide)
		fputs(value ? text_spark(value, map.highest) : ".", stdout);
	else if (value)
		printf("%6s%s", text_count(value),
		       text_spark(value, map.highest));
	else
		printf("%6s ", ".");
	heat_end(value);
}

/* Whether a node begins with that column. */
static bool node_begins(unsigned int column)
{
	return !column || map.node[map.column[column]] !=
			  map.node[map.column[column - 1]];
}

/* What stands between two CPUs of different nodes. */
static void node_gap(unsigned int column)
{
	if (map.nodes > 1 && column && node_begins(column))
		fputs(" | ", stdout);
}

static void map_head(bool wide)
{
	unsigned int i;

	printf("%-14s", "thief \\ victim");
	for (i = 0; i < map.columns; i++) {
		node_gap(i);
		if (wide)
			printf("%6u ", map.column[i]);
		else
			printf("%u", map.column[i] % 10);
	}
	puts("      sum");
}

/* The node of each block, above it. Narrow columns have no room: see the rows. */
static void map_nodes(void)
{
	unsigned int i;

	if (map.nodes < 2)
		return;
	printf("%14s", "");
	for (i = 0; i < map.columns; i++) {
		node_gap(i);
		if (node_begins(i))
			printf("%5s%-2u", "n", map.node[map.column[i]]);
		else
			printf("%7s", "");
	}
	putchar('\n');
}

static void map_row(unsigned int thief, bool wide)
{
	uint64_t objects, sum = 0;
	unsigned int i;

	if (map.nodes > 1)
		printf("n%-4u CPU %-4u", map.node[thief], thief);
	else
		printf("CPU %-10u", thief);
	for (i = 0; i < map.columns; i++) {
		node_gap(i);
		objects = map_pair(thief, map.column[i])->objects;
		cell_text(objects, wide);
		sum += objects;
	}
	printf("%9s\n", text_count(sum));
}

static void map_sums(void)
{
	unsigned int i, thief;
	uint64_t sum;

	printf("%-14s", "sum");
	for (i = 0; i < map.columns; i++) {
		node_gap(i);
		for (sum = thief = 0; thief < map.cpus; thief++)
			sum += map_pair(thief, map.column[i])->objects;
		printf("%6s ", text_count(sum));
	}
	printf("%9s\n", text_count(map.sum.objects));
}

/* The hottest that has not been shown, or NULL. */
static struct pair *pair_hottest(bool *shown)
{
	size_t i, nr = (size_t)map.cpus * map.cpus, best = nr;

	for (i = 0; i < nr; i++)
		if (map.pair[i].objects && !shown[i] &&
		    (best == nr ||
		     map.pair[i].objects > map.pair[best].objects))
			best = i;
	if (best == nr)
		return NULL;
	shown[best] = true;
	return &map.pair[best];
}

static void map_pairs(void)
{
	bool *shown = calloc((size_t)map.cpus * map.cpus, sizeof(*shown));
	unsigned int i, thief, victim;
	struct pair *pair;

	for (i = 0; shown && i < PAIRS_SHOWN; i++) {
		pair = pair_hottest(shown);
		if (!pair)
			break;
		thief = (pair - map.pair) / map.cpus;
		victim = (pair - map.pair) % map.cpus;
		printf("CPU %u took %" PRIu64 " objects from CPU %u (%s %%)", thief,
		       pair->objects, victim,
		       text_share(pair->objects, map.sum.objects));
		if (map.node[thief] != map.node[victim])
			printf(", node %u from node %u", map.node[thief],
			       map.node[victim]);
		putchar('\n');
	}
	free(shown);
}

static void map_text(void)
{
	char lost[64] = "";
	unsigned int i;
	bool wide;

	if (map.lost)
		snprintf(lost, sizeof(lost),
			 "; %" PRIu64 " events lost, so it is more", map.lost);
	text_line(0, "", "%s: %" PRIu64 " objects stolen in %" PRIu64
		  " magazines in %.1f s; %" PRIu64 " aged; %s %% within a node%s",
		  map.cache, map.sum.objects, map.sum.magazines, map.ns / 1e9,
		  map.aged, text_share(map.within, map.sum.objects), lost);
	putchar('\n');
	wide = 14 + map.columns * 7 + (map.nodes - 1) * 3 + 9 <= (text_width() ?: WIDTH_DEFAULT);
	if (wide)
		map_nodes();
	map_head(wide);
	for (i = 0; i < map.columns; i++)
		map_row(map.column[i], wide);
	if (wide)
		map_sums();
	putchar('\n');
	map_pairs();
}

/* ---- for programs ---- */

static void map_json_pair(struct json_object *array, unsigned int thief,
			  unsigned int victim)
{
	struct pair *pair = map_pair(thief, victim);
	struct json_object *item;

	if (!pair->magazines)
		return;
	item = json_item(array);
	json_number(item, "thief_cpu", thief);
	json_number(item, "thief_node", map.node[thief]);
	json_number(item, "victim_cpu", victim);
	json_number(item, "victim_node", map.node[victim]);
	json_number(item, "magazines", pair->magazines);
	json_number(item, "objects", pair->objects);
}

static void map_json(void)
{
	struct json_object *object = json_begin("map"), *array;
	unsigned int thief, victim;

	json_text(object, "name", map.cache);
	json_number(object, "interval_ms", map.ns / 1000000);
	json_number(object, "magazines", map.sum.magazines);
	json_number(object, "objects", map.sum.objects);
	json_number(object, "aged_objects", map.aged);
	json_number(object, "within_node_objects", map.within);
	json_number(object, "lost_events", map.lost);
	json_number(object, "nodes", map.nodes);
	array = json_array_in(object, "pairs");
	for (thief = 0; thief < map.cpus; thief++)
		for (victim = 0; victim < map.cpus; victim++)
			map_json_pair(array, thief, victim);
	json_end(object);
}

static int map_run(int argc, char **argv)
{
	int code;

	(void)argc;
	map.cache = argv[0];
	code = input ? CODE_FINE : cache_find(map.cache);
	if (code)
		return code;
	interrupt_catch();
	map_machine();
	code = map_gather();
	if (code)
		return code;
	if (want_json)
		map_json();
	else
		map_text();
	free(map.pair);
	return CODE_FINE;
}

const struct command map_command = {
	.name = "map",
	.arguments = "CACHE",
	.summary = "Who steals from whom: thief by victim, as a heat table",
	.options = map_options,
	.most = 1,
	.least = 1,
	.run = map_run,
};
