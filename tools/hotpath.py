#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Walks the compiled hit paths and refuses what does not belong there.

A hit path is every way through a function from its entry to its return that
does not leave it for a slow path. On it there may be no locked instruction, no
xchg with memory, nothing that toggles interrupts, and no call but the tracer's
hook, the return thunk and the need-resched tail of preempt_enable().

  tools/hotpath.py FILE.ko:FUNCTION...   prints each path, checks it
  tools/hotpath.py --selftest FILE.ko:FUNCTION...   plants a locked instruction,
      a cli and a call in each path and expects to be told

Exit code: 0 clean, 1 something on a path, 2 usage.
"""

import argparse
import re
import subprocess
import sys

EXEMPT = re.compile(r"__fentry__|__x86_return_thunk|__SCT__preempt_schedule\w*"
                    r"|preempt_schedule\w*|__warn_thunk_thunk")
RESCHED = re.compile(r"preempt_schedule")
RETURN = re.compile(r"__x86_return_thunk")
FORBIDDEN = [
    (re.compile(r"\block\b"), "a locked instruction"),
    (re.compile(r"\bxchg\w*\s.*\("), "an xchg with memory, which is locked"),
    (re.compile(r"\b(cli|sti|pushf\w*|popf\w*)\b"), "an interrupt toggle"),
]


class Insn:
    def __init__(self, addr, text):
        self.addr, self.text, self.symbol = addr, text, None
        self.op = text.split()[0] if text else ""
        match = re.search(r"\b([0-9a-f]+) <([^>+]+)(\+0x[0-9a-f]+)?>", text)
        self.target = int(match[1], 16) if match else None
        self.target_name = match[2] if match else None

    @property
    def name(self):
        return self.symbol or self.target_name

    def is_call(self):
        return self.op.startswith("call")

    def is_jump(self):
        return self.op.startswith("j")

    def is_ret(self):
        return self.op.startswith("ret") or (
            self.op == "jmp" and bool(self.symbol and RETURN.search(self.symbol)))


def disassemble(path, function):
    dump = subprocess.run(
        ["objdump", "-dr", "--no-show-raw-insn", f"--disassemble={function}", path],
        check=True, capture_output=True, text=True).stdout
    insns, inside = [], False
    for line in dump.splitlines():
        if re.match(r"[0-9a-f]+ <", line):
            inside = line.endswith(f"<{function}>:")
        elif not inside:
            continue
        elif match := re.match(r"\s+([0-9a-f]+):\s+R_\S+\s+([^\s+-]+)", line):
            if insns and int(match[1], 16) > insns[-1].addr:
                insns[-1].symbol = match[2]
        elif match := re.match(r"\s+([0-9a-f]+):\s+(.*\S)", line):
            insns.append(Insn(int(match[1], 16), match[2]))
    if not insns:
        sys.exit(f"hotpath: {path}: no function {function}")
    return insns


def edges(insns, index, at):
    """Where control goes from an instruction, inside the function."""
    insn = insns[index]
    after = [index + 1] if index + 1 < len(insns) else []
    if insn.is_ret() or insn.op in ("int3", "ud2"):
        return []
    if not insn.is_jump():
        return after
    inside = insn.symbol is None and insn.target in at
    jump = [at[insn.target]] if inside else []
    return jump if insn.op == "jmp" else jump + after


def hit_paths(insns):
    """All ways from entry to return, without the need-resched tail."""
    at = {insn.addr: i for i, insn in enumerate(insns)}
    paths, stack = [], [(0, [])]
    while stack:
        index, path = stack.pop()
        insn = insns[index]
        if index in path or (insn.is_call() and insn.name and RESCHED.search(insn.name)):
            continue
        path = path + [index]
        if insn.is_ret():
            paths.append([insns[i] for i in path])
        stack.extend((following, path) for following in edges(insns, index, at))
    return paths


def faults(paths):
    for insn in dict.fromkeys(insn for path in paths for insn in path):
        for pattern, what in FORBIDDEN:
            if pattern.search(insn.text):
                yield insn, what
        if insn.is_call() and not (insn.name and EXEMPT.fullmatch(insn.name)):
            yield insn, "a call"


def check(where, insns, quiet=False):
    paths = hit_paths(insns)
    path = max(paths, key=len, default=[])
    found = list(faults(paths))
    if not path:
        found = [(insns[0], "no way to a return but through a slow path")]
    if not quiet:
        print(f"{where}: {len(path)} instructions on the hit path")
        for insn in path:
            print(f"    {insn.text.split('#')[0].strip():44} {insn.symbol or ''}".rstrip())
        for insn, what in found:
            print(f"hotpath: {where}: {what}: {insn.text}", file=sys.stderr)
    return found


def selftest(where, insns):
    """Each plant goes where the hit path is half done."""
    path = max(hit_paths(insns), key=len)
    middle = insns.index(path[len(path) // 2])
    missed = 0
    for text in ("lock incq (%rax)", "xchg %rax,(%rdx)", "cli", "call 0 <printk>", "call *%rax"):
        planted = insns[:middle] + [Insn(-1, text)] + insns[middle:]
        found = check(where, planted, quiet=True)
        verdict = "noticed" if found else "NOT NOTICED"
        missed += not found
        print(f"{where}: planted {text:18} {verdict}")
    return missed


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--selftest", action="store_true", help="plant faults and expect them")
    parser.add_argument("where", nargs="+", metavar="FILE.ko:FUNCTION")
    args = parser.parse_args()
    failed = 0
    for where in args.where:
        path, _, function = where.rpartition(":")
        if not path:
            parser.error(f"{where}: not FILE.ko:FUNCTION")
        insns = disassemble(path, function)
        failed += selftest(where, insns) if args.selftest else len(check(where, insns))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
