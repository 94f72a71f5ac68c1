// SPDX-License-Identifier: GPL-2.0
/*
 * objcache stat: what a cache counts, whole or since the last reading, and what that
 * means
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "text.h"
#include "view.h"
#include "width.h"

/* Of --delta without --watch. */
#define DELTA_MS	1000

#define LABEL		11	/* columns of what is before the text, usually */
#define EXACT_BELOW	1000000

static bool per_cpu, delta;
static unsigned int watch_ms, readings;

static const struct option_spec stat_options[] = {
	{ 'p', "per-cpu", NULL, "what each CPU has counted as well",
	  OPTION_FLAG, &per_cpu },
	{ 'w', "watch", "SECONDS", "again and again, with this between",
	  OPTION_SECONDS, &watch_ms, 100, 3600000 },
	{ 'd', "delta", NULL,
	  "what came since the reading before: a second earlier, or that of --watch",
	  OPTION_FLAG, &delta },
	{ 'n', "count", "N", "end after this many readings, with --watch",
	  OPTION_NUMBER, &readings, 1, 1000000000 },
	{},
};

/* One cache, as it was and as it is. */
struct reading {
	struct view now, before;
	bool has_before;
	struct cpu_table cpus_now, cpus_before;
};

static uint64_t reading_ns(const struct reading *r)
{
	return r->now.stats.time_ns - r->before.stats.time_ns;
}

/* What is shown of a key: levels as they are, in any case. */
static uint64_t reading_value(const struct reading *r, enum stat_key key)
{
	if (!delta || stat_is_level(key))
		return r->now.stats.value[key];
	return stat_grown(&r->now.stats, &r->before.stats, key);
}

static uint64_t reading_more(const struct reading *r, unsigned int i)
{
	const struct number *now = &r->now.stats.more[i];
	const struct number *before = &r->before.stats.more[i];

	if (!delta || i >= r->before.stats.more_nr ||
	    strcmp(now->name, before->name) || before->value > now->value)
		return now->value;
	return now->value - before->value;
}

/* ---- for people ---- */

static void stat_text_config(const struct view *view)
{
	static const char *const keys[] = {
		"slab_object_size", "batch", "capacity", "age_ms", "ops",
		"flags", "max_objects", "min_objects",
	};
	char rest[512] = "", head[NAME_SIZE + 2];
	const char *text;
	unsigned int i;
	size_t len = 0;

	for (i = 0; i < COUNT_OF(keys) && len < sizeof(rest); i++) {
		text = config_text(&view->config, keys[i]);
		if (text && text[0] && strcmp(text, "0") && strcmp(text, "0x0"))
			len += snprintf(rest + len, sizeof(rest) - len,
					", %s %s", keys[i], text);
	}
	snprintf(head, sizeof(head), "%s: ", view->name);
	text_line(LABEL, head, "%s bytes an object%s",
		  config_text(&view->config, "size") ?: "?", rest);
}

static void stat_text_memory(const struct view *view)
{
	const struct cache_memory *memory = &view->memory;

	bool known = memory->slab_objects;

	text_line(LABEL, "  memory", "objects %s%s%s%s; magazines and rings %s at most",
		  text_bytes(memory->objects_bytes), known ? " in " : "",
		  known ? text_bytes(memory->slab_bytes) : "",
		  known ? " of slab" : "", text_bytes(memory->cpus_bytes));
}

static void stat_text_balance(const struct cache_stats *stats)
{
	int64_t off = stats_imbalance(stats);
	char how_far[64] = "";

	if (off)
		snprintf(how_far, sizeof(how_far),
			 ", off by %" PRId64 " (see objcache check)", off);
	text_line(LABEL, "  balance", "created %" PRIu64 " = destroyed %" PRIu64
		  " + parked %" PRIu64 " + releasing %" PRIu64 " + in use %"
		  PRIu64 "%s", stats->value[STAT_created],
		  stats->value[STAT_destroyed], stats->value[STAT_parked],
		  stats->value[STAT_releasing], stats->value[STAT_in_use],
		  how_far);
}

static void stat_text_rates(const struct reading *r)
{
	uint64_t gets = reading_value(r, STAT_gets);

	printf("  gets     %s", text_count(gets));
	if (delta)
		printf(", %s a second", text_rate(gets, reading_ns(r)));
	printf("; hit %s %%, steal %s %%, fresh %s %%\n",
	       text_share(reading_value(r, STAT_hits), gets),
	       text_share(reading_value(r, STAT_steals), gets),
	       text_share(reading_value(r, STAT_fresh), gets));
}

