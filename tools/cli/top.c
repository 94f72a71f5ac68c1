// SPDX-License-Identifier: GPL-2.0
/*
 * objcache top: all caches, live
 *
 * Caches come and go, and so may the module.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "screen.h"
#include "text.h"
#include "view.h"
#include "width.h"

#define HISTORY		24	/* intervals in a sparkline */
#define DELAY_MIN_MS	100
#define DELAY_MAX_MS	60000

/* By what lines are sorted, each with the key that asks for it. */
enum column { COLUMN_NAME, COLUMN_IN_USE, COLUMN_PARKED, COLUMN_MEMORY,
	      COLUMN_GETS, COLUMN_HIT, COLUMN_STEALS, COLUMN_FRESH };

static const char *const column_words[] = { "name", "in_use", "parked",
					    "memory", "gets", "hit", "steals",
					    "fresh", NULL };
static const char column_keys[] = "nupmghsf";

static const char *sort_word = "gets";
static unsigned int delay_ms = 1000;
static bool once;

static const struct option_spec top_options[] = {
	{ 's', "sort", "KEY",
	  "name, in_use, parked, memory, gets, hit, steals or fresh (gets)",
	  OPTION_WORD, &sort_word, 0, 0, column_words },
	{ 'd', "delay", "SECONDS", "between two looks, 0.1 to 60 (1)",
	  OPTION_SECONDS, &delay_ms, DELAY_MIN_MS, DELAY_MAX_MS },
	{ '1', "once", NULL, "print it once, with the rates of one delay; so does --json",
	  OPTION_FLAG, &once },
	{},
};

/* A cache that was there at the last look. */
struct line {
	char name[NAME_SIZE];
	struct cache_stats stats;
	uint64_t size, memory;
	uint64_t ns;			/* since the look before; 0: it is new */
	uint64_t grown[STATS_NR];	/* in that time */
	uint64_t hits[HISTORY];		/* a second, the newest last */
	bool seen;
};

static struct top {
	struct line *line;
	unsigned int nr;
	int err;			/* of the last look */
	enum column sort;
	bool reverse, paused;
	unsigned int first;		/* line on the screen */
} top;

/* ---- looking ---- */

static struct line *line_of(const char *name)
{
	struct line *line;
	unsigned int i;

	for (i = 0; i < top.nr; i++)
		if (!strcmp(top.line[i].name, name))
			return &top.line[i];
	line = realloc(top.line, (top.nr + 1) * sizeof(*line));
	if (!line)
		return NULL;
	top.line = line;
	line += top.nr++;
	memset(line, 0, sizeof(*line));
	snprintf(line->name, sizeof(line->name), "%s", name);
	return line;
}

/* Another one of the same name has counted less: it starts anew. */
static void line_update(struct line *line, const struct view *view)
{
	bool same = line->stats.time_ns &&
		    view->stats.value[STAT_created] >=
		    line->stats.value[STAT_created] &&
		    view->stats.value[STAT_ages] >= line->stats.value[STAT_ages];
	unsigned int i;

	if (!same)
		memset(line->hits, 0, sizeof(line->hits));
	line->ns = same ? view->stats.time_ns - line->stats.time_ns : 0;
	for (i = 0; i < STATS_NR; i++)
		line->grown[i] = same ? stat_grown(&view->stats, &line->stats, i) :
					0;
	memmove(line->hits, line->hits + 1,
		sizeof(line->hits) - sizeof(line->hits[0]));
	line->hits[HISTORY - 1] = per_second(line->grown[STAT_hits], line->ns);
	line->stats = view->stats;
	line->size = config_number(&view->config, "size");
	line->memory = view->memory.objects_bytes + view->memory.cpus_bytes;
	line->seen = true;
}

static void top_forget(void)
{
	unsigned int i, kept = 0;

	for (i = 0; i < top.nr; i++)
		if (top.line[i].seen)
			top.line[kept++] = top.line[i];
	top.nr = kept;
	for (i = 0; i < top.nr; i++)
		top.line[i].seen = false;
}

static uint64_t line_key(const struct line *line)
{
	switch (top.sort) {
	case COLUMN_IN_USE:
		return line->stats.value[STAT_in_use];
	case COLUMN_PARKED:
		return line->stats.value[STAT_parked];
	case COLUMN_MEMORY:
		return line->memory;
	case COLUMN_HIT:
		return permille(line->grown[STAT_hits], line->grown[STAT_gets]);
	case COLUMN_STEALS:
		return per_second(line->grown[STAT_steals], line->ns);
	case COLUMN_FRESH:
		return per_second(line->grown[STAT_fresh], line->ns);
	default:
		return per_second(line->grown[STAT_gets], line->ns);
	}
}

/* The most first, and by name where they are the same. */
static int line_compare(const void *a, const void *b)
{
	uint64_t x = line_key(a), y = line_key(b);
	int order = 0;

	if (top.sort != COLUMN_NAME)
		order = x < y ? 1 : x > y ? -1 : 0;
	if (!order)
		order = strcmp(((const struct line *)a)->name,
			       ((const struct line *)b)->name);
	return top.reverse ? -order : order;
}

