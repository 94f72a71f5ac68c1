#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Makes sure that a kernel is in the cache and prints its folder.
#
#   tools/kernel.sh stock 6.1|6.12      Debian's own image and headers
#   tools/kernel.sh source 6.12|7.3     its source, unpacked
#   tools/kernel.sh test 6.12|7.3 debug|plain|kcsan|bench|uml   built from that source
#
# The folder of a kernel has vmlinuz, build (a KDIR) and release. All progress
# goes to stderr; the folder is the only line of stdout. The cache is
# ${XDG_CACHE_HOME:-~/.cache}/objcache, each entry keyed by what made it.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/kernel/packages.sh"
. "$here/kernel/suites.sh"
. "$here/kernel/stock.sh"
. "$here/kernel/source.sh"
. "$here/kernel/build.sh"

case ${1:-} in
-h | --help) usage "$0" && exit ;;
stock | source | test) ;;
*) die USAGE "${1:-nothing}: not a command; one of: stock source test" ;;
esac
command=$1 line=${2:-}

case $command in
stock) want_word KERNEL "$line" "${!STOCK_PACKAGES[@]}" ;;
*) want_word KERNEL "$line" "${!SOURCE_PACKAGE[@]}" ;;
esac
[ "$command" != test ] || want_word FLAVOR "${3:-}" "${!BUILD_STEPS[@]}"
machine=$(dpkg --print-architecture)
want_word "architecture" "$machine" amd64

[ "$command" = stock ] || [ -z "${SOURCE_SUITE[$line]:-}" ] || use_suite "${SOURCE_SUITE[$line]}"

case $command in
stock) stock_kernel "$line" ;;
source) kernel_source "$line" ;;
test) test_kernel "$line" "$3" ;;
esac
