# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2034,SC2086,SC2154	# CACHES and variant: guest.sh; busybox
# squashfs: an image of each compressor on a RAM disk, read by eight while caches are
# dropped; every file has to be what it was.

CACHES='squashfs-*'
compressors='gzip lz4 xz zstd'

insert() {
	load "$variant-squashfs"
	for compressor in $compressors; do
		mkdir -p /tmp/$compressor
	done
}

# mounted COMPRESSOR
mounted() {
	cat "/guest/$1.sqfs" >/dev/ram0
	try mount -t squashfs -o ro /dev/ram0 "/tmp/$1"
}

work() {
	: >/tmp/drop
	drop_caches &
	dropper=$!
	for compressor in $compressors; do
		mounted $compressor
		for reader in 0 1 2 3 4 5 6 7; do
			(cd /tmp/$compressor && sha256sum -c /guest/sums >/tmp/sums-$reader 2>&1) &
			echo $! >/tmp/reader-$reader
		done
		for reader in 0 1 2 3 4 5 6 7; do
			wait "$(cat /tmp/reader-$reader)" ||
				fail FAILED "$CLIENT, $variant, $compressor: $(grep -v ': OK$' /tmp/sums-$reader | head -n 1)"
			[ "$(grep -c ': OK$' /tmp/sums-$reader)" = "$(wc -l </guest/sums)" ] ||
				fail FAILED "$CLIENT, $variant, $compressor: not all files were read"
		done
		echo "$compressor: $(wc -l </guest/sums) files read by 8"
		[ "$variant" = original ] || check_books "$CACHES"
		try umount /tmp/$compressor
	done
	rm /tmp/drop
	wait $dropper
	mounted zstd
	find /tmp/zstd -type f | head -n 20 | xargs cat >/dev/null
}

count() {
	for compressor in $compressors; do
		mounted $compressor
		counted "4 KiB block, $compressor" \
			"$(/guest/meter read "$(find /tmp/$compressor -type f -size +200k | sort | head -n 1)" 40 5)"
		[ $compressor = zstd ] || try umount /tmp/$compressor
	done
}

remove() {
	try umount /tmp/zstd
	unload squashfs
}
