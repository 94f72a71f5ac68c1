#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Shows how far a kernel build is: make's output on stdin goes to a log file,
a count and an estimate of the time left to stderr.

usage: progress.py STEPS LOGFILE    STEPS: about how many lines make will print
"""

import re
import sys
import time

STEP = re.compile(r"^  [A-Z][A-Z0-9_\[\] ]*\s")


def clock(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def main():
    if len(sys.argv) != 3 or not sys.argv[1].isdigit():
        print(__doc__, file=sys.stderr)
        return 2 if "--help" not in sys.argv else 0
    total, live = int(sys.argv[1]), sys.stderr.isatty()
    start = shown = time.monotonic()
    count = 0
    with open(sys.argv[2], "w", encoding="utf-8", errors="replace") as log:
        for line in sys.stdin:
            log.write(line)
            count += bool(STEP.match(line))
            now = time.monotonic()
            if now - shown < (1 if live else 15) or not count:
                continue
            shown = now
            # The last step, the link, takes as long as some tens of others.
            left = max(0, total - count) * (now - start) / count
            text = f"  step {count} of about {total}, {clock(now - start)} so far, about {clock(left)} left"
            print(text, end="\r" if live else "\n", file=sys.stderr, flush=True)
    print(f"  {count} steps in {clock(time.monotonic() - start)}" + " " * 40, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
