#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What the report makes of transfers; needs no VM. Exit code 1 if it is wrong."""

import contextlib
import io
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import report  # noqa: E402

FUNCTIONS = {1: ("own_planted", "objcache_lines"), 2: ("__objcache_put", "objcache"), 3: ("_raw_spin_lock", ""),
             4: ("gets_objcache", "objcache_lines"), 5: ("__slab_free", "")}


class Names:
    """Stands in for what needs a guest."""

    symbols = None

    def __init__(self):
        self.symbols = self

    @staticmethod
    def function(pc):
        return FUNCTIONS[pc]

    @staticmethod
    def of(address):
        return {0x1000: "lines_planted of objcache_lines"}.get(address, "memory")


def moved(line, pc, context=report.SECTION, pair=(0, 1), times=1, kind=report.MOVE):
    return report.Transfer(line, pc, kind, context, *pair, times, line * report.LINE)


def count(transfers, contender="objcache"):
    return {"pattern": "planted", **report.count_region(transfers, contender, 10, Names())}


def check_planted(transfers):
    with contextlib.redirect_stdout(io.StringIO()):
        return report.check_planted([count(transfers)])


def cases():
    planted, other = moved(0x40, 1, times=20), moved(0x41, 2, times=10)
    yield "the planted counter is the hottest line", check_planted([planted, other]), 0
    yield "it is not counted", check_planted([other]), 1
    yield "another line is hotter", check_planted([planted, moved(0x41, 2, times=21)]), 1
    yield "nothing moved", check_planted([]), 1
    row = count([moved(1, 2), moved(1, 2, context=0), moved(2, 3, times=2), moved(2, 3, context=2, times=50),
                 moved(3, 4, times=70), moved(4, 5, context=0, times=90), moved(1, 2, kind=report.TAKE, times=3)])
    yield "whose it is", [row[key] for key in ("own", "called", "handover", "rest", "own_takes")], \
        [0.2, 0.2, 7.0, 14.0, 0.3]
    row = count([moved(1, 5), moved(1, 5, pair=(1, 0)), moved(2, 5, times=2), moved(2, 5, pair=(2, 1), times=2),
                 moved(3, 5, times=9), moved(3, 5, pair=(2, 1))], "kmem_cache")
    yield "which lines move between more than one pair", row["shared_own"]["lines"], 1
    rows = [{"pattern": "flow", "cpus": cpus, "contender": contender, "total": total}
            for cpus, contender, total in ((8, "objcache", 0.2), (2, "objcache", 0), (8, "kmem_cache", 5), (2, "kmem_cache", 1))]
    yield "what is drawn", list(report.chart_rows({"rows": rows}, "flow")), \
        [["2", "0.000001", "1.000000", "?", "?", "-"], ["8", "0.200000", "5.000000", "?", "?", "25x"]]


def main():
    number = problems = 0
    for number, (name, got, wanted) in enumerate(cases(), 1):
        if got != wanted:
            problems += 1
            print(f"{name}: {got}, wanted {wanted}")
    print(f"report_test: {number} cases, {problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
