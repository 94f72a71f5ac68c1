// SPDX-License-Identifier: GPL-2.0
/*
 * Where there is no ncurses to build with: the screen is refused, so none is called
 */
#include <stddef.h>

#include "screen.h"

const char *screen_start(void)
{
	return "this objcache was built without ncurses";
}

void screen_end(void)
{
}

int screen_lines(void)
{
	return 0;
}

int screen_columns(void)
{
	return 0;
}

void screen_clear(void)
{
}

void screen_line(int line, const char *text, bool bright)
{
	(void)line;
	(void)text;
	(void)bright;
}

void screen_show(void)
{
}

int screen_key(unsigned int ms)
{
	(void)ms;
	return 'q';
}
