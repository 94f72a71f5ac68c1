// SPDX-License-Identifier: GPL-2.0
/* The reports of debug mode; see reports.h. */

#include <linux/kmsg_dump.h>
#include <linux/stacktrace.h>
#include <linux/string.h>

#include "helpers.h"
#include "reports.h"

static char line[512];

/* Since the beginning of a mistake; copied for each look. */
static struct kmsg_dump_iter log_start;

static bool next_line(struct kmsg_dump_iter *iter)
{
	size_t len;

	if (!kmsg_dump_get_line(iter, false, line, sizeof(line) - 1, &len))
		return false;
	line[len] = '\0';
	return true;
}

void t_log_mark(void)
{
	while (next_line(&log_start))
		;
}

unsigned int t_log_lines(const char *a, const char *b, const char *c)
{
	struct kmsg_dump_iter iter = log_start;
	unsigned int nr = 0;

	while (next_line(&iter))
		nr += strstr(line, a) && strstr(line, b) && strstr(line, c);
	return nr;
}

unsigned int t_log_first(const char *a)
{
	struct kmsg_dump_iter iter = log_start;
	unsigned int nr = 0;

	while (next_line(&iter)) {
		nr++;
		if (strstr(line, a))
			return nr;
	}
	return 0;
}

/* User-Mode Linux believes no frame without frame pointers. */
bool t_has_stacks(void)
{
#ifdef CONFIG_STACKTRACE
	unsigned long frames[4];

	return stack_trace_save(frames, ARRAY_SIZE(frames), 0);
#else
	return false;
#endif
}

/* As a report calls it. */
static const char *place_of(enum t_context context)
{
	switch (context) {
	case T_SOFTIRQ:
		return " in softirq";
	case T_HARDIRQ:
		return " in hardirq";
	case T_NMI:
		return " in NMI";
	default:
		return " in task";
	}
}

void t_expect_report(struct kunit *test, const char *title, enum t_context context)
{
	const char *name = t_context_name(context);

	KUNIT_EXPECT_TRUE_MSG(test, t_wait_until(t_reports()), "%s: no report in %s", title,
			      name);
	KUNIT_EXPECT_EQ_MSG(test, t_reports(), 1, "%s in %s", title, name);
	KUNIT_EXPECT_EQ_MSG(test, t_log_lines("objcache: ", title, ""), 1, "%s in %s", title,
			    name);
	KUNIT_EXPECT_EQ(test, t_log_lines("objcache:   Likely: ", "", ""), 1);
	KUNIT_EXPECT_EQ_MSG(test,
			    t_log_lines("objcache:   Found by ", " on CPU ", place_of(context)),
			    1, "%s in %s", title, name);
	if (t_has_stacks())
		KUNIT_EXPECT_GE(test, t_log_lines("objcache:     ", "+0x", "/0x"), 1);
}
