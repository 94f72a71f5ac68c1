#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Turns what the plugin counted into a table, JSON and a chart, names lines, and judges.

  report.py --prepare FOLDER --release RELEASE --symbols LOG
      from a guest's kallsyms: FOLDER/kallsyms-RELEASE, FOLDER/entries-RELEASE
  report.py --sizes BUILT     prints core_size and cpu_size, of objcache's structures
  report.py --count FOLDER --built BUILT --kallsyms FILE --out JSON
      of one boot: FOLDER/counts and FOLDER/results.log; prints its rows
  report.py --join JSON... --kernel LINE --out NAME
      writes NAME.json, NAME.txt and NAME.svg; prints the table and the targets.
      The last line is `lines: N targets met, N bounded, N missed`.

Exit code: 0, or 1 if the planted counter was not named as the hottest line.
"""

import argparse
import base64
import collections
import gzip
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "bench"))

from symbols import Symbols, Types  # noqa: E402
from targets import LINES_TARGETS, summary, verdict, verdict_cells  # noqa: E402

SCHEMA = 1
LINE = 64
MOVE, TAKE = 1, 2  # kinds of transfers: see plugin.c
SECTION = 1  # context of a transfer: between a contender's call and its return, no interrupt
NEAR = 512  # bytes: what a pointer points to may have several lines
OBJCACHE_TYPES = ("objcache_core", "objcache_cpu")
LINES_TYPES = ("objpool_head", "objpool_slot", "bench_spsc")
SUMS = ("total", "own", "called", "total_takes", "own_takes", "handover", "rest")
CONTENDERS = ("objcache", "kmem_cache", "objpool", "ring")
CHARTED = ("flow", "producer", "one_alloc_n_free")

# Functions of the kernel that are a contender's own. All of objcache.ko is
# objcache's, whoever calls it; what is inline is in own_*, in tools/lines/calls.c.
OWN_FUNCTIONS = {
    "kmem_cache": re.compile(r"slab|kmem_cache|partial|freelist|sheaf|sheaves|barn|setup_object"),
    "objpool": re.compile(r"objpool"),
}
PLANTED = "lines_planted"


# ---- what the guest said ----

def documents_of(results):
    """({name: lines}, other lines) of a results log."""
    documents, others, current = {}, [], None
    with open(results, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            words = line.split()
            if len(words) > 1 and words[0].startswith("@@"):
                current = documents.setdefault(words[2], []) if words[1] == "begin" else None
            elif current is not None:
                current.append(line.rstrip("\n"))
            else:
                others.append(line.rstrip("\n"))
    return documents, others


def prepare(options):
    documents, _ = documents_of(options.symbols)
    path = os.path.join(options.prepare, f"kallsyms-{options.release}")
    with open(f"{path}.new", "wb") as out:
        out.write(gzip.decompress(base64.b64decode("".join(documents["kallsyms"]))))
    entries = Symbols(f"{path}.new").interrupt_entries()
    with open(os.path.join(options.prepare, f"entries-{options.release}"), "w", encoding="ascii") as out:
        out.writelines(f"{entry:x}\n" for entry in entries)
    os.rename(f"{path}.new", path)
    return 0


def module_path(built, name):
    folder = "module" if name == "objcache" else "tools/lines"
    return os.path.join(built, folder, f"{name}.ko")


def print_sizes(options):
    types = Types(module_path(options.sizes, "objcache"), OBJCACHE_TYPES)
    for name in set(OBJCACHE_TYPES) - set(types.found):
        print(f"note: objcache.ko has no struct {name}: its fields will have no names", file=sys.stderr)
    print(*(types.size(name) for name in OBJCACHE_TYPES))
    return 0


# ---- names of lines ----

class Names:
    """What the guest's module said of addresses, and symbols for the rest."""

    def __init__(self, documents, built, kallsyms):
        self.symbols = Symbols(kallsyms)
        self.types = [Types(module_path(built, "objcache"), OBJCACHE_TYPES),
                      Types(module_path(built, "objcache_lines"), LINES_TYPES)]
        self.known, self.points, self.percpu = [], {}, {}
        self._read_known(documents["known"])
        for module, sections in self._sections(documents["sections"]).items():
            self.symbols.add_module(module, module_path(built, module), sections)

    @staticmethod
    def _sections(lines):
        found = collections.defaultdict(dict)
        for line in lines:
            match = re.match(r"section /sys/module/(\w+)/sections/(\S+) (0x\w+)", line)
            if match:
                found[match[1]][match[2]] = int(match[3], 16)
        return found

    def _read_known(self, lines):
        for line in lines:
            word, *rest = line.split()
            if word == "known":
                name, cpu, kind, address, size = rest
                self.known.append((int(address, 16), int(size), self._indexed(name, cpu), kind))
            elif word == "points":
                name, cpu, offset, address = rest
                self.points.setdefault(int(address, 16), (self._indexed(name, cpu), name, int(offset)))
            elif word == "percpu":
                self.percpu[int(rest[0])] = int(rest[1], 16)
        self.targets = sorted(self.points)

    @staticmethod
    def _indexed(name, cpu):
        return name if cpu == "-1" else f"{name}[{cpu}]"

    def _field(self, kind, offset):
        for types in self.types:
            if kind in types.found:
                return types.field(kind, offset)
        return f"+{offset:#x}"

    def of(self, address):
        """Of what is at an address, as well as is known."""
        for start, size, name, kind in self.known:
            if start <= address < start + size:
                return name + self._field(kind, address - start).removesuffix(".counter")
        return self._static(address) or self._pointed_to(address) or self._region(address)

    def _pointed_to(self, address):
        below = [target for target in self.targets if target // LINE <= address // LINE and address - target < NEAR]
        if not below:
            return ""
        name, kind, offset = self.points[below[-1]]
        distance = address // LINE - below[-1] // LINE
        return f"what {name}{self._field(kind, offset)} points to" + (f", line {distance}" if distance else "")

    def _static(self, address):
        symbol = self.symbols.data(address)
        if symbol:
            return f"{symbol.name}{f' of {symbol.module}' if symbol.module else ''}"
        for cpu, offset in self.percpu.items():
            symbol = self.symbols.data((address - offset) % (1 << 64))
            if symbol and symbol.address < 1 << 20:
                return f"{symbol.name}[{cpu}]"
        return ""

    @staticmethod
    def _region(address):
        return "a slab's struct page" if address >> 40 == 0xffffea else "memory"


# ---- counts ----

class Line:
    """A line that moved on a contender's account."""

    def __init__(self):
        self.count = 0
        self.where = collections.Counter()
        self.functions = collections.Counter()
        self.pairs = collections.Counter()

    def add(self, transfer, function):
        self.count += transfer.count
        self.where[transfer.vaddr] += transfer.count
        self.functions[function] += transfer.count
        self.pairs[frozenset((transfer.source, transfer.to))] += transfer.count

    def between(self):
        """How many pairs of CPUs it moved between. Once says nothing: the memory was another's before."""
        return sum(times > 1 for times in self.pairs.values())

    def describe(self, names, objects):
        return {
            "per_object": self.count / objects,
            "count": self.count,
            "name": names.of(self.where.most_common(1)[0][0]),
            "functions": [name for name, _ in self.functions.most_common(3)],
            "pairs": self.between(),
        }


Transfer = collections.namedtuple("Transfer", "line pc kind context source to count vaddr")


def read_counts(path):
    """A list of transfers for each region."""
    regions = []
    with open(path, encoding="ascii") as lines:
        for line in lines:
            if line.startswith("region"):
                regions.append([])
                continue
            *fields, count, vaddr = line.split()
            regions[-1].append(Transfer(*(int(field, 16) for field in fields), int(count), int(vaddr, 16)))
    return regions


def owner_of(contender, transfer, function, module):
    """Whose a transfer is: own, called (by it), handover or rest."""
    if module == "objcache" and contender == "objcache":
        return "own"
    if transfer.context != SECTION:
        return "handover" if module == "objcache_lines" else "rest"
    if module == "objcache_lines":
        return "own" if function.startswith("own_") else "handover"
    if contender in OWN_FUNCTIONS and OWN_FUNCTIONS[contender].search(function):
        return "own"
    return "called"


def hottest(lines):
    return max(lines, key=lambda line: line.count, default=None)


def count_region(transfers, contender, objects, names):
    """What one run moved, all of it per object."""
    sums, functions = collections.Counter(), collections.Counter()
    lines = {"own": collections.defaultdict(Line), "all": collections.defaultdict(Line)}
    for transfer in transfers:
        function, module = names.symbols.function(transfer.pc)
        owner = owner_of(contender, transfer, function, module)
        if transfer.kind == TAKE:
            sums[f"{owner}_takes"] += transfer.count
            continue
        sums[owner] += transfer.count
        if owner in ("own", "called"):
            functions[function] += transfer.count
            lines["all"][transfer.line].add(transfer, function)
        if owner == "own":
            lines["own"][transfer.line].add(transfer, function)
    sums.update(total=sums["own"] + sums["called"], total_takes=sums["own_takes"] + sums["called_takes"])
    row = {"objects": objects, **{key: sums[key] / objects for key in SUMS}}
    for whose, found in lines.items():
        among = [line for line in found.values() if line.between() > 1]
        row[f"shared_{whose}"] = {"lines": len(among), "per_object": sum(line.count for line in among) / objects,
                                  "hottest": among and hottest(among).describe(names, objects) or None}
        row[f"hottest_{whose}"] = found and hottest(found.values()).describe(names, objects) or None
    row["functions"] = {name: count / objects for name, count in functions.most_common(10)}
    return row


def count(options):
    documents, others = documents_of(os.path.join(options.count, "results.log"))
    names = Names(documents, options.built, options.kallsyms)
    runs = [line.split()[1:] for line in others if line.startswith("region ")]
    counts = read_counts(os.path.join(options.count, "counts"))
    if len(runs) != len(counts):
        sys.exit(f"error: the guest ran {len(runs)} patterns, the plugin saw {len(counts)}")
    with open(os.path.join(options.count, "command"), encoding="utf-8") as text:
        cpus = int(re.search(r"-smp (\d+)", text.read())[1])
    batch = next(int(line.split()[2]) for line in others if line.startswith("config batch:"))
    rows = [{"pattern": pattern, "contender": contender, "cpus": cpus, "batch": batch,
             **count_region(transfers, contender, int(objects), names)}
            for (pattern, contender, objects), transfers in zip(runs, counts)]
    with open(options.out, "w", encoding="utf-8") as out:
        json.dump(rows, out)
    return check_planted(rows)


def check_planted(rows):
    """The counter that all CPUs wrote to is the hottest line, or nothing here can be believed."""
    planted = [row for row in rows if row["pattern"] == "planted"]
    for row in planted:
        line = row["hottest_all"]
        if line is None or not line["name"].startswith(PLANTED):
            print(f"FAILED: a counter was planted, the hottest line is {line and line['name']}")
            return 1
        print(f"the planted counter was found: {line['per_object']:.3f} transfers per object of {line['name']}, "
              f"by {' and '.join(line['functions'])}")
    return 0


# ---- what people see ----

def cells(row):
    line, shared = row["hottest_all"], row["shared_all"]
    name = f"{line['name']} ({', '.join(line['functions'])})" if line else "-"
    return [row["pattern"], str(row["cpus"]), row["contender"],
            *(f"{row[key]:.3f}" for key in ("total", "own", "called", "total_takes", "handover", "rest")),
            f"{line['per_object'] if line else 0:.3f}", str(shared["lines"]), f"{shared['per_object']:.3f}", name]


HEAD = ["pattern", "CPUs", "contender", "lines", "own", "called", "takes", "hand-over", "rest", "hottest", "shared",
        "move", "the hottest line (and who moves it)"]
LEGEND = """\
Cache lines moved for each object that was got and put: accesses to a line that another CPU had and this one not.
lines: by the contender's calls, of which own: by its own code, called: by what that calls (locks, the slab).
takes: stores to lines that this CPU had and others too; nothing moves, but they have to be told. hand-over: the
array that objects go through, and where the CPUs meet between rounds; rest: ticks and the rest of the kernel; neither
is in the others. hottest: the single line that moved most. shared: lines that moved between more than one pair of
CPUs, more than once each, and how often those moved."""


def aligned(lines):
    widths = [max(map(len, column)) for column in zip(*lines)]
    left = (0, 2, len(HEAD) - 1)
    for line in lines:
        yield "  ".join(cell.ljust(width) if i in left else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(line, widths))).rstrip()


