# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2126,SC3040	# grep -c fails where it counts 0; ash has pipefail
# What the guest scripts share; verdict.py on the host has the protocol.
# Sourced by guest-init.sh in the VM (busybox sh), never run.

send() { echo "@@$TOKEN $*"; }

# step [-l SECONDS] NAME...: what comes next; it may be silent so long.
step() {
	step_limit=0
	if [ "$1" = -l ]; then
		step_limit=$2
		shift 2
	fi
	send step "$step_limit" "$*"
}

# fail NAME REASON...: NAME of an exit code. The script goes on, so that one
# boot shows all that is wrong; the first failure names the verdict.
fail() {
	: >/tmp/failed
	send fail "$@"
}

# try COMMAND...: a failure is recorded, with the command.
try() {
	"$@" && return
	fail FAILED "$* ended with status $?"
}

# client PROGRAM [OPTION...]: shows what it prints; its last line is the reason.
client() {
	client_name=$1
	shift
	client_status=0
	(set -o pipefail && "/guest/$client_name" "$@" 2>&1 | tee /tmp/client) || client_status=$?
	[ $client_status = 0 ] && return
	fail FAILED "$client_name ended with status $client_status: $(tail -n 1 /tmp/client)"
}

# need_cpus N: ends the script where there are fewer; isolated ones are there as well.
need_cpus() {
	cpus_online=$(grep -c '^processor' /proc/cpuinfo)
	[ "$cpus_online" -ge "$1" ] && return
	fail USAGE "CPUS=$cpus_online: at least $1 CPUs are required"
	exit 2
}

# load MODULE [PARAMETER=VALUE...]; objcache as make's DEBUG= wants it debugged.
load() {
	load_name=$1
	shift
	[ "$load_name" != objcache ] || [ -z "${DEBUG:-}" ] || set -- "debug=$DEBUG" "$@"
	try insmod "/guest/$load_name.ko" "$@"
	# A leak is found after rmmod, when its stack is nothing but numbers.
	load_text=/sys/module/$load_name/sections/.text
	[ ! -e "$load_text" ] || echo "$load_name.ko was loaded with .text at $(cat "$load_text")" >>/tmp/modules
}

unload() { try rmmod "$1"; }

is_loaded() { grep -q "^$1 " /proc/modules; }

# send_ktap GLOB: the results of all suites of that name.
send_ktap() {
	for ktap_file in /sys/kernel/debug/kunit/$1/results; do
		if [ ! -e "$ktap_file" ]; then
			fail FAILED "no KUnit results in $ktap_file"
			return
		fi
		ktap_suite=${ktap_file%/results}
		cat "$ktap_file" >/tmp/results
		send begin "${ktap_suite##*/}"
		cat /tmp/results
		send end "$(wc -l </tmp/results)"
	done
}

# kcsan_on: and a race, to see that it sees one. The host judges what it says.
kcsan_on() {
	echo on >/sys/kernel/debug/kcsan
	for kcsan_try in 1 2 3 4 5 6 7 8 9 10; do
		load objcache_fault fault=race
		unload objcache_fault
		! dmesg | grep -q "KCSAN: data-race in fault_race_.* / fault_race_" || return 0
		echo "the planted race was not seen in try $kcsan_try"
	done
}

# last_line START: of the kernel's log, without its start.
last_line() { dmesg | sed -n "s/^\(\[.*\] \)*$1//p" | tail -n 1; }

# torture_shrinkers, torture_readers: what user space does meanwhile. The files of
# caches that come and go vanish under them.
torture_shrinkers() {
	set +e
	while [ -e /tmp/torture ]; do
		for shrinker in /sys/kernel/debug/shrinker/objcache-torture*; do
			cat "$shrinker/count"
			echo 0 0 200 >"$shrinker/scan"
		done
		echo 2 >/proc/sys/vm/drop_caches
		usleep 100000
	done
}