static void top_sort(void)
{
	if (top.nr)
		qsort(top.line, top.nr, sizeof(*top.line), line_compare);
}

static void top_look(void)
{
	struct cache_names names;
	struct line *line;
	struct view view;
	unsigned int i;

	top.err = names_list(&names);
	for (i = 0; i < names.nr; i++) {
		if (view_read(&view, names.name[i]))
			continue;
		line = line_of(names.name[i]);
		if (line)
			line_update(line, &view);
	}
	names_free(&names);
	top_forget();
	top_sort();
}

/* ---- as lines ---- */

/* What a line has behind the name, and a blank; then the sparkline, if there is room. */
#define COLUMNS_FORMAT	" %7s %6s %6s %10s %6s %5s %7s %7s"
#define COLUMNS_WIDTH	62
#define NAME_LEAST	8

/* How wide the name and the sparkline are, on a screen so wide; 0: without an end. */
static struct layout {
	unsigned int name, sparks;
} layout;

static void layout_for(unsigned int width)
{
	unsigned int i, len, room;

	layout.name = NAME_LEAST;
	for (i = 0; i < top.nr; i++) {
		len = strlen(top.line[i].name);
		layout.name = len > layout.name ? len : layout.name;
	}
	room = width > COLUMNS_WIDTH + NAME_LEAST ? width - COLUMNS_WIDTH :
						    NAME_LEAST;
	if (!width)
		room = layout.name + 1 + HISTORY;
	layout.name = layout.name < room ? layout.name : room;
	room -= layout.name;
	layout.sparks = room > HISTORY ? HISTORY : room > 4 ? room - 1 : 0;
}

static void heads_text(char *text, size_t size)
{
	snprintf(text, size, "%-*s" COLUMNS_FORMAT "%s", (int)layout.name,
		 "NAME", "SIZE", "IN USE", "PARKED", "MEMORY", "GETS/s", "HIT%",
		 "STEAL/s", "FRESH/s", layout.sparks > 5 ? " HITS/s" : "");
}

static uint64_t line_most(const struct line *line)
{
	uint64_t most = 0;
	unsigned int i;

	for (i = 0; i < HISTORY; i++)
		most = line->hits[i] > most ? line->hits[i] : most;
	return most;
}

static void line_text(const struct line *line, char *text, size_t size)
{
	const uint64_t *grown = line->grown;
	uint64_t most = line_most(line);
	unsigned int i;
	char bytes[24];
	size_t len;

	snprintf(bytes, sizeof(bytes), "%" PRIu64, line->size);
	len = snprintf(text, size, "%-*.*s" COLUMNS_FORMAT " ",
		       (int)layout.name, (int)layout.name, line->name, bytes,
		       text_count(line->stats.value[STAT_in_use]),
		       text_count(line->stats.value[STAT_parked]),
		       text_bytes(line->memory),
		       text_rate(grown[STAT_gets], line->ns),
		       text_share(grown[STAT_hits], grown[STAT_gets]),
		       text_rate(grown[STAT_steals], line->ns),
		       text_rate(grown[STAT_fresh], line->ns));
	for (i = HISTORY - layout.sparks; i < HISTORY && len < size; i++)
		len += snprintf(text + len, size - len, "%s",
				text_spark(line->hits[i], most));
	while (len && text[len - 1] == ' ')
		text[--len] = '\0';
}

static void top_summary(char *text, size_t size)
{
	uint64_t memory = 0, gets = 0, hits = 0, rate = 0;
	char clock[16] = "";
	time_t now = time(NULL);
	unsigned int i;

	for (i = 0; i < top.nr; i++) {
		memory += top.line[i].memory;
		gets += top.line[i].grown[STAT_gets];
		hits += top.line[i].grown[STAT_hits];
		rate += per_second(top.line[i].grown[STAT_gets],
				   top.line[i].ns);
	}
	strftime(clock, sizeof(clock), "%H:%M:%S", localtime(&now));
	snprintf(text, size,
		 "%s%s  %u caches, %s; %s gets/s, %s %% hits; by %s%s, every %g s",
		 clock, top.paused ? " paused" : "", top.nr,
		 text_bytes(memory), text_count(rate), text_share(hits, gets),
		 column_words[top.sort], top.reverse ? ", reversed" : "",
		 delay_ms / 1e3);
}

/* ---- once ---- */

static void top_print(void)
{
	char text[512];
	unsigned int i;

	layout_for(text_width());
	top_summary(text, sizeof(text));
	puts(text);
	heads_text(text, sizeof(text));
	puts(text);
	for (i = 0; i < top.nr; i++) {
		line_text(&top.line[i], text, sizeof(text));
		puts(text);
	}
}

