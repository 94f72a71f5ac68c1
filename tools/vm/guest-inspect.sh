# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# tools/inspect/ in a VM: SCRIPT= of make guest, from tools/inspect_test.sh.

# counted CACHE KEY: of its statistics; 0 while there is no such cache.
counted() {
	counted_value=$(./objcache stat "$1" 2>/dev/null | sed -n "s/^  $2  *\([0-9]*\) .*/\1/p")
	echo "${counted_value:-0}"
}

# wait_for_more CACHE KEY: until it has counted a thousand more.
wait_for_more() {
	more_from=$(counted "$1" "$2")
	until [ "$(counted "$1" "$2")" -gt $((more_from + 1000)) ]; do
		usleep 100000
	done
}

# inspects 'FILE [ARGUMENT]' WORDS...: while a workload runs; each of the words is in what it says.
# The workload is bpftrace's child, so it runs only while all probes are there: QEMU before 8.1
# may keep a breakpoint that it saw while one came or went, and jump to nowhere.
inspects() {
	inspects_file=$1
	shift
	step -l 300 "$inspects_file"
	# shellcheck disable=SC2086	# with its argument
	bpftrace -c "/guest/objcache stress -t 2 -n 1000000000 -d 1 -q -w" /guest/$inspects_file >/tmp/inspects 2>&1 &
	inspects_pid=$!
	until inspects_cache=$(find /sys/kernel/debug/objcache -name 'stress-*' | grep .); do
		if [ ! -d /proc/$inspects_pid ]; then
			fail FAILED "bpftrace $inspects_file: $(tail -n 1 /tmp/inspects)"
			return
		fi
		usleep 200000
	done
	inspects_cache=${inspects_cache##*/}
	for inspects_key in steals fresh own_ring; do
		wait_for_more "$inspects_cache" $inspects_key
	done
	kill -INT "${inspects_cache#stress-}"
	wait $inspects_pid || fail FAILED "bpftrace $inspects_file ended with status $?"
	head -n 150 /tmp/inspects
	for inspects_words; do
		grep -qE -- "$inspects_words" /tmp/inspects || fail FAILED "$inspects_file: not a word of '$inspects_words'"
	done
}

# tells KEY=MAP...: what it has counted is what the cache's statistics say, to the last object.
tells() {
	for tells_pair; do
		tells_cache=$(sed -n "s/^${tells_pair%=*}: //p" /tmp/inspects)
		tells_map=$(sed -n "s/^@${tells_pair#*=}\[stress-[0-9]*\]: //p" /tmp/inspects)
		[ "$tells_cache" = "${tells_map:-nothing}" ] ||
			fail FAILED "$inspects_file: @${tells_pair#*=} is '$tells_map', the statistics' ${tells_pair%=*} '$tells_cache'"
	done
}

step -l 300 "bpftrace is unpacked"
try tar -C / -xzf bpftrace.tar.gz
try mount -t tracefs tracefs /sys/kernel/tracing
try ln -sf /usr/bin/bpftrace /bin/bpftrace
load objcache
inspects misses.bt '^@made_for\[stress-' '__objcache_get_slow\+'
tells fresh=made steals=stolen own_ring=own_ring
inspects callers.bt '^@slow_gets\[.*\]: [1-9]' '^@slow_puts\[.*\]: [1-9]'
# The compiler says which functions of the device there are: one that was just seen.
getter=$(sed -n 's/^@slow_gets\[\(handles_.*\)\]: .*/\1/p' /tmp/inspects | head -n 1)
inspects "hitrate.bt $getter" "counting in $getter" "^@calls\[$getter\]: [1-9]" "^@left\[$getter\]: [1-9]"
# One get a call, of a cache of which a task has one object.
inspects 'hitrate.bt request_get' 'counting in request_get' '^@calls\[request_get\]: [1-9]'
calls=$(sed -n 's/^@calls\[request_get\]: //p' /tmp/inspects) left=$(sed -n 's/^@left\[request_get\]: //p' /tmp/inspects)
[ "$calls" -gt $((1000 + 10 * ${left:-0})) ] ||
	fail FAILED "hitrate.bt: of $calls calls of request_get $left left the hit path"
unload objcache
