/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What people read: aligned tables, sizes, shares, sparklines
 */
#ifndef OBJCACHE_CLI_TEXT_H
#define OBJCACHE_CLI_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CELL_SIZE	96

/* Columns are as wide as their widest cell; the first @left ones are text. */
struct text_table {
	unsigned int columns, left, cells;
	bool last_left;			/* and the last one is text */
	char (*cell)[CELL_SIZE];
};

void table_start(struct text_table *table, unsigned int columns,
		 unsigned int left, const char *const *heads);
void table_cell(struct text_table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Prints it and is empty again. */
void table_print(struct text_table *table);

/* What is not ASCII, or a terminal would obey, becomes a question mark. */
void text_plain(char *text);

/* Into one of a few buffers, for the next few calls. */
const char *text_bytes(uint64_t bytes);			/* 3.1 MiB */
const char *text_share(uint64_t part, uint64_t whole);	/* 98.2, or - */
const char *text_count(uint64_t count);			/* 12.3k */
const char *text_rate(uint64_t count, uint64_t ns);	/* a second */

/* Thousandths, never above all; 0 of nothing. */
unsigned int permille(uint64_t part, uint64_t whole);
uint64_t per_second(uint64_t count, uint64_t ns);

/* One of eight heights, for a share of the highest; by the locale, ASCII else. */
const char *text_spark(uint64_t value, uint64_t highest);

#endif /* OBJCACHE_CLI_TEXT_H */
