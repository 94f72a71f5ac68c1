#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Prints the documentation's table of statistics, from the one list of them.

  tools/stats.py             the table, as tools/doc/manual.md has it
  tools/stats.py --rst       the same, as tools/doc/objcache.rst has it
  tools/stats.py --man       the same, as tools/doc/objcache.4 has it
  tools/stats.py --check FILE   is it in that file? in the form of its name

Exit code: 0 fine, 1 the file has another one or none, 2 usage.
"""

import argparse
import os
import re
import sys

HEADER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "module", "objcache_uapi.h")
ENTRY = re.compile(r'^\s+_\((\w+),\s*"([^"]*)"\)', re.M)


FORMS = {
    "md": ("| key | meaning |\n|---|---|\n", "| `{}` | {} |\n"),
    "rst": ("", "``{}``\n\t{}\n"),
    "man": ("", ".TP\n.B {}\n{}\n"),
}


def entries():
    with open(HEADER, encoding="utf-8") as file:
        found = ENTRY.findall(file.read().replace("\\\n", "\n"))
    if not found:
        sys.exit(f"{HEADER}: no OBJCACHE_STATS() there")
    return found


def table(form):
    head, row = FORMS[form]
    return head + "".join(row.format(*entry) for entry in entries())


def form_of(path):
    return {".rst": "rst", ".4": "man"}.get(os.path.splitext(path)[1], "md")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", metavar="FILE")
    for form in ("rst", "man"):
        parser.add_argument(f"--{form}", dest="form", action="store_const", const=form, default="md")
    options = parser.parse_args()
    if not options.check:
        print(table(options.form), end="")
        return 0
    with open(options.check, encoding="utf-8") as file:
        if table(form_of(options.check)) in file.read():
            return 0
    print(f"{options.check}: its table of statistics is not what tools/stats.py prints")
    return 1


if __name__ == "__main__":
    sys.exit(main())
