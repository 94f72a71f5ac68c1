# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# Two modules with mistakes, and what debug mode says of them: the first puts an object
# twice (tools/doc/manual.md explains the report), the second leaves with objects out.
#
#   make guest SCRIPT=tools/example/wrong.sh KERNEL=6.1

# said COUNT TEXT: how many lines of the log have it.
said() {
	said_count=$(dmesg | grep -c "objcache: .*$2")
	[ "$said_count" = "$1" ] || fail FAILED "'$2' is said $said_count times, not $1"
}

# found COUNT KIND: how many trace events there were of that kind.
found() {
	found_count=$(grep -c "objcache_finding: cache=.* kind=$2 object=" /sys/kernel/tracing/trace)
	[ "$found_count" = "$1" ] || fail FAILED "$found_count trace events of kind $2, not $1"
}

load objcache debug='*:check+stacks'
try mount -t tracefs tracefs /sys/kernel/tracing
echo 1 >/sys/kernel/tracing/events/objcache/objcache_finding/enable

step "an object that is put twice"
check_debug_mode
said 1 'put twice'

step "who has what"
load objcache_leaver
cat /sys/kernel/debug/objcache/kunit-leaver-left/outstanding >/tmp/outstanding
cat /tmp/outstanding
grep -q '^10 objects, the oldest for .* ms: insmod/.* in task$' /tmp/outstanding ||
	fail FAILED "outstanding does not say who has 10 objects"
grep -q '^  leaver_take' /tmp/outstanding || fail FAILED "outstanding has no stack"

step "a user that leaves with objects out"
unload objcache_leaver
said 1 'kunit-leaver-early: leak: 10 objects of 64 bytes are out at the end'
said 3 'kunit-leaver-early: call for a destroyed cache: object #'
said 1 'kunit-leaver-left: leak: 10 objects of 64 bytes are out at the end'
said 2 '  10 objects, the oldest for .* taken by insmod/'
# Once in each report of a leak, and as the taker in each of a late put.
said 5 '    leaver_take'
said 1 'kunit-leaver-left: objcache_leaver is gone and has not destroyed it'
[ ! -e /sys/kernel/debug/objcache/kunit-leaver-left ] || fail FAILED "the cache is still there"
[ -e /sys/kernel/debug/objcache/kunit-leaver-plain ] || fail FAILED "whose it is, was a guess"
found 1 put_twice
found 3 put_late
found 2 leaked

step "rmmod objcache"
unload objcache
said 1 'kunit-leaver-plain: its user is gone and has not destroyed it'
said 1 'kunit-leaver-plain: leak: 10 objects of 64 bytes are out at the end'
said 1 'unloaded with 27 objects of destroyed caches still out'
dmesg | sed -n '/objcache: ====/,/objcache: ----/p'
check_nothing_left
check_taint
