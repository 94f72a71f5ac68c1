# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Several legs one after another: each a command whose output is shown and kept in a
# log; at the end one table of them all, or, whatever ends it earlier, a verdict and the
# numbers up to there. Sourced by matrix.sh and .ci/run.

passed=0 failed=0 skipped=0 first_bad='' DIED=''
rows=()
readonly ROW='%-14s %-30s %-7s %-6s %6s %6s %7s %7s  %s\n'

# end_early STATUS: the script ends otherwise than by end_legs.
end_early() {
	local verdict
	trap - EXIT
	verdict=$(ending "$1" "$DIED")
	echo "verdict: $verdict"
	echo "kunit: $passed passed, $((failed + 1)) failed, $skipped skipped"
	exit "${verdict%% *}"
}
trap 'end_early $?' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# start_legs FOLDER: where the logs go. A warning of the compiler fails a leg.
start_legs() {
	LOGS=$1
	plain_paths
	rm -rf "$LOGS"
	mkdir -p "$LOGS"
	export OBJCACHE_KCFLAGS=-Werror
}

# leg NAME COMMAND...
leg() {
	local name=$1 log=$LOGS/$1.log start=$SECONDS status=0 verdict=PASS
	shift
	echo "== $name: $*"
	"$@" 2>&1 | tee "$log" || status=$?
	# Those of modpost and objtool cannot be made errors on every kernel.
	if [ "$status" = 0 ] && grep -E '^WARNING: modpost|: warning: objtool' "$log"; then
		status=1 verdict="the build warns"
	elif [ "$status" != 0 ]; then
		verdict=$(reason "$log")
	fi
	echo "== $name: $verdict, after $((SECONDS - start)) s"
	[ "$status" = 0 ] || first_bad=${first_bad:-"leg $name: $verdict"}
	add_row "$name" "$log" "$status" $((SECONDS - start)) "$verdict"
}

# skip_leg NAME
skip_leg() {
	echo "not run: $1"
	skipped=$((skipped + 1))
	add_text "$1" - - - - - 1 0 "not run"
}

# reason LOG: its last verdict, or else its last line that is not make's.
reason() {
	awk '/^verdict: / { verdict = substr($0, 10) } !/^make/ { last = $0 }
		END { sub(/^[a-z]+: FAIL /, "", last); print verdict ? verdict : last }' "$1"
}

# release_of LOG: of the kernel that a leg built the modules for, at last.
release_of() { sed -nE 's/^building modules (and tools )?against //p' "$1" | tail -n 1; }

# add_row NAME LOG STATUS SECONDS VERDICT: its own numbers, if it has any; else a
# leg that failed counts as one.
add_row() {
	local name=$1 log=$2 status=$3 release arch=x86_64 flavor pass=- fail=- skip=-
	local numbers='^kunit: ([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$'
	release=$(release_of "$log")
	case $release in
	'') release=- arch=- flavor=- ;;
	*-objcache-*) flavor=${release#*-objcache-} flavor=${flavor%-*} ;;
	*) flavor=stock ;;
	esac
	[[ $name != *arm64* ]] || arch=arm64
	if [[ $(grep '^kunit: ' "$log" | tail -n 1) =~ $numbers ]]; then
		pass=${BASH_REMATCH[1]} fail=${BASH_REMATCH[2]} skip=${BASH_REMATCH[3]}
	fi
	if [ "$status" != 0 ] && [[ $fail = [0-] ]]; then
		fail=1
	fi
	passed=$((passed + ${pass/-/0})) failed=$((failed + ${fail/-/0})) skipped=$((skipped + ${skip/-/0}))
	add_text "$name" "$release" "$arch" "$flavor" "$pass" "$fail" "$skip" "$4" "$5"
}

# shellcheck disable=SC2059	# one format for all rows
add_text() { rows+=("$(printf "$ROW" "$@")"); }

# end_legs: the table, what failed first, and the numbers of all.
end_legs() {
	echo
	# shellcheck disable=SC2059	# one format for all rows
	printf "$ROW" leg kernel arch flavor passed failed skipped seconds verdict
	printf '%s\n' "${rows[@]}"
	echo
	[ "$failed" = 0 ] || echo "verdict: 1 FAILED: ${first_bad:-see above}"
	echo "kunit: $passed passed, $failed failed, $skipped skipped"
	trap - EXIT
	[ "$failed" = 0 ]
}
