#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# make lines: counts the cache lines that move between CPUs, for each object got and
# put, with a plugin in the emulator; which line moves most, and who moves it.
#
#   KERNEL=6.12          which stock kernel; 6.1 does not start its second CPU on this clock
#   PATTERN=NAME,...|all which patterns (all)
#   CONTENDER=NAME|all   which contender (all)
#   CPUS=N               with this many only, 2..32 (with 2, 8 and 32, one after another)
#
# Fetches what it needs. First a counter is planted, which must be found. Outputs are
# build/bench/lines-KERNEL.json, .svg and .txt. The last line is `lines: N targets
# met, N bounded, N missed`, or `lines: FAIL CODE NAME: reason`; a missed target is no failure.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
only_help "$@"
. "$here/leg.sh"

# shellcheck disable=SC2317,SC2154	# called from the trap in leg.sh, which sets verdict
conclude() {
	case $verdict in
	"0 "*) cat "$OUT/targets.txt" ;;
	*) echo "lines: FAIL $verdict" ;;
	esac
}

# An instruction is 8 ns of the guest's clock: with 1 ns 32 CPUs do not get through
# the boot, with more of them more ticks fall into what is counted.
readonly SHIFT=3
# Addresses are those of the symbols. No preemption inside a contender's call.
readonly APPEND="nokaslr preempt=none"

KERNEL=${KERNEL:-6.12} PATTERN=${PATTERN:-all} CONTENDER=${CONTENDER:-all}
want_word KERNEL "$KERNEL" 6.12
want_number CPUS "${CPUS:-2}" 2 32
want_word CONTENDER "$CONTENDER" all objcache kmem_cache objpool ring
refuse "make lines takes KERNEL, PATTERN, CONTENDER and CPUS" FLAVOR DURATION MODE ROUNDS STRICT COMPARE
# As the module has them.
mapfile -t all_patterns < <(sed -nE 's/^\t\{ "([a-z_]+)", .*/\1/p' "$here/lines/patterns.c")
read -ra patterns <<<"${PATTERN//,/ }"
for name in "${patterns[@]:-}"; do
	want_word PATTERN "$name" all "${all_patterns[@]}"
done
[ "$PATTERN" != all ] || patterns=("${all_patterns[@]}")
counts=(2 8 32)
[ -z "${CPUS:-}" ] || counts=("$CPUS")

# watched FOLDER CPUS OUT ASK [OPTION...]: boots; the guest runs what ASK says.
watched() {
	local kernel=$1 cpus=$2 out=$3 ask=$4
	shift 4
	python3 "$here/vm/vm.py" --kernel "$kernel" --out "$out" --script "$here/vm/guest-lines.sh" --cpus "$cpus" \
		--nodes 1 --memory $((1024 + 32 * cpus)) --icount --icount-shift "$SHIFT" --append "$APPEND" \
		--env "ASK=$ask" --boot-limit $((300 + 20 * cpus)) --quiet-limit 300 --limit 3600 "$@"
}

# symbols_of FOLDER RELEASE: of the kernel, read once; sets KALLSYMS and ENTRIES.
symbols_of() {
	KALLSYMS=$OUT/kallsyms-$2 ENTRIES=$OUT/entries-$2
	[ ! -s "$KALLSYMS" ] || return 0
	say "== the symbols of $2, once"
	watched "$1" 2 "$OUT/symbols" symbols || failed_as "$OUT/symbols"
	python3 "$here/lines/report.py" --prepare "$OUT" --release "$2" \
		--symbols "$OUT/symbols/results.log" || die FAILED "the kernel's symbols could not be read"
}

build_plugin() {
	gcc -std=gnu11 -O2 -Wall -Wextra -Wno-unused-parameter -Werror -fPIC -shared -fvisibility=hidden \
		-o "$OUT/plugin.so" "$here/lines/plugin.c" || die FAILED "the plugin does not build"
}

# measure FOLDER CPUS: boots with the plugin, leaves $OUT/CPUS/.
measure() {
	local out=$OUT/$2 plugin=$OUT/plugin.so core_size cpu_size
	read -r core_size cpu_size < <(python3 "$here/lines/report.py" --sizes "$BUILT")
	watched "$1" "$2" "$out" runs --env STEP_LIMIT=600 --env "PATTERNS=${patterns[*]}" --env "CONTENDERS=$CONTENDER" \
		--env "CORE_SIZE=$core_size" --env "CPU_SIZE=$cpu_size" --env "PLANT=$PLANT" \
		--file "$BUILT/module/objcache.ko" --file "$BUILT/tools/lines/objcache_lines.ko" \
		--plugin "$plugin,out=$OUT/counts,entries=$ENTRIES"
}

# run_one FOLDER CPUS
run_one() {
	local status=0 out=$OUT/$2
	say "== $KERNEL, $2 CPUs"
	measure "$1" "$2" || status=$?
	# See bench.sh: QEMU before 8 can lose the flags of a cmpxchg16b in this mode.
	if [ "$status" = "${CODES[SPLAT]}" ]; then
		say "once more: the guest crashed, as guests of this QEMU do when it counts instructions"
		status=0
		measure "$1" "$2" || status=$?
	fi
	[ "$status" = 0 ] || failed_as "$out"
	mv "$OUT/counts" "$out/counts"
	python3 "$here/lines/report.py" --count "$out" --built "$BUILT" --kallsyms "$KALLSYMS" \
		--out "$out/rows.json" || die FAILED "$2 CPUs: the planted counter was not found: see above"
}

# failed_as FOLDER: as the VM there did.
failed_as() {
	local code name reason
	read -r code name reason <"$1/verdict"
	say "the VM ended with code $code"
	die "${name%:}" "$reason"
}

"$here/deps.sh" run bench
folder=$("$here/kernel.sh" stock "$KERNEL")
OUT=$TOP/build/lines
want_space "$OUT" 500 "building the modules, and the counts"
take_lock "$TOP/build/.lock-lines"
mkdir -p "$OUT/vm" "$TOP/build/bench"
rm -f "$OUT/vm/verdict"
build_all "$folder"
build_plugin
symbols_of "$folder" "$(cat "$folder/release")"
# The first boot finds a planted counter.
PLANT=1 rows=()
for cpus in "${counts[@]}"; do
	run_one "$folder" "$cpus"
	PLANT=0
	rows+=("$OUT/$cpus/rows.json")
done
python3 "$here/lines/report.py" --join "${rows[@]}" --kernel "$(cat "$folder/release")" \
	--out "$TOP/build/bench/lines-$KERNEL" >"$OUT/targets.txt" || die FAILED "no report could be made"
say "took $SECONDS s"
echo "0 PASS: ${counts[*]} CPUs" >"$OUT/vm/verdict"
