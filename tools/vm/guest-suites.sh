# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# make test: the KUnit suites named $SUITE, or all. Runs in the VM, sourced by
# guest-init.sh.

need_cpus 2

if [ "$FLAVOR" = kcsan ]; then
	step "KCSAN on, and it sees a race that is planted"
	kcsan_on
fi

step "insmod objcache"
load objcache

# For the tests that have each allocation fail: those that may wait, too, in few words.
failslab=/sys/kernel/debug/failslab
if [ -d $failslab ]; then
	echo N >$failslab/ignore-gfp-wait
	echo 0 >$failslab/verbose
fi

step -l "$KUNIT_LIMIT" "KUnit suites"
# Without a new line, which would be part of the pattern.
[ -z "$SUITE" ] || echo -n "$SUITE" >/sys/module/kunit/parameters/filter_glob
load objcache_kunit
send_ktap "objcache*"
unload objcache_kunit

step "rmmod objcache"
unload objcache

step "nothing left"
check_nothing_left

if [ "$FLAVOR" = debug ] && [ -z "$ONLY" ]; then
	step "kmemleak"
	check_kmemleak
fi

step "suites ${SUITE:-objcache*}, nothing left"