def table(run):
    rows = sorted(run["rows"], key=lambda row: run["patterns"].index(row["pattern"]))
    return "\n".join([f"{run['kernel']}, objects of 256 bytes", LEGEND, "",
                      *aligned([HEAD] + [cells(row) for row in rows])]) + "\n"


def chart_rows(run, pattern):
    """For gnuplot. What moves nothing is far below the chart: a logarithm has no nothing."""
    found = {(row["cpus"], row["contender"]): row["total"] for row in run["rows"] if row["pattern"] == pattern}
    for cpus in sorted({cpus for cpus, _ in found}):
        totals = [found.get((cpus, contender)) for contender in CONTENDERS]
        times = totals[1] / totals[0] if totals[0] and totals[1] else 0
        yield [str(cpus), *("?" if total is None else f"{max(total, 1e-6):.6f}" for total in totals),
               f"{times:.{0 if times >= 10 else 1}f}x" if times else "-"]


def chart(run, name):
    """By gnuplot; False if there is no pattern for it, and then no chart of another run either."""
    blocks = {pattern: rows for pattern in CHARTED if (rows := list(chart_rows(run, pattern)))}
    if os.path.exists(f"{name}.svg"):
        os.remove(f"{name}.svg")
    if not blocks:
        return False
    with open(f"{name}.dat", "w", encoding="ascii") as out:
        out.write("\n\n\n".join("\n".join(map(" ".join, rows)) for rows in blocks.values()) + "\n")
    shown = ["".join(str(i) for i in range(1, 5) if rows[0][i] != "?") for rows in blocks.values()]
    title = ("cache lines moved per object got and put: less is better; below, kmem_cache's as a multiple of objcache's\n"
             f"{run['kernel']}, {run['object_size']}-byte objects")
    subprocess.run(["gnuplot", "-c", os.path.join(HERE, "chart.gp"), f"{name}.dat", f"{name}.svg", title,
                    " ".join(blocks), " ".join(shown)], check=True)
    os.remove(f"{name}.dat")
    return True


