#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Runs the litmus tests of the core's ordering claims against the kernel's memory
# model, with herd7.
#
#   tools/litmus.sh [FILE.litmus...]
#
# Each file names its expected result. A claim as the code makes it gives Never;
# its broken twin gives Sometimes, which shows that the test can fail. Only
# Debian's newest suite has herd7, so it is unpacked into the cache with the
# libraries it was built for, and started through their loader.
# Exit code: 0 all as expected, 1 not, 2 something is missing.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/kernel/packages.sh"
. "$here/kernel/suites.sh"

case ${1:-} in
-h | --help) usage "$0" && exit ;;
esac
tests=()
for file; do
	[ -f "$file" ] || die USAGE "$file: no such litmus test; $here/litmus/ has them"
	tests+=("$(realpath "$file")")
done
[ $# -gt 0 ] || tests=("$here"/litmus/*.litmus)

# herd_root: unpacked once.
herd_root() {
	local root=$CACHE/herd
	take_lock "$CACHE/lock-herd"
	if [ ! -f "$root/usr/bin/herd7" ]; then
		want_space "$CACHE" 300 "herd7"
		use_suite sid "$CACHE/apt-sid"
		rm -rf "$CACHE/new-herd"
		fetch_into "$CACHE/new-herd" herdtools7 libc6 libgmp10 ||
			die USAGE "herdtools7 could not be fetched"
		rm -rf "$root"
		mv "$CACHE/new-herd" "$root"
	fi
	drop_lock
	echo "$root"
}

"$here/deps.sh" check
root=$(herd_root)
model=$("$here/kernel.sh" source 6.12)/tools/memory-model

# herd FILE: what it observed, Never, Sometimes or Always.
herd() {
	local lib=$root/usr/lib/x86_64-linux-gnu
	(cd "$model" && "$lib/ld-linux-x86-64.so.2" --library-path "$lib" "$root/usr/bin/herd7" \
		-set-libdir "$root/usr/share/herdtools7/herd" -conf linux-kernel.cfg "$1") |
		awk '$1 == "Observation" { print $3 }'
}

failed=0
for test in "${tests[@]}"; do
	want=$(sed -n 's/^ \* Result: //p' "$test")
	got=$(herd "$test")
	if [ -n "$want" ] && [ "$got" = "$want" ]; then
		printf '  %-24s %-10s ok\n' "$(basename "$test" .litmus)" "$got"
	else
		printf '  %-24s %-10s FAILED: want %s\n' "$(basename "$test" .litmus)" "${got:-nothing}" \
			"${want:-a line \"Result:\"}"
		failed=$((failed + 1))
	fi
done
if [ "$failed" -gt 0 ]; then
	echo "litmus: FAIL: $failed of ${#tests[@]}"
	exit "${CODES[FAILED]}"
fi
echo "litmus: PASS ${#tests[@]} tests"
