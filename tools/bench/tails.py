# SPDX-License-Identifier: GPL-2.0
"""What single calls cost: the rows `tail` of objcache_bench, their tables and their chart."""

import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
CALL = ("pattern", "start", "kind", "irqs", "op")  # what a row is about, but for who it is about
FIGURES = ("mean", "p50", "p99", "p999", "max")
LABELS = {"p999": "p99.9"}
CONDITIONS = ("single calls, no other task running{}. warm: a round finds what the one before left; cold: drained, "
              "and all slabs shrunk, before each. Interrupts on or off during the call; one into which an interrupt "
              "fell that it had not asked for is left out and counted")
CHARTED = ("objcache", "kmem_cache")


def read(fields):
    """A row, of the words after `tail`."""
    row = dict(zip(CALL + ("contender",), fields))
    row.update(n=int(fields[6]), left_out=int(fields[7]))
    row.update(zip(FIGURES, map(float, fields[8:])))
    return row


def call_of(row):
    return tuple(row[key] for key in CALL)


def conditions(run):
    return CONDITIONS.format(", one CPU online" if run["mode"] == "instructions" else "")


def find(run, call, contender):
    for row in run.get("tails", ()):
        if call_of(row) == call and row["contender"] == contender:
            return row
    return None


def rows_of_table(run):
    """Aligned by who prints them; one line for each call and contender."""
    yield [*CALL, "contender", *(LABELS.get(name, name) for name in FIGURES), "n", "left out"]
    for row in run["tails"]:
        yield [*call_of(row), row["contender"], f"{row['mean']:.1f}", *(f"{row[name]:.0f}" for name in FIGURES[1:]),
               str(row["n"]), str(row["left_out"])]


def side_by_side(run, call, field):
    """objcache / kmem_cache (/ kmem_cache with the constructor called by hand)"""
    found = [find(run, call, name) for name in (*CHARTED, "kmem_cache-construct")]
    return " / ".join(f"{row[field]:,.0f}" for row in found if row)


def readme_lines(run):
    """tail_10k with interrupts on, one line for each kind of call."""
    calls = [call for call in dict.fromkeys(map(call_of, run.get("tails", ())))
             if call[0] == "tail_10k" and call[3] == "on"]
    if not calls:
        return
    yield f"\n`tail_10k`, {conditions(run)}. objcache / kmem_cache (/ the same with constructor and destructor called):\n"
    yield f"| call | {' | '.join(LABELS.get(name, name) for name in FIGURES)} |\n|---|{'---:|' * len(FIGURES)}"
    for call in calls:
        yield (f"| {call[4]}, {call[1]}, {call[2]} | "
               + " | ".join(side_by_side(run, call, field) for field in FIGURES) + " |")


def chart(run, name):
    """p50, p99.9 and max of tail_10k, interrupts on, in NAME-tails.svg; False if there is nothing to show.
    Of constructed objects, which cost us more: those of plain ones look the same but for a cold get."""
    calls = [call for call in dict.fromkeys(map(call_of, run["tails"]))
             if call[0] == "tail_10k" and call[2:4] == ("constructed", "on")]
    if not calls:
        return False
    fields = ("p50", "p999", "max")
    with open(f"{name}.dat", "w", encoding="utf-8") as out:
        print("call", *(f'"{who} {LABELS.get(field, field)}"' for who in CHARTED for field in fields), file=out)
        for call in calls:
            found = [find(run, call, who) for who in CHARTED]
            print(f'"{call[4]}, {call[1]}"', *(f"{row[field]:.0f}" if row else "?"
                                                         for row in found for field in fields), file=out)
    title = (f"single calls, {run['unit']}: 10,000 gets, then 10,000 puts, of constructed objects (less is better)\n"
             f"{run['kernel']}; cold: drained, and all slabs shrunk, before")
    subprocess.run(["gnuplot", "-c", os.path.join(HERE, "tails.gp"), f"{name}.dat", f"{name}-tails.svg", title,
                    run["unit"]], check=True)
    os.remove(f"{name}.dat")
    return True
