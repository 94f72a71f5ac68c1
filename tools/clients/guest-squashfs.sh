# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2034,SC2086,SC2154	# CACHES and variant: guest.sh; busybox
# squashfs: an image of each compressor on a RAM disk, read by eight while caches are
# dropped; every file has to be what it was.

CACHES='squashfs-*'
compressors='gzip lz4 xz zstd'

insert() {
	load "$variant-squashfs"
	mkdir -p /tmp/mnt
}

# mounted COMPRESSOR
mounted() {
	dd if="/guest/$1.sqfs" of=/dev/ram0 bs=64k conv=fsync 2>/dev/null
	try mount -t squashfs -o ro /dev/ram0 /tmp/mnt
}

# read_files COMPRESSOR
read_files() {
	pids=''
	for reader in 0 1 2 3 4 5 6 7; do
		(cd /tmp/mnt && sha256sum -c /guest/sums >/tmp/sums-$reader 2>&1) &
		pids="$pids $!"
	done
	all_of $pids
	for reader in 0 1 2 3 4 5 6 7; do
		[ "$(grep -c ': OK$' /tmp/sums-$reader)" = "$(wc -l </guest/sums)" ] ||
			fail FAILED "$CLIENT, $variant, $1: $(grep -v ': OK$' /tmp/sums-$reader | head -n 1)"
	done
	echo "$1: $(wc -l </guest/sums) files read by 8"
}

work() {
	: >/tmp/drop
	drop_caches &
	dropper=$!
	for compressor in $compressors; do
		mounted $compressor
		read_files $compressor
		[ $compressor = zstd ] || try umount /tmp/mnt
	done
	rm /tmp/drop
	wait $dropper
}

count() {
	for compressor in $compressors; do
		mounted $compressor
		counted "4 KiB block, $compressor" 0 "$(/guest/meter read /tmp/mnt/sched/fair.c 64 5)"
		[ $compressor = zstd ] || try umount /tmp/mnt
	done
}

remove() {
	try umount /tmp/mnt
	unload squashfs
}
