// SPDX-License-Identifier: GPL-2.0
/*
 * The screen of objcache top, by ncurses
 */
#include <ncursesw/curses.h>
#include <stdlib.h>
#include <unistd.h>
#include <wchar.h>

#include "screen.h"

#define LINE_MOST	512
#define CTRL_L		12	/* draws all anew, whatever else has been drawn over it */

const char *screen_start(void)
{
	if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
		return "no terminal";
	/* initscr() would exit. */
	if (!newterm(NULL, stdout, stdin))
		return "this terminal is not described here (TERM, terminfo)";
	cbreak();
	noecho();
	curs_set(0);
	keypad(stdscr, TRUE);
	set_escdelay(25);
	return NULL;
}

void screen_end(void)
{
	endwin();
}

int screen_lines(void)
{
	return LINES;
}

int screen_columns(void)
{
	return COLS;
}

void screen_clear(void)
{
	erase();
}

void screen_line(int line, const char *text, bool bright)
{
	static wchar_t wide[LINE_MOST];
	size_t len = mbstowcs(wide, text, LINE_MOST);

	if (line >= LINES || len == (size_t)-1)
		return;
	if (bright)
		attron(A_REVERSE);
	/* No further than the screen, or it would go on in the next line. */
	mvaddnwstr(line, 0, wide, COLS < (int)len ? COLS : (int)len);
	if (bright) {
		chgat(-1, A_REVERSE, 0, NULL);
		attroff(A_REVERSE);
	}
}

void screen_show(void)
{
	refresh();
}

int screen_key(unsigned int ms)
{
	int key;

	timeout(ms);
	key = getch();
	switch (key) {
	case ERR:
		return KEY_NONE;
	case KEY_UP:
		return KEY_LINE_UP;
	case KEY_DOWN:
		return KEY_LINE_DOWN;
	case KEY_PPAGE:
		return KEY_PAGE_UP;
	case KEY_NPAGE:
		return KEY_PAGE_DOWN;
	case CTRL_L:
		clearok(curscr, TRUE);
		return KEY_REDRAW;
	case KEY_RESIZE:
		return KEY_REDRAW;
	default:
		return key;
	}
}
