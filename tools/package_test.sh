#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# make deb-test: do the packages of make deb install, work, survive and go?
#
# A clean Debian root is made by debootstrap, once, and kept in the cache folder. In a
# copy of it: the packages are installed beside 6.1's headers, for which DKMS builds them;
# upgraded to another version; then 6.12's headers come, as with an upgrade of the kernel.
# What is not supported is refused and named. That root is booted with both kernels: in it
# modprobe loads the module and its example, and the packages are purged, with nothing
# left. Needs root, for the chroot.
#
# Outputs are under build/deb-test/. The last line is `deb-test: PASS ...` or
# `deb-test: FAIL CODE NAME: reason`; CODE is the exit status.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
only_help "$@"
. "$here/leg.sh"
. "$here/kernel/packages.sh"

# shellcheck disable=SC2317,SC2154	# called from the trap in leg.sh, which sets verdict
conclude() {
	case $verdict in
	"0 "*) echo "deb-test: PASS ${verdict#*: }" ;;
	*) echo "deb-test: FAIL $verdict" ;;
	esac
}

# So that DKMS and a compiler are not fetched each time; and what installs packages.
readonly INCLUDE=kmod,dkms,gcc-12,make,ca-certificates

# in_root COMMAND...: in a name space of its own, so that nothing stays mounted.
in_root() {
	# shellcheck disable=SC2016	# expanded by that bash
	unshare --mount --pid --fork bash -c 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" &&
		exec env -i ${http_proxy:+"http_proxy=$http_proxy"} PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/root DEBIAN_FRONTEND=noninteractive \
			chroot "$0" "$@"' "$root" "$@"
}

# want WHAT COMMAND...
want() {
	local what=$1
	shift
	echo "  $what"
	"$@" >"$OUT/step.log" 2>&1 || { tail -30 "$OUT/step.log" >&2 && die FAILED "$what: not so"; }
}

# refused STATUS TEXT COMMAND...: that fails so, and says that.
refused() {
	local status=0
	"${@:3}" >"$OUT/step.log" 2>&1 || status=$?
	[ $status = "$1" ] || { echo "status $status" && return 1; }
	tr '\n' ' ' <"$OUT/step.log" | grep -F -- "$2"
}

# make_root: the clean one, from the cache or else made; then a copy in $root.
make_root() {
	local codename sources mirror key archive
	codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
	# shellcheck disable=SC2016	# expanded by apt
	sources=$(apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' \
		"Codename: $codename" 'Component: main'; apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' "Codename: $codename-security" 'Component: main')
	mirror=$(head -n 1 <<<"$sources" | cut -d' ' -f2)
	key=$(hash_of <<<"$codename $INCLUDE")
	archive=$CACHE/root/$codename-$key.tar
	take_lock "$CACHE/lock-root"
	if [ ! -f "$archive" ]; then
		want_space "$CACHE" 1500 "a Debian root"
		rm -rf "$CACHE/root"
		mkdir -p "$CACHE/root"
		say "making a Debian root; log: build/deb-test/debootstrap.log"
		debootstrap --variant=minbase --include="$INCLUDE" "$codename" "$root" ${mirror:+"$mirror"} \
			>"$OUT/debootstrap.log" 2>&1 ||
			{ tail -5 "$OUT/debootstrap.log" >&2 && die USAGE "debootstrap failed: build/deb-test/debootstrap.log"; }
		echo "$sources" >"$root/etc/apt/sources.list"
		rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
		tar -C "$root" -cf "$archive.new" .
		mv "$archive.new" "$archive"
	else
		mkdir "$root"
		tar -C "$root" -xf "$archive"
	fi
	drop_lock
	# What an initramfs takes, which nobody boots.
	mkdir -p "$root/etc/initramfs-tools"
	echo update_initramfs=no >"$root/etc/initramfs-tools/update-initramfs.conf"
	cp /etc/resolv.conf "$root/etc/"
	apt_in_root update || die USAGE "apt-get update failed in the new root: is there a network?"
}

# apt_in_root COMMAND...: from the archive that this machine has its packages of.
apt_in_root() { in_root apt-get -qq -y --no-install-recommends -o APT::Sandbox::User=root \
	-o Dpkg::Options::=--force-confold "$@"; }

# release_of LINE: of Debian's own kernel in the cache, which is what is booted.
release_of() { cat "$("$here/kernel.sh" stock "$1")/release"; }

# headers RELEASE: the package, in the version of that kernel.
headers() { apt_in_root install "$(grep "^linux-headers-$1=" "$CACHE"/stock/*/packages -h | head -n 1)"; }

