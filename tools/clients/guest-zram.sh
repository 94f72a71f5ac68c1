# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2034,SC2086,SC2154	# CACHES and variant: guest.sh; busybox
# zram: as a disk for each of its compressors, and as swap under pressure, while a CPU
# goes off and on.

CACHES='zcomp-*'
zram=/sys/block/zram0

insert() { load "$variant-zram" num_devices=1; }

# set_up COMPRESSOR MEGABYTES
set_up() {
	echo 1 >$zram/reset
	echo "$1" >$zram/comp_algorithm
	echo "$2M" >$zram/disksize
}

# write_quarters MEGABYTES: four at once, a quarter each.
write_quarters() {
	for quarter in 0 1 2 3; do
		dd if=/tmp/data of=/dev/zram0 bs=64k count=$(($1 * 4)) skip=$((quarter * $1 * 4)) \
			seek=$((quarter * $1 * 4)) conv=notrunc,fsync 2>/dev/null &
	done
	wait_all
}

wait_all() {
	for pid in $(jobs -p); do
		[ "$pid" = "$flipper" ] || wait "$pid" || fail FAILED "$CLIENT, $variant: a writer or reader failed"
	done
}

# read_all: eight at once, past the page cache; each has to see the same.
read_all() {
	for reader in 0 1 2 3 4 5 6 7; do
		dd if=/dev/zram0 bs=64k count=$1 iflag=direct 2>/dev/null | sha256sum >/tmp/read-$reader &
	done
	wait_all
	sort -u /tmp/read-*
}

work() {
	# The programs and modules here, to 24 MiB.
	cat /guest/* /guest/* /guest/* | head -c 25165824 >/tmp/data
	: >/tmp/flip
	flip_cpu &
	flipper=$!
	for compressor in lzo-rle lz4 lz4hc zstd deflate; do
		set_up $compressor 24
		write_quarters 6
		read_all 384 | same "disk-$compressor"
		[ "$(read_all 384 | cut -d' ' -f1)" = "$(sum_of /tmp/data)" ] ||
			fail FAILED "$CLIENT, $variant, $compressor: what was read is not what was written"
		echo "$compressor: 24 MiB written by 4, read by 8: $(cut -d' ' -f3 <$zram/mm_stat | head -n 1) bytes of memory"
	done
	rm /tmp/data
	set_up lz4 512
	try mkswap /dev/zram0 >/dev/null
	try swapon /dev/zram0
	client hog 100 4 2
	echo "swapped: $(awk '/pswpout/ { print $2 }' /proc/vmstat) pages out, $(awk '/pswpin/ { print $2 }' /proc/vmstat) in"
	[ "$(awk '/pswpout/ { print $2 }' /proc/vmstat)" -gt 10000 ] || fail FAILED "there was no pressure"
	try swapoff /dev/zram0
	rm /tmp/flip
	wait $flipper
}

count() {
	set_up lz4 16
	counted 'page written' "$(/guest/meter write /dev/zram0 500 5 direct)"
	counted 'page read' "$(/guest/meter read /dev/zram0 500 5 direct)"
}

remove() {
	echo 1 >$zram/reset
	unload zram
}
