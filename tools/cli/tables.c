// SPDX-License-Identifier: GPL-2.0
/*
 * What is read in /sys/kernel/debug/objcache. A cache may go at any time; a newer
 * module may say more than is known here.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tables.h"

#define LINE_SIZE	2048
#define COUNT_OF(array)	(sizeof(array) / sizeof((array)[0]))

const char *root = "";

const struct stat_name stat_names[STATS_NR] = {
#define STAT_NAME(name, meaning)	[STAT_##name] = { #name, meaning },
	OBJCACHE_STATS(STAT_NAME)
#undef STAT_NAME
};

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* ---- files ---- */

static const char *rooted_va(const char *format, va_list args)
{
	static char paths[8][PATH_SIZE];
	static unsigned int next;
	char *path = paths[next++ % COUNT_OF(paths)];
	int len = snprintf(path, PATH_SIZE, "%s", root);

	if (len < PATH_SIZE)
		vsnprintf(path + len, PATH_SIZE - len, format, args);
	return path;
}

const char *rooted(const char *format, ...)
{
	const char *path;
	va_list args;

	va_start(args, format);
	path = rooted_va(format, args);
	va_end(args);
	return path;
}

FILE *rooted_open(const char *format, ...)
{
	const char *path;
	va_list args;

	va_start(args, format);
	path = rooted_va(format, args);
	va_end(args);
	return fopen(path, "re");
}

bool rooted_exists(const char *format, ...)
{
	const char *path;
	va_list args;

	va_start(args, format);
	path = rooted_va(format, args);
	va_end(args);
	return !access(path, F_OK);
}

bool rooted_line(char *line, size_t size, const char *format, ...)
{
	va_list args;
	bool got;
	FILE *file;

	va_start(args, format);
	file = fopen(rooted_va(format, args), "re");
	va_end(args);
	if (!file)
		return false;
	got = fgets(line, size, file);
	if (got)
		line[strcspn(line, "\n")] = '\0';
	fclose(file);
	return got;
}

/* errno of a file that could not be opened or read; 0 is not one. */
static int file_error(void)
{
	return errno ?: EIO;
}

/* ---- stats ---- */

static uint64_t *stats_place(struct cache_stats *stats, const char *key)
{
	struct number *more = &stats->more[stats->more_nr];
	unsigned int i;

	if (!strcmp(key, "schema"))
		return &stats->schema;
	for (i = 0; i < STATS_NR; i++)
		if (!strcmp(key, stat_names[i].name)) {
			stats->there[i] = true;
			return &stats->value[i];
		}
	if (stats->more_nr == MORE_MOST)
		return NULL;
	stats->more_nr++;
	snprintf(more->name, sizeof(more->name), "%s", key);
	return &more->value;
}

/* Lines that are no number are somebody else's. */
int stats_read(const char *cache, struct cache_stats *stats)
{
	char line[LINE_SIZE], key[KEY_SIZE];
	uint64_t value, *place;
	FILE *file;

	memset(stats, 0, sizeof(*stats));
	errno = 0;
	file = rooted_open(DEBUGFS "/%s/stats", cache);
	if (!file)
		return file_error();
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%31[^:]: %" SCNu64, key, &value) != 2)
			continue;
		place = stats_place(stats, key);
		if (place)
			*place = value;
	}
	stats->time_ns = now_ns();
	fclose(file);
	return stats->schema ? 0 : ENODATA;
}

bool debugfs_stat(const char *cache, const char *key, uint64_t *value)
{
	struct cache_stats stats;
	unsigned int i;

	if (stats_read(cache, &stats))
		return false;
	for (i = 0; i < STATS_NR; i++)
		if (!strcmp(key, stat_names[i].name)) {
			*value = stats.value[i];
			return stats.there[i];
		}
	for (i = 0; i < stats.more_nr; i++)
		if (!strcmp(key, stats.more[i].name)) {
			*value = stats.more[i].value;
			return true;
		}
	return false;
}

