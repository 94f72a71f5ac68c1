# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# A filesystem image, read through modules that Debian ships.
#
#   mksquashfs module build/module.sqfs
#   make guest SCRIPT=tools/example/squashfs.sh MODULES="loop squashfs" FILES=build/module.sqfs

set -e
mkdir /tmp/mnt
mount -t squashfs -o loop /guest/module.sqfs /tmp/mnt
grep -h EXPORT_SYMBOL_GPL -r /tmp/mnt | wc -l
umount /tmp/mnt
