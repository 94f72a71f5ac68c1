# SPDX-License-Identifier: GPL-2.0
"""What each step of the guest, each KUnit suite and each case took, on the wall's clock
and of the host's CPUs. Best read where others use the machine too: there the first
tells little. A step is known by what the guest says, a suite and a case by its log."""

import os
import re
import time
from dataclasses import dataclass

import splat

SUBTEST = re.compile(r"^# Subtest: (\S+)$")
RESULT = re.compile(r"^(?:not )?ok \d+ (\S+)")
TICKS = os.sysconf("SC_CLK_TCK")
STEP, SUITE, CASE = range(3)


@dataclass
class Row:
    level: int
    name: str
    seconds: float
    cpu: float

    def __str__(self):
        return f"{self.seconds:9.1f} {self.cpu:9.1f}   {'  ' * self.level}{self.name}"


def cpu_of(pid):
    """Seconds of CPU that a process has had, in all its threads."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as text:
            fields = text.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


class Times:
    """Is told of each line; now() gives (wall, CPU) seconds."""

    def __init__(self, now):
        self.now, self.step_name = now, "boot"
        self.rows = []
        self.suite = ""
        self.marks = {STEP: now(), SUITE: now(), CASE: now()}

    def _end(self, level, name, at):
        since, self.marks[level] = self.marks[level], at
        row = Row(level, name, at[0] - since[0], max(0.0, at[1] - since[1]))
        self.rows.append(row)

    def step(self, name):
        """Another one begins."""
        self._end(STEP, self.step_name, self.now())
        self.step_name = name

    def log(self, line):
        text = splat.message(line)
        begins, ends = SUBTEST.match(text), RESULT.match(text)
        if not begins and not ends:
            return
        at = self.now()
        if begins:
            self.suite, self.marks[SUITE], self.marks[CASE] = begins[1], at, at
        elif ends[1] == self.suite:
            self._end(SUITE, self.suite, at)
        elif self.suite:
            self._end(CASE, ends[1], at)

    def end(self):
        self.step("")

    def write(self, folder):
        for name, levels in (("times.txt", (STEP, SUITE)), ("case-times.txt", (STEP, SUITE, CASE))):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
                out.write(self.table(levels))

    def table(self, levels):
        """A row for each step, those of its suites before it."""
        steps = [row for row in self.rows if row.level == STEP]
        total = Row(STEP, "in all", sum(row.seconds for row in steps), sum(row.cpu for row in steps))
        rows = [row for row in self.rows if row.level in levels] + [total]
        return "\n".join([f"{'seconds':>9} {'of CPU':>9}", *map(str, rows), ""])
