#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Installs what is missing of the packages that a group of commands needs.
#
#   tools/deps.sh GROUP...     GROUP: run, test, guest, inspect, record, clients, convert, bench, clang, check, arm64 (with test),
#                              in-tree, in-tree-test, deb, deb-test
#   tools/deps.sh --list GROUP...   only prints the packages
#
# As root with apt-get, else through sudo, else it prints the line to run and
# exits 2. Installs nothing and asks for nothing when all is there.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

packages_of() {
	case $1 in
	run) echo gcc gcc-12 make libc6-dev libjson-c-dev libncurses-dev libelf1 perl python3 kmod qemu-system-x86 busybox-static ;;
	test) packages_of run && echo flex bison bc libelf-dev libssl-dev xz-utils ;;
	bench) packages_of test && echo gnuplot-nox ;;
	arm64) echo gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-system-arm ;;
	clang) packages_of test && echo clang-14 lld-14 llvm-14 ;;
	check) packages_of clang && echo sparse shellcheck codespell mandoc libjson-c-dev libncurses-dev ;;
	in-tree) echo perl unifdef ;;
	in-tree-test) packages_of test && packages_of in-tree && echo python3-sphinx ;;
	deb) echo gcc make libc6-dev libjson-c-dev libncurses-dev dpkg-dev debhelper dh-dkms lintian ;;
	deb-test) packages_of run && packages_of deb && echo debootstrap e2fsprogs ;;
	guest) packages_of run && echo xz-utils binutils squashfs-tools ;;
	inspect) packages_of guest && echo bpftrace python3-drgn ;;
	record) packages_of guest && echo python3-pyte ;;
	convert) echo coccinelle ;;
	clients) packages_of test && echo coccinelle squashfs-tools dmsetup ;;
	esac
}

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# as_root COMMAND...: 1 if there is no way to become root.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif ! command -v sudo >/dev/null; then
		return 1
	elif sudo -n true 2>/dev/null; then
		sudo -n "$@"
	elif [ -t 0 ] && [ -t 2 ]; then
		say "sudo is asked for its password, to install: ${missing[*]}"
		sudo "$@"
	else
		return 1
	fi
}

apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" >&2; }

list_only=
case ${1:-} in
-h | --help) usage "$0" && exit ;;
--list) list_only=1 && shift ;;
esac
[ $# -gt 0 ] || die USAGE "no group given; one or more of: run test guest inspect record clients convert bench clang check arm64 in-tree in-tree-test deb deb-test"
for group; do
	want_word GROUP "$group" run test guest inspect record clients convert bench clang check arm64 in-tree in-tree-test deb deb-test
done
[ -x /usr/bin/apt-get ] ||
	die USAGE "this is not Debian: there is no apt-get"

wanted=$(for group; do packages_of "$group"; done | tr ' ' '\n' | sort -u)
if [ -n "$list_only" ]; then
	echo "$wanted"
	exit
fi

# Of all scripts that build this is the first step.
plain_paths
missing=()
for package in $wanted; do
	is_installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

say "installing: ${missing[*]}"
line="apt-get update && apt-get install --no-install-recommends -y ${missing[*]}"
install=(install --no-install-recommends -y "${missing[@]}")
# The lists may be absent or too old to fetch from: refresh them, then once more.
if apt "${install[@]}" || { apt update && apt "${install[@]}"; }; then
	exit 0
fi
die USAGE "packages are missing and could not be installed; run as root: $line"
