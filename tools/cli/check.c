// SPDX-License-Identifier: GPL-2.0
/*
 * objcache check: do the books of a cache balance, and does it keep to its bounds?
 *
 * A cache in use is read while it moves. So it is read until nothing has moved from
 * before to after; if that never happens, what is off may be as much as what moved.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "text.h"
#include "view.h"
#include "width.h"

#define READINGS	40
#define PAUSE_MS	50
#define HOLDERS_SHOWN	20	/* lines of outstanding */

static bool all;

static const struct option_spec check_options[] = {
	{ 'a', "all", NULL, "show each check, not only those that failed",
	  OPTION_FLAG, &all },
	{},
};

enum verdict { VERDICT_FINE, VERDICT_WRONG, VERDICT_SKIPPED };

static const char *const verdict_words[] = { "fine", "WRONG", "skipped" };

/* A cache that is being checked. */
struct audit {
	struct view view;
	struct cpu_table cpus;
	uint64_t moved;			/* while it was read */
	unsigned int checks, wrong;
	struct json_object *array;	/* with --json */
};

static uint64_t count_of(const struct audit *audit, enum stat_key key)
{
	return audit->view.stats.value[key];
}

static void audit_say(struct audit *audit, enum verdict verdict,
		      const char *name, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void audit_say(struct audit *audit, enum verdict verdict,
		      const char *name, const char *format, ...)
{
	struct json_object *item;
	char text[256], head[32];
	va_list args;

	audit->checks += verdict != VERDICT_SKIPPED;
	audit->wrong += verdict == VERDICT_WRONG;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (want_json) {
		item = json_item(audit->array);
		json_text(item, "check", name);
		json_text(item, "verdict", verdict_words[verdict]);
		json_text(item, "text", text);
	} else if (all || verdict == VERDICT_WRONG) {
		snprintf(head, sizeof(head), "  %-8s %-8s ", name,
			 verdict_words[verdict]);
		text_line(strlen(head), head, "%s", text);
	}
}

/* Both are the same, but for what moved. */
static enum verdict same(const struct audit *audit, uint64_t a, uint64_t b)
{
	uint64_t off = a > b ? a - b : b - a;

	return off > audit->moved ? VERDICT_WRONG : VERDICT_FINE;
}

static enum verdict at_most(const struct audit *audit, uint64_t value,
			    uint64_t most)
{
	return value > most && value - most > audit->moved ? VERDICT_WRONG :
							     VERDICT_FINE;
}

/* ---- reading ---- */

static uint64_t stats_moved(const struct cache_stats *a,
			    const struct cache_stats *b)
{
	uint64_t moved = 0;
	unsigned int i;

	for (i = 0; i < STATS_NR; i++)
		moved += a->value[i] > b->value[i] ? a->value[i] - b->value[i] :
						     b->value[i] - a->value[i];
	return moved;
}

static int audit_read(struct audit *audit, const char *cache)
{
	struct cache_stats before, after;
	unsigned int i;
	int err;

	for (i = 0; i < READINGS; i++) {
		if (i && !pause_ms(PAUSE_MS))
			break;
		cpus_free(&audit->cpus);
		err = stats_read(cache, &before) ?:
		      cpus_read(cache, &audit->cpus) ?:
		      view_read(&audit->view, cache) ?:
		      stats_read(cache, &after);
		if (err)
			return err;
		audit->moved = stats_moved(&before, &after);
		if (!audit->moved)
			break;
	}
	slab_read(cache, &audit->view.memory);
	return 0;
}

/* ---- what is checked ---- */

static void check_balance(struct audit *audit)
{
	int64_t off = stats_imbalance(&audit->view.stats);
	enum verdict verdict = same(audit, off < 0 ? -off : off, 0);

	audit_say(audit, verdict, "balance", "created %" PRIu64 " = destroyed %"
		  PRIu64 " + parked %" PRIu64 " + releasing %" PRIu64
		  " + in use %" PRIu64 ", off by %" PRId64,
		  count_of(audit, STAT_created), count_of(audit, STAT_destroyed),
		  count_of(audit, STAT_parked), count_of(audit, STAT_releasing),
		  count_of(audit, STAT_in_use), off);
}

static void check_in_use(struct audit *audit)
{
	uint64_t back = count_of(audit, STAT_puts) +
			count_of(audit, STAT_discarded);

	audit_say(audit, same(audit, count_of(audit, STAT_gets),
			      back + count_of(audit, STAT_in_use)),
		  "in use", "gets %" PRIu64 " = puts %" PRIu64 " + discarded %"
		  PRIu64 " + in use %" PRIu64, count_of(audit, STAT_gets),
		  count_of(audit, STAT_puts), count_of(audit, STAT_discarded),
		  count_of(audit, STAT_in_use));
}

static void check_steals(struct audit *audit)
{
	audit_say(audit, same(audit, count_of(audit, STAT_steals),
			      count_of(audit, STAT_stolen)),
		  "steals", "%" PRIu64 " by thieves, %" PRIu64 " from victims",
		  count_of(audit, STAT_steals), count_of(audit, STAT_stolen));
}

static void check_hits(struct audit *audit)
{
	audit_say(audit, at_most(audit, count_of(audit, STAT_hits),
				 count_of(audit, STAT_gets)),
		  "hits", "%" PRIu64 " of %" PRIu64 " gets",
		  count_of(audit, STAT_hits), count_of(audit, STAT_gets));
}

/* What all CPUs have counted is what the cache has; parked may lie elsewhere too. */
static void check_sum(struct audit *audit, unsigned int column,
		      enum stat_key key)
{
	uint64_t sum = 0, whole = count_of(audit, key);
	enum verdict verdict;
	unsigned int row;

	for (row = 0; row < audit->cpus.rows; row++)
		sum += cpus_value(&audit->cpus, row, column);
	verdict = key == STAT_parked ? at_most(audit, sum, whole) :
				       same(audit, sum, whole);
	audit_say(audit, verdict, "CPUs", "%s: %" PRIu64 " on all CPUs, %"
		  PRIu64 " in all", stat_names[key].name, sum, whole);
}

static void check_sums(struct audit *audit)
{
	unsigned int key;
	int column;

	for (key = 0; key < STATS_NR; key++) {
		column = cpus_column(&audit->cpus, stat_names[key].name);
		if (column >= 0)
			check_sum(audit, column, key);
	}
}

static void check_capacity(struct audit *audit)
{
	uint64_t capacity = config_number(&audit->view.config, "capacity");
	int column = cpus_column(&audit->cpus, "parked");
	uint64_t parked, most = 0;
	unsigned int row, cpu = 0;

	if (column < 0 || !capacity) {
		audit_say(audit, VERDICT_SKIPPED, "capacity",
			  "this module does not say");
		return;
	}
	for (row = 0; row < audit->cpus.rows; row++) {
		parked = cpus_value(&audit->cpus, row, column);
		if (parked <= most)
			continue;
		most = parked;
		cpu = audit->cpus.cpu[row];
	}
	audit_say(audit, at_most(audit, most, capacity), "capacity",
		  "%" PRIu64 " parked on CPU %u, the most; %" PRIu64
		  " may be", most, cpu, capacity);
}

/* Of debug mode: one line each, and one if there are none. */
static void check_findings(struct audit *audit)
{
	unsigned int key, found = 0;

	for (key = 0; key < STATS_NR; key++) {
		if (!stat_is_finding(key) || !count_of(audit, key))
			continue;
		found++;
		audit_say(audit, VERDICT_WRONG, "debug", "%s %" PRIu64 ": %s",
			  stat_names[key].name, count_of(audit, key),
			  stat_names[key].meaning);
	}
	if (!found)
		audit_say(audit, VERDICT_FINE, "debug", "nothing was found");
}

/* max_objects and min_objects, of a cache that has them. */
static void check_bounds(struct audit *audit)
{
	uint64_t objects = stats_objects(&audit->view.stats);
	uint64_t max = config_number(&audit->view.config, "max_objects");
	uint64_t min = config_number(&audit->view.config, "min_objects");

	if (max)
		audit_say(audit, at_most(audit, objects, max), "maximum",
			  "%" PRIu64 " objects, %" PRIu64 " may be", objects,
			  max);
	if (min)
		audit_say(audit, at_most(audit, min, objects), "minimum",
			  "%" PRIu64 " objects, %" PRIu64 " must be", objects,
			  min);
}

static void check_memory(struct audit *audit)
{
	const struct cache_memory *memory = &audit->view.memory;
	uint64_t objects = stats_objects(&audit->view.stats);

	if (!memory->slab_objects && !memory->slab_bytes && objects) {
		audit_say(audit, VERDICT_SKIPPED, "memory",
			  "/proc/slabinfo does not have the slab");
		return;
	}
	audit_say(audit, at_most(audit, objects, memory->slab_objects), "memory",
		  "%" PRIu64 " objects of %" PRIu64 " that the slab has room for in %s",
		  objects, memory->slab_objects, text_bytes(memory->slab_bytes));
}

/* Debug mode knows who has what; every line of that file is for people. */
static void show_holders(const struct audit *audit, struct json_object *object)
{
	FILE *file = rooted_open(DEBUGFS "/%s/outstanding", audit->view.name);
	struct json_object *array = NULL;
	unsigned int nr = 0;
	char line[512];

	if (!file)
		return;
	if (want_json)
		array = json_array_in(object, "outstanding");
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		text_plain(line);
		if (want_json)
			json_text(json_item(array), "line", line);
		else if (nr++ < HOLDERS_SHOWN)
			printf("  %s %s\n", nr == 1 ? "held by:" : "        ",
			       line);
	}
	if (nr > HOLDERS_SHOWN)
		printf("           and %u lines more in %s/%s/outstanding\n",
		       nr - HOLDERS_SHOWN, DEBUGFS, audit->view.name);
	fclose(file);
}

