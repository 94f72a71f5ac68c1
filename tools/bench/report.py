#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Turns the rows of objcache_bench into a table, JSON and a chart, and judges.

  report.py --results LOG [--memory LOG...] --kernel LINE --folder FOLDER --mode MODE --out NAME
      writes NAME.txt, NAME.json, NAME.svg and, of single calls, NAME-tails.svg;
      prints the tables. Exit code 1 if
      a cache of 64-byte objects costs a CPU more than 4 KiB.
  report.py --targets JSON... [--strict]
      measured values beside the targets; strict: exit code 1 if one is missed
  report.py --readme JSON...
      puts tables and charts of these runs into tools/doc/benchmarks.md, between its marks
  report.py --compare A.json B.json
      exit code 1 unless both agree: instructions to 1 %, ratios to 15 %
"""

import argparse
import json
import math
import os
import re
import shutil
import subprocess
import sys

import memory as measured_memory
import tails
from targets import TARGETS, summary, verdict, verdict_cells

HERE = os.path.dirname(os.path.abspath(__file__))
MARKS = ("<!-- numbers: tools/bench/report.py --readme -->", "<!-- end of numbers -->")
SCHEMA = 1
ORDER = ["floor", "objcache", "objcache-inline", "kmem_cache", "kmem_cache-construct", "objpool", "mempool"]
CHARTED = ["objcache", "objcache-inline", "objpool", "mempool"]  # beside kmem_cache
BYTES_LIMIT = 4096
CONDITIONS = {
    "instructions": "x86-64 instructions, counted exactly under emulation: paths, not time and not contention",
    "time": "nanoseconds in a virtual machine with KVM",
    "native": "nanoseconds of real cores, in User-Mode Linux: whatever turns interrupts off looks wrongly slow "
              "there, so nothing that leaves kmem_cache's sheaves, no objpool and no mempool is compared",
}
# In User-Mode Linux turning interrupts off and on is a matter of system calls.
UNFAIR = ("kmem_cache", "objpool", "mempool", "irq_save_restore")
SHEAF_PATTERNS = ("pair", "concurrent", "concurrent_alone")
OPTIONS = ("PREEMPT_DYNAMIC", "PREEMPT", "SLUB_TINY", "SLAB_FREELIST_HARDENED", "SLAB_FREELIST_RANDOM", "MEMCG",
           "MITIGATION_RETPOLINE", "CPU_MITIGATIONS", "SMP", "HZ")


def number(text):
    return None if text == "-" else float(text)


def read_rows(path):
    """(rows, tails, {cache: {key: value}}) of a results log."""
    rows, calls, config = [], [], {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            word, *fields = line.split()[:15] or [""]
            if word == "row":
                rows.append(dict(zip(("pattern", "contender"), fields[:2]), ops=int(fields[2]), n=int(fields[3]),
                                 **dict(zip(("median", "min", "max", "p95", "stepped", "locked", "irqs",
                                                  "longest"),
                                            map(number, fields[4:])))))
            elif word == "tail":
                calls.append(tails.read(fields))
            elif word == "config":
                cache, key, *value = fields
                config.setdefault(cache, {})[key.rstrip(":")] = " ".join(value)
    return rows, calls, config


def kernel_config(folder):
    """What of the kernel's configuration bears on the numbers."""
    with open(os.path.join(folder, "build", ".config"), encoding="utf-8") as lines:
        text = lines.read()
    found = {}
    for name in OPTIONS:
        match = re.search(rf"^CONFIG_{name}=(\S+)$", text, re.M)
        found[name] = match[1] if match else "n"
    return found


def is_fair(mode, row):
    """Natively, what turns interrupts off is no measure of anything: see CONDITIONS."""
    if mode != "native" or row["contender"] not in UNFAIR:
        return True
    return row["contender"] == "kmem_cache" and row["pattern"] in SHEAF_PATTERNS


