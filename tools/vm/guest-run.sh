# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# make run: the module, the char device under load, the example, and away again.
# Runs in the VM, sourced by guest-init.sh.

need_cpus 2

step "insmod objcache"
load objcache

step "stress: $THREADS threads on $CPUS CPUs for $DURATION s"
client objcache stress "--threads=$THREADS" "--duration=$DURATION" --show

step "hostile ioctls"
client objcache-badinput

step "what an object takes"
check_slab_sizes

step "example module"
load objcache_example
unload objcache_example

step "debug mode, and a module with a mistake"
check_debug_mode

step "rmmod objcache"
unload objcache

step "nothing left"
check_nothing_left

step "$THREADS threads on $CPUS CPUs for $DURATION s, nothing left"
