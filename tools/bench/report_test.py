#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Tests what is made of the rows of single calls and of the machine's memory, with made-up logs.

usage: report_test.py      prints what is wrong and how many cases there were
"""

import sys
import tempfile

import memory
import tails
from targets import MemoryTarget, TailTarget, absent_bytes, kept_magazines

# 128 caches of 64-byte objects: 2000 bytes per CPU that is online, 1000 per other one, 3000 beside.
# 4 CPUs have parked; with 64 KiB a VM that may be noise, 10 more magazines of 512 bytes stay after aging.
LOG = """
memory objcache 64 1024 63 128 2 2 fresh 1000 1875 0
memory objcache 64 1024 63 128 10 10 fresh 1000 3875 0
memory objcache 64 1024 63 128 2 34 fresh 1000 5875 0
memory kmem_cache 64 1024 0 128 2 2 fresh 1000 1200 0
memory kmem_cache 64 1024 0 128 2 34 fresh 1000 1200 0
memory objcache 64 1024 63 64 4 4 after-aging 5000 6344 0
memory objcache 64 1024 63 4 4 4 after-drain 5000 5464 100
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
    yield "cells", "20 / 158", tails.side_by_side(run, tails.call_of(run["tails"][0]), "p50")


def main():
    found = list(cases())
    problems = [f"{what}: wanted {wanted}, got {got}" for what, wanted, got in found if wanted != got]
    print("\n".join(problems + [f"report: {len(found)} cases, {len(problems)} problems"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
