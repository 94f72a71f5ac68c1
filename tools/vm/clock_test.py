#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Tests clock.py: what the threads of a VM got of the host's CPUs, against the seconds
that count for its limits.

usage: clock_test.py      prints what is wrong and how many cases there were
"""

import os
import sys
import tempfile

from clock import Clock

# What, seconds on the wall, {thread: (ran, waited) before}, the same after, seconds that count
CASES = [
    ("a guest that sleeps", 60, {"1": (5, 0)}, {"1": (5, 0)}, 60),
    ("a guest that spins on a host at rest", 60, {"1": (5, 1)}, {"1": (65, 1)}, 60),
    ("four that spin on two CPUs", 60, {}, {str(i): (30, 30) for i in range(4)}, 30),
    ("the same beside six loops", 60, {}, {str(i): (12, 48) for i in range(4)}, 12),
    # No thread by itself waits for long: they wait for one another, and then for a CPU.
    ("two that take turns on a busy host", 60, {}, {"1": (3, 27), "2": (3, 27)}, 6),
    ("one that spins and one that sleeps, on a busy host", 60, {}, {"1": (6, 54), "2": (0, 0)}, 6),
    ("nearly nothing, for an hour", 3600, {}, {"1": (4, 3596)}, 4),
    ("a thread that is new", 10, {"1": (9, 9)}, {"1": (9, 9), "2": (4, 6)}, 4),
    ("a thread that has ended", 10, {"1": (9, 9), "2": (50, 50)}, {"1": (14, 14)}, 5),
    ("a host that does not count", 10, {}, {}, 10),
]


def write(folder, threads):
    for task in os.listdir(folder):
        os.remove(f"{folder}/{task}/schedstat")
    for task, times in threads.items():
        os.makedirs(f"{folder}/{task}", exist_ok=True)
        with open(f"{folder}/{task}/schedstat", "w", encoding="ascii") as out:
            out.write("{:.0f} {:.0f} 7\n".format(*(seconds * 1e9 for seconds in times)))


def counted(wall, before, after):
    seconds = [100.0]
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock(folder, lambda: seconds[0])
        write(folder, before)
        since = clock.now()
        seconds[0] += wall
        write(folder, after)
        return clock.elapsed(since)


def main():
    if len(sys.argv) > 1:
        print(__doc__)
        return 0 if sys.argv[1] in ("-h", "--help") else 2
    problems = []
    for what, wall, before, after, want in CASES:
        got = counted(wall, before, after)
        if abs(got - want) > 0.01:
            problems.append(f"{what}: {want} s should count, {got:.2f} do")
    print("\n".join(problems + [f"clock: {len(CASES)} cases, {len(problems)} problems"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
