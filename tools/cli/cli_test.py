#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The command objcache over folders that are made up here, without a VM or the module.

  tools/cli/cli_test.py [CASE...]    builds it with ASAN and UBSAN, runs all cases or these

Each case says what is wrong and goes on; the last line is `cli_test: N cases, N problems`.
"""

import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "..", "..")
BUILD = os.path.join(TOP, "build", "cli-test")
OBJCACHE = os.path.join(BUILD, "objcache")
MANUAL = os.path.join(TOP, "tools", "doc", "objcache.1")
PATIENCE = 60  # seconds, for what must come

sys.path.insert(0, os.path.join(HERE, ".."))
import stats  # pylint: disable=wrong-import-position

KEYS = [name for name, meaning in stats.entries()]
CPU_HEAD = (f"{'cpu':>4} {'parked':>8} {'gets':>12} {'puts':>12} {'hits':>12} {'own ring':>11} {'stolen by':>11} "
            f"{'stolen from':>11} {'fresh':>10} {'overflow':>10} {'nested':>9}\n")
CONFIG = """size: 256
align: 8
slab_object_size: 264
slab_flags: 0x0
flags: 0x0
batch: 16
capacity: 128
age_ms: 30000
ops: ctor dtor reset
bytes_per_cpu: 4096
"""
# What balances, on four CPUs.
BOOKS = {"created": 100, "destroyed": 40, "parked": 48, "releasing": 7, "in_use": 5, "gets": 1005, "puts": 990,
         "discarded": 10, "hits": 900, "own_ring": 64, "steals": 32, "stolen": 32, "fresh": 9, "overflow": 16, "nested": 3}
CPUS = [(12, 251, 250, 225, 16, 32, 0, 3, 16, 0), (12, 252, 247, 225, 16, 0, 32, 2, 0, 1),
        (12, 251, 247, 225, 16, 0, 0, 2, 0, 1), (12, 251, 246, 225, 16, 0, 0, 2, 0, 1)]
EVENT = "  {task:>16} [{cpu:03}] ...1.  {time:.6f}: objcache_{name}: cache={cache} {rest}\n"

problems = []


def problem(text):
    problems.append(text)
    print(f"{current}: {text}")


def expect(what, value, wanted):
    if value != wanted:
        problem(f"{what} is {value!r}, not {wanted!r}")


def expect_in(what, wanted, text):
    if wanted not in text:
        problem(f"{what}: no {wanted!r} in {text[-600:]!r}")


class Root:
    """A folder that stands for /."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="cli_test.", dir=BUILD)
        self.write("proc/mounts", "debugfs /sys/kernel/debug debugfs rw 0 0\ntracefs /sys/kernel/tracing tracefs rw 0 0\n")
        self.write("proc/filesystems", "nodev\tdebugfs\nnodev\ttracefs\n")
        self.write("proc/cmdline", "quiet\n")
        self.write("proc/sys/kernel/osrelease", "6.12.0-test\n")
        self.write("sys/module/objcache/srcversion", "ABCDEF\n")
        self.write("sys/kernel/tracing/instances/.keep", "")
        self.write("sys/kernel/debug/objcache/caches", "name\n")
        self.write("sys/devices/system/cpu/online", "0-3\n")
        self.write("sys/devices/system/node/online", "0-1\n")
        self.write("sys/devices/system/node/node0/cpulist", "0-1\n")
        self.write("sys/devices/system/node/node1/cpulist", "2-3\n")
        self.write("dev/objcache", "")
        self.write("proc/kmsg", "<6>nothing\n")
        self.write("proc/slabinfo", "slabinfo - version: 2.1\n# name\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text, mode="w"):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), mode, encoding="utf-8") as file:
            file.write(text)

    def remove(self, name):
        path = self.path(name)
        if os.path.isdir(path):
            shutil.rmtree(path)
        else:
            os.remove(path)

    def cache(self, name, books=None, cpus=None, config=CONFIG, more="", without=()):
        folder = f"sys/kernel/debug/objcache/{name}/"
        self.write(folder + "config", config)
        self.write(folder + "cpus", CPU_HEAD + "".join(
            " ".join(str(value).rjust(width) for value, width in
                     zip((cpu, *row), (4, 8, 12, 12, 12, 11, 11, 11, 10, 10, 9))) + "\n"
            for cpu, row in enumerate(cpus or CPUS)))
        self.write(folder + "stats", stats_text(books, more, without))
        self.write("proc/slabinfo", f"objcache-{name}-8a0fc17   55     62    264   31    2 : tunables    0    0    0 : "
                   "slabdata      2      2      0\n", "a")

    def objcache(self, *arguments, code=0, env=None, text=None, where="--root"):
        """Runs it; what it has printed, errors last."""
        done = subprocess.run([OBJCACHE, *((f"{where}={self.folder}",) if where else ()), *arguments],
                              capture_output=True, text=True, input=text, check=False,
                              env={**os.environ, "LC_ALL": "C.UTF-8", "COLUMNS": "100", **(env or {})})
        if done.returncode != code:
            problem(f"objcache {' '.join(arguments)}: status {done.returncode}, not {code}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def json(self, *arguments, code=0, text=None):
        """The objects that it prints, each with what all have."""
        objects = []
        for line in self.objcache("--json", *arguments, code=code, text=text).splitlines():
            if line.startswith("{"):
                objects.append(json.loads(line))
                expect("schema", objects[-1]["schema"], 1)
                only_integers(objects[-1])
        return objects


def stats_text(books=None, more="", without=()):
    values = {**BOOKS, **(books or {})}
    return "schema: 1\n" + more + "".join(f"{key}: {values.get(key, 0)}\n" for key in KEYS if key not in without)


def only_integers(value):
    if isinstance(value, float):
        problem(f"{value} in JSON is no integer")
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        only_integers(part)


def case_list_has_a_line_for_each_cache():
    with Root() as root:
        root.cache("beta")
        root.cache("alpha", {"gets": 0, "hits": 0}, config=CONFIG.replace("flags: 0x0", "flags: 0x1 NO_STEAL"))
        lines = root.objcache("list").splitlines()
        expect("first words", [line.split()[0] for line in lines], ["NAME", "alpha", "beta"])
        expect("alpha", lines[1].split(), ["alpha", "256", "5", "48", "0", "-", "-", "-", "31.5", "KiB",
                                           "NO_STEAL"])
        expect("beta's shares", lines[2].split()[5:8], ["89.5", "3.1", "0.8"])
        caches = root.json("list")[0]["caches"]
        expect("names", [cache["name"] for cache in caches], ["alpha", "beta"])
        expect("alpha's flags", (caches[0]["flag_names"], caches[1]["flag_names"]), ("NO_STEAL", ""))
        expect("beta's hits", caches[1]["hit_permille"], 895)
        expect("beta's memory", caches[1]["memory"], {"objects_bytes": 60 * 264, "cpus_bytes_most": 4 * 4096})


def case_stat_shows_the_keys_of_the_header_and_no_others():
    with Root() as root:
        root.cache("map")
        text = root.objcache("stat", "map", env={"COLUMNS": ""})
        usual = [name for name, meaning in stats.entries() if not meaning.startswith("debug mode: ")]
        expect("keys", re.findall(r"^  (\w+) +\d+  \w", text, re.M), usual)
        for name, meaning in stats.entries():
            expect(f"{name} is shown", meaning in text, name in usual)
        root.cache("checked", {"put_twice": 2})
        expect_in("a finding", "put_twice                  2  debug mode: puts of", root.objcache("stat", "checked"))
        expect_in("balance", "created 100 = destroyed 40 + parked 48 + releasing 7 + in use 5\n", text)
        cache = root.json("stat", "map")[0]["caches"][0]
        expect("keys in JSON", list(cache["stats"]), KEYS)
        expect("gets", cache["stats"]["gets"], 1005)
        expect("config", (cache["config"]["slab_object_size_bytes"], cache["config"]["flags"], cache["config"]["ops"]),
               (264, 0, "ctor dtor reset"))
        expect("memory", cache["memory"]["slab_bytes"], 2 * 2 * 4096)


def case_stat_lives_with_newer_and_older_modules():
    with Root() as root:
        root.cache("map", more="brandnew: 3\nwho: knows\nnot a line\n", without=("waits", "stolen"))
        text = root.objcache("stat", "map")
        expect("brandnew", re.findall(r"^  brandnew +(\d+)  \(newer", text, re.M), ["3"])
        expect("waits", re.findall(r"^  waits", text, re.M), [])
        stat = root.json("stat")[0]["caches"][0]["stats"]
        expect("brandnew in JSON", stat.get("brandnew"), 3)
        expect("waits in JSON", stat.get("waits"), None)
        expect_in("doctor", "of what the module counts 1 keys are new to this command, and it lacks 2",
                  root.objcache("doctor", code=1))


def case_stat_has_each_cpu():
    with Root() as root:
        root.cache("map")
        text = root.objcache("stat", "map", "--per-cpu")
        expect("heads", text.splitlines()[-5].split(), ["cpu", "parked", "gets", "puts", "hits", "own_ring", "steals",
                                                        "stolen", "fresh", "overflow", "nested"])
        expect("CPU 1", text.splitlines()[-3].split()[:4], ["1", "12", "252", "247"])
        cpus = root.json("stat", "map", "-p")[0]["caches"][0]["cpus"]
        expect("stolen from CPU 1", (len(cpus), cpus[1]["stolen"]), (4, 32))


def case_stat_delta_is_what_came_since():
    """stats is a pipe, so that each reading gets what is meant for it."""
    with Root() as root:
        root.cache("map")
        pipe = root.path("sys/kernel/debug/objcache/map/stats")
        os.remove(pipe)
        os.mkfifo(pipe)

        def give(**books):
            with open(pipe, "w", encoding="utf-8") as file:
                file.write(stats_text(books))

        with subprocess.Popen([OBJCACHE, "-R", root.folder, "stat", "map", "-jd", "-w", "0.1", "-n", "2"],
                              stdout=subprocess.PIPE, text=True) as process:
            give()
            time.sleep(0.05)  # so long it may take to close what it has read
            give(gets=1305, hits=1150, in_use=9)
            first = json.loads(process.stdout.readline())["caches"][0]
            give(gets=1305, hits=1150)
            second = json.loads(process.stdout.readline())["caches"][0]
        expect("first", (first["stats"]["gets"], first["stats"]["hits"], first["stats"]["in_use"]), (300, 250, 9))
        expect("first's share", first["hit_permille"], 833)
        expect("second", (second["stats"]["gets"], second["hit_permille"]), (0, 0))
        expect("status", process.returncode, 0)


def case_check_passes_what_balances():
    with Root() as root:
        root.cache("a")
        root.cache("b")
        text = root.objcache("check")
        expect_in("last line", "check: PASS 2 caches, 34 checks", text)
        expect_in("all", "fine     created 100 = destroyed 40", root.objcache("check", "--all"))
        checked = root.json("check", "a")[0]
        expect("verdicts", {check["verdict"] for check in checked["caches"][0]["checks"]}, {"fine"})
        expect("wrong", checked["caches_wrong"], 0)


def case_check_fails_what_does_not():
    with Root() as root:
        for wrong, words, change in (
                ("balance", "off by 1", {"books": {"created": 101}}),
                ("balance", "off by -2", {"books": {"parked": 50}}),
                ("in use", "gets 1004 = puts 990", {"books": {"gets": 1004}}),
                ("steals", "33 by thieves, 32 from victims", {"books": {"steals": 33}}),
                ("hits", "1006 of 1005 gets", {"books": {"hits": 1006}}),
                ("CPUs", "fresh: 9 on all CPUs, 8 in all", {"books": {"fresh": 8}}),
                ("CPUs", "parked: 148 on all CPUs", {"cpus": [(112, *CPUS[0][1:]), *CPUS[1:]]}),
                ("capacity", "12 parked on CPU 0, the most; 11 may be", {"config": CONFIG.replace("128", "11")}),
                ("maximum", "60 objects, 59 may be", {"config": CONFIG + "max_objects: 59\n"}),
                ("minimum", "60 objects, 61 must be", {"config": CONFIG + "min_objects: 61\n"}),
                ("debug", "put_twice 2: debug mode: puts of an object", {"books": {"put_twice": 2}}),
                ("memory", "63 objects of 62", {"books": {"created": 103, "in_use": 8, "gets": 1008}})):
            root.cache("good")
            root.cache("bad", **change)
            text = root.objcache("check", code=1)
            if not re.search(rf"^  {wrong} +WRONG +.*{re.escape(words)}", text, re.M):
                problem(f"{change}: {text}")
            expect_in(str(change), "check: FAIL 1 of 2 caches", text)
            checked = root.json("check", code=1)[0]
            expect("wrong caches", checked["caches_wrong"], 1)
            root.write("proc/slabinfo", "")


def case_check_names_who_holds_what():
    with Root() as root:
        root.cache("map")
        root.write("sys/kernel/debug/objcache/map/outstanding", "".join(f"holder {i}\n" for i in range(30)))
        text = root.objcache("check")
        expect_in("first", "held by: holder 0\n", text)
        expect_in("rest", "and 10 lines more", text)
        expect("in JSON", len(root.json("check")[0]["caches"][0]["outstanding"]), 30)


def steals():
    """Thief, victim, how many magazines of 16; the last from an aged generation."""
    lines = "# tracer: nop\n"
    for thief, victim, nr in ((0, 1, 9), (1, 0, 3), (2, 0, 6), (3, 2, 1)):
        lines += EVENT.format(task="objcache/1-258", cpu=thief, time=24.7, name="steal", cache="map",
                              rest=f"victim={victim} aged={int(nr == 1)} nr=16") * nr
    lines += "CPU:2 [LOST 123 EVENTS]\n"
    return lines + EVENT.format(task="[x] y-1", cpu=0, time=26.7, name="steal", cache="other", rest="victim=1 aged=0 nr=16")


def case_map_is_thief_by_victim():
    with Root() as root:
        found = root.json("map", "map", "-i", "-", text=steals())[0]
        expect("sums", (found["magazines"], found["objects"], found["aged_objects"], found["lost_events"]),
               (19, 304, 16, 123))
        expect("within a node", found["within_node_objects"], 13 * 16)
        expect("pairs", [(p["thief_cpu"], p["victim_cpu"], p["victim_node"], p["objects"]) for p in found["pairs"]],
               [(0, 1, 0, 144), (1, 0, 0, 48), (2, 0, 0, 96), (3, 2, 1, 16)])
        text = root.objcache("map", "map", "-i", "-", text=steals())
        expect_in("nodes", "n0         |     n1", text)
        expect("rows", re.findall(r"^n(\d) +CPU (\d) .* (\d+)$", text, re.M),
               [("0", "0", "144"), ("0", "1", "48"), ("1", "2", "96"), ("1", "3", "16")])
        expect_in("hottest", "CPU 0 took 144 objects from CPU 1 (47.3 %)\nCPU 2 took 96 objects from CPU 0 (31.5 %), node 1 from node 0\n",
                  text)
        expect_in("lost", "123 events lost", text)
        expect("color", "\033[48;5;220m" in text, False)
        expect_in("color", "\033[48;5;220m", root.objcache("map", "map", "-i", "-", "--color=always", text=steals()))
        narrow = root.objcache("map", "map", "-i", "-", text=steals(), env={"COLUMNS": "30"})
        expect_in("narrow", "n0    CPU 0   .█ | ..", narrow)
        ascii_only = root.objcache("map", "map", "-i", "-", text=steals(), env={"LC_ALL": "C"})
        expect("ASCII", ascii_only.isascii(), True)


def case_map_makes_do_with_any_input():
    with Root() as root:
        far = EVENT.format(task="a b-1", cpu=8191, time=1, name="steal", cache="map", rest="victim=0 aged=0 nr=1")
        for text in ("", "\n", ": objcache_", "x: objcache_steal: cache=map", EVENT[:40], "[999999999] 1.1: objcache_steal: \n",
                     far.replace("victim=0", "victim=-1"), far.replace("[8191]", "[8192]"), "a" * 5000 + "\n" + far):
            found = root.json("map", "map", "-i", "-", text=text)[0]
            expect(f"objects of {text[:60]!r}", found["objects"], 1 if text.startswith("aaa") else 0)


def case_trace_tells_events_in_words():
    lines = steals() + EVENT.format(task="kworker/u8:1-9", cpu=3, time=27.5, name="spill", cache="map", rest="to=release nr=16")
    lines += EVENT.format(task="x-1", cpu=3, time=28, name="brandnew", cache="map", rest="depth=4 what=ever")
    lines += EVENT.format(task="\033[31m\xff-1", cpu=3, time=29, name="age", cache="red", rest="nr=1")
    with Root() as root:
        text = root.objcache("trace", "map", "-i", "-", text=lines)
        expect_in("steal", "24.700000  cpu 0    objcache/1-258    steal    16 from CPU 1\n", text)
        expect_in("spill", "kworker/u8:1-9    spill    16 above the capacity\n", text)
        expect_in("unknown", "brandnew  depth=4 what=ever\n", text)
        expect_in("of all", "objcache/1-258    map               steal    16 from CPU 1\n",
                  root.objcache("trace", "-i", "-", text=lines))
        expect_in("lost", "21 events, 123 lost", text)
        expect("other", "cache other" in text or "[x] y-1" in text, False)
        expect("of one kind", len(root.json("trace", "map", "-i", "-", "-e", "spill", text=lines)), 1)
        events = root.json("trace", "-i", "-", "-n", "3", text=lines)
        expect("first", (len(events), events[0]["event"], events[0]["victim"], events[0]["time_us"]),
               (3, "steal", 1, 24700000))
        expect("a task that would paint", root.json("trace", "red", "-i", "-", text=lines)[0]["task"], "?[31m??-1")
        # The task of the other one has brackets in its name.
        expect("other", root.json("trace", "other", "-i", "-", text=lines)[0]["task"], "[x] y-1")


def case_doctor_names_what_mends():
    rows = (
        (3, "make && insmod", lambda root: root.remove("sys/module/objcache")),
        (3, "installed for this kernel, 6.12.0-test", lambda root: (
            root.remove("sys/module/objcache"), root.write("lib/modules/6.12.0-test/updates/dkms/objcache.ko.xz", ""))),
        (3, "built for kernel 6.1.0-old, but 6.12.0-test is running", lambda root: (
            root.remove("sys/module/objcache"), root.write("lib/modules/6.1.0-old/extra/objcache.ko", ""))),
        (1, "mount -t debugfs debugfs /sys/kernel/debug", lambda root: (
            root.write("proc/mounts", ""), root.remove("sys/kernel/debug"))),
        (1, "boot without debugfs=off", lambda root: root.write("proc/cmdline", "debugfs=off")),
        (1, "CONFIG_DEBUG_FS=y", lambda root: root.write("proc/filesystems", "nodev\ttracefs\n")),
        (1, "mount -t tracefs", lambda root: root.write("proc/mounts", "d / debugfs rw 0 0\n")),
        (1, "mount -t devtmpfs", lambda root: root.remove("dev/objcache")),
        (1, "lockdown=integrity", lambda root: root.write("sys/kernel/security/lockdown", "none integrity [confidentiality]\n")),
        (1, "sign the module", lambda root: root.write("sys/kernel/security/lockdown", "none [integrity] confidentiality\n")),
        (1, "rebuild that module", lambda root: root.write(
            "proc/kmsg", "<3>objcache: x: the caller was built against version 3 of objcache.h with params of 56 bytes\n")),
        (1, "one version", lambda root: root.write("sys/kernel/debug/objcache/map/stats", "schema: 2\ncreated: 1\n")),
        (0, "CONFIG_PROVE_LOCKING off", lambda root: root.write("proc/lockdep", "")),
        (0, "kmemleak=off", lambda root: root.write("sys/kernel/debug/kmemleak", "")),
        (0, "CONFIG_KASAN off", lambda root: root.write("boot/config-6.12.0-test", "CONFIG_KASAN=y\n")),
        (0, "boot without slub_debug", lambda root: root.write("proc/cmdline", "slub_debug=FZ\n")),
        (0, "cache map has DEBUG", lambda root: root.cache("map", config=CONFIG.replace("flags: 0x0", "flags: 0x8 DEBUG"))),
        (0, "parameters/debug", lambda root: root.write("sys/module/objcache/parameters/debug", "stream:stacks\n")),
        (0, "rmdir /sys/kernel/tracing/instances/objcache-999999999", lambda root: root.write(
            "sys/kernel/tracing/instances/objcache-999999999/x", "")),
        (0, "0 problems, 0 things", lambda root: None),
    )
    for code, words, breaks in rows:
        with Root() as root:
            root.cache("map")
            breaks(root)
            expect_in(words, words, root.objcache("doctor", code=code))
            found = root.json("doctor", code=code)[0]
            bad = [finding for finding in found["findings"] if finding["status"] != "fine"]
            expect(f"{words}: found", bool(bad), words != "0 problems, 0 things")
            expect(f"{words}: each with what mends it", all("mend" in finding for finding in bad), True)


def case_no_line_is_wider_than_the_screen():
    """80 columns, with names and numbers as they come."""
    long = {key: 123456789 for key in ("created", "destroyed", "gets", "puts", "hits")}
    with Root() as root:
        root.cache("objcache-requests", {**long, "destroyed": 123456729, "put_twice": 3})
        root.cache("dm-crypt-requests.0", long, cpus=[(1008, *[123456789] * 3, 0, 0, 0, 12, 0, 0)] * 4)
        for arguments in (("list",), ("stat",), ("stat", "-p"), ("stat", "-p", "-d"), ("top", "-1", "-d", "0.1"), ("check", "-a"),
                          ("trace", "map", "-i", "-"), ("map", "map", "-i", "-"), ("doctor",), ("--help",),
                          *((name, "--help") for name in root.objcache("complete").split())):
            text = root.objcache(*arguments, code=int(arguments == ("check", "-a")), env={"COLUMNS": "80"},
                                 text=steals() if "-i" in arguments else None)
            for line in text.splitlines():
                if len(line) > 80 and root.folder not in line:
                    problem(f"{arguments}: {len(line)} columns: {line}")


def case_exit_codes():
    with Root() as root:
        root.cache("map")
        for code, words, arguments in (
                (2, "Usage: objcache SUBCOMMAND", ()),
                (0, "Exit status: 0 fine", ("--help",)),
                (0, "Usage: objcache stat", ("help", "stat")),
                (2, "ballast: no such subcommand", ("ballast",)),
                (2, "unrecognized option", ("stat", "--ballast")),
                (2, "see objcache stat --help", ("stat", "--ballast")),
                (2, "--watch 0.01: is not within 0.1 to 3600 seconds", ("stat", "--watch=0.01")),
                (2, "--watch x: is not within", ("stat", "--watch=x")),
                (2, "--count -1: is not a number from 1", ("stat", "--count=-1")),
                (2, "--count 99999999999: is not", ("stat", "--count=99999999999")),
                (2, "--count 3: only with --watch", ("stat", "--count=3")),
                (2, "--sort x: is none of name in_use", ("top", "--sort=x")),
                (2, "unexpected argument b", ("stat", "map", "b")),
                (2, "CACHE is missing", ("map",)),
                (2, "nosuch: no such cache", ("stat", "nosuch")),
                (2, "../map: no such cache", ("check", "../map")),
                (2, "--input /nowhere: No such file", ("trace", "--input=/nowhere")),
                (2, "--threads 0: is not a number from 1 to 256", ("stress", "--threads=0")),
                (2, "--cpus 4096: is not a number from 1 to", ("stress", "--cpus=4096")),
                (4, "top: no terminal", ("top",)),
                (1, "stress: FAIL: cache stress-", ("stress",))):
            expect_in(" ".join(arguments), words, root.objcache(*arguments, code=code))
        expect_in("after the subcommand", "map", root.objcache("list", "-R", root.folder, where=None))
        root.remove("dev/objcache")
        expect_in("stress", "is not there: modprobe objcache", root.objcache("stress", code=3))
        root.remove("sys/kernel/debug/objcache")
        expect_in("list", "is not there: mount -t debugfs", root.objcache("list", code=4))
        root.remove("sys/module/objcache")
        for arguments in ("list",), ("stat",), ("top", "-1"), ("map", "map"), ("trace",), ("check",), ("doctor",):
            root.objcache(*arguments, code=3)
        root.write("sys/kernel/debug/objcache/caches", "")
        expect("no caches", root.objcache("list").splitlines()[1:], [])
        expect("no caches", root.json("stat")[0]["caches"], [])
        expect_in("no caches", "check: PASS 0 caches", root.objcache("check"))


def case_what_cannot_be_written_is_no_success():
    with Root() as root, open("/dev/full", "w", encoding="ascii") as full:
        root.cache("map")
        for arguments in ("list",), ("--json", "list"), ("stat", "map"), ("--help",), ("complete", "--caches"):
            done = subprocess.run([OBJCACHE, f"--root={root.folder}", *arguments], stdout=full, stderr=subprocess.PIPE,
                                  text=True, check=False)
            expect(f"{arguments} on a full disk", done.returncode, 4)
            expect_in(f"{arguments}", "standard output: No space left on device", done.stderr)


def case_long_words_overflow_nothing():
    with Root() as root:
        long = "x" * 3000
        root.cache("map", more=f"{long}: 1\n" + "".join(f"more_{i}: {i}\n" for i in range(100)),
                   config=CONFIG + f"{long}: {long}\n" + "".join(f"c{i}: {i}\n" for i in range(100)))
        root.write("sys/kernel/debug/objcache/map/cpus", CPU_HEAD[:-1] + " " + " ".join(f"c{i}" for i in range(60)) + "\n"
                   + " ".join("1" * 15 for i in range(71)) + "\n")
        root.write("sys/kernel/debug/objcache/map/outstanding", long + "\n")
        for arguments in ("list",), ("stat", "-p"), ("top", "-1", "-d", "0.1"):
            root.objcache(*arguments)
            root.json(*arguments)
        root.objcache("check", code=1)
        root.objcache("stat", long, code=2)
        root.objcache("-R", "/" + long, "list", code=4, where=None)
        for broken in "", "\n", "cpu", "cpu parked\n0\n", "cpu parked\n0 x\n", "nonsense\n":
            root.write("sys/kernel/debug/objcache/map/cpus", broken)
            root.objcache("stat", "-p")
            root.objcache("check")
        root.write("sys/kernel/debug/objcache/map/stats", "")
        expect("a cache without statistics", root.json("stat")[0]["caches"], [])


class Terminal:
    """objcache on a terminal of its own, and all that it has drawn."""

    def __init__(self, root, *arguments, rows=24, columns=120, term="xterm"):
        self.drawn = ""
        self.pid, self.fd = pty.fork()
        if not self.pid:
            # ncurses leaves what it has allocated.
            os.environ.update(TERM=term, LC_ALL="C.UTF-8", ASAN_OPTIONS="detect_leaks=0")
            os.execv(OBJCACHE, ["objcache", "-R", root.folder, *arguments])
        self.resize(rows, columns)

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def key(self, keys):
        os.write(self.fd, keys.encode())

    def wait(self, words):
        """Until these are drawn; what came before is forgotten."""
        end = time.monotonic() + PATIENCE
        while not re.search(words, self.drawn):
            if time.monotonic() > end or not self.read():
                problem(f"{words!r} was not drawn: {self.drawn[-800:]!r}")
                return
        self.drawn = ""

    def shows(self, words, *others):
        """Has all drawn anew (Ctrl-L) until these are there and others are not."""
        end = time.monotonic() + PATIENCE
        self.resize(24, 160)
        while time.monotonic() < end:
            self.drawn = ""
            self.key("\f")
            once = time.monotonic() + 2
            while "q: quit" not in self.drawn and time.monotonic() < once and self.read():
                pass
            if re.search(words, self.drawn) and not any(other in self.drawn for other in others):
                return
        problem(f"{words!r} is not shown, or {others}: {self.drawn[-800:]!r}")

    def read(self):
        if not select.select([self.fd], [], [], 1)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.drawn += data.decode(errors="replace")
        return bool(data)

    def end(self):
        while self.read():
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def case_top_lives_through_what_changes():
    with Root() as root:
        for name in "aaa", "bbb", "ccc":
            root.cache(name, {"parked": {"aaa": 48, "bbb": 30, "ccc": 66}[name]})
        top = Terminal(root, "top", "--delay=0.1")
        top.shows("3 caches(.|\n)*aaa(.|\n)*bbb(.|\n)*ccc")
        top.key("p")
        top.shows("by parked(.|\n)*ccc(.|\n)*aaa(.|\n)*bbb")
        top.key("r")
        top.shows("by parked, reversed(.|\n)*bbb(.|\n)*aaa(.|\n)*ccc")
        root.remove("sys/kernel/debug/objcache/bbb")
        top.shows("2 caches", "bbb")
        root.cache("ddd")
        top.shows("3 caches(.|\n)*ddd", "bbb")
        top.resize(5, 40)
        top.wait("NAME")
        top.resize(50, 200)
        top.wait("NAME")
        shutil.move(root.path("sys/kernel/debug/objcache"), root.path("gone"))
        top.shows("0 caches(.|\n)*No such file", "aaa")
        shutil.move(root.path("gone"), root.path("sys/kernel/debug/objcache"))
        top.shows("3 caches(.|\n)*ddd", "No such file")
        for key in "numghsfr +-\033[A\033[B\033[5~\033[6~xyz":
            top.key(key)
        top.key("q")
        expect("status", top.end(), 0)


def case_top_needs_a_terminal_that_is_described():
    with Root() as root:
        top = Terminal(root, "top", term="nonsense")
        top.wait(r"top: this terminal is not described here \(TERM, terminfo\); see --once")
        expect("status", top.end(), 4)


def case_top_ends_at_an_interrupt():
    with Root() as root:
        root.cache("aaa")
        top = Terminal(root, "top")
        top.wait("aaa")
        top.key("\003")
        expect("status", top.end(), 0)


def case_top_once_has_rates():
    with Root() as root:
        root.cache("busy")
        root.cache("idle")
        stop = threading.Event()

        def busy():
            gets = 1005
            while not stop.is_set():
                gets += 100
                path = root.path("sys/kernel/debug/objcache/busy/stats")
                with open(path + "~", "w", encoding="utf-8") as file:
                    file.write(stats_text({"gets": gets, "hits": gets - 105}))
                os.rename(path + "~", path)
                time.sleep(0.01)

        worker = threading.Thread(target=busy)
        worker.start()
        caches = root.json("top", "--delay", "1")[0]["caches"]
        text = root.objcache("top", "-1", "-d", "1", "-s", "name")
        stop.set()
        worker.join()
        expect("the busiest is first", [cache["name"] for cache in caches], ["busy", "idle"])
        expect("rates", (caches[0]["gets_per_second"] > 100, caches[0]["hit_permille"], caches[1]["gets_per_second"]),
               (True, 1000, 0))
        expect("by name", [line.split()[0] for line in text.splitlines()[2:]], ["busy", "idle"])
        expect_in("sparkline", "█", text)


def case_an_interrupt_ends_a_watch():
    with Root() as root:
        root.cache("map")
        with subprocess.Popen([OBJCACHE, "-R", root.folder, "stat", "-j", "-w", "3600"], stdout=subprocess.PIPE,
                              text=True) as process:
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=PATIENCE)
        expect("status", process.returncode, 0)


def case_the_manual_is_that_of_the_command():
    done = subprocess.run([os.path.join(HERE, "manual.py"), "--check", OBJCACHE, MANUAL], capture_output=True, text=True,
                          check=False)
    expect("manual.py --check", (done.returncode, done.stdout), (0, ""))
    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", MANUAL], capture_output=True, text=True, check=False)
    expect("mandoc -Tlint", (done.returncode, done.stdout), (0, ""))
    shown = subprocess.run(["mandoc", "-Tutf8", MANUAL], capture_output=True, text=True, check=True).stdout
    shown = re.sub(".\b", "", shown)
    with Root() as root:
        for subcommand in root.objcache("complete").split():
            expect_in("the manual", f"objcache {subcommand}", shown)
            for option in re.findall(r"--[a-z-]+", root.objcache(subcommand, "--help")):
                expect_in(f"the manual, of {subcommand}", option, shown)


def completions(root, *words):
    """What bash would offer for the last of these."""
    script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _objcache; '
              '[ ${#COMPREPLY[@]} = 0 ] || printf "%s\\n" "${COMPREPLY[@]}"')
    return subprocess.run(["bash", "-c", script, "bash", os.path.join(HERE, "completion.bash"), OBJCACHE, *words],
                          capture_output=True, text=True, check=True, cwd=root.folder).stdout.split()


