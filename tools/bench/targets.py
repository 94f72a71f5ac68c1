# SPDX-License-Identifier: GPL-2.0
"""What objcache must measure.

A target that is not met may have a bound, which is, and a reason for it; both are printed.
"""

from dataclasses import dataclass

import memory
import tails

INSTRUCTIONS, NATIVE = "instructions", "native"
FLUSH = "locked+irqs"
PARKED = 100000  # objects, of age_pause_100k


def meets(target, measured, limit):
    return measured >= limit if target.at_least else measured <= limit


def verdict(target, measured):
    """met, bounded or MISSED"""
    if meets(target, measured, target.limit):
        return "met"
    return "bounded" if target.bound is not None and meets(target, measured, target.bound) else "MISSED"


def verdict_cells(target, measured):
    """What is printed of it: limit, measured, verdict."""
    word, side = verdict(target, measured), "at least" if target.at_least else "at most"
    why = f": {side} {target.bound:.4g}; {target.reason}" if word == "bounded" else ""
    return [f"{side} {target.limit:.4g}", f"{measured:.4g}", word + why]


def summary(words):
    return ", ".join(f"{words.count(word)} {text}" for word, text in
                     (("met", "targets met"), ("bounded", "bounded"), ("MISSED", "missed")))


@dataclass
class Target:
    """measured: a field of a row; if per is given, divided by that row's."""

    pattern: str
    mode: str
    contender: str
    limit: float
    field: str = "median"
    per: tuple = ()  # (pattern, contender) that it is divided by
    line: str = ""  # of the kernel; empty: any
    at_least: bool = False
    scaling: bool = False  # both divided into what one CPU takes alone
    bound: float = None
    reason: str = ""

    @property
    def what(self):
        text = f"{self.contender} {self.field}" if self.field != "median" else self.contender
        if self.scaling:
            return f"{text}, scaling of the floor's"
        return text + (f" of {self.per[1]}" if self.per else "")

    def applies(self, run):
        return self.mode == run["mode"] and self.line in ("", run["line"])

    def measure(self, run, value_of):
        own = self.part(run, value_of, self.pattern, self.contender)
        if own is None or not self.per:
            return own
        other = self.part(run, value_of, *self.per)
        if other is None:
            return None
        if not other:
            return 0.0 if not own else float("inf")
        return own / other

    def part(self, run, value_of, pattern, contender):
        if self.field == "locked+irqs":
            counts = [value_of(run, pattern, contender, field) for field in ("locked", "irqs")]
            return None if None in counts else sum(counts)
        value = value_of(run, pattern, contender, self.field)
        if self.scaling and value:
            alone = value_of(run, f"{pattern}_alone", contender)
            return alone / value if alone else None
        return value


@dataclass
class TailTarget:
    """A figure of single calls, in parts of kmem_cache's or beyond it."""

    start: str
    kind: str
    irqs: str
    op: str
    field: str
    limit: float
    beyond: bool = False
    pattern: str = "tail_10k"
    at_least: bool = False
    line: str = ""
    bound: float = None
    reason: str = ""

    @property
    def what(self):
        return (f"{self.op}, {self.start}, {self.kind}, interrupts {self.irqs}: "
                f"{tails.LABELS.get(self.field, self.field)} {'beyond' if self.beyond else 'of'} kmem_cache's")

    def applies(self, run):
        return run["mode"] == INSTRUCTIONS and self.line in ("", run["line"])

    def measure(self, run, _):
        call = (self.pattern, self.start, self.kind, self.irqs, self.op)
        own, other = (tails.find(run, call, name) for name in ("objcache", "kmem_cache"))
        if not own or not other:
            return None
        own, other = own[self.field], other[self.field]
        return own - other if self.beyond else own / other


@dataclass
class MemoryTarget:
    """Of what a cache was measured to cost a CPU."""

    size: int
    what: str
    limit: float
    of: object  # measures, given the cache's figures and those of a kmem_cache
    pattern: str = "memory"
    at_least: bool = False
    bound: float = None
    reason: str = ""

    def applies(self, run):
        return run["mode"] == INSTRUCTIONS

    def measure(self, run, _):
        """The worst of the caches with objects of this size."""
        caches = run.get("memory_measured", {}).get("per_cpu", [])
        own = [cache for cache in caches if (cache["kind"], cache["size"]) == ("objcache", self.size)]
        other = [cache for cache in caches if (cache["kind"], cache["size"]) == ("kmem_cache", self.size)]
        if not own or not other:
            return None
        found = [self.of(cache, other[0]) for cache in own]
        return None if None in found else max(found)


