# SPDX-License-Identifier: GPL-2.0
"""How fast the time stamp counter of this machine is, which is also that of an emulated one."""

import ctypes
import mmap
import platform
import time

# rdtsc; shl $32, %rdx; or %rdx, %rax; ret
RDTSC = b"\x0f\x31\x48\xc1\xe2\x20\x48\x09\xd0\xc3"
APART = 0.05  # seconds: a microsecond's doubt at each end is 40 ppm
TRIES = 20


def _reader():
    page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(RDTSC)
    function = ctypes.CFUNCTYPE(ctypes.c_uint64)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    function.page = page
    return function


def _moment(read):
    """The counter and the clock at once: of some tries that in which the least time passed."""
    tries = []
    for _ in range(TRIES):
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
        count = read()
        after = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
        tries.append((after - before, count, (before + after) // 2))
    return min(tries)[1:]


def khz():
    """0: it has none, or this may not run what reads it."""
    if platform.machine() != "x86_64":
        return 0
    try:
        read = _reader()
    except OSError:
        return 0
    count, clock = _moment(read)
    time.sleep(APART)
    count_then, clock_then = _moment(read)
    return round((count_then - count) * 1e6 / (clock_then - clock))


if __name__ == "__main__":
    print(f"{khz()} kHz")
