#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# make clients: pools that the kernel has, moved to objcache, and run beside the
# originals on a stock Debian kernel in a VM.
#
#   CLIENTS="NAME..."   only these of objpool zram crypt squashfs (all)
#   KEEP=y              only convert and build, run nothing (n)
#
#   objpool    the kernel's own lib/test_objpool.c, unmodified, over objpool's interface
#   zram       its compression streams; as a disk, while it recompresses, and as swap, while a
#              CPU goes off and on
#   crypt      dm-crypt's requests; verified reads of what was written, with two ciphers
#   squashfs   its decompressor streams; images of four compressors, eight readers
#
# The source is that of the kernel package, fetched if need be; semantic patches
# (tools/clients/*.cocci, for spatch) convert a copy of it. Each of their parts has to
# change something, and nothing may be left of what they name as gone. Original and
# converted are built against the same headers, do the same work on four CPUs with the
# same result, and are measured on a clock that counts instructions; a target that is
# missed is a failure. Outputs are under build/clients/: the table (table.txt), what was
# changed (NAME.diff), logs.
#
# The last line is `clients: PASS ...` or `clients: FAIL CODE NAME: reason`; CODE is the
# exit status.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
only_help "$@"
. "$here/leg.sh"
. "$here/stock_modules.sh"
. "$here/clients/convert.sh"

# shellcheck disable=SC2317,SC2154	# called from the trap in leg.sh, which sets verdict
conclude() {
	if [ -n "$counting" ]; then
		kill -- "-$counting"
		wait "$counting"
	fi 2>/dev/null
	[ ! -s "${OUT:-/nonexistent}/table.txt" ] || cat "$OUT/table.txt"
	case $verdict in
	"0 "*)
		echo "clients: PASS ${clients[*]}; kernel $KERNEL, $SECONDS s, outputs in ${OUT#"$TOP"/}/"
		;;
	*) echo "clients: FAIL $verdict" ;;
	esac
}

# The VM in the background, if one is.
counting=''

readonly KERNEL=6.12 ALL=(objpool zram crypt squashfs)
# What Debian ships and a client needs; and what it ships in the place of ours, with which
# it is compared too: squashfs with one stream a CPU.
declare -rA NEEDS=([objpool]='' [zram]='zram' [crypt]='dm-crypt brd cryptd xts ecb' [squashfs]='brd squashfs')
# What the kernel's command line has for a client.
declare -rA ARGUMENTS=([objpool]='preempt=full' [zram]='' [crypt]='' [squashfs]='')
declare -rA MEGABYTES=([objpool]=1024 [zram]=384 [crypt]=768 [squashfs]=1024)

refuse "make clients runs on the stock kernel $KERNEL with 4 CPUs; CLIENTS chooses clients" FLAVOR CPUS DURATION
read -ra clients <<<"${CLIENTS:-${ALL[*]}}"
for client in "${clients[@]}"; do
	want_word CLIENTS "$client" "${ALL[@]}"
done
want_word KEEP "${KEEP:-n}" y n

# The programs of the guest that are ours.
build_programs() {
	local name
	for name in meter hog verify; do
		gcc -std=gnu11 -O2 -D_GNU_SOURCE -Wall -Wextra -Werror -static -o "$OUT/$name" "$here/clients/$name.c" ||
			die FAILED "tools/clients/$name.c does not build"
	done
}

# dmsetup_files: sets DMSETUP to options of vm.py. It needs libraries, which go beside it.
dmsetup_files() {
	local library
	DMSETUP=(--file /sbin/dmsetup=dm/dmsetup)
	while read -r library; do
		DMSETUP+=(--file "$library=dm/${library##*/}")
	done < <(ldd /sbin/dmsetup | grep -oE '/[^ ]+')
}

# images FOLDER: one of each compressor, and the sums of the files in them.
make_images() {
	local content=$OUT/content compressor
	rm -rf "$content"
	mkdir -p "$content"
	cp -r "$SOURCE/kernel/sched" "$SOURCE/fs/squashfs" "$content"
	(cd "$content" && find . -type f -print0 | sort -z | xargs -0 sha256sum) >"$OUT/sums"
	for compressor in gzip lz4 xz zstd; do
		mksquashfs "$content" "$OUT/$compressor.sqfs" -comp "$compressor" -b 4096 -noappend -quiet -no-progress >&2 ||
			die FAILED "mksquashfs -comp $compressor failed"
	done
}