@dataclass
class StepTarget:
    """What a step of aging takes for each magazine that it has go, counted by the clock."""

    limit: float
    what: str = "in all, for each magazine"
    pattern: str = "age_pause_100k"
    at_least: bool = False
    bound: float = None
    reason: str = ""

    def applies(self, run):
        return run["mode"] == INSTRUCTIONS

    def measure(self, run, value_of):
        full, empty = (value_of(run, pattern, "objcache") for pattern in (self.pattern, "age_pause_none"))
        if None in (full, empty):
            return None
        batch = run["memory"]["bench"]["batch"]
        # Two magazines on each CPU are no step's.
        return (full - empty) / (PARKED / batch - 2 * run["cpus"])


def kept_magazines(state):
    return lambda own, _: memory.kept_magazines(own, state)


def absent_bytes(own, other):
    return None if None in (own["absent"], other["absent"]) else own["absent"] - other["absent"]


def _tail_targets():
    variants = [(kind, irqs) for kind in ("plain", "constructed") for irqs in ("on", "off")]
    for kind, irqs in variants:
        for field in ("p999", "max"):
            yield TailTarget("warm", kind, irqs, "put", field, 1)
        yield TailTarget("cold", kind, irqs, "put", "max", 1.5)
        yield TailTarget("warm", kind, irqs, "get", "p999", 1)
        for field in ("p999", "max"):
            yield TailTarget("cold", kind, irqs, "get", field, 1.15)
    for irqs in ("on", "off"):
        yield TailTarget("cold", "constructed", irqs, "get", "mean", 150, beyond=True)


def _memory_targets():
    for size in (64, 256, 4096):
        for state in ("aged", "drained"):
            yield MemoryTarget(size, f"{size} bytes, {state}: magazines per CPU beyond a fresh cache's", 0,
                               kept_magazines(state))
        yield MemoryTarget(size, f"{size} bytes: bytes per absent CPU beyond a kmem_cache's", 1024, absent_bytes,
                           bound=1408, reason="sizeof(struct objcache_cpu) is 1024, as the compiler makes sure; the slab's "
                                              "part and pages that are not full are seen too, and differ by 200 from run "
                                              "to run")


# By single steps: the slab takes 615 of kmem_cache's 764 for the same pages and objects, a get 58, a put 31,
# unmaking 20. Made by 31, a get would take 30 and give 0.92.
BY_HALF_PAGES = ("the p99.9 of a cold get may be 1.15 of kmem_cache's, so gets make half a slab page of objects at a time, "
                 "not two pages")


# In the same run, cold: a get takes 203 of kmem_cache's 194, a put 33 of 161; the rest is the keeper's, whose
# objects go to their pages by way of sheaves, and the pages' own end.
BY_SHEAVES = ("kmem_cache's sheaves make its get as cheap as one made by half pages, and what is unmade goes through "
              "them on its way to its page")


