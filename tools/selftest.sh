#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# make selftest: shows that the VM harness notices what it is there to notice. Each
# planted fault must give its own code and reason, a clean guest must pass.
#
#   KERNEL=6.1|6.12   the stock kernel for the faults that need no detector (6.12)
#
# Needs the debug test kernel (built once) for leaks and KUnit. Outputs are under
# build/selftest/. The last line is `selftest: N passed, N failed`.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
only_help "$@"

readonly OUT=$TOP/build/selftest
readonly JOBS=2

# Tables without a VM: command, then what it must exit with and print. TMPDIR: nothing is
# written outside the checkout.
readonly USAGE_CASES="
KERNEL=5.4 run.sh | 2 | run: FAIL 2 USAGE: KERNEL=5.4: unknown; one of:
KERNEL=../6.1 run.sh | 2 | KERNEL=../6.1: unknown
CPUS=1 run.sh | 2 | run: FAIL 2 USAGE: CPUS=1: out of range 2..64
CPUS=65 run.sh | 2 | CPUS=65: out of range 2..64
CPUS=four run.sh | 2 | CPUS=four: not a plain number; the range is 2..64
CPUS=-4 run.sh | 2 | CPUS=-4: not a plain number
DURATION=0 run.sh | 2 | DURATION=0: out of range 1..3600
DURATION=99999999999999999999 run.sh | 2 | the range is 1..3600
OBJCACHE_NEED_MB=99999999 run.sh | 2 | needs 99999999 MB
FLAVOR=fast test.sh | 2 | verdict: 2 USAGE: FLAVOR=fast: unknown; one of:
FLAVOR=uml test.sh | 2 | verdict: 2 USAGE: FLAVOR=uml: unknown; one of: debug plain
FLAVOR=kcsan run.sh | 2 | run: FAIL 2 USAGE: FLAVOR=kcsan: make run boots Debian's own kernels
CPUS=4 scale.sh | 2 | scale: FAIL 2 USAGE: CPUS=4: make scale runs on a stock kernel
CPUS=4 scenes.sh | 2 | scenes: FAIL 2 USAGE: CPUS=4: each scene has the machine that it needs
SCENE=no scenes.sh | 2 | scenes: FAIL 2 USAGE: SCENE=no: unknown; one of: pressure spinner
CPUS=33 lines.sh | 2 | lines: FAIL 2 USAGE: CPUS=33: out of range 2..32
PATTERN=pair,no lines.sh | 2 | lines: FAIL 2 USAGE: PATTERN=no: unknown; one of: all pair concurrent flow
KERNEL=6.1 lines.sh | 2 | lines: FAIL 2 USAGE: KERNEL=6.1: unknown; one of: 6.12
X=1 lines/report_test.py | 0 | report_test: 7 cases, 0 problems
KERNEL=6.12-arm64 torture.sh | 2 | torture: FAIL 2 USAGE: KERNEL=6.12-arm64: unknown; one of: 6.1
SUITE=objcache_age matrix.sh | 2 | SUITE=objcache_age: each leg runs all suites
SUITE=../age test.sh | 2 | verdict: 2 USAGE: SUITE=../age: a name of a-z
KERNEL=6.1 matrix.sh | 2 | KERNEL=6.1: each leg has its own kernel
PATTERN=pair,no bench.sh | 2 | bench: FAIL 2 USAGE: PATTERN=no: unknown; one of: all
COMPARE=/nowhere bench.sh | 2 | bench: FAIL 2 USAGE: COMPARE=/nowhere: two files
KERNEL=5.4 test.sh | 2 | kunit: 0 passed, 1 failed, 0 skipped
CPUS=0 test.sh | 2 | verdict: 2 USAGE: CPUS=0: out of range 2..64
X=1 vm/leg_test.sh 1 | 1 | leg: 1 FAILED: rmmod objcache ended with status 1
TMPDIR=/nowhere vm/leg_test.sh 0 | 0 | leg: 0 PASS: all
X=1 vm/leg_test.sh none | 1 | leg: 1 FAILED: the script ended early
X=1 vm/leg_test.sh die | 2 | leg: 2 USAGE: no such thing
X=1 vm/leg_test.sh term | 5 | leg: 5 LOST: interrupted by signal 15
TMPDIR=/nowhere vm/legs_test.sh good | 0 | kunit: 5 passed, 0 failed, 1 skipped
X=1 vm/legs_test.sh numbers | 1 | kunit: 8 passed, 2 failed, 1 skipped
X=1 vm/legs_test.sh bare | 1 | verdict: 1 FAILED: leg second: 4 HANG: nothing came
X=1 vm/legs_test.sh warning | 1 | kunit: 5 passed, 1 failed, 1 skipped
X=1 vm/legs_test.sh objtool | 1 | kunit: 5 passed, 1 failed, 1 skipped
X=1 vm/legs_test.sh skip | 0 | kunit: 5 passed, 0 failed, 2 skipped
X=1 vm/legs_test.sh paths | 2 | verdict: 2 USAGE: CACHE=/with a blank: no path that kbuild can have
X=1 vm/legs_test.sh die | 2 | verdict: 2 USAGE: no such thing
X=1 vm/legs_test.sh die | 2 | kunit: 5 passed, 1 failed, 1 skipped
X=1 vm/legs_test.sh end | 1 | verdict: 1 FAILED: the script ended early
X=1 vm/legs_test.sh term | 5 | verdict: 5 LOST: interrupted by signal 15
X=1 matrix.sh --nonsense | 2 | verdict: 2 USAGE: --nonsense: takes no arguments
X=1 ../.ci/run --nonsense | 2 | kunit: 0 passed, 1 failed, 0 skipped
X=1 ../.ci/run --help | 0 | What every submission has to pass
LEGS=5.4 matrix.sh | 2 | LEGS=5.4: unknown; one of: 6.1 6.12
X=1 kernel.sh stock | 2 | KERNEL=: unknown
X=1 kernel.sh brew 6.12 | 2 | brew: not a command
X=1 deps.sh everything | 2 | GROUP=everything: unknown
X=1 litmus.sh nosuch.litmus | 2 | nosuch.litmus: no such litmus test
X=1 build_test.sh paths | 0 | build_test: PASS
TMPDIR=/nowhere build_test.sh variables | 0 | build_test: PASS
X=1 build_test.sh ignored | 0 | build_test: PASS
X=1 build_test.sh compiler | 0 | build_test: PASS
X=1 build_test.sh gcc | 0 | build_test: PASS
TMPDIR=/nowhere guest_test.sh usage | 0 | guest_test: PASS
CLIENTS=nfs clients.sh | 2 | clients: FAIL 2 USAGE: CLIENTS=nfs: unknown; one of: objpool zram crypt squashfs
CPUS=2 clients.sh | 2 | clients: FAIL 2 USAGE: CPUS=2: make clients runs on the stock kernel
X=1 clients_test.sh convert | 0 | clients_test: PASS
TMPDIR=/nowhere convert_test.sh | 0 | convert_test: PASS
X=1 run.sh --nonsense | 2 | --nonsense: takes no arguments
"