# packages VERSION: built, and put into $root/debs/VERSION.
packages() {
	VERSION=$1 "$here/deb.sh" >&2 || die FAILED "make deb failed"
	mkdir -p "$root/debs/$1"
	cp "$TOP"/build/deb/*.deb "$root/debs/$1/"
}

install() { in_root sh -c "apt-get -qq -y --no-install-recommends -o APT::Sandbox::User=root install /debs/$1/*.deb"; }

# built_for RELEASE: both modules, installed by dkms, with the compiler of that kernel.
built_for() {
	local status file
	status=$(in_root dkms status)
	echo "$status"
	for module in objcache objcache-example; do
		grep -q "^$module/.*, $1, x86_64: installed" <<<"$status" || return 1
	done
	# The compiler says who it is in each object. Where the kernel's own modules are
	# compressed, so are these.
	file=$(echo "$root/lib/modules/$1/updates/dkms/objcache.ko"*)
	if [[ $file = *.xz ]]; then
		xz -dc "$file" >"$OUT/objcache.ko"
	else
		cp "$file" "$OUT/objcache.ko"
	fi
	readelf -p .comment "$OUT/objcache.ko" | grep 'GCC.* 12\.'
}

# without_packages: from a checkout, and away again.
without_packages() {
	in_root make -C /checkout dkms-install VERSION=0.1 RELEASE="$old" &&
		in_root dkms status | grep -q "^objcache/0.1, $old, x86_64: installed" &&
		in_root dkms remove objcache/0.1 --all && rm -r "$root/usr/src/objcache-0.1" "$root/checkout" || return 1
	! find "$root" -xdev -name '*objcache*' ! -path "$root/debs/*" | grep .
}

# unsupported: a kernel that is too old is skipped by dkms, and named by the build itself.
unsupported() {
	local kdir=$root/lib/modules/5.10.0-old/build version=$1
	mkdir -p "$kdir/include/generated"
	echo '#define UTS_RELEASE "5.10.0-old"' >"$kdir/include/generated/utsrelease.h"
	refused 77 'does not match this kernel/arch/config' in_root dkms build -m objcache -v "$version" -k 5.10.0-old &&
		refused 1 'Linux 5.10.0-old is not supported; the oldest that is is 6.1' \
			in_root "/usr/src/objcache-$version/dkms-build.sh" /lib/modules/5.10.0-old/build &&
		refused 1 'there is no objcache for kernel 5.10.0-old' in_root objcache-config --symvers 5.10.0-old
	local status=$?
	rm -r "$root/lib/modules/5.10.0-old"
	return $status
}

# guest KERNEL SCRIPT: the root, booted.
guest() {
	SCRIPT=$here/package/$2 FILES=$here/package/guest-load.sh DISK=$OUT/root.ext4 KERNEL=$1 "$here/guest.sh" || die FAILED "KERNEL=$1: see above"
}

"$here/deps.sh" deb-test guest
[ "$(id -u)" = 0 ] || die USAGE "this takes root, for debootstrap and chroot"
version=$(cd "$TOP" && git rev-list --count HEAD)
start_leg deb-test
root=$OUT/root
want_space "$OUT" 4000 "a Debian root and its image"
make_root
old=$(release_of 6.1)
new=$(release_of 6.12)
mkdir "$root/checkout"
(cd "$TOP" && cp -r Makefile Kbuild module tools "$root/checkout/")
packages "0.$version~old"
packages "0.$version"
echo "in a clean Debian root:"
want "the headers of $old" headers "$old"
want "make dkms-install builds it, and dkms takes it away" without_packages
want "objcache 0.$version~old is installed" install "0.$version~old"
want "DKMS has built it, and the example without its source" built_for "$old"
want "upgraded to 0.$version" install "0.$version"
want "DKMS has built that" built_for "$old"
want "nothing of the old one is left" sh -c "! ls -d '$root'/usr/src/objcache*old '$root'/var/lib/dkms/objcache*/*old"
want "a new kernel comes: $new" headers "$new"
want "DKMS has built both for it, objcache first" built_for "$new"
want "what is not supported is refused" unsupported "0.$version"
mkdir "$OUT/vm"
rm -r "$root"/debs "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
/sbin/mke2fs -q -t ext4 -d "$root" "$OUT/root.ext4" 3G
rm -r "$root"
guest 6.1 guest-load.sh
guest 6.12 guest-purge.sh
rm "$OUT/root.ext4"
echo "0 PASS: installed, upgraded, loaded on $old and $new, purged, nothing left" >"$OUT/vm/verdict"