static void stat_text_key(const struct reading *r, const char *name,
			  uint64_t value, bool has_rate, const char *meaning)
{
	char head[KEY_SIZE + 64];
	int len;

	len = snprintf(head, sizeof(head), "  %-16s %11" PRIu64 "  ", name,
		       value);
	if (delta)
		len += snprintf(head + len, sizeof(head) - len, "%6s%-2s  ",
				has_rate ? text_rate(value, reading_ns(r)) : "",
				has_rate ? "/s" : "");
	text_line(len, head, "%s", meaning);
}

static void stat_text_keys(const struct reading *r)
{
	unsigned int i;

	for (i = 0; i < STATS_NR; i++) {
		if (!r->now.stats.there[i])
			continue;
		if (stat_is_finding(i) && !r->now.stats.value[i])
			continue;
		stat_text_key(r, stat_names[i].name, reading_value(r, i),
			      !stat_is_level(i), stat_names[i].meaning);
	}
	for (i = 0; i < r->now.stats.more_nr; i++)
		stat_text_key(r, r->now.stats.more[i].name, reading_more(r, i),
			      false, "(newer than this command)");
}

/* That CPU's row of the reading before, or NULL. */
static const uint64_t *cpu_before(const struct reading *r, unsigned int row)
{
	const struct cpu_table *before = &r->cpus_before;
	unsigned int i;

	for (i = 0; i < before->rows; i++)
		if (before->cpu[i] == r->cpus_now.cpu[row] &&
		    before->columns == r->cpus_now.columns)
			return &before->value[i * before->columns];
	return NULL;
}

static uint64_t cpu_value(const struct reading *r, unsigned int row,
			  unsigned int column)
{
	uint64_t value = cpus_value(&r->cpus_now, row, column);
	const uint64_t *before = cpu_before(r, row);

	if (!delta || !strcmp(r->cpus_now.name[column], "parked") || !before ||
	    before[column] > value)
		return value;
	return value - before[column];
}

/* Exact as long as a line of them has room on a screen. */
static const char *cpu_text(uint64_t value)
{
	static char text[32];

	if (value >= EXACT_BELOW)
		return text_count(value);
	snprintf(text, sizeof(text), "%" PRIu64, value);
	return text;
}

static void stat_text_cpus(const struct reading *r)
{
	const struct cpu_table *cpus = &r->cpus_now;
	const char *heads[COLUMNS_MOST + 1] = { "  cpu" };
	struct text_table table;
	unsigned int row, column;

	for (column = 0; column < cpus->columns; column++)
		heads[column + 1] = cpus->name[column];
	table_start(&table, cpus->columns + 1, 0, heads);
	for (row = 0; row < cpus->rows; row++) {
		table_cell(&table, "%u", cpus->cpu[row]);
		for (column = 0; column < cpus->columns; column++)
			table_cell(&table, "%s",
				   cpu_text(cpu_value(r, row, column)));
	}
	table_print(&table);
}

static void stat_text(const struct reading *r)
{
	stat_text_config(&r->now);
	stat_text_rates(r);
	stat_text_memory(&r->now);
	stat_text_balance(&r->now.stats);
	stat_text_keys(r);
	if (per_cpu)
		stat_text_cpus(r);
}

/* ---- for programs ---- */

static void stat_json_keys(struct json_object *object, const struct reading *r)
{
	unsigned int i;

	for (i = 0; i < STATS_NR; i++)
		if (r->now.stats.there[i])
			json_number(object, stat_names[i].name,
				    reading_value(r, i));
	for (i = 0; i < r->now.stats.more_nr; i++)
		json_number(object, r->now.stats.more[i].name,
			    reading_more(r, i));
}

/* Numbers as such, with the unit that their key does not name. */
static void stat_json_config(struct json_object *object,
			     const struct cache_config *config)
{
	char key[KEY_SIZE + 8], *end;
	unsigned long long value;
	unsigned int i;

	json_text(object, "flag_names", config_flags(config));
	for (i = 0; i < config->nr; i++) {
		value = strtoull(config->line[i].text, &end, 0);
		snprintf(key, sizeof(key), "%s%s", config->line[i].key,
			 strstr(config->line[i].key, "size") ||
			 !strcmp(config->line[i].key, "align") ? "_bytes" : "");
		if (!strcmp(key, "bytes_per_cpu"))
			snprintf(key, sizeof(key), "cpu_bytes_most");
		if (!strcmp(key, "flags") ||
		    (*config->line[i].text && !*end))
			json_number(object, key, value);
		else
			json_text(object, key, config->line[i].text);
	}
}

