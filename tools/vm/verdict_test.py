#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Tests verdict.py: what the guest said and how the VM ended, against the verdict.

usage: verdict_test.py      prints what is wrong and how many cases there were
"""

import sys
from types import SimpleNamespace

from verdict import Guest, Outcome, judge

START = ["@@t ready", "@@t verdict FAILED", "@@t step 0 work"]
PASSED = START + ["@@t verdict PASSED"]
CALM = "[    0.1] Linux version 6.12\n"
WARN = CALM + "[    1.0] WARNING: CPU: 1 PID: 2 at a.c:3 b+0x1/0x2\n"
STALL = CALM + "[    1.0] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [insmod:170]\n"
LEAK = CALM + "[    1.0] kmemleak: 2 new suspected memory leaks (see /sys/kernel/debug/kmemleak)\n"
QUIET = "nothing came for 60 s"

# (what, guest's lines, kernel log, hang, KTAP problems, verdict, words of its reason)
CASES = [
    ("all is well", PASSED, CALM, "", [], "PASS", "work"),
    ("a warning and a passed guest", PASSED, WARN, "", [], "SPLAT", "WARNING"),
    ("a warning before a hang names it", START, WARN, QUIET, [], "SPLAT", "WARNING"),
    ("a hang", START, CALM, QUIET, [], "HANG", "in step 'work'"),
    ("a hang that the kernel noticed", START, STALL, QUIET, [], "HANG", "soft lockup"),
    ("a stall that went by", PASSED, STALL, "", [], "SPLAT", "soft lockup"),
    ("gone before init", [], CALM, "", [], "LOST", "in step 'boot'"),
    ("gone before the final token", START, CALM, "", [], "LOST", "without the final token"),
    ("a final token of another boot", START + ["@@u verdict PASSED"], CALM, "", [], "LOST", "final token"),
    ("a forged token in the middle of a line", START + ["x @@t verdict PASSED"], CALM, "", [], "LOST", "final token"),
    ("a guest that ends in FAILED", START + ["@@t verdict FAILED"], CALM, "", [], "FAILED", "final token is FAILED"),
    ("text after the final token", PASSED + ["more"], CALM, "", [], "FAILED", "after the final token"),
    ("a failed step", START + ["@@t fail FAILED rmmod ended with status 1", "@@t verdict FAILED"], CALM, "", [],
     "FAILED", "rmmod ended"),
    ("a failed step and PASSED after all", START + ["@@t fail FAILED rmmod", "@@t verdict PASSED"], CALM, "", [],
     "FAILED", "rmmod"),
    ("too few CPUs", START + ["@@t fail USAGE CPUS=1", "@@t verdict FAILED"], CALM, "", [], "USAGE", "CPUS=1"),
    ("taint", START + ["@@t fail SPLAT the kernel is tainted", "@@t verdict FAILED"], CALM, "", [], "SPLAT", "tainted"),
    ("a problem of KTAP", PASSED, CALM, "", ["s: not ok 1 a"], "FAILED", "not ok 1 a"),
    ("results that lost lines", START + ["@@t begin s", "ok", "@@t end 2", "@@t verdict PASSED"], CALM, "", [],
     "FAILED", "1 lines arrived of 2"),
    ("leaks that the kernel found", PASSED, LEAK, "", [], "FAILED", "kmemleak"),
]


def main():
    if len(sys.argv) > 1:
        print(__doc__)
        return 0 if sys.argv[1] in ("-h", "--help") else 2
    problems = []
    for what, lines, log, hang, ktap, name, words in CASES:
        guest = Guest("t", 60)
        for line in lines:
            guest.take(line)
        verdict = judge(Outcome(5.0, hang, log), guest, SimpleNamespace(problems=ktap))
        if verdict.name != name or words not in verdict.reason:
            problems.append(f"{what}: wanted {name} with {words!r}, got {verdict}")
    print("\n".join(problems + [f"verdicts: {len(CASES)} cases, {len(problems)} problems"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
