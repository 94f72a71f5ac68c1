#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Finds what a kernel log complains about: warnings, oopses, sanitizer reports,
lockdep, stalls, leaks, panics. Best at telling them from lines that merely
contain such words. Cannot tell whose fault a report is, except KCSAN's.

usage: splat.py LOGFILE...     prints what it finds, exits 3 if there is anything
"""

import re
import sys
from dataclasses import dataclass

# Kinds: SPLAT is a verdict of its own. HANG is a splat too, but when the guest
# then stops it is only the symptom. LEAK is a failed test.
SPLAT, HANG, LEAK = "SPLAT", "HANG", "LEAK"

# These follow a report, and are one only where nothing announced them.
TRACE_NAME, TAINT_NAME = "call trace", "tainted"
TRACE_REACH = 60

# The first row that matches a line names it. ^ is where the message starts,
# after the time stamp; every row has recorded logs in splat-cases/.
PATTERNS = [(kind, name, re.compile(regex)) for kind, name, regex in [
    (HANG, "soft lockup", r"^(watchdog: )?BUG: soft lockup"),
    (HANG, "hard lockup", r"^(watchdog: |NMI watchdog: )?Watchdog detected hard LOCKUP"),
    (HANG, "workqueue lockup", r"^BUG: workqueue lockup"),
    (HANG, "rcu stall", r"^(rcu: )?INFO: rcu_\w+ (self-)?detected (expedited )?stall"),
    (HANG, "hung task", r"^INFO: task .* blocked for more than \d+ seconds"),
    (SPLAT, "KASAN", r"^BUG: KASAN: "),
    (SPLAT, "KCSAN", r"^BUG: KCSAN: "),
    (SPLAT, "KFENCE", r"^BUG: KFENCE: "),
    (SPLAT, "UBSAN", r"^UBSAN: "),
    (SPLAT, "slab objects left", r"Objects remaining (in|on) |Slab cache still has objects"),
    (SPLAT, "slab corruption", r"^BUG [^:]+ \((Not tainted|Tainted: )"),
    (SPLAT, "scheduling while atomic", r"^BUG: scheduling while atomic"),
    (SPLAT, "sleeping in atomic", r"^BUG: sleeping function called from invalid context"),
    (SPLAT, "preemptible per-CPU access", r"^BUG: using \S+ in preemptible"),
    (SPLAT, "page fault", r"^BUG: (unable to handle|kernel NULL pointer)|^Unable to handle kernel "),
    (SPLAT, "lockdep switched itself off", r"^BUG: MAX_\w+ too low|^turning off the locking correctness|"
     r"^INFO: lockdep is turned off|^Disabling lock debugging due to kernel taint"),
    (SPLAT, "lockdep", r"^INFO: trying to register non-static key"),
    (SPLAT, "lockdep", r"^WARNING: (possible .* detected|inconsistent lock state|bad (unlock balance|contention)|"
     r".*held lock|.* locks? held|lock held|.* lock order detected|Nested lock|chain_key)"),
    (SPLAT, "lockdep", r"^\[ BUG: "),
    (SPLAT, "RCU usage", r"^WARNING: suspicious RCU usage"),
    (SPLAT, "BUG", r"^kernel BUG at "),
    (SPLAT, "BUG", r"^BUG: "),
    # Not the frame pointer unwinder's, once a boot, of an NMI that came before a frame was there.
    (SPLAT, "WARNING", r"^WARNING: (?!kernel stack regs at )"),
    (SPLAT, "refcount", r"^refcount_t: "),
    (SPLAT, "list corruption", r"^list_(add|del) corruption"),
    (SPLAT, "debug objects switched itself off", r"^ODEBUG: Out of memory"),
    (SPLAT, "debug objects", r"^ODEBUG: (activate|deactivate|init|free|assert|destroy|object)"),
    (SPLAT, "oops", r"^(Internal error: Oops|Oops|int3|general protection fault|stack segment|double fault|invalid opcode|divide error)\b.*:"),
    (SPLAT, "softirq", r"^softirq: huh, entered softirq"),
    (SPLAT, "irq nobody cared", r"^irq \d+: nobody cared"),
    (SPLAT, "missing symbol", r"^\w+: (Unknown symbol|disagrees about version of symbol)"),
    (SPLAT, "out of memory", r"^(Out of memory: Killed|\S+ invoked oom-killer|\S+: page allocation failure)"),
    (LEAK, "kmemleak", r"^kmemleak: \d+ new suspected memory leaks"),
    (SPLAT, "kmemleak switched itself off", r"^kmemleak: (Kernel memory leak detector disabled|Kmemleak disabled|"
     r"Memory pool (empty|exhausted)|Cannot )"),
    (SPLAT, "kmemleak misuse", r"^kmemleak: .* (unknown|by alias|larger than) "),
    (SPLAT, "panic", r"^Kernel panic - not syncing"),
    (SPLAT, TAINT_NAME, r"^(CPU: .*|Hardware name: .*)?Tainted: (.*\[[WDLB]\]=|[A-Z ]*\b[GP][A-Z ]* [WDLB]\b)"),
    (SPLAT, TRACE_NAME, r"^Call [Tt]race:$"),
]]

# What announces a stack trace on purpose. KCSAN's own reports are judged above.
ANNOUNCED = re.compile(r"^(BUG: KCSAN: |FAULT_INJECTION: forcing a failure|objcache: )")

# A race between two functions of the kernel itself, which strict KCSAN finds many of,
# says nothing about this module, wherever in a module they are called: the timer of a
# sleeper, work that is queued while it begins to run, an event in the trace buffer. It
# is the module's if a racing access is in its code, or in a helper that works on what
# the module, found in the stack, gave it. The first line names both functions.
OURS = re.compile(r"(^BUG: .*|\+0x[0-9a-f]+/0x[0-9a-f]+ )\[objcache\w*\]")
HELPER = re.compile(r"\b_*(find_(first|last|next|nth)\w*_bit|bitmap_\w+|cpumask_\w+|llist_\w+|list_\w+|"
                    r"xas?_\w+|mem\w+|str\w+|copy_\w+|refcount_\w+)\b")

# A task's own flags, which memalloc_noio_save() changes in line, and a tick on the same CPU reads.
TASK_FLAGS = re.compile(r"^BUG: KCSAN: data-race in (\S+ \[objcache\] / to_kthread|to_kthread / \S+ \[objcache\])$")

# What the fault module does on purpose, for a harness that asked for it.
PLANTED = re.compile(r"^BUG: KCSAN: data-race in (fault_race_(reader|writer)\b\S*( \[objcache_fault\])?( / )?)+$")
# The kernel patches text under a breakpoint, and knows each that it has set. QEMU before 8.1 can
# translate such text just before the breakpoint goes, and keep what it saw.
STALE = re.compile(r"^(Oops: )?int3: 0000 \[#1\]")
STAMP = re.compile(r"^(<\d+>)?\[ *\d+\.\d+\](\[ *[TC]\d+\])? ?")


@dataclass
class Splat:
    kind: str
    name: str
    line: int
    text: str

    def __str__(self):
        return f"{self.name}: {self.text}" if self.name not in self.text else self.text


def message(line):
    """The line without its time stamp and surrounding blanks."""
    return STAMP.sub("", line.rstrip("\r\n")).strip()


def is_foreign_race(lines, index):
    """KCSAN frames each report in lines of ====."""
    title = message(lines[index])
    if TASK_FLAGS.search(title):
        return True
    if OURS.search(title):
        return False
    if HELPER.search(title):
        for line in map(message, lines[index:index + 100]):
            if OURS.search(line):
                return False
            if line.startswith("====="):
                break
    return True


def classify(lines, index, planted):
    text = message(lines[index])
    for kind, name, pattern in PATTERNS:
        if not pattern.search(text):
            continue
        if name == "KCSAN" and (is_foreign_race(lines, index) or planted and PLANTED.search(text)):
            return None
        return Splat(kind, name, index + 1, text)
    return None


def scan(log, planted=False):
    """All splats in the text of a kernel log, in order; without the planted race if there is to be one."""
    lines = log.split("\n")
    found, announced = [], -TRACE_REACH
    for index, line in enumerate(lines):
        splat = classify(lines, index, planted)
        follows = splat is not None and splat.name in (TRACE_NAME, TAINT_NAME)
        if splat is not None and not (follows and index - announced < TRACE_REACH):
            found.append(splat)
        if ANNOUNCED.search(message(line)) or splat is not None:
            announced = index
    return found


def foreign_races(log):
    """How many KCSAN reports scan() left out."""
    lines = log.split("\n")
    return sum(message(line).startswith("BUG: KCSAN") and is_foreign_race(lines, number)
               for number, line in enumerate(lines))


def planted_races(log):
    """How many reports of the planted race name both who race."""
    texts = [match[0] for match in map(PLANTED.search, map(message, log.split("\n"))) if match]
    return sum("reader" in text and "writer" in text for text in texts)


def stale_text(log, planted=False):
    """Whether what came first, but for the planted race, is a breakpoint that the kernel had not set."""
    found = scan(log, planted)
    return bool(found) and STALE.search(message(log.split("\n")[found[0].line - 1])) is not None


def main():
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return 0 if len(sys.argv) > 1 else 2
    found = 0
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8", errors="replace") as log:
            for splat in scan(log.read()):
                print(f"{path}:{splat.line}: {splat}")
                found += 1
    return 3 if found else 0


if __name__ == "__main__":
    sys.exit(main())
