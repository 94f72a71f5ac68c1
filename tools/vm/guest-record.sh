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
# Characters beyond ASCII are there with a locale alone, and of that LC_CTYPE is all there is. What is typed is what is run.
mkdir -p /tmp/locale/C.utf8
try cp LC_CTYPE /tmp/locale/C.utf8/
# shellcheck disable=SC2016	# expanded by that shell
PATH=$PATH:/guest TERM=linux LOCPATH=/tmp/locale LC_CTYPE=C.UTF-8 try ./objcache-terminal -s 14x140 -o /tmp/top.cast -p 8 \
	'# ' "$(printf 'objcache top\r')" 'by gets' p 'parked' "$(printf 's\f')" 'by steals' q \
	-- sh -c 'printf "# "; read -r line; eval "$line"'

step "the recording"
echo begin-cast
base64 /tmp/top.cast
echo end-cast
kill -INT %1 %2
wait
unload objcache_knobs
unload objcache_example
unload objcache
