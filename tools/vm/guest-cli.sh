# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# The command objcache as a new user would try it: SCRIPT= of make guest.
# tools/cli_test.sh looks at what it prints, the JSON above all.

# shows WORDS SUBCOMMAND [OPTION...]: it ends well, and these words are in it.
shows() {
	shows_words=$1
	shift
	echo "\$ objcache $*"
	client objcache "$@"
	grep -qF -- "$shows_words" /tmp/client || fail FAILED "objcache $*: not a word of '$shows_words'"
}

# refuses CODE WORDS [SUBCOMMAND] [OPTION...]
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

ctrl_l=$(printf '\f')

# steals_of CACHE: how many there were; nothing once it has gone.
steals_of() { ./objcache stat "$1" 2>/dev/null | sed -n 's/^  steals *\([0-9]*\) .*/\1/p'; }

# wait_for_steals CACHE: until some more have come.
wait_for_steals() {
	steals_before=$(steals_of "$1")
	while :; do
		steals_now=$(steals_of "$1")
		[ "${steals_now:-none}" = "${steals_before:-none}" ] || return 0
		[ -n "$steals_now" ] || { fail FAILED "$1 has gone" && return; }
		usleep 50000
	done
}

step "without the module"
refuses 3 "the module is not loaded: modprobe objcache" list
refuses 3 "the module is not loaded" stat
refuses 3 "the module is not loaded" top --once
refuses 3 "the module is not loaded" check
refuses 3 "/dev/objcache is not there: modprobe objcache" stress
refuses 3 "mend:    make && insmod" doctor
refuses 2 "Usage: objcache SUBCOMMAND"
refuses 2 "ballast: no such subcommand" ballast

step "insmod objcache"
load objcache
shows "objcache-requests" list
shows "0 problems" doctor
refuses 2 "nosuch: no such cache" stat nosuch
refuses 4 "no terminal" top
umount /sys/kernel/debug
refuses 4 "mount -t debugfs debugfs /sys/kernel/debug" list
refuses 1 "mend:    mount -t debugfs debugfs /sys/kernel/debug" doctor
mount -t debugfs debugfs /sys/kernel/debug

step "a cache at work: threads take and give by handle"
./objcache stress -t 4 -n 1000000000 -d 1 -q >/tmp/stress 2>&1 &
stress=$!
until set -- /sys/kernel/debug/objcache/stress-* && [ -d "$1" ]; do
	usleep 50000
done
cache=${1##*/}
wait_for_steals "$cache"
shows "$cache" list
shows "$cache" list --json
shows "objects taken from other CPUs" stat "$cache"
shows " own_ring " stat "$cache" --delta --per-cpu
shows '"interval_ms"' stat "$cache" --delta --per-cpu --json
shows "$cache" stat --watch 0.2 --count 2 --json
shows "$cache" top --once
shows "$cache" top --once --delay 0.3 --json
shows " spill " trace "$cache" --event spill --count 5
shows '"event":"refill"' trace "$cache" --event refill --count 3 --json
shows "$cache" check
shows "sum" map "$cache" --time 2 --color always
until ./objcache map "$cache" --time 1 --json >/tmp/map && grep '"thief_cpu"' /tmp/map; do :; done

step "top on a terminal: the caches come, are sorted, go by q"
mkdir -p /dev/pts
try mount -t devpts devpts /dev/pts
for term in linux vt100 xterm; do
	[ -e "$TERMINFO/${term%"${term#?}"}/$term" ] || continue
	# Ctrl-L has it draw all anew, or only what differs would come.
	TERM=$term LC_ALL=C.UTF-8 client objcache-terminal -s 20x150 -o /tmp/top.cast "$cache" "p$ctrl_l" \
		"by parked" "r$ctrl_l" "by parked, reversed" q -- ./objcache top --delay 0.2
	grep -c "$cache" /tmp/top.cast
done
[ -s /tmp/top.cast ] || fail FAILED "no terminal is described in $TERMINFO"

step "what was killed while it traced is found"
./objcache trace "$cache" >/dev/null 2>&1 &
tracer=$!
until [ -d "/sys/kernel/debug/tracing/instances/objcache-$tracer" ]; do
	usleep 50000
done
kill -9 $tracer
wait $tracer
mount -t tracefs tracefs /sys/kernel/tracing
shows "mend:    rmdir /sys/kernel/tracing/instances/objcache-$tracer" doctor
try rmdir "/sys/kernel/tracing/instances/objcache-$tracer"
shows "0 things that cost speed" doctor

step "an interrupt gives what there is until then"
kill -INT $stress
stress_status=0
wait $stress || stress_status=$?
cat /tmp/stress
[ $stress_status = 130 ] || fail FAILED "objcache stress, interrupted: status $stress_status"
grep -q "^stress: PARTIAL .*0 violations" /tmp/stress || fail FAILED "objcache stress, interrupted: no PARTIAL"

step "stress"
shows "1. 2 threads get, stamp" stress --threads 2 --pairs 20000 --duration 1
shows '"verdict":"PASS"' stress --threads 2 --pairs 20000 --duration 1 --json
refuses 1 "violations (planted)" stress --threads 2 --pairs 20000 --duration 1 --plant

step "check"
load objcache_knobs
echo "constructed 256 0 c" >/sys/module/objcache_knobs/parameters/create
echo "constructed 1000" >/sys/module/objcache_knobs/parameters/pairs
echo "plain 64 0 -" >/sys/module/objcache_knobs/parameters/create
echo "plain 100" >/sys/module/objcache_knobs/parameters/park
shows "check: PASS 3 caches" check --all
shows '"caches_wrong":0' check --json
shows '"problems":0' doctor --json
unload objcache_knobs
echo 'stress*:check+stacks' >/sys/module/objcache/parameters/debug
shows "is in debug mode" stress --threads 2 --pairs 2000 --duration 1
echo wrong:stacks >/sys/module/objcache/parameters/debug
load objcache_wrong
refuses 1 "put_twice 1: debug mode" check wrong
grep -q "held by: .* objects are out" /tmp/refused || fail FAILED "objcache check wrong: does not say who holds what"
shows "cache wrong has" doctor
unload objcache_wrong
echo >/sys/module/objcache/parameters/debug
shows "0 things that cost speed" doctor

step "rmmod objcache"
[ -z "$(ls /sys/kernel/tracing/instances)" ] || fail FAILED "left: $(ls /sys/kernel/tracing/instances)"
unload objcache
check_nothing_left
