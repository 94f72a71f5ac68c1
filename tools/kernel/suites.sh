# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Packages of another Debian suite than the machine's own, without touching the
# system's lists. Sourced after packages.sh.

# use_suite SUITE: from here on APT_OPTS names that suite alone. Its line is the
# machine's own for Debian's main archive, with the other suite's name.
use_suite() {
	local suite=$1 dir=$CACHE/apt-$1 own site
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
		-o Dir::State::status=/dev/null)
	say "reading the package list of $suite"
	apt-get -qq "${APT_OPTS[@]}" update >&2 || die USAGE "apt-get update of $suite failed: is there a network?"
}
