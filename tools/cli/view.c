// SPDX-License-Identifier: GPL-2.0
/*
 * A cache as list, stat and top see it
 */
#include <string.h>

#include "cli.h"
#include "text.h"
#include "view.h"

int view_read(struct view *view, const char *cache)
{
	int err;

	memset(view, 0, sizeof(*view));
	snprintf(view->name, sizeof(view->name), "%s", cache);
	err = stats_read(cache, &view->stats);
	if (!err)
		err = config_read(cache, &view->config);
	if (!err)
		memory_read(&view->stats, &view->config, &view->memory);
	return err;
}

bool stat_is_level(enum stat_key key)
{
	return key == STAT_parked || key == STAT_releasing ||
	       key == STAT_in_use || key == STAT_magazines_empty;
}

bool stat_is_finding(enum stat_key key)
{
	return !strncmp(stat_names[key].meaning, "debug mode: ", 12);
}

uint64_t stat_grown(const struct cache_stats *now,
		    const struct cache_stats *before, enum stat_key key)
{
	if (now->value[key] < before->value[key])
		return 0;
	return now->value[key] - before->value[key];
}

int64_t stats_imbalance(const struct cache_stats *stats)
{
	return (int64_t)(stats->value[STAT_created] -
			 stats->value[STAT_destroyed] -
			 stats->value[STAT_parked] -
			 stats->value[STAT_releasing] -
			 stats->value[STAT_in_use]);
}

void stats_json(struct json_object *object, const struct cache_stats *stats)
{
	unsigned int i;

	for (i = 0; i < STATS_NR; i++)
		if (stats->there[i])
			json_number(object, stat_names[i].name,
				    stats->value[i]);
	for (i = 0; i < stats->more_nr; i++)
		json_number(object, stats->more[i].name, stats->more[i].value);
}

void shares_json(struct json_object *object, uint64_t gets, uint64_t hits,
		 uint64_t steals, uint64_t fresh)
{
	json_number(object, "hit_permille", permille(hits, gets));
	json_number(object, "steal_permille", permille(steals, gets));
	json_number(object, "fresh_permille", permille(fresh, gets));
}

void memory_json(struct json_object *object, const struct cache_memory *memory)
{
	struct json_object *in = json_object_in(object, "memory");

	json_number(in, "objects_bytes", memory->objects_bytes);
	if (memory->slab_objects)
		json_number(in, "slab_bytes", memory->slab_bytes);
	json_number(in, "cpus_bytes_most", memory->cpus_bytes);
}
