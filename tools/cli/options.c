// SPDX-License-Identifier: GPL-2.0
/*
 * What a subcommand takes: one table, from which come getopt's, --help, the lists in
 * the manual and the words for the shell's completion
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "json.h"
#include "tables.h"
#include "width.h"

#define OPTIONS_MOST	24
#define HELP_INDENT	29
#define HELP_KEY	256	/* of those without a letter: their place from here on */

bool want_json, want_help;

static const struct option_spec common_options[] = {
	{ 'j', "json", NULL, "print JSON, one object a line",
	  OPTION_FLAG, &want_json },
	{ 'R', "root", "DIR", "look for /sys, /proc and /dev below DIR",
	  OPTION_TEXT, &root },
	{ 'h', "help", NULL, "show this and exit", OPTION_FLAG, &want_help },
	{},
};

/* Its own, then those of all. */
static const struct option_spec *option_at(const struct command *command,
					   unsigned int place)
{
	unsigned int own = 0;

	if (command)
		while (command->options[own].name)
			own++;
	return place < own ? &command->options[place] :
			     &common_options[place - own];
}

static void bad_value(const struct option_spec *option, const char *text,
		      const char *rest)
{
	exit(usage_error("--%s %s: %s", option->name, text, rest));
}

static void set_number(const struct option_spec *option, const char *text)
{
	unsigned int *to = option->to;
	char range[64], *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (end != text && !*end && !errno && value >= option->min &&
	    value <= option->max) {
		*to = value;
		return;
	}
	snprintf(range, sizeof(range), "is not a number from %u to %u",
		 option->min, option->max);
	bad_value(option, text, range);
}

static void set_seconds(const struct option_spec *option, const char *text)
{
	unsigned int *to = option->to;
	char range[64], *end;
	double value = strtod(text, &end) * 1000;

	if (end != text && !*end && value >= option->min &&
	    value <= option->max) {
		*to = value;
		return;
	}
	snprintf(range, sizeof(range), "is not within %g to %g seconds",
		 option->min / 1e3, option->max / 1e3);
	bad_value(option, text, range);
}

static void set_word(const struct option_spec *option, const char *text)
{
	const char **to = option->to;
	char all[256] = "is none of";
	const char *const *word;

	for (word = option->words; *word; word++) {
		if (!strcmp(*word, text)) {
			*to = *word;
			return;
		}
		strncat(all, " ", sizeof(all) - strlen(all) - 1);
		strncat(all, *word, sizeof(all) - strlen(all) - 1);
	}
	bad_value(option, text, all);
}

static void option_set(const struct option_spec *option, const char *text)
{
	switch (option->kind) {
	case OPTION_FLAG:
		*(bool *)option->to = true;
		break;
	case OPTION_NUMBER:
		set_number(option, text);
		break;
	case OPTION_SECONDS:
		set_seconds(option, text);
		break;
	case OPTION_WORD:
		set_word(option, text);
		break;
	case OPTION_TEXT:
		*(const char **)option->to = text;
		break;
	}
}

/* What getopt_long() wants; how many. */
static unsigned int options_getopt(const struct command *command,
				   char *letters, struct option *longs)
{
	const struct option_spec *option;
	unsigned int i;

	for (i = 0; (option = option_at(command, i))->name; i++) {
		longs[i].name = option->name;
		longs[i].has_arg = option->value ? required_argument :
						   no_argument;
		longs[i].val = HELP_KEY + i;
		if (!option->letter)
			continue;
		*letters++ = option->letter;
		if (option->value)
			*letters++ = ':';
	}
	*letters = '\0';
	return i;
}

static const struct option_spec *option_of_letter(const struct command *command,
						  int letter)
{
	const struct option_spec *option;
	unsigned int i;

	for (i = 0; (option = option_at(command, i))->name; i++)
		if (option->letter == letter)
			return option;
	return NULL;
}

/*
 * Of the command itself (@command is NULL) options end where the subcommand begins;
 * of a subcommand they may stand anywhere.
 */
static void options_read(const struct command *command, int argc, char **argv)
{
	struct option longs[OPTIONS_MOST] = {};
	char letters[2 * OPTIONS_MOST + 2] = "+";
	int key;

	options_getopt(command, letters + !command, longs);
	argv[0] = "objcache";
	optind = 0;
	while ((key = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (key == '?')
			exit(usage_error("see objcache%s%s --help",
					 command ? " " : "",
					 command ? command->name : ""));
		if (key >= HELP_KEY)
			option_set(option_at(command, key - HELP_KEY), optarg);
		else
			option_set(option_of_letter(command, key), optarg);
	}
}

int options_parse(const struct command *command, int argc, char **argv)
{
	int given;

	options_read(command, argc, argv);
	if (want_help && command) {
		options_help(command);
		exit(CODE_FINE);
	}
	if (want_json && !json_is_there())
		exit(unsupported("--json: this objcache was built without json-c"));
	given = argc - optind;
	if (command && given > command->most)
		exit(usage_error("%s: unexpected argument %s", command->name,
				 argv[optind + command->most]));
	if (command && given < command->least)
		exit(usage_error("%s: %s is missing", command->name,
				 command->arguments));
	return optind;
}

/* ---- what people and other programs are told of it ---- */

static void option_help(const struct option_spec *option)
{
	char left[64];

	snprintf(left, sizeof(left), "  %s%c%s --%s%s%s",
		 option->letter ? "-" : " ", option->letter ?: ' ',
		 option->letter ? "," : " ", option->name,
		 option->value ? "=" : "", option->value ?: "");
	text_line(HELP_INDENT, left, "%s", option->help);
}

void options_help(const struct command *command)
{
	const struct option_spec *option;
	unsigned int i;

	if (command) {
		printf("Usage: objcache %s [OPTION...]%s%s\n\n%s.\n\nOptions:\n",
		       command->name, *command->arguments ? " " : "",
		       command->arguments, command->summary);
		for (i = 0; (option = option_at(command, i))->name; i++)
			option_help(option);
		return;
	}
	printf("Options, before or after a subcommand:\n");
	for (option = common_options; option->name; option++)
		option_help(option);
}

static void option_words(const struct option_spec *option)
{
	const char *const *word;

	if (option->value)
		printf(" %s", option->value);
	for (word = option->words; word && *word; word++)
		printf(" %s", *word);
	putchar('\n');
}

/* One a line: what it is, then for a value its name, and the words it can be. */
void options_words(const struct command *command)
{
	const struct option_spec *option;
	unsigned int i;

	for (i = 0; (option = option_at(command, i))->name; i++) {
		if (option->letter) {
			printf("-%c", option->letter);
			option_words(option);
		}
		printf("--%s", option->name);
		option_words(option);
	}
}

/* In mdoc, for the manual: its help is a sentence there. */
void options_manual(const struct command *command)
{
	const struct option_spec *option = command ? command->options :
						     common_options;

	for (; option->name; option++) {
		printf(".It");
		if (option->letter)
			printf(" Fl %c%s%s ,", option->letter,
			       option->value ? " Ar " : "",
			       option->value ?: "");
		printf(" Fl -%s%s%s\n", option->name,
		       option->value ? "= Ns Ar " : "", option->value ?: "");
		printf("%c%s.\n", toupper(option->help[0]), option->help + 1);
	}
}
