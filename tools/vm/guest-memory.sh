# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154	# STATES is in the guest's environment
# make bench: what caches cost and what they give back, seen from outside: the
# kernel's own figures before and after. STATES=n: fresh caches only, for the
# differences between VMs with more and with fewer CPUs.
# Runs in the VM, sourced by guest-init.sh.

memory=/sys/kernel/debug/objcache_bench/memory

# tell COMMAND...: to the module.
tell() { echo "$*" >$memory || fail FAILED "memory: $*: $(dmesg | grep objcache_bench: | tail -n 1)"; }

# kilobytes: of slab, per-CPU memory and vmalloc together. Empty slabs of kmalloc say
# nothing about who uses memory.
kilobytes() {
	for slab in /sys/kernel/slab/kmalloc-*; do
		[ ! -e "$slab/shrink" ] || echo 1 >"$slab/shrink"
	done
	echo 1 >/proc/sys/vm/stat_refresh
	awk '/^(Slab|Percpu|VmallocUsed):/ { sum += $2 } END { print sum }' /proc/meminfo
}

# pages: behind the caches' own objects.
pages() { awk '/^objcache[-_]memory/ { sum += $6 * $15 } END { print sum + 0 }' /proc/slabinfo; }

# magazines: empty ones that all caches keep, in rings and depots.
magazines() { cat /sys/kernel/debug/objcache/memory-*/stats 2>/dev/null | awk '/^magazines_empty:/ { sum += $2 } END { print sum + 0 }'; }

# say_state NAME: beside the figures when $before was taken.
say_state() { echo "memory $(cat $memory) $1 $before $(kilobytes) $(pages) $(magazines)" >>/tmp/document; }

# fresh KIND SIZE CAPACITY CACHES
fresh() {
	before=$(kilobytes)
	tell create "$@"
	say_state fresh
}

# forget: all caches; what the kernel frees later is freed then.
forget() {
	tell destroy
	sleep 1
}

# let_go WAY
let_go() {
	case $1 in
	pressure) echo 2 >/proc/sys/vm/drop_caches ;;
	aging)
		tell age
		tell age
		;;
	*) tell "$1" ;;
	esac
}

# states KIND SIZE CAPACITY CACHES: what is kept when they have parked.
states() {
	for way in none aging drain; do
		tell create "$@"
		before=$(kilobytes)
		tell park
		if [ $way != none ]; then
			let_go $way
			sleep 10
		fi
		say_state "after-$way"
		forget
	done
}

# returned WAY KIND SIZE CAPACITY: of the pages behind parked objects, how many are
# left ten seconds later.
returned() {
	way=$1
	shift
	tell create "$@" 1
	tell park
	returned_line="returned $(cat $memory) $way $(pages)"
	[ "$way" = free ] || let_go "$way"
	sleep 10
	echo "$returned_line $(pages)" >>/tmp/document
	forget
}

load objcache
load objcache_bench
: >/tmp/document
# The first ones pay for what all share.
for warm in objcache kmem_cache; do
	tell create $warm 64 1024 8
	forget
done
# Those are kept until the end, so that none finds memory that another one has left.
for size in 64 256 4096; do
	step -l 300 "memory: fresh caches of objects of $size bytes"
	fresh objcache $size 0 128
	fresh kmem_cache $size $((size < 4096 ? 1024 : 256)) 128
done
# Of 8, a page of each possible CPU's memory would be 500 bytes a cache.
fresh objcache 64 65536 64
forget
if [ "$STATES" = y ]; then
	for size in 64 256 4096; do
		step -l 300 "memory: what caches of objects of $size bytes keep"
		states objcache $size 0 $((size < 4096 ? 64 : 32))
	done
	# Magazines by the thousand, if objects go and these stay.
	states objcache 64 65536 4
	for size in 64 256 4096 1048576 4194296; do
		step -l 300 "memory: what comes back of objects of $size bytes"
		for way in pressure drain aging; do
			returned $way objcache $size 0
		done
		returned free kmem_cache $size $((size < 1048576 ? 1024 : 2))
	done
fi
cat /tmp/document
unload objcache_bench
unload objcache
check_nothing_left
