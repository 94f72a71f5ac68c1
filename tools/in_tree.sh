#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# make in-tree: writes objcache into a kernel tree, as a part of that kernel.
#
#   LINUX=DIR                      the tree: source of 6.1 or later
#   MAINTAINER='NAME <ADDRESS>'    for its MAINTAINERS file (who made the last commit here)
#
# It becomes lib/objcache/ (with its KUnit suites in tests/), include/linux/objcache.h,
# include/uapi/linux/objcache.h, Documentation/core-api/objcache.rst and
# Documentation/litmus-tests/objcache/, from the same sources as the module; and a line or
# an entry in lib/Kconfig, lib/Makefile, MAINTAINERS, Documentation/core-api/index.rst and
# Documentation/userspace-api/ioctl/ioctl-number.rst. What differs between kernels is
# decided for this one: no test of a version is left. Called again it changes what has
# changed here, and nothing else. Then, there:
#
#   tools/testing/kunit/kunit.py run --kunitconfig=lib/objcache
#
# Exit status: 0, or 2 if that is no kernel tree.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
only_help "$@"

# What decides which name goes where; of includes, and of what is named in text.
readonly NAMES='
	s|"(\.\./)*(module/)?objcache\.h"|<linux/objcache.h>|
	s|"(\.\./)*(module/)?objcache_uapi\.h"|<uapi/linux/objcache.h>|
	s#\b(module/)?objcache_uapi\.h\b#uapi/linux/objcache.h#g
	s#(kernel-doc:: )(uapi/)#\1include/\2#
	s|\.\./module/|../|g
	s|\bmodule/objcache\.h\b|include/linux/objcache.h|g
	s|\bmodule/Kbuild\b|lib/objcache/Makefile|g
	s|\btools/litmus/|Documentation/litmus-tests/objcache/|g
	s|\b_OBJCACHE_H\b|_LINUX_OBJCACHE_H|
	s|\b_OBJCACHE_UAPI_H\b|_UAPI_LINUX_OBJCACHE_H|
	/^!\[.*\]\(.*\.svg\)$/,/^$/d
	s|^(#define TRACE_INCLUDE_PATH) \.$|\1 ../../lib/objcache/core|'

# number MAJOR MINOR PATCH: as KERNEL_VERSION() makes it.
number() { echo $((($1 << 16) + ($2 << 8) + ($3 > 255 ? 255 : $3))); }

# read_tree: LINUX; sets VERSION to its number.
read_tree() {
	local major minor patch
	[ -n "${LINUX:-}" ] || die USAGE "LINUX=: no kernel tree was given; see tools/in_tree.sh --help"
	[ -d "$LINUX" ] || die USAGE "LINUX=$LINUX: no such folder"
	LINUX=$(cd "$LINUX" && pwd)
	for file in Makefile Kbuild MAINTAINERS lib/Kconfig lib/Makefile include/linux/slab.h \
		include/uapi/linux/errno.h Documentation/core-api/index.rst; do
		[ -f "$LINUX/$file" ] || die USAGE "LINUX=$LINUX: no kernel's source tree: there is no $file"
	done
	major=$(sed -n 's/^VERSION = //p' "$LINUX/Makefile")
	minor=$(sed -n 's/^PATCHLEVEL = //p' "$LINUX/Makefile")
	patch=$(sed -n 's/^SUBLEVEL = //p' "$LINUX/Makefile")
	[[ $major.$minor.$patch =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] ||
		die USAGE "LINUX=$LINUX: its Makefile names no version"
	VERSION=$(number "$major" "$minor" "$patch")
	[ "$VERSION" -ge "$(number 6 1 0)" ] || die USAGE "LINUX=$LINUX: $major.$minor; the oldest supported is 6.1"
	[ ! -e "$LINUX/lib/objcache" ] || grep -q '^config OBJCACHE$' "$LINUX/lib/objcache/Kconfig" 2>/dev/null ||
		die USAGE "LINUX=$LINUX: its lib/objcache is something else"
	[ -w "$LINUX/lib" ] || die USAGE "LINUX=$LINUX: not to be written to"
}

# read_maintainer: MAINTAINER.
read_maintainer() {
	MAINTAINER=${MAINTAINER:-$(git -C "$TOP" log -1 --format='%an <%ae>' 2>/dev/null)} || MAINTAINER=
	[[ $MAINTAINER =~ ^[^\<\>]+' <'[^\<\>\ ]+@[^\<\>\ ]+'>'$ ]] ||
		die USAGE "MAINTAINER=$MAINTAINER: not of the form NAME <ADDRESS>"
}

# resolve: tests of the kernel's version in a file become constants, and what can be known
# of this tree by its macros as well; unifdef takes what is left of them away. It exits with
# 1 when it has changed something.
resolve() {
	local code name
	local -a known=()
	code=$(perl -pe 's/\bKERNEL_VERSION\((\d+),\s*(\d+),\s*(\d+)\)/($1 << 16) + ($2 << 8) + $3/e;
		s/\bLINUX_VERSION_CODE\b/'"$VERSION"'/ if \/^#\s*(el)?if/')
	while read -r name; do
		if grep -qrE "^#[[:space:]]*define[[:space:]]+$name\b" "$LINUX/include/linux/slab.h" "$LINUX/include/kunit"; then
			known+=("-D$name")
		else
			known+=("-U$name")
		fi
	done < <(sed -nE 's/^#ifn?def ([A-Z_]+)$/\1/p' <<<"$code" | grep -vE '^(_OBJCACHE|CONFIG_)')
	unifdef -k "${known[@]}" <<<"$code" >"$work/resolved" || [ $? = 1 ] || die FAILED "unifdef failed"
	# One empty line where what stood between two is gone.
	sed '/^#include <linux\/version.h>$/d' "$work/resolved" | cat -s
}

# put_file SOURCE TARGET: as it is in that tree.
put_file() {
	mkdir -p "$(dirname "$new/$2")"
	if grep -q 'LINUX_VERSION_CODE' "$TOP/$1"; then
		resolve <"$TOP/$1"
	else
		cat "$TOP/$1"
	fi | sed -E "$NAMES" >"$new/$2"
}

# put_uapi: user space's compilers, of whatever age, see no assertion: those move to a part
# of the kernel's own, which make headers_install takes away.
put_uapi() {
	put_file module/objcache_uapi.h include/uapi/linux/objcache.h
	awk '
		/^#ifdef __KERNEL__$/ { skip = 1 }
		skip { if (/^#endif$/) skip = 0; next }
		/^static_assert\(/ { assertion = 1 }
		assertion { kept = kept $0 "\n"; if (/;$/) assertion = 0; next }
		/^#endif \/\* _UAPI_LINUX_OBJCACHE_H \*\/$/ {
			printf "#ifdef __KERNEL__\n#include <linux/build_bug.h>\n\n%s#endif\n\n", kept }
		{ print }
	' "$new/include/uapi/linux/objcache.h" | cat -s >"$work/uapi"
	mv "$work/uapi" "$new/include/uapi/linux/objcache.h"
}

# put_device: a kernel may do without.
put_device() {
	awk '
		/^int objcache_chardev_init\(void\);$/ { print "#ifdef CONFIG_OBJCACHE_DEVICE" }
		{ print }
		/^void objcache_chardev_exit\(void\);$/ {
			print "#else\nstatic inline int objcache_chardev_init(void) { return 0; }"
			print "static inline void objcache_chardev_exit(void) { }\n#endif" }
	' "$TOP/module/device/chardev.h" >"$new/lib/objcache/device/chardev.h"
	# shellcheck disable=SC2016	# expanded by make
	sed -i 's|^objcache-y += device/|objcache-$(CONFIG_OBJCACHE_DEVICE) += device/|' "$new/lib/objcache/Makefile"
	[ "$(grep -c OBJCACHE_DEVICE "$new/lib/objcache/device/chardev.h" "$new/lib/objcache/Makefile" | grep -c ':0$')" = 0 ] ||
		die FAILED "module/device/chardev.h or module/Kbuild: the device is not to be left out of that"
}

# put_makefile SOURCE TARGET CONFIG: for a kernel's configuration instead of always, and what is not ready left out.
put_makefile() {
	mkdir -p "$(dirname "$new/$2")"
	awk '
		/^#/ { comment = comment $0 "\n"; next }
		/^ifeq \(\$\(CONTRACT\),y\)$/ { hidden = 1 }
		hidden { if (/^endif$/) hidden = 0; comment = ""; next }
		/^CFLAGS_core\/trace.o/ { comment = ""; next }
		/^ccflags-y \+= -I\$\(src\)\/\.\.\/module$/ { next }
		{ printf "%s%s\n", comment, $0; comment = "" }
	' "$TOP/$1" | sed "s/^obj-m := /obj-\$($3) += /" | cat -s >"$new/$2"
	! grep -nE 'obj-m|\.\./module' "$new/$2" >&2 || die FAILED "$1: a line that no kernel tree can have"
}

# sources_of MAKEFILE: of the objects that it names.
sources_of() { grep -oE '[a-z0-9_/]+\.o\b' "$1" | sed 's/o$/c/' | sort -u; }

# headers_for FOLDER_OF_SOURCES FOLDER: those of the first that what is in the second includes.
headers_for() {
	local header
	for header in "$TOP/$1"/*.h; do
		! grep -qrE "#include \"(.*/)?${header##*/}\"" "$2" "$TOP/$1" --include='*.[ch]' --exclude='contract*' ||
			echo "${header##*/}"
	done
}

put_core() {
	local file
	put_makefile module/Kbuild lib/objcache/Makefile CONFIG_OBJCACHE
	# shellcheck disable=SC2016	# expanded by make
	printf '\nobj-$(CONFIG_OBJCACHE_KUNIT_TEST) += tests/\n' >>"$new/lib/objcache/Makefile"
	for file in $(sources_of "$new/lib/objcache/Makefile"); do
		[ "$file" = objcache.c ] || put_file "module/$file" "lib/objcache/$file"
	done
	for file in "$TOP"/module/{compat,core/*,device/*}.h "$TOP/module/core/README.md"; do
		put_file "${file#"$TOP"/}" "lib/objcache/${file#"$TOP"/module/}"
	done
	put_device
	put_file module/objcache.h include/linux/objcache.h
	put_uapi
}

put_tests() {
	local file tests=lib/objcache/tests
	put_makefile kunit/Kbuild "$tests/Makefile" CONFIG_OBJCACHE_KUNIT_TEST
	for file in $(sources_of "$new/$tests/Makefile"); do
		[ "$file" = objcache_kunit.c ] || put_file "kunit/$file" "$tests/$file"
	done
	for file in $(headers_for kunit "$new/$tests"); do
		put_file "kunit/$file" "$tests/$file"
	done
	cp "$here/in-tree/kunitconfig" "$new/lib/objcache/.kunitconfig"
}

put_texts() {
	local file
	cp "$here/in-tree/Kconfig" "$new/lib/objcache/Kconfig"
	put_file tools/doc/objcache.rst Documentation/core-api/objcache.rst
	for file in "$here"/litmus/*.litmus; do
		put_file "tools/litmus/${file##*/}" "Documentation/litmus-tests/objcache/${file##*/}"
	done
}

# nothing_left: of what only a module that is built for many kernels has.
nothing_left() {
	local file include folder
	! grep -rnE 'LINUX_VERSION_CODE|KERNEL_VERSION|linux/version\.h|"[./]*module/' "$new" >&2 ||
		die FAILED "a test of the kernel's version, or a name of ours, is left"
	while IFS=: read -r file include; do
		folder=$(dirname "$file")
		[ -f "$folder/$include" ] || die FAILED "${file#"$new"/} includes \"$include\", which is not there"
	done < <(grep -rohE --with-filename '^#include "[^"]+"' "$new" --include='*.[ch]' | sed -E 's/#include "(.*)"/\1/')
}

# write_all: what has changed, so that make finds no more to do; what is no longer ours goes.
write_all() {
	local file
	(cd "$new" && find . -type f | sort) >"$work/files"
	while read -r file; do
		cmp -s "$new/$file" "$LINUX/$file" && continue
		mkdir -p "$(dirname "$LINUX/$file")"
		cp "$new/$file" "$LINUX/$file"
		written=$((written + 1))
	done <"$work/files"
	(cd "$LINUX" && find ./lib/objcache ./Documentation/litmus-tests/objcache -type f \
		\( -name '*.[ch]' ! -name '*.mod.c' -o -name Makefile -o -name '*.litmus' \)) | sort >"$work/there"
	comm -13 "$work/files" "$work/there" | while read -r file; do rm "$LINUX/$file"; done
}

# hook FILE LINE SCRIPT: LINE is in FILE, put there by awk, or else that is not the tree we know.
hook() {
	! grep -qxF -- "$2" "$LINUX/$1" || return 0
	line=$2 awk "$3" "$LINUX/$1" >"$work/hooked"
	grep -qxF -- "$2" "$work/hooked" || die FAILED "LINUX=$LINUX: found no place in $1 for: $2"
	cat "$work/hooked" >"$LINUX/$1"
	written=$((written + 1))
}

# after PATTERN, before PATTERN: scripts for hook; the first match counts.
after() { echo "{ print } !done && /$1/ { print ENVIRON[\"line\"]; done = 1 }"; }
before() { echo "!done && /$1/ { print ENVIRON[\"line\"] ENVIRON[\"more\"]; done = 1 } { print }"; }

# shellcheck disable=SC2016	# expanded by make or awk
hook_all() {
	local magic entry
	more=$'\n' hook lib/Kconfig 'source "lib/objcache/Kconfig"' "$(before '^source "lib\/fonts\/Kconfig"$')"
	hook lib/Makefile 'obj-$(CONFIG_OBJCACHE) += objcache/' "$(before '^obj-\$\(CONFIG_FONT_SUPPORT\)')"
	hook Documentation/core-api/index.rst '   objcache' "$(after '^   generic-radix-tree$')"
	# A block in the order of the alphabet.
	entry=$(sed "s|@MAINTAINER@|$MAINTAINER|" "$here/in-tree/MAINTAINERS")
	more=$'\n'$(tail -n +2 <<<"$entry")$'\n' hook MAINTAINERS "$(head -n 1 <<<"$entry")" \
		'/^Maintainers List/ { list = 1 } list && !done && /^[0-9A-Z]/ && !/^[A-Z]:/ && $0 > ENVIRON["line"] {
			print ENVIRON["line"] ENVIRON["more"]; done = 1 } { print }'
	magic=$(sed -nE 's/^#define OBJCACHE_IOC_MAGIC[[:space:]]+(0x[0-9A-F]+)$/\1/p' "$TOP/module/objcache_uapi.h")
	[ -n "$magic" ] || die FAILED "module/objcache_uapi.h names no OBJCACHE_IOC_MAGIC"
	hook Documentation/userspace-api/ioctl/ioctl-number.rst "$magic  00-1F  linux/objcache.h" \
		'!done && /^0x/ && $1 > substr(ENVIRON["line"], 1, 4) { print ENVIRON["line"]; done = 1 } { print }'
}

"$here/deps.sh" in-tree
read_tree
read_maintainer
work=$(own_folder)
export TMPDIR=$work
trap 'rm -rf "$work"' EXIT
new=$work/new written=0
put_core
put_tests
put_texts
nothing_left
write_all
hook_all
echo "in-tree: PASS $(wc -l <"$work/files") files in $LINUX, $written of them new or changed"
