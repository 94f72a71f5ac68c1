#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# A good leg, then one that ends in the way asked for, or all of it does; the self-test
# looks at the last line and the exit status.
#
#   tools/vm/legs_test.sh good|numbers|bare|warning|objtool|skip
#   tools/vm/legs_test.sh paths|die|end|term      before the end, or before all legs

set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/lib.sh"
. "$here/legs.sh"
[ "${1:-}" != paths ] || CACHE="/with a blank"
logs=$(own_folder)
trap 'status=$?; rm -rf "$logs"; end_early $status' EXIT
start_legs "$logs"

leg first echo "kunit: 5 passed, 0 failed, 1 skipped"
case ${1:-} in
good) leg second echo "run: PASS all" ;;
numbers) leg second sh -c "echo 'kunit: 3 passed, 2 failed, 0 skipped'; exit 2" ;;
bare) leg second sh -c "echo 'run: FAIL 4 HANG: nothing came'; exit 2" ;;
warning) leg second echo "WARNING: modpost: missing MODULE_LICENSE() in x.o" ;;
objtool) leg second echo "x.o: warning: objtool: f+0x1: g() is missing a __noreturn annotation" ;;
skip) skip_leg second ;;
die) die USAGE "no such thing" ;;
end) exit 0 ;;
term) kill -TERM $$ ;;
*) usage "$0" && exit 2 ;;
esac
rm -rf "$logs"
end_legs
