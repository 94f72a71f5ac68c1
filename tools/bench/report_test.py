#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Tests what is made of the rows of single calls and of the machine's memory, with made-up logs.

usage: report_test.py      prints what is wrong and how many cases there were
"""

import sys
import tempfile

import memory
import tails
from targets import (MemoryTarget, StepTarget, TailTarget, Target, absent_bytes, kept_magazines, summary, verdict,
                     verdict_cells)

# 128 caches of 64-byte objects: 2000 bytes per CPU that is online, 1000 per other one, 3000 beside.
# 4 CPUs have parked; 10 magazines stay on each after aging.
LOG = """
memory objcache 64 1024 63 128 2 2 fresh 1000 1875 0 0
memory objcache 64 1024 63 128 10 10 fresh 1000 3875 0 0
memory objcache 64 1024 63 128 2 34 fresh 1000 5875 0 0
memory kmem_cache 64 1024 0 128 2 2 fresh 1000 1200 0 0
memory kmem_cache 64 1024 0 128 2 34 fresh 1000 1200 0 0
memory objcache 64 1024 63 64 4 4 after-aging 5000 6344 0 2560
memory objcache 64 1024 63 4 4 4 after-drain 5000 5464 100 0
returned objcache 64 1024 63 1 4 4 drain 65 13
"""
TAILS = ["tail_10k cold plain on get objcache 1000 0 514.5 20 15470 18571 18575",
         "tail_10k cold plain on get kmem_cache 1000 0 529.5 158 5979 9000 9080"]


def measured(log):
    with tempfile.NamedTemporaryFile("w", suffix=".log") as file:
        file.write(log)
        file.flush()
        return {"mode": "instructions", "memory_measured": memory.measured([file.name])}


def cases():
    """(what, wanted, got)"""
    run = measured(LOG)
    cache = run["memory_measured"]["per_cpu"][0]
    yield "a fresh cache", 2000, cache["fresh"]
    yield "an absent CPU", 1000, cache["absent"]
    yield "objects after a drain", 100 * 4096 / 16, cache["drained_objects"]
    yield "no state, no figure", None, cache["parked_more"]
    yield "pages that stay", 13, run["memory_measured"]["returned"][0]["left"]
    for state, wanted in (("aged", 10), ("drained", 0)):
        yield f"magazines, {state}", wanted, MemoryTarget(64, "", 0, kept_magazines(state)).measure(run, None)
    yield "target of an absent CPU", 1000, MemoryTarget(64, "", 0, absent_bytes).measure(run, None)
    yield "nothing measured", None, MemoryTarget(64, "", 0, absent_bytes).measure(measured(""), None)
    run["tails"] = [tails.read(line.split()) for line in TAILS]
    yield "a ratio", 18571 / 9000, TailTarget("cold", "plain", "on", "get", "p999", 1).measure(run, None)
    yield "a difference", -15, TailTarget("cold", "plain", "on", "get", "mean", 1, beyond=True).measure(run, None)
    yield "no such call", None, TailTarget("warm", "plain", "on", "get", "mean", 1).measure(run, None)
    yield from judged()
    yield "cells", "20 / 158", tails.side_by_side(run, tails.call_of(run["tails"][0]), "p50")


def judged():
    """What is made of a figure beside its target."""
    bounded = Target("pair", "instructions", "objcache", 10, bound=12, reason="because")
    words = [verdict(bounded, value) for value in (10, 12, 13)]
    yield "met, bounded, missed", ["met", "bounded", "MISSED"], words
    yield "a bound is printed with its reason", ["at most 10", "12", "bounded: at most 12; because"], \
        verdict_cells(bounded, 12)
    yield "no bound", "MISSED", verdict(Target("pair", "instructions", "objcache", 10), 12)
    yield "at least", "met", verdict(Target("pair", "instructions", "objcache", 10, at_least=True), 12)
    yield "a summary", "1 targets met, 1 bounded, 1 missed", summary(words)
    rows = {"age_pause_100k": 302000, "age_pause_none": 2000}
    run = {"cpus": 2, "memory": {"bench": {"batch": 50}}}
    yield "for each magazine", 300000 / 1996, StepTarget(250).measure(run, lambda _, pattern, __: rows[pattern])


def main():
    found = list(cases())
    problems = [f"{what}: wanted {wanted}, got {got}" for what, wanted, got in found if wanted != got]
    print("\n".join(problems + [f"report: {len(found)} cases, {len(problems)} problems"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