static void check_all(struct audit *audit)
{
	check_balance(audit);
	check_in_use(audit);
	check_steals(audit);
	check_hits(audit);
	check_sums(audit);
	check_capacity(audit);
	check_bounds(audit);
	check_findings(audit);
	check_memory(audit);
}

/* ---- caches ---- */

struct totals {
	unsigned int caches, checks, wrong_caches;
};

static void audit_head(const struct audit *audit, struct json_object *object)
{
	char busy[96] = "";

	if (want_json) {
		json_text(object, "name", audit->view.name);
		json_number(object, "moved_while_read", audit->moved);
	} else {
		if (audit->moved)
			snprintf(busy, sizeof(busy), "; it is at work, so figures may be off by %"
				 PRIu64, audit->moved);
		text_line(0, "", "%s: %" PRIu64 " objects, %" PRIu64 " in use%s",
			  audit->view.name, stats_objects(&audit->view.stats),
			  count_of(audit, STAT_in_use), busy);
	}
}

/* One that has gone meanwhile is none. */
static void audit_cache(const char *cache, struct json_object *caches,
			struct totals *totals)
{
	struct audit audit = {};
	struct json_object *object = NULL;

	if (audit_read(&audit, cache)) {
		cpus_free(&audit.cpus);
		return;
	}
	if (want_json) {
		object = json_item(caches);
		audit_head(&audit, object);
		audit.array = json_array_in(object, "checks");
	} else {
		audit_head(&audit, NULL);
	}
	check_all(&audit);
	show_holders(&audit, object);
	if (want_json)
		json_number(object, "wrong", audit.wrong);
	totals->caches++;
	totals->checks += audit.checks;
	totals->wrong_caches += !!audit.wrong;
	cpus_free(&audit.cpus);
}

