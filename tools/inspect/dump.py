#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Dumps a VM's memory as soon as guest-core.sh says that it can be; for inspect_test.sh.

  dump.py LOG QEMU_PID_FILE VMCORE

LOG is what make guest says. Exit code: 0 dumped, 1 the VM has ended before.
"""

import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vm"))
import qemu  # pylint: disable=wrong-import-position

PATIENCE = 300  # seconds, for a gigabyte on a busy host


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


def main():
    log, pid_file, vmcore = sys.argv[1:]
    if not wait_for(log, "its memory can be dumped"):
        return 1
    with open(pid_file, encoding="ascii") as file:
        monitor = qemu.Monitor(folder_of(int(file.read())))
    monitor.socket.settimeout(PATIENCE)
    monitor.execute("dump-guest-memory", paging=False, protocol=f"file:{vmcore}")
    monitor.sysrq("h")
    monitor.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
