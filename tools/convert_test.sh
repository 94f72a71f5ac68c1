#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# What make convert makes of a module must build against a stock kernel and have nothing
# of the slab's left; what it cannot convert it must not touch. Tried on an example and on
# two modules of the kernel. The self-test looks at the last line.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
only_help "$@"
. "$here/expect.sh"

# convert STATUS WORDS NAME
convert() { expect "$1" "$2" "$here/convert.sh" "$work/$3"; }

# builds NAME [FOLDER...]: and calls objcache only. FOLDER: more headers.
builds() {
	local name=$1 folder
	shift
	{
		echo "obj-m := $name.o"
		for folder in "$TOP/module" "$@"; do
			echo "ccflags-y += -I$folder"
		done
	} >"$work/$name/Kbuild"
	make -s -C "$TOP" KDIR="$kernel/build" M="$work/$name" modules >"$work/log" 2>&1 || wrong "$name: does not build"
	nm "$work/$name/$name.ko" >"$work/log"
	grep -q ' U __objcache_create$' "$work/log" || wrong "$name: makes no cache"
	! grep -E ' U (__)?kmem_cache_(create|alloc|free|destroy)' "$work/log" >/dev/null || wrong "$name: calls kmem_cache"
}

# kernel_module FILE [FOLDER...]: of the kernel's source.
kernel_module() {
	local name=${1##*/}
	name=${name%.c}
	mkdir "$work/$name"
	cp "$source/$1" "$work/$name"
	shift
	convert 0 'convert: PASS' "$name"
	builds "$name" "$@"
}

# refused WORDS SED: the example, with that change; it stays as it was.
refused() {
	rm -rf "$work/refused"
	mkdir "$work/refused"
	sed "$2" "$here/convert/slab_user.c" >"$work/refused/user.c"
	cp "$work/refused/user.c" "$work/user.c"
	convert 1 "$1" refused
	cmp -s "$work/user.c" "$work/refused/user.c" || wrong "changed though refused: $1"
}

kernel=$("$here/kernel.sh" stock 6.12)
source=$("$here/kernel.sh" source 6.12)
make -s -C "$TOP" KDIR="$kernel/build" modules >&2

mkdir "$work/slab_user" "$work/none"
cp "$here/convert/slab_user.c" "$work/slab_user"
convert 0 'convert: PASS' slab_user
builds slab_user
convert 2 'no *.c or *.h there uses kmem_cache' none
convert 2 'no such folder' nowhere
refused 'no counterpart of' 's/kmem_cache_alloc(jobs, gfp)/kmem_cache_alloc_node(jobs, gfp, 0)/'
refused 'no counterpart of' 's/SLAB_HWCACHE_ALIGN/SLAB_TYPESAFE_BY_RCU/'
refused 'left of kmem_cache' 's/256, 0, 0, NULL/256, 0, 0, worker_init/'
refused 'nobody looks whether jobs' 's/if (!jobs)/if (jobs == worker.buffers)/'
kernel_module drivers/scsi/scsi_debug.c "$source/drivers/scsi"
kernel_module net/netfilter/xt_hashlimit.c
echo "convert_test: PASS"