static void line_json(struct json_object *array, const struct line *line)
{
	struct json_object *item = json_item(array);

	json_text(item, "name", line->name);
	json_number(item, "interval_ms", line->ns / 1000000);
	json_number(item, "size_bytes", line->size);
	json_number(item, "memory_bytes", line->memory);
	json_number(item, "in_use", line->stats.value[STAT_in_use]);
	json_number(item, "parked", line->stats.value[STAT_parked]);
	json_number(item, "gets_per_second",
		    per_second(line->grown[STAT_gets], line->ns));
	json_number(item, "hits_per_second", line->hits[HISTORY - 1]);
	json_number(item, "steals_per_second",
		    per_second(line->grown[STAT_steals], line->ns));
	json_number(item, "fresh_per_second",
		    per_second(line->grown[STAT_fresh], line->ns));
	shares_json(item, line->grown[STAT_gets], line->grown[STAT_hits],
		    line->grown[STAT_steals], line->grown[STAT_fresh]);
}

static void top_json(void)
{
	struct json_object *object = json_begin("top"), *array;
	unsigned int i;

	array = json_array_in(object, "caches");
	for (i = 0; i < top.nr; i++)
		line_json(array, &top.line[i]);
	json_end(object);
}

static int top_once(void)
{
	top_look();
	if (!pause_ms(delay_ms))
		return interrupt_code();
	top_look();
	if (want_json)
		top_json();
	else
		top_print();
	return CODE_FINE;
}

/* ---- live ---- */

static const char top_keys[] =
	"n u p m g h s f: sort by name, in use, parked, memory, gets, hit, steals,"
	" fresh; r: reverse; +-: delay; space: pause; q: quit";
static const char top_keys_short[] =
	"(n)ame in(u)se (p)arked (m)emory (g)ets (h)it (s)teal (f)resh (r)everse (q)uit";

static void top_draw(void)
{
	unsigned int i, room = screen_lines() > 3 ? screen_lines() - 3 : 0;
	bool narrow = screen_columns() < (int)strlen(top_keys);
	char text[512];

	if (top.first + room > top.nr)
		top.first = top.nr > room ? top.nr - room : 0;
	screen_clear();
	layout_for(screen_columns());
	top_summary(text, sizeof(text));
	screen_line(0, text, false);
	heads_text(text, sizeof(text));
	screen_line(1, text, true);
	for (i = 0; i < room && top.first + i < top.nr; i++) {
		line_text(&top.line[top.first + i], text, sizeof(text));
		screen_line(2 + i, text, false);
	}
	if (top.err) {
		snprintf(text, sizeof(text), "%s: %s", rooted(DEBUGFS),
			 strerror(top.err));
		screen_line(2, text, false);
	}
	screen_line(screen_lines() - 1, narrow ? top_keys_short : top_keys,
		    false);
	screen_show();
}

static void top_scroll(int lines)
{
	if (lines < 0 && top.first < (unsigned int)-lines)
		top.first = 0;
	else
		top.first += lines;
}

static void top_sort_by(int key)
{
	const char *at = key > 0 && key < 128 ? strchr(column_keys, key) : NULL;

	if (!at)
		return;
	top.sort = at - column_keys;
	top_sort();
}

/* False: the end. */
static bool top_key(int key)
{
	int page = screen_lines() > 4 ? screen_lines() - 4 : 1;

	if (key == 'q')
		return false;
	if (key == ' ')
		top.paused = !top.paused;
	else if (key == 'r')
		top.reverse = !top.reverse;
	else if (key == '+' && delay_ms * 2 <= DELAY_MAX_MS)
		delay_ms *= 2;
	else if (key == '-' && delay_ms / 2 >= DELAY_MIN_MS)
		delay_ms /= 2;
	else if (key == KEY_LINE_UP || key == KEY_LINE_DOWN)
		top_scroll(key == KEY_LINE_UP ? -1 : 1);
	else if (key == KEY_PAGE_UP || key == KEY_PAGE_DOWN)
		top_scroll(key == KEY_PAGE_UP ? -page : page);
	else
		top_sort_by(key);
	top_sort();
	return true;
}

static int top_live(void)
{
	const char *problem = screen_start();
	uint64_t next, now;
	bool more = true;

	if (problem)
		return unsupported("top: %s; see --once", problem);
	for (next = now_ns(); more && !interrupted();) {
		now = now_ns();
		if (now >= next) {
			if (!top.paused)
				top_look();
			next = now + delay_ms * 1000000ULL;
		}
		top_draw();
		more = top_key(screen_key((next - now) / 1000000 + 1));
	}
	screen_end();
	return CODE_FINE;
}

static int top_run(int argc, char **argv)
{
	struct cache_names names;
	unsigned int i;
	int code = names_read(&names);

	(void)argc;
	(void)argv;
	if (code)
		return code;
	names_free(&names);
	for (i = 0; column_words[i]; i++)
		if (!strcmp(column_words[i], sort_word))
			top.sort = i;
	interrupt_catch();
	code = once || want_json ? top_once() : top_live();
	free(top.line);
	return code;
}

const struct command top_command = {
	.name = "top",
	.arguments = "",
	.summary = "All caches, live: objects, rates, a sparkline of hits",
	.options = top_options,
	.run = top_run,
};
