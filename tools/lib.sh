# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the scripts in tools/ share: exit codes, errors, ranges, the cache
# folder, locks and disk space. Sourced, never run.

# Exit codes of every script here (tools/doc/working.md: "Exit codes").
declare -rA CODES=([PASS]=0 [FAILED]=1 [USAGE]=2 [SPLAT]=3 [HANG]=4 [LOST]=5)

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export TOP
export CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/objcache

# A make that calls these scripts must not pass its options on to theirs, nor what it
# was told to build.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES ARCH CROSS_COMPILE KDIR M O
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1

say() { printf '%s\n' "$*" >&2; }

# die NAME REASON: exits with the code of that name. The reason also goes to $OBJCACHE_REASON, if a calling script
# set it, so that its verdict line can name it, and to $DIED.
die() {
	local code=${CODES[$1]}
	shift
	# shellcheck disable=SC2034	# for legs.sh
	DIED=$*
	say "error: $*"
	if [ -n "${OBJCACHE_REASON:-}" ]; then
		printf '%s\n' "$*" >"$OBJCACHE_REASON"
	fi
	exit "$code"
}

# usage FILE: the comment at the top of a script is its help text.
usage() { sed -n '3,/^$/{/^$/d;s/^# \{0,1\}//;p}' "$1"; }

# only_help "$@": for a script that is told all else by variables.
only_help() {
	case ${1:-} in
	'') ;;
	-h | --help)
		trap - EXIT
		usage "$0" && exit
		;;
	*) die USAGE "$1: takes no arguments, only variables; see --help" ;;
	esac
}

# plain_paths: neither the checkout nor the cache is where kbuild cannot be.
plain_paths() {
	local name odd=$'[]:,;\'"`$#%&<>|*?()\\\\![[:space:]]'
	[[ $CACHE = /* ]] || die USAGE "CACHE=$CACHE: no absolute path; see XDG_CACHE_HOME"
	for name in TOP CACHE; do
		[[ ! ${!name} =~ $odd ]] ||
			die USAGE "$name=${!name}: no path that kbuild can have: white space in it, or one of ${odd:1:-10}"
	done
}

# refuse REASON NAME...: a variable that something else takes is not just ignored.
refuse() {
	local name reason=$1
	shift
	for name; do
		[ -z "${!name:-}" ] || die USAGE "$name=${!name}: $reason"
	done
}

# want_number NAME VALUE MIN MAX
want_number() {
	case $2 in
	'' | *[!0-9]* | 0?* | ?????????*)
		die USAGE "$1=$2: not a plain number; the range is $3..$4" ;;
	esac
	if [ "$2" -lt "$3" ] || [ "$2" -gt "$4" ]; then
		die USAGE "$1=$2: out of range $3..$4"
	fi
}

# want_word NAME VALUE WORD...
want_word() {
	local name=$1 value=$2 word
	shift 2
	for word; do
		[ "$value" != "$word" ] || return 0
	done
	die USAGE "$name=$value: unknown; one of: $*"
}

# want_space FOLDER MEGABYTES WHAT: refuse early rather than fail half-way.
# OBJCACHE_NEED_MB replaces the need (the self-test asks for an absurd one).
want_space() {
	local need=${OBJCACHE_NEED_MB:-$2} free
	mkdir -p "$1" || die USAGE "$1: cannot make this folder"
	free=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
	if [ "$free" -lt "$need" ]; then
		die USAGE "$1: $free MB free, $3 needs $need MB"
	fi
}

# ending STATUS [REASON]: prints "CODE NAME: reason" for a script that ended so.
ending() {
	local status=$1 name=FAILED reason="the script ended with status $1" word
	for word in "${!CODES[@]}"; do
		[ "${CODES[$word]}" != "$status" ] || name=$word
	done
	if [ "$status" -gt 128 ]; then
		name=LOST reason="interrupted by signal $((status - 128))"
	elif [ "$name" = PASS ]; then
		name=FAILED reason="the script ended early"
	fi
	echo "${CODES[$name]} $name: ${2:-$reason}"
}

# own_folder: prints the name of a new folder for this run alone, under build/ as all that is written here. Who asks
# for it removes it.
own_folder() {
	mkdir -p "$TOP/build" || die USAGE "$TOP/build: cannot make this folder"
	mktemp -d "$TOP/build/${0##*/}.XXXXXX"
}

# take_lock FILE: one run at a time, held until drop_lock or the end of the
# script; says so when it has to wait. The lock goes with the process, so a
# killed script leaves none behind.
take_lock() {
	mkdir -p "$(dirname "$1")"
	exec {LOCK_FD}>"$1"
	flock -n "$LOCK_FD" && return
	say "waiting for another run that holds $1"
	flock -w 3600 "$LOCK_FD" || die HANG "$1: still held after an hour"
}

drop_lock() { exec {LOCK_FD}>&-; }

# hash_of: 12 digits that name what came in on stdin.
hash_of() { sha256sum | cut -c1-12; }