def read_run(options):
    rows, calls, config = read_rows(options.results)
    rows = [row for row in rows if is_fair(options.mode, row)]
    with open(os.path.join(options.folder, "release"), encoding="ascii") as release:
        kernel = release.read().strip()
    with open(os.path.join(os.path.dirname(options.results), "command"), encoding="utf-8") as text:
        cpus = int(re.search(r"-smp (\d+)|ncpus=(\d+)", text.read())[0].replace("=", " ").split()[1])
    return {
        "schema": SCHEMA,
        "kernel": kernel,
        "line": options.kernel,
        "config": kernel_config(options.folder),
        "mode": options.mode,
        "unit": "instructions" if options.mode == "instructions" else "ns",
        "conditions": CONDITIONS[options.mode],
        "cpus": cpus,
        "object_size": int(config["bench"]["size"]),
        "memory": memory(config),
        "rows": rows,
        "tails": calls,
        "memory_measured": measured_memory.measured(options.memory),
    }


def memory(config):
    """What a cache costs before it parks anything, what it adds to an object, what it parks at most."""
    result = {}
    for name, values in config.items():
        size, slab = int(values["size"]), int(values["slab_object_size"])
        result[name] = {
            "object_size": size,
            "bytes_per_cpu": int(values["bytes_per_cpu"]),
            "bytes_added_to_object": slab - size,
            "batch": int(values["batch"]),
            "capacity": int(values["capacity"]),
            "worst_parked_bytes_per_cpu": int(values["capacity"]) * slab,
        }
    return result


def value_of(run, pattern, contender, field="median"):
    for row in run["rows"]:
        if row["pattern"] == pattern and row["contender"] == contender:
            return row.get(field)
    return None


def heading(run):
    options = " ".join(f"{key}={value}" for key, value in run["config"].items())
    return [f"{run['kernel']}, {run['cpus']} CPUs, objects of {run['object_size']} bytes, mode {run['mode']}",
            f"unit: {run['conditions']}; per get and put", f"config: {options}"]


def cells(run, row):
    base = value_of(run, row["pattern"], "kmem_cache")
    if base is None:
        base = value_of(run, row["pattern"], "kmem_cache-construct")
    ratio = f"{row['median'] / base:.3f}" if base else "-"
    counts = ["-" if row[key] is None else f"{row[key]:.2f}" for key in ("locked", "irqs")]
    return [row["pattern"], row["contender"], *(f"{row[key]:.1f}" for key in ("median", "min", "max")),
            str(row["n"]), ratio, *counts]


def aligned(lines, left=2):
    lines = list(lines)
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        yield "  ".join(cell.ljust(width) if i < left else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(line, widths))).rstrip()


def memory_lines(run):
    for name, cache in run["memory"].items():
        yield (f"memory, cache {name} of {cache['object_size']}-byte objects: {cache['bytes_per_cpu']} bytes per "
               f"cache and CPU, {cache['bytes_added_to_object']} added to an object, batch {cache['batch']}, at most "
               f"{cache['capacity']} parked, {cache['worst_parked_bytes_per_cpu']} bytes per CPU")


def table(run):
    head = ["pattern", "contender", "median", "min", "max", "n", "of kmem_cache", "locked", "irq-flag"]
    text = [*heading(run), "", *aligned([head] + [cells(run, row) for row in run["rows"]]), "", *memory_lines(run)]
    if run["tails"]:
        text += ["", f"tails: {tails.conditions(run)}", "", *aligned(tails.rows_of_table(run), 6)]
    found = run["memory_measured"]
    if found["per_cpu"]:
        text += ["", f"memory: {measured_memory.CONDITIONS}", "", *aligned(measured_memory.rows_of_caches(found)),
                 "", f"pages behind parked objects, {measured_memory.WAIT} s after they were let go", "",
                 *aligned(measured_memory.rows_of_returned(found))]
    return "\n".join(text) + "\n"


def ratio(run, pattern, contender):
    """How many times less than kmem_cache, with its constructor called by hand where that is what is compared."""
    base = value_of(run, pattern, "kmem_cache") or value_of(run, pattern, "kmem_cache-construct")
    value = value_of(run, pattern, contender)
    return base / value if base and value else None


