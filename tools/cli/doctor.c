// SPDX-License-Identifier: GPL-2.0
/*
 * objcache doctor: why does it not work, or not fast? Each finding comes with the line
 * that mends it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli.h"
#include "json.h"
#include "tables.h"
#include "text.h"
#include "width.h"

#define STATS_SCHEMA	1	/* of debugfs, that this command was written for */

/* What klogctl() calls reading all that is there. */
#define KLOG_READ_ALL	3
#define KLOG_SIZE	1048576

enum status { STATUS_FINE, STATUS_SLOW, STATUS_PROBLEM };

static const char *const status_words[] = { "fine", "slow", "problem" };

static unsigned int problems, slows;
static struct json_object *findings;
static bool absent;

static const struct option_spec doctor_options[] = { {} };

/* @mend: what to run or do, NULL if all is well */
static void found(enum status status, const char *what, const char *mend,
		  const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void found(enum status status, const char *what, const char *mend,
		  const char *format, ...)
{
	struct json_object *item;
	char text[512], head[32];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	problems += status == STATUS_PROBLEM;
	slows += status == STATUS_SLOW;
	if (want_json) {
		item = json_item(findings);
		json_text(item, "check", what);
		json_text(item, "status", status_words[status]);
		json_text(item, "text", text);
		if (mend)
			json_text(item, "mend", mend);
		return;
	}
	snprintf(head, sizeof(head), "%-11s %-8s ", what, status_words[status]);
	text_line(strlen(head), head, "%s", text);
	/* Not broken: it is to be copied. */
	if (mend)
		printf("%-11s mend:    %s\n", "", mend);
}

/* ---- the module ---- */

static const char *kernel_release(void)
{
	static char line[128];
	struct utsname name;

	if (rooted_line(line, sizeof(line), "/proc/sys/kernel/osrelease"))
		return line;
	if (!uname(&name))
		snprintf(line, sizeof(line), "%.127s", name.release);
	return line;
}

static const char *const module_places[] = { "extra", "updates",
					     "updates/dkms", "kernel/lib" };
static const char *const module_ends[] = { "", ".xz", ".zst", ".gz" };

static bool module_is_installed(const char *release)
{
	unsigned int i, j;

	for (i = 0; i < COUNT_OF(module_places); i++)
		for (j = 0; j < COUNT_OF(module_ends); j++)
			if (rooted_exists("/lib/modules/%s/%s/objcache.ko%s",
					  release, module_places[i],
					  module_ends[j]) ||
			    rooted_exists("/lib/modules/%s/%s/module/objcache.ko%s",
					  release, module_places[i],
					  module_ends[j]))
				return true;
	return false;
}

/* Another kernel that it was built for, or NULL. */
static const char *module_elsewhere(const char *release)
{
	DIR *dir = opendir(rooted("/lib/modules"));
	static char other[128];
	struct dirent *entry;

	other[0] = '\0';
	while (dir && !other[0] && (entry = readdir(dir)))
		if (strcmp(entry->d_name, release) &&
		    module_is_installed(entry->d_name))
			snprintf(other, sizeof(other), "%.127s", entry->d_name);
	if (dir)
		closedir(dir);
	return other[0] ? other : NULL;
}

static void doctor_absent(void)
{
	const char *release = kernel_release();
	const char *other;

	absent = true;
	if (module_is_installed(release)) {
		found(STATUS_PROBLEM, "module", "modprobe objcache",
		      "installed for this kernel, %s, but not loaded", release);
		return;
	}
	other = module_elsewhere(release);
	if (other)
		found(STATUS_PROBLEM, "module",
		      "dkms autoinstall, or: make KDIR=/lib/modules/$(uname -r)/build install && modprobe objcache",
		      "built for kernel %s, but %s is running", other, release);
	else
		found(STATUS_PROBLEM, "module",
		      "make && insmod build/$(uname -r)/module/objcache.ko",
		      "not loaded, and not installed for kernel %s", release);
}

static void doctor_module(void)
{
	char version[64] = "";

	if (!rooted_exists("/sys/module/objcache")) {
		doctor_absent();
		return;
	}
	rooted_line(version, sizeof(version), "/sys/module/objcache/srcversion");
	found(STATUS_FINE, "module", NULL, "loaded into %s%s%s",
	      kernel_release(), version[0] ? ", srcversion " : "", version);
}

/* ---- what can be read ---- */

static bool is_mounted(const char *type, const char *options)
{
	FILE *file = rooted_open("/proc/mounts");
	char line[512], is[64], with[256];
	bool mounted = false;

	while (file && !mounted && fgets(line, sizeof(line), file))
		mounted = sscanf(line, "%*s %*s %63s %255s", is, with) == 2 &&
			  !strcmp(is, type) &&
			  (!options || strstr(with, options));
	if (file)
		fclose(file);
	return mounted;
}

/* A word of a file: a file system that the kernel has, an argument of its own. */
static bool file_has(const char *path, const char *word)
{
	FILE *file = rooted_open("%s", path);
	char line[4096];
	bool has = false;

	while (file && !has && fgets(line, sizeof(line), file))
		has = strstr(line, word);
	if (file)
		fclose(file);
	return has;
}

static void doctor_debugfs(void)
{
	if (file_has("/proc/cmdline", "debugfs=off"))
		found(STATUS_PROBLEM, "debugfs",
		      "boot without debugfs=off", "switched off at boot");
	else if (!file_has("/proc/filesystems", "debugfs"))
		found(STATUS_PROBLEM, "debugfs",
		      "a kernel with CONFIG_DEBUG_FS=y",
		      "this kernel has none");
	else if (!is_mounted("debugfs", NULL))
		found(STATUS_PROBLEM, "debugfs",
		      "mount -t debugfs debugfs /sys/kernel/debug",
		      "not mounted");
	else
		found(STATUS_FINE, "debugfs", NULL, "mounted");
}

static void doctor_permission(void)
{
	if (!access(rooted(DEBUGFS "/caches"), R_OK)) {
		found(STATUS_FINE, "permission", NULL, "%s can be read",
		      rooted(DEBUGFS));
		return;
	}
	if (errno == EACCES || errno == EPERM)
		found(STATUS_PROBLEM, "permission", "sudo objcache ...",
		      "%s: %s", rooted(DEBUGFS), strerror(errno));
	else if (!absent)
		found(STATUS_PROBLEM, "permission",
		      "see debugfs; if that is well, reload the module",
		      "%s: %s", rooted(DEBUGFS), strerror(errno));
}

static void doctor_device(void)
{
	const char *path = rooted("/dev/objcache");

	if (absent)
		return;
	if (!access(path, R_OK | W_OK))
		found(STATUS_FINE, "device", NULL, "%s can be opened", path);
	else if (errno == ENOENT)
		found(STATUS_PROBLEM, "device",
		      "mount -t devtmpfs devtmpfs /dev", "%s is not there",
		      path);
	else
		found(STATUS_PROBLEM, "device", "sudo objcache stress",
		      "%s: %s", path, strerror(errno));
}

static void doctor_tracing(void)
{
	if (absent)
		return;
	if (!file_has("/proc/filesystems", "tracefs"))
		found(STATUS_PROBLEM, "tracing",
		      "a kernel with CONFIG_EVENT_TRACING=y; all but map and trace works",
		      "this kernel has no trace events");
	else if (!is_mounted("tracefs", NULL) &&
		 !rooted_exists("/sys/kernel/debug/tracing/instances"))
		found(STATUS_PROBLEM, "tracing",
		      "mount -t tracefs tracefs /sys/kernel/tracing",
		      "tracefs is not mounted: map and trace need it");
	else
		found(STATUS_FINE, "tracing", NULL, "mounted");
}

/* What map or trace has left when it was killed. */
static void doctor_leftovers(void)
{
	DIR *dir = opendir(rooted("/sys/kernel/tracing/instances"));
	struct dirent *entry;
	char mend[300];
	int pid;

	while (dir && (entry = readdir(dir))) {
		if (sscanf(entry->d_name, "objcache-%d", &pid) != 1 ||
		    !kill(pid, 0) || errno != ESRCH)
			continue;
		snprintf(mend, sizeof(mend),
			 "rmdir /sys/kernel/tracing/instances/%.200s",
			 entry->d_name);
		found(STATUS_SLOW, "tracing", mend,
		      "process %d was killed while it traced, and still costs time",
		      pid);
	}
	if (dir)
		closedir(dir);
}

static void doctor_lockdown(void)
{
	char line[128];

	if (!rooted_line(line, sizeof(line), "/sys/kernel/security/lockdown"))
		return;
	if (strstr(line, "[confidentiality]"))
		found(STATUS_PROBLEM, "lockdown",
		      "boot with lockdown=integrity, or with Secure Boot off",
		      "confidentiality: debugfs is closed to writers, tracefs to all; modules must be signed");
	else if (strstr(line, "[integrity]"))
		found(STATUS_PROBLEM, "lockdown",
		      "boot with Secure Boot off; or sign the module, and do without age and drain in debugfs",
		      "integrity: debugfs can only be read; modules must be signed");
	else
		found(STATUS_FINE, "lockdown", NULL, "none");
}

/* ---- do they fit together? ---- */

/* The caches that there are at least have the device's contexts among them. */
static void doctor_versions(void)
{
	struct cache_names names = {};
	struct cache_stats stats;
	unsigned int i, missing = 0;

	if (absent || access(rooted(DEBUGFS), R_OK) || names_read(&names))
		return;
	if (names.nr && !stats_read(names.name[0], &stats)) {
		for (i = 0; i < STATS_NR; i++)
			missing += !stats.there[i];
		if (stats.schema != STATS_SCHEMA)
			found(STATUS_PROBLEM, "versions",
			      "install objcache-tools and the module of one version",
			      "the module's statistics are schema %" PRIu64
			      ", this command knows %d", stats.schema,
			      STATS_SCHEMA);
		else if (missing || stats.more_nr)
			found(STATUS_PROBLEM, "versions",
			      "install objcache-tools and the module of one version",
			      "of what the module counts %u keys are new to this command, and it lacks %u",
			      stats.more_nr, missing);
		else
			found(STATUS_FINE, "versions", NULL,
			      "module and command have the same %d keys",
			      STATS_NR);
	}
	names_free(&names);
}

/* Modules built against another header are refused with a line in the log. */
static void doctor_abi(void)
{
	char *log = malloc(KLOG_SIZE + 1), *line, *end;
	int len = -1;

	if (!log)
		return;
	if (root[0]) {
		FILE *file = rooted_open("/proc/kmsg");

		len = file ? (int)fread(log, 1, KLOG_SIZE, file) : -1;
		if (file)
			fclose(file);
	} else {
		len = klogctl(KLOG_READ_ALL, log, KLOG_SIZE);
	}
	log[len < 0 ? 0 : len] = '\0';
	line = strstr(log, "the caller was built against version ");
	if (line) {
		while (line > log && line[-1] != '\n')
			line--;
		end = line + strcspn(line, "\n");
		*end = '\0';
		text_plain(line);
		found(STATUS_PROBLEM, "ABI",
		      "rebuild that module against the objcache.h of the one that is loaded",
		      "%.400s", line);
	}
	free(log);
}

/* ---- what costs speed ---- */

static const struct slow {
	const char *path;		/* is there, or has the word in it */
	const char *word;
	const char *text, *mend;
} slow_things[] = {
	{ "/proc/lockdep", NULL, "this kernel checks locks (lockdep)",
	  "a kernel with CONFIG_PROVE_LOCKING off" },
	{ "/sys/kernel/debug/kmemleak", NULL, "this kernel looks for leaks (kmemleak)",
	  "boot with kmemleak=off" },
	{ "/sys/kernel/debug/kcsan", NULL, "this kernel looks for races (KCSAN)",
	  "a kernel with CONFIG_KCSAN off" },
	{ "/proc/config", "CONFIG_KASAN=y", "this kernel checks memory (KASAN)",
	  "a kernel with CONFIG_KASAN off" },
	{ "/proc/cmdline", "slub_debug", "slabs are debugged (slub_debug=)",
	  "boot without slub_debug" },
	{ "/proc/cmdline", "slab_debug", "slabs are debugged (slab_debug=)",
	  "boot without slab_debug" },
	{ "/proc/cmdline", "page_owner=on", "the owners of pages are kept",
	  "boot without page_owner=on" },
};

/* Unpacked nowhere: the kernel's configuration is in /boot, where it is. */
static bool slow_is_there(const struct slow *slow)
{
	char path[160];

	if (!slow->word)
		return rooted_exists("%s", slow->path);
	if (strcmp(slow->path, "/proc/config"))
		return file_has(slow->path, slow->word);
	snprintf(path, sizeof(path), "/boot/config-%s", kernel_release());
	return file_has(path, slow->word);
}

static void doctor_cache_debug(const char *cache)
{
	struct cache_config config;

	if (!config_read(cache, &config) && config_debugged(&config))
		found(STATUS_SLOW, "debug mode",
		      "create it without these flags, or load objcache without debug=",
		      "cache %s has %s", cache, config_flags(&config));
}

static void doctor_speed(void)
{
	struct cache_names names = {};
	unsigned int i, before = slows;
	char line[256];

	for (i = 0; i < COUNT_OF(slow_things); i++)
		if (slow_is_there(&slow_things[i]))
			found(STATUS_SLOW, "speed", slow_things[i].mend, "%s",
			      slow_things[i].text);
	if (rooted_line(line, sizeof(line),
			"/sys/module/objcache/parameters/debug") && line[0] &&
	    strcmp(line, "(null)"))
		found(STATUS_SLOW, "debug mode",
		      "echo > /sys/module/objcache/parameters/debug",
		      "caches made from now on are debugged: %s", line);
	if (!absent && !access(rooted(DEBUGFS), R_OK) && !names_read(&names))
		for (i = 0; i < names.nr; i++)
			doctor_cache_debug(names.name[i]);
	names_free(&names);
	if (slows == before)
		found(STATUS_FINE, "speed", NULL,
		      "no debug option that costs speed was found");
}

static int doctor_run(int argc, char **argv)
{
	struct json_object *object = NULL;

	(void)argc;
	(void)argv;
	if (want_json) {
		object = json_begin("doctor");
		findings = json_array_in(object, "findings");
	}
	doctor_module();
	doctor_debugfs();
	doctor_permission();
	doctor_device();
	doctor_tracing();
	doctor_leftovers();
	doctor_lockdown();
	doctor_versions();
	doctor_abi();
	doctor_speed();
	if (want_json) {
		json_number(object, "problems", problems);
		json_number(object, "slow", slows);
		json_end(object);
	} else {
		printf("doctor: %u problems, %u things that cost speed\n",
		       problems, slows);
	}
	if (absent)
		return CODE_ABSENT;
	return problems ? CODE_FAILED : CODE_FINE;
}

const struct command doctor_command = {
	.name = "doctor",
	.arguments = "",
	.summary = "Why does it not work, or not fast: each with the line that mends it",
	.options = doctor_options,
	.run = doctor_run,
};
