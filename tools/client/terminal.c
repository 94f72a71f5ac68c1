// SPDX-License-Identifier: GPL-2.0
/*
 * objcache-terminal: a command on a terminal of its own, with somebody at the keys
 *
 *	objcache-terminal [OPTION...] [WORDS KEYS]... -- COMMAND [ARGUMENT...]
 *
 * Waits for the words, since the keys before them, and then types the keys; in the end
 * for the command, whose exit status is its own. Records what is drawn, and when, as
 * asciinema does.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DRAWN_MOST	(1024 * 1024)

static const char usage[] =
	"Usage: objcache-terminal [OPTION...] [WORDS KEYS]... -- COMMAND [ARGUMENT...]\n"
	"  -s ROWSxCOLUMNS  its size (24x120)\n"
	"  -o FILE          what is drawn, as an asciicast\n"
	"  -p SECONDS       from the words to the keys (0)\n"
	"  -l SECONDS       without what is waited for, it is a failure (300)\n";

static struct winsize size = { .ws_row = 24, .ws_col = 120 };
static FILE *cast;
static unsigned int pause_s, limit_s = 300;
static int terminal;
static pid_t child;
static struct timespec start;

/* Since the last keys, for who waits, and with a 0 at the end. */
static char drawn[DRAWN_MOST];
static size_t drawn_len;

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - start.tv_sec + (now.tv_nsec - start.tv_nsec) / 1e9;
}

static void __attribute__((noreturn)) fail(const char *what, const char *why)
{
	if (child > 0)
		kill(child, SIGKILL);
	printf("terminal: FAIL: %s: %s\n", what, why);
	exit(1);
}

/* ---- what is drawn ---- */

/* How many of these bytes are whole characters of UTF-8. */
static size_t whole(const unsigned char *text, size_t len)
{
	size_t i = len, wanted;

	while (i && len - i < 3 && (text[i - 1] & 0xc0) == 0x80)
		i--;
	if (!i || text[i - 1] < 0xc0)
		return len;
	wanted = text[i - 1] >= 0xf0 ? 4 : text[i - 1] >= 0xe0 ? 3 : 2;
	return len - i + 1 < wanted ? i - 1 : len;
}

static void record(const unsigned char *text, size_t len)
{
	size_t i;

	fprintf(cast, "[%.3f, \"o\", \"", seconds());
	for (i = 0; i < len; i++)
		fprintf(cast, text[i] < 0x20 || text[i] == 0x7f ? "\\u%04x" :
			text[i] == '"' || text[i] == '\\' ? "\\%c" : "%c",
			text[i]);
	fprintf(cast, "\"]\n");
}

/* False: the command has closed its terminal, or it was not heard of in time. */
static bool look(int ms)
{
	static unsigned char text[4096];
	static size_t kept;
	struct pollfd fd = { .fd = terminal, .events = POLLIN };
	ssize_t nr;
	size_t len;

	if (poll(&fd, 1, ms) <= 0)
		return false;
	nr = read(terminal, text + kept, sizeof(text) - kept);
	if (nr <= 0)
		return false;
	/* Who waits looks at the newest half when it has become too much. */
	if (drawn_len + nr >= DRAWN_MOST) {
		memmove(drawn, drawn + DRAWN_MOST / 2, drawn_len - DRAWN_MOST / 2);
		drawn_len -= DRAWN_MOST / 2;
	}
	memcpy(drawn + drawn_len, text + kept, nr);
	drawn_len += nr;
	drawn[drawn_len] = 0;
	len = whole(text, kept + nr);
	if (cast && len)
		record(text, len);
	kept = kept + nr - len;
	memmove(text, text + len, kept);
	return true;
}

static bool look_until(double end)
{
	double left = end - seconds();

	return left > 0 && look(left * 1000 + 1);
}

/* ---- somebody at the keys ---- */

static void type(const char *keys)
{
	double end = seconds() + pause_s;

	while (look_until(end))
		;
	drawn_len = 0;
	drawn[0] = 0;
	if (write(terminal, keys, strlen(keys)) != (ssize_t)strlen(keys))
		fail("keys", strerror(errno));
}

static void wait_for(const char *words)
{
	double end = seconds() + limit_s;

	while (!memmem(drawn, drawn_len, words, strlen(words)))
		if (!look_until(end))
			fail(words, "was not drawn");
}

static int wait_for_end(void)
{
	double end = seconds() + limit_s;
	int status;

	while (look_until(end))
		;
	if (seconds() >= end)
		fail("the command", "has not ended");
	if (waitpid(child, &status, 0) < 0)
		fail("waitpid", strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void begin(char **command)
{
	clock_gettime(CLOCK_MONOTONIC, &start);
	child = forkpty(&terminal, NULL, NULL, &size);
	if (child < 0)
		fail("forkpty", strerror(errno));
	if (!child) {
		execvp(command[0], command);
		fprintf(stderr, "%s: %s\n", command[0], strerror(errno));
		_exit(127);
	}
	fcntl(terminal, F_SETFD, FD_CLOEXEC);
}

static void record_to(const char *path)
{
	cast = fopen(path, "w");
	if (!cast)
		fail(path, strerror(errno));
	fprintf(cast, "{\"version\": 2, \"width\": %u, \"height\": %u}\n",
		size.ws_col, size.ws_row);
}

int main(int argc, char **argv)
{
	const char *path = NULL;
	int option, command;

	/* The first word that is no option ends them. */
	while ((option = getopt(argc, argv, "+s:o:p:l:h")) != -1) {
		if (option == 's' && sscanf(optarg, "%hux%hu", &size.ws_row,
					    &size.ws_col) == 2)
			continue;
		if (option == 'o')
			path = optarg;
		else if (option == 'p')
			pause_s = atoi(optarg);
		else if (option == 'l')
			limit_s = atoi(optarg);
		else
			return fputs(usage, stdout), option == 'h' ? 0 : 2;
	}
	for (command = optind; argv[command] && strcmp(argv[command], "--"); command += 2)
		if (!argv[command + 1])
			return fputs(usage, stdout), 2;
	/* getopt() has taken a "--" that stood there at once. */
	if (command == optind && !strcmp(argv[optind - 1], "--"))
		command--;
	if (!argv[command] || !argv[command + 1])
		return fputs(usage, stdout), 2;
	if (path)
		record_to(path);
	begin(argv + command + 1);
	for (; optind < command; optind += 2) {
		wait_for(argv[optind]);
		type(argv[optind + 1]);
	}
	return wait_for_end();
}
