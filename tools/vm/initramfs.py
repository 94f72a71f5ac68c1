#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Writes an initramfs (cpio, newc), device nodes included, without being root.

usage: initramfs.py OUTPUT GUEST_PATH=HOST_PATH...    files, mode 0755
"""

import os
import stat
import sys


class Archive:
    """Entries in the order they are added; folders are added as needed."""

    def __init__(self):
        self.data = bytearray()
        self.inode = 0
        self.folders = set()

    def _entry(self, name, mode, body=b"", device=(0, 0)):
        self.inode += 1
        path = name.encode() + b"\0"
        fields = (self.inode, mode, 0, 0, 1, 0, len(body), 0, 0, *device, len(path), 0)
        self.data += b"070701" + b"".join(b"%08X" % value for value in fields) + path
        self.data += bytes(-len(self.data) % 4)
        self.data += body + bytes(-len(body) % 4)

    def folder(self, name):
        if name and name not in self.folders:
            self.folder(os.path.dirname(name))
            self.folders.add(name)
            self._entry(name, stat.S_IFDIR | 0o755)

    def file(self, name, body, mode=0o755):
        self.folder(os.path.dirname(name))
        self._entry(name, stat.S_IFREG | mode, body)

    def char_device(self, name, major, minor):
        self.folder(os.path.dirname(name))
        self._entry(name, stat.S_IFCHR | 0o600, device=(major, minor))

    def finish(self):
        self._entry("TRAILER!!!", 0)
        return bytes(self.data)


def build(files, texts):
    """files: {guest path: host path}; texts: {guest path: content}."""
    archive = Archive()
    for name in ("dev", "proc", "sys", "tmp", "bin"):
        archive.folder(name)
    # The kernel opens it for init before anything is mounted.
    archive.char_device("dev/console", 5, 1)
    for name, path in files.items():
        with open(path, "rb") as body:
            archive.file(name, body.read())
    for name, text in texts.items():
        archive.file(name, text.encode())
    return archive.finish()


def main():
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return 0 if len(sys.argv) > 1 else 2
    with open(sys.argv[1], "wb") as out:
        out.write(build(dict(pair.split("=", 1) for pair in sys.argv[2:]), {}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
