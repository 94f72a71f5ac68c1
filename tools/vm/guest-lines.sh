# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# make lines: each pattern that was asked for with each contender, while the
# emulator's plugin watches; or, with ASK=symbols, the kernel's symbols. Runs in the
# VM, sourced by guest-init.sh.

lines=/sys/kernel/debug/objcache_lines

# send_document NAME: what is in /tmp/document.
send_document() {
	send begin "$1"
	cat /tmp/document
	send end "$(wc -l </tmp/document)"
}

# run_pattern PATTERN CONTENDER [NAME]: says how many objects went through.
run_pattern() {
	step -l "$STEP_LIMIT" "${3:-$1} $2"
	echo "$1 $2" >$lines/run ||
		fail FAILED "$1 $2: $(cat $lines/result) $(dmesg | grep objcache_lines: | tail -n 2 | tr "\n" " ")"
	echo "region ${3:-$1} $2 $(cat $lines/result)"
}

if [ "$ASK" = symbols ]; then
	step "reading the kernel's symbols"
	gzip -c /proc/kallsyms | base64 >/tmp/document
	send_document kallsyms
	step "read the kernel's symbols"
else
	need_cpus "$CPUS"
	step "insmod objcache, objcache_lines"
	# No aging step comes in between.
	load objcache age_ms=3600000
	load objcache_lines "core_size=$CORE_SIZE" "cpu_size=$CPU_SIZE"
	if [ "$PLANT" = 1 ]; then
		echo 1 >/sys/module/objcache_lines/parameters/plant
		run_pattern flow objcache planted
		echo 0 >/sys/module/objcache_lines/parameters/plant
	fi
	while read -r name contender; do
		case " $PATTERNS " in *" $name "*) ;; *) continue ;; esac
		case $CONTENDERS in all | "$contender") run_pattern "$name" "$contender" ;; esac
	done <$lines/runs
	# Where the modules' sections are; searching all symbols would be watched, and slow.
	for section in /sys/module/objcache/sections/.* /sys/module/objcache_lines/sections/.*; do
		[ ! -f "$section" ] || echo "section $section $(cat "$section")"
	done >/tmp/document
	send_document sections
	cat $lines/known >/tmp/document
	send_document known
	sed 's/^/config /' /sys/kernel/debug/objcache/lines/config
	step "rmmod objcache_lines, objcache"
	unload objcache_lines
	unload objcache
	check_nothing_left
	step "all patterns with $CPUS CPUs, nothing left"
fi
