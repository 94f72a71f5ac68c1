#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Counts the KUnit suites and cases that a module has, from the module itself: what must
have run is not to be learnt from what has.

usage: suites.py MODULE FAULT_MODULE [GLOB]

Prints both numbers, of the suites of that name alone if there is one. A suite is an
object X_suite, whose name comes first in it, and its cases are X_cases, with an empty
last element; the fault module has one of three elements, which tells the size of one.
"""

import fnmatch
import struct
import sys


class Module:
    """A relocatable ELF file of 64 bits: what its objects hold and how large they are."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        if self.data[:6] != b"\x7fELF\x02\x01":
            raise ValueError(f"{path}: not a module of a little-endian machine of 64 bits")
        table, = struct.unpack_from("<Q", self.data, 40)
        size, count = struct.unpack_from("<HH", self.data, 58)
        # sh_name, type, flags, address, offset, size, link
        self.sections = [struct.unpack_from("<IIQQQQI", self.data, table + size * i) for i in range(count)]
        self.objects = {name: rest for kind, name, *rest in self.symbols() if kind == 1}

    def string(self, at):
        return self.data[at:self.data.index(b"\0", at)].decode()

    def symbols(self):
        """(type, name, section, value, size) of each."""
        for section in self.sections:
            if section[1] != 2:
                continue
            names = self.sections[section[6]][4]
            for at in range(section[4], section[4] + section[5], 24):
                name, info, _, index, value, size = struct.unpack_from("<IBBHQQ", self.data, at)
                yield info & 15, self.string(names + name), index, value, size

    def text_of(self, name):
        section, value, _ = self.objects[name]
        return self.string(self.sections[section][4] + value)

    def suites(self):
        """{name of the suite: bytes of its cases}"""
        stems = [name.removesuffix("_suite") for name in self.objects if name.endswith("_suite")]
        return {self.text_of(f"{stem}_suite"): self.objects[f"{stem}_cases"][2] for stem in stems}


def count(module, fault, glob):
    """(suites, cases)"""
    element = sum(Module(fault).suites().values()) // 3
    sizes = [size for name, size in Module(module).suites().items() if fnmatch.fnmatchcase(name, glob)]
    return len(sizes), sum(size // element - 1 for size in sizes)


def main():
    if not 3 <= len(sys.argv) <= 4:
        print(__doc__)
        return 0 if "--help" in sys.argv or "-h" in sys.argv else 2
    glob = sys.argv[3] if len(sys.argv) > 3 else "*"
    suites, cases = count(sys.argv[1], sys.argv[2], glob)
    if not suites:
        names = " ".join(sorted(Module(sys.argv[1]).suites()))
        print(f"error: SUITE={glob}: no suite of that name; there are: {names}", file=sys.stderr)
        return 2
    print(suites, cases)
    return 0


if __name__ == "__main__":
    sys.exit(main())
