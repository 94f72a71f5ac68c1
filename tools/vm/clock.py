# SPDX-License-Identifier: GPL-2.0
"""The clock that the limits of a VM are measured on: its seconds are as long as the host
makes them, so that a busy host does not look like a hung guest."""

import os
import time


class Clock:
    """A guest that sleeps gets through a second in a second. One whose threads are ready
    to run for r + w seconds and ran for r of them got through r / (r + w) of it: the rest
    of the time others had the CPUs. A hang is found all the same, be it a guest that
    sleeps or one that spins, if that much later.

    tasks: the folder /proc/PID/task of QEMU."""

    def __init__(self, tasks, wall=time.monotonic):
        self.tasks, self.wall = tasks, wall

    def _threads(self):
        """{thread: (seconds it ran, seconds it was ready to and did not)}"""
        threads = {}
        for task in os.listdir(self.tasks) if os.path.isdir(self.tasks) else ():
            try:
                with open(f"{self.tasks}/{task}/schedstat", encoding="ascii") as text:
                    ran, waited, *_ = text.read().split()
            except (OSError, ValueError):
                continue  # the thread has ended, or this host does not count
            threads[task] = int(ran) / 1e9, int(waited) / 1e9
        return threads

    def now(self):
        """For elapsed()."""
        return self.wall(), self._threads()

    def elapsed(self, since):
        wall = self.wall() - since[0]
        ran = waited = 0.0
        for task, (now_ran, now_waited) in self._threads().items():
            then_ran, then_waited = since[1].get(task, (0.0, 0.0))
            ran += now_ran - then_ran
            waited += now_waited - then_waited
        return wall * ran / (ran + waited) if waited > 0 else wall