def _targets():
    yield Target("pair", INSTRUCTIONS, "objcache-inline", 29)
    yield Target("pair", INSTRUCTIONS, "objcache", 44, line="6.12")
    yield Target("pair", INSTRUCTIONS, "objcache", 42, line="7.3")
    for contender in ("objcache-inline", "objcache"):
        yield Target("pair", INSTRUCTIONS, contender, 0, field=FLUSH)
    # While nobody waits: what an unbounded one takes, and ten at most.
    yield Target("pair_bounded", INSTRUCTIONS, "objcache-inline", 29 + 10)
    yield Target("pair_bounded", INSTRUCTIONS, "objcache", 42 + 10)
    for contender in ("objcache-inline", "objcache"):
        yield Target("pair_bounded", INSTRUCTIONS, contender, 0, field=FLUSH)
    # Each put looks at the object, by a call: less than a pair that looks at nothing.
    for contender in ("objcache-inline", "objcache"):
        yield Target("pair_reset", INSTRUCTIONS, contender, 2 / 3, per=("pair", "kmem_cache"))
        yield Target("pair_reset", INSTRUCTIONS, contender, 0, field=FLUSH)
    yield Target("burst32", INSTRUCTIONS, "objcache-inline", 48, line="6.12")
    yield Target("bulk32", INSTRUCTIONS, "objcache", 8, line="6.12")
    for contender in ("objcache-inline", "objcache"):
        # All that the puts left for later included, by whoever does it.
        per = ("alloc_free_10k_drained", "kmem_cache")
        yield Target("alloc_free_10k_drained", INSTRUCTIONS, contender, 0.9, per=per, line="6.12", bound=0.98,
                     reason=BY_HALF_PAGES)
        yield Target("alloc_free_10k_drained", INSTRUCTIONS, contender, 0.85, per=per, line="7.3", bound=1.08,
                     reason=BY_SHEAVES)
    for contender in ("objcache-inline", "objcache"):
        yield Target("flow", INSTRUCTIONS, contender, 70)
        yield Target("flow", INSTRUCTIONS, contender, 1 / 16, field="locked")
    for pattern in ("flow", "remote_free", "one_alloc_n_free"):
        for field in ("median", FLUSH):
            yield Target(pattern, INSTRUCTIONS, "objcache", 1 / 3, field=field, per=(pattern, "kmem_cache"))
    yield Target("pair", NATIVE, "objcache", 1 / 4, per=("pair", "kmem_cache"))
    yield Target("pair", NATIVE, "objcache-inline", 1 / 4, per=("pair", "kmem_cache"))
    yield Target("pair", NATIVE, "objcache", 2, per=("pair", "floor"))
    yield Target("pair", NATIVE, "objcache-inline", 2, per=("pair", "floor"))
    yield Target("flow_free", NATIVE, "objcache", 3, per=("flow_free", "floor"))
    yield Target("concurrent", NATIVE, "objcache", 0.95, per=("concurrent", "floor"), at_least=True, scaling=True)
    for mode in (INSTRUCTIONS, NATIVE):
        yield Target("constructed", mode, "objcache", 1 / 10, per=("constructed", "kmem_cache-construct"))
    yield Target("age_pause_100k", INSTRUCTIONS, "objcache", 1.1, field="longest", per=("age_pause_few", "objcache"))
    yield StepTarget(250)
    yield from _tail_targets()
    yield from _memory_targets()


TARGETS = list(_targets())


# ---- make lines: tools/lines/report.py has the rows ----


@dataclass
class LinesTarget:
    """figure: of a row, or, with flat, the most by the least over all numbers of CPUs."""

    pattern: str
    what: str
    limit: float
    figure: object  # a function of a row of objcache's
    flat: bool = False
    at_least: bool = False
    bound: float = None
    reason: str = ""

    def measure(self, rows):
        """Pairs of how many CPUs, in words, and what was measured."""
        own = [row for row in rows if (row["pattern"], row["contender"]) == (self.pattern, "objcache")]
        if not self.flat:
            return [(str(row["cpus"]), self.figure(row)) for row in own]
        values = [self.figure(row) for row in own]
        if len(values) < 2:
            return []
        most, least = max(values), min(values)
        return [("all", most / least if least else 1.0 if not most else float("inf"))]


def _own(row):
    """A line that others have too and is stored to is told to them: that counts as well."""
    return row["own"] + row["own_takes"]


def _per_magazine(row, pairs=1):
    """Transfers of the hottest line, for each magazine of objects that one of so many pairs of CPUs had."""
    line = row["hottest_own"]
    return line["count"] * row["batch"] * pairs / row["objects"] if line else 0.0


# Of 23 two are the looks that owner and thief take at the ring's word before they change it.
LOOK_FIRST = "the ring's word is read before it is changed, by its owner and by a thief: a move and a take each"

LINES_TARGETS = [
    LinesTarget("pair", "lines moved or taken, own", 0.0005, _own),
    LinesTarget("concurrent", "lines moved or taken, own", 0.0005, _own),
    LinesTarget("flow", "lines moved or taken, own", 21 / 63, _own, bound=23 / 63, reason=LOOK_FIRST),
    LinesTarget("flow", "the same, most by least", 1.1, _own, flat=True),
    LinesTarget("flow", "hottest line, per magazine of a pair", 2.2,
                lambda row: _per_magazine(row, row["cpus"] // 2)),
    LinesTarget("flow", "lines that move between two pairs", 0, lambda row: row["shared_own"]["lines"]),
    # All have one CPU to give to: a line that they share is in the nature of it, how often it moves is not.
    LinesTarget("producer", "hottest line, per magazine", 2.2, _per_magazine),
]
