/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A screen of lines that is drawn again and again, and its keys. By ncurses.
 */
#ifndef OBJCACHE_CLI_SCREEN_H
#define OBJCACHE_CLI_SCREEN_H

#include <stdbool.h>

enum {
	KEY_NONE = -1,		/* nothing came in time */
	KEY_LINE_UP = 0x1000,
	KEY_LINE_DOWN,
	KEY_PAGE_UP,
	KEY_PAGE_DOWN,
	KEY_REDRAW,		/* it has another size now, or Ctrl-L */
};

/* Why there can be none, or NULL when there is one. */
const char *screen_start(void);
void screen_end(void);

int screen_lines(void);
int screen_columns(void);
void screen_clear(void);
/* Cut off where the screen ends; @bright: to stand out. */
void screen_line(int line, const char *text, bool bright);
void screen_show(void);

/* A character, one of the above, waiting so long. */
int screen_key(unsigned int ms);

#endif /* OBJCACHE_CLI_SCREEN_H */