uint64_t stats_objects(const struct cache_stats *stats)
{
	return stats->value[STAT_created] - stats->value[STAT_destroyed];
}

/* ---- cpus ---- */

/* Column heads of two words, and what stats calls the same. */
static const struct {
	const char *head, *key;
} cpu_heads[] = {
	{ "own ring", "own_ring" },
	{ "stolen by", "steals" },
	{ "stolen from", "stolen" },
};

static const char *head_next(const char *at, char *name)
{
	unsigned int i;
	size_t len;

	at += strspn(at, " \n");
	for (i = 0; i < COUNT_OF(cpu_heads); i++) {
		len = strlen(cpu_heads[i].head);
		if (strncmp(at, cpu_heads[i].head, len))
			continue;
		snprintf(name, KEY_SIZE, "%s", cpu_heads[i].key);
		return at + len;
	}
	len = strcspn(at, " \n");
	snprintf(name, KEY_SIZE, "%.*s", (int)len, at);
	return at + len;
}

static int cpus_head(struct cpu_table *table, const char *line)
{
	char name[KEY_SIZE];

	line = head_next(line, name);
	if (strcmp(name, "cpu"))
		return ENODATA;
	while (table->columns < COLUMNS_MOST) {
		line = head_next(line, table->name[table->columns]);
		if (!table->name[table->columns][0])
			return 0;
		table->columns++;
	}
	return 0;
}

static int cpus_row(struct cpu_table *table, const char *line)
{
	unsigned int i, row = table->rows;
	char *end;

	table->cpu = realloc(table->cpu, (row + 1) * sizeof(*table->cpu));
	table->value = realloc(table->value, (row + 1) * table->columns *
					     sizeof(*table->value));
	if (!table->cpu || !table->value)
		return ENOMEM;
	table->cpu[row] = strtoul(line, &end, 10);
	for (i = 0; i < table->columns && end != line; i++) {
		line = end;
		table->value[row * table->columns + i] =
			strtoull(line, &end, 10);
	}
	if (end == line)
		return ENODATA;
	table->rows++;
	return 0;
}

int cpus_read(const char *cache, struct cpu_table *table)
{
	char line[LINE_SIZE];
	FILE *file;
	int err;

	memset(table, 0, sizeof(*table));
	errno = 0;
	file = rooted_open(DEBUGFS "/%s/cpus", cache);
	if (!file)
		return file_error();
	err = fgets(line, sizeof(line), file) ? cpus_head(table, line) :
						ENODATA;
	while (!err && fgets(line, sizeof(line), file))
		err = cpus_row(table, line);
	fclose(file);
	return err;
}

void cpus_free(struct cpu_table *table)
{
	free(table->cpu);
	free(table->value);
	memset(table, 0, sizeof(*table));
}

int cpus_column(const struct cpu_table *table, const char *name)
{
	unsigned int i;

	for (i = 0; i < table->columns; i++)
		if (!strcmp(table->name[i], name))
			return i;
	return -1;
}

uint64_t cpus_value(const struct cpu_table *table, unsigned int row,
		    unsigned int column)
{
	return table->value[row * table->columns + column];
}

/* ---- config ---- */

int config_read(const char *cache, struct cache_config *config)
{
	char line[LINE_SIZE], *colon;
	FILE *file;

	memset(config, 0, sizeof(*config));
	errno = 0;
	file = rooted_open(DEBUGFS "/%s/config", cache);
	if (!file)
		return file_error();
	while (config->nr < CONFIG_MOST && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		colon = strchr(line, ':');
		if (!colon)
			continue;
		*colon++ = '\0';
		snprintf(config->line[config->nr].key, KEY_SIZE, "%.*s",
			 KEY_SIZE - 1, line);
		snprintf(config->line[config->nr].text,
			 sizeof(config->line[0].text), "%.*s", 159,
			 colon + strspn(colon, " "));
		config->nr++;
	}
	fclose(file);
	return 0;
}

const char *config_text(const struct cache_config *config, const char *key)
{
	unsigned int i;

	for (i = 0; i < config->nr; i++)
		if (!strcmp(config->line[i].key, key))
			return config->line[i].text;
	return NULL;
}

