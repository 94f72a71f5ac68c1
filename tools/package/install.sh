#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Puts in place what the package objcache-tools has, from the top folder; called by
# debian/rules and by the Makefile.
#
#   tools/package/install.sh BUILT ROOT [PREFIX]

set -eu
built=$1 root=$2 prefix=${3:-/usr}

# The one command, or, until it is there, the client that it takes the place of.
for program in "$built/objcache" "$built/objcache-stress"; do
	if [ -x "$program" ]; then
		install -D -m 755 -t "$root$prefix/bin" "$program"
		break
	fi
done
for page in tools/doc/*.[1-8]; do
	[ ! -f "$page" ] || install -D -m 644 -t "$root$prefix/share/man/man${page##*.}" "$page"
done
for completion in tools/cli/*completion*; do
	[ ! -f "$completion" ] || install -D -m 644 "$completion" "$root$prefix/share/bash-completion/completions/objcache"
done
