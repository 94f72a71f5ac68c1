# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Caches with something in them, and what they say of it; then its memory is dumped from
# outside: SCRIPT= of make guest, from tools/inspect_test.sh.

load objcache
load objcache_knobs
knobs=/sys/module/objcache_knobs/parameters
echo "core-plain 64 0 a" >$knobs/create
echo "core-made 512 0 ca" >$knobs/create
for cpu in $(seq 0 $(($(nproc) - 1))); do
	for cache in core-plain core-made; do
		try taskset "$(printf '%x' $((1 << cpu)))" sh -c "echo '$cache $((10 + 200 * cpu))' >$knobs/park"
	done
done
echo 1 >/sys/kernel/debug/objcache/core-made/age
for cache in core-plain core-made; do
	awk -v cache=$cache 'NR > 1 { print "parked", cache, $1, $2 }' /sys/kernel/debug/objcache/$cache/cpus
done

step "its memory can be dumped"
until dmesg | grep -q "sysrq: HELP"; do
	usleep 100000
done
unload objcache_knobs
unload objcache
