#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Keeps the lists in the manual those of the command and of debugfs.

  tools/cli/manual.py OBJCACHE FILE            writes the lists in FILE anew
  tools/cli/manual.py --check OBJCACHE FILE    are they as they should be?

A list in FILE is between the lines `.\\" list NAME` and `.\\" end`. NAME is a
subcommand with options of its own, common (those of all), or statistics (keys, from
OBJCACHE_STATS()).
Exit code: 0 fine, 1 the file differs, 2 usage.
"""

import argparse
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import stats  # pylint: disable=wrong-import-position

LIST = re.compile(r'^(\.\\" list (\S+)\n).*?^(\.\\" end\n)', re.M | re.S)


def of_command(objcache, *words):
    return subprocess.run([objcache, "complete", *words], capture_output=True, text=True, check=True).stdout


def of_options(objcache, name):
    return of_command(objcache, "--common" if name == "common" else name, "--manual")


def of_statistics():
    return "".join(f".It Li {name}\n{meaning[0].upper() + meaning[1:]}.\n" for name, meaning in stats.entries())


def written_anew(objcache, text):
    def replace(match):
        name = match[2]
        return match[1] + (of_statistics() if name == "statistics" else of_options(objcache, name)) + match[3]
    return LIST.sub(replace, text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("objcache", metavar="OBJCACHE")
    parser.add_argument("file", metavar="FILE")
    options = parser.parse_args()
    with open(options.file, encoding="utf-8") as file:
        text = file.read()
    new = written_anew(options.objcache, text)
    there = {match[1] for match in LIST.findall(text)}
    missing = [name for name in ("common", "statistics", *of_command(options.objcache).split())
               if name not in there and (name == "statistics" or of_options(options.objcache, name))]
    if missing:
        print(f"{options.file}: no list of: {' '.join(missing)}")
        return 1
    if new == text:
        return 0
    if options.check:
        print(f"{options.file}: its lists are out of date: tools/cli/manual.py build/tools/objcache tools/doc/objcache.1")
        return 1
    with open(options.file, "w", encoding="utf-8") as file:
        file.write(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
