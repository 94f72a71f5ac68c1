#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Records what README.md shows: make run, and objcache top in a VM.
#
#   tools/record.sh run|top      writes tools/doc/run.svg or tools/doc/top.svg
#
# Each is what a person sees: a command typed on a terminal (tools/client/terminal.c), drawn
# by tools/doc/cast.py. The recordings are build/record/*.cast, for asciinema.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

case ${1:-} in
-h | --help) usage "$0" && exit ;;
esac
[ $# = 1 ] || die USAGE "which one? run or top"
want_word WHICH "$1" run top
"$here/deps.sh" record
cd "$TOP"
mkdir -p build/record
make -s tools

record_run() {
	PS1='$ ' TERM=xterm build/tools/objcache-terminal -l 1800 -s 30x120 -p 2 -o build/record/run.cast '$ ' $'make run\r' \
		$'log in build/run-6.12/vm/' $'exit\r' -- sh -i
	tools/doc/cast.py build/record/run.cast tools/doc/run.svg 'make run' 0.2
}

record_top() {
	SCRIPT=$here/vm/guest-record.sh FILES=/usr/lib/locale/C.utf8/LC_CTYPE tools/guest.sh | tee build/record/top.log
	sed -n '/^begin-cast$/,/^end-cast$/{/cast$/d;p}' build/record/top.log | base64 -d >build/record/top.cast
	tools/doc/cast.py build/record/top.cast tools/doc/top.svg 'objcache top' 2
}

"record_$1"
ls -l "tools/doc/$1.svg"
