# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Finds and fetches Debian packages without installing them. Sourced by kernel.sh.
#
# Point releases vanish from the archive, so names are found at run time by
# walking the dependencies of a metapackage. The machine's own package lists are
# used; where they are missing or too old, private ones in the cache folder are
# fetched, which needs no root and leaves the system's alone.

APT_OPTS=(-o APT::Sandbox::User=root)

# unless_cached_only: before whatever takes long. Who asks for what is cached, and
# would have to wait for it, gets status 1.
unless_cached_only() { [ -z "${CACHED_ONLY:-}" ] || exit 1; }

# The folder of private lists in use, if any.
APT_FOLDER=

# use_apt_folder FOLDER: from here on apt keeps its lists and packages there.
use_apt_folder() {
	APT_FOLDER=$1
	mkdir -p "$1/state/lists/partial" "$1/cache/archives/partial"
	APT_OPTS+=(-o "Dir::State=$1/state" -o "Dir::State::lists=$1/state/lists"
		-o "Dir::Cache=$1/cache" -o Dir::State::status=/var/lib/dpkg/status)
}

# update_lists: apt-get itself does not wait for another one in the same folder.
update_lists() {
	unless_cached_only
	say "fetching package lists into $APT_FOLDER"
	flock "$APT_FOLDER/lock" apt-get -qq "${APT_OPTS[@]}" update >&2 ||
		die USAGE "apt-get update failed: is there a network?"
}

# use_private_lists: fresh ones, of the machine's own sources unless a suite is in use.
use_private_lists() {
	[ -n "$APT_FOLDER" ] || use_apt_folder "$CACHE/apt"
	update_lists
}

# package_field NAME FIELD: of the version that apt would install.
package_field() {
	apt-cache "${APT_OPTS[@]}" show --no-all-versions "$1" 2>/dev/null |
		sed -n "s/^$2: //p"
}

# kernel_packages META...: "name=version" lines of all that these need of the
# kernel's own packages. One call of apt-cache per level: each costs half a second.
kernel_packages() {
	local -A version=()
	local -a level=("$@")
	local name value field
	while [ ${#level[@]} -gt 0 ]; do
		local -a next=()
		while IFS=' ' read -r field value; do
			case $field in
			Package:) name=$value ;;
			Version:) version[$name]=$value ;;
			# Of alternatives the first is the signed one.
			Depends:) mapfile -t -O ${#next[@]} next < <(tr ',' '\n' <<<"$value" |
				sed -nE 's/^ *(linux-(image|headers|kbuild|binary|modules)-[^ ]*).*/\1/p') ;;
			esac
		done < <(apt-cache "${APT_OPTS[@]}" show --no-all-versions "${level[@]}" 2>/dev/null)
		for name in "${level[@]}"; do
			[ -n "${version[$name]:-}" ] || return 1
		done
		level=()
		for name in "${next[@]}"; do
			[ -n "${version[$name]:-}" ] || level+=("$name")
		done
	done
	for name in "${!version[@]}"; do
		echo "$name=${version[$name]}"
	done
}

# resolve META...: sets RESOLVED, from the machine's lists or else private ones.
# shellcheck disable=SC2034	# RESOLVED is what the callers read
resolve() {
	RESOLVED=$(kernel_packages "$@" | sort) && return
	use_private_lists
	RESOLVED=$(kernel_packages "$@" | sort) ||
		die USAGE "no package $* in the sources of this machine (see /etc/apt)"
}

# fetch_into FOLDER "NAME=VERSION"...: downloads and unpacks; apt checks the sums.
fetch_into() {
	local root=$1 debs deb
	unless_cached_only
	shift
	debs=$root.debs
	mkdir -p "$root" "$debs"
	say "fetching $*"
	(cd "$debs" && apt-get -qq "${APT_OPTS[@]}" download "$@" >&2) || return 1
	for deb in "$debs"/*.deb; do
		dpkg-deb -x "$deb" "$root" || die USAGE "$deb: cannot be unpacked"
	done
	rm -r "$debs"
}
