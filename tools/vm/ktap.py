#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Judges KTAP results read from /sys/kernel/debug/kunit/SUITE/results.

The kernel's own kunit_parser does the parsing. It forgives much (a missing
header, a plan that is not kept inside a suite, text after the last result), so
what it forgives is checked here first.

usage: ktap.py KERNEL_SOURCE FILE...    a file per suite, named for the suite
"""

import importlib.util
import io
import os
import re
import sys
from dataclasses import dataclass, field

RESULT = re.compile(r"^( *)(ok|not ok) (\d+) (.+)$")
PLAN = re.compile(r"^( *)1\.\.(\d+)$")
INDENT = "    "


@dataclass
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    suites: int = 0
    cases: int = 0
    problems: list = field(default_factory=list)
    report: str = ""


def load_parser(source):
    """kunit_parser from the kernel source; it imports kunit_printer beside it."""
    folder = os.path.join(source, "tools/testing/kunit")
    sys.path.insert(0, folder)
    sys.dont_write_bytecode = True  # a kernel source must stay clean to be built from
    try:
        spec = importlib.util.spec_from_file_location("kunit_parser", os.path.join(folder, "kunit_parser.py"))
        module = importlib.util.module_from_spec(spec)
        sys.modules["kunit_parser"] = module
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(folder)
    return module


def parse(parser, lines, report):
    """parser's results of lines; what it prints goes to report. Before 7.x its printer is global."""
    if hasattr(parser, "stdout"):
        parser.stdout = type(parser.stdout)(report)
        return parser.parse_run_tests(lines)
    return parser.parse_run_tests(lines, parser.Printer(output=report))


def check_level(lines, indent, name):
    """Problems of one level: its plan against the results that stand at it."""
    plans = [int(m[2]) for m in map(PLAN.match, lines) if m and m[1] == indent]
    numbers = [int(m[3]) for m in map(RESULT.match, lines) if m and m[1] == indent]
    if len(plans) != 1:
        return [f"{name}: {len(plans)} plan lines where there must be one"]
    if numbers != list(range(1, plans[0] + 1)):
        return [f"{name}: planned {plans[0]} results, has {len(numbers)} numbered {numbers}"]
    return []


def check_form(suite, lines):
    """What a complete file looks like: header, plan, suite, one last result."""
    if not lines or lines[0] != "KTAP version 1":
        return [f"{suite}: no KTAP header in the first line"]
    last = RESULT.match(lines[-1])
    if not last or last[1] or last[4] != suite:
        return [f"{suite}: does not end in its result: {lines[-1]!r}"]
    if f"{INDENT}# Subtest: {suite}" not in lines:
        return [f"{suite}: no '# Subtest: {suite}' line"]
    problems = check_level(lines, "", suite) + check_level(lines, INDENT, suite)
    for line in lines:
        result = RESULT.match(line)
        if result and result[2] == "not ok":
            problems.append(f"{suite}: {line.strip()}")
    return problems


def cases_of(lines):
    return sum(bool(m) and m[1] == INDENT for m in map(RESULT.match, lines))


def judge(documents, source, expect_suites=None, expect_cases=None):
    """documents: {suite: text}. Expected numbers of None are not checked."""
    counts, report = Counts(suites=len(documents)), io.StringIO()
    parser = load_parser(source)
    for suite, text in sorted(documents.items()):
        lines = [line.rstrip() for line in text.splitlines() if line.strip()]
        problems = check_form(suite, lines)
        test = parse(parser, lines, report)
        counts.passed += test.counts.passed
        counts.failed += test.counts.failed + test.counts.crashed
        counts.skipped += test.counts.skipped
        counts.cases += cases_of(lines)
        if not problems and (test.counts.errors or not test.ok_status()):
            problems.append(f"{suite}: {test.status.name}, {test.counts.errors} errors in its form")
        counts.problems += problems
    if not documents:
        counts.problems.append("no KUnit suite reported anything")
    for what, have, want in (("suites", counts.suites, expect_suites), ("test cases", counts.cases, expect_cases)):
        if want is not None and have != want:
            counts.problems.append(f"{have} {what} ran, {want} are expected")
    counts.report = report.getvalue()
    return counts


def main():
    if len(sys.argv) < 3:
        print(__doc__)
        return 0 if "--help" in sys.argv or "-h" in sys.argv else 2
    documents = {}
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8", errors="replace") as text:
            documents[os.path.basename(path).removesuffix(".ktap")] = text.read()
    counts = judge(documents, sys.argv[1])
    print(counts.report, end="")
    print("\n".join(counts.problems))
    return 1 if counts.problems else 0


if __name__ == "__main__":
    sys.exit(main())
