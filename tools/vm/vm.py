#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Boots a VM, runs one guest script in it, streams what it says, judges it.

Kernel log on the console, results on a second serial port. Never waits for ever: limits for the boot,
for silence and for the whole. Leaves console.log, results.log, times.txt,
case-times.txt, ktap/ and verdict in the folder --out; the last line of stdout is `verdict: CODE NAME:
reason`, and CODE is the exit status.
"""

import argparse
import contextlib
import json
import os
import re
import secrets
import selectors
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import accel
import initramfs
import ktap
import qemu
import splat
import uml
from clock import Clock
from times import Times, cpu_of
from verdict import CODES, Guest, Outcome, Verdict, judge

HERE = os.path.dirname(os.path.abspath(__file__))
BUSYBOX = "/bin/busybox"
POLL = 0.25  # seconds between looks at the clock and the log
BOOTS = 4  # of a guest that runs into stale text; one on a busy host did it twice
GRACE = 20  # seconds for powering off after the final token


class UsageError(Exception):
    pass


def ranged(low, high):
    def parse(text):
        if not text.isdigit() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text}: out of range {low}..{high}")
        return int(text)
    return parse


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--kernel", required=True, metavar="FOLDER", help="from tools/kernel.sh: has vmlinuz")
    add("--out", required=True, metavar="FOLDER", help="emptied first")
    add("--script", required=True, help="guest script, busybox sh")
    add("--file", action="append", default=[], metavar="HOST[=NAME]", help="goes to /guest/NAME")
    add("--env", action="append", default=[], metavar="KEY=VALUE", help="for the guest script")
    add("--cpus", type=ranged(1, 64), default=4)
    add("--possible", type=ranged(1, 240), metavar="N", help="CPUs that there could be, those that never come online included")
    add("--cpu", default="", metavar="FLAGS", help="more for QEMU's -cpu, as -cx16")
    add("--nodes", type=ranged(1, 8), default=2, help="NUMA nodes (2)")
    add("--bare-node", action="store_true", help="the last CPU is on a further node, which has no memory")
    add("--memory", type=ranged(128, 65536), default=1024, help="MB (1024)")
    add("--disk", default="", metavar="FILE", help="an image: /dev/nvme0n1; what is written is not kept")
    add("--append", default="", help="more kernel arguments")
    add("--icount", action="store_true", help="emulate, on a clock that counts instructions")
    add("--icount-shift", type=ranged(0, 10), default=0, help="an instruction is 2^N ns of that clock (0)")
    add("--plugin", metavar="FILE[,KEY=VALUE...]", help="TCG plugin that QEMU loads")
    add("--uml", action="store_true", help="the kernel is User-Mode Linux")
    add("--boot-limit", type=ranged(1, 3600), default=180, help="seconds until init runs (180)")
    add("--quiet-limit", type=ranged(1, 3600), default=60, help="seconds without output (60)")
    add("--limit", type=ranged(1, 86400), default=1200, help="seconds in all (1200)")
    add("--show-log", metavar="REGEX", help="stream matching lines of the kernel log too")
    add("--source", metavar="FOLDER", help="kernel source: judge KTAP with its parser")
    add("--expect-suites", type=ranged(1, 10000))
    add("--expect-cases", type=ranged(1, 100000))
    add("--expect-race", action="store_true", help="the guest plants a race, which KCSAN must report")
    add("--qemu", help="not the machine's own")
    add("--label", default="", help="in front of each line that is shown")
    return parser.parse_args()


def busybox_of(kernel):
    """The kernel's folder has one if it is for another machine."""
    own = f"{kernel}/busybox"
    return own if os.path.exists(own) else BUSYBOX


def guest_archive(options, tty, token):
    """The initramfs of this boot."""
    files = {"bin/busybox": busybox_of(options.kernel), "init": f"{HERE}/guest-init.sh", "guest/lib.sh": f"{HERE}/guest-lib.sh",
             "guest/script.sh": options.script}
    for item in options.file:
        path, _, name = item.partition("=")
        name = f"guest/{name or os.path.basename(path)}"
        if name in (*files, "guest/env"):
            raise UsageError(f"{path}: /{name} is there already")
        files[name] = path
    for path in files.values():
        if not os.path.isfile(path):
            raise UsageError(f"{path}: not there")
    env = [f"TOKEN={token}", f"CPUS={options.cpus}", f"RESULTS=/dev/{tty}", *options.env]
    for item in env:
        if not re.fullmatch(r"[A-Z_]+=[][A-Za-z0-9_./: +*?!-]*", item):
            raise UsageError(f"--env {item}: not KEY=VALUE of plain characters")
    text = "".join("export {}='{}'\n".format(*item.split("=", 1)) for item in env)
    return initramfs.build(files, {"guest/env": text})


