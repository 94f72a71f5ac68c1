#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Builds where others have tripped; the self-test looks at the last line.
#
#   tools/build_test.sh paths       a checkout in a folder that kbuild cannot have
#   tools/build_test.sh variables   make told such a path, or to write where it should not
#   tools/build_test.sh ignored     a checkout that an outer git repository ignores
#   tools/build_test.sh compiler    kernels of compilers that are there, or are not
#   tools/build_test.sh gcc         a test kernel on a machine without gcc

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/expect.sh"

# checkout FOLDER: a copy of this one there.
checkout() {
	mkdir -p "$1"
	cp -r "$TOP"/{Kbuild,Makefile,module,kunit,tools} "$1"
}

stock_headers() { echo "$("$here/kernel.sh" stock 6.12)/build"; }

# Beside it the folder that an unquoted path would be taken for, with a link of
# somebody else's that leads nowhere.
case_paths() {
	local headers name folder
	headers=$(stock_headers)
	mkdir "$work/a"
	ln -s nowhere "$work/a/link"
	for name in 'a b' 'a:b' $'a\tb' "a'b" a\$b 'a&b' 'a#b' 'a,b' 'a)b' 'a[b'; do
		folder=$work/$name/objcache
		checkout "$folder"
		expect 2 "CURDIR=$folder: no path that kbuild can have" make -C "$folder" "KDIR=$headers"
		expect 2 "run: FAIL 2 USAGE: TOP=$folder: no path that kbuild" "$folder/tools/run.sh"
		expect 2 "TOP=$folder: no path that kbuild" "$folder/tools/kernel.sh" stock 6.12
		expect 2 "TOP=$folder: no path that kbuild" "$folder/tools/check.sh"
		expect 2 "TOP=$folder: no path that kbuild" "$folder/tools/matrix.sh"
		[ -L "$work/a/link" ] || wrong "the link beside '$name' is gone"
		[ -z "$(ls -A "$folder/build")" ] || wrong "'$name' has been built in"
		rm -r "${work:?}/$name"
	done
	expect 2 "CACHE=$work/a b/objcache: no path that kbuild" \
		env "XDG_CACHE_HOME=$work/a b" "$here/kernel.sh" stock 6.12
	[ "$(ls "$work")" = "a"$'\n'"log" ] || wrong "something was made in $work: $(ls "$work")"
}

case_variables() {
	local folder=$work/objcache name
	checkout "$folder"
	mkdir -p "$work/a/cli" "$work/a/client"
	touch "$work/a/cli/mine" "$work/a/client/mine"
	for name in KDIR M DESTDIR INSTALL_MOD_PATH; do
		expect 2 "$name=$work/a b: no path that kbuild" make -C "$folder" "$name=$work/a b" modules
		expect 2 "$name=$work/a:b: no path that kbuild" make -C "$folder" "$name=$work/a:b" install
	done
	expect 2 "O=$work/a: not taken" make -C "$folder" "O=$work/a"
	# It is the kernel's own Makefile that would be told.
	kernel_by 'gcc (Debian 12.2.0-14) 12.2.0'
	printf '%%:\n\ttouch told\n' >"$work/kernel/Makefile"
	for name in clean modules modules_install install all convert; do
		expect 2 "M=: no folder" make -C "$folder" "KDIR=$work/kernel" M= "$name"
	done
	[ ! -e "$work/kernel/told" ] || wrong "make M= has gone to the kernel"
	for name in cli client; do
		expect 2 "O=$work/a b: one path" make -C "$folder/tools/$name" "O=$work/a b" clean
		expect 2 "O=: one path" make -C "$folder/tools/$name" O= clean
		expect 0 "rm -f" make -C "$folder/tools/$name" "O=$work/a" clean
		[ -f "$work/a/$name/mine" ] || wrong "clean has removed what was not its own"
	done
}

