# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Packages of another Debian suite or machine than this one's own, without
# touching the system's lists. Sourced after packages.sh.

# use_suite SUITE [ARCHITECTURE]: from here on APT_OPTS names that suite alone. Its
# line is the machine's own for Debian's main archive, with the other suite's name.
use_suite() {
	local suite=$1 machine=${2:-$(dpkg --print-architecture)} dir=$CACHE/apt-$1${2:+-$2} own site
	own=$(. /etc/os-release && echo "$VERSION_CODENAME")
	# shellcheck disable=SC2016	# expanded by apt-get
	site=$(apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		awk -v own="$own" '$2 == own && $3 == "main" { print $1; exit }')
	[ -n "$site" ] || die USAGE "no line for $own main in the sources of this machine (see /etc/apt)"
	mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site $suite main" \
		>"$dir/sources.list"
	APT_OPTS=(-o APT::Sandbox::User=root -o "Dir::Etc::sourcelist=$dir/sources.list"
		-o Dir::Etc::sourceparts=- -o "Dir::State=$dir/state" -o "Dir::Cache=$dir/cache"
		-o Dir::State::status=/dev/null -o "APT::Architecture=$machine" -o "APT::Architectures=$machine")
	say "reading the package list of $suite for $machine"
	apt-get -qq "${APT_OPTS[@]}" update >&2 || die USAGE "apt-get update of $suite failed: is there a network?"
}

# foreign_busybox ARCHITECTURE FOLDER: that machine's busybox as FOLDER/busybox.
foreign_busybox() {
	local dir=$2/busybox.deb
	(
		use_suite "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$1"
		fetch_into "$dir" "busybox-static:$1"
	) || die USAGE "could not download busybox-static for $1"
	mv "$dir/bin/busybox" "$2/busybox"
	rm -r "$dir"
}
