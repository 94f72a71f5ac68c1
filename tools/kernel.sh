#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Makes sure that a kernel is in the cache and prints its folder.
#
#   tools/kernel.sh stock 6.1|6.12|6.12-rt   Debian's own image and headers
#   tools/kernel.sh source 6.1|6.12|7.3   its source, unpacked
#   tools/kernel.sh test 6.1|6.12|7.3 debug|plain|kcsan|rt|bench|uml   built from that source
#   tools/kernel.sh test 6.12-arm64 plain         the same, cross-built
#   tools/kernel.sh clang 6.1|6.12|7.3    that source, prepared for modules by clang; not built
#
# With --cached first: prints the folder if the kernel is there, else exits 1.
#
# The folder of a kernel has vmlinuz, build (a KDIR) and release, and one built here
# has arch; for another machine than this, also its busybox. All progress
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
. "$here/kernel/prepare.sh"

export CACHED_ONLY=
case ${1:-} in
-h | --help) usage "$0" && exit ;;
--cached) CACHED_ONLY=1 && shift ;;
esac
case ${1:-} in
stock | source | test | clang) ;;
*) die USAGE "${1:-nothing}: not a command; one of: stock source test clang" ;;
esac
command=$1 line=${2:-}
plain_paths

case $command in
stock) want_word KERNEL "$line" "${!STOCK_PACKAGES[@]}" ;;
clang) want_word KERNEL "$line" 6.1 6.12 7.3 ;;
*) want_word KERNEL "$line" "${!SOURCE_PACKAGE[@]}" ;;
esac
[ "$command" != test ] || want_word FLAVOR "${3:-}" debug plain kcsan rt bench uml
machine=$(dpkg --print-architecture)
want_word "architecture" "$machine" amd64

use_suite_of "$line"

case $command in
stock) stock_kernel "$line" ;;
source) kernel_source "$line" ;;
test) test_kernel "$line" "$3" ;;
clang) clang_kernel "$line" ;;
esac