class Vm:
    """One boot: the process, its two streams, and the clocks."""

    def __init__(self, options, machine, folder, guest):
        self.options, self.machine, self.folder, self.guest = options, machine, folder, guest
        self.log_file = open(os.path.join(options.out, "console.log"), "w", encoding="utf-8")
        self.results_file = open(os.path.join(options.out, "results.log"), "w", encoding="utf-8")
        self.log = []
        self.partial = {}
        self.clock = self.times = None
        self.start = self.progress = (time.monotonic(), {})
        self.finished_at = None
        self.nmis = None
        self.show_log = re.compile(options.show_log) if options.show_log else None

    def say(self, text):
        print(self.options.label + text, flush=True)

    def run(self, accelerator, archive):
        log = qemu.open_log(self.folder)
        if self.options.uml:
            command, said = uml.command(archive, self.options), os.path.join(self.folder, "log.out")
        else:
            command = qemu.command(self.machine, accelerator, archive, self.folder, self.options)
            said = os.path.join(self.options.out, "qemu.log")
        with open(os.path.join(self.options.out, "command"), "w", encoding="utf-8") as file:
            file.write(shlex.join(command) + "\n")
        with open(said, "w", encoding="utf-8") as errors, \
                self.log_file, self.results_file, selectors.DefaultSelector() as selector, \
                subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
                                 preexec_fn=qemu.die_with_parent) as process:
            with open(os.path.join(self.options.out, "qemu.pid"), "w", encoding="ascii") as pid:
                pid.write(f"{process.pid}\n")
            self.clock = Clock(f"/proc/{process.pid}/task")
            self.times = Times(lambda: (time.monotonic(), cpu_of(process.pid)))
            results = process.stdout.fileno()
            os.set_blocking(results, False)
            selector.register(log, selectors.EVENT_READ, self.on_log)
            selector.register(results, selectors.EVENT_READ, self.on_result)
            try:
                return self.watch(process, selector)
            finally:
                process.kill()
                self.inject_nmis(0)
                os.close(log)

    def watch(self, process, selector):
        """Until QEMU ends or a limit is reached."""
        hang, ended = "", False
        while not ended and not hang:
            ended = process.poll() is not None
            self.read(selector)
            if self.finished_at is not None and self.clock.elapsed(self.finished_at) > GRACE:
                break
            hang = "" if ended else self.overdue()
            if not ended:
                self.inject_nmis(0 if hang else self.guest.nmi_ms)
        outcome = Outcome(time.monotonic() - self.start[0], hang, "".join(self.log))
        self.times.end()
        if hang:
            self.ask_where(selector)
        process.kill()
        outcome.status = process.wait()
        return outcome

    def read(self, selector):
        """What there is on both streams, or POLL seconds."""
        moved = False
        ready = selector.select(POLL)
        while ready:
            for key, _ in ready:
                chunk = self.read_some(key.fd)
                if not chunk:
                    selector.unregister(key.fd)
                    continue
                moved = True
                *lines, self.partial[key.fd] = (self.partial.get(key.fd, b"") + chunk).split(b"\n")
                for raw in lines:
                    key.data(raw.decode("utf-8", "replace").replace("\r", ""))
            ready = selector.select(0)
        if moved:
            self.progress = self.clock.now()
        self.log_file.flush()
        self.results_file.flush()
        if not selector.get_map():
            time.sleep(POLL)

    @staticmethod
    def read_some(descriptor):
        try:
            return os.read(descriptor, 1 << 16)
        except BlockingIOError:
            return b""

    def on_log(self, line):
        self.log_file.write(line + "\n")
        self.log.append(line + "\n")
        self.times.log(line)
        if self.show_log and self.show_log.search(splat.message(line)):
            self.say(f"   {splat.message(line)}")

    def on_result(self, line):
        self.results_file.write(line + "\n")
        shown = self.guest.take(line)
        if shown is not None:
            if shown == f"== {self.guest.step}":
                self.times.step(self.guest.step)
            clock = f"[{time.monotonic() - self.start[0]:4.0f} s] " if shown.startswith("== ") else ""
            self.say(clock + shown)
        if self.guest.finished and self.finished_at is None:
            self.finished_at = self.clock.now()

    def overdue(self):
        """Which limit has passed, if any."""
        running = self.clock.elapsed(self.start)
        if not self.guest.ready and running > self.options.boot_limit:
            return f"init did not run within {self.options.boot_limit} s"
        quiet = self.clock.elapsed(self.progress)
        if self.guest.ready and not self.guest.finished and quiet > self.guest.limit:
            return f"nothing came for {self.guest.limit:.0f} s"
        if running > self.options.limit:
            return f"not finished within {self.options.limit} s"
        return ""

    def inject_nmis(self, milliseconds):
        """As often as the guest has asked for."""
        if bool(milliseconds) == bool(self.nmis):
            return
        if milliseconds:
            try:
                self.nmis = qemu.Nmis(self.folder, milliseconds)
            except (OSError, ValueError) as error:
                print(f"(no NMIs: {error})", file=sys.stderr)
                self.guest.nmi_ms = 0
        else:
            self.nmis.stop()
            self.say(f"({self.nmis.injected} NMIs were injected)")
            self.nmis = None

    def ask_where(self, selector):
        """Backtraces of all CPUs and of blocked tasks, into the log."""
        try:
            monitor = qemu.Monitor(self.folder)
            for key in "lw":
                monitor.sysrq(key)
                for _ in range(8):
                    self.read(selector)
        except (OSError, ValueError) as error:
            print(f"(no backtraces from the hung guest: {error})", file=sys.stderr)


