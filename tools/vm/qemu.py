# SPDX-License-Identifier: GPL-2.0
"""The QEMU command line, and asking a hung guest where it hangs."""

import ctypes
import json
import os
import signal
import socket
import time

PR_SET_PDEATHSIG = 1

# Kernel arguments of every boot. A host that is short of CPUs starves vCPUs for
# seconds, so the kernel's own watchdogs get more patience than their defaults.
APPEND = ("console=ttyS0,115200 panic=-1 oops=panic no_timer_check sysrq_always_enabled "
          "watchdog_thresh=20 rcupdate.rcu_cpu_stall_timeout=60")


def die_with_parent():
    """Runs in the child: a killed harness leaves no QEMU behind."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def topology(cpus, memory, nodes):
    """NUMA nodes where the CPUs can be shared out evenly, each a socket: the kernel
    WARNs about a socket that spans nodes."""
    if cpus % nodes:
        nodes = 1
    each = cpus // nodes
    arguments = ["-smp", f"{cpus},sockets={nodes},cores={each}", "-m", f"{memory}M"]
    for node in range(nodes if nodes > 1 else 0):
        arguments += ["-object", f"memory-backend-ram,id=ram{node},size={memory // nodes}M",
                      "-numa", f"node,memdev=ram{node},cpus={node * each}-{(node + 1) * each - 1}"]
    return arguments


def counting(accel, options):
    """How QEMU runs the vCPUs. With --icount one host thread runs them all, and the
    guest's clock advances 1 ns per instruction."""
    if options.icount:
        return ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off"]
    return ["-accel", accel + (",thread=multi" if accel == "tcg" else "")]


# For --icount: the clock that counts is the TSC, whatever the kernel thinks of it.
COUNTED = "tsc=reliable"

# Everything QEMU has, but for five-level page tables: with them a KASAN kernel that
# is interrupted in identify_cpu() (which sets x86_virt_bits for a moment) once
# reported a wild access at boot, and never since.
CPU = "max,la57=off"


def command(qemu, accel, kernel, initramfs, folder, options):
    """ttyS0 is the pair of FIFOs log.in and log.out in the folder, ttyS1 is stdout."""
    append = [APPEND, *([COUNTED] if options.icount else []), *options.append.split()]
    return [
        qemu, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        *counting(accel, options), "-cpu", CPU,
        *topology(options.cpus, options.memory, options.nodes),
        "-kernel", kernel, "-initrd", initramfs, "-append", " ".join(append),
        "-chardev", f"pipe,id=log,path={folder}/log", "-serial", "chardev:log",
        "-chardev", "stdio,id=results,signal=off", "-serial", "chardev:results",
        "-qmp", f"unix:{folder}/qmp,server=on,wait=off",
    ]


def open_log(folder):
    """Makes the FIFOs; returns a file descriptor to read the log from."""
    os.mkfifo(f"{folder}/log.in")
    os.mkfifo(f"{folder}/log.out")
    return os.open(f"{folder}/log.out", os.O_RDONLY | os.O_NONBLOCK)


class Monitor:
    """Asks QEMU to send a break and a SysRq key over ttyS0."""

    def __init__(self, folder):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(3)
        self.socket.connect(f"{folder}/qmp")
        self.lines = self.socket.makefile("rw")
        self.lines.readline()  # its greeting
        self.keyboard = os.open(f"{folder}/log.in", os.O_WRONLY | os.O_NONBLOCK)
        self.execute("qmp_capabilities")

    def execute(self, name, **arguments):
        self.lines.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self.lines.flush()
        self.lines.readline()

    def sysrq(self, key):
        self.execute("chardev-send-break", id="log")
        time.sleep(0.3)
        os.write(self.keyboard, key.encode())
