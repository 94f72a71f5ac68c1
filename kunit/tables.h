/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel shows in debugfs and /proc, as a test reads it. */
#ifndef _OBJCACHE_KUNIT_TABLES_H
#define _OBJCACHE_KUNIT_TABLES_H

#include <kunit/test.h>

struct file;

/**
 * struct t_table - a file that is read over and over
 * @test: whose it is
 * @file: itself
 * @size: room in @text
 * @text: as it was read last
 */
struct t_table {
	struct kunit *test;
	struct file *file;
	size_t size;
	char *text;
};

void t_need_files(struct kunit *test);
struct t_table *t_table_open(struct kunit *test, const char *path, size_t size);
void t_table_close(struct t_table *table);
const char *t_table_read(struct t_table *table);

#endif /* _OBJCACHE_KUNIT_TABLES_H */
