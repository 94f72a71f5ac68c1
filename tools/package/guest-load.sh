# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# make deb-test: in the VM, in the root with the packages: modprobe does it all.

# By its path: busybox would else take its own applets, of dpkg and modprobe too.
debian() { chroot /mnt /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@"; }

mkdir -p /mnt
mount -t ext4 "$DISK" /mnt || fail FAILED "the root cannot be mounted"
for what in proc sys dev; do
	mount --rbind "/$what" "/mnt/$what"
done
mount -t tmpfs tmpfs /mnt/run
# What udev would make; dkms needs it.
[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd

step "modprobe objcache_example, which brings objcache"
try debian modprobe objcache_example
try debian grep -q '^objcache .*objcache_example' /proc/modules
dmesg | grep 'requests served' || fail FAILED "the example did nothing"
try debian cat /sys/kernel/debug/objcache/caches
try grep -q '^in_use: 0$' /sys/kernel/debug/objcache/example/stats
try debian objcache check --all
try debian objcache list

step "modprobe -r"
try debian modprobe -r objcache_example objcache
check_nothing_left