# Name, kernel, fault, code, words of the reason, options of vm.py.
readonly VM_CASES="
leak | debug | leak | 1 | kmemleak: 16 unreferenced objects | --cpus 2 --env KMEMLEAK=yes
clean-debug | debug | none | 0 | PASS | --cpus 2 --env KMEMLEAK=yes
sleep | debug | sleep | 3 | 4 of 4 calls were told: sleeping function called from invalid context | --cpus 2
kunit | debug | kunit | 1 | objcache_fault: not ok 2 fault_case_fails_when_told | --cpus 2
hang | stock | hang | 4 | nothing came for 15 s, in step 'insmod objcache_fault fault=hang' | --quiet-limit 15
clean | stock | none | 0 | PASS |
warn | stock | warn | 3 | WARNING: CPU |
oops | stock | oops | 3 | NULL pointer dereference |
lost | stock | lost | 5 | without a panic and without the final token |
killed | stock | hang | 5 | QEMU ended with status -9 |
one-cpu | stock | none | 2 | CPUS=1: at least 2 CPUs are required | --cpus 1
slow-boot | stock | none | 4 | init did not run within 1 s | --boot-limit 1
no-qemu | stock | none | 2 | qemu-system-pdp11: no such program | --qemu qemu-system-pdp11
"

passed=0 failed=0

# verdict NAME CODE WANTED_CODE WORDS FILE: counts it.
verdict() {
	if [ "$2" = "$3" ] && grep -qF -- "$4" "$5"; then
		passed=$((passed + 1))
		echo "ok: $1: $(tail -n 1 "$5")"
	else
		failed=$((failed + 1))
		echo "FAILED: $1: code $2, wanted $3 and '$4'; it said: $(tail -n 1 "$5")"
	fi
}

# trim: a field of a table, without the blanks around it.
trim() { sed 's/^ *//;s/ *$//' <<<"$1"; }

run_tables() {
	local source=$1 test status
	for test in splat_test.py verdict_test.py clock_test.py "ktap_test.py $source" ../bench/report_test.py; do
		status=0
		# shellcheck disable=SC2086	# program and argument
		python3 "$here"/vm/$test >"$OUT/table.log" 2>&1 || status=$?
		verdict "${test%% *}" $status 0 " 0 problems" "$OUT/table.log"
	done
}

