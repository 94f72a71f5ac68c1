#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# make in-tree-test: is what make in-tree writes a part of that kernel?
#
#   KERNEL=6.12|7.3     which kernel's source is written into, a copy of it (6.12)
#   PART=static|kunit|qemu|modules   only that (all)
#   CPUS=N              virtual CPUs of the VM, 2..64 (4)
#
# static: written twice, the second time nothing is left to do; a folder that is no
# kernel tree is refused; user space can include its header; checkpatch, kernel-doc, the documentation's extensions and
# get_maintainer.pl of that tree have nothing to say. kunit: the kernel's own kunit.py builds it into User-Mode Linux and runs
# it, with one CPU and no modules, then once more without the device. qemu: kunit.py does that for x86-64, in an emulator
# (6.12; that of 7.3 asks for KVM first, which where it is broken boots nothing). Each kernel takes ten minutes or so the
# first time. modules: the same files as modules, with the device and without, and all suites in a VM.
#
# Outputs are under build/in-tree-test-KERNEL/; the tree stays in build/in-tree/. The last
# line is `in-tree-test: PASS ...` or `in-tree-test: FAIL CODE NAME: reason`.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
only_help "$@"
. "$here/leg.sh"

# shellcheck disable=SC2317,SC2154	# called from the trap in leg.sh, which sets verdict
conclude() {
	case $verdict in
	"0 "*) echo "in-tree-test: PASS ${verdict#*: }" ;;
	*) echo "in-tree-test: FAIL $verdict" ;;
	esac
}

in_tree() { LINUX=$1 "$here/in_tree.sh"; }

