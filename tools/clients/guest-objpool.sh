# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2034,SC2086,SC2154	# CACHES and variant: guest.sh; busybox
# objpool: the kernel's own test, which does all at insmod and then refuses to be loaded
# (EAGAIN), so that it can be run again.

# They are gone when the test is.
CACHES=''

insert() { [ "$variant" = original ] || load converted-objpool_shim; }

# run_test: its table is in the kernel's log.
run_test() {
	dmesg -c >/dev/null
	! insmod "/guest/$variant-test_objpool.ko" 2>/tmp/said || fail FAILED "test_objpool stayed loaded"
	grep -q 'temporarily unavailable' /tmp/said || fail FAILED "test_objpool: $(cat /tmp/said)"
	dmesg | grep 'duration:.*hits:' | sed 's/^.*duration: /duration: /' >/tmp/summary
	# busybox asks twice, by two system calls.
	cases=$(wc -l </tmp/summary)
	case $cases in
	10 | 20) ;;
	*) fail FAILED "test_objpool: $cases cases, not all 10 each time" ;;
	esac
	! dmesg | grep 'objects still out' || fail FAILED "objects were out when a pool was destroyed"
	! dmesg | grep -E 'malloc: [0-9]+ - [0-9]+ = ' | grep -v ' = 0$' || fail FAILED "test_objpool: memory is left"
	cat /tmp/summary
}

work() {
	run_test
	# Case, hits, misses: where objpool has none, none.
	sed 's/.*hits: *\([0-9]*\).*miss: *\([0-9]*\)[^a-z]*/\1 \2 /' /tmp/summary >"/tmp/misses-$variant"
	[ "$variant" = original ] || check_misses
}

check_misses() {
	awk 'NR == FNR { line[FNR] = $0; next } { print line[FNR] "|" $0 }' /tmp/misses-original /tmp/misses-converted >/tmp/both
	while IFS='|' read -r theirs ours; do
		# shellcheck disable=SC2086	# words
		set -- $theirs
		their_misses=$2
		# shellcheck disable=SC2086	# words
		set -- $ours
		[ "$their_misses" != 0 ] || [ "$2" = 0 ] || fail FAILED "objpool has no misses, we have $2: ${ours#* * }"
	done </tmp/both
}

count() { count_pair 'pop and push' -; }

remove() {
	[ "$variant" = original ] || unload objpool_shim
}
