# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
# objcache top, with something to see: SCRIPT= of make guest, from tools/record.sh.

step "caches at work"
load objcache
load objcache_example
load objcache_knobs
echo "requests 256 0 c" >/sys/module/objcache_knobs/parameters/create
echo "requests 700" >/sys/module/objcache_knobs/parameters/park
./objcache stress -t 2 -n 1000000000 -d 1 -q >/dev/null 2>&1 &
./objcache stress -t 4 -n 1000000000 -d 1 -q >/dev/null 2>&1 &
until [ "$(./objcache list | grep -c '^stress-')" = 2 ]; do
	usleep 100000
done

step -l 300 "objcache top on a terminal"
mkdir -p /dev/pts
try mount -t devpts devpts /dev/pts
# What is typed waits for the shell to be there, and then for the caches.
PATH=$PATH:/guest PS1='# ' TERM=xterm LC_ALL=C.UTF-8 HOME=/ try ./objcache-terminal -s 16x150 -o /tmp/top.cast -p 6 \
	'# ' "$(printf 'objcache top\r')" 'by gets' p 'parked' "$(printf 's\f')" 'by steals' q '# ' "$(printf 'exit\r')" \
	-- sh -i

step "the recording"
echo "== top.cast"
base64 /tmp/top.cast
echo "== end"
kill -INT %1 %2
wait
unload objcache_knobs
unload objcache_example
unload objcache
