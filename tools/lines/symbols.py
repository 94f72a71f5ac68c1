# SPDX-License-Identifier: GPL-2.0
"""Names of addresses: functions and data of the kernel and of modules, and fields of structures."""

import bisect
import re
import subprocess
from dataclasses import dataclass, field

DATA, TEXT = "bBdDrRvVA", "tTwW"
ENDS = ("__per_cpu_end", "__bss_stop", "_end", "__end_of_kernel_reserve")  # nothing begins there
FAR = 1 << 16  # a symbol further below an address than this does not name it


@dataclass
class Symbol:
    address: int
    kind: str
    name: str
    module: str


class Symbols:
    """Of the kernel (a kallsyms file read without address randomisation) and of loaded modules."""

    def __init__(self, kallsyms):
        self.symbols = []
        with open(kallsyms, encoding="ascii") as lines:
            for line in lines:
                address, kind, name, *_ = line.split()
                if not name.startswith("__pfx_") and not line.rstrip().endswith("]"):
                    self.symbols.append(Symbol(int(address, 16), kind, name, ""))
        self.index()

    def add_module(self, name, path, sections):
        """sections: where the guest has them, by name."""
        text = subprocess.run(["nm", "-f", "sysv", path], check=True, capture_output=True, text=True).stdout
        for line in text.splitlines():
            parts = [part.strip() for part in line.split("|")]
            if len(parts) == 7 and parts[6] in sections and not parts[0].startswith(("__pfx_", ".")):
                self.symbols.append(Symbol(sections[parts[6]] + int(parts[1], 16), parts[2], parts[0], name))
        self.index()

    def index(self):
        self.tables = {}
        for kinds in (TEXT, DATA):
            found = sorted((s for s in self.symbols if s.kind in kinds), key=lambda symbol: symbol.address)
            self.tables[kinds] = ([s.address for s in found], found)

    def _below(self, address, kinds):
        addresses, found = self.tables[kinds]
        place = bisect.bisect_right(addresses, address) - 1
        if place < 0 or address - addresses[place] > FAR:
            return None
        return found[place]

    def function(self, pc):
        """(name, module) of the code at an address; what the compiler split off or cloned counts as the function."""
        symbol = self._below(pc, TEXT)
        return (symbol.name.split(".")[0], symbol.module) if symbol else (f"{pc:#x}", "?")

    def data(self, address):
        symbol = self._below(address, DATA)
        return None if symbol and symbol.name in ENDS else symbol

    def interrupt_entries(self):
        wanted = re.compile(r"asm_(exc|sysvec|common_interrupt|spurious_interrupt)")
        return [s.address for s in self.symbols if s.kind in TEXT and wanted.match(s.name)]


@dataclass
class Die:
    """An entry of the debugging information."""
    tag: str
    level: int
    values: dict = field(default_factory=dict)
    children: list = field(default_factory=list)


class Types:
    """Structures as the debugging information of a module has them."""

    def __init__(self, path, wanted):
        self.wanted, self.found, self.dies = set(wanted), {}, {}
        command = ["readelf", "--wide", "--debug-dump=info", path]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            self._read(process.stdout)
            process.kill()

    def _read(self, lines):
        """One compilation unit after another, until all that is wanted has been seen."""
        stack, die = [], None
        for line in lines:
            head = re.match(r"\s*<(\w+)><(\w+)>: Abbrev Number: \d+ \((\w+)\)", line)
            if head:
                die = Die(head[3], int(head[1], 16))
                if die.level == 0 and self._complete():
                    return
                self.dies[int(head[2], 16)] = die
                del stack[die.level:]
                if stack:
                    stack[-1].children.append(die)
                stack.append(die)
                continue
            value = re.match(r"\s*<\w+>\s+(DW_AT_\w+)\s*:\s*(.*)", line)
            if value and die:
                # What form it has, and where an indirect string is, comes first.
                die.values[value[1]] = re.sub(r"^(\([^)]*\):?\s*)+", "", value[2]).strip()
        self._complete()

    def _complete(self):
        for die in self.dies.values():
            name = die.values.get("DW_AT_name")
            if die.tag == "DW_TAG_structure_type" and name in self.wanted and "DW_AT_byte_size" in die.values:
                self.found.setdefault(name, (die, dict(self.dies)))
        self.dies = {}
        return self.wanted <= set(self.found)

    def size(self, name):
        return int(self.found[name][0].values["DW_AT_byte_size"], 0) if name in self.found else 0

    def field(self, name, offset):
        """What of the structure is at an offset, as C would write it."""
        if name not in self.found:
            return f"+{offset:#x}"
        die, dies = self.found[name]
        return self._within(die, dies, offset)

    def _within(self, die, dies, offset):
        die = self._resolve(die, dies)
        if die is None:
            return ""
        if die.tag in ("DW_TAG_structure_type", "DW_TAG_union_type"):
            return self._member(die, dies, offset)
        if die.tag == "DW_TAG_array_type":
            element = self._type_of(die, dies)
            size = self._size_of(element, dies)
            return f"[{offset // size}]" + self._within(element, dies, offset % size) if size else ""
        return ""

    def _member(self, die, dies, offset):
        best, start = None, -1
        for member in die.children:
            at = int(member.values.get("DW_AT_data_member_location", "0").split()[0], 0)
            if member.tag == "DW_TAG_member" and start < at <= offset:
                best, start = member, at
        if best is None:
            return ""
        name = best.values.get("DW_AT_name")
        inner = self._within(self._type_of(best, dies), dies, offset - start)
        return (f".{name}" if name else "") + inner

    @staticmethod
    def _type_of(die, dies):
        match = re.search(r"<0x(\w+)>", die.values.get("DW_AT_type", ""))
        return dies.get(int(match[1], 16)) if match else None

    def _resolve(self, die, dies):
        while die is not None and die.tag in ("DW_TAG_typedef", "DW_TAG_volatile_type", "DW_TAG_const_type"):
            die = self._type_of(die, dies)
        return die

    def _size_of(self, die, dies):
        die = self._resolve(die, dies)
        if die is None:
            return 0
        if die.tag == "DW_TAG_pointer_type":
            return 8
        return int(die.values.get("DW_AT_byte_size", "0"), 0)
