# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2034,SC2086,SC2154	# CACHES and variant: guest.sh; busybox
# dm-crypt on a RAM disk: what four write eight read; and what is on the disk is what the
# original has put there. A cipher that works on its own time (cryptd) takes a request
# from the pool for each sector, one that does not only the first.

CACHES='dm-crypt-*'
key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
megabytes=24

dmsetup() { /guest/dm/ld-linux-x86-64.so.2 --library-path /guest/dm /guest/dm/dmsetup "$@"; }

# CIPHER FLIPS: as in a table of device-mapper.
map() {
	dd if=/dev/zero of=/dev/ram0 bs=64k count=$((megabytes * 16)) 2>/dev/null
	dmsetup create secret --table "0 $((megabytes * 2048)) crypt $1 $key 0 /dev/ram0 0" ||
		fail FAILED "$CLIENT, $variant: no mapping with $1"
	dmsetup mknodes
}

unmap() { try dmsetup remove secret; }

insert() { load "$variant-dm-crypt"; }

wait_all() {
	for pid in $(jobs -p); do
		[ "$pid" = "$flipper" ] || wait "$pid" || fail FAILED "$CLIENT, $variant: a writer or reader failed"
	done
}

read_all() {
	for reader in 0 1 2 3 4 5 6 7; do
		dd if=/dev/mapper/secret bs=64k iflag=direct 2>/dev/null | sha256sum >/tmp/read-$reader &
	done
	wait_all
	sort -u /tmp/read-* | cut -d' ' -f1
}

work() {
	cat /guest/* 2>/dev/null | cat - /guest/*.ko /guest/*.ko /guest/*.ko | head -c $((megabytes << 20)) >/tmp/data
	: >/tmp/flip
	flip_cpu &
	flipper=$!
	for cipher in aes-xts-plain64 'capi:cryptd(xts(ecb(aes-generic)))-plain64'; do
		map "$cipher"
		for quarter in 0 1 2 3; do
			dd if=/tmp/data of=/dev/mapper/secret bs=64k count=$((megabytes * 4)) skip=$((quarter * megabytes * 4)) \
				seek=$((quarter * megabytes * 4)) oflag=direct conv=notrunc 2>/dev/null &
		done
		wait_all
		[ "$(read_all)" = "$(sum_of /tmp/data)" ] ||
			fail FAILED "$CLIENT, $variant, $cipher: what was read is not what was written"
		head -c $((megabytes << 20)) /dev/ram0 | sha256sum | same "cipher-${cipher%%(*}"
		echo "$cipher: $megabytes MiB written by 4, read by 8"
		# The books are looked at while the last one is there.
		[ "$variant" = original ] || check_books "$CACHES"
		unmap
	done
	rm /tmp/flip
	wait $flipper
	map aes-xts-plain64
	dd if=/dev/mapper/secret of=/dev/null bs=64k count=16 2>/dev/null
}

count() {
	map 'capi:cryptd(xts(ecb(aes-generic)))-plain64'
	counted '4 KiB read, 8 requests' "$(/guest/meter read /dev/mapper/secret 200 5 direct)"
	counted '4 KiB written' "$(/guest/meter write /dev/mapper/secret 200 5 direct)"
}

remove() {
	unmap
	unload dm_crypt
}
