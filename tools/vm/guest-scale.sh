# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# make scale: counts what a miss costs here. Runs in the VM, sourced by
# guest-init.sh.

need_cpus "$CPUS"

step "insmod objcache"
load objcache

step "counting with $CPUS CPUs"
load objcache_scale
counted=/sys/module/objcache_scale/parameters
echo "counted $CPUS $(cat $counted/try_get) $(cat $counted/get)"
unload objcache_scale

step "rmmod objcache"
unload objcache

step "counted with $CPUS CPUs"
