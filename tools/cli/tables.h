/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is read of objcache in /sys/kernel/debug/objcache, and of the machine around
 * it. Everything is looked for below @root.
 */
#ifndef OBJCACHE_CLI_TABLES_H
#define OBJCACHE_CLI_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../../module/objcache_uapi.h"

#define DEBUGFS		"/sys/kernel/debug/objcache"
#define NAME_SIZE	OBJCACHE_DEV_NAME_LEN
#define KEY_SIZE	32

extern const char *root;		/* "" is the machine's own */

#define PATH_SIZE	512

uint64_t now_ns(void);

/* A path below the root; the result is overwritten by the next eight calls. */
const char *rooted(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
FILE *rooted_open(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
bool rooted_exists(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
/* The first line of a file, without its end; false: there is none. */
bool rooted_line(char *line, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- stats: the keys are those of OBJCACHE_STATS(), and whatever else is there ---- */

enum stat_key {
#define STAT_ENUM(name, meaning)	STAT_##name,
	OBJCACHE_STATS(STAT_ENUM)
#undef STAT_ENUM
	STATS_NR,
};

struct stat_name {
	const char *name;
	const char *meaning;
};

extern const struct stat_name stat_names[STATS_NR];

#define MORE_MOST	32

struct number {
	char name[KEY_SIZE];
	uint64_t value;
};

struct cache_stats {
	uint64_t time_ns;		/* when it was read */
	uint64_t schema;
	uint64_t value[STATS_NR];	/* 0 of what this module does not count */
	bool there[STATS_NR];
	struct number more[MORE_MOST];	/* what this command has no name for */
	unsigned int more_nr;
};

/* 0, or the errno: ENOENT the cache has gone. */
int stats_read(const char *cache, struct cache_stats *stats);
/* One key, of this command's or not. */
bool debugfs_stat(const char *cache, const char *key, uint64_t *value);

/* created less destroyed: those that there are. */
uint64_t stats_objects(const struct cache_stats *stats);

/* ---- cpus ---- */

#define COLUMNS_MOST	24

struct cpu_table {
	unsigned int columns;		/* without the first, the CPU's number */
	unsigned int rows;
	char name[COLUMNS_MOST][KEY_SIZE];	/* as in stats, where it is the same */
	unsigned int *cpu;
	uint64_t *value;		/* rows of columns */
};

int cpus_read(const char *cache, struct cpu_table *table);
void cpus_free(struct cpu_table *table);
/* Its column of that name, or -1. */
int cpus_column(const struct cpu_table *table, const char *name);
uint64_t cpus_value(const struct cpu_table *table, unsigned int row,
		    unsigned int column);

/* ---- config ---- */

#define CONFIG_MOST	40

struct cache_config {
	unsigned int nr;
	struct {
		char key[KEY_SIZE];
		char text[160];
	} line[CONFIG_MOST];
};

int config_read(const char *cache, struct cache_config *config);
const char *config_text(const struct cache_config *config, const char *key);
/* 0 where there is none. */
uint64_t config_number(const struct cache_config *config, const char *key);
/* "0x81 NO_STEAL ACCOUNT": those behind the number, "" for none. */
const char *config_flags(const struct cache_config *config);
/* In debug mode, of whatever level: it has no magazines, and is slow. */
bool config_debugged(const struct cache_config *config);

/* ---- all caches, by name ---- */

struct cache_names {
	unsigned int nr;
	char (*name)[NAME_SIZE];
};

/*
 * 0, or what to exit with after saying why there is nothing to read: no module, no
 * debugfs, no permission.
 */
int names_read(struct cache_names *names);
/* The same, but 0 or the errno, and nothing is said. */
int names_list(struct cache_names *names);
void names_free(struct cache_names *names);
/* The same for one cache. */
int cache_find(const char *cache);

/* ---- memory ---- */

struct cache_memory {
	uint64_t objects_bytes;		/* parked, releasing and in use */
	uint64_t slab_bytes;		/* the slab's pages; 0: not known */
	uint64_t slab_objects;		/* places in them */
	uint64_t cpus_bytes;		/* magazines and rings, at most */
};

void memory_read(const struct cache_stats *stats,
		 const struct cache_config *config,
		 struct cache_memory *memory);
/* What /proc/slabinfo knows, for which it asks every slab of the machine. */
void slab_read(const char *cache, struct cache_memory *memory);

/* ---- the machine ---- */

/* "0-3,8" has bit n for n; how many. */
unsigned int list_read(const char *path, bool *set, unsigned int size);

#define CPUS_MOST	8192

/* Of each CPU its node, 0 where nobody says; how many nodes. */
unsigned int nodes_read(unsigned int *node, unsigned int cpus);

#endif /* OBJCACHE_CLI_TABLES_H */