def chart(run, name):
    """Main patterns beside kmem_cache, by gnuplot; False if there is nothing to compare."""
    patterns = [p for p in ("pair", "burst32", "bulk32", "alloc_free_10k", "flow", "remote_free", "constructed")
                if ratio(run, p, "objcache")]
    shown = [c for c in CHARTED if any(ratio(run, p, c) for p in patterns)]
    if not patterns:
        return False
    with open(f"{name}.dat", "w", encoding="utf-8") as out:
        print("pattern", *(f"{contender} -" for contender in shown), file=out)
        for pattern in patterns:
            ratios = [ratio(run, pattern, contender) for contender in shown]
            print(pattern, *(f"{math.log10(x):.4f} {x:.{0 if x >= 10 else 1 if x >= 1 else 2}f}" if x else "? ?"
                             for x in ratios), file=out)
    title = (f"a get and a put, {run['unit']}: how many times less than kmem_cache (more is better)\n"
             f"{run['kernel']}, {run['cpus']} CPUs, {run['object_size']}-byte objects")
    script = os.path.join(HERE, "chart.gp")
    subprocess.run(["gnuplot", "-c", script, f"{name}.dat", f"{name}.svg", title, str(len(shown))], check=True)
    os.remove(f"{name}.dat")
    return True


def report(options):
    run = read_run(options)
    with open(f"{options.out}.json", "w", encoding="utf-8") as out:
        json.dump(run, out, indent=1)
        out.write("\n")
    text = table(run)
    with open(f"{options.out}.txt", "w", encoding="utf-8") as out:
        out.write(text)
    print(text, end="")
    for kind in ("", "-tails"):
        if os.path.exists(f"{options.out}{kind}.svg"):
            os.remove(f"{options.out}{kind}.svg")  # of a run before, that had other patterns
    chart(run, options.out)
    tails.chart(run, options.out)
    cost = run["memory"]["bench-64"]["bytes_per_cpu"]
    if cost > BYTES_LIMIT:
        print(f"FAILED: a cache of 64-byte objects costs {cost} bytes per CPU before it parks anything, "
              f"more than {BYTES_LIMIT}")
        return 1
    return 0


def load(path):
    with open(path, encoding="utf-8") as text:
        run = json.load(text)
    if run.get("schema") != SCHEMA:
        sys.exit(f"error: {path}: schema {run.get('schema')}; this reads {SCHEMA}")
    return run


def judge_targets(paths, strict):
    runs = [load(path) for path in paths]
    lines, words = [["pattern", "run", "what", "target", "measured", ""]], []
    for target in TARGETS:
        for run in runs:
            if not target.applies(run):
                continue
            measured = target.measure(run, value_of)
            if measured is None:
                continue
            words.append(verdict(target, measured))
            lines.append([target.pattern, f"{run['line']} {run['mode']}", target.what,
                          *verdict_cells(target, measured)])
    widths = [max(map(len, column)) for column in zip(*lines)]
    print("targets")
    for line in lines:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
    print(f"bench: {summary(words)}")
    return 1 if strict and "MISSED" in words else 0


def readme_cell(row):
    """Median, and locked and interrupt-toggling instructions where there are any."""
    if row is None:
        return ""
    text = f"{row['median']:.1f}"
    if row["locked"] or row["irqs"]:
        text += f" ({row['locked']:.1f}/{row['irqs']:.1f})"
    return text


def readme_table(run):
    rows = {(row["pattern"], row["contender"]): row for row in run["rows"]}
    shown = [name for name in ORDER if any(contender == name for _, contender in rows)]
    yield f"**{run['line']}, {run['mode']}**: {run['kernel']}, {run['cpus']} CPUs. Unit: {run['conditions']}."
    yield f"\n| pattern | {' | '.join(shown)} |\n|---|{'---:|' * len(shown)}"
    for pattern in dict.fromkeys(pattern for pattern, _ in rows):
        cells_of = [readme_cell(rows.get((pattern, name))) for name in shown]
        if any(cells_of):
            yield f"| `{pattern}` | {' | '.join(cells_of)} |"
    yield "\n" + "\n".join(f"- {line}" for line in memory_lines(run))
    yield from tails.readme_lines(run)
    yield from measured_memory.readme_lines(run)


