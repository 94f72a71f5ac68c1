#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Tests splat.py against the recorded logs in splat-cases/: every bad one gives
exactly its report, no good one gives any, and every row of the table has a case.

usage: splat_test.py      prints what is wrong and how many cases there were
"""

import glob
import os
import sys

import splat

CASES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "splat-cases")


def read_cases(name):
    """(title, log) of each "=== title" in a file."""
    with open(os.path.join(CASES, name), encoding="utf-8") as text:
        _, *parts = ("\n" + text.read()).split("\n=== ")
    return [part.split("\n", 1) for part in parts]


def show(found):
    return ", ".join(f"{s.name} in line {s.line}" for s in found) or "nothing"


def check_bad(problems):
    hit = set()
    cases = read_cases("bad.txt")
    for name, log in cases:
        found = splat.scan(log)
        if [s.name for s in found] != [name]:
            problems.append(f"bad.txt, {name}: found {show(found)}: {log.splitlines()[0]}")
        # Surrounded by a normal boot, the report is found just the same.
        with open(os.path.join(CASES, "good-boot-6.12.log"), encoding="utf-8") as boot:
            normal = boot.read()
        if [s.name for s in splat.scan(normal + log + "\n" + normal)] != [name]:
            problems.append(f"bad.txt, {name}: not found within a boot log")
        for line in log.splitlines():
            hit.update(i for i, row in enumerate(splat.PATTERNS) if row[2].search(splat.message(line)))
    for index, (_, name, pattern) in enumerate(splat.PATTERNS):
        if index not in hit:
            problems.append(f"row {name} ({pattern.pattern}) has no case in bad.txt")
    return len(cases)


def check_good(problems):
    cases = read_cases("good.txt")
    for path in sorted(glob.glob(os.path.join(CASES, "good-*.log"))):
        with open(path, encoding="utf-8") as text:
            cases.append((os.path.basename(path), text.read()))
    for name, log in cases:
        found = splat.scan(log)
        if found:
            problems.append(f"good, {name}: found {show(found)}")
    return len(cases)


def check_stale(problems):
    trap = "[    2.290062] Oops: int3: 0000 [#1] PREEMPT SMP NOPTI\n"
    race = "[    2.280000] BUG: KCSAN: data-race in fault_race_reader [objcache_fault] / fault_race_writer [objcache_fault]\n"
    cases = ((trap, True), (trap.replace("Oops: ", ""), True), (trap.replace("#1", "#2"), False),
             ("[    2.290000] BUG: KASAN: use-after-free in f+0x1/0x2\n" + trap, False), ("", False), (race + trap, False))
    problems += [f"stale text, {log!r}: not {wanted}" for log, wanted in cases if splat.stale_text(log) != wanted]
    if not splat.stale_text(race + trap, planted=True):
        problems.append("stale text: the planted race hides it")


def main():
    if len(sys.argv) > 1:
        print(__doc__)
        return 0 if sys.argv[1] in ("-h", "--help") else 2
    problems = []
    bad, good = check_bad(problems), check_good(problems)
    check_stale(problems)
    print("\n".join(problems + [f"splat scanner: {bad} bad and {good} good logs, {len(problems)} problems"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
