// SPDX-License-Identifier: GPL-2.0
/* Being there when a function of the module is entered; see entry.h. */

#include <linux/kprobes.h>

#include "compat.h"
#include "entry.h"

static void (*entry_fn)(struct pt_regs *regs, void *data);
static void *entry_data;
static bool entry_open;
static struct kprobe entry_probe;

static int entry_pre(struct kprobe *probe, struct pt_regs *regs)
{
	if (xchg(&entry_open, false))
		entry_fn(regs, entry_data);
	return 0;
}

static void entry_remove(void *unused)
{
	unregister_kprobe(&entry_probe);
}

void t_need_entries(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_KPROBES))
		kunit_skip(test, "no kprobes here");
}

void t_at_entry(struct kunit *test, const char *function,
		void (*fn)(struct pt_regs *regs, void *data), void *data)
{
	entry_probe = (struct kprobe) {
		.symbol_name = function, .pre_handler = entry_pre,
	};
	entry_fn = fn;
	entry_data = data;
	WRITE_ONCE(entry_open, false);
	KUNIT_ASSERT_EQ(test, 0, register_kprobe(&entry_probe));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, entry_remove, NULL));
	WRITE_ONCE(entry_open, true);
}

void t_at_next_entry(void)
{
	WRITE_ONCE(entry_open, true);
}

bool t_was_entered(void)
{
	return !READ_ONCE(entry_open);
}
