# SPDX-License-Identifier: GPL-2.0
"""The QEMU command line, NMIs from outside, and asking a hung guest where it hangs."""

import ctypes
import json
import os
import signal
import socket
import threading
import time
from dataclasses import dataclass, replace

import tsc

PR_SET_PDEATHSIG = 1

# Kernel arguments of every boot. The kernel's own watchdogs go by the wall clock, so on a
# host that is short of CPUs they would see what is not there. What looks for a hang is the
# clock of vm.py (clock.py), which knows what the VM got, and then asks all CPUs where they
# are; these are for what it lets through, a guest that talks while a part of it hangs.
# No 256 ptys of a kind that nobody has used for decades: a debug kernel takes 9 s for them.
APPEND = ("panic=-1 oops=panic sysrq_always_enabled pty.legacy_count=0 "
          "watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=240 workqueue.watchdog_thresh=150")


@dataclass
class Machine:
    """What differs from one architecture to the other."""
    qemu: str
    arguments: list  # -M, if not QEMU's default, and -cpu: everything QEMU has
    append: str  # kernel arguments: the console is the first serial port
    results: list  # the second serial port
    results_tty: str  # what the guest calls it
    tsc: bool = False  # its clock is the TSC


# Without five-level page tables: with them a KASAN kernel that is interrupted in
# identify_cpu() (which sets x86_virt_bits for a moment) once reported a wild
# access at boot, and never since. NMIs from outside go to every CPU, not to the first alone.
# vmcoreinfo: or a dump of its memory could not be read.
# Nobody plugs PCI devices in; the ACPI code for it takes a debug kernel 6 s at boot.
X86 = Machine("qemu-system-x86_64", ["-cpu", "max,la57=off", "-device", "vmcoreinfo",
                                     "-global", "PIIX4_PM.acpi-pci-hotplug-with-bridge-support=off",
                                     "-global", "PIIX4_PM.acpi-root-pci-hotplug=off"],
              "console=ttyS0,115200 no_timer_check apic_extnmi=all",
              ["-serial", "chardev:results"], "ttyS1")

# QEMU's TSC is one clock for all CPUs. A kernel that cannot know reads the HPET: microseconds of
# emulation each time, a quarter of what a busy VM did. Debian's are left to it: told so, they patch
# their text while all CPUs run it, of which QEMU before 8.1 can lose a part (splat.stale_text()).
TSC = "tsc=reliable"

MACHINES = {
    "stock": X86,
    "x86": replace(X86, tsc=True),
    # GICv3, because GICv2 serves no more than eight CPUs. The machine has one serial port, a
    # PL011, that the kernel may use; the other is on PCI.
    "arm64": Machine("qemu-system-aarch64", ["-M", "virt,gic-version=3", "-cpu", "max"], "console=ttyAMA0",
                     ["-device", "pci-serial,chardev=results"], "ttyS0"),
}


def machine_of(kernel):
    """The machine that a folder of tools/kernel.sh is for."""
    arch = os.path.join(kernel, "arch")
    if not os.path.exists(arch):
        return MACHINES["stock"]
    with open(arch, encoding="ascii") as name:
        return MACHINES[name.read().strip()]


def clock_arguments(machine, accel, icount):
    """What the kernel is told of its TSC. Counting instructions, it is exact by itself. Emulated, it
    is this machine's, which a guest that is not always running cannot measure: one whose CPU waited
    while it did took 2596 MHz for 151, and all its time limits were over 17 times too soon."""
    if icount:
        return TSC
    if not machine.tsc:
        return ""
    if accel != "tcg":
        return TSC
    khz = tsc.khz()
    return f"{TSC} tsc_early_khz={khz}" if khz else ""


