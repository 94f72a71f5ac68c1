#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Builds what the package objcache-tools has, from the top folder; called by debian/rules.
#
#   tools/package/build.sh OUT

set -eu
if [ -d tools/cli ]; then
	make -C tools/cli O="$1"
else
	make -C tools/client O="$1"
fi
