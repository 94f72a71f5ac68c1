#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Prints the documentation's list of statistics, from the one list of them.

  tools/stats.py                the list, as tools/doc/objcache.rst has it
  tools/stats.py --check FILE   is it in that file?

That of tools/doc/objcache.1 is kept by tools/cli/manual.py. Exit code: 0 fine, 1 the
file has another one or none, 2 usage.
"""

import argparse
import os
import re
import sys

HEADER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "module", "objcache_uapi.h")
ENTRY = re.compile(r'^\s+_\((\w+),\s*"([^"]*)"\)', re.M)


def entries():
    with open(HEADER, encoding="utf-8") as file:
        found = ENTRY.findall(file.read().replace("\\\n", "\n"))
    if not found:
        sys.exit(f"{HEADER}: no OBJCACHE_STATS() there")
    return found


def definitions():
    return "".join(f"``{name}``\n\t{meaning}\n" for name, meaning in entries())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", metavar="FILE")
    options = parser.parse_args()
    if not options.check:
        print(definitions(), end="")
        return 0
    with open(options.check, encoding="utf-8") as file:
        if definitions() in file.read():
            return 0
    print(f"{options.check}: its list of statistics is not what tools/stats.py prints")
    return 1


if __name__ == "__main__":
    sys.exit(main())
