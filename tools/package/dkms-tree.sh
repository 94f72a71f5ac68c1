#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Puts the source that dkms builds the module from into a folder, from the top one;
# called by debian/rules and tools/dkms_install.sh. dkms.conf comes from elsewhere.
#
#   tools/package/dkms-tree.sh FOLDER

set -eu
mkdir -p "$1/module/core" "$1/module/device"
for folder in module module/core module/device; do
	for file in "$folder"/*.[ch]; do
		case $file in
		*.mod.c) ;;
		*) install -m 644 "$file" "$1/$folder/" ;;
		esac
	done
done
install -m 644 module/Kbuild "$1/module/"
install -m 644 Kbuild "$1/"
install -m 755 tools/compiler.sh tools/package/dkms-build.sh "$1/"
