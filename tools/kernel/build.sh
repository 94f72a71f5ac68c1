# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Kernels built for tests, from Debian's source: tinyconfig plus the fragments
# base.config, arch-ARCH.config and FLAVOR.config beside this file; uml, which runs
# as a program, has uml.config alone. Sourced by kernel.sh.

# Flavours, and how many steps the build of each takes: for the estimate only.
declare -A BUILD_STEPS=([debug]=1800 [plain]=1600 [kcsan]=1650 [rt]=1600 [bench]=1700 [uml]=1000)

FRAGMENTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# What make leaves, and what the compiler's name begins with.
declare -A IMAGE=([x86]=arch/x86/boot/bzImage [arm64]=arch/arm64/boot/Image [um]=linux)
declare -A CROSS=([x86]='' [arm64]=aarch64-linux-gnu- [um]='')

# fragments_of FLAVOR: of $ARCH.
fragments_of() {
	[ "$ARCH" = um ] || printf '%s\n' "$FRAGMENTS/base.config" "$FRAGMENTS/arch-$ARCH.config"
	echo "$FRAGMENTS/$1.config"
}

# The group of tools/deps.sh that brings the compiler.
declare -A GROUP=([x86]=test [arm64]=arm64 [um]=test)

# build_key VERSION FLAVOR: all that the result depends on. Of this file only what
# makes it: mending a message must not build every kernel again.
build_key() {
	{
		echo "$1 $2 $ARCH ${IMAGE[$ARCH]}"
		"${CROSS_COMPILE}gcc" --version
		"${CROSS_COMPILE}ld" --version
		declare -f configure prune
		fragments_of "$2" | xargs cat
	} | hash_of
}

# check_config CONFIG FRAGMENT...: what kconfig dropped would be a detector that
# silently is not there. Of a symbol that several fragments set, the last one counts.
check_config() {
	local config=$1 want bad=()
	shift
	while read -r want; do
		case $want in
		CONFIG_*=n) want="# ${want%=n} is not set" ;;
		esac
		case $want in
		"# CONFIG_"*) ! grep -q "^$(cut -d' ' -f2 <<<"$want")=" "$config" || bad+=("$want") ;;
		CONFIG_*) grep -qxF "$want" "$config" || bad+=("$want") ;;
		esac
	done < <(awk '/^(# )?CONFIG_/ { split($0, word, /[ =]/); said[word[1] == "#" ? word[2] : word[1]] = $0 }
		END { for (symbol in said) print said[symbol] }' "$@")
	[ ${#bad[@]} = 0 ] || die USAGE "kconfig did not take: $(printf '%s; ' "${bad[@]}")"
}

# configure SOURCE OUT FLAVOR KEY
configure() {
	local source=$1 out=$2 flavor=$3
	printf 'CONFIG_LOCALVERSION="-objcache-%s-%s"\n' "$flavor" "${4:0:4}" >"$out/local.config"
	make -s -C "$source" O="$out" tinyconfig >"$out/config.log" 2>&1 ||
		{ cat "$out/config.log" >&2 && die USAGE "make tinyconfig failed"; }
	local -a fragments
	mapfile -t fragments < <(fragments_of "$flavor")
	fragments+=("$out/local.config")
	(cd "$out" && "$source/scripts/kconfig/merge_config.sh" -O "$out" "$out/.config" \
		"${fragments[@]}" >>"$out/config.log" 2>&1) ||
		{ cat "$out/config.log" >&2 && die USAGE "merging the config failed"; }
	check_config "$out/.config" "${fragments[@]}"
}

# prune OUT: what a module build does not need.
prune() {
	find "$1" \( -name '*.o' -o -name '*.a' -o -name '.*.cmd' -o -name 'vmlinux*' \
		-o -name '.tmp_*' -o -name 'bzImage' -o -name 'Image*' -o -name linux \) ! -type d -delete
}

# build_kernel SOURCE FOLDER FLAVOR KEY: in the place where it stays, because the
# Makefile that kbuild leaves there names it.
build_kernel() {
	local source=$1 dir=$2 flavor=$3 out=$2/build
	unless_cached_only
	rm -rf "${dir%-*}"-*
	mkdir -p "$out"
	say "configuring kernel, flavor $flavor"
	configure "$source" "$out" "$flavor" "$4"
	say "building kernel, flavor $flavor, with $(nproc) jobs; log: $dir/build.log"
	if ! make -C "$source" O="$out" -j"$(nproc)" all 2>&1 |
		python3 "$FRAGMENTS/progress.py" "${BUILD_STEPS[$flavor]}" "$dir/build.log"; then
		grep -B5 -A10 -m1 -E 'error:|Error [0-9]' "$dir/build.log" >&2 || tail -20 "$dir/build.log" >&2
		die USAGE "the kernel build failed: $dir/build.log"
	fi
	cp "$out/${IMAGE[$ARCH]}" "$dir/vmlinuz"
	prune "$out"
	echo "$ARCH" >"$dir/arch"
}

# test_kernel LINE FLAVOR: prints the folder.
test_kernel() {
	local line=$1 flavor=$2 version source key dir
	export ARCH=x86 CROSS_COMPILE
	[[ $line != *-arm64 ]] || ARCH=arm64
	[ "$flavor" != uml ] || ARCH=um
	CROSS_COMPILE=${CROSS[$ARCH]}
	command -v "${CROSS_COMPILE}gcc" >/dev/null ||
		die USAGE "${CROSS_COMPILE}gcc: no such program; run: tools/deps.sh ${GROUP[$ARCH]}"
	version=$(source_version "$line")
	key=$(build_key "$version" "$flavor")
	dir=$CACHE/test/$line-$flavor-$key
	source=$(kernel_source "$line")
	take_lock "$CACHE/lock-test-$line-$flavor"
	if [ ! -f "$dir/release" ]; then
		want_space "$CACHE" 3000 "building kernel $line, flavor $flavor"
		build_kernel "$source" "$dir" "$flavor" "$key"
		[ "$ARCH" = x86 ] || foreign_busybox "$ARCH" "$dir"
		# Last: a folder without it was not built to the end.
		cp "$dir/build/include/config/kernel.release" "$dir/release"
	fi
	drop_lock
	echo "$dir"
}
