#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# The command objcache in a VM: what a new user would try, and the JSON that it prints.
# Without a VM: tools/cli/cli_test.py.
#
#   tools/cli_test.sh            KERNEL, FLAVOR and CPUS as for make guest
#
# The last line is `cli_test: PASS ...` or `cli_test: FAIL ...`; the exit status is that
# of make guest, or 1.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
only_help "$@"
work=$(own_folder)
export TMPDIR=$work
trap 'rm -rf "$work"' EXIT

status=0
SCRIPT=$here/vm/guest-cli.sh "$here/guest.sh" | tee "$work/log" || status=$?
if [ $status != 0 ]; then
	echo "cli_test: FAIL $(tail -n 1 "$work/log")"
	exit $status
fi
python3 "$here/cli/json_test.py" "$work/log" || exit "${CODES[FAILED]}"
