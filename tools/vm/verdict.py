# SPDX-License-Identifier: GPL-2.0
"""What the guest said over the results port, and what it all amounts to.

The guest's lines of protocol start with @@ and a token that only this boot
knows, so nothing that a program prints can be taken for one:

    @@TOKEN ready                 init runs
    @@TOKEN step LIMIT NAME       what comes next, silent for LIMIT s at most
    @@TOKEN fail NAME REASON      NAME as in CODES; the first one counts
    @@TOKEN nmi MS                inject an NMI every so many ms, 0: no more
    @@TOKEN begin NAME            lines of a KTAP document follow
    @@TOKEN end LINES             how many there were
    @@TOKEN verdict FAILED|PASSED FAILED at the start, replaced at the very end
"""

from dataclasses import dataclass, field

import splat

CODES = {"PASS": 0, "FAILED": 1, "USAGE": 2, "SPLAT": 3, "HANG": 4, "LOST": 5}


@dataclass
class Verdict:
    name: str
    reason: str

    @property
    def code(self):
        return CODES[self.name]

    def __str__(self):
        return f"{self.code} {self.name}: {self.reason}"


@dataclass
class Guest:
    """Follows the results port line by line."""

    token: str
    default_limit: float
    ready: bool = False
    step: str = "boot"
    limit: float = 0
    fails: list = field(default_factory=list)
    documents: dict = field(default_factory=dict)
    problems: list = field(default_factory=list)
    nmi_ms: int = 0
    verdict: str = ""
    finished: bool = False
    document: str = ""
    lines: list = field(default_factory=list)

    def take(self, line):
        """Returns the text to show for this line, or None for none."""
        mark = f"@@{self.token} "
        if not line.startswith(mark):
            if self.finished:
                self.problems.append(f"text after the final token: {line!r}")
            if not self.document:
                return line
            self.lines.append(line)
            return None
        word, _, rest = line[len(mark):].partition(" ")
        handler = getattr(self, f"on_{word}", None)
        if handler is None:
            self.problems.append(f"unknown line from the guest: {line!r}")
            return None
        return handler(rest)

    def on_ready(self, _):
        self.ready, self.step = True, "init"
        self.limit = self.default_limit

    def on_step(self, rest):
        limit, _, self.step = rest.partition(" ")
        self.limit = float(limit) or self.default_limit
        return f"== {self.step}"

    def on_fail(self, rest):
        name, _, reason = rest.partition(" ")
        if name not in CODES or name == "PASS":
            name = "FAILED"
        self.fails.append(Verdict(name, reason))
        return f"FAILED: {reason}"

    def on_nmi(self, milliseconds):
        self.nmi_ms = int(milliseconds)

    def on_begin(self, name):
        if self.document:
            self.problems.append(f"{self.document}: cut off by {name}")
        self.document, self.lines = name, []

    def on_end(self, count):
        if str(len(self.lines)) != count:
            self.problems.append(f"{self.document}: {len(self.lines)} lines arrived of {count}")
        self.documents[self.document] = "\n".join(self.lines) + "\n"
        self.document = ""

    def on_verdict(self, word):
        # The first one is the FAILED of the beginning, the second is final.
        self.finished = bool(self.verdict)
        self.verdict = word


@dataclass
class Outcome:
    """How the VM ended."""

    seconds: float
    hang: str  # what was waited for in vain
    log: str  # of the kernel, up to the hang
    status: int = 0  # of QEMU
    said: str = ""  # by QEMU, last


def judge(outcome, guest, counts, planted=False):
    """counts: from ktap.judge, or None. planted: a race was planted, and must have been reported."""
    found = splat.scan(outcome.log, planted)
    hard = [s for s in found if s.kind == splat.SPLAT]
    stalls = [s for s in found if s.kind == splat.HANG]
    leaks = [s for s in found if s.kind == splat.LEAK]
    where = f"in step '{guest.step}'"
    if hard:
        more = f" (and {len(found) - 1} more in the log)" if len(found) > 1 else ""
        return Verdict("SPLAT", f"{hard[0]}{more}")
    if outcome.hang:
        stall = f"; the log has: {stalls[0]}" if stalls else ""
        return Verdict("HANG", f"{outcome.hang}, {where}{stall}")
    if stalls:
        return Verdict("SPLAT", str(stalls[0]))
    if not guest.finished:
        said = f"; it said: {outcome.said}" if outcome.said else ""
        return Verdict("LOST", f"QEMU ended with status {outcome.status} after {outcome.seconds:.0f} s, {where}, "
                       f"without a panic and without the final token{said}")
    if guest.fails:
        return guest.fails[0]
    problems = guest.problems + (counts.problems if counts else [])
    problems += [str(leak) for leak in leaks]
    if planted and not splat.planted_races(outcome.log):
        problems.append("the race that was planted has not been reported")
    if guest.verdict != "PASSED":
        problems.append(f"the guest's final token is {guest.verdict}")
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return Verdict("FAILED", problems[0] + more)
    return Verdict("PASS", f"{guest.step}, {outcome.seconds:.0f} s")
