# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# make bench: every pattern that was asked for, one after another. The rows go to
# the host as they are, each pattern's as one document.
# Runs in the VM, sourced by guest-init.sh.

bench=/sys/kernel/debug/objcache_bench
parked=/sys/kernel/debug/objcache

# send_document NAME: what is in /tmp/document.
send_document() {
	send begin "$1"
	cat /tmp/document
	send end "$(wc -l </tmp/document)"
}

step "insmod objcache, objcache_bench"
load objcache
load objcache_bench "rounds=$ROUNDS" "cycles=$CYCLES"

for cache in bench bench-64; do
	sed "s/^/config $cache /" $parked/$cache/config >/tmp/document
	send_document "config-$cache"
done

[ "$PATTERN" != all ] || PATTERN=$(cat $bench/patterns)
for pattern in $PATTERN; do
	step -l "$STEP_LIMIT" "$pattern"
	echo "$pattern" >$bench/run || fail FAILED "pattern $pattern: $(dmesg | grep objcache_bench: | tail -n 2 | tr "\n" " ")"
	cat $bench/results >/tmp/document
	send_document "$pattern"
	awk '$1 == "row" { if ($2 != row) printf "%s   %s:", row ? "\n" : "", row = $2
		printf " %s %s", $3, $6 } END { print "" }' /tmp/document
done

step "rmmod objcache_bench, objcache"
unload objcache_bench
unload objcache
check_nothing_left

step "all patterns, nothing left"