def judge(rows):
    lines, words = [["pattern", "CPUs", "what", "target", "measured", ""]], []
    for target in LINES_TARGETS:
        for cpus, measured in target.measure(rows):
            words.append(verdict(target, measured))
            lines.append([target.pattern, cpus, target.what, *verdict_cells(target, measured)])
    widths = [max(map(len, column)) for column in zip(*lines)]
    print("targets")
    for line in lines:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
    print(f"lines: {summary(words)}")


def join(options):
    rows = []
    for path in options.join:
        with open(path, encoding="utf-8") as text:
            rows += [row for row in json.load(text) if row["pattern"] != "planted"]
    run = {"schema": SCHEMA, "kernel": options.kernel, "mode": "lines", "unit": "cache lines moved per object",
           "object_size": 256, "patterns": list(dict.fromkeys(row["pattern"] for row in rows)), "rows": rows}
    with open(f"{options.out}.json", "w", encoding="utf-8") as out:
        json.dump(run, out, indent=1)
        out.write("\n")
    text = table(run)
    with open(f"{options.out}.txt", "w", encoding="utf-8") as out:
        out.write(text)
    print(text)
    chart(run, options.out)
    judge(rows)
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("prepare", "release", "symbols", "sizes", "count", "built", "kallsyms", "kernel", "out"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--join", nargs="+", metavar="JSON")
    options = parser.parse_args()
    for name, function in (("prepare", prepare), ("sizes", print_sizes), ("count", count), ("join", join)):
        if getattr(options, name):
            return function(options)
    parser.error("one of --prepare, --sizes, --count and --join")
    return 2


if __name__ == "__main__":
    sys.exit(main())
