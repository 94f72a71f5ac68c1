// SPDX-License-Identifier: GPL-2.0
/*
 * How wide lines may be, and text that is broken where it would be wider
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "width.h"

#define TEXT_MOST	1024

/* A serial line is a terminal that does not know how wide it is. */
unsigned int text_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	int width = columns ? atoi(columns) : 0;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		return size.ws_col ?: WIDTH_USUAL;
	return width > 0 ? width : 0;
}

/* Bytes up to the last blank within @room, or to that after the first word. */
static size_t text_piece(const char *text, size_t room)
{
	size_t len = strlen(text), first = strcspn(text, " ");

	if (len <= room)
		return len;
	for (len = room; len > first && text[len] != ' '; len--)
		;
	return len > first ? len : first;
}

void text_line(unsigned int indent, const char *head, const char *format, ...)
{
	unsigned int width = text_width(), used = strlen(head);
	char text[TEXT_MOST], *rest = text;
	va_list args;
	size_t len;

	used = used > indent ? used : indent;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	printf("%-*s", (int)indent, head);
	for (;;) {
		len = text_piece(rest, width > used ? width - used : TEXT_MOST);
		printf("%.*s\n", (int)len, rest);
		rest += len;
		if (!*rest)
			return;
		printf("%*s", (int)indent, "");
		used = indent;
		rest++;
	}
}
