#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# The scripts in tools/inspect/ in a VM, with bpftrace and the libraries that it needs.
#
#   tools/inspect_test.sh        KERNEL and CPUS as for make guest
#
# The last line is that of make guest.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
only_help "$@"
"$here/deps.sh" inspect
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What is in it is where it is here; tar follows the links, the loader knows the names.
mapfile -t files < <(ldd /usr/bin/bpftrace | grep -oE '/[^ ]+')
tar -czhf "$work/bpftrace.tar.gz" -C / "${files[@]#/}" usr/bin/bpftrace
MEMORY=2048 LIMIT=900 SCRIPT=$here/vm/guest-inspect.sh \
	FILES="$work/bpftrace.tar.gz $here/inspect/misses.bt $here/inspect/callers.bt" "$here/guest.sh"
