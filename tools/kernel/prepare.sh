# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A kernel configured by clang and prepared for modules, but not built: to compile
# against, not to boot. Half a minute where a kernel takes ten. Sourced by kernel.sh.

# What tools/deps.sh clang brings.
readonly CLANG=14

# prepare_kernel SOURCE FOLDER KEY
prepare_kernel() {
	local source=$1 out=$2/build
	unless_cached_only
	rm -rf "${2%-*}"-*
	mkdir -p "$out"
	say "preparing the kernel for modules, with clang $CLANG; log: $2/build.log"
	configure "$source" "$out" plain "$3"
	make -C "$source" O="$out" -j"$(nproc)" modules_prepare >"$2/build.log" 2>&1 ||
		{ tail -20 "$2/build.log" >&2 && die USAGE "make modules_prepare failed: $2/build.log"; }
	# Of a kernel that was built, what it exports.
	: >"$out/Module.symvers"
}

# clang_kernel LINE: prints the folder.
clang_kernel() {
	local line=$1 version source key dir
	command -v "clang-$CLANG" >/dev/null || die USAGE "clang-$CLANG: no such program; run: tools/deps.sh clang"
	# kbuild and kconfig take these from the environment.
	export ARCH=x86 LLVM=-$CLANG
	version=$(source_version "$line")
	key=$({
		echo "$version" && "clang-$CLANG" --version
		declare -f configure prepare_kernel
		fragments_of plain | xargs cat
	} | hash_of)
	dir=$CACHE/prepared/$line-clang-$key
	source=$(kernel_source "$line")
	take_lock "$CACHE/lock-prepared-$line"
	if [ ! -f "$dir/release" ]; then
		want_space "$CACHE" 300 "preparing kernel $line"
		prepare_kernel "$source" "$dir" "$key"
		# Last: a folder without it was not prepared to the end.
		cp "$dir/build/include/config/kernel.release" "$dir/release"
	fi
	drop_lock
	echo "$dir"
}
