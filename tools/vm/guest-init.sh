#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC1091	# the sourced files are in the guest
# Init of the guest: mounts, runs /guest/script.sh, reports, powers off. The
# verdict is FAILED from the first line on and is replaced by the last.

/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t debugfs debugfs /sys/kernel/debug
mount -t tmpfs tmpfs /tmp
# Its own scans take a CPU for half a minute; check_kmemleak does what is needed.
[ ! -e /sys/kernel/debug/kmemleak ] || echo scan=off >/sys/kernel/debug/kmemleak
# By the wall clock, as the watchdogs are; see qemu.py.
[ ! -e /proc/sys/kernel/hung_task_timeout_secs ] || echo 240 >/proc/sys/kernel/hung_task_timeout_secs
. /guest/env
. /guest/lib.sh
stty -F "$RESULTS" raw -echo
exec </dev/null >"$RESULTS" 2>&1

send ready
send verdict FAILED

cd /guest || exit
(set -eu && . ./script.sh)
status=$?
[ $status = 0 ] || [ -e /tmp/failed ] || fail FAILED "the guest script ended with status $status"
check_taint

if [ -e /tmp/failed ]; then
	send verdict FAILED
else
	send verdict PASSED
fi
# Setting a parameter waits until all output has left.
stty -F "$RESULTS" raw -echo
poweroff -f
