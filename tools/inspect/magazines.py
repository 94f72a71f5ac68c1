#!/usr/bin/env drgn
# SPDX-License-Identifier: GPL-2.0
"""What each CPU's part of each cache holds, from a vmcore or of the live kernel, by drgn.

  drgn -c VMCORE -s VMLINUX -s objcache.ko tools/inspect/magazines.py [CACHE...]
  drgn -k -s objcache.ko tools/inspect/magazines.py [CACHE...]

A line for each online CPU: objects parked there in all, those in its private part (the
magazine in use and the spare one), full magazines in the current and in the aged ring, and
how many slots of both still hold an empty magazine. The last line of a cache is what
waits to be destroyed.
"""

import sys

from drgn.helpers.linux.cpumask import for_each_online_cpu
from drgn.helpers.linux.list import list_for_each_entry
from drgn.helpers.linux.percpu import per_cpu_ptr

SLOT_FREE = 1


def caches(program):
    return list_for_each_entry("struct objcache_core", program["objcache_caches"].address_of_(), "list")


def private(core, cpu):
    """As objcache_private() counts it."""
    loaded = cpu.own.top - cpu.own.base
    batch = int(core.batch)
    return min(max(int(loaded), 0), batch) + (batch if cpu.spare_full else 0)


def full(ring):
    """Magazines between tail and head."""
    word = int(ring.word.counter) & (1 << 64) - 1
    return ((word >> 32) - (word & 0xffffffff)) & 0xffffffff


def empties(ring):
    """Slots that are free, and have an empty magazine in them."""
    if not ring.limit or not ring.slots:
        return 0
    words = [int(ring.slots[slot]) for slot in range(int(ring.mask) + 1)]
    return sum(1 for word in words if word & SLOT_FREE and word != SLOT_FREE)


def show(program, core):
    batch = int(core.batch)
    print(f"{core.name.string_().decode()}: batch {batch}, capacity {int(core.capacity)}")
    print(f"{'cpu':>4} {'parked':>8} {'private':>8} {'current':>8} {'aged':>8} {'empty':>8}")
    for number in for_each_online_cpu(program):
        cpu = per_cpu_ptr(core.cpu, number)
        current = cpu.ring[int(cpu.gen) & 1]
        aged = cpu.ring[~int(cpu.gen) & 1]
        own = private(core, cpu)
        print(f"{number:>4} {own + (full(current) + full(aged)) * batch:>8} {own:>8} {full(current):>8} "
              f"{full(aged):>8} {empties(current) + empties(aged):>8}")
    print(f"{int(core.doomed_nr.counter)} wait to be destroyed")


def main(program, wanted):
    for core in caches(program):
        if not wanted or core.name.string_().decode() in wanted:
            show(program, core)


main(prog, sys.argv[1:])  # noqa: F821  drgn's
