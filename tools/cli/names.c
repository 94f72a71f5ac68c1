// SPDX-License-Identifier: GPL-2.0
/*
 * Which caches there are, or why none can be seen
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "tables.h"

static int names_compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int names_fill(struct cache_names *names, DIR *dir)
{
	struct dirent *entry;

	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.' &&
		    (!entry->d_name[1] || !strcmp(entry->d_name, "..")))
			continue;
		if (strlen(entry->d_name) >= NAME_SIZE ||
		    !rooted_exists(DEBUGFS "/%s/stats", entry->d_name))
			continue;
		names->name = realloc(names->name,
				      (names->nr + 1) * sizeof(*names->name));
		if (!names->name)
			return ENOMEM;
		snprintf(names->name[names->nr++], NAME_SIZE, "%.31s",
			 entry->d_name);
	}
	if (names->nr)
		qsort(names->name, names->nr, sizeof(*names->name),
		      names_compare);
	return 0;
}

/* Why the folder of all caches cannot be read. */
static int names_error(int err)
{
	if (err == EACCES || err == EPERM)
		return unsupported("%s: %s: run it as root", rooted(DEBUGFS),
				   strerror(err));
	if (err != ENOENT)
		return unsupported("%s: %s", rooted(DEBUGFS), strerror(err));
	if (rooted_exists("/sys/module/objcache"))
		return unsupported("%s is not there: mount -t debugfs debugfs /sys/kernel/debug",
				   rooted(DEBUGFS));
	fprintf(stderr, "objcache: the module is not loaded: modprobe objcache\n");
	return CODE_ABSENT;
}

int names_list(struct cache_names *names)
{
	DIR *dir;
	int err;

	memset(names, 0, sizeof(*names));
	errno = 0;
	dir = opendir(rooted(DEBUGFS));
	if (!dir)
		return errno ?: EIO;
	err = names_fill(names, dir);
	closedir(dir);
	return err;
}

int names_read(struct cache_names *names)
{
	int err = names_list(names);

	return err ? names_error(err) : CODE_FINE;
}

void names_free(struct cache_names *names)
{
	free(names->name);
	memset(names, 0, sizeof(*names));
}

int cache_find(const char *cache)
{
	struct cache_names names;
	int code = names_read(&names);
	unsigned int i;
	bool found = false;

	for (i = 0; i < names.nr && !found; i++)
		found = !strcmp(names.name[i], cache);
	names_free(&names);
	if (code || found)
		return code;
	return usage_error("%s: no such cache; see objcache list", cache);
}
