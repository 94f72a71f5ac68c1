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
RACE = CALM + "[    1.0] BUG: KCSAN: data-race in fault_race_reader [objcache_fault] / fault_race_writer [objcache_fault]\n"
RACE_BY_ONE = CALM + "[    1.0] BUG: KCSAN: data-race in fault_race_reader+0x31/0x60 [objcache_fault]\n"
OTHER_RACE = CALM + "[    1.0] BUG: KCSAN: data-race in fault_race_reader [objcache_fault] / objcache_get [objcache]\n"
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
    ("a race that nobody planted", PASSED, RACE, "", [], "SPLAT", "fault_race_reader"),
    ("leaks that the kernel found", PASSED, LEAK, "", [], "FAILED", "kmemleak"),
]

# The same where a race was planted.
PLANTED_CASES = [
    ("a planted race", PASSED, RACE, "", [], "PASS", "work"),
    ("a planted race and a part of it", PASSED, RACE + RACE_BY_ONE, "", [], "PASS", "work"),
    ("a planted race that nobody saw", PASSED, CALM, "", [], "FAILED", "planted has not been reported"),
    ("a planted race half seen", PASSED, RACE_BY_ONE, "", [], "FAILED", "planted has not been reported"),
    ("a planted race and another one", PASSED, RACE + OTHER_RACE, "", [], "SPLAT", "objcache_get"),
    ("a planted race and a warning", PASSED, RACE + WARN, "", [], "SPLAT", "WARNING"),
]


def main():
    if len(sys.argv) > 1:
        print(__doc__)
        return 0 if sys.argv[1] in ("-h", "--help") else 2
    problems = []
    cases = [(False, case) for case in CASES] + [(True, case) for case in PLANTED_CASES]
    for planted, (what, lines, log, hang, ktap, name, words) in cases:
        guest = Guest("t", 60)
        for line in lines:
            guest.take(line)
        verdict = judge(Outcome(5.0, hang, log), guest, SimpleNamespace(problems=ktap), planted)
        if verdict.name != name or words not in verdict.reason:
            problems.append(f"{what}: wanted {name} with {words!r}, got {verdict}")
    print("\n".join(problems + [f"verdicts: {len(cases)} cases, {len(problems)} problems"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