def update_readme(paths):
    top = os.path.dirname(os.path.dirname(HERE))
    text = []
    for path in paths:
        run = load(path)
        text += readme_table(run)
        for kind in ("", "-tails"):
            chart_name = f"chart-{run['line']}-{run['mode']}{kind}.svg"
            drawn = path.removesuffix(".json") + f"{kind}.svg"
            if os.path.exists(drawn):
                shutil.copyfile(drawn, os.path.join(HERE, chart_name))
                text.append(f"\n![{run['line']}, {run['mode']}{kind}](../bench/{chart_name})\n")
    with open(os.path.join(top, "tools", "doc", "benchmarks.md"), encoding="utf-8") as file:
        before, mark, rest = file.read().partition(MARKS[0] + "\n")
    _, end, after = rest.partition(MARKS[1])
    if not mark or not end:
        sys.exit(f"error: tools/doc/benchmarks.md has no {MARKS[0]} or no {MARKS[1]}")
    with open(os.path.join(top, "tools", "doc", "benchmarks.md"), "w", encoding="utf-8") as file:
        file.write(before + mark + "\n" + "\n".join(text) + "\n" + end + after)
    return 0


def differences(one, two):
    """Rows of two runs that do not agree."""
    exact = one["mode"] == "instructions"
    for row in one["rows"]:
        name = (row["pattern"], row["contender"])
        other = value_of(two, *name)
        if other is None:
            yield f"{' '.join(name)}: only in one"
            continue
        what, limit, values = "", 0.01, (row["median"], other)
        if not exact:
            bases = [value_of(run, name[0], "floor") or value_of(run, name[0], "kmem_cache") for run in (one, two)]
            if None in bases:
                continue
            what, limit, values = " relative to the floor", 0.15, (values[0] / bases[0], values[1] / bases[1])
        low, high = sorted(values)
        if high > low * (1 + limit) + (0.05 if exact else 0):
            yield f"{' '.join(name)}{what}: {values[0]:.3f} and {values[1]:.3f}, more than {limit:.0%} apart"


def tail_differences(one, two):
    """Of single calls what is exact: the rarest ones are the page allocator's, and differ."""
    for row in one.get("tails", ()) if one["mode"] == "instructions" else ():
        other = tails.find(two, tails.call_of(row), row["contender"])
        name = f"{' '.join(tails.call_of(row))} {row['contender']}"
        if other is None:
            yield f"{name}: only in one"
            continue
        for field in ("p50", "p99"):
            low, high = sorted((row[field], other[field]))
            if high > low * 1.01:
                yield f"{name}: {field} {row[field]:.0f} and {other[field]:.0f}, more than 1% apart"
                break


def compare(paths):
    one, two = map(load, paths)
    for key in ("kernel", "mode", "cpus"):
        if one[key] != two[key]:
            print(f"error: {key} is {one[key]} in one and {two[key]} in the other", file=sys.stderr)
            return 2
    found = [*differences(one, two), *tail_differences(one, two)]
    for line in found:
        print(line)
    rows = len(one["rows"]) + len(one.get("tails", ()))
    print(f"compare: {rows - len(found)} rows agree, {len(found)} do not")
    return 1 if found else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    for name in ("results", "kernel", "folder", "out"):
        add(f"--{name}")
    add("--memory", nargs="*", default=[], metavar="LOG", help="of guest-memory.sh")
    add("--mode", choices=CONDITIONS)
    add("--targets", nargs="+", metavar="JSON")
    add("--strict", action="store_true", help="a missed target is a failure")
    add("--readme", nargs="+", metavar="JSON")
    add("--compare", nargs=2, metavar="JSON")
    options = parser.parse_args()
    if options.compare:
        return compare(options.compare)
    if options.readme:
        return update_readme(options.readme)
    if options.targets:
        return judge_targets(options.targets, options.strict)
    if None in (options.results, options.kernel, options.folder, options.out, options.mode):
        parser.error("--results needs --kernel, --folder, --mode and --out")
    return report(options)


if __name__ == "__main__":
    sys.exit(main())
