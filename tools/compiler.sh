#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Prints what make needs to be told to use the compiler that a kernel was built by:
# LLVM=1, CC=gcc-12 and the like, or nothing where kbuild's own choice is that one.
#
#   tools/compiler.sh KDIR    called by the Makefile, with CROSS_COMPILE in the environment
#
# Exits with 2 and one line, which names the packages, if that compiler is not there.
# A compiler of another major version is not the same: it does not know all of the
# kernel's options, or their names have another meaning.

set -eu
config=$1/include/config/auto.conf
cross=${CROSS_COMPILE:-}

# setting NAME: of the kernel's configuration.
setting() { sed -n "s/^CONFIG_$1=//p" "$config" | tr -d '"'; }

is_there() { command -v "$1" >/dev/null; }

# is_version PROGRAM MAJOR
is_version() {
	is_there "$1" && case $("$1" -dumpversion) in
	"$2" | "$2".*) ;;
	*) return 1 ;;
	esac
}

# missing COMPILER PACKAGE...
missing() {
	echo "objcache: the kernel in $kdir was built by $1, which is not here:" \
		"install $2, or give CC= or LLVM=" >&2
	exit 2
}

# The name that a distribution gives one of several: in the configuration, too.
choose_gcc() {
	major=$(($(setting GCC_VERSION) / 10000))
	! is_version "${cross}gcc" $major || return 0
	named=$(setting CC_VERSION_TEXT)
	case $named in
	"$cross"*) named=${named%% *} ;;
	*) named='' ;;
	esac
	for name in "${cross}gcc-$major" "$named"; do
		if is_version "$name" $major; then
			echo "CC=$name"
			return
		fi
	done
	missing "gcc $major" "gcc-$major$(suffix_of "$cross")"
}

# suffix_of PREFIX: aarch64-linux-gnu- as Debian's packages end.
suffix_of() { [ -z "$1" ] || echo "-${1%-}"; }

# llvm_tools: besides clang. With another linker than LLVM's, clang alone is told.
llvm_tools() { [ -z "$(setting LD_IS_LLD)" ] || echo "ld.lld llvm-ar llvm-nm llvm-objcopy"; }

# is_complete SUFFIX
is_complete() {
	is_version "clang$1" $major || return 1
	for tool in $(llvm_tools); do
		is_there "$tool$1" || return 1
	done
}

choose_clang() {
	major=$(($(setting CLANG_VERSION) / 10000))
	for suffix in '' "-$major"; do
		is_complete "$suffix" || continue
		if [ -n "$(llvm_tools)" ]; then
			echo "LLVM=${suffix:-1}"
		else
			echo "CC=clang$suffix"
		fi
		return
	done
	[ -n "$(llvm_tools)" ] || missing "clang $major" "clang-$major"
	missing "clang $major and lld" "clang-$major, lld-$major and llvm-$major"
}

kdir=$1
if [ ! -f "$config" ]; then
	echo "objcache: no $config: that kernel is not prepared for modules" >&2
	exit 2
elif [ -n "$(setting CC_IS_CLANG)" ]; then
	choose_clang
elif [ -n "$(setting CC_IS_GCC)" ]; then
	choose_gcc
fi
