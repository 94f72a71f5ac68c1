#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Does make guest do what it says? The self-test looks at the last line.
#
#   tools/guest_test.sh usage    what it is told wrongly is refused, without a VM
#   tools/guest_test.sh vm       the documented examples, and a machine of one's own

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
unset SCRIPT FILES MODULES KERNEL FLAVOR CPUS NODES MEMORY DISK APPEND ICOUNT LIMIT DURATION
cd "$TOP"
work=$(own_folder)
export TMPDIR=$work
trap 'rm -rf "$work"' EXIT

# want STATUS LAST_LINE COMMAND...: how that begins.
want() {
	local wanted=$1 words=$2 status=0 last
	shift 2
	"$@" 2>&1 | tee "$work/log" || status=$?
	last=$(tail -n 1 "$work/log")
	if [ "$status" != "$wanted" ] || [[ $last != "$words"* ]]; then
		echo "guest_test: FAIL $*: status $status, wanted $wanted and '$words': $last"
		exit 1
	fi
}

# refused REASON VARIABLE...
refused() {
	want 2 "guest: FAIL 2 USAGE: $1" env SCRIPT=tools/example/table.sh "${@:2}" tools/guest.sh
}

test_usage() {
	refused 'SCRIPT=: no script' SCRIPT=
	refused 'SCRIPT=/nowhere: no such file' SCRIPT=/nowhere
	touch "$work/a,b"
	refused "SCRIPT=$work/a,b: a name of letters" "SCRIPT=$work/a,b"
	refused 'FILES=/nowhere: no such file' FILES='Makefile /nowhere'
	refused 'FILES=/bin/bash: needs libraries' FILES=/bin/bash
	refused 'DISK=/nowhere: no such file' DISK=/nowhere
	refused 'DISK=/dev: no such file' DISK=/dev
	refused 'KERNEL=7.3: unknown; one of: 6.1 6.12 6.12-rt' KERNEL=7.3
	refused 'FLAVOR=fast: unknown' FLAVOR=fast
	refused 'KERNEL=6.12-rt: unknown; one of: 6.1 6.12 7.3' KERNEL=6.12-rt FLAVOR=plain
	refused 'MODULES=loop: the test kernels have no such modules' FLAVOR=plain MODULES=loop
	refused 'DISK=Makefile: the test kernels' FLAVOR=plain DISK=Makefile
	refused 'CPUS=0: out of range 1..64' CPUS=0
	refused 'NODES=9: out of range 1..8' NODES=9
	refused 'NODES=3: CPUS=4 is not a multiple' NODES=3
	refused 'MEMORY=64: out of range 128..65536' MEMORY=64
	refused 'MEMORY=1001: not a multiple of NODES=2' MEMORY=1001
	refused 'ICOUNT=yes: unknown; one of: y n' ICOUNT=yes
	refused 'LIMIT=0: out of range 1..86400' LIMIT=0
	refused 'DURATION=5: what ends' DURATION=5
	refused 'APPEND: one line' APPEND=$'a\nb'
	refused 'MODULES=nosuch: not among the modules' MODULES='loop nosuch'
	refused 'tools/client/Makefile: /guest/Makefile is there already' FILES='Makefile tools/client/Makefile'
	refused "$work/lib.sh: /guest/lib.sh is there already" FILES="$work/lib.sh"
}

# The first commands of that part of tools/doc/working.md.
test_readme() {
	local line
	local -a command
	while read -r line; do
		echo "$ $line"
		eval "command=($line)"
		want 0 '' "${command[@]}"
		[ "${command[0]}" != make ] || grep '^guest: PASS' "$work/log"
	done < <(awk '/^## A script of your own/ { on = 1 } on && /^```$/ { exit } on && /^(make|mksquashfs) /' tools/doc/working.md)
}

# Whatever a machine can be told. One status for all that is not as it should be; a
# script's own status, with a command before that failed, is what the verdict names.
test_machine() {
	printf 'whole' >"$work/disk"
	truncate -s 1M "$work/disk"
	cat >"$work/machine.sh" <<-'END'
		# shellcheck shell=dash
		false
		grep -qw isolcpus=nohz,3 /proc/cmdline || exit 10
		grep -q '^zram ' /proc/modules && grep -q '^lz4_compress ' /proc/modules || exit 11
		[ "$(nproc)" = 6 ] && [ -d /sys/devices/system/node/node2 ] || exit 12
		[ "$(awk '/MemTotal/ { print int($2 / 1024) }' /proc/meminfo)" -lt 768 ] || exit 13
		[ "$(head -c 5 /dev/nvme0n1)" = whole ] || exit 14
		echo torn | dd of=/dev/nvme0n1 conv=notrunc,fsync 2>/dev/null || exit 15
		[ "$(cat extra)" = more ] || exit 16
		unload zram
		load zram num_devices=2
		[ -b /dev/zram1 ] || exit 17
		exit 3
	END
	echo more >"$work/extra"
	want 1 'guest: FAIL 1 FAILED: the guest script ended with status 3' \
		env SCRIPT="$work/machine.sh" FILES="$work/extra" MODULES=zram DISK="$work/disk" \
		APPEND='isolcpus=nohz,3' CPUS=6 NODES=3 MEMORY=768 tools/guest.sh
	[ "$(head -c 5 "$work/disk")" = whole ] || { echo "guest_test: FAIL the disk has been written to" && exit 1; }
}

case ${1:-} in
usage)
	cp tools/vm/guest-lib.sh "$work/lib.sh"
	(test_usage) >"$work/all" || { cat "$work/all" && exit 1; }
	;;
vm) test_readme && test_machine ;;
*) usage "$0" && exit 2 ;;
esac
echo "guest_test: PASS $1"
