# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What make run, test and torture share: checked variables, the build, the boot, and
# a verdict whatever happens. Sourced by their scripts.

# read_variables DEFAULT_DURATION: KERNEL, CPUS and DURATION of the environment.
read_variables() {
	KERNEL=${KERNEL:-6.12} CPUS=${CPUS:-4} DURATION=${DURATION:-$1}
	want_number CPUS "$CPUS" 2 64
	want_number DURATION "$DURATION" 1 3600
	case ${DEBUG:-} in
	*[!A-Za-z0-9_.:,*+-]*) die USAGE "DEBUG=$DEBUG: NAME[:LEVEL[+LEVEL]],PREFIX*..., as the module's debug=" ;;
	esac
}

# read_test_kernel LINE...: KERNEL, one of these, and FLAVOR. Sets WANTED to what the
# VM has to find besides: a kernel that looks for races, one that is planted.
read_test_kernel() {
	# shellcheck disable=SC2034	# WANTED: for boot, in test.sh and torture.sh
	FLAVOR=${FLAVOR:-debug} WANTED=()
	want_word KERNEL "$KERNEL" "$@"
	want_word FLAVOR "$FLAVOR" debug plain kcsan rt bench
	case $KERNEL-$FLAVOR in
	6.1-rt) die USAGE "FLAVOR=rt: KERNEL=6.1 has no PREEMPT_RT" ;;
	*-arm64-plain) ;;
	*-arm64-*) die USAGE "FLAVOR=$FLAVOR: KERNEL=$KERNEL is built as plain only" ;;
	esac
	# shellcheck disable=SC2034	# as above
	[ "$FLAVOR" != kcsan ] || WANTED=(--expect-race)
}

# start_leg NAME: outputs go to build/NAME; only one of a name at a time.
start_leg() {
	OUT=$TOP/build/$1
	want_space "$TOP/build" 200 "building the modules"
	take_lock "$TOP/build/.lock-$1"
	rm -rf "$OUT"
	mkdir -p "$OUT"
}

# build_all KERNEL_FOLDER: modules and clients; sets BUILT and CLIENTS to where they are.
build_all() {
	local lock=$LOCK_FD release arch=x86
	local -a cross=()
	[ ! -f "$1/arch" ] || arch=$(cat "$1/arch")
	CLIENTS=$TOP/build/tools
	if [ "$arch" != x86 ]; then
		cross=("ARCH=$arch" CROSS_COMPILE=aarch64-linux-gnu-)
		CLIENTS+=-$arch
	fi
	release=$(cat "$1/release")
	BUILT=$TOP/build/$release
	say "building modules and tools against $release"
	take_lock "$TOP/build/.lock-make"
	make -s -j"$(nproc)" -C "$TOP" KDIR="$1/build" KCFLAGS="${OBJCACHE_KCFLAGS:-}" "${cross[@]}" modules >&2 ||
		die FAILED "make modules failed"
	make -s -j"$(nproc)" -C "$TOP" "${cross[@]}" tools >&2 || die FAILED "make tools failed"
	drop_lock
	LOCK_FD=$lock
	[ -f "$BUILT/module/objcache.ko" ] || die FAILED "make modules made no $BUILT/module/objcache.ko"
}

# boot KERNEL_FOLDER SCRIPT OPTION...: runs the VM with everything that was built.
boot() {
	local kernel=$1 script=$2 file
	shift 2
	local -a files=()
	for file in "$BUILT"/*/*.ko "$BUILT"/tools/{example,fault,knobs,scale,scenes,torture,unload}/*.ko \
		"$kernel"/build/kernel/torture.ko "$CLIENTS"/objcache "$CLIENTS"/objcache-*; do
		[ ! -f "$file" ] || files+=(--file "$file")
	done
	# Terminals, for the screen of objcache top.
	for file in l/linux v/vt100 x/xterm; do
		[ ! -f "/lib/terminfo/$file" ] || files+=(--file "/lib/terminfo/$file=terminfo/$file")
	done
	python3 "$TOP/tools/vm/vm.py" --kernel "$kernel" --out "$OUT/vm" --script "$TOP/tools/vm/$script" \
		--cpus "$CPUS" --memory $((1024 + 32 * CPUS)) --env "DURATION=$DURATION" --env "DEBUG=${DEBUG:-}" \
		--env TERMINFO=/guest/terminfo \
		--env "THREADS=$((CPUS > 4 ? CPUS : 4))" "${files[@]}" "$@"
}

# verdict_of STATUS: prints "CODE NAME: reason" for a leg that ended so.
verdict_of() {
	local status=$1 reason=''
	# A VM that passed is no pass of a script that did not end well.
	if [ -s "${OUT:-/nonexistent}/vm/verdict" ] && { [ "$status" = 0 ] || ! grep -q '^0 ' "$OUT/vm/verdict"; }; then
		cat "$OUT/vm/verdict"
		# Plain return would, in a trap, give the status from before the trap.
		return 0
	fi
	[ ! -s "$OBJCACHE_REASON" ] || reason=$(cat "$OBJCACHE_REASON")
	ending "$status" "$reason"
}

# Whatever ends a leg, conclude() of the script prints its last line.
own=$(own_folder)
# Compilers and python write what they need for a moment there, too.
export OBJCACHE_REASON=$own/reason TMPDIR=$own
# shellcheck disable=SC2154	# conclude() reads verdict
trap 'status=$?; set +e; trap - EXIT; verdict=$(verdict_of $status); conclude; rm -rf "$own"; exit "${verdict%% *}"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
