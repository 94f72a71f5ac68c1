/* SPDX-License-Identifier: GPL-2.0 */
/*
 * objcache: what its files share. Sections are named for them.
 */
#ifndef OBJCACHE_CLI_H
#define OBJCACHE_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What the command ends with; objcache(1) has them. */
enum {
	CODE_FINE,
	CODE_FAILED,		/* what was checked is not as it should be */
	CODE_USAGE,
	CODE_ABSENT,		/* the module is not loaded */
	CODE_UNSUPPORTED,	/* not with this kernel, build or user */
	CODE_SIGNAL = 128,	/* and the number of the signal that ended it */
};

#define COUNT_OF(array)		(sizeof(array) / sizeof((array)[0]))

/* options.c: what a subcommand takes, from which come getopt, --help and the manual. */
enum option_kind {
	OPTION_FLAG,		/* to: bool */
	OPTION_NUMBER,		/* to: unsigned int, min to max */
	OPTION_SECONDS,		/* to: unsigned int, milliseconds; min to max as well */
	OPTION_WORD,		/* to: const char *, one of words */
	OPTION_TEXT,		/* to: const char * */
};

struct option_spec {
	char letter;		/* 0: none */
	const char *name;
	const char *value;	/* its name in --help; NULL: a flag */
	const char *help;
	enum option_kind kind;
	void *to;
	unsigned int min, max;
	const char *const *words;
};

struct command {
	const char *name;
	const char *arguments;	/* as --help shows them */
	const char *summary;
	const struct option_spec *options;	/* up to a NULL name */
	int most;		/* arguments */
	int least;
	int (*run)(int argc, char **argv);
};

/* What any subcommand may be told. */
extern bool want_json, want_help;

/* The first argument that is no option; exits for --help and what is wrong. */
int options_parse(const struct command *command, int argc, char **argv);
void options_help(const struct command *command);
void options_words(const struct command *command);
void options_manual(const struct command *command);

/* objcache.c */
extern const struct command list_command, stat_command, top_command,
	map_command, stress_command, check_command, trace_command,
	doctor_command;

int usage_error(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
int unsupported(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* interrupt.c: the first of these signals ends what is being done, cleanly. */
void interrupt_catch(void);
bool interrupted(void);
int interrupt_code(void);		/* CODE_FINE if there was none */
bool pause_ms(unsigned int ms);		/* false: interrupted */

#endif /* OBJCACHE_CLI_H */
