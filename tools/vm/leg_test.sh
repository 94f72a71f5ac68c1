#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Ends in each way that a leg (tools/leg.sh) can end; the self-test looks at the
# last line and the exit status.
#
#   tools/vm/leg_test.sh 0|1|none|die|term    0, 1: the VM gave a verdict

set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/lib.sh"
case ${1:-} in
0 | 1 | none | die | term) ;;
*) usage "$0" && exit 2 ;;
esac
. "$here/leg.sh"

# shellcheck disable=SC2317,SC2154	# called from the trap in leg.sh, which sets verdict
conclude() {
	rm -rf "$OUT"
	echo "leg: $verdict"
}

OUT=$(own_folder)
mkdir "$OUT/vm"
case $1 in
0) echo "0 PASS: all" >"$OUT/vm/verdict" ;;
1) echo "1 FAILED: rmmod objcache ended with status 1" >"$OUT/vm/verdict" && exit 1 ;;
die) die USAGE "no such thing" ;;
term) kill -TERM $$ ;;
esac
