#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Makes a tree of links to the sources, so that several kernels can be built for
# side by side, and takes away links to what is no longer there.
#
#   tools/link.sh OUT FOLDER|FILE...    below the current folder; called by the Makefile
#
# A source is known by its name, not by what git says: an outer repository may ignore
# us, and a build in place (make -C KDIR M=$PWD) leaves files beside the sources.

set -eu
out=$1
shift
top=$(pwd)
mkdir -p "$out"
find "$out" -xtype l -delete
find "$@" -type d -exec sh -c 'cd "$0" && mkdir -p "$@"' "$out" {} +
find "$@" -type f \( -name Kbuild -o -name '*.[chS]' \) ! -name '*.mod.c' | while read -r file; do
	ln -sfn "$top/$file" "$out/$file"
done