def die_with_parent():
    """Runs in the child: a killed harness leaves no QEMU behind."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def topology(cpus, memory, nodes, possible=None, bare=False):
    """NUMA nodes where the CPUs can be shared out evenly, each a socket: the kernel
    WARNs about a socket that spans nodes. possible: CPUs that are, and never come
    online, are of the last node, in sockets as large. bare: the last CPU is on a node
    without memory."""
    rest = cpus - bare
    if rest % nodes:
        nodes = 1
    each = rest // nodes
    cores = 1 if bare else each
    sockets = max(cpus // cores, (possible or 0) // cores)
    arguments = ["-smp", f"{sockets * cores},sockets={sockets},cores={cores}", "-m", f"{memory}M"]
    for node in range(nodes if nodes > 1 or bare else 0):
        last = (sockets * cores if node == nodes - 1 and not bare else (node + 1) * each) - 1
        arguments += ["-object", f"memory-backend-ram,id=ram{node},size={memory // nodes}M",
                      "-numa", f"node,memdev=ram{node},cpus={node * each}-{last}"]
    return arguments + (["-numa", f"node,cpus={rest}-{sockets * cores - 1}"] if bare else [])


def disk(image):
    """A drive that has to be changed to be used, and stays as it was. QEMU ends a value at a comma."""
    if not image:
        return []
    path = image.replace(",", ",,")
    return ["-drive", f"if=none,id=disk,format=raw,snapshot=on,file={path}", "-device", "nvme,drive=disk,serial=objcache"]


def command(machine, accel, initramfs, folder, options):
    """The console is the pair of FIFOs log.in and log.out in the folder, the results go to stdout."""
    threads = ",thread=multi" if accel == "tcg" and not options.icount else ""
    arguments = list(machine.arguments)
    model = arguments.index("-cpu") + 1
    arguments[model] = ",".join([arguments[model], *options.cpu.split()])
    counting = []
    append = f"{clock_arguments(machine, accel, options.icount)} {APPEND}"
    if options.icount:
        # The guest's clock advances 1 ns (or 2^shift) with each instruction, so reading it counts them.
        counting = ["-icount", f"shift={options.icount_shift},sleep=off"]
    if options.plugin:
        counting += ["-plugin", options.plugin]
    if options.possible:
        append += f" maxcpus={options.cpus}"
    return [
        options.qemu or machine.qemu, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-accel", accel + threads, *counting, *arguments,
        *topology(options.cpus, options.memory, options.nodes, options.possible, options.bare_node),
        *disk(options.disk),
        "-kernel", f"{options.kernel}/vmlinuz", "-initrd", initramfs,
        "-append", f"{machine.append} {append} {options.append}".strip(),
        "-chardev", f"pipe,id=log,path={folder}/log", "-serial", "chardev:log",
        "-chardev", "stdio,id=results,signal=off", *machine.results,
        "-qmp", f"unix:{folder}/qmp,server=on,wait=off",
    ]


def open_log(folder):
    """Makes the FIFOs; returns a file descriptor to read the log from."""
    os.mkfifo(f"{folder}/log.in")
    os.mkfifo(f"{folder}/log.out")
    return os.open(f"{folder}/log.out", os.O_RDONLY | os.O_NONBLOCK)


class Monitor:
    """QMP, and the keyboard side of the console. QEMU talks to one at a time."""

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
        """A break and a SysRq key."""
        self.execute("chardev-send-break", id="log")
        time.sleep(0.3)
        os.write(self.keyboard, key.encode())

    def close(self):
        os.close(self.keyboard)
        self.socket.close()
        try:
            self.lines.close()
        except OSError:
            pass  # what it had not sent yet to a QEMU that is gone


class Nmis(threading.Thread):
    """Injects NMIs into the guest until it is stopped or the guest is gone."""

    def __init__(self, folder, milliseconds):
        super().__init__(daemon=True)
        self.monitor = Monitor(folder)
        self.pause = milliseconds / 1000
        self.stopping = threading.Event()
        self.injected = 0
        self.start()

    def run(self):
        while not self.stopping.wait(self.pause):
            try:
                self.monitor.execute("inject-nmi")
            except (OSError, ValueError):
                return
            self.injected += 1

    def stop(self):
        self.stopping.set()
        self.join()
        self.monitor.close()
