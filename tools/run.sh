#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# make run: builds the module for a stock Debian kernel, boots that in a VM and
# drives /dev/objcache from several threads; then once more, with CPUs that are
# isolated or have no memory.
#
#   KERNEL=6.1|6.12|6.12-rt   which kernel (6.12)
#   CPUS=N                    virtual CPUs, 2..64 (4)
#   DURATION=S                seconds of stress, 1..3600 (10)
#
# Fetches what it needs. Outputs are under build/run-KERNEL/. The last line is
# `run: PASS ...` or `run: FAIL CODE NAME: reason`; CODE is the exit status.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
only_help "$@"
. "$here/leg.sh"

# shellcheck disable=SC2317,SC2154	# called from the trap in leg.sh, which sets verdict
conclude() {
	case $verdict in
	"0 "*) echo "run: PASS ${verdict#*: }; kernel $KERNEL, log in ${OUT#"$TOP"/}/vm/" ;;
	*) echo "run: FAIL $verdict" ;;
	esac
}

read_variables 10
refuse "make run boots Debian's own kernels; make test and make torture have flavors" FLAVOR
"$here/deps.sh" run
folder=$("$here/kernel.sh" stock "$KERNEL")
start_leg "run-$KERNEL"
build_all "$folder"
# Slabs of the largest objects are debugged, by which they must not become too large; and
# most CPUs that there could be never come online.
boot "$folder" guest-run.sh --append "slub_debug=FZPU,objcache-bad-large*" --possible 64 \
	--boot-limit $((120 + 4 * CPUS)) --quiet-limit $((60 + 2 * CPUS)) --limit $((600 + 20 * CPUS + DURATION))
# Four CPUs, each of its own kind; the verdict is still to tell of the one above.
main=$OUT
OUT=$main/places
mkdir "$OUT"
isolated=nohz
[ "$KERNEL" != 6.1 ] || isolated=nohz,domain
CPUS=4 boot "$folder" guest-places.sh --nodes 1 --bare-node --append "isolcpus=$isolated,2" --boot-limit 140 --limit 600
OUT=$main
