# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154	# here, OUT, SOURCE and FOLDER: clients.sh
# Converts a copy of a real user by a semantic patch, part by part, and builds it and
# its original. Sourced by clients.sh.

# What a client is made of, below the kernel's source; and which of it is converted.
declare -rA PARTS=(
	[objpool]='lib/test_objpool.c'
	[zram]='drivers/block/zram/*.[ch]'
	[crypt]='drivers/md/dm-crypt.c drivers/md/dm-audit.h'
	[squashfs]='fs/squashfs/*.[ch]'
)
declare -rA CONVERTED=(
	[objpool]=''
	[zram]='zcomp.h zcomp.c zram_drv.c'
	[crypt]='dm-crypt.c'
	[squashfs]='decompressor_multi.c'
)
# tree FOLDER FILE...: what is in them, as one word.
tree() { (cd "$1" && shift && cat "$@") | hash_of; }

# apply PATCH FOLDER FILE...: each part of it has to change something.
apply() {
	local patch=$1 folder=$2 part before
	shift 2
	rm -rf "$OUT/parts"
	mkdir "$OUT/parts"
	awk -v folder="$OUT/parts" '/^\/\/ part: / { out = sprintf("%s/%03d.cocci", folder, ++n) } out { print >out }' "$patch"
	for part in "$OUT"/parts/*.cocci; do
		before=$(tree "$folder" "$@")
		(cd "$folder" && spatch --very-quiet --in-place --no-show-diff --sp-file "$part" "$@") >"$part.log" 2>&1 ||
			{ cat "$part.log" >&2 && die FAILED "${patch##*/}: spatch failed in $(head -n 1 "$part")"; }
		[ "$before" != "$(tree "$folder" "$@")" ] ||
			{ grep -v '^warning: ' "$part.log" >&2 || die FAILED "${patch##*/}: matches nothing: $(head -n 1 "$part")"; }
	done
}

# nothing_left PATCH FOLDER FILE...: of what the patch says is gone.
nothing_left() {
	local patch=$1 folder=$2 word
	shift 2
	sed -n 's|^// gone: ||p' "$patch" | tr ' ' '\n' | while read -r word; do
		! (cd "$folder" && grep -n -- "$word" "$@" >&2) || die FAILED "${patch##*/}: $word is left"
	done
}

# count_lines CLIENT: what a reviewer would have to read.
count_lines() {
	local file folder=$OUT/$1
	for file in "$folder/converted"/*.[ch]; do
		[ "${file##*/}" != pairs.c ] || continue
		diff -u --label "a/${file##*/}" --label "b/${file##*/}" "$folder/original/${file##*/}" "$file" ||
			[ $? = 1 ]
	done >"$folder.diff"
	printf '+%s -%s\n' "$(grep -c '^+[^+]' "$folder.diff")" "$(grep -c '^-[^-]' "$folder.diff")" >"$folder.lines"
}

# kbuild_of CLIENT VARIANT: what makes its modules.
kbuild_of() {
	local pool
	# shellcheck disable=SC2016	# make expands it
	local include='ccflags-y := -I$(INCLUDE)'
	case $1 in
	objpool)
		[ "$2" = original ] || { cat "$here/clients/objpool/Kbuild" && return; }
		printf '%s\n' 'obj-m := test_objpool.o pairs.o' 'ccflags-y := -DPAIRS_OBJPOOL'
		;;
	crypt)
		pool=MEMPOOL
		[ "$2" = original ] || pool=OBJCACHE
		printf '%s\n' 'obj-m := dm-crypt.o pairs.o' "$include -DPAIRS_$pool"
		;;
	zram)
		# Which Debian leaves out.
		echo "$include -DCONFIG_ZRAM_MULTI_COMP=1"
		cat "$SOURCE/drivers/block/zram/Makefile"
		;;
	squashfs)
		echo "$include"
		# Debian chooses MULTI_PERCPU.
		printf '%s\n' 'ccflags-y += -DCONFIG_SQUASHFS_DECOMP_MULTI=1' \
			'CONFIG_SQUASHFS_DECOMP_MULTI := y' 'CONFIG_SQUASHFS_DECOMP_MULTI_PERCPU :='
		cat "$SOURCE/fs/squashfs/Makefile"
		;;
	esac
}

# convert_client CLIENT: leaves $OUT/CLIENT/original and converted, built.
convert_client() {
	local client=$1 folder=$OUT/$1 variant
	local -a files
	say "== $client: converting and building"
	mkdir -p "$folder"/{original,converted}
	for variant in original converted; do
		# shellcheck disable=SC2086	# patterns
		(cd "$SOURCE" && cp ${PARTS[$client]} "$folder/$variant")
		cp "$here/clients/pairs.c" "$folder/$variant"
		kbuild_of "$client" "$variant" >"$folder/$variant/Kbuild"
	done
	read -ra files <<<"${CONVERTED[$client]}"
	if [ "$client" = objpool ]; then
		cp "$here"/clients/objpool/*.[ch] "$folder/converted"
		echo "+0 -0" >"$folder.lines"
	else
		apply "$here/clients/$client.cocci" "$folder/converted" "${files[@]}"
		nothing_left "$here/clients/$client.cocci" "$folder/converted" "${files[@]}"
		# What the self-test plants.
		[ -z "${OBJCACHE_PLANT:-}" ] || apply "$OBJCACHE_PLANT" "$folder/converted" "${files[@]}"
		count_lines "$client"
	fi
	for variant in original converted; do
		# shellcheck disable=SC2153	# not folder
		make -s -j"$(nproc)" -C "$TOP" KDIR="$FOLDER/build" M="$folder/$variant" INCLUDE="$TOP/module" \
			KCFLAGS=-Werror modules >&2 || die FAILED "$client, $variant: does not build"
	done
}
