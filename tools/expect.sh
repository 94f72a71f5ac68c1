# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What a command has to end with and to say. Sourced, after lib.sh, by the tests of the
# scripts here; makes the folder $work for them, which goes when they end.

work=$(own_folder)
export TMPDIR=$work
trap 'rm -rf "$work"' EXIT

# wrong WORDS...: what was found ends the test; after it, what the last command said.
wrong() {
	local name=${0##*/}
	echo "${name%.sh}: FAIL $*"
	[ ! -s "$work/log" ] || sed 's/^/  /' "$work/log"
	exit 1
}

# expect STATUS WORDS COMMAND...: or a function, which may end the shell it is in.
expect() {
	local wanted=$1 words=$2 status=0
	shift 2
	("$@") >"$work/log" 2>&1 || status=$?
	[ "$status" = "$wanted" ] || wrong "$*: status $status, not $wanted"
	[ -z "$words" ] || grep -qF -- "$words" "$work/log" || wrong "$*: did not say '$words'"
}