static void totals_say(const struct totals *totals, struct json_object *object)
{
	if (want_json) {
		json_number(object, "caches_checked", totals->caches);
		json_number(object, "caches_wrong", totals->wrong_caches);
		json_end(object);
	} else if (totals->wrong_caches) {
		printf("check: FAIL %u of %u caches\n", totals->wrong_caches,
		       totals->caches);
	} else {
		printf("check: PASS %u caches, %u checks\n", totals->caches,
		       totals->checks);
	}
}

static int check_run(int argc, char **argv)
{
	struct json_object *object = NULL, *caches = NULL;
	struct totals totals = {};
	struct cache_names names;
	unsigned int i;
	int code = argc ? cache_find(argv[0]) : CODE_FINE;

	code = code ?: names_read(&names);
	if (code)
		return code;
	interrupt_catch();
	if (want_json) {
		object = json_begin("check");
		caches = json_array_in(object, "caches");
	}
	for (i = 0; i < names.nr && !interrupted(); i++)
		if (!argc || !strcmp(argv[0], names.name[i]))
			audit_cache(names.name[i], caches, &totals);
	names_free(&names);
	totals_say(&totals, object);
	return totals.wrong_caches ? CODE_FAILED : interrupt_code();
}

const struct command check_command = {
	.name = "check",
	.arguments = "[CACHE]",
	.summary = "Audits every cache: balance, bounds, steals, memory; who holds what",
	.options = check_options,
	.most = 1,
	.run = check_run,
};
