# SPDX-License-Identifier: GPL-2.0
"""The command line of User-Mode Linux: a kernel that is a program, on the real cores."""

# quiet: nothing of its own on stdout; the log still gets all.
APPEND = "quiet loglevel=7 console=ttyS0 panic=-1 oops=panic con=null ssl=null ssl0=null,fd:2 ssl1=null,fd:1"

RESULTS_TTY = "ttyS1"


def command(initramfs, options):
    """ttyS0 is stderr, ttyS1 is stdout."""
    return [f"{options.kernel}/vmlinuz", f"mem={options.memory}M", f"ncpus={options.cpus}", "seccomp=on", f"initrd={initramfs}",
            *APPEND.split(), *options.append.split()]
