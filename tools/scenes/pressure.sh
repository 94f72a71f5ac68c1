# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154	# sourced in the VM, by guest-init.sh
# S7: memory that is parked goes before anybody is killed for it. Four caches have
# parked 64 MiB each, in objects of 4 MiB; a process takes what is available and 150
# MiB more. In a VM of 768 MB; nothing ages. S19: two objects of each stay, and who uses
# them has them all the while.

scenes=/sys/module/objcache_scenes/parameters
stat_of() { sed -n "s/^$2: //p" "/sys/kernel/debug/objcache/$1/stats"; }

load objcache

step "256 MiB parked, in objects of 4 MiB"
load objcache_scenes caches=4 size=4194240 parked=16 least=2
cat /sys/kernel/debug/objcache/caches
grep '^objcache-scenes' /proc/slabinfo

step -l 120 "a process takes all that is available, and 150 MiB more"
client scenes take 150 20
if dmesg | grep -E 'Out of memory|invoked oom-killer'; then
	fail FAILED "somebody was killed for memory that was parked"
fi
cat /sys/kernel/debug/objcache/caches
grep '^objcache-scenes' /proc/slabinfo

step "two of each are left, and always were"
for scene in 0 1 2 3; do
	left=$(($(stat_of scenes-$scene created) - $(stat_of scenes-$scene destroyed)))
	[ $left -ge 2 ] || fail FAILED "scenes-$scene: $left objects are left of at least 2"
	[ $left -lt 18 ] || fail FAILED "scenes-$scene: all $left objects are left"
done
gets=$(cat $scenes/gets)
echo "$gets gets meanwhile, $(cat $scenes/failed) in vain"
[ "$gets" -gt 100 ] || fail FAILED "only $gets gets"
[ "$(cat $scenes/failed)" = 0 ] || fail FAILED "$(cat $scenes/failed) of $gets gets in vain"
unload objcache_scenes
unload objcache

step "nobody was killed"
