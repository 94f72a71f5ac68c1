# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# The example module has served its requests; this is what debugfs says of it.
#
#   make guest SCRIPT=tools/example/table.sh

load objcache
load objcache_example
dmesg | grep "requests served"
cat /sys/kernel/debug/objcache/caches
unload objcache_example
unload objcache
check_nothing_left
