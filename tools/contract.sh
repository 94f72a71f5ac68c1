#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# What of the contract needs a whole machine, on a stock kernel: memory that comes back
# before anybody is killed for it, and a CPU that delays nobody. The scripts are those
# of tools/contract/.
#
#   tools/contract.sh
#   KERNEL=6.1|6.12           (6.12)
#   SCENE=pressure|spinner    only that one
#
# A verdict for each; exit code: that of the last one that did not pass, or 0.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
only_help "$@"
KERNEL=${KERNEL:-6.12} SCENE=${SCENE:-}
want_word KERNEL "$KERNEL" 6.1 6.12
[ -z "$SCENE" ] || want_word SCENE "$SCENE" pressure spinner

"$here/deps.sh" run
folder=$("$here/kernel.sh" stock "$KERNEL")
built=$TOP/build/$(cat "$folder/release")
out=$TOP/build/contract-$KERNEL
mkdir -p "$out"
make -s -C "$TOP" KDIR="$folder/build" modules >&2
gcc -O2 -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -static -o "$out/contract" "$here/contract/contract.c"

status=0
# scene NAME OPTION...: for vm.py.
scene() {
	[ -z "$SCENE" ] || [ "$SCENE" = "$1" ] || return 0
	python3 "$here/vm/vm.py" --kernel "$folder" --out "$out/$1" --script "$here/contract/$1.sh" \
		--file "$built/module/objcache.ko" --file "$built/tools/contract/objcache_contract.ko" \
		--file "$out/contract" --quiet-limit 180 --limit 900 "${@:2}" || status=$?
}
scene pressure --cpus 2 --nodes 1 --memory 768
scene spinner --cpus 4 --nodes 1 --append isolcpus=3
exit $status
