// SPDX-License-Identifier: GPL-2.0
/*
 * objcache: what a person at the shell asks of the module
 *
 * Each subcommand has a file of its own; here is which there are.
 */
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "tables.h"

static const struct command *const commands[] = {
	&list_command, &stat_command, &top_command, &map_command,
	&trace_command, &check_command, &stress_command, &doctor_command,
};

static void complain(const char *format, va_list args)
{
	fputs("objcache: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

int usage_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(format, args);
	va_end(args);
	return CODE_USAGE;
}

int unsupported(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(format, args);
	va_end(args);
	return CODE_UNSUPPORTED;
}

static void show_usage(void)
{
	unsigned int i;

	puts("Usage: objcache SUBCOMMAND [OPTION...] [CACHE]\n\n"
	     "Looks at, measures and checks the caches of the kernel module objcache.\n\n"
	     "Subcommands; each has a --help of its own:");
	for (i = 0; i < COUNT_OF(commands); i++)
		printf("  %-8s %s\n", commands[i]->name, commands[i]->summary);
	putchar('\n');
	options_help(NULL);
	puts("\nExit status: 0 fine, 1 a check failed, 2 usage, 3 the module is not loaded,\n"
	     "4 not supported here or not permitted; 128 and more: ended by a signal.");
}

static const struct command *command_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < COUNT_OF(commands); i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static int words_caches(void)
{
	struct cache_names names;
	unsigned int i;

	if (names_list(&names))
		return CODE_FINE;
	for (i = 0; i < names.nr; i++)
		puts(names.name[i]);
	names_free(&names);
	return CODE_FINE;
}

/*
 * Without arguments the subcommands; of one of them, or of all (--common), its options,
 * or the same for the manual (--manual); --caches. See completion.bash and manual.py.
 */
static int words(int argc, char **argv)
{
	bool manual = argc > 1 && !strcmp(argv[1], "--manual");
	const struct command *command = NULL;
	unsigned int i;

	for (i = 0; !argc && i < COUNT_OF(commands); i++)
		puts(commands[i]->name);
	if (!argc)
		return CODE_FINE;
	if (!strcmp(argv[0], "--caches"))
		return words_caches();
	if (strcmp(argv[0], "--common")) {
		command = command_find(argv[0]);
		if (!command)
			return usage_error("%s: no such subcommand", argv[0]);
	}
	if (manual)
		options_manual(command);
	else
		options_words(command);
	return CODE_FINE;
}

/* What could not be written, on a full disk for one, was not said. */
static void close_output(void)
{
	if (!ferror(stdout) && !fclose(stdout))
		return;
	fprintf(stderr, "objcache: standard output: %s\n", strerror(errno));
	_exit(CODE_UNSUPPORTED);
}

int main(int argc, char **argv)
{
	atexit(close_output);
	const struct command *command;
	int first;

	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	first = options_parse(NULL, argc, argv);
	if (want_help) {
		show_usage();
		return CODE_FINE;
	}
	if (first >= argc) {
		show_usage();
		return CODE_USAGE;
	}
	argc -= first;
	argv += first;
	if (!strcmp(argv[0], "help")) {
		command = argc > 1 ? command_find(argv[1]) : NULL;
		if (command)
			options_help(command);
		else
			show_usage();
		return CODE_FINE;
	}
	if (!strcmp(argv[0], "complete"))
		return words(argc - 1, argv + 1);
	command = command_find(argv[0]);
	if (!command)
		return usage_error("%s: no such subcommand; see objcache --help",
				   argv[0]);
	first = options_parse(command, argc, argv);
	return command->run(argc - first, argv + first);
}
