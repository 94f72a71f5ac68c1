# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC1091,SC2086,SC2154	# what is sourced is in the guest, and so are the variables of clients.sh
# make clients: CLIENT as it was and as converted, at work (MODE work, four CPUs) or
# counted (MODE count). Runs in the VM, sourced by guest-init.sh. What a client does is
# in client.sh: insert, remove, work, count; here is what all have to fulfil.

. ./client.sh

# same NAME: stdin is what it was for the first variant.
same() {
	cat >/tmp/new
	[ -s /tmp/new ] || fail FAILED "$CLIENT, $variant: nothing was read: $1"
	if [ -e "/tmp/same-$1" ]; then
		cmp -s /tmp/new "/tmp/same-$1" || fail FAILED "$CLIENT, $variant: other data than the original's: $1"
	else
		mv /tmp/new "/tmp/same-$1"
	fi
}

# counted OPERATION TARGET VALUE: for the table. TARGET: of the converted one; so many more
# than the original's at most, or - for none.
counted() {
	[ -n "$3" ] || fail FAILED "$CLIENT, $variant: nothing was counted: $1"
	echo "counted $variant $3 $2 $1"
}

# count_pair OPERATION TARGET: of the pool alone.
count_pair() {
	dmesg -c >/dev/null
	load "$variant-pairs"
	unload pairs
	counted "$1" "$2" "$(dmesg | sed -n 's/.*pairs: \([0-9.]*\) for a pair$/\1/p')"
}

# put VALUE FILE
put() { echo "$1" >"$2" || fail FAILED "$CLIENT, $variant: $2 does not take $1"; }

# make_data MEGABYTES: /tmp/data, of what is here.
make_data() {
	: >/tmp/data
	while [ "$(wc -c </tmp/data)" -lt $(($1 << 20)) ]; do
		cat /guest/*.ko /bin/busybox >>/tmp/data
	done
	truncate -s "$1M" /tmp/data
}

# all_of PID...: each ended well.
all_of() {
	for pid; do
		wait "$pid" || fail FAILED "$CLIENT, $variant: a writer or reader failed"
	done
}

# write_quarters DEVICE MEGABYTES: /tmp/data, by four at once, so much by each.
write_quarters() {
	pids=''
	for quarter in 0 1 2 3; do
		dd if=/tmp/data of="$1" bs=64k count=$(($2 * 16)) skip=$((quarter * $2 * 16)) \
			seek=$((quarter * $2 * 16)) oflag=direct conv=notrunc 2>/dev/null &
		pids="$pids $!"
	done
	all_of $pids
}

# read_by_eight DEVICE: past the page cache; each has to see /tmp/data.
read_by_eight() {
	pids=''
	for _ in 0 1 2 3 4 5 6 7; do
		/guest/verify "$1" /tmp/data &
		pids="$pids $!"
	done
	all_of $pids
}

# flip_cpu: CPU 3 goes off and on while /tmp/flip is there. 6.12 counts its fair server as
# a task that runs, and warns (sched_cpu_dying) that the CPU still has one if that is on
# just then; whatever runs. So CPU 3 has none.
flip_cpu() {
	flips=0
	put 0 /sys/kernel/debug/sched/fair_server/cpu3/runtime
	while [ -e /tmp/flip ]; do
		echo 0 >/sys/devices/system/cpu/cpu3/online && echo 1 >/sys/devices/system/cpu/cpu3/online &&
			flips=$((flips + 1))
		usleep 200000
	done
	echo "CPU 3 went off and on $flips times"
	[ $flips -gt 0 ] || fail FAILED "CPU 3 never went off"
}

# drop_caches: while /tmp/drop is there.
drop_caches() {
	while [ -e /tmp/drop ]; do
		echo 3 >/proc/sys/vm/drop_caches
		usleep 100000
	done
}

# stat_of CACHE KEY
stat_of() { sed -n "s/^$2: //p" "/sys/kernel/debug/objcache/$1/stats"; }

# check_books NAME*: of each cache of that name, which is quiet: created = destroyed +
# parked + releasing + in use. Releasing objects may be in somebody's hands: looks again.
check_books() {
	books_seen=0
	for books_folder in /sys/kernel/debug/objcache/$1; do
		[ -d "$books_folder" ] || continue
		books_cache=${books_folder##*/}
		books_seen=$((books_seen + 1))
		books_try=0
		until check_book "$books_cache"; do
			books_try=$((books_try + 1))
			[ $books_try -lt 50 ] || {
				fail FAILED "$books_cache: books not balanced: $books_line"
				break
			}
			usleep 100000
		done
		echo "$books_cache: $books_line"
	done
	[ $books_seen -gt 0 ] || fail FAILED "no cache $1"
}

check_book() {
	for books_key in created destroyed parked releasing in_use gets puts fresh hits steals waits; do
		eval "book_$books_key=$(stat_of "$1" $books_key)"
	done
	books_line="created $book_created, destroyed $book_destroyed, parked $book_parked, releasing $book_releasing, in use $book_in_use; gets $book_gets, hits $book_hits, steals $book_steals, waits $book_waits"
	[ "$book_created" = $((book_destroyed + book_parked + book_releasing + book_in_use)) ] && [ "$book_gets" -gt 0 ]
}

# check_gone NAME*: and nobody was left with an object.
check_gone() {
	for gone_folder in /sys/kernel/debug/objcache/$1; do
		[ ! -d "$gone_folder" ] || fail FAILED "${gone_folder##*/} is left"
	done
	! dmesg | grep 'objects still out' || fail FAILED "objects were out when a cache was destroyed"
}

set +e
for module in $MODULES; do
	case $module in
	brd) load brd rd_nr=1 rd_size=65536 ;;
	*) load "$module" ;;
	esac
done
for variant in original percpu converted; do
	# As Debian ships it, to be compared with.
	[ $variant != percpu ] || { [ $MODE = count ] && [ $CLIENT = squashfs ]; } || continue
	[ $variant != converted ] || load objcache
	step -l 300 "$CLIENT: $variant, $MODE"
	insert
	if [ "$MODE" = work ]; then
		work
		[ $variant != converted ] || [ -z "$CACHES" ] || check_books "$CACHES"
	else
		count
	fi
	remove
	if [ $variant = converted ]; then
		check_gone "${CACHES:-*-[0-9]*}"
		unload objcache
		check_nothing_left
	fi
done
