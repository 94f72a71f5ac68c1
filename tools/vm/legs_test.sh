#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# A good leg, then one that ends in the way asked for; the self-test looks at the
# last line and the exit status.
#
#   tools/vm/legs_test.sh good|numbers|bare|warning|objtool|skip

set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/lib.sh"
. "$here/legs.sh"
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
start_legs "$logs/legs"

leg first echo "kunit: 5 passed, 0 failed, 1 skipped"
case ${1:-} in
good) leg second echo "run: PASS all" ;;
numbers) leg second sh -c "echo 'kunit: 3 passed, 2 failed, 0 skipped'; exit 2" ;;
bare) leg second sh -c "echo 'run: FAIL 4 HANG: nothing came'; exit 2" ;;
warning) leg second echo "WARNING: modpost: missing MODULE_LICENSE() in x.o" ;;
objtool) leg second echo "x.o: warning: objtool: f+0x1: g() is missing a __noreturn annotation" ;;
skip) skip_leg second ;;
*) usage "$0" && exit 2 ;;
esac
end_legs
