#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Chooses between KVM and TCG by booting a boot sector, because /dev/kvm can
exist, open, and still run no guest at all.

usage: accel.py [QEMU]      prints kvm or tcg, and why on stderr

OBJCACHE_ACCEL=kvm|tcg skips the question.
"""

import os
import subprocess
import sys
import tempfile
import time

# mov dx, 0xf4; mov al, 0x10; out dx, al; hlt; jmp back to the hlt
CODE = bytes((0xBA, 0xF4, 0x00, 0xB0, 0x10, 0xEE, 0xF4, 0xEB, 0xFD))
SECTOR = CODE.ljust(510, b"\0") + b"\x55\xaa"
EXIT_STATUS = (0x10 << 1) | 1  # how isa-debug-exit reports 0x10
TRIES = 3
LIMIT = 2.0  # seconds; both take some 0.15


def boot_seconds(qemu, accel, disk):
    """How long the sector took to boot and leave, or None if it did not."""
    command = [qemu, "-accel", accel, "-nodefaults", "-no-user-config", "-display", "none", "-m", "16",
               "-no-reboot", "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
               "-drive", f"if=ide,format=raw,file={disk}"]
    start = time.monotonic()
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return None
    return time.monotonic() - start if done.returncode == EXIT_STATUS else None


def choose(qemu="qemu-system-x86_64"):
    """(accelerator, reason)"""
    forced = os.environ.get("OBJCACHE_ACCEL")
    if forced in ("kvm", "tcg"):
        return forced, "OBJCACHE_ACCEL says so"
    if forced:
        raise ValueError(f"OBJCACHE_ACCEL={forced}: one of kvm, tcg")
    if not qemu.endswith("-x86_64"):
        return "tcg", "a machine of another kind than this"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg", "/dev/kvm is not there or not accessible"
    with tempfile.NamedTemporaryFile(suffix=".img") as disk:
        disk.write(SECTOR + bytes(1 << 20))
        disk.flush()
        slowest = 0.0
        for number in range(1, TRIES + 1):
            seconds = boot_seconds(qemu, "kvm", disk.name)
            if seconds is None:
                return "tcg", f"KVM ran no guest within {LIMIT:.0f} s (try {number} of {TRIES})"
            slowest = max(slowest, seconds)
        tcg = boot_seconds(qemu, "tcg", disk.name)
    if tcg is not None and slowest > max(tcg, 0.15) * 1.5:
        return "tcg", f"KVM took {slowest:.2f} s where TCG takes {tcg:.2f} s"
    return "kvm", f"KVM booted {TRIES} times, {slowest:.2f} s at most"


def main():
    if "-h" in sys.argv or "--help" in sys.argv:
        print(__doc__)
        return 0
    try:
        accel, reason = choose(*sys.argv[1:2])
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(reason, file=sys.stderr)
    print(accel)
    return 0


if __name__ == "__main__":
    sys.exit(main())
