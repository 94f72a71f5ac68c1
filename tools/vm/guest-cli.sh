# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# The command objcache as a new user would try it: SCRIPT= of make guest, and
# tools/cli_test.sh looks at what it prints. Runs in the VM.

# shows WORDS SUBCOMMAND [OPTION...]: it ends well, and these words are in it.
shows() {
	shows_words=$1
	shift
	echo "\$ objcache $*"
	client objcache "$@"
	grep -qF -- "$shows_words" /tmp/client || fail FAILED "objcache $*: not a word of '$shows_words'"
}

# refuses CODE WORDS SUBCOMMAND [OPTION...]
refuses() {
	refuses_code=$1 refuses_words=$2
	shift 2
	echo "\$ objcache $*"
	refuses_status=0
	./objcache "$@" >/tmp/refused 2>&1 || refuses_status=$?
	cat /tmp/refused
	[ $refuses_status = "$refuses_code" ] ||
		fail FAILED "objcache $*: status $refuses_status, not $refuses_code"
	grep -qF -- "$refuses_words" /tmp/refused || fail FAILED "objcache $*: not a word of '$refuses_words'"
}

# Until a cache is there that is stolen from, or the load has ended.
wait_for_steals() {
	until ./objcache stat "$1" | grep -q '^  steals  *[1-9]'; do
		[ -e "/sys/kernel/debug/objcache/$1" ] || return 1
		usleep 100000
	done
}

step "without the module"
refuses 3 "the module is not loaded: modprobe objcache" list
refuses 3 "the module is not loaded" stat
refuses 3 "the module is not loaded" top --once
refuses 3 "/dev/objcache is not there: modprobe objcache" stress
refuses 3 "mend:    make && insmod" doctor
refuses 2 "Usage: objcache SUBCOMMAND" ""
refuses 2 "ballast: no such subcommand" ballast

step "insmod objcache"
load objcache
shows "objcache-requests" list --help
shows "objcache-requests" list
refuses 2 "nosuch: no such cache" stat nosuch
refuses 2 "nosuch: no such cache" map nosuch
refuses 4 "no terminal" top
shows "0 problems" doctor
