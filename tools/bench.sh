#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# make bench: boots kernels and measures objcache beside what one would use
# instead: instructions under emulation, time where real KVM is there, and native
# speed in User-Mode Linux.
#
#   KERNEL=6.12|7.3|all     which kernels (all)
#   MODE=instructions|time|native|all   how (all); native is of 7.3 only
#   PATTERN=NAME,...|all    which patterns (all)
#   CPUS=N                  virtual CPUs, 2..64 (4; native 2)
#   ROUNDS=N                measured rounds of each pattern, 1..10000 (15; native 101)
#   STRICT=y|n              a missed target is a failure (n)
#   COMPARE="A.json B.json" measure nothing; do these two runs agree?
#
# Fetches and builds what it needs. Outputs are build/bench/KERNEL-MODE.json,
# .svg and .txt. The last line is `bench: N targets met, N missed`, or `bench: FAIL
# CODE NAME: reason`; a missed target is no failure.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
only_help "$@"
. "$here/leg.sh"

# shellcheck disable=SC2317,SC2154	# called from the trap in leg.sh, which sets verdict
conclude() {
	case $verdict in
	"0 "*) cat "$OUT/targets.txt" ;;
	*) echo "bench: FAIL $verdict" ;;
	esac
}

KERNEL=${KERNEL:-all} MODE=${MODE:-all} PATTERN=${PATTERN:-all}
want_word KERNEL "$KERNEL" 6.12 7.3 all
want_word MODE "$MODE" instructions time native all
want_word STRICT "${STRICT:-n}" y n
want_number CPUS "${CPUS:-4}" 2 64
want_number ROUNDS "${ROUNDS:-15}" 1 10000
refuse "make bench takes KERNEL, MODE, PATTERN, CPUS, ROUNDS, STRICT and COMPARE" FLAVOR DURATION
# As the module has them.
mapfile -t all_patterns < <(sed -nE 's/^\t\.name = "(.*)",$/\1/p' "$here"/bench/*.c)
read -ra names <<<"${PATTERN//,/ }"
for name in "${names[@]:-}"; do
	want_word PATTERN "$name" all "${all_patterns[@]}"
done

if [ -n "${COMPARE:-}" ]; then
	read -ra pair <<<"$COMPARE"
	[ ${#pair[@]} = 2 ] || die USAGE "COMPARE=$COMPARE: two files"
	for file in "${pair[@]}"; do
		[ -r "$file" ] || die USAGE "COMPARE=$COMPARE: no file $file"
	done
	trap - EXIT
	exec python3 "$here/bench/report.py" --compare "${pair[@]}"
fi

# What is fair where turning interrupts off costs a system call.
NATIVE_PATTERNS=pair,burst32,bulk32,concurrent,flow_free,overflow,constructed,age_pause,expensive_new,primitives

# kernel_of LINE MODE: its folder.
kernel_of() {
	case $1-$2 in
	6.12-*) "$here/kernel.sh" stock 6.12 ;;
	*-native) "$here/kernel.sh" test "$1" uml ;;
	*) "$here/kernel.sh" test "$1" bench ;;
	esac
}

# build_modules FOLDER MODE: sets BUILT.
build_modules() {
	local -a arch=()
	[ "$2" != native ] || arch=(ARCH=um)
	BUILT=$TOP/build/$(cat "$1/release")
	local lock=$LOCK_FD
	say "building modules against $(cat "$1/release")"
	take_lock "$TOP/build/.lock-make"
	make -s -j"$(nproc)" -C "$TOP" KDIR="$1/build" "${arch[@]}" modules >&2 || die FAILED "make modules failed"
	drop_lock
	LOCK_FD=$lock
}

# measure FOLDER LINE MODE: boots, leaves results in $OUT/LINE-MODE/.
measure() {
	local folder=$1 mode=$3 name=$2-$3
	local cpus=${CPUS:-4} rounds=${ROUNDS:-15} patterns=$PATTERN
	local -a options=(--nodes 1)
	case $mode in
	instructions) options+=(--icount --env CYCLES=1) ;;
	time) options+=(--env CYCLES=0) ;;
	native)
		cpus=${CPUS:-2} rounds=${ROUNDS:-101}
		options+=(--uml --env CYCLES=0)
		[ "$PATTERN" != all ] || patterns=$NATIVE_PATTERNS
		;;
	esac
	python3 "$here/vm/vm.py" --kernel "$folder" --out "$OUT/$name" --script "$here/vm/guest-bench.sh" \
		--cpus "$cpus" --memory $((1024 + 32 * cpus)) "${options[@]}" \
		--env "PATTERN=${patterns//,/ }" --env "ROUNDS=$rounds" --env STEP_LIMIT=600 \
		--file "$BUILT/module/objcache.ko" --file "$BUILT/tools/bench/objcache_bench.ko" \
		--boot-limit 300 --quiet-limit 120 --limit 3600
}

# run_one LINE MODE
run_one() {
	local line=$1 mode=$2 folder status=0
	say "== $line, $mode"
	folder=$(kernel_of "$line" "$mode")
	build_modules "$folder" "$mode"
	measure "$folder" "$line" "$mode" || status=$?
	# QEMU before 8 can lose the flags of a cmpxchg16b when it counts instructions;
	# the guest then panics in the slab.
	if [ "$status" = "${CODES[SPLAT]}" ] && [ "$mode" = instructions ]; then
		say "once more: the guest crashed, as guests of $(qemu-system-x86_64 --version | head -n 1) do when it counts instructions"
		status=0
		measure "$folder" "$line" "$mode" || status=$?
	fi
	# shellcheck disable=SC2046	# CODE NAME: REASON...
	[ "$status" = 0 ] || failed_as $(cat "$OUT/$line-$mode/verdict")
	python3 "$here/bench/report.py" --results "$OUT/$line-$mode/results.log" --kernel "$line" \
		--folder "$folder" --mode "$mode" --out "$OUT/$line-$mode" ||
		die FAILED "$line, $mode: see above"
}

# failed_as CODE NAME: REASON...
failed_as() { die "${2%:}" "${*:3}"; }

"$here/deps.sh" run bench
OUT=$TOP/build/bench
want_space "$OUT" 200 "building the modules"
take_lock "$TOP/build/.lock-bench"
mkdir -p "$OUT/vm"
rm -f "$OUT/vm/verdict"
DONE=()
for line in 6.12 7.3; do
	[ "$KERNEL" = all ] || [ "$KERNEL" = "$line" ] || continue
	for mode in instructions time native; do
		[ "$MODE" = all ] || [ "$MODE" = "$mode" ] || continue
		[ "$mode" != native ] || [ "$line" = 7.3 ] || continue
		if [ "$mode" = time ] && [ "$(python3 "$here/vm/accel.py" 2>/dev/null)" != kvm ]; then
			[ "$MODE" != time ] || die USAGE "MODE=time: no usable KVM here; times of an emulator mean nothing"
			say "== $line, time: left out, no usable KVM here"
			continue
		fi
		run_one "$line" "$mode"
		DONE+=("$OUT/$line-$mode.json")
	done
done
[ ${#DONE[@]} -gt 0 ] || die USAGE "KERNEL=$KERNEL MODE=$MODE: native is of 7.3 only"
strict=()
[ "${STRICT:-n}" = n ] || strict=(--strict)
if ! python3 "$here/bench/report.py" --targets "${DONE[@]}" "${strict[@]}" >"$OUT/targets.txt"; then
	cat "$OUT/targets.txt"
	die FAILED "$(tail -n 1 "$OUT/targets.txt" | cut -d' ' -f2-): $(grep -m1 MISSED "$OUT/targets.txt" | tr -s ' ')"
fi
echo "0 PASS: ${#DONE[@]} runs" >"$OUT/vm/verdict"