def accelerator_of(options, program):
    """(accelerator, reason)"""
    if options.uml:
        return "uml", "on this machine's own cores"
    if options.icount:
        return "tcg", "counting instructions"
    return accel.choose(program)


@contextlib.contextmanager
def handle(folder):
    """Another name for it: the path of a socket has 107 characters at most."""
    held = os.open(folder, os.O_PATH)
    try:
        yield f"/proc/{os.getpid()}/fd/{held}"
    finally:
        os.close(held)


def boot_once(options, machine, accelerator):
    """Returns (guest, outcome)."""
    shutil.rmtree(options.out, ignore_errors=True)
    os.makedirs(options.out)
    token = secrets.token_hex(4)
    guest = Guest(token, options.quiet_limit)
    with tempfile.TemporaryDirectory(prefix="vm-") as folder, handle(folder) as folder:
        archive = os.path.join(folder, "initramfs")
        with open(archive, "wb") as out:
            out.write(guest_archive(options, machine.results_tty if machine else uml.RESULTS_TTY, token))
        vm = Vm(options, machine, folder, guest)
        outcome = vm.run(accelerator, archive)
        vm.times.write(options.out)
        if not options.uml:
            with open(os.path.join(options.out, "qemu.log"), encoding="utf-8", errors="replace") as errors:
                outcome.said = errors.read().strip().rpartition("\n")[2]
    return guest, outcome


def boot(options):
    """Returns (verdict, counts or None)."""
    for path in (f"{options.kernel}/vmlinuz", busybox_of(options.kernel), options.script):
        if not os.path.exists(path):
            raise UsageError(f"{path}: not there (tools/deps.sh run arm64 installs what is needed)")
    machine = None if options.uml else qemu.machine_of(options.kernel)
    program = machine and (options.qemu or machine.qemu)
    if program and shutil.which(program) is None:
        raise UsageError(f"{program}: no such program (tools/deps.sh run arm64 installs it)")
    try:
        accelerator, reason = accelerator_of(options, program)
    except ValueError as error:
        raise UsageError(str(error)) from error
    release = os.path.join(options.kernel, "release")
    name = open(release, encoding="ascii").read().strip() if os.path.exists(release) else options.kernel
    print(f"{options.label}booting {name}: {options.cpus} CPUs, {accelerator} ({reason})", flush=True)

    for left in reversed(range(BOOTS)):
        guest, outcome = boot_once(options, machine, accelerator)
        if accelerator != "tcg" or not left or not splat.stale_text(outcome.log, options.expect_race):
            break
        print(f"{options.label}once more: the guest ran into text that another CPU had patched, as guests "
              "of an emulator can", flush=True)
    counts = judge_ktap(options, guest) if options.source else None
    foreign = splat.foreign_races(outcome.log)
    if foreign:
        print(f"{options.label}({foreign} KCSAN reports of races between the kernel's own functions: not ours)")
    if options.expect_race:
        print(f"{options.label}({splat.planted_races(outcome.log)} KCSAN reports of the race that was planted)")
    return judge(outcome, guest, counts, options.expect_race), counts


def judge_ktap(options, guest):
    folder = os.path.join(options.out, "ktap")
    os.makedirs(folder)
    for suite, text in guest.documents.items():
        with open(os.path.join(folder, f"{os.path.basename(suite)}.ktap"), "w", encoding="utf-8") as out:
            out.write(text)
    counts = ktap.judge(guest.documents, options.source, options.expect_suites, options.expect_cases)
    with open(os.path.join(options.out, "ktap.txt"), "w", encoding="utf-8") as out:
        out.write(counts.report + "".join(f"problem: {line}\n" for line in counts.problems))
    return counts


def interrupted(*_):
    raise KeyboardInterrupt


def main():
    options = parse_arguments()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupted)
    counts = None
    try:
        verdict, counts = boot(options)
    except (UsageError, OSError) as error:
        verdict = Verdict("USAGE", str(error))
    except KeyboardInterrupt:
        verdict = Verdict("LOST", "interrupted")
    if os.path.isdir(options.out):
        with open(os.path.join(options.out, "verdict"), "w", encoding="utf-8") as out:
            out.write(f"{verdict}\n")
        numbers = {key: getattr(counts, key, 0) for key in ("passed", "failed", "skipped", "suites", "cases")}
        with open(os.path.join(options.out, "counts.json"), "w", encoding="utf-8") as out:
            json.dump(numbers, out)
    print(f"{options.label}verdict: {verdict}", flush=True)
    return CODES[verdict.name]


if __name__ == "__main__":
    sys.exit(main())
