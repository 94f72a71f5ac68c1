# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# make test, beside guest-suites.sh: what make run does, and more of its kind, with
# all detectors on. Runs in the VM, sourced by guest-init.sh.

need_cpus 2

if [ "$FLAVOR" = kcsan ]; then
	step "KCSAN on, and it sees a race that is planted"
	kcsan_on
fi

# check_parked: what is parked, by CPU and generation; who is told of it; what it takes.
# Not in debug mode, which has no magazines, and guards beside each object.
check_parked() {
	step "shrinkers, through debugfs"
	client objcache-shrinker

	step "memory pressure"
	client objcache-pressure

	step "trace events"
	# The request contexts of the device: some are parked.
	echo 1 >/sys/kernel/debug/objcache/objcache-requests/age
	for shrinker in /sys/kernel/debug/shrinker/objcache-objcache-requests-*; do
		# Memory cgroup, node, how many.
		echo "0 0 1" >"$shrinker/scan"
	done
	check_events miss refill steal spill age shrink release finding

	if [ "$FLAVOR" != debug ]; then
		step "what an object takes"
		check_slab_sizes
	fi
}

step "insmod objcache"
load objcache

watch_events

step "stress: $THREADS threads on $CPUS CPUs for $DURATION s"
client objcache stress "--threads=$THREADS" "--pairs=$PAIRS" "--duration=$DURATION"

if [ "$FLAVOR" = kcsan ]; then
	step "everything at once for $TORTURE s"
	torture "$TORTURE"
fi

step "hostile ioctls"
client objcache-badinput

step "debug mode, and a module with a mistake"
check_debug_mode

if [ -n "${DEBUG:-}" ]; then
	step "with debug=$DEBUG, no more of what is parked"
else
	check_parked
fi

step "example module"
load objcache_example
unload objcache_example

step "rmmod of a user whose destructors are slow"
load objcache_unload
rmmod objcache 2>/dev/null && fail FAILED "objcache went while a module was using it"
unload objcache_unload
check_unload

step "rmmod objcache"
unload objcache

step "nothing left"
check_nothing_left

if [ "$FLAVOR" = debug ]; then
	step "kmemleak"
	check_kmemleak
fi

step "all clients, nothing left"
