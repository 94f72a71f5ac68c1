#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# make test: builds a kernel with KUnit from Debian's source (once), boots it in a
# VM, runs every suite and judges the whole: results, log, leaks, leftovers.
#
#   KERNEL=6.1|6.12|7.3|6.12-arm64   which source, and which machine if another (6.12)
#   FLAVOR=debug|plain|kcsan|rt|bench   which detectors it has (debug)
#   CPUS=N                        virtual CPUs, 2..64 (4)
#   DURATION=S                    seconds of stress beside the suites, 1..3600 (3)
#   SUITE='NAME'                  while working on them: only the suites of that name, or
#                                 pattern ('objcache_age*'), and no other step (all)
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

# read_suite: which suites; empty: all, and all the steps besides.
read_suite() {
	SUITE=${SUITE:-}
	[ -n "$SUITE" ] || return 0
	case $SUITE in
	*[!a-z0-9_*?]*) die USAGE "SUITE=$SUITE: a name of a-z, 0-9 and _, or a pattern with * and ?" ;;
	esac
	[ "$KERNEL" != 6.1 ] || die USAGE "SUITE=$SUITE: the KUnit of KERNEL=6.1 runs all suites of a module"
}

read_variables 3
read_test_kernel 6.1 6.12 7.3 6.12-arm64
read_suite
groups=(run test)
[[ $KERNEL != *-arm64 ]] || groups+=(arm64)
"$here/deps.sh" "${groups[@]}"
folder=$("$here/kernel.sh" test "$KERNEL" "$FLAVOR")
source=$("$here/kernel.sh" source "$KERNEL")
start_leg "test-$KERNEL-$FLAVOR"
build_all "$folder"
expected=$(python3 "$here/vm/suites.py" "$BUILT/kunit/objcache_kunit.ko" "$BUILT/tools/fault/objcache_fault.ko" \
	"${SUITE:-*}" 2>"$OUT/suites.log") || die USAGE "$(sed 's/^error: //' "$OUT/suites.log")"
read -r suites cases <<<"$expected"
append=''
# 7.x makes a timer of each slice (hrtick); with the emulated HPET as its clock, which
# takes microseconds to read, busy CPUs do nothing else.
[ "$KERNEL" != 7.3 ] || append=tsc=reliable
boot "$folder" guest-test.sh "${WANTED[@]}" --append "$append" --env "FLAVOR=$FLAVOR" --env "SUITE=$SUITE" --env TORTURE=60 --env PAIRS=5000 \
	--env "KUNIT_LIMIT=$((180 + 8 * CPUS))" \
	--source "$source" --expect-suites "$suites" --expect-cases "$cases" \
	--show-log '^ *(# Subtest:|(not )?ok )|EXPECTATION|ASSERTION|objcache_torture: ' \
	--boot-limit $((240 + 8 * CPUS)) --quiet-limit $((90 + 4 * CPUS)) --limit $((1200 + 30 * CPUS + DURATION))
