# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# CPUs that are not like others: one without memory of its own, and isolated ones,
# which no age step and no memory pressure may visit, but whoever waits for an object.
# Runs in the VM, sourced by guest-init.sh.
#
# Booted with isolcpus=nohz,2; CPU 3 has no memory, and is isolated here by a cgroup
# where a module can ask for that. Elsewhere CPU 2 is isolated from all, by domain too.

need_cpus 4
ordinary=1 nohz=2 last=3
knobs=/sys/module/objcache_knobs/parameters
tracing=/sys/kernel/tracing
cgroup=/sys/fs/cgroup

stat_of() { sed -n "s/^$2: //p" "/sys/kernel/debug/objcache/$1/stats"; }
parked_on() { awk -v cpu="$2" '$1 == cpu { print $2 }' "/sys/kernel/debug/objcache/$1/cpus"; }

# on CPU COMMAND...: into the cgroup first, where there is one for that CPU.
on() {
	on_cpu=$1
	shift
	(
		[ "$on_cpu" != $last ] || [ ! -d $cgroup/last ] || echo 0 >$cgroup/last/cgroup.procs
		exec taskset "$(printf '%x' $((1 << on_cpu)))" "$@"
	)
}

# park CPU CACHE NR
park() { try on "$1" sh -c "echo '$2 $3' >$knobs/park"; }

# expect WHAT VALUE WANTED
expect() {
	echo "$1: $2"
	[ "$2" = "$3" ] || fail FAILED "$1: $2 instead of $3"
}

# expect_all_found CACHE: its eight objects, by an ordinary CPU, which waits for them.
expect_all_found() {
	park $ordinary "$1" 8
	expect "$1: made" "$(stat_of "$1" created)" 8
	expect "$1: parked" "$(stat_of "$1" parked)" 8
}

# visits CPU: work items and calls of the module that were meant for that CPU.
visits() { grep -F "[objcache]" $tracing/trace | grep -cE "(req_cpu|: cpu)=$1 "; }

# Something in private on each CPU, with whatever a get has made besides, and no trace
# of how it came there.
park_everywhere() {
	for cpu in $ordinary $nohz $last; do
		park "$cpu" places 8
		parked_on places "$cpu" >"/tmp/parked.$cpu"
		[ "$(cat "/tmp/parked.$cpu")" -ge 8 ] || fail FAILED "parked on CPU $cpu: $(cat "/tmp/parked.$cpu") of 8"
	done
	echo >$tracing/trace
}

# expect_only_ordinary_visited WHEN ISOLATED...
expect_only_ordinary_visited() {
	expect_when=$1
	shift
	expect "$expect_when, left on CPU $ordinary" "$(parked_on places $ordinary)" 0
	for cpu; do
		expect "$expect_when, left on CPU $cpu" "$(parked_on places "$cpu")" "$(cat "/tmp/parked.$cpu")"
		expect "$expect_when, visits to CPU $cpu" "$(visits "$cpu")" 0
	done
}

step "insmod"
load objcache
load objcache_knobs
try mount -t tracefs tracefs $tracing
echo 1 >$tracing/events/workqueue/workqueue_queue_work/enable
[ ! -d $tracing/events/csd ] || echo 1 >$tracing/events/csd/enable

step "a CPU on a node without memory"
expect "CPU $last is on a node with memory" \
	"$(for node in /sys/devices/system/node/node*; do
		[ ! -d "$node/cpu$last" ] || sed -n 's/.*MemTotal: *\([0-9]*\) kB/\1/p' "$node/meminfo"
	done)" 0
echo "local 64 0 na" >$knobs/create
on $last sh -c "echo 'local 1000' >$knobs/pairs"
expect "refused there" "$(stat_of local refused)" 0
[ "$(stat_of local created)" -le 64 ] ||
	fail FAILED "1000 pairs there made $(stat_of local created) objects"

# With all that it may have on a CPU that is isolated from here on.
echo "became 64 0 am" >$knobs/create
park $last became 8
expect "became: left on CPU $last" "$(parked_on became $last)" 8

isolated=$nohz
if [ ! -e /sys/devices/system/cpu/nohz_full ]; then
	echo "this kernel isolates no CPU from its tick"
	isolated=
fi
case $(uname -r) in
6.1.*) echo "this kernel does not tell a module what a cgroup has isolated" ;;
*)
	step "CPU $last is isolated by a cgroup"
	try mount -t cgroup2 cgroup2 $cgroup
	echo +cpuset >$cgroup/cgroup.subtree_control
	mkdir $cgroup/last
	echo $last >$cgroup/last/cpuset.cpus
	echo isolated >$cgroup/last/cpuset.cpus.partition
	expect "partition" "$(cat $cgroup/last/cpuset.cpus.partition)" isolated
	isolated="$isolated $last"
	;;
esac

step "nobody waits for what an isolated CPU has, or had before it was one"
expect "became: left on CPU $last" "$(parked_on became $last)" 8
expect_all_found became
expect "became: left on CPU $last" "$(parked_on became $last)" 0
[ "$(stat_of became limit_waits)" -gt 0 ] || fail FAILED "became: nobody has waited"
echo "bounded 64 0 am" >$knobs/create
for cpu in $isolated; do
	park "$cpu" bounded 8
	expect "bounded: left on CPU $cpu" "$(parked_on bounded "$cpu")" 0
	expect_all_found bounded
done

step "age steps leave isolated CPUs alone"
echo "places 64 0 a" >$knobs/create
park_everywhere
for age in 1 2 3; do
	echo $age >/sys/kernel/debug/objcache/places/age
done
# shellcheck disable=SC2086	# a list
expect_only_ordinary_visited "aged three times" $isolated

step "pressure leaves isolated CPUs alone"
park_everywhere
echo 2 >/proc/sys/vm/drop_caches
until [ "$(parked_on places $ordinary)" = 0 ]; do
	usleep 10000
done
# It waits for what the shrinker has sent to CPUs.
echo 1 >/sys/kernel/debug/objcache/places/age
# shellcheck disable=SC2086	# as above
expect_only_ordinary_visited "under pressure" $isolated

# One where no unbound work item runs either: see above.
alone=${isolated##* }
if [ -n "$alone" ]; then
	step "an isolated CPU that makes the first object does not have the timer"
	echo 20 >/sys/module/objcache/parameters/age_ms
	echo "ticking 64 0 -" >$knobs/create
	# Or its timer, which does not wake an idle CPU, would not come there.
	on "$alone" sh -c 'while [ ! -e /tmp/aged ]; do :; done' &
	park "$alone" ticking 8
	parked=$(parked_on ticking "$alone")
	echo >$tracing/trace
	ages=$(stat_of ticking ages)
	until [ "$(stat_of ticking ages)" -ge $((ages + 5)) ]; do
		usleep 10000
	done
	: >/tmp/aged
	wait
	expect "work queued on CPU $alone" "$(grep -c "\[objcache\]" $tracing/per_cpu/cpu"$alone"/trace)" 0
	expect "visits to CPU $alone" "$(visits "$alone")" 0
	expect "left on CPU $alone" "$(parked_on ticking "$alone")" "$parked"
fi

step "a drain goes everywhere"
echo 1 >/sys/kernel/debug/objcache/places/drain
for cpu in $ordinary $nohz $last; do
	expect "left on CPU $cpu" "$(parked_on places "$cpu")" 0
done

step "rmmod"
unload objcache_knobs
unload objcache

step "isolated CPUs are left alone, and a node without memory has its objects kept"
