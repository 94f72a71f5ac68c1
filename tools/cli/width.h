/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How wide lines may be, and text that is broken where it would be wider
 */
#ifndef OBJCACHE_CLI_WIDTH_H
#define OBJCACHE_CLI_WIDTH_H

#define WIDTH_USUAL	80

/* Columns of the terminal, else what COLUMNS says, else 0: no end. */
unsigned int text_width(void);

/*
 * Prints a line that starts with @indent columns of @head and goes on, where it is
 * broken between words, below the text.
 */
void text_line(unsigned int indent, const char *head, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* OBJCACHE_CLI_WIDTH_H */
