// SPDX-License-Identifier: GPL-2.0
/*
 * objcache list: all caches, a line each
 */
#include "cli.h"
#include "text.h"
#include "view.h"

static void list_text(struct text_table *table, const struct view *view)
{
	const uint64_t *value = view->stats.value;
	const char *flags = config_flags(&view->config);

	table_cell(table, "%s", view->name);
	table_cell(table, "%s", config_text(&view->config, "size") ?: "-");
	table_cell(table, "%s", text_count(value[STAT_in_use]));
	table_cell(table, "%s", text_count(value[STAT_parked]));
	table_cell(table, "%s", text_count(value[STAT_gets]));
	table_cell(table, "%s", text_share(value[STAT_hits],
					   value[STAT_gets]));
	table_cell(table, "%s", text_share(value[STAT_steals],
					   value[STAT_gets]));
	table_cell(table, "%s", text_share(value[STAT_fresh],
					   value[STAT_gets]));
	table_cell(table, "%s", text_bytes(view->memory.objects_bytes +
					   view->memory.cpus_bytes));
	table_cell(table, "%s", flags[0] ? flags : "-");
}

static void list_json(struct json_object *array, const struct view *view)
{
	const uint64_t *value = view->stats.value;
	struct json_object *object = json_item(array);

	json_text(object, "name", view->name);
	json_number(object, "size_bytes", config_number(&view->config, "size"));
	json_number(object, "in_use", value[STAT_in_use]);
	json_number(object, "parked", value[STAT_parked]);
	json_number(object, "gets", value[STAT_gets]);
	shares_json(object, value[STAT_gets], value[STAT_hits],
		    value[STAT_steals], value[STAT_fresh]);
	memory_json(object, &view->memory);
	json_text(object, "flag_names", config_flags(&view->config));
}

static int list_run(int argc, char **argv)
{
	static const char *const heads[] = {
		"NAME", "SIZE", "IN USE", "PARKED", "GETS", "HIT%", "STEAL%",
		"FRESH%", "MEMORY", "FLAGS",
	};
	struct json_object *object = NULL, *array = NULL;
	struct text_table table;
	struct cache_names names;
	struct view view;
	unsigned int i;
	int code = names_read(&names);

	(void)argc;
	(void)argv;
	if (code)
		return code;
	if (want_json) {
		object = json_begin("list");
		array = json_array_in(object, "caches");
	} else {
		table_start(&table, COUNT_OF(heads), 1, heads);
		table.last_left = true;
	}
	for (i = 0; i < names.nr; i++) {
		if (view_read(&view, names.name[i]))
			continue;	/* it has gone */
		if (want_json)
			list_json(array, &view);
		else
			list_text(&table, &view);
	}
	if (want_json)
		json_end(object);
	else
		table_print(&table);
	names_free(&names);
	return CODE_FINE;
}

static const struct option_spec list_options[] = { {} };

const struct command list_command = {
	.name = "list",
	.arguments = "",
	.summary = "All caches, a line each: objects, rates, memory",
	.options = list_options,
	.run = list_run,
};
