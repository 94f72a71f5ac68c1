# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2154	# sourced in the VM, by guest-init.sh
# S13: a CPU that has never had to do with a cache delays nobody, however busy it is.
# On CPU 3, which is isolated (isolcpus=3), a SCHED_FIFO task spins for a minute of
# the VM's time, and nothing else gets to run there. Whatever is asked for meanwhile has
# to be done before it ends. On 7.x the kernel's own kmem_cache_destroy() may visit
# every CPU.

SPIN=60

# CPU 3 is not counted: nothing runs there by itself.
need_cpus 3
[ -e /sys/devices/system/cpu/cpu3 ] || fail USAGE "there is no CPU 3"
load objcache
load objcache_scenes caches=1 size=4096 parked=64
/guest/scenes hold held /tmp/close &
holder=$!
# Nothing of ours is on CPU 3 from here on, nor was.
step "CPU 3 belongs to a SCHED_FIFO spinner"
echo -1 >/proc/sys/kernel/sched_rt_runtime_us
until [ -e /sys/kernel/debug/objcache/held ]; do usleep 10000; done
/guest/scenes spin 3 $SPIN &
until [ -e /tmp/spinning ]; do usleep 10000; done

# done_beside NAME: what has just ended did so while the spinner was at it.
done_beside() {
	if [ -e /tmp/spun ]; then
		fail FAILED "$1 waited for a CPU that had nothing to do with it"
	else
		echo "$1: done while CPU 3 was spinning"
	fi
}

step -l 100 "a drain, a close, a create, and CPU 2 off and on"
(
	echo 1 >/sys/kernel/debug/objcache/scenes-0/drain
	done_beside drain
) &
drainer=$!
: >/tmp/close
(
	try /guest/scenes create other
	done_beside "create and its close"
) &
creator=$!
(
	try sh -c 'echo 0 >/sys/devices/system/cpu/cpu2/online'
	try sh -c 'echo 1 >/sys/devices/system/cpu/cpu2/online'
	done_beside "CPU 2 off and on"
) &
plugger=$!
wait $drainer
wait $holder
done_beside "close of a session"
wait $creator
wait $plugger

step -l 100 "rmmod"
unload objcache_scenes
done_beside "destroy of a cache that another CPU used"
wait
unload objcache

step "nobody waited for CPU 3"
