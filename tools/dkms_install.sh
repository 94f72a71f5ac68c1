#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# make dkms-install: has dkms build the module, for the running kernel now and for others
# when they come. For machines without our packages.
#
#   VERSION=N       of the module (made from git)
#   RELEASE=NAME    for that kernel instead of the running one
#
# The source goes to /usr/src/objcache-VERSION. To take it away again:
#
#   dkms remove objcache/VERSION --all && rm -r /usr/src/objcache-VERSION
#
# Needs root and dkms. Exit status: 0, 1 if dkms failed, 2 if something is missing.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
only_help "$@"

VERSION=${VERSION:-$("$here/package/version.sh")}
RELEASE=${RELEASE:-$(uname -r)}
[[ $VERSION =~ ^[0-9][A-Za-z0-9.+~]*$ ]] || die USAGE "VERSION=$VERSION: digits, letters and .+~ only"
command -v dkms >/dev/null || die USAGE "dkms is not here; it is in the package of that name"
[ "$(id -u)" = 0 ] || die USAGE "this takes root: it writes to /usr/src, /var/lib/dkms and /lib/modules"
[ -e "/lib/modules/$RELEASE/build" ] ||
	die USAGE "RELEASE=$RELEASE: no headers in /lib/modules/$RELEASE/build: install linux-headers-$RELEASE"
source=/usr/src/objcache-$VERSION
if [ -d "/var/lib/dkms/objcache/$VERSION" ]; then
	dkms remove "objcache/$VERSION" --all
fi
rm -rf "$source"
(cd "$TOP" && tools/package/dkms-tree.sh "$source")
sed "s/#MODULE_VERSION#/$VERSION/" "$here/package/debian/objcache-dkms.dkms" >"$source/dkms.conf"
dkms install "objcache/$VERSION" -k "$RELEASE" || die FAILED "dkms failed: see above"
echo "dkms-install: PASS objcache $VERSION for $RELEASE; modprobe objcache loads it"
