// SPDX-License-Identifier: GPL-2.0
/*
 * Debug mode by name: the module's parameter debug=NAME[:LEVEL[+LEVEL]],PREFIX*...
 *
 * In the way of slab_debug=, so that nobody rebuilds to look; for caches created from
 * then on. Where several entries match a name, all of their levels count.
 */
#include <linux/ctype.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/string.h>

#include "core.h"

#define OBJCACHE_DEBUG_LEN	384

static char objcache_debug[OBJCACHE_DEBUG_LEN];
static DEFINE_MUTEX(objcache_debug_mutex);	/* guards it; a leaf */

static const struct {
	const char *name;
	unsigned int flags;
} objcache_levels[] = {
	{ "none", OBJCACHE_DEBUG },
	{ "check", OBJCACHE_CHECK },
	{ "stacks", OBJCACHE_CHECK | OBJCACHE_STACKS },
	{ "drop", OBJCACHE_CHECK | OBJCACHE_DROP },
};

/* 0: there is no such level. */
static unsigned int objcache_level(const char *word)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(objcache_levels); i++)
		if (!strcmp(word, objcache_levels[i].name))
			return objcache_levels[i].flags;
	return 0;
}

#define OBJCACHE_DEBUG_IS						\
	"it is NAME[:LEVEL[+LEVEL]] or PREFIX*, with commas between, and levels none, check, stacks, drop"

#define objcache_bad_debug(fmt, ...)					\
	(pr_err_ratelimited("module parameter debug: " fmt "; %s\n",	\
			    ##__VA_ARGS__, OBJCACHE_DEBUG_IS), -EINVAL)

/* Of "check+stacks"; it is cut up. 0 and an error: one is misspelt. */
static int objcache_read_levels(char *levels, unsigned int *flags)
{
	char *word;

	while ((word = strsep(&levels, "+"))) {
		unsigned int level = objcache_level(word);

		if (!level)
			return objcache_bad_debug("'%*pE' is no level",
						 (int)strlen(word), word);
		*flags |= level;
	}
	return 0;
}

static int objcache_read_name(const char *name)
{
	size_t i, len = strlen(name);

	if (!len)
		return objcache_bad_debug("an entry has no name");
	if (len >= OBJCACHE_NAME_LEN)
		return objcache_bad_debug("'%*pE' is longer than %d characters",
					  (int)len, name, OBJCACHE_NAME_LEN - 1);
	for (i = 0; i < len; i++) {
		if (isalnum(name[i]) || strchr("._-", name[i]) ||
		    (name[i] == '*' && i == len - 1))
			continue;
		return objcache_bad_debug("'%*pE' is no name", (int)len, name);
	}
	return 0;
}

/* "NAME[:LEVELS]", cut up: what it means, and where its name is. */
static int objcache_read_entry(char *entry, unsigned int *flags)
{
	char *levels = strchr(entry, ':');
	int err;

	*flags = 0;
	if (levels)
		*levels++ = '\0';
	err = objcache_read_name(entry);
	if (err)
		return err;
	if (levels)
		return objcache_read_levels(levels, flags);
	*flags = OBJCACHE_CHECK;
	return 0;
}

static bool objcache_matches(const char *name, const char *pattern)
{
	size_t len = strlen(pattern);

	if (len && pattern[len - 1] == '*')
		return !strncmp(name, pattern, len - 1);
	return !strcmp(name, pattern);
}

/* The flags of all entries that match @name, or with NULL: are they in order? */
static int objcache_read_debug(char *text, const char *name,
			       unsigned int *flags)
{
	char *entry;

	if (!*text)
		return 0;
	while ((entry = strsep(&text, ","))) {
		unsigned int some;
		int err = objcache_read_entry(entry, &some);

		if (err)
			return err;
		if (name && objcache_matches(name, entry))
			*flags |= some;
	}
	return 0;
}

/**
 * objcache_debug_flags - what the module's parameter wants of a cache
 * @name: of the cache
 *
 * Context: Process context.
 * Return: OBJCACHE_* flags.
 */
unsigned int objcache_debug_flags(const char *name)
{
	char text[OBJCACHE_DEBUG_LEN];
	unsigned int flags = 0;

	mutex_lock(&objcache_debug_mutex);
	strscpy(text, objcache_debug, sizeof(text));
	mutex_unlock(&objcache_debug_mutex);
	objcache_read_debug(text, name, &flags);
	return flags;
}

static int objcache_set_debug(const char *val, const struct kernel_param *kp)
{
	char given[OBJCACHE_DEBUG_LEN], text[OBJCACHE_DEBUG_LEN];
	unsigned int flags = 0;
	char *words;
	int err;

	if (strscpy(given, val, sizeof(given)) < 0)
		return objcache_bad_debug("longer than %d characters",
					  OBJCACHE_DEBUG_LEN - 1);
	words = strim(given);
	strscpy(text, words, sizeof(text));
	err = objcache_read_debug(text, NULL, &flags);
	if (err)
		return err;
	mutex_lock(&objcache_debug_mutex);
	strscpy(objcache_debug, words, sizeof(objcache_debug));
	mutex_unlock(&objcache_debug_mutex);
	return 0;
}

static int objcache_get_debug(char *buffer, const struct kernel_param *kp)
{
	int len;

	mutex_lock(&objcache_debug_mutex);
	len = scnprintf(buffer, PAGE_SIZE, "%s\n", objcache_debug);
	mutex_unlock(&objcache_debug_mutex);
	return len;
}

static const struct kernel_param_ops objcache_debug_ops = {
	.set = objcache_set_debug,
	.get = objcache_get_debug,
};

module_param_cb(debug, &objcache_debug_ops, NULL, 0644);
MODULE_PARM_DESC(debug, "debug mode of caches created from then on: NAME[:LEVEL[+LEVEL]],PREFIX*...; levels none, check (if none is given), stacks, drop");
