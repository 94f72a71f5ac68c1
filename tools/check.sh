#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Static checks, each by the tool that the kernel community uses for it.
#
#   tools/check.sh
#
# checkpatch --strict and kernel-doc from Debian's kernel source; W=1 and sparse
# on stock 6.1 and 6.12, W=1 with clang; the compiled hit paths (tools/hotpath.py); shellcheck
# and codespell. Exit code: 0 clean, 1 a finding, 2 something is missing.

set -euo pipefail
. "$(dirname "$0")/lib.sh"
only_help "$@"
cd "$TOP"

tools/deps.sh check
source=$(tools/kernel.sh source 6.12)
log=$TOP/build/check
mkdir -p "$log/tmp"
export TMPDIR=$log/tmp
failed=0

# finding NAME STATUS FILE: one line a check, what it said below it.
finding() {
	if [ "$2" = 0 ] && [ ! -s "$3" ]; then
		printf '  %-28s ok\n' "$1"
	else
		printf '  %-28s FAILED\n' "$1"
		sed 's/^/    /' "$3"
		failed=$((failed + 1))
	fi
}

# Of what is committed or about to be. An outer repository may ignore us: to check
# nothing is not to find nothing.
files() { git ls-files -co --exclude-standard -- "$@"; }
[ -n "$(files Kbuild)" ] || die USAGE "$TOP: git knows no file here, so there is nothing to check"

mapfile -t c_files < <(files '*.c' '*.h')
mapfile -t sh_files < <(files '*.sh' .ci/run)
mapfile -t py_files < <(files '*.py')

# SPDX: checkpatch looks for the kernel's tree. LONG_LINE_STRING: a message is
# one line, to be found by grep. In compat.h the version is the point. Trace
# events are laid out as everywhere in the kernel, not as checkpatch likes it.
# The benchmark compiles a loop for each contender by macros that are definitions, and a
# list from which several tables come is a macro that is given what makes each entry.
# kzalloc_obj() is of 7.x. All of these are in checkpatch.allowed.
# The clients are user space, which has no ARRAY_SIZE, strscpy or __printf.
check_patch() {
	local status=0
	# From there, because it leaves a file where it is called.
	(cd "$log" && "$source/scripts/checkpatch.pl" --no-tree --root="$source" --strict --terse --no-summary \
		--show-types --ignore SPDX_LICENSE_TAG,LONG_LINE_STRING \
		-f "${c_files[@]/#/../../}" | sed 's|^../../||' >checkpatch.all) || status=$?
	[ "$status" -le 1 ] || return "$status"
	grep -vE -f <(grep -v "^#" tools/checkpatch.allowed) "$log/checkpatch.all" >"$log/checkpatch" || [ $? = 1 ]
}

kernel_doc() {
	local file
	: >"$log/kernel-doc"
	for file in $(files 'module/*.[ch]'); do
		"$source/scripts/kernel-doc" -none -Wall "$file" 2>&1 |
			sed '/no structured comments found/d' >>"$log/kernel-doc"
	done
}

# build_against NAME FOLDER VARIABLE...: W=1, from scratch, so that every file is looked at.
build_against() {
	local name=$1 folder=$2 release status=0
	release=$(cat "$folder/release")
	rm -rf "build/$release"
	make -s -j"$(nproc)" KDIR="$folder/build" W=1 "${@:3}" modules >"$log/build-$name.all" 2>&1 || status=$?
	sed -E '/^WARNING: modpost: (.* undefined!$|suppressed )/d' "$log/build-$name.all" |
		grep -E 'warning|error|Error|\*\*\*' >"$log/build-$name" || [ $? = 1 ]
	return "$status"
}

build() { build_against "$1" "$(tools/kernel.sh stock "$1")" C=2; }

# By the compiler that the kernel names; nobody has built that one, so it exports nothing.
build_clang() {
	local folder
	folder=$(tools/kernel.sh clang 6.12)
	build_against clang "$folder" KBUILD_MODPOST_WARN=1 || return
	readelf -p .comment "build/$(cat "$folder/release")/module/objcache.ko" | grep clang >/dev/null ||
		echo "objcache.ko: not built by clang" >"$log/build-clang"
}

