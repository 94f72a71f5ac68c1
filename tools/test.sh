#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# make test: builds a kernel with KUnit from Debian's source (once), boots it in several
# VMs, which run every suite and all that user space does, and judges the whole: results,
# logs, leaks, leftovers.
#
#   KERNEL=6.1|6.12|7.3|6.12-arm64   which source, and which machine if another (6.12)
#   FLAVOR=debug|plain|kcsan|rt|bench   which detectors it has (debug)
#   CPUS=N                        virtual CPUs, 2..64 (4)
#   DURATION=S                    seconds of stress beside the suites, 1..3600 (3)
#   DEBUG='NAME:LEVEL'            caches in debug mode, as the module's debug= (none)
#   SUITE='NAME'                  while working on them: only the suites of that name, or
#                                 pattern ('objcache_age*'), and no other step (all)
#
# With FLAVOR=kcsan a race is planted first, which must be reported, and what make
# torture does goes on for a minute; no race of the module may be reported.
#
# Fetches what it needs. Outputs are under build/test-KERNEL-FLAVOR/, a folder a VM; what
# each step took is in times.txt there, and is printed. The last line is `kunit: N passed,
# N failed, N skipped`, the one before it `verdict: CODE NAME: reason`; CODE is the exit
# status.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
only_help "$@"
. "$here/leg.sh"

# The process group of each VM that runs, by its name; the status of the first that failed.
declare -A vms=()
bad=0 planned=0

# count WORD: how many tests passed, failed or were skipped, in all VMs.
count() {
	cat "${OUT:-/nonexistent}"/*/counts.json 2>/dev/null |
		grep -oE "\"$1\": [0-9]+" | awk '{ sum += $2 } END { print sum + 0 }'
}

# show_times: what each step and each suite took.
show_times() {
	local file
	for file in "${OUT:-/nonexistent}"/*/times.txt; do
		[ ! -s "$file" ] || printf '\n%s\n%s\n' "${file#"$TOP"/}:" "$(cat "$file")"
	done
	echo
}

# shellcheck disable=SC2317,SC2154	# called from the trap in leg.sh, which sets verdict
conclude() {
	local failed name
	for name in "${!vms[@]}"; do
		kill -- "-${vms[$name]}"
		wait "${vms[$name]}"
	done 2>/dev/null
	show_times
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

# start_vm FOLDER KERNEL_FOLDER SCRIPT OPTION...: as boot, with outputs in $OUT/FOLDER. In
# a process group of its own, so that it can be ended with all that it has started.
start_vm() {
	local name=$1
	shift
	memory_for $(((${#vms[@]} + 1) * (1280 + 32 * CPUS))) || end_vms
	set -m
	boot "$@" --out "$OUT/$name" --label "$name: " &
	set +m
	vms[$name]=$!
}

# numbers_of GLOB: how many suites and cases of that name there are, read from the module.
numbers_of() {
	python3 "$here/vm/suites.py" "$BUILT/kunit/objcache_kunit.ko" "$BUILT/tools/fault/objcache_fault.ko" "$1" \
		2>"$OUT/suites.log" || die USAGE "$(sed 's/^error: //' "$OUT/suites.log")"
}

# start_suites NAME GLOB [OPTION_OF_BOOT...]: the suites of that name.
start_suites() {
	local numbers
	numbers=$(numbers_of "${2:-*}")
	planned=$((planned + ${numbers#* }))
	start_vm "$1" "$folder" guest-suites.sh "${common[@]}" --env "SUITE=$2" --env "ONLY=$SUITE" \
		--env "KUNIT_LIMIT=$((180 + 8 * CPUS))" --source "$source" \
		--expect-suites "${numbers% *}" --expect-cases "${numbers#* }" \
		--show-log '^ *(# Subtest:|(not )?ok )|EXPECTATION|ASSERTION' "${@:3}"
}

# end_vms: waits for all that run. The first verdict that is no pass is that of both.
end_vms() {
	local name status
	for name in "${!vms[@]}"; do
		status=0
		wait "${vms[$name]}" || status=$?
		unset "vms[$name]"
		if [ $status = 0 ] || [ $bad != 0 ]; then
			continue
		fi
		bad=$status
		cp "$OUT/$name/verdict" "$OUT/vm/verdict"
	done
}

# memory_for MEGABYTES: are they there?
memory_for() { [ "$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)" -ge "$1" ]; }

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
# Slabs of the largest objects are debugged, by which they must not become too large.
append='slab_debug=FZPU,objcache-largest*,objcache-bad-large*'
common=("${WANTED[@]}" --append "$append" --env "FLAVOR=$FLAVOR" --boot-limit $((240 + 8 * CPUS))
	--quiet-limit $((90 + 4 * CPUS)) --limit $((1200 + 30 * CPUS + DURATION)))
mkdir "$OUT/vm"
# Most tests keep one CPU busy at a time, so several VMs have use for several cores. Where
# NMIs can be had, the suite of probes takes as long as half of the others. The KUnit of 6.1
# runs all suites of a module.
case ${SUITE:+some}-$KERNEL-$FLAVOR in
some-*) start_suites suites "$SUITE" ;;
-6.1-*) start_suites suites '' ;;
-*-arm64-* | -*-rt)
	start_suites suites-1 'objcache_[abd]*'
	start_suites suites-2 'objcache_[!abd]*'
	;;
*)
	start_suites suites-1 'objcache_[abd]*'
	start_suites suites-2 'objcache_[!abdp]*'
	# They use two CPUs of a node; each probe that is set or taken away asks all to serialise.
	start_suites probes 'objcache_p*' --cpus 2 --nodes 1
	;;
esac
all=$(numbers_of "${SUITE:-*}")
[ $planned = "${all#* }" ] || die FAILED "$planned test cases are to run, there are ${all#* }"
# Taking memory until the caches give way takes as long as there is memory.
[ -n "$SUITE" ] || start_vm clients "$folder" guest-test.sh "${common[@]}" --memory $((640 + 32 * CPUS)) \
	--env TORTURE=60 --env PAIRS=5000 --show-log 'objcache_torture: '
end_vms
[ $bad = 0 ] || exit $bad
what=${SUITE:+only the suites $SUITE}
: "${what:=all suites, all clients}"
echo "0 PASS: $what, nothing left, $SECONDS s" >"$OUT/vm/verdict"
