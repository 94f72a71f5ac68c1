#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Tests ktap.py against made-up results: what the kernel's parser forgives must
not pass.

usage: ktap_test.py KERNEL_SOURCE      prints what is wrong and how many cases
"""

import sys

import ktap

GOOD = """KTAP version 1
1..1
    KTAP version 1
    # Subtest: s
    1..3
    ok 1 a
        KTAP version 1
        # Subtest: b
        ok 1 small
        ok 2 large
    # b: pass:2 fail:0 skip:0 total:2
    ok 2 b
    ok 3 c # SKIP not on this CPU
# s: pass:2 fail:0 skip:1 total:3
# Totals: pass:3 fail:0 skip:1 total:4
ok 1 s
"""

# (what is wrong, the text, words that a problem must contain; None: no problem)
CASES = [
    ("nothing", GOOD, None),
    ("a failed case", GOOD.replace("    ok 1 a", "    not ok 1 a"), "not ok 1 a"),
    ("a failed parameter", GOOD.replace("ok 2 large", "not ok 2 large"), "not ok 2 large"),
    ("a failed suite", GOOD.replace("\nok 1 s", "\nnot ok 1 s"), "not ok 1 s"),
    ("no header", GOOD.replace("KTAP version 1\n1..1\n", "1..1\n"), "no KTAP header"),
    ("cut off", GOOD[:GOOD.index("    ok 2 b")], "does not end"),
    ("no suite result", GOOD.replace("\nok 1 s\n", "\n"), "does not end"),
    ("text after it", GOOD + "Kernel panic\n", "does not end"),
    ("another suite's", GOOD.replace("# Subtest: s", "# Subtest: t"), "Subtest"),
    ("a lost case", GOOD.replace("    ok 3 c # SKIP not on this CPU\n", ""), "planned 3"),
    ("a case too many", GOOD.replace("    ok 3 c", "    ok 3 x\n    ok 4 c"), "planned 3"),
    ("no plan of cases", GOOD.replace("    1..3\n", ""), "plan lines"),
    ("wrong numbers", GOOD.replace("    ok 3 c", "    ok 4 c"), "planned 3"),
    ("empty", "", "no KTAP header"),
]


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return 0 if "-h" in sys.argv or "--help" in sys.argv else 2
    problems = []

    def check(name, documents, want, **expected):
        found = ktap.judge(documents, sys.argv[1], **expected).problems
        if (want is None and found) or (want is not None and not any(want in line for line in found)):
            problems.append(f"{name}: wanted {want!r}, found {found}")

    for name, text, want in CASES:
        check(name, {"s": text}, want)
    check("right numbers", {"s": GOOD}, None, expect_suites=1, expect_cases=3)
    check("a suite is missing", {"s": GOOD}, "1 suites ran, 2 are expected", expect_suites=2)
    check("a case is missing", {"s": GOOD}, "3 test cases ran, 4 are expected", expect_cases=4)
    check("nothing ran", {}, "no KUnit suite")
    counts = ktap.judge({"s": GOOD}, sys.argv[1])
    if (counts.passed, counts.failed, counts.skipped) != (3, 0, 1):
        problems.append(f"counts: {counts}")
    print("\n".join(problems + [f"KTAP: {len(CASES) + 5} cases, {len(problems)} problems"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