torture_readers() {
	set +e
	while [ -e /tmp/torture ]; do
		cat /sys/kernel/debug/objcache/caches /sys/kernel/debug/objcache/*/*
		usleep 50000
	done
}

# torture SECONDS [PARAMETER=VALUE...]: everything at once, objcache being loaded.
torture() {
	torture_seconds=$1
	shift
	torture_nmi=0
	[ "$(uname -m)" != x86_64 ] || torture_nmi=1
	# KCSAN looks at one access in 4000, for 80 us: here there are few accesses.
	kcsan_skip=/sys/module/kcsan/parameters/skip_watch
	[ ! -e $kcsan_skip ] || echo 500 >$kcsan_skip
	load torture
	load objcache_torture shrink=1 nmi=$torture_nmi ${DEBUG:+debug=1} "$@"
	[ $torture_nmi = 0 ] || send nmi 50
	: >/tmp/torture
	torture_shrinkers >/dev/null 2>&1 &
	torture_readers >/dev/null 2>&1 &
	sleep "$torture_seconds"
	rm /tmp/torture
	wait
	send nmi 0
	step -l 300 "everything stops, and is counted"
	echo 1 >/sys/module/objcache_torture/parameters/stop ||
		fail FAILED "torture: $(last_line 'objcache_torture: fault: ')"
	unload objcache_torture
	unload torture
}

# check_kmemleak: two scans, because one that runs beside changes finds ghosts;
# and only what is older than five seconds is looked at.
check_kmemleak() {
	leak_file=/sys/kernel/debug/kmemleak
	if ! cat $leak_file >/dev/null; then
		fail FAILED "kmemleak is not there or has switched itself off"
		return
	fi
	sleep 6
	echo scan >$leak_file
	sleep 1
	echo scan >$leak_file
	cat $leak_file >/tmp/leaks
	leak_count=$(grep '^unreferenced object' /tmp/leaks | wc -l)
	[ "$leak_count" = 0 ] && return
	head -n 60 /tmp/leaks
	cat /tmp/modules
	fail FAILED "kmemleak: $leak_count unreferenced objects," \
		"$(sed -n '1s/.*(\(.*\)):*/the first of \1/p;2{s/^ *comm/by/;p;q}' /tmp/leaks | tr '\n' ' ')"
}

