/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A cache as list, stat and top see it: what was read of it together, and what that
 * comes to
 */
#ifndef OBJCACHE_CLI_VIEW_H
#define OBJCACHE_CLI_VIEW_H

#include "json.h"
#include "tables.h"

struct view {
	char name[NAME_SIZE];
	struct cache_stats stats;
	struct cache_config config;
	struct cache_memory memory;
};

/* 0 or the errno. */
int view_read(struct view *view, const char *cache);

/* Levels do not add up over time; all else is a count of events. */
bool stat_is_level(enum stat_key key);

/* What debug mode has found, and has to find nothing. */
bool stat_is_finding(enum stat_key key);

/* By how much a count has grown, 0 if it was read before the cache was made anew. */
uint64_t stat_grown(const struct cache_stats *now,
		    const struct cache_stats *before, enum stat_key key);

/* created - (destroyed + parked + releasing + in_use) */
int64_t stats_imbalance(const struct cache_stats *stats);

/* Each key of stats under its own name. */
void stats_json(struct json_object *object, const struct cache_stats *stats);
void shares_json(struct json_object *object, uint64_t gets, uint64_t hits,
		 uint64_t steals, uint64_t fresh);
void memory_json(struct json_object *object, const struct cache_memory *memory);

#endif /* OBJCACHE_CLI_VIEW_H */