# copy_source SOURCE: sets LINUX to a copy of it.
copy_source() {
	LINUX=$TOP/build/in-tree/linux-${1##*/}
	[ ! -f "$LINUX/Makefile" ] || return 0
	want_space "$TOP/build" 6000 "a copy of the kernel's source, and its build"
	say "copying the source of $KERNEL"
	rm -rf "$TOP/build/in-tree/linux-$KERNEL"-* "$LINUX.new"
	mkdir -p "$LINUX.new"
	cp -a "$1/." "$LINUX.new"
	mv "$LINUX.new" "$LINUX"
}

# refused REASON FOLDER
refused() {
	local status=0
	in_tree "$2" >"$OUT/log" 2>&1 || status=$?
	if [ $status != 2 ] || ! grep -qF -- "$1" "$OUT/log"; then
		die FAILED "LINUX=$2: status $status, wanted 2 and '$1': $(tail -n 1 "$OUT/log")"
	fi
}

test_refused() {
	local tree=$OUT/tree
	refused 'LINUX=: no kernel tree was given' ''
	refused 'no such folder' /nowhere
	refused "no kernel's source tree: there is no Makefile" "$OUT"
	mkdir -p "$tree"
	(cd "$LINUX" && cp --parents Makefile Kbuild MAINTAINERS lib/Kconfig lib/Makefile include/linux/slab.h \
		include/uapi/linux/errno.h Documentation/core-api/index.rst "$tree")
	sed -i 's/^VERSION = .*/VERSION = 5/' "$tree/Makefile"
	refused 'the oldest supported is 6.1' "$tree"
	sed -i 's/^VERSION = .*/VERSION = 6/; s/^PATCHLEVEL = .*/PATCHLEVEL = 12/' "$tree/Makefile"
	mkdir "$tree/lib/objcache"
	refused 'its lib/objcache is something else' "$tree"
	rm -r "$tree"
}

# The files that are ours there.
ours() {
	find lib/objcache include/linux/objcache.h include/uapi/linux/objcache.h Documentation/core-api/objcache.rst \
		-name '*.[ch]' -o -name Kconfig -o -name Makefile -o -name '*.rst'
}

# As in check.sh.
test_patch() {
	local -a files
	mapfile -t files < <(cd "$LINUX" && ours)
	(cd "$LINUX" && scripts/checkpatch.pl --no-tree --root=. --strict --terse --no-summary --show-types \
		--ignore SPDX_LICENSE_TAG,LONG_LINE_STRING -f "${files[@]}") 2>/dev/null >"$OUT/checkpatch.all" || [ $? = 1 ]
	grep -vE -f "$here/checkpatch.allowed" "$OUT/checkpatch.all" >"$OUT/checkpatch" || [ $? = 1 ]
	[ ! -s "$OUT/checkpatch" ] || { cat "$OUT/checkpatch" && die FAILED "checkpatch has something to say"; }
}

test_docs() {
	local -a files
	mapfile -t files < <(cd "$LINUX" && ours | grep '\.[ch]$')
	(cd "$LINUX" && PYTHONDONTWRITEBYTECODE=1 scripts/kernel-doc -none -Wall "${files[@]}" 2>&1) |
		grep -vE 'no structured comments found|^$' >"$OUT/kernel-doc" || [ $? = 1 ]
	[ ! -s "$OUT/kernel-doc" ] || { cat "$OUT/kernel-doc" && die FAILED "kernel-doc has something to say"; }
	mkdir "$OUT/page"
	cp "$here/in-tree/conf.py" "$OUT/page/"
	cp "$LINUX/Documentation/core-api/objcache.rst" "$OUT/page/index.rst"
	srctree=$LINUX sphinx-build -q -b html "$OUT/page" "$OUT/html" >"$OUT/sphinx" 2>&1 || die FAILED "sphinx-build failed: $(tail -n 1 "$OUT/sphinx")"
	[ ! -s "$OUT/sphinx" ] || { cat "$OUT/sphinx" && die FAILED "sphinx has something to say"; }
	grep -q 'objcache_put_bulk' "$OUT/html/index.html" || die FAILED "the page has no reference"
	(cd "$LINUX" && scripts/get_maintainer.pl --no-tree --no-git --no-git-fallback -f lib/objcache/core/get.c) |
		grep -F 'OBJCACHE (PER-CPU CACHES' >/dev/null || die FAILED "MAINTAINERS does not name who keeps lib/objcache"
}

# As the kernel tests its headers for user space (CONFIG_UAPI_HEADER_TEST).
test_uapi() {
	mkdir "$OUT/scripts"
	gcc -w -o "$OUT/scripts/unifdef" "$LINUX/scripts/unifdef.c"
	(cd "$OUT" && sh "$LINUX/scripts/headers_install.sh" "$LINUX/include/uapi/linux/objcache.h" objcache.h) >"$OUT/uapi" 2>&1 ||
		{ cat "$OUT/uapi" && die FAILED "headers_install.sh does not take the user-space header"; }
	gcc -std=c90 -Wall -Werror -fsyntax-only -x c "$OUT/objcache.h" ||
		die FAILED "the header for user space is not for every compiler"
	! grep -nE '__KERNEL__|assert' "$OUT/objcache.h" || die FAILED "what is the kernel's own is in the header for user space"
}

test_static() {
	in_tree "$LINUX" | tee "$OUT/written"
	in_tree "$LINUX" | tee "$OUT/written"
	grep -q ', 0 of them new or changed$' "$OUT/written" || die FAILED "the second make in-tree changed something"
	test_refused
	test_uapi
	test_patch
	test_docs
	echo "written twice, refused where it must be, checkpatch, kernel-doc and sphinx clean"
}

# suites: the names of those that the Makefile there has; all machines have the one for probes.
suites() {
	local object
	grep -oE '[a-z_]+_test\.o' "$LINUX/lib/objcache/tests/Makefile" | while read -r object; do
		sed -n 's/^\t\.name = "\(objcache_[a-z_]*\)",$/\1/p' "$LINUX/lib/objcache/tests/${object%o}c"
	done | sort -u
}

# run_kunit NAME OPTION...: the summary is kunit.py's own; that it is complete and the kernel has nothing to
# complain of, which kunit.py does not ask, is ours. What is skipped says why.
run_kunit() {
	local log=$OUT/$1.log build=.kunit status=0 missing
	[ "$1" != qemu ] || build=.kunit-x86_64
	say "kunit.py builds $1 and runs it; log: ${log#"$TOP"/}"
	# The host may be busy: kunit.py gives a machine five minutes.
	(cd "$LINUX" && tools/testing/kunit/kunit.py run --kunitconfig=lib/objcache --build_dir="$build" --jobs="$(nproc)" \
		--timeout=3600 "${@:2}") >"$log" 2>&1 || status=$?
	grep -E '\[FAILED\]|Testing complete' "$log" || [ $? = 1 ]
	[ $status = 0 ] || { tail -20 "$log" >&2 && die FAILED "$1: kunit.py ended with status $status"; }
	missing=$(suites | while read -r suite; do
		grep -qE "\[(PASSED|SKIPPED)\] $suite " "$log" || echo "$suite"
	done)
	[ -z "$missing" ] || die FAILED "$1: kunit.py ran no suite: $missing"
	# Not what User-Mode Linux says at each boot of its PCI, which kunit.py configures without a device.
	sed '/^WARNING: .* at arch\/um\/drivers\/virt-pci\.c:/,/^---\[ end trace/d' "$LINUX/$build/test.log" >"$OUT/$1.kernel.log"
	python3 "$here/vm/splat.py" "$OUT/$1.kernel.log" || die SPLAT "$1: the kernel complains: see above"
	sed -nE 's/.* # SKIP (.+)/\1/p' "$OUT/$1.kernel.log" | sort | uniq -c | sort -rn | sed "s/^/  $1 skips/"
}

# device_is WANTED BUILD: in the kernel that was built there last.
device_is() {
	local found=no
	! nm "$LINUX/$2/vmlinux" | grep objcache_chardev_init >/dev/null || found=yes
	[ "$found" = "$1" ] || die FAILED "the device is built in: $found, wanted $1"
}

test_kunit() {
	run_kunit uml
	device_is yes .kunit
	run_kunit uml-no-device --kconfig_add=CONFIG_OBJCACHE_DEVICE=n
	device_is no .kunit
}

# build_modules KERNEL_FOLDER FLAGS [CONFIG_NAME=y...]: what else a .config would say, make
# and the compiler are told.
build_modules() {
	make -s -j"$(nproc)" -C "$1/build" M="$OUT/modules/objcache" CONFIG_OBJCACHE=m CONFIG_OBJCACHE_KUNIT_TEST=m \
		KCFLAGS="-I$LINUX/include -I$LINUX/include/trace $2" "${@:3}" modules >&2 ||
		die FAILED "it does not build as modules: ${*:3}"
}

# modules: the files of that tree, for a test kernel of the same version.
test_modules() {
	local folder flavor=plain modules=$OUT/modules numbers
	[ "$KERNEL" != 7.3 ] || flavor=bench
	folder=$("$here/kernel.sh" test "$KERNEL" $flavor)
	build_all "$folder"
	mkdir -p "$modules/kunit"
	cp -r "$LINUX/lib/objcache" "$modules/objcache"
	build_modules "$folder" -Werror
	! nm "$modules/objcache/objcache.ko" | grep -E 'chardev|session' ||
		die FAILED "without CONFIG_OBJCACHE_DEVICE the device is there"
	build_modules "$folder" "-Werror -DCONFIG_OBJCACHE_DEVICE=1" CONFIG_OBJCACHE_DEVICE=y
	nm "$modules/objcache/objcache.ko" | grep objcache_chardev_init >/dev/null ||
		die FAILED "with CONFIG_OBJCACHE_DEVICE there is no device"
	mv "$modules/objcache/tests/objcache_kunit.ko" "$modules/kunit/"
	numbers=$(python3 "$here/vm/suites.py" "$modules/kunit/objcache_kunit.ko" "$BUILT/tools/fault/objcache_fault.ko")
	BUILT=$modules
	boot "$folder" guest-suites.sh --append 'slab_debug=FZPU,objcache-largest*,objcache-bad-large*' \
		--env "FLAVOR=$flavor" --env SUITE= --env ONLY= --env "KUNIT_LIMIT=$((180 + 8 * CPUS))" \
		--source "$("$here/kernel.sh" source "$KERNEL")" --expect-suites "${numbers% *}" --expect-cases "${numbers#* }" \
		--boot-limit $((240 + 8 * CPUS)) --quiet-limit $((90 + 4 * CPUS)) --limit $((1200 + 30 * CPUS))
}

read_variables 1
PART=${PART:-all}
want_word KERNEL "$KERNEL" 6.12 7.3
want_word PART "$PART" all static kunit qemu modules
[ "$PART-$KERNEL" != qemu-7.3 ] || die USAGE "PART=qemu: for KERNEL=6.12; see tools/in_tree_test.sh --help"
"$here/deps.sh" in-tree-test
source=$("$here/kernel.sh" source "$KERNEL")
start_leg "in-tree-test-$KERNEL"
copy_source "$source"
mkdir "$OUT/vm"
case $PART in
all | static) test_static ;;
*) in_tree "$LINUX" ;;
esac
case $PART in all | kunit) test_kunit ;; esac
case $PART-$KERNEL in all-6.12 | qemu-*) run_kunit qemu --arch=x86_64 ;; esac
case $PART in all | modules) test_modules ;; esac
what=$PART
[ "$PART" != all ] || what="static checks, kunit.py, and as modules in a VM"
echo "0 PASS: $KERNEL: $what, $SECONDS s" >"$OUT/vm/verdict"
