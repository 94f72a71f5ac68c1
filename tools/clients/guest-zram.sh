# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2034,SC2086,SC2154	# CACHES and variant: guest.sh; busybox
# zram: as a disk for each of its compressors, and as swap under pressure, while a CPU
# goes off and on.

CACHES='zcomp-*'
zram=/sys/block/zram0

insert() { load "$variant-zram" num_devices=1; }

# set_up COMPRESSOR MEGABYTES
set_up() {
	put 1 $zram/reset
	put "$1" $zram/comp_algorithm
	put "$2M" $zram/disksize
}

# Four tasks fill a seventh more than there is: pages out, pages in. What goes out comes
# back in half its size, so twice as much has to go as there is too much.
swap() {
	set_up lz4 512
	try mkswap /dev/zram0 >/dev/null
	try swapon /dev/zram0
	swap_before=$(awk '/pswpout/ { print $2 }' /proc/vmstat)
	client hog "$(awk '/MemAvailable/ { print int($2 * 8 / 7 / 1024 / 4) }' /proc/meminfo)" 4 1
	swap_out=$(($(awk '/pswpout/ { print $2 }' /proc/vmstat) - swap_before))
	echo "swap: $swap_out pages went out"
	[ $swap_out -gt 10000 ] || fail FAILED "there was no pressure: only $swap_out pages went out"
	try swapoff /dev/zram0
}

# recompress: by a second algorithm, while eight read. All of it goes: where a stream of
# that one was not to be had, as much as before would be taken.
recompress() {
	put 1 $zram/reset
	put lz4 $zram/comp_algorithm
	put 'algo=zstd priority=1' $zram/recomp_algorithm
	put 16M $zram/disksize
	write_quarters /dev/zram0 4
	put algo=zstd $zram/recompress &
	recompressor=$!
	read_by_eight /dev/zram0
	wait $recompressor || fail FAILED "$CLIENT, $variant: recompression failed"
	read_by_eight /dev/zram0
	echo "recompressed by zstd: takes $(awk '{ print $3 }' $zram/mm_stat) bytes"
	awk '{ print $1, $2 }' $zram/mm_stat | same recompressed
}

work() {
	make_data 16
	: >/tmp/flip
	flip_cpu &
	flipper=$!
	compressors=$(tr -d '[]' <$zram/comp_algorithm)
	for compressor in $compressors; do
		set_up $compressor 16
		write_quarters /dev/zram0 4
		read_by_eight /dev/zram0
		echo "$compressor: 16 MiB written by 4, read by 8; takes $(awk '{ print $3 }' $zram/mm_stat) bytes"
		awk '{ print $1, $2 }' $zram/mm_stat | same "size-$compressor"
	done
	recompress
	rm /tmp/data
	swap
	rm /tmp/flip
	wait $flipper
}

count() {
	set_up lz4 16
	counted 'page written' 40 "$(/guest/meter write /dev/zram0 500 5 direct)"
	counted 'page read' 40 "$(/guest/meter read /dev/zram0 500 5 direct)"
}

remove() {
	put 1 $zram/reset
	unload zram
}
