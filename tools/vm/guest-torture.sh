# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# make torture: everything at once, then nothing left. Runs in the VM, sourced by
# guest-init.sh.

need_cpus 2

if [ "$FLAVOR" = kcsan ]; then
	step "KCSAN on, and it sees a race that is planted"
	kcsan_on
fi

step "insmod objcache"
load objcache

step "everything at once, on $CPUS CPUs for $DURATION s"
torture "$DURATION" "plant=$PLANT"

step "rmmod objcache"
unload objcache

step "nothing left"
check_nothing_left

if [ "$FLAVOR" = debug ]; then
	step "kmemleak"
	check_kmemleak
fi

step "$(last_line 'objcache_torture: end: PASS ')"
