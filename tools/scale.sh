#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# make scale: what a miss with nothing to steal costs with 2, 8, 32 and 64 CPUs, in
# exact instructions (QEMU's -icount), on a stock Debian kernel. Within 10 %, or it
# fails.
#
#   KERNEL=6.1|6.12   which kernel (6.12)
#
# Fetches what it needs. Outputs are under build/scale-KERNEL/. The last line is
# `scale: PASS ...` or `scale: FAIL CODE NAME: reason`; CODE is the exit status.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
only_help "$@"
. "$here/leg.sh"

counts=(2 8 32 64)
percent=10

# shellcheck disable=SC2317,SC2154	# called from the trap in leg.sh, which sets verdict
conclude() {
	case $verdict in
	"0 "*) echo "scale: PASS a miss costs the same with ${counts[*]} CPUs, within $percent %; kernel $KERNEL" ;;
	*) echo "scale: FAIL $verdict" ;;
	esac
}

# count_with CPUS: one line of the table goes to counted.
count_with() {
	CPUS=$1 OUT=$folder_out/$1
	mkdir -p "$OUT"
	boot "$folder" guest-scale.sh --icount --nodes 1 --boot-limit $((300 + 20 * CPUS)) \
		--quiet-limit $((120 + 10 * CPUS)) --limit $((600 + 30 * CPUS)) &&
		grep '^counted ' "$OUT/vm/results.log" >>"$folder_out/counted"
}

# One aligned table; fails if a column differs by more than it may.
tabulate() {
	awk -v percent="$percent" '
		BEGIN { printf "%6s %22s %22s\n", "CPUs", "try_get of nothing", "get of a fresh one" }
		{
			printf "%6d %22d %22d\n", $2, $3, $4
			for (i = 3; i <= 4; i++) {
				if (NR == 1 || $i < low[i]) low[i] = $i
				if (NR == 1 || $i > high[i]) high[i] = $i
			}
		}
		END {
			for (i = 3; i <= 4; i++) {
				off = low[i] > 0 ? 100 * (high[i] - low[i]) / low[i] : 1e6
				if (off > worst) worst = off
			}
			printf "instructions; at most %.1f %% apart\n", worst
			exit worst > percent
		}' "$1"
}

refuse "make scale runs on a stock kernel, with ${counts[*]} CPUs, and counts instructions" FLAVOR CPUS DURATION
KERNEL=${KERNEL:-6.12}
# shellcheck disable=SC2034	# boot hands it on
DURATION=1
"$here/deps.sh" run
folder=$("$here/kernel.sh" stock "$KERNEL")
start_leg "scale-$KERNEL"
folder_out=$OUT
build_all "$folder"
for cpus in "${counts[@]}"; do
	# QEMU 7.2 has been seen to get a cmpxchg16b wrong in this mode.
	count_with "$cpus" && continue
	say "once more with $cpus CPUs: QEMU may have counted wrong"
	count_with "$cpus"
done
tabulate "$folder_out/counted" || die FAILED "a miss costs more than $percent % more with some number of CPUs"
