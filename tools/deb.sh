#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# make deb: Debian packages of what is checked out, in build/deb/.
#
#   VERSION=N                      of the packages (made from git: 0.COMMITS+gHASH, with
#                                  +dirty if something is not committed)
#   MAINTAINER='NAME <ADDRESS>'    who makes them (who made the last commit)
#
#   objcache-dkms          the module, built by DKMS for each kernel that is installed
#   objcache-dev           what other modules are built against, and objcache-config
#   objcache-tools         commands and manual pages
#   objcache-example-dkms  a module that uses objcache, packaged as others would be
#
# The same commit gives the same packages, byte for byte, on the same machine. They are
# checked with lintian: a complaint is a failure. The last line is `deb: PASS ...` or
# `deb: FAIL CODE NAME: reason`.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
only_help "$@"
. "$here/leg.sh"

# shellcheck disable=SC2317,SC2154	# called from the trap in leg.sh, which sets verdict
conclude() {
	case $verdict in
	"0 "*) echo "deb: PASS ${verdict#*: }" ;;
	*) echo "deb: FAIL $verdict" ;;
	esac
}

git_says() { git -C "$TOP" "$@" 2>/dev/null; }

# read_version: VERSION, EPOCH (when that was) and YEAR.
read_version() {
	EPOCH=$(git_says log -1 --format=%ct) || EPOCH=${SOURCE_DATE_EPOCH:-}
	VERSION=${VERSION:-$("$here/package/version.sh")}
	[[ $VERSION =~ ^[0-9][A-Za-z0-9.+~]*$ ]] || die USAGE "VERSION=$VERSION: not one that a package can have"
	[[ $EPOCH =~ ^[0-9]+$ ]] || die USAGE "SOURCE_DATE_EPOCH=$EPOCH: git tells no time, so give one"
	YEAR=$(date -u -d "@$EPOCH" +%Y)
}

# fill FILE...: who maintains it, which version, which year.
fill() {
	sed -i "s|@MAINTAINER@|${MAINTAINER//&/\\&}|; s|@VERSION@|$VERSION|; s|@YEAR@|$YEAR|" "$@"
}

# assemble FOLDER: the source package.
assemble() {
	mkdir -p "$1"
	(cd "$TOP" && { git_says ls-files -co --exclude-standard -- Kbuild module tools || find Kbuild module tools -type f; } |
		grep -vE '^tools/(bench|kernel|lines|vm|torture|litmus)/' |
		while read -r file; do [ ! -f "$file" ] || echo "$file"; done | tar -c -T - -f - --mode=go-w,a+r) | tar -x -C "$1"
	mv "$1/tools/package/debian" "$1/debian"
	fill "$1"/debian/{control,copyright}
	echo tools/package/objcache-config.1 >"$1/debian/objcache-dev.manpages"
	printf 'objcache (%s) unstable; urgency=medium\n\n  * %s\n\n -- %s  %s\n' "$VERSION" \
		"Built from its source as it was then." "$MAINTAINER" "$(date -u -R -d "@$EPOCH")" >"$1/debian/changelog"
}

# build FOLDER
build() {
	say "building the packages; log: build/deb/build.log"
	(cd "$1" && SOURCE_DATE_EPOCH=$EPOCH dpkg-buildpackage -b -us -uc) >"$OUT/build.log" 2>&1 ||
		{ tail -20 "$OUT/build.log" >&2 && die FAILED "dpkg-buildpackage failed: build/deb/build.log"; }
}

# What is about an archive that we do not upload to.
check() {
	say "checking them with lintian"
	lintian --allow-root --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs "$OUT"/*.changes >&2 ||
		die FAILED "lintian complains"
}

"$here/deps.sh" deb
read_version
MAINTAINER=${MAINTAINER:-$(git_says log -1 --format='%an <%ae>')} || MAINTAINER=
[[ $MAINTAINER =~ ^[^\<\>\|\\]+' <'[^\<\>\|\\\ ]+@[^\<\>\|\\\ ]+'>'$ ]] ||
	die USAGE "MAINTAINER=$MAINTAINER: not of the form NAME <ADDRESS>"
start_leg deb
assemble "$OUT/objcache-$VERSION"
build "$OUT/objcache-$VERSION"
check
mkdir "$OUT/vm"
(cd "$OUT" && sha256sum ./*.deb) | tee "$OUT/sha256sums"
echo "0 PASS: $(find "$OUT" -name '*.deb' | wc -l) packages of version $VERSION in build/deb/, lintian clean" >"$OUT/vm/verdict"