uint64_t config_number(const struct cache_config *config, const char *key)
{
	const char *text = config_text(config, key);

	return text ? strtoull(text, NULL, 0) : 0;
}

const char *config_flags(const struct cache_config *config)
{
	const char *names = config_text(config, "flags");

	names = names ? strchr(names, ' ') : NULL;
	return names ? names + 1 : "";
}

bool config_debugged(const struct cache_config *config)
{
	const char *flags = config_flags(config);

	return strstr(flags, "DEBUG") || strstr(flags, "CHECK") ||
	       strstr(flags, "STACKS") || strstr(flags, "DROP");
}

/* ---- memory ---- */

/* "objcache-NAME-1f3 ...": the slab's own name ends in a number, hexadecimal. */
static const char *slab_line(const char *line, const char *cache)
{
	size_t len = strlen(cache);

	if (strncmp(line, "objcache-", 9) || strncmp(line + 9, cache, len))
		return NULL;
	line += 9 + len;
	if (*line++ != '-' || !strspn(line, "0123456789abcdef"))
		return NULL;
	line += strspn(line, "0123456789abcdef");
	return *line == ' ' ? line : NULL;
}

void slab_read(const char *cache, struct cache_memory *memory)
{
	FILE *file = rooted_open("/proc/slabinfo");
	uint64_t objects, pages, slabs;
	char line[LINE_SIZE];
	const char *numbers;

	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		numbers = slab_line(line, cache);
		if (!numbers ||
		    sscanf(numbers, " %*u %" SCNu64 " %*u %*u %" SCNu64
			   " : tunables %*u %*u %*u : slabdata %*u %" SCNu64,
			   &objects, &pages, &slabs) != 3)
			continue;
		memory->slab_objects = objects;
		memory->slab_bytes = slabs * pages * sysconf(_SC_PAGESIZE);
	}
	fclose(file);
}

void memory_read(const struct cache_stats *stats,
		 const struct cache_config *config, struct cache_memory *memory)
{
	bool online[CPUS_MOST] = {};
	unsigned int cpus = list_read("/sys/devices/system/cpu/online", online,
				      CPUS_MOST);

	memset(memory, 0, sizeof(*memory));
	memory->objects_bytes = config_number(config, "slab_object_size") *
				(stats->value[STAT_parked] +
				 stats->value[STAT_releasing] +
				 stats->value[STAT_in_use]);
	memory->cpus_bytes = config_number(config, "bytes_per_cpu") * cpus;
}

/* ---- the machine ---- */

unsigned int list_read(const char *path, bool *set, unsigned int size)
{
	char line[LINE_SIZE], *at = line, *end;
	unsigned long first, last;
	unsigned int nr = 0;

	if (!rooted_line(line, sizeof(line), "%s", path))
		return 0;
	for (;;) {
		first = strtoul(at, &end, 10);
		if (end == at)
			return nr;
		last = *end == '-' ? strtoul(end + 1, &end, 10) : first;
		for (; first <= last && first < size; first++) {
			nr += !set[first];
			set[first] = true;
		}
		at = end + (*end == ',');
	}
}

unsigned int nodes_read(unsigned int *node, unsigned int cpus)
{
	bool nodes[1024] = {}, set[CPUS_MOST];
	unsigned int i, cpu, nr = 0;

	memset(node, 0, cpus * sizeof(*node));
	list_read("/sys/devices/system/node/online", nodes, COUNT_OF(nodes));
	for (i = 0; i < COUNT_OF(nodes); i++) {
		if (!nodes[i])
			continue;
		nr++;
		memset(set, 0, sizeof(set));
		list_read(rooted("/sys/devices/system/node/node%u/cpulist", i) +
			  strlen(root), set, CPUS_MOST);
		for (cpu = 0; cpu < cpus && cpu < CPUS_MOST; cpu++)
			if (set[cpu])
				node[cpu] = i;
	}
	return nr ?: 1;
}
