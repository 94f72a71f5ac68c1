#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Puts in place what the package objcache-tools has, from the top folder; called by
# debian/rules and by the Makefile.
#
#   tools/package/install.sh BUILT ROOT [PREFIX]

set -eu
built=$1 root=$2 prefix=${3:-/usr}

install -D -m 755 -t "$root$prefix/bin" "$built/objcache"
for page in tools/doc/*.[1-8]; do
	[ ! -f "$page" ] || install -D -m 644 -t "$root$prefix/share/man/man${page##*.}" "$page"
done
install -D -m 644 tools/cli/completion.bash "$root$prefix/share/bash-completion/completions/objcache"
