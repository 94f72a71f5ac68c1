#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# make test: builds a kernel with KUnit from Debian's source (once), boots it in a
# VM, runs every suite and judges the whole: results, log, leaks, leftovers.
#
#   KERNEL=6.1|6.12|7.3|6.12-arm64   which source, and which machine if another (6.12)
#   FLAVOR=debug|plain|kcsan|rt|bench   which detectors it has (debug)
#   CPUS=N                        virtual CPUs, 2..64 (4)
#   DURATION=S                    seconds of stress beside the suites, 1..3600 (3)
#
# With FLAVOR=kcsan a race is planted first, which must be reported, and what make
# torture does goes on for a minute; no race of the module may be reported.
#
# Fetches what it needs. Outputs are under build/test-KERNEL-FLAVOR/. The last
# line is `kunit: N passed, N failed, N skipped`, the one before it `verdict: CODE
# NAME: reason`; CODE is the exit status.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
only_help "$@"
. "$here/leg.sh"

# count WORD: how many tests of this VM passed, failed or were skipped.
count() {
	if [ -s "${OUT:-/nonexistent}/vm/counts.json" ]; then
		sed -nE "s/.*\"$1\": ([0-9]+).*/\1/p" "$OUT/vm/counts.json"
	else
		echo 0
	fi
}

# shellcheck disable=SC2317,SC2154	# called from the trap in leg.sh, which sets verdict
conclude() {
	local failed
	failed=$(count failed)
	case $verdict in
	"0 "*) ;;
	*) [ "$failed" != 0 ] || failed=1 ;;
	esac
	echo "verdict: $verdict"
	echo "kunit: $(count passed) passed, $failed failed, $(count skipped) skipped"
}

# What must have run is counted in the module, not in its results: the arrays named
# *_cases, each with an empty last element. The fault module has one of three
# elements, which tells the size of one.
expected_cases() {
	local element size cases=0
	element=$(($(case_arrays "$BUILT/tools/fault/objcache_fault.ko") / 3))
	for size in $(case_arrays "$1"); do
		cases=$((cases + size / element - 1))
	done
	echo $cases
}

# case_arrays MODULE: the size of each.
case_arrays() {
	local size name
	while read -r _ size _ name; do
		[[ $name != *_cases ]] || echo $((16#$size))
	done < <(nm -S --defined-only "$1")
}

expected_suites() {
	local size
	size=$(readelf -SW "$1" | sed -nE 's/^.* \.kunit_test_suites +PROGBITS +[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) .*/\1/p')
	echo $((16#${size:-0} / 8))
}

read_variables 3
read_test_kernel 6.1 6.12 7.3 6.12-arm64
groups=(run test)
[[ $KERNEL != *-arm64 ]] || groups+=(arm64)
"$here/deps.sh" "${groups[@]}"
folder=$("$here/kernel.sh" test "$KERNEL" "$FLAVOR")
source=$("$here/kernel.sh" source "$KERNEL")
start_leg "test-$KERNEL-$FLAVOR"
build_all "$folder"
suites=$(expected_suites "$BUILT/kunit/objcache_kunit.ko")
cases=$(expected_cases "$BUILT/kunit/objcache_kunit.ko")
# Slabs of the largest objects are debugged, by which they must not become too large.
append='slub_debug=FZPU,objcache-largest*,objcache-bad-large*'
# 7.x makes a timer of each slice (hrtick); with the emulated HPET as its clock, which
# takes microseconds to read, busy CPUs do nothing else.
[ "$KERNEL" != 7.3 ] || append+=' tsc=reliable'
boot "$folder" guest-test.sh "${WANTED[@]}" --append "$append" --env "FLAVOR=$FLAVOR" --env TORTURE=60 --env PAIRS=5000 \
	--env "KUNIT_LIMIT=$((180 + 8 * CPUS))" \
	--source "$source" --expect-suites "$suites" --expect-cases "$cases" \
	--show-log '^ *(# Subtest:|(not )?ok )|EXPECTATION|ASSERTION|objcache_torture: ' \
	--boot-limit $((240 + 8 * CPUS)) --quiet-limit $((90 + 4 * CPUS)) --limit $((1200 + 30 * CPUS + DURATION))
