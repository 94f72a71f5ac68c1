#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# make scenes: what needs a whole machine, on a stock Debian kernel. Memory that is
# parked comes back before anybody is killed for it (pressure), and a CPU that a
# real-time task has for itself delays nobody (spinner). Their scripts are in tools/scenes/.
#
#   KERNEL=6.1|6.12           which kernel (6.12)
#   SCENE=pressure|spinner    only that one (both)
#
# Fetches what it needs. Outputs are under build/scenes-KERNEL/. The last line is
# `scenes: PASS ...` or `scenes: FAIL CODE NAME: reason`; CODE is the exit status.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
only_help "$@"
. "$here/leg.sh"

# shellcheck disable=SC2317,SC2154	# called from the trap in leg.sh, which sets verdict
conclude() {
	case $verdict in
	"0 "*) echo "scenes: PASS ${SCENE:-pressure and spinner}; kernel $KERNEL" ;;
	*) echo "scenes: FAIL $verdict" ;;
	esac
}

# scene NAME OPTION...: for vm.py.
scene() {
	[ -z "$SCENE" ] || [ "$SCENE" = "$1" ] || return 0
	OUT=$main/$1
	mkdir "$OUT"
	boot "$folder" "../scenes/$1.sh" --file "$main/scenes" --quiet-limit 180 --limit 900 "${@:2}"
}

KERNEL=${KERNEL:-6.12} SCENE=${SCENE:-}
want_word KERNEL "$KERNEL" 6.1 6.12
[ -z "$SCENE" ] || want_word SCENE "$SCENE" pressure spinner
refuse "each scene has the machine that it needs" FLAVOR CPUS DURATION
# shellcheck disable=SC2034	# boot hands them on
CPUS=4 DURATION=1
"$here/deps.sh" run
folder=$("$here/kernel.sh" stock "$KERNEL")
start_leg "scenes-$KERNEL"
main=$OUT
build_all "$folder"
gcc -O2 -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -static -o "$main/scenes" "$here/scenes/scenes.c"
scene pressure --cpus 2 --nodes 1 --memory 768
scene spinner --nodes 1 --append isolcpus=3
