#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Called by dkms, in its build folder:
#
#   dkms-build.sh KDIR          build objcache.ko for that kernel, by its compiler
#   dkms-build.sh --keep DIR    keep there the symbol versions of what was built

set -eu
if [ "$1" = --keep ]; then
	exec cp Module.symvers "$2/"
fi
kdir=$1
utsrelease=$kdir/include/generated/utsrelease.h
# Where the headers are of two packages, the half that is the same for all has none.
release=$(sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' "$utsrelease")
case $release in
6.[1-9]* | [7-9].* | [1-9][0-9].*) ;;
*)
	echo "objcache: Linux $release is not supported; the oldest that is is 6.1" >&2
	exit 1
	;;
esac
compiler=$(./compiler.sh "$kdir")
# BTF takes pahole, which not all headers bring along.
btf=''
command -v pahole >/dev/null || btf=CONFIG_DEBUG_INFO_BTF_MODULES=
# shellcheck disable=SC2086	# words, or none
exec make -j"$(nproc)" -C "$kdir" M="$(pwd)" TESTS=n $btf $compiler modules
