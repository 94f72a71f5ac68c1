#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# make torture: a test kernel in a VM, and in it all at once: gets and puts from
# threads, interrupts and NMIs, aging, shrinkers, drains, readers, and CPUs that go
# off and on.
#
#   KERNEL=6.1|6.12|7.3        which source (6.12)
#   FLAVOR=debug|plain|kcsan|rt|bench   which detectors it has (debug)
#   CPUS=N                     virtual CPUs, 2..64 (8)
#   DURATION=S                 seconds, of the VM's time, 1..3600 (60)
#   DEBUG='NAME:LEVEL'         caches in debug mode, as the module's debug= (none)
#   PLANT=nothing|claim|lose   a fault, which must be found (nothing)
#
# Only a test kernel has the torture framework that it stands on (kernel/torture.c):
# Debian's are built without. Outputs are under build/torture-KERNEL-FLAVOR/. The
# last line is `torture: PASS ...` or `torture: FAIL CODE NAME: reason`; CODE is the
# exit status.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
only_help "$@"
. "$here/leg.sh"

# shellcheck disable=SC2317,SC2154	# called from the trap in leg.sh, which sets verdict
conclude() {
	case $verdict in
	"0 "*) echo "torture: PASS ${verdict#*: }; kernel $KERNEL $FLAVOR, log in ${OUT#"$TOP"/}/vm/" ;;
	*) echo "torture: FAIL $verdict" ;;
	esac
}

CPUS=${CPUS:-8}
read_variables 60
read_test_kernel 6.1 6.12 7.3
PLANT=${PLANT:-nothing}
want_word PLANT "$PLANT" nothing claim lose
"$here/deps.sh" run test
folder=$("$here/kernel.sh" test "$KERNEL" "$FLAVOR")
start_leg "torture-$KERNEL-$FLAVOR"
build_all "$folder"
boot "$folder" guest-torture.sh "${WANTED[@]}" --env "FLAVOR=$FLAVOR" --env "PLANT=$PLANT" \
	--show-log 'objcache_torture: ' --boot-limit $((240 + 8 * CPUS)) --quiet-limit $((90 + 4 * CPUS)) \
	--limit $((600 + 30 * CPUS + 2 * DURATION))