def case_bash_completes():
    with Root() as root:
        root.cache("mapped")
        root.cache("other")
        there = ["--root", "=", root.folder]
        for words, wanted in (
                (("st",), ["stat", "stress"]),
                (("",), [*root.objcache("complete").split(), "help"]),
                (("--j",), ["--json"]),
                (("stat", "--wa"), ["--watch"]),
                (("top", "--sort", "=", "p"), ["parked"]),
                (("top", "--sort", "="), ["name", "in_use", "parked", "memory", "gets", "hit", "steals", "fresh"]),
                (("top", "-s", "st"), ["steals"]),
                (("map", "--color", "a"), ["auto", "always"]),
                (("stat", "-n", ""), []),
                ((*there, "stat", ""), ["mapped", "other"]),
                ((*there, "stat", "--delta", "m"), ["mapped"]),
                (("trace", "-i", "pr"), ["proc"])):
            expect(" ".join(words), completions(root, *words), wanted)
        for subcommand in root.objcache("complete").split():
            options = [line.split()[0] for line in root.objcache("complete", subcommand).splitlines()]
            expect(f"options of {subcommand}", completions(root, subcommand, "-"), options)


def main():
    global current
    cases = {name[5:]: case for name, case in globals().items() if name.startswith("case_")}
    wanted = sys.argv[1:] or list(cases)
    if set(wanted) - set(cases):
        print(f"no such case: {' '.join(set(wanted) - set(cases))}; there are: {' '.join(cases)}")
        return 2
    subprocess.run(["make", "-s", "-C", HERE, f"O={BUILD}", "SANITIZE=y"], check=True)
    for current in wanted:
        cases[current]()
    print(f"cli_test: {len(wanted)} cases, {len(problems)} problems")
    return 1 if problems else 0


current = "build"

if __name__ == "__main__":
    sys.exit(main())
