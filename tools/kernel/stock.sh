# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Debian's own kernels, unpacked into the cache. Sourced by kernel.sh.

# What KERNEL= names: the metapackages of an image and its headers.
declare -A STOCK_PACKAGES=(
	[6.1]="linux-image-cloud-amd64 linux-headers-cloud-amd64"
	[6.12]="linux-image-6.12-cloud-amd64 linux-headers-6.12-cloud-amd64"
	[6.12-rt]="linux-image-6.12-rt-amd64 linux-headers-6.12-rt-amd64"
)

# Part of the key: raise it when unpack_stock changes what it makes.
readonly STOCK_LAYOUT=3

# unpack_stock FOLDER: fetches RESOLVED, lays it out.
unpack_stock() {
	local dir=$1 root=$1/root image release headers
	rm -rf "$dir"
	# shellcheck disable=SC2086	# one word per package
	if ! fetch_into "$root" $RESOLVED; then
		return 1
	fi
	image=$(echo "$root"/boot/vmlinuz-*)
	[ -f "$image" ] || die USAGE "no /boot/vmlinuz-* in: $RESOLVED"
	release=${image##*/vmlinuz-}
	headers=$root/usr/src/linux-headers-$release
	[ -f "$headers/Makefile" ] || die USAGE "no headers of $release in: $RESOLVED"
	# It includes the Makefile of the common headers by an absolute path.
	# shellcheck disable=SC2016	# expanded by make
	sed -i 's|^include /usr/src/|include $(dir $(lastword $(MAKEFILE_LIST)))../|' \
		"$headers/Makefile"
	# With it there, a module build would want pahole, for type data nobody reads.
	rm -f "$headers/vmlinux"
	# What installing the image would do: without it nobody knows what a module needs.
	PATH=$PATH:/sbin depmod -b "$root" "$release" || die USAGE "depmod failed; it is in the package kmod"
	ln -s "root/boot/vmlinuz-$release" "$dir/vmlinuz"
	ln -s "root/usr/src/linux-headers-$release" "$dir/build"
	echo "$RESOLVED" >"$dir/packages"
	echo "$release" >"$dir/release"
}

# stock_kernel LINE: prints the folder.
stock_kernel() {
	local line=$1 dir
	local -a metas
	read -ra metas <<<"${STOCK_PACKAGES[$line]}"
	resolve "${metas[@]}"
	take_lock "$CACHE/lock-stock-$line"
	dir=$CACHE/stock/$line-$(hash_of <<<"$STOCK_LAYOUT $RESOLVED")
	if [ ! -f "$dir/release" ]; then
		want_space "$CACHE" 800 "unpacking kernel $line"
		mkdir -p "$CACHE/stock"
		if ! unpack_stock "$CACHE/stock/new-$line"; then
			# The lists name a version that the archive no longer has.
			use_private_lists
			resolve "${metas[@]}"
			dir=$CACHE/stock/$line-$(hash_of <<<"$STOCK_LAYOUT $RESOLVED")
			unpack_stock "$CACHE/stock/new-$line" ||
				die USAGE "could not download: $RESOLVED"
		fi
		# Older ones of this line: the key is 12 digits, and 6.12-rt another line.
		rm -rf "$CACHE/stock/$line-"????????????
		mv "$CACHE/stock/new-$line" "$dir"
	fi
	drop_lock
	echo "$dir"
}