run_usage_cases() {
	local command code words status variable script
	while IFS='|' read -r command code words; do
		[ -n "$command" ] || continue
		command=$(trim "$command") variable=${command%% *} script=${command#* } status=0
		# shellcheck disable=SC2086	# script and arguments
		env -u KERNEL -u FLAVOR -u CPUS -u DURATION -u SUITE "$variable" "$here"/$script >"$OUT/usage.log" 2>&1 || status=$?
		verdict "$command" $status "$(trim "$code")" "$(trim "$words")" "$OUT/usage.log"
	done <<<"$USAGE_CASES"
}

# build_fault KERNEL_FOLDER: prints the path of the module.
build_fault() {
	local dir
	dir=$OUT/fault-$(cat "$1/release")
	mkdir -p "$dir"
	cp "$here"/fault/{Kbuild,objcache_fault.c} "$dir"
	make -s -C "$1/build" M="$dir" CONFIG_DEBUG_INFO_BTF_MODULES= modules >&2 ||
		die FAILED "the fault module does not build for $1"
	echo "$dir/objcache_fault.ko"
}

# kill_qemu NAME: as soon as the guest's script runs, or not if that never happens.
kill_qemu() {
	while [ ! -e "$OUT/$1/verdict" ]; do
		if grep -q "step 0 insmod" "$OUT/$1/results.log" 2>/dev/null; then
			kill -9 "$(cat "$OUT/$1/qemu.pid")"
			return
		fi
		sleep 0.3
	done
}

# build_module KERNEL_FOLDER: objcache, and what guest-sleep.sh calls it with.
build_module() {
	make -s -j"$(nproc)" -C "$TOP" KDIR="$1/build" modules >&2 || die FAILED "make modules failed"
}

# vm_case NAME KERNEL_FOLDER MODULE FAULT OPTION...: leaves NAME.log and NAME.code.
vm_case() {
	local name=$1 kernel=$2 module=$3 fault=$4 script=guest-fault.sh status=0 file
	local -a files=()
	shift 4
	if [ "$fault" = sleep ]; then
		script=guest-sleep.sh
		for file in module/objcache.ko tools/knobs/objcache_knobs.ko; do
			files+=(--file "$TOP/build/$(cat "$kernel/release")/$file")
		done
	fi
	[ "$name" != killed ] || kill_qemu "$name" &
	python3 "$here/vm/vm.py" --kernel "$kernel" --out "$OUT/$name" --script "$here/vm/$script" \
		--file "$module" "${files[@]}" --env "FAULT=$fault" --env NEED_CPUS=2 --env KMEMLEAK=no \
		--quiet-limit 90 --limit 280 "$@" >"$OUT/$name.log" 2>&1 || status=$?
	echo $status >"$OUT/$name.code"
	wait
}

run_vm_cases() {
	local stock=$1 debug=$2 source=$3 stock_fault debug_fault name kernel fault code words options
	stock_fault=$(build_fault "$stock")
	debug_fault=$(build_fault "$debug")
	build_module "$debug"
	while IFS='|' read -r name kernel fault code words options; do
		[ -n "$name" ] || continue
		while [ "$(jobs -rp | wc -l)" -ge $JOBS ]; do
			wait -n
		done
		say "  $(trim "$name") ..."
		local -a more
		read -ra more <<<"$options"
		case $(trim "$kernel") in
		stock) vm_case "$(trim "$name")" "$stock" "$stock_fault" "$(trim "$fault")" "${more[@]}" & ;;
		debug) vm_case "$(trim "$name")" "$debug" "$debug_fault" "$(trim "$fault")" --source "$source" \
			--expect-suites 1 --expect-cases 2 "${more[@]}" & ;;
		esac
	done <<<"$VM_CASES"
	wait
	while IFS='|' read -r name kernel fault code words options; do
		[ -n "$name" ] || continue
		name=$(trim "$name")
		verdict "$name" "$(cat "$OUT/$name.code")" "$(trim "$code")" "$(trim "$words")" "$OUT/$name.log"
	done <<<"$VM_CASES"
}

KERNEL=${KERNEL:-6.12}
"$here/deps.sh" run test
stock=$("$here/kernel.sh" stock "$KERNEL")
debug=$("$here/kernel.sh" test 6.12 debug)
source=$("$here/kernel.sh" source 6.12)
want_space "$TOP/build" 200 "the self-test"
take_lock "$TOP/build/.lock-selftest"
rm -rf "$OUT"
mkdir -p "$OUT/tmp"
export TMPDIR=$OUT/tmp
# Asked once here rather than by every boot.
OBJCACHE_ACCEL=${OBJCACHE_ACCEL:-$(python3 "$here/vm/accel.py")}
export OBJCACHE_ACCEL

run_tables "$source"
run_usage_cases
run_vm_cases "$stock" "$debug" "$source"
echo "selftest: $passed passed, $failed failed"
[ $failed = 0 ]
