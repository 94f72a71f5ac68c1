#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Prints the version of what is checked out here, for packages: 0.COMMITS+gHASH, and
# +dirty if something is not committed.
#
#   tools/package/version.sh    exits with 2 where git knows nothing of it

set -eu
cd "$(dirname "$0")/../.."
if [ -z "$(git ls-files Kbuild 2>/dev/null)" ]; then
	echo "error: git knows no file in $(pwd), so it has no version; give VERSION=" >&2
	exit 2
fi
version=0.$(git rev-list --count HEAD)+g$(git rev-parse --short=8 HEAD)
[ -z "$(git status --porcelain)" ] || version=$version+dirty
echo "$version"