# watch_events: from here on each trace event of objcache is recorded, in a buffer of
# its own that keeps the first ones.
watch_events() {
	try mount -t tracefs tracefs /sys/kernel/tracing
	for event_path in /sys/kernel/tracing/events/objcache/objcache_*; do
		event_buffer=/sys/kernel/tracing/instances/${event_path##*/}
		try mkdir "$event_buffer"
		echo 16 >"$event_buffer/buffer_size_kb"
		echo 0 >"$event_buffer/options/overwrite"
		echo 1 >"$event_buffer/events/objcache/${event_path##*/}/enable"
	done
}

# check_events NAME...: each was seen since watch_events, and there are no others.
check_events() {
	for event_name; do
		event_buffer=/sys/kernel/tracing/instances/objcache_$event_name
		event_line=$(grep -m 1 " objcache_$event_name: cache=" "$event_buffer/trace") ||
			fail FAILED "no trace event objcache_$event_name"
		echo "$event_line"
		rmdir "$event_buffer"
	done
	[ -z "$(ls /sys/kernel/tracing/instances)" ] ||
		fail FAILED "trace events that nobody asked for: $(ls /sys/kernel/tracing/instances)"
}

# check_slab_size CACHE: what config says an object takes is what the slab takes for it,
# and is what the budgets were counted with: 16 KiB a magazine and 1 MiB a CPU, or one
# object and two.
check_slab_size() {
	size_said=$(sed -n 's/^slab_object_size: //p' "/sys/kernel/debug/objcache/$1/config")
	size_real=$(awk -v slab="objcache-$1-" 'index($1, slab) == 1 { print $4 }' /proc/slabinfo)
	size_batch=$(sed -n 's/^batch: //p' "/sys/kernel/debug/objcache/$1/config")
	size_capacity=$(sed -n 's/^capacity: //p' "/sys/kernel/debug/objcache/$1/config")
	[ "$size_said" = "$size_real" ] ||
		fail FAILED "$1: config says that an object takes $size_said bytes, slabinfo $size_real"
	[ "$size_batch" = 1 ] || [ $((size_batch * size_real)) -le 16384 ] ||
		fail FAILED "$1: a magazine of $size_batch is $((size_batch * size_real)) bytes"
	[ "$size_capacity" = $((2 * size_batch)) ] || [ $((size_capacity * size_real)) -le 1048576 ] ||
		fail FAILED "$1: a capacity of $size_capacity is $((size_capacity * size_real)) bytes"
}

# check_slab_sizes: of plain and constructed objects, aligned or not. Not where KASAN
# or slab_debug= adds to objects what no module is told.
check_slab_sizes() {
	load objcache_knobs
	sizes_nr=0
	for sizes_letters in - h c ch; do
		for sizes_align in 0 32 128 4096; do
			for sizes in 1 8 13 64 100 1000 4088 4096 65536; do
				sizes_cache=size-$sizes-$sizes_align$sizes_letters
				echo "$sizes_cache $sizes $sizes_align $sizes_letters" \
					>/sys/module/objcache_knobs/parameters/create
				check_slab_size "$sizes_cache"
				sizes_nr=$((sizes_nr + 1))
			done
		done
	done
	echo "$sizes_nr sizes and alignments compared"
	# Not the line of each cache, but what is wrong with it, and the failure.
	client objcache check | grep -v " 0 in use$"
	unload objcache_knobs
}

# check_debug_mode: what the wrong module does is found, once, by name and by its line.
check_debug_mode() {
	debug_was=$(cat /sys/module/objcache/parameters/debug)
	echo wrong:stacks >/sys/module/objcache/parameters/debug
	load objcache_wrong
	debug_found=$(sed -n 's/^put_twice: //p' /sys/kernel/debug/objcache/wrong/stats)
	cat /sys/kernel/debug/objcache/wrong/outstanding
	unload objcache_wrong
	echo "$debug_was" >/sys/module/objcache/parameters/debug
	[ "$debug_found" = 1 ] || fail FAILED "debug mode counts $debug_found puts too many of one"
	for debug_line in 'wrong: put twice: object #2, 4 bytes' '  Taken by insmod/.* at objcache_wrong.c:30' \
		'  Put by insmod/.* at objcache_wrong.c:24' '  Found by insmod/.* at objcache_wrong.c:36'; do
		dmesg | grep "objcache: $debug_line" || fail FAILED "debug mode does not say: $debug_line"
	done
	check_stack_of_init
}

# check_stack_of_init: what a module's init has taken is shown by name as long as that can be, and never by address.
check_stack_of_init() {
	debug_was=$(cat /sys/module/objcache/parameters/debug)
	echo unload:stacks >/sys/module/objcache/parameters/debug
	load objcache_unload
	cat /sys/kernel/debug/objcache/unload/outstanding >/tmp/outstanding
	unload objcache_unload
	echo "$debug_was" >/sys/module/objcache/parameters/debug
	grep "code that is gone" /tmp/outstanding || fail FAILED "no stack through init: $(cat /tmp/outstanding)"
	! grep -E "[0-9a-f]{16}" /tmp/outstanding || fail FAILED "addresses in debugfs: see above"
}

# check_unload: after rmmod objcache_unload.
check_unload() {
	unload_line=$(last_line 'objcache_unload: ')
	echo "$unload_line"
	[ "$unload_line" = "256 of 256 destroyed, most of them waiting at rmmod: yes" ] ||
		fail FAILED "objcache_unload: $unload_line"
}

# check_nothing_left: after rmmod objcache. The caches named kunit-leaver are left
# with objects out by a test of just that (S13), so their slabs stay for good.
check_nothing_left() {
	for left_module in objcache_example objcache_wrong objcache_kunit objcache_torture objcache_unload \
		objcache_leaver objcache; do
		is_loaded $left_module && fail FAILED "module $left_module is still loaded"
	done
	left_slabs=$(grep objcache /proc/slabinfo | grep -v kunit-leaver | cut -d' ' -f1 | tr '\n' ' ')
	[ -z "$left_slabs" ] || fail FAILED "slabs are left: $left_slabs"
	for left_path in /sys/kernel/debug/objcache /dev/objcache /sys/module/objcache; do
		[ ! -e $left_path ] || fail FAILED "$left_path is left"
	done
}

# check_taint: no more than O (out of tree), E (unsigned), N (a test has run).
check_taint() {
	taint_value=$(cat /proc/sys/kernel/tainted)
	taint_rest=$((taint_value & ~(4096 | 8192 | 262144)))
	[ $taint_rest = 0 ] || fail SPLAT "the kernel is tainted: $taint_value, of which $taint_rest is not allowed"
}
