// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel shows in debugfs and /proc; see tables.h.
 *
 * A kernel thread has no memory of its own that a file of debugfs could be read
 * into. So the file is opened, and what would show it is called here.
 */

#include <linux/err.h>
#include <linux/fs.h>
#include <linux/seq_file.h>

#include "compat.h"
#include "tables.h"

static void close_file(void *file)
{
	filp_close(file, NULL);
}

/* Since 7.x the root of a kernel thread, which runs the tests, has no files in it. */
void t_need_files(struct kunit *test)
{
	struct file *file = filp_open("/proc/version", O_RDONLY, 0);

	if (IS_ERR(file))
		kunit_skip(test, "kernel threads see no files here");
	filp_close(file, NULL);
}

struct t_table *t_table_open(struct kunit *test, const char *path, size_t size)
{
	struct t_table *table = kunit_kzalloc(test, sizeof(*table), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, table);
	table->test = test;
	table->size = size;
	table->text = kunit_kzalloc(test, size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, table->text);
	table->file = filp_open(path, O_RDONLY, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL_MSG(test, table->file, "%s", path);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, close_file, table->file));
	return table;
}

/* Before what it shows goes away; at the end of the test it is closed anyway. */
void t_table_close(struct t_table *table)
{
	kunit_release_action(table->test, close_file, table->file);
	kunit_kfree(table->test, table->text);
	kunit_kfree(table->test, table);
}

/* As read() would show it from the start; with no room for all of it, the test fails. */
const char *t_table_read(struct t_table *table)
{
	struct seq_file *from = table->file->private_data;
	struct seq_file m = {
		.buf = table->text, .size = table->size - 1,
		.private = from->private, .op = from->op, .file = table->file,
	};
	loff_t pos = 0;
	void *item;

	for (item = m.op->start(&m, &pos); item && !IS_ERR(item);
	     item = m.op->next(&m, item, &pos))
		m.op->show(&m, item);
	m.op->stop(&m, item);
	if (seq_has_overflowed(&m))
		KUNIT_FAIL(table->test, "a table of more than %zu bytes", table->size);
	table->text[m.count] = '\0';
	return table->text;
}
