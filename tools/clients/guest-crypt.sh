# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2034,SC2086,SC2154	# CACHES and variant: guest.sh; busybox
# dm-crypt on a RAM disk: what four write eight read; and what is on the disk is what the
# original has put there. A cipher that works on its own time (cryptd) takes a request
# from the pool for each sector, one that does not only the first.

CACHES='dm-crypt-*'
key=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
megabytes=16
later='capi:cryptd(xts(ecb(aes-generic)))-plain64'

dmsetup() { /guest/dm/ld-linux-x86-64.so.2 --library-path /guest/dm /guest/dm/dmsetup "$@"; }

# map CIPHER: /dev/dm-0, which devtmpfs makes; there is no udev to wait for.
map() {
	dd if=/dev/zero of=/dev/ram0 bs=64k count=$((megabytes * 16)) oflag=direct 2>/dev/null
	dmsetup --noudevsync create secret --table "0 $((megabytes * 2048)) crypt $1 $key 0 /dev/ram0 0" >/dev/null ||
		fail FAILED "$CLIENT, $variant: no mapping with $1"
}

unmap() { try dmsetup --noudevsync remove secret; }

insert() { load "$variant-dm-crypt"; }

work() {
	make_data $megabytes
	: >/tmp/flip
	flip_cpu &
	flipper=$!
	for cipher in aes-xts-plain64 "$later"; do
		map "$cipher"
		write_quarters /dev/dm-0 $((megabytes / 4))
		read_by_eight /dev/dm-0
		dd if=/dev/ram0 bs=64k count=$((megabytes * 16)) iflag=direct 2>/dev/null | sha256sum | same "cipher-${cipher%%(*}"
		echo "$cipher: $megabytes MiB written by 4, read by 8"
		[ "$cipher" = "$later" ] || unmap
	done
	rm /tmp/flip
	wait $flipper
}

count() {
	count_pair 'request, get and put' 0
	map "$later"
	counted '4 KiB written, 8 requests' - "$(/guest/meter write /dev/dm-0 200 5 direct)"
	counted '4 KiB read, 8 requests' - "$(/guest/meter read /dev/dm-0 200 5 direct)"
}

remove() {
	unmap
	unload dm_crypt
}
