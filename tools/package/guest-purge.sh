# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# make deb-test: as guest-load.sh, and then the packages go again.

. ./guest-load.sh

step "the packages are purged"
try debian dpkg --purge objcache-example-dkms objcache-dkms objcache-dev objcache-tools
step "nothing is left of them"
left=$(find /mnt -xdev -name '*objcache*' ! -path '/mnt/proc/*' ! -path '/mnt/sys/*')
[ -z "$left" ] || fail FAILED "left behind: $left"
debian modprobe objcache 2>/dev/null && fail FAILED "modprobe still finds objcache"
umount /mnt/run
true
