# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Self-test of the harness: loads the fault module with fault=$FAULT and does
# what a good guest does. Runs in the VM, sourced by guest-init.sh.

need_cpus "$NEED_CPUS"

step "insmod objcache_fault fault=$FAULT"
load objcache_fault "fault=$FAULT"

if [ -d /sys/kernel/debug/kunit ]; then
	step "KUnit results"
	send_ktap "objcache*"
fi

step "rmmod objcache_fault"
unload objcache_fault

if [ "$KMEMLEAK" = yes ]; then
	step "kmemleak"
	check_kmemleak
fi

step "fault=$FAULT done"
