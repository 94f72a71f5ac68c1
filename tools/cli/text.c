// SPDX-License-Identifier: GPL-2.0
/*
 * What people read: aligned tables, sizes, shares, sparklines
 */
#include <inttypes.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "cli.h"
#include "text.h"
#include "width.h"

/* One of the buffers that the text_ functions give out in turn. */
static char *text_buffer(void)
{
	static char buffers[32][32];
	static unsigned int next;

	return buffers[next++ % COUNT_OF(buffers)];
}

/* ---- tables ---- */

static char *table_new_cell(struct text_table *table)
{
	table->cell = realloc(table->cell,
			      (table->cells + 1) * sizeof(*table->cell));
	if (!table->cell)
		exit(unsupported("no memory for a table"));
	return table->cell[table->cells++];
}

void table_start(struct text_table *table, unsigned int columns,
		 unsigned int left, const char *const *heads)
{
	unsigned int i;

	memset(table, 0, sizeof(*table));
	table->columns = columns;
	table->left = left;
	for (i = 0; i < columns; i++)
		table_cell(table, "%s", heads[i]);
}

void table_cell(struct text_table *table, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(table_new_cell(table), CELL_SIZE, format, args);
	va_end(args);
}

/* As wide as it looks, not as many bytes. */
static int cell_width(const char *cell)
{
	size_t width = mbstowcs(NULL, cell, 0);

	return width == (size_t)-1 ? strlen(cell) : width;
}

static int column_width(const struct text_table *table, unsigned int column)
{
	int width = 0, own;
	unsigned int i;

	for (i = column; i < table->cells; i += table->columns) {
		own = cell_width(table->cell[i]);
		width = own > width ? own : width;
	}
	return width;
}

/* Two blanks between columns, one where there is no room for that. */
static const char *table_gap(const struct text_table *table)
{
	unsigned int i, width = 0, room = text_width();

	for (i = 0; i < table->columns; i++)
		width += column_width(table, i) + 2;
	return room && width - 2 > room ? " " : "  ";
}

/* No blanks at the end of a line. */
static void cell_print(const struct text_table *table, unsigned int i,
		       const char *gap)
{
	unsigned int column = i % table->columns;
	int pad = column_width(table, column) - cell_width(table->cell[i]);
	bool last = column == table->columns - 1;

	if (column < table->left || (last && table->last_left))
		printf("%s%*s", table->cell[i], last ? 0 : pad, "");
	else
		printf("%*s%s", pad, "", table->cell[i]);
	fputs(last ? "\n" : gap, stdout);
}

void table_print(struct text_table *table)
{
	const char *gap = table_gap(table);
	unsigned int i;

	for (i = 0; i < table->cells; i++)
		cell_print(table, i, gap);
	free(table->cell);
	memset(table, 0, sizeof(*table));
}

void text_plain(char *text)
{
	for (; *text; text++)
		if ((*text < ' ' || *text > '~') && *text != '\n' &&
		    *text != '\t')
			*text = '?';
}

/* ---- numbers ---- */

static const char *text_scaled(uint64_t value, unsigned int step,
			       const char *const *units, const char *whole)
{
	char *text = text_buffer();
	double scaled = value;
	unsigned int unit = 0;

	while (scaled >= step * 0.99995 && units[unit + 1]) {
		scaled /= step;
		unit++;
	}
	if (!unit)
		snprintf(text, 32, "%" PRIu64 "%s", value, whole);
	else
		snprintf(text, 32, "%.1f%s", scaled, units[unit]);
	return text;
}

const char *text_bytes(uint64_t bytes)
{
	static const char *const units[] = { "", " KiB", " MiB", " GiB",
					     " TiB", NULL };

	return text_scaled(bytes, 1024, units, " B");
}

const char *text_count(uint64_t count)
{
	static const char *const units[] = { "", "k", "M", "G", "T", NULL };

	return text_scaled(count, 1000, units, "");
}

unsigned int permille(uint64_t part, uint64_t whole)
{
	if (!whole)
		return 0;
	return part >= whole ? 1000 : (unsigned int)(1000.0 * part / whole);
}

const char *text_share(uint64_t part, uint64_t whole)
{
	unsigned int tenths = permille(part, whole);
	char *text = text_buffer();

	if (!whole)
		return "-";
	snprintf(text, 32, "%u.%u", tenths / 10, tenths % 10);
	return text;
}

uint64_t per_second(uint64_t count, uint64_t ns)
{
	return ns ? (uint64_t)(count * 1e9 / ns + 0.5) : 0;
}

const char *text_rate(uint64_t count, uint64_t ns)
{
	return text_count(per_second(count, ns));
}

const char *text_spark(uint64_t value, uint64_t highest)
{
	static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄", "▅",
					      "▆", "▇", "█" };
	static const char *const ascii[] = { " ", ".", ":", "-", "=", "+", "*",
					     "#", "@" };
	bool utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	unsigned int height = 0;

	if (value && highest)
		height = 1 + (unsigned int)(7.0 * value / highest);
	return (utf8 ? blocks : ascii)[height > 8 ? 8 : height];
}
