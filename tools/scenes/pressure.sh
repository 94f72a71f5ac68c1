# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154	# sourced in the VM, by guest-init.sh
# S7: memory that is parked goes before anybody is killed for it. Four caches have
# parked 64 MiB each, in objects of 4 MiB; a process takes what is available and 150
# MiB more. In a VM of 768 MB; nothing ages.

load objcache

step "256 MiB parked, in objects of 4 MiB"
load objcache_scenes caches=4 size=4194240 parked=16
cat /sys/kernel/debug/objcache/caches
grep '^objcache-scenes' /proc/slabinfo

step -l 120 "a process takes all that is available, and 150 MiB more"
client scenes take 150 20
if dmesg | grep -E 'Out of memory|invoked oom-killer'; then
	fail FAILED "somebody was killed for memory that was parked"
fi
cat /sys/kernel/debug/objcache/caches
grep '^objcache-scenes' /proc/slabinfo

unload objcache_scenes
unload objcache

step "nobody was killed"
