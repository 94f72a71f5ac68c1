#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Dumps a VM's memory as soon as guest-core.sh says that it can be; for inspect_test.sh.

  dump.py LOG QEMU_PID_FILE VMCORE

LOG is what make guest says. Exit code: 0 dumped, 1 the VM has ended before, or cannot be dumped.
"""

import json
import re
import sys
import time

import qemu

PATIENCE = 300  # seconds, for half a gigabyte on a busy host


def wait_for(log, words):
    """False: the last line has come before."""
    while True:
        with open(log, encoding="utf-8", errors="replace") as file:
            text = file.read()
        if words in text:
            return True
        if re.search(r"^guest: (PASS|FAIL)", text, re.M):
            return False
        time.sleep(0.2)


def folder_of(pid):
    """Where QEMU has its sockets, by its own arguments."""
    with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
        return re.search(r"unix:([^,]*)/qmp,", file.read())[1]


def dump(monitor, vmcore):
    """With the addresses that it maps, so that drgn need not walk its tables. What has gone wrong, or None.
    Events come between a command and its answer."""
    monitor.lines.write(json.dumps({"execute": "dump-guest-memory",
                                    "arguments": {"paging": True, "protocol": f"file:{vmcore}"}}) + "\n")
    monitor.lines.flush()
    while True:
        answer = json.loads(monitor.lines.readline())
        if "return" in answer or "error" in answer:
            return answer.get("error")


def main():
    log, pid_file, vmcore = sys.argv[1:]
    if not wait_for(log, "its memory can be dumped"):
        return 1
    with open(pid_file, encoding="ascii") as file:
        monitor = qemu.Monitor(folder_of(int(file.read())))
    monitor.socket.settimeout(PATIENCE)
    problem = dump(monitor, vmcore)
    monitor.sysrq("h")
    monitor.close()
    if problem:
        print(f"dump-guest-memory: {problem}", file=sys.stderr)
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
