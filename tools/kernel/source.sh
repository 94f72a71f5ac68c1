# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Debian's kernel source, unpacked into the cache. Sourced by kernel.sh.

# What KERNEL= names, for kernels that are built here.
declare -A SOURCE_PACKAGE=(
	[6.1]=linux-source-6.1
	[6.12]=linux-source-6.12
	[6.12-arm64]=linux-source-6.12
	[7.3]=linux-source-7.3
)

# source_version LINE
source_version() {
	local version
	version=$(package_field "${SOURCE_PACKAGE[$1]}" Version)
	if [ -z "$version" ]; then
		use_private_lists
		version=$(package_field "${SOURCE_PACKAGE[$1]}" Version)
	fi
	[ -n "$version" ] || die USAGE "no package ${SOURCE_PACKAGE[$1]} in the sources of this machine"
	echo "$version"
}

# unpack_source FOLDER PACKAGE=VERSION
unpack_source() {
	local dir=$1
	rm -rf "$dir" "$dir.deb"
	fetch_into "$dir.deb" "$2" || return 1
	say "unpacking $2"
	mkdir -p "$dir"
	tar -C "$dir" --strip-components=1 -xJf "$dir.deb"/usr/src/linux-source-*.tar.xz ||
		die USAGE "$2: its source cannot be unpacked"
	rm -r "$dir.deb"
}

# kernel_source LINE: prints the folder, the same for all machines.
kernel_source() {
	local line=${1%-arm64} version dir
	version=$(source_version "$line")
	take_lock "$CACHE/lock-source-$line"
	dir=$CACHE/source/$line-$version
	if [ ! -f "$dir/Makefile" ]; then
		want_space "$CACHE" 2500 "the source of kernel $line"
		mkdir -p "$CACHE/source"
		if ! unpack_source "$CACHE/source/new-$line" "${SOURCE_PACKAGE[$line]}=$version"; then
			use_private_lists
			version=$(source_version "$line")
			dir=$CACHE/source/$line-$version
			unpack_source "$CACHE/source/new-$line" "${SOURCE_PACKAGE[$line]}=$version" ||
				die USAGE "could not download ${SOURCE_PACKAGE[$line]}=$version"
		fi
		rm -rf "$CACHE/source/$line-"*
		mv "$CACHE/source/new-$line" "$dir"
	fi
	drop_lock
	echo "$dir"
}
