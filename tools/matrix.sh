#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# make matrix: every kernel that is supported, one after another, and one table.
#
#   LEGS="NAME..."   only these of 6.1 6.12 6.12-rt 6.12-rt-stock 7.3 6.12-arm64 checked
#                    wrong-6.1 wrong-6.12 clients inspect deb in-tree in-tree-7.3 (all)
#
# A leg is `make test`, `make run`, `make guest`, `make clients`, `make inspect-test`,
# `make deb-test` (which needs root, and is skipped without) or `make in-tree-test`, with
# the kernel that its row names; the modules must build without a warning. What a leg
# needs is fetched or built: a kernel takes 5 to 15 minutes on two cores, the first time.
# Logs are in build/matrix/. The last line is `kunit: N passed, N failed, N skipped`, where a
# failed leg counts as one failed at least. Exit status: 0, or 1 if a leg failed.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/legs.sh"

# In the order of the table.
readonly ALL=(6.1 6.12 6.12-rt 6.12-rt-stock 7.3 6.12-arm64 checked wrong-6.1 wrong-6.12 clients inspect deb in-tree in-tree-7.3)
declare -rA COMMAND=(
	[6.1]="test KERNEL=6.1 FLAVOR=plain"
	[6.12]="test KERNEL=6.12 FLAVOR=debug"
	[6.12-rt]="test KERNEL=6.12 FLAVOR=rt"
	[6.12-rt-stock]="run KERNEL=6.12-rt"
	[7.3]="test KERNEL=7.3 FLAVOR=bench"
	[6.12-arm64]="test KERNEL=6.12-arm64 FLAVOR=plain"
	[checked]="test KERNEL=6.12 FLAVOR=plain DEBUG=*:check+stacks+drop"
	[wrong-6.1]="guest KERNEL=6.1 SCRIPT=tools/example/wrong.sh"
	[wrong-6.12]="guest KERNEL=6.12 SCRIPT=tools/example/wrong.sh"
	[clients]="clients"
	[inspect]="inspect-test"
	[deb]="deb-test"
	[in-tree]="in-tree-test KERNEL=6.12"
	[in-tree-7.3]="in-tree-test KERNEL=7.3"
)

only_help "$@"
refuse "each leg has its own kernel, flavor and debug mode; LEGS chooses legs" KERNEL FLAVOR DEBUG
refuse "each leg runs all suites" SUITE
read -ra legs <<<"${LEGS:-${ALL[*]}}"
for name in "${legs[@]}"; do
	want_word LEGS "$name" "${ALL[@]}"
done

cd "$TOP"
start_legs build/matrix
for name in "${legs[@]}"; do
	if [ "$name" = deb ] && [ "$(id -u)" != 0 ]; then
		skip_leg deb
		continue
	fi
	read -ra command <<<"${COMMAND[$name]}"
	leg "$name" make --no-print-directory "${command[@]}"
done
end_legs
