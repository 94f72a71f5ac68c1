# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC1091	# the sourced file is in the guest
# make guest: Debian's modules, then a script of the user's own, whose exit status is
# the last one here. Runs in the VM, sourced by guest-init.sh.

if [ -n "$MODULES" ]; then
	step "modules: $MODULES"
	for module in $MODULES; do
		load "$module"
	done
fi

if [ -n "$DISK" ]; then
	step "$DISK appears"
	until [ -b "$DISK" ]; do
		usleep 100000
	done
fi

step "$SCRIPT"
set +eu
. ./own.sh
