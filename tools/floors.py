#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Shows that the module is built from the ground up.

module/Kbuild lists the objects of objcache.ko. Each may use only what stands
before it: a symbol that is defined by a later object is a call upwards. And
what is in device/ includes nothing of core/: it is a user like any other.

  tools/floors.py BUILD           BUILD: build/RELEASE, after make modules
  tools/floors.py --selftest BUILD   compiles a call upwards, and expects to be told

Exit code: 0 clean, 1 something uses what stands above it, 2 usage.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def listed(kbuild):
    """The objects of objcache.ko, in order."""
    with open(kbuild, encoding="utf-8") as file:
        text = file.read().replace("\\\n", " ")
    return [word for line in re.findall(r"^objcache-y\s*[:+]?=\s*(.*)$", text, re.M) for word in line.split()]


def symbols(path):
    """(defined, undefined) of an object file, global ones."""
    defined, undefined = set(), set()
    lines = subprocess.run(["nm", "-g", path], check=True, capture_output=True, text=True).stdout.splitlines()
    for line in lines:
        kind, name = line.split()[-2:]
        (undefined if kind in "Uw" else defined).add(name)
    return defined, undefined


def upward(objects):
    """objects: [(name, path)] from the ground up; what is wrong, a line each."""
    known = [(name, *symbols(path)) for name, path in objects]
    floor_of = {symbol: floor for floor, (_, defined, _) in enumerate(known) for symbol in defined}
    for floor, (name, _, undefined) in enumerate(known):
        for symbol in sorted(undefined):
            if floor_of.get(symbol, -1) > floor:
                yield f"{name} uses {symbol}() of {known[floor_of[symbol]][0]}, which stands above it"


def foreign_includes(folder):
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            for include in INCLUDE.findall(file.read()):
                path = os.path.normpath(os.path.join("device", include))
                if path.startswith("core/"):
                    yield f"device/{name} includes {include}: only objcache.h is for it"


def plant(folder, objects):
    """A new ground floor that calls the topmost core object."""
    top = next(symbol for _, path in reversed(objects) if "/core/" in path
               for symbol in sorted(symbols(path)[0]) if symbol.startswith("objcache_"))
    source = os.path.join(folder, "planted.c")
    with open(source, "w", encoding="utf-8") as file:
        file.write(f"void {top}(void);\nvoid planted(void);\nvoid planted(void) {{ {top}(); }}\n")
    target = os.path.join(folder, "planted.o")
    subprocess.run(["gcc", "-c", "-o", target, source], check=True)
    return [("planted.o", target), *objects]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--selftest", action="store_true")
    parser.add_argument("build")
    options = parser.parse_args()
    module = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "module")
    objects = [(name, os.path.join(options.build, "module", name)) for name in listed(os.path.join(module, "Kbuild"))]
    missing = [path for _, path in objects if not os.path.isfile(path)]
    if missing or not objects:
        print(f"{(missing or [options.build])[0]}: not there; run make modules first", file=sys.stderr)
        return 2
    if options.selftest:
        with tempfile.TemporaryDirectory() as folder:
            wrong = list(upward(plant(folder, objects)))
        if not any(line.startswith("planted.o uses") for line in wrong):
            print("a planted call upwards was not seen")
            return 1
        return 0
    wrong = [*upward(objects), *foreign_includes(os.path.join(module, "device"))]
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