# files_of CLIENT: sets FILES to options of vm.py.
files_of() {
	local client=$1 variant file module
	FILES=(--file "$BUILT/module/objcache.ko" --file "$here/clients/guest-$client.sh=client.sh")
	for variant in original converted; do
		for file in "$OUT/$client/$variant"/*.ko; do
			FILES+=(--file "$file=$variant-${file##*/}")
		done
	done
	for file in "${UNPACKED[@]}"; do
		module=${file##*/}
		# That of Debian is the one that ours are in the place of.
		[ -e "$OUT/$client/original/$module" ] || FILES+=(--file "$file")
	done
	[ "$client" != squashfs ] || FILES+=(--file "$OUT/modules/squashfs.ko=percpu-squashfs.ko")
	case $client in
	zram) FILES+=(--file "$OUT/hog" --file "$OUT/meter" --file "$OUT/verify") ;;
	crypt) FILES+=("${DMSETUP[@]}" --file "$OUT/meter" --file "$OUT/verify") ;;
	squashfs)
		FILES+=(--file "$OUT/sums" --file "$OUT/meter")
		for file in "$OUT"/*.sqfs; do
			FILES+=(--file "$file")
		done
		;;
	esac
}

# modules_of CLIENT: sets UNPACKED, and MODULES to their names in the order of loading.
modules_of() {
	local paths file name
	local -a needs
	MODULES=''
	read -ra needs <<<"${NEEDS[$1]}"
	paths=$(resolve_modules "$FOLDER" "${needs[@]}")
	# shellcheck disable=SC2086	# one word per file
	unpack_modules "$OUT/modules" $paths
	for file in "${UNPACKED[@]}"; do
		name=${file##*/}
		[ -e "$OUT/$1/original/$name" ] || MODULES+=" ${name%.ko}"
	done
}

# run_client CLIENT MODE OPTION...: work on four CPUs, or count on one.
run_client() {
	local client=$1 mode=$2 out=$OUT/$1/$2
	shift 2
	python3 "$here/vm/vm.py" --kernel "$FOLDER" --out "$out" --script "$here/clients/guest.sh" --nodes 1 --label "$mode: " \
		--env "CLIENT=$client" --env "MODE=$mode" --env "MODULES=${MODULES# }" --append "${ARGUMENTS[$client]}" \
		--boot-limit 300 --quiet-limit 240 --limit 900 "${FILES[@]}" --memory "${MEGABYTES[$client]}" "$@"
}

# count_client CLIENT
count_client() {
	local status=0
	run_client "$1" count --cpus 1 --icount || status=$?
	# See bench.sh: QEMU before 8 can lose the flags of a cmpxchg16b in this mode.
	[ $status = "${CODES[SPLAT]}" ] || return $status
	say "once more: the guest crashed, as guests of this QEMU do when it counts instructions"
	run_client "$1" count --cpus 1 --icount
}

# one_client CLIENT: both at once. In a process group of its own, so that it can be ended
# with all that it has started.
one_client() {
	local client=$1 status=0
	say "== $client: at work, and counted"
	modules_of "$client"
	files_of "$client"
	set -m
	count_client "$client" &
	set +m
	counting=$!
	run_client "$client" work --cpus 4 || status=$?
	[ $status = 0 ] || failed_as "$OUT/$client/work"
	wait "$counting" || status=$?
	counting=''
	[ $status = 0 ] || failed_as "$OUT/$client/count"
}

# failed_as FOLDER: as the VM there did.
failed_as() {
	local code name reason
	read -r code name reason <"$1/verdict"
	say "the VM ended with code $code"
	die "${name%:}" "$reason"
}

# tabulate: what each client's VM counted, beside the lines that were changed.
tabulate() {
	local client
	printf '%-9s %-10s %-30s %10s %10s %8s %7s\n' client lines "instructions for" original converted more target
	for client in "${clients[@]}"; do
		awk -v client="$client" -v lines="$(cat "$OUT/$client.lines")" -f "$here/clients/table.awk" \
			"$OUT/$client/count/results.log" || die FAILED "$client: not all instructions were counted"
	done
}

"$here/deps.sh" clients
FOLDER=$("$here/kernel.sh" stock "$KERNEL")
SOURCE=$("$here/kernel.sh" source "$KERNEL")
start_leg clients
build_all "$FOLDER"
build_programs
for client in "${clients[@]}"; do
	convert_client "$client"
done
if [ "${KEEP:-n}" = n ]; then
	# Asked once here rather than by every boot.
	OBJCACHE_ACCEL=${OBJCACHE_ACCEL:-$(python3 "$here/vm/accel.py")}
	export OBJCACHE_ACCEL
	[[ " ${clients[*]} " != *" crypt "* ]] || dmsetup_files
	[[ " ${clients[*]} " != *" squashfs "* ]] || make_images
	for client in "${clients[@]}"; do
		one_client "$client"
	done
	tabulate >"$OUT/table.txt"
	! grep -q 'missed$' "$OUT/table.txt" || die FAILED "a target is missed, see the table"
fi
mkdir -p "$OUT/vm"
echo "0 PASS: all" >"$OUT/vm/verdict"
