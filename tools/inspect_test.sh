#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# make inspect-test: the scripts in tools/inspect/, with a VM.
#
#   PART=live|core|all   live: bpftrace in the VM, with the libraries that it needs.
#                        core: drgn here, on a dump of a VM's memory, of 6.1: the newest kernel
#                        that Debian 12's drgn knows. Fetches that kernel's symbols, 290 MB,
#                        600 unpacked, into the cache folder (all)
#   KERNEL, CPUS         as for make guest; KERNEL of live alone
#
# The last line is `inspect-test: PASS ...` or `inspect-test: FAIL CODE NAME: reason`.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
only_help "$@"
PART=${PART:-all}
want_word PART "$PART" live core all
"$here/deps.sh" inspect
work=$(own_folder)
export TMPDIR=$work
trap 'rm -rf "$work"' EXIT

wrong() {
	echo "inspect-test: FAIL ${CODES[FAILED]} FAILED: $1: $2"
	exit "${CODES[FAILED]}"
}

# What is in it is where it is here; tar follows the links, the loader knows the names.
test_live() {
	local -a files
	mapfile -t files < <(ldd /usr/bin/bpftrace | grep -oE '/[^ ]+')
	tar -czhf "$work/bpftrace.tar.gz" -C / "${files[@]#/}" usr/bin/bpftrace
	MEMORY=2048 LIMIT=900 SCRIPT=$here/vm/guest-inspect.sh \
		FILES="$work/bpftrace.tar.gz $here/inspect/misses.bt $here/inspect/callers.bt $here/inspect/hitrate.bt" \
		"$here/guest.sh" | tee "$work/log" || wrong live "$(tail -n 1 "$work/log")"
}

# symbols RELEASE: prints the vmlinux with symbols.
symbols() {
	local folder=$CACHE/symbols/$1
	if [ ! -f "$folder/vmlinux" ]; then
		want_space "$CACHE" 1500 "the symbols of $1"
		say "fetching the symbols of $1"
		(cd "$work" && apt-get -qq download "linux-image-$1-dbg" >&2) || die FAILED "linux-image-$1-dbg: not to be had"
		mkdir -p "$folder"
		dpkg-deb --fsys-tarfile "$work"/linux-image-*.deb | tar -xO "./usr/lib/debug/boot/vmlinux-$1" >"$folder/vmlinux.new"
		mv "$folder/vmlinux.new" "$folder/vmlinux"
		rm "$work"/linux-image-*.deb
	fi
	echo "$folder/vmlinux"
}

# From both: "CACHE CPU PARKED", the same. One node: QEMU dumps what is mapped in one piece
# of one memory alone.
test_core() {
	local release vmlinux guest
	release=$(cat "$("$here/kernel.sh" stock 6.1)/release")
	vmlinux=$(symbols "$release")
	: >"$work/log"
	KERNEL=6.1 MEMORY=512 NODES=1 MODULES=qemu_fw_cfg SCRIPT=$here/vm/guest-core.sh "$here/guest.sh" >"$work/log" 2>&1 &
	guest=$!
	"$here/vm/dump.py" "$work/log" "$TOP/build/guest-6.1/vm/qemu.pid" "$work/vmcore" || wrong core "$(tail -n 1 "$work/log")"
	wait $guest || wrong core "$(tail -n 1 "$work/log")"
	/usr/bin/drgn -c "$work/vmcore" -s "$vmlinux" -s "$TOP/build/$release/module/objcache.ko" \
		"$here/inspect/magazines.py" core-plain core-made | tee "$work/seen" || wrong core "drgn ended badly"
	sed -n 's/^parked //p' "$work/log" | sort >"$work/said"
	awk '/: batch/ { cache = substr($1, 1, length($1) - 1) } /^ *[0-9]+( +[0-9]+)+$/ { print cache, $1, $2 }' "$work/seen" |
		sort >"$work/counted"
	[ -s "$work/said" ] || wrong core "the VM did not say what is parked"
	diff "$work/said" "$work/counted" || wrong core "drgn counts otherwise than the kernel"
	echo "drgn counts what the kernel does, on $(wc -l <"$work/said") CPUs of caches"
}

[ "$PART" = core ] || test_live
[ "$PART" = live ] || test_core
echo "inspect-test: PASS $PART"
