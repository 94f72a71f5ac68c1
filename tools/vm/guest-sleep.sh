# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Self-test of the module: gets that may sleep under a spinlock, though each would be
# a hit. A kernel that looks for it must say so for each. Runs in the VM, sourced by
# guest-init.sh.

need_cpus "$NEED_CPUS"
knobs=/sys/module/objcache_knobs/parameters

step "insmod"
load objcache
load objcache_knobs
echo "asleep 64 0 -" >$knobs/create

for how in inline noinline bulk prefill; do
	step "$how under a spinlock"
	try taskset 1 sh -c "echo 'asleep 1' >$knobs/park && echo 'asleep $how' >$knobs/asleep"
	# The kernel complains once a second.
	sleep 2
done

said="sleeping function called from invalid context"
echo "$(dmesg | grep -c "BUG: $said") of 4 calls were told: $said"

step "rmmod"
unload objcache_knobs
unload objcache

step "four calls under a spinlock"
