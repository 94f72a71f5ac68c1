#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# make guest: a script of your own in the VM, with modules and programs of your own.
#
#   SCRIPT=FILE              what to run there: busybox sh; its exit status is the verdict
#   FILES="FILE..."          go to /guest/ in the VM; programs must be static
#   MODULES="NAME..."        modules that Debian ships with the kernel, loaded before the
#                            script, each after what it depends on; with a FLAVOR: none
#   KERNEL=6.1|6.12|6.12-rt  which kernel: Debian's own (6.12)
#   FLAVOR=debug|plain|kcsan|rt|bench   a test kernel instead, KERNEL=6.1|6.12|7.3|6.12-arm64
#   CPUS=N                   virtual CPUs, 1..64 (4)
#   NODES=N                  NUMA nodes, 1..8; CPUS must be a multiple (2 where it is)
#   MEMORY=MB                128..65536, a multiple of NODES (1024 + 32 * CPUS)
#   DISK=FILE                a disk image: /dev/nvme0n1, not with a FLAVOR; what the VM
#                            writes to it is not kept
#   APPEND="ARGUMENT..."     more arguments for the kernel, as isolcpus=nohz,3
#   ICOUNT=y|n               emulated, on a clock that counts instructions (n); with it
#                            QEMU 7.2 has not got 6.1 to start a second CPU: take 6.12
#   LIMIT=S                  seconds, of the VM's time, 1..86400 (600)
#
# The VM has busybox, the modules of this project built for that kernel, its example
# and clients, all in /guest/, where the script starts. The script may use what is in
# tools/vm/guest-lib.sh: `load objcache`, `client objcache stress --duration=5`, `step
# NAME`, `try COMMAND`, `fail FAILED REASON`. A splat in the kernel's log is a failure
# whatever the script says.
#
# Fetches what it needs. The kernel's log is build/guest-KERNEL[-FLAVOR]/vm/console.log.
# The last line is `guest: PASS ...` or `guest: FAIL CODE NAME: reason`; CODE is the
# exit status.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
only_help "$@"
. "$here/leg.sh"
. "$here/stock_modules.sh"

# shellcheck disable=SC2317,SC2154	# called from the trap in leg.sh, which sets verdict
conclude() {
	case $verdict in
	"0 "*) echo "guest: PASS ${verdict#*: }; kernel $KERNEL${FLAVOR:+ $FLAVOR}, log in ${OUT#"$TOP"/}/vm/" ;;
	*) echo "guest: FAIL $verdict" ;;
	esac
}

# want_file NAME FILE: one whose name the VM can have.
want_file() {
	[ -f "$2" ] || die USAGE "$1=$2: no such file"
	[ -r "$2" ] || die USAGE "$1=$2: not to be read"
	case $2 in
	*=*) die USAGE "$1=$2: no path with = in it" ;;
	esac
	case ${2##*/} in
	*[!A-Za-z0-9._+-]*) die USAGE "$1=$2: a name of letters, digits and ._+- only" ;;
	esac
}

# read_kernel: KERNEL and FLAVOR.
read_kernel() {
	KERNEL=${KERNEL:-6.12}
	if [ -n "${FLAVOR:-}" ]; then
		refuse "the test kernels have no such modules and no disk; without FLAVOR it is Debian's kernel" MODULES DISK
		read_test_kernel 6.1 6.12 7.3 6.12-arm64
	else
		want_word KERNEL "$KERNEL" 6.1 6.12 6.12-rt
	fi
}

# read_machine: CPUS, NODES, MEMORY, APPEND, ICOUNT and LIMIT; sets MACHINE.
read_machine() {
	local boot
	CPUS=${CPUS:-4} LIMIT=${LIMIT:-600}
	want_number CPUS "$CPUS" 1 64
	want_word ICOUNT "${ICOUNT:-n}" y n
	NODES=${NODES:-$((2 - CPUS % 2))}
	want_number NODES "$NODES" 1 8
	[ $((CPUS % NODES)) = 0 ] || die USAGE "NODES=$NODES: CPUS=$CPUS is not a multiple of it"
	MEMORY=${MEMORY:-$(((1024 + 32 * CPUS) / NODES * NODES))}
	want_number MEMORY "$MEMORY" 128 65536
	[ $((MEMORY % NODES)) = 0 ] || die USAGE "MEMORY=$MEMORY: not a multiple of NODES=$NODES"
	want_number LIMIT "$LIMIT" 1 86400
	case ${APPEND:-} in
	*[![:print:]]*) die USAGE "APPEND: one line of printable characters" ;;
	esac
	boot=$((240 + 20 * CPUS))
	MACHINE=(--nodes "$NODES" --memory "$MEMORY" --append "${APPEND:-}"
		--boot-limit "$boot" --quiet-limit "$LIMIT" --limit $((boot + LIMIT)))
	[ "${ICOUNT:-n}" = n ] || MACHINE+=(--icount)
}

# read_files: SCRIPT, FILES and DISK; adds to MACHINE what the VM needs of them.
read_files() {
	local file
	local -a files
	[ -n "${SCRIPT:-}" ] || die USAGE "SCRIPT=: no script to run in the VM was given; see tools/guest.sh --help"
	want_file SCRIPT "$SCRIPT"
	MACHINE+=(--file "$SCRIPT=own.sh" --env "SCRIPT=${SCRIPT##*/}")
	read -ra files <<<"${FILES:-}"
	for file in "${files[@]}"; do
		want_file FILES "$file"
		! readelf -l "$file" 2>/dev/null | grep INTERP >/dev/null ||
			die USAGE "FILES=$file: needs libraries, and the VM has none; link it with -static"
		MACHINE+=(--file "$file")
	done
	[ -z "${DISK:-}" ] || want_file DISK "$DISK"
	MACHINE+=(--disk "${DISK:-}" --env "DISK=${DISK:+/dev/nvme0n1}")
}

# add_modules KERNEL_FOLDER: unpacks them into $OUT/modules; adds to MACHINE.
add_modules() {
	local paths path order=''
	local -a modules
	read -ra modules <<<"${DISK:+nvme} ${MODULES:-}"
	paths=$(resolve_modules "$1" "${modules[@]}")
	# shellcheck disable=SC2086	# one word per file
	unpack_modules "$OUT/modules" $paths
	for path in "${UNPACKED[@]}"; do
		MACHINE+=(--file "$path")
		path=${path##*/}
		order+=" ${path%.ko}"
	done
	MACHINE+=(--env "MODULES=${order# }")
}

refuse "what ends a script that takes too long is LIMIT" DURATION
read_kernel
read_machine
read_files
# shellcheck disable=SC2034	# boot hands it on
DURATION=0
groups=(guest)
[ -z "${FLAVOR:-}" ] || groups+=(test)
[[ $KERNEL != *-arm64 ]] || groups+=(arm64)
"$here/deps.sh" "${groups[@]}"
if [ -n "${FLAVOR:-}" ]; then
	folder=$("$here/kernel.sh" test "$KERNEL" "$FLAVOR")
else
	folder=$("$here/kernel.sh" stock "$KERNEL")
fi
start_leg "guest-$KERNEL${FLAVOR:+-$FLAVOR}"
add_modules "$folder"
build_all "$folder"
boot "$folder" guest-own.sh "${MACHINE[@]}"