# With what a build in place leaves, which must not be taken for sources.
case_ignored() {
	local folder=$work/outer/objcache headers release
	headers=$(stock_headers)
	release=$(cat "${headers%/build}/release")
	checkout "$folder"
	git -C "$work/outer" init -q
	echo /objcache/ >"$work/outer/.gitignore"
	touch "$folder/module/objcache.mod.c" "$folder/module/stale.o"
	expect 0 '' make -s -C "$folder" "KDIR=$headers" TESTS=n modules
	[ -f "$folder/build/$release/module/objcache.ko" ] || wrong "no objcache.ko was built"
	[ ! -e "$folder/build/$release/module/stale.o" ] || wrong "an object was taken for a source"
	[ ! -L "$folder/build/$release/module/objcache.mod.c" ] || wrong "what modpost made was taken for a source"
}

# program NAME VERSION: a compiler of that version, in $work/bin.
program() {
	printf '#!/bin/sh\necho %s\n' "$2" >"$work/bin/$1"
	chmod +x "$work/bin/$1"
}

# kernel_by TEXT SETTING...: headers of a kernel that was built so.
kernel_by() {
	mkdir -p "$work/kernel/include/config" "$work/kernel/include/generated"
	echo '#define UTS_RELEASE "1.0"' >"$work/kernel/include/generated/utsrelease.h"
	printf 'CONFIG_CC_VERSION_TEXT="%s"\n' "$1" >"$work/kernel/include/config/auto.conf"
	printf 'CONFIG_%s\n' "${@:2}" >>"$work/kernel/include/config/auto.conf"
}

# chosen WORDS, not_there WORDS: what compiler.sh, and make, say with $work/bin alone.
chosen() { expect 0 "$1" env "PATH=$work/bin" "$here/compiler.sh" "$work/kernel"; }
not_there() {
	expect 2 "objcache: the kernel in $work/kernel was built by $1" env "PATH=$work/bin" \
		make -s -C "$work/objcache" "KDIR=$work/kernel" modules
	[ "$(grep -vc '^make' "$work/log")" = 1 ] || wrong "more than one line"
}

case_compiler() {
	local tool
	checkout "$work/objcache"
	mkdir "$work/bin"
	for tool in sh sed tr make find ln mkdir env uname; do
		ln -s "$(command -v "$tool")" "$work/bin"
	done
	kernel_by 'gcc (Debian 12.2.0-14) 12.2.0' CC_IS_GCC=y GCC_VERSION=120200
	not_there 'gcc 12, which is not here: install gcc-12, or give CC='
	program gcc 13
	not_there 'gcc 12, which is not here: install gcc-12'
	program gcc-12 12
	chosen CC=gcc-12
	program gcc 12
	chosen ''
	[ ! -s "$work/log" ] || wrong "kbuild's own choice was right"
	kernel_by 'odd-gcc-11 (GCC) 11.1.0' CC_IS_GCC=y GCC_VERSION=110100
	program odd-gcc-11 11.1.0
	chosen CC=odd-gcc-11
	kernel_by 'Debian clang version 14.0.6' CC_IS_CLANG=y CLANG_VERSION=140006 LD_IS_LLD=y
	not_there 'clang 14 and lld, which is not here: install clang-14, lld-14 and llvm-14'
	program clang 15.0.1
	program clang-14 14.0.6
	not_there 'clang 14 and lld, which is not here'
	for tool in ld.lld llvm-ar llvm-nm llvm-objcopy; do
		program $tool-14 14
	done
	chosen LLVM=-14
	program clang 14.0.6
	for tool in ld.lld llvm-ar llvm-nm llvm-objcopy; do
		program $tool 14
	done
	chosen LLVM=1
	kernel_by 'Debian clang version 14.0.6' CC_IS_CLANG=y CLANG_VERSION=140006 LD_IS_BFD=y
	chosen CC=clang
}

# The line that it says has to be run can be run.
case_gcc() {
	mkdir "$work/bin"
	find /usr/bin -maxdepth 1 ! -name '*gcc*' -exec ln -s -t "$work/bin" {} +
	expect 2 'gcc: no such program; run: tools/deps.sh test' env "PATH=$work/bin" "$here/kernel.sh" test 6.12 plain
	expect 0 gcc-12 "$here/deps.sh" --list test
}

case ${1:-} in
paths | variables | ignored | compiler | gcc) "case_$1" ;;
*) usage "$0" && exit 2 ;;
esac
echo "build_test: PASS $1"
