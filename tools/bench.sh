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
# .svg, -tails.svg and .txt. The last line is `bench: N targets met, N bounded, N missed` (bounded: not
# met, and the reason is printed), or `bench: FAIL CODE NAME: reason`; a missed target is no failure.

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
# As the module has them, and one that takes VMs of its own.
mapfile -t all_patterns < <(sed -nE 's/^\t\.name = "(.*)",$/\1/p' "$here"/bench/*.c)
all_patterns+=(memory)
read -ra names <<<"${PATTERN//,/ }"
for name in "${names[@]:-}"; do
	want_word PATTERN "$name" all "${all_patterns[@]}"
done

[[ $MODE,,$PATTERN, != @(native|time),*,memory,* ]] ||
	die USAGE "MODE=$MODE PATTERN=$PATTERN: memory is measured with MODE=instructions, in VMs of its own"

if [ -n "${COMPARE:-}" ]; then
	read -ra pair <<<"$COMPARE"
	[ ${#pair[@]} = 2 ] || die USAGE "COMPARE=$COMPARE: two files"
	for file in "${pair[@]}"; do
		[ -r "$file" ] || die USAGE "COMPARE=$COMPARE: no file $file"
	done
	trap - EXIT
	rm -rf "$own"
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
	local cpus=${CPUS:-4} rounds=${ROUNDS:-15}
	local -a options=(--nodes 1) patterns
	read -ra patterns <<<"${PATTERN//,/ }"
	case $mode in
	instructions) options+=(--icount --env CYCLES=1) ;;
	time) options+=(--env CYCLES=0) ;;
	native)
		cpus=${CPUS:-2} rounds=${ROUNDS:-101}
		options+=(--uml --env CYCLES=0)
		[ "$PATTERN" != all ] || read -ra patterns <<<"${NATIVE_PATTERNS//,/ }"
		;;
	esac
	mapfile -t patterns < <(printf '%s\n' "${patterns[@]}" | grep -vx memory)
	boot_bench "$folder" "$name" guest-bench.sh "$cpus" "${options[@]}" \
		--env "PATTERN=${patterns[*]}" --env "ROUNDS=$rounds" --env STEP_LIMIT=600
}

# boot_bench FOLDER NAME GUEST_SCRIPT CPUS OPTION...: leaves all in $OUT/NAME/.
boot_bench() {
	local status=0
	boot_once "$@" || status=$?
	# QEMU before 8 can lose the flags of a cmpxchg16b when it counts instructions;
	# the guest then panics in the slab.
	if [ "$status" = "${CODES[SPLAT]}" ] && [[ " $* " == *" --icount "* ]]; then
		say "once more: the guest crashed, as guests of $(qemu-system-x86_64 --version | head -n 1) do when it counts instructions"
		status=0
		boot_once "$@" || status=$?
	fi
	[ "$status" = 0 ] || failed_in "$2"
}

boot_once() {
	local folder=$1 name=$2 script=$3 cpus=$4
	shift 4
	python3 "$here/vm/vm.py" --kernel "$folder" --out "$OUT/$name" --script "$here/vm/$script" \
		--cpus "$cpus" --memory $((1024 + 32 * cpus)) "$@" \
		--file "$BUILT/module/objcache.ko" --file "$BUILT/tools/bench/objcache_bench.ko" \
		--boot-limit 300 --quiet-limit 120 --limit 3600
}

# measure_memory FOLDER LINE: in the VMs that tools/bench/memory.py compares, named ONLINE-POSSIBLE;
# fills MEMORY with their logs. Counting instructions, a VM that sleeps takes no time; without
# cmpxchg16b it does not lose the flags of one (see boot_bench).
measure_memory() {
	local folder=$1 line=$2 vm
	local -a options
	MEMORY=()
	for vm in 2-2 2-34 10-10 4-4; do
		options=(--append "maxcpus=${vm%-*}" --env STATES=n)
		[ "$vm" != 4-4 ] || options=(--icount --cpu cx16=off --env STATES=y)
		boot_bench "$folder" "$line-memory-$vm" guest-memory.sh "${vm#*-}" --nodes 1 "${options[@]}"
		MEMORY+=("$OUT/$line-memory-$vm/results.log")
	done
}

# run_one LINE MODE
run_one() {
	local line=$1 mode=$2 folder
	say "== $line, $mode"
	folder=$(kernel_of "$line" "$mode")
	build_modules "$folder" "$mode"
	measure "$folder" "$line" "$mode"
	MEMORY=()
	case $mode,,$PATTERN, in
	instructions,*,memory,* | instructions,,all,) measure_memory "$folder" "$line" ;;
	esac
	python3 "$here/bench/report.py" --results "$OUT/$line-$mode/results.log" --kernel "$line" \
		--folder "$folder" --mode "$mode" --out "$OUT/$line-$mode" --memory "${MEMORY[@]}" ||
		die FAILED "$line, $mode: see above"
}

# failed_in NAME: ends as that VM did.
failed_in() {
	local code name reason
	# shellcheck disable=SC2034	# die knows the code of the name
	read -r code name reason <"$OUT/$1/verdict"
	die "${name%:}" "$reason"
}

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
		[ "$mode" = instructions ] || [ "$PATTERN" != memory ] || continue
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
