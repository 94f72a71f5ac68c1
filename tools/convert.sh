#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# make convert M=DIR: moves a module that uses plain kmem_caches to objcache, by a
# semantic patch (tools/convert/kmem_cache.cocci, for spatch).
#
#   tools/convert.sh DIR   the sources in DIR itself, *.c and *.h, are written to
#
# All or nothing: if something of kmem_cache would be left (a constructor, bulk calls, a
# node, a user-copy window, SLAB_TYPESAFE_BY_RCU and the like), or a failure of create
# would not be noticed, it says where, and nothing is written. Shows the diff; what
# changes in meaning is in tools/doc/manual.md, "Moving over". Have the sources under version
# control.
#
# The last line is `convert: PASS ...` or `convert: FAIL CODE NAME: reason`; CODE is the
# exit status.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

work=$(own_folder)
export TMPDIR=$work
OBJCACHE_REASON=$work/reason
export OBJCACHE_REASON
# shellcheck disable=SC2317	# called from the trap
conclude() {
	local status=$1 word
	for word in "${!CODES[@]}"; do
		[ "$status" = 0 ] || [ "${CODES[$word]}" != "$status" ] ||
			echo "convert: FAIL $status $word: $(cat "$OBJCACHE_REASON" 2>/dev/null || echo "the script ended early")"
	done
	rm -rf "$work"
}
trap 'conclude $?' EXIT

case ${1:-} in
-h | --help) usage "$0" && exit ;;
'') die USAGE "M=: no folder with a module's sources was given" ;;
esac
folder=$1
[ -d "$folder" ] || die USAGE "M=$folder: no such folder"
cd "$folder"
mapfile -t files < <(grep -lE '\b(kmem_cache_[a-z_]+|KMEM_CACHE|struct kmem_cache)\b' -- *.[ch] 2>/dev/null | grep -v '\.mod\.c$')
[ ${#files[@]} -gt 0 ] || die USAGE "M=$folder: no *.c or *.h there uses kmem_cache"
for file in "${files[@]}"; do
	[ -w "$file" ] || die USAGE "M=$folder: $file: not to be written; nothing was"
done
"$here/deps.sh" convert

# What a plain cache has no counterpart of, before anything is changed.
readonly REFUSED='kmem_cache_(create_usercopy|alloc_node|alloc_lru|alloc_bulk|free_bulk|size|charge)|SLAB_(TYPESAFE_BY_RCU|ACCOUNT|PANIC|POISON|RED_ZONE)|mempool_(create|init)_slab_pool|kmem_cache_(alloc|zalloc)\([^;]*__GFP_ZERO'
if grep -nE "$REFUSED" -- "${files[@]}" >&2; then
	die FAILED "M=$folder: see above what objcache has no counterpart of; nothing was written"
fi

cp -- "${files[@]}" "$work"
(cd "$work" && spatch --very-quiet --in-place --no-show-diff --include-headers --sp-file "$here/convert/kmem_cache.cocci" "${files[@]}") \
	>"$work/log" 2>&1 || { cat "$work/log" >&2 && die FAILED "M=$folder: spatch failed"; }

# left: what is still of the slab, but for an include and comments on it.
if (cd "$work" && grep -nE '\b(kmem_cache_[a-z_]+ *\(|KMEM_CACHE *\(|struct kmem_cache\b)' -- "${files[@]}") >&2; then
	die FAILED "M=$folder: see above what is left of kmem_cache; nothing was written"
fi

# Each cache that is created is looked at afterwards.
for file in "${files[@]}"; do
	while read -r cache; do
		grep -qF "IS_ERR($cache)" "$work/$file" ||
			die FAILED "M=$folder: $file: nobody looks whether $cache could be created, and it is an ERR_PTR then; nothing was written"
	done < <(sed -nE 's/^[[:space:]]*(.*[^[:space:]])[[:space:]]*=[[:space:]]*(OBJCACHE|objcache_create_plain)\(.*/\1/p' "$work/$file")
	# Behind the last of the includes by <>.
	if ! grep -q '"objcache.h"' "$work/$file"; then
		at=$(grep -nE '^#include <' "$work/$file" | tail -n 1 | cut -d: -f1)
		sed -i "${at:-1}a #include \"objcache.h\"" "$work/$file"
	fi
done

for file in "${files[@]}"; do
	diff -u --label "a/$file" --label "b/$file" "$file" "$work/$file" || [ $? = 1 ]
done | tee "$work/diff"
for file in "${files[@]}"; do
	cat "$work/$file" >"$file"
done
grep -qs -- "-I.*objcache" Kbuild Makefile ||
	say "the Kbuild file in $folder needs the header: ccflags-y += -I$TOP/module"
echo "convert: PASS $(grep -c '^+[^+]' "$work/diff") lines added, $(grep -c '^-[^-]' "$work/diff") removed in: ${files[*]}"