hot_paths() {
	local release functions where=()
	release=$(cat "$(tools/kernel.sh stock "$1")/release")
	for functions in module/objcache.ko:__objcache_{get,try_get,put} \
		tools/example/objcache_example.ko:request_{get,put}; do
		where+=("build/$release/$functions")
	done
	tools/hotpath.py --selftest "${where[@]}" >"$log/hotpath-selftest-$1"
	tools/hotpath.py "${where[@]}" | tee "$log/hotpath-$1.all"
}

# Of what the build above has left.
floors() {
	local build
	build=build/$(cat "$(tools/kernel.sh stock 6.12)/release")
	tools/floors.py --selftest "$build" >"$log/floors" && tools/floors.py "$build" >"$log/floors"
}

# run NAME FILE FUNCTION [ARGUMENT]
run() {
	local name=$1 file=$log/$2 status=0
	shift 2
	: >"$file"
	"$@" || status=$?
	finding "$name" "$status" "$file"
}

run 'checkpatch --strict' checkpatch check_patch
run 'kernel-doc' kernel-doc kernel_doc
run 'W=1 and sparse, 6.1' build-6.1 build 6.1
run 'W=1 and sparse, 6.12' build-6.12 build 6.12
run 'W=1, clang, 6.12' build-clang build_clang
run 'hit paths, 6.1' hotpath-6.1 hot_paths 6.1
run 'hit paths, 6.12' hotpath-6.12 hot_paths 6.12
run 'floors' floors floors
# The README's example is what stands between the marks of the one that is built, and the
# tests that the documentation names are there.
read_me() {
	local name example
	example=$(sed -n '/README: from here/,/README: to here/{//d;p}' tools/example/objcache_example.c)
	[[ -n $example && $(<README.md) == *$'```c\n'"$example"$'\n```'* ]] ||
		echo 'README.md: the example is not what tools/example/objcache_example.c has between its marks' >>"$log/readme"
	while read -r name; do
		grep -qrE "\(${name}[,)]" kunit/*.c || echo "README.md or tools/doc: no test $name" >>"$log/readme"
	done < <(grep -ohE '\bs[0-9]{2}_[a-z0-9_]+' README.md tools/doc/*.md | sort -u)
}
run 'README' readme read_me
# The manual pages, and the statistics in objcache.rst; those of objcache.1: objcache, its manual.
docs() {
	local -a pages
	mapfile -t pages < <(files 'tools/*.[1-8]')
	mandoc -T lint -W warning "${pages[@]}" >"$log/docs" || [ -s "$log/docs" ]
	tools/stats.py --check tools/doc/objcache.rst >>"$log/docs" || [ -s "$log/docs" ]
}
run 'documentation' docs docs
shell_check() { shellcheck -x "${sh_files[@]}" >"$log/shellcheck"; }
run 'shellcheck' shellcheck shell_check
# But for the licence itself, what tells of it, a file of one word, entries that go into another file, and
# what kernels have said.
spdx() {
	files | grep -vxE 'COPYING|tools/(package/debian/(copyright|source/format)|in-tree/MAINTAINERS|vm/splat-cases/.*\.log)' |
		xargs grep -L 'SPDX-License-Identifier: ' >"$log/spdx"
}
run 'SPDX lines' spdx spdx
spell() { codespell "${c_files[@]}" "${sh_files[@]}" "${py_files[@]}" README.md tools/doc/*.{md,rst,4} >"$log/codespell"; }
run 'codespell' codespell spell
python() {
	python3 -W error -c 'import ast, pathlib, sys; [ast.parse(pathlib.Path(f).read_text(), f) for f in sys.argv[1:]]' \
		"${py_files[@]}" 2>"$log/python"
}
run 'python parses' python python

# Over folders that are made up; with ASAN and UBSAN.
command_tests() { tools/cli/cli_test.py >"$log/command.all" 2>&1 || cat "$log/command.all" >"$log/command"; }
run 'objcache, its manual' command command_tests

if [ "$failed" -gt 0 ]; then
	echo "check: FAIL: $failed of 15 checks"
	exit "${CODES[FAILED]}"
fi
echo 'check: PASS 15 checks'
