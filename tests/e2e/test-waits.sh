#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# No command waits without end: not for a pipe that nobody writes into, not for a lock.
source "$(dirname "$0")/lib.sh"
two_namespaces
printf '[weir]\ndevices = b0\n[listener a]\nports = 1883\n' >"$work/conf"

# Pipes work, also when they are slow.
weir check <(cat "$work/conf")
weir check /dev/stdin <"$work/conf"
# shellcheck disable=SC2002 # a pipe is what is wanted
cat "$work/conf" | weir check /dev/stdin
slowly() {
	sed -n 1,2p "$work/conf"
	sleep 1
	sed -n '3,$p' "$work/conf"
}
weir check <(slowly)
mkfifo "$work/fifo"
cat "$work/conf" >"$work/fifo" &
weir check "$work/fifo"
wait $!

# Each gives up by itself; what `timeout` has to end has status 124.
run() { # NAME WORD...: of weir
	local status=0

	in_broker timeout 200 "$build/weir" "${@:2}" >"$work/$1.out" 2>&1 </dev/null || status=$?
	echo "$status" >"$work/$1.status"
}
failed_with() { # NAME PART
	is "$(<"$work/$1.status")" 1 "$1: status ($(<"$work/$1.out"))"
	has "$(<"$work/$1.out")" "$2" "$1"
}
mkdir "$work/textfiles"
exec {held}<"$work/textfiles"
flock "$held"
weir attach b0
started=()
for words in "check $work/fifo" "diff $work/fifo" "apply $work/fifo" "attach config $work/fifo" \
	"metrics textfile $work/textfiles/a.prom"; do
	# shellcheck disable=SC2086 # words
	run "${words%% *}" $words &
	started+=($!)
done
wait "${started[@]}"
for name in check diff apply attach; do
	failed_with $name "$work/fifo: file: gave nothing for 10 s"
done
failed_with metrics "cannot lock '$work/textfiles"
is "$(ls -A "$work/textfiles")" "" "textfiles"
flock -u "$held"
expect 0 weir metrics textfile "$work/textfiles/a.prom"
