#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# make clients must notice what it is there to notice; the self-test looks at the last
# line.
#
#   tools/clients_test.sh convert   a semantic patch that does nothing, fails, or leaves
#                                   something; a figure that is missing, or too high
#   tools/clients_test.sh lose      a converted client that loses objects (in a VM)

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
case ${1:-} in
convert | lose) ;;
*) usage "$0" && exit 2 ;;
esac
. "$here/expect.sh"
OUT=$work

# patch NAME TEXT: a semantic patch with a good part before what is in TEXT.
patch() {
	printf '%s\n' '// gone: old_thing' '// part: a good one' '@@' '@@' '-old_thing(1);' '+new_thing(1);' '' "$2" >"$OUT/$1.cocci"
	printf '%s\n' 'void user(void)' '{' '	old_thing(1);' '	old_thing(2);' '}' >"$OUT/$1.c"
}

# apply_patch NAME: as clients.sh does.
apply_patch() {
	apply "$OUT/$1.cocci" "$OUT" "$1.c"
	nothing_left "$OUT/$1.cocci" "$OUT" "$1.c"
}

# counts LINE...: rows of the table for what these say.
counts() {
	printf '%s\n' "${@/#/counted }" >"$OUT/results"
	awk -v client=some -v lines='+1 -1' -f "$here/clients/table.awk" "$OUT/results" && echo "and that is all"
}

test_convert() {
	. "$here/clients/convert.sh"
	patch good $'// part: the other\n@@\n@@\n-old_thing(2);\n+new_thing(2);'
	expect 0 '' apply_patch good
	patch nothing $'// part: for nothing\n@@\n@@\n-older_thing(2);\n+new_thing(2);'
	expect 1 'nothing.cocci: matches nothing: // part: for nothing' apply_patch nothing
	patch broken $'// part: broken\n@@\n@@\n-old_thing(2;'
	expect 1 'broken.cocci: spatch failed in // part: broken' apply_patch broken
	patch left ''
	expect 1 'left.cocci: old_thing is left' apply_patch left

	expect 0 'met' counts 'original 100 40 page' 'converted 140 40 page'
	expect 0 'missed' counts 'original 100 40 page' 'converted 140.1 40 page'
	expect 0 'page, per CPU' counts 'original 1000 0 page' 'percpu 990 0 page' 'converted 992 0 page'
	expect 0 'missed' counts 'original 1000 0 page' 'percpu 980 0 page' 'converted 992 0 page'
	expect 1 '' counts 'original 100 - page' 'converted 100 - page' 'original 100 - other'
	expect 1 '' counts
}

test_lose() {
	expect 1 'clients: FAIL 1 FAILED: objects were out when a cache was destroyed' \
		env OBJCACHE_PLANT="$here/clients/lose.cocci" CLIENTS=crypt "$here/clients.sh"
}

"$here/deps.sh" clients
"test_$1"
echo "clients_test: PASS"
