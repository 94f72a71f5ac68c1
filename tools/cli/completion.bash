# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Completes objcache's subcommands, options and caches, as the command itself tells them.
# Sourced by bash, from where bash-completion looks for it.

# _objcache_subcommand: the first word that is one.
_objcache_subcommand() {
	local i word words
	words=$("${COMP_WORDS[0]}" complete 2>/dev/null)
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		[[ $'\n'$words$'\n' != *$'\n'"$word"$'\n'* ]] || { echo "$word" && return; }
	done
}

# _objcache_root: the option --root, which the caches are looked for below.
_objcache_root() {
	local i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--root | -R) [[ ${COMP_WORDS[i + 1]-} != = ]] || ((i++)); echo "--root=${COMP_WORDS[i + 1]-}" ;;
		--root=*) echo "${COMP_WORDS[i]}" ;;
		esac
	done
}

# _objcache_value OPTION_LINES OPTION: what can follow it; 1 if it takes no value. A line
# is the option, the name of its value, and the words it can be.
_objcache_value() {
	local option name words
	while read -r option name words; do
		[ "$option" = "$2" ] || continue
		[ -n "$name" ] || return 1
		case $name in
		DIR | FILE) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
		*) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current") ;;
		esac
		return
	done <<<"$1"
	return 1
}

_objcache() {
	local command=${COMP_WORDS[0]} current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local subcommand options root
	COMPREPLY=()
	subcommand=$(_objcache_subcommand)
	options=$("$command" complete "${subcommand:---common}" 2>/dev/null)
	# "--sort=ge" comes as three words.
	if [ "$before" = = ] && [ "$COMP_CWORD" -ge 2 ]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	elif [ "$current" = = ]; then
		current=
	fi
	if _objcache_value "$options" "$before"; then
		return
	elif [[ $current = -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(cut -d' ' -f1 <<<"$options")" -- "$current")
	elif [ -z "$subcommand" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$("$command" complete) help" -- "$current")
	else
		root=$(_objcache_root)
		mapfile -t COMPREPLY < <(compgen -W "$("$command" ${root:+"$root"} complete --caches)" -- "$current")
	fi
}

complete -F _objcache objcache