static void stat_json_cpus(struct json_object *object, const struct reading *r)
{
	const struct cpu_table *cpus = &r->cpus_now;
	struct json_object *array = json_array_in(object, "cpus"), *item;
	unsigned int row, column;

	for (row = 0; row < cpus->rows; row++) {
		item = json_item(array);
		json_number(item, "cpu", cpus->cpu[row]);
		for (column = 0; column < cpus->columns; column++)
			json_number(item, cpus->name[column],
				    cpu_value(r, row, column));
	}
}

static void stat_json(struct json_object *array, const struct reading *r)
{
	struct json_object *object = json_item(array);
	uint64_t gets = reading_value(r, STAT_gets);

	json_text(object, "name", r->now.name);
	json_flag(object, "delta", delta);
	if (delta) {
		json_number(object, "interval_ms", reading_ns(r) / 1000000);
		json_number(object, "gets_per_second",
			    per_second(gets, reading_ns(r)));
	}
	shares_json(object, gets, reading_value(r, STAT_hits),
		    reading_value(r, STAT_steals),
		    reading_value(r, STAT_fresh));
	stat_json_keys(json_object_in(object, "stats"), r);
	json_signed(object, "imbalance", stats_imbalance(&r->now.stats));
	memory_json(object, &r->now.memory);
	stat_json_config(json_object_in(object, "config"), &r->now.config);
	if (per_cpu)
		stat_json_cpus(object, r);
}

/* ---- readings ---- */

/* Of those that are wanted and are there still. */
static struct reading *readings_of;
static unsigned int readings_nr;

static struct reading *reading_of(const char *cache)
{
	unsigned int i;

	for (i = 0; i < readings_nr; i++)
		if (!strcmp(readings_of[i].now.name, cache))
			return &readings_of[i];
	readings_of = realloc(readings_of,
			      (readings_nr + 1) * sizeof(*readings_of));
	if (!readings_of)
		exit(unsupported("no memory for %u caches", readings_nr + 1));
	memset(&readings_of[readings_nr], 0, sizeof(*readings_of));
	return &readings_of[readings_nr++];
}

/* 0 or the errno; a cache that is new has counted from 0 on. */
static int reading_take(const char *cache, struct reading **taken)
{
	struct reading *r = reading_of(cache);
	struct view view;
	int err;

	*taken = r;
	err = view_read(&view, cache);
	if (err)
		return err;
	slab_read(cache, &view.memory);
	r->has_before = r->now.name[0];
	r->before = r->has_before ? r->now : view;
	r->now = view;
	cpus_free(&r->cpus_before);
	r->cpus_before = r->cpus_now;
	memset(&r->cpus_now, 0, sizeof(r->cpus_now));
	return per_cpu ? cpus_read(cache, &r->cpus_now) : 0;
}

static void stat_show(const struct cache_names *names, bool quiet)
{
	struct json_object *object = NULL, *array = NULL;
	struct reading *r;
	unsigned int i, shown = 0;

	if (want_json && !quiet) {
		object = json_begin("stat");
		array = json_array_in(object, "caches");
	}
	for (i = 0; i < names->nr; i++) {
		if (reading_take(names->name[i], &r) || quiet)
			continue;
		if (want_json)
			stat_json(array, r);
		else if (shown++)
			putchar('\n');
		if (!want_json)
			stat_text(r);
	}
	if (object)
		json_end(object);
}

/* Of all caches that there are now, or of the one that was named. */
static int stat_once(const char *cache, bool quiet)
{
	char one[1][NAME_SIZE];
	struct cache_names names = { .nr = 1, .name = one };
	int code;

	if (cache) {
		code = cache_find(cache);
		snprintf(one[0], sizeof(one[0]), "%s", cache);
	} else {
		code = names_read(&names);
	}
	if (code)
		return code;
	stat_show(&names, quiet);
	fflush(stdout);
	if (!cache)
		names_free(&names);
	return CODE_FINE;
}

static int stat_run(int argc, char **argv)
{
	const char *cache = argc ? argv[0] : NULL;
	unsigned int pause = watch_ms ?: DELTA_MS, nr = 0;
	int code = CODE_FINE;

	if (readings && !watch_ms)
		return usage_error("--count %u: only with --watch", readings);
	interrupt_catch();
	if (delta) {
		code = stat_once(cache, true);
		if (!code && !pause_ms(pause))
			return interrupt_code();
	}
	while (!code) {
		code = stat_once(cache, false);
		if (code || !watch_ms || ++nr == readings)
			break;
		if (!pause_ms(pause))
			break;
		if (!want_json)
			printf("\n");
	}
	return code;
}

const struct command stat_command = {
	.name = "stat",
	.arguments = "[CACHE]",
	.summary = "What a cache has counted, its rates, its memory and its balance",
	.options = stat_options,
	.most = 1,
	.run = stat_run,
};
