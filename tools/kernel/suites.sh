# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Packages of another Debian suite or machine than this one's own, without touching
# the system's lists: apt gets a folder of its own in the cache. Sourced by kernel.sh.

# Lines whose kernel is not in the machine's own suite, and where it is.
declare -A SUITE_OF=([7.3]=trixie-backports)

# suite_line SUITE: the machine's own line for Debian's archive, with that suite's name.
suite_line() {
	local own site
	own=$(. /etc/os-release && echo "$VERSION_CODENAME")
	# shellcheck disable=SC2016	# expanded by apt-get
	site=$(apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		awk -v own="$own" '$2 == own && $3 == "main" { print $1; exit }')
	[ -n "$site" ] || die USAGE "no line for $own main in the sources of this machine (see /etc/apt)"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site $1 main"
}

# use_suite SUITE FOLDER OPTION...: from here on apt reads that suite alone. Its list
# is fetched once, and again when it turns out to be too old.
use_suite() {
	local line dir=$2
	line=$(suite_line "$1")
	shift 2
	use_apt_folder "$dir"
	APT_OPTS+=(-o "Dir::Etc::sourcelist=$dir/sources.list" -o Dir::Etc::sourceparts=-
		-o Dir::State::status=/dev/null "$@")
	echo "$line" >"$dir/sources.list"
	compgen -G "$dir/state/lists/*Packages*" >/dev/null || update_lists
}

# use_suite_of LINE: the suite of that kernel, if it has one.
use_suite_of() {
	local suite=${SUITE_OF[$1]:-}
	[ -z "$suite" ] || use_suite "$suite" "$CACHE/apt-$suite"
}

# foreign_busybox ARCHITECTURE FOLDER: that machine's busybox as FOLDER/busybox. None
# for a kernel that is not cross-built: User-Mode Linux runs this machine's own.
foreign_busybox() {
	local dir=$2/busybox.deb
	[ -n "$CROSS_COMPILE" ] || return 0
	(
		use_suite "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$CACHE/apt-$1" \
			-o "APT::Architecture=$1" -o "APT::Architectures=$1"
		fetch_into "$dir" "busybox-static:$1"
	) || die USAGE "could not download busybox-static for $1"
	mv "$dir/bin/busybox" "$2/busybox"
	rm -r "$dir"
}
