# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Modules that Debian ships with a kernel, for a VM. Sourced, after lib.sh.

# resolve_modules KERNEL_FOLDER NAME...: prints the files of these and of what they
# depend on, in the order of loading. What is built in has none.
resolve_modules() {
	local folder=$1 release module found
	release=$(cat "$folder/release")
	shift
	for module; do
		found=$(PATH=$PATH:/sbin modprobe -C /dev/null -d "$folder/root" -S "$release" --show-depends -- "$module" 2>/dev/null) ||
			die USAGE "MODULES=$module: not among the modules of Debian's kernel $release"
		sed -n 's/^insmod \([^ ]*\).*/\1/p' <<<"$found"
	done | awk '!seen[$0]++'
}

# unpack_modules FOLDER FILE...: sets UNPACKED to the files there, in the same order.
unpack_modules() {
	local folder=$1 path name
	shift
	mkdir -p "$folder"
	UNPACKED=()
	for path; do
		name=${path##*/} name=${name%.xz}
		case $path in
		*.xz) xz -dc "$path" >"$folder/$name" ;;
		*) cp "$path" "$folder/$name" ;;
		esac
		UNPACKED+=("$folder/$name")
	done
}
