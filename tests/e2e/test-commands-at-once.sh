#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Commands that run at the same time wait for each other; none is lost.
source "$(dirname "$0")/lib.sh"

together() { # COMMAND...: 8 at once, all must succeed
	local n pids=() pid

	for n in {1..8}; do
		start "command-$n" broker "$build/weir" "$@"
		pids+=("$job")
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || fail "weir $*: exit status $?"
	done
}

two_namespaces
broker_start
together attach b0 enforce
is "$(xdp_mode broker b0)" xdp "program after 8 attaches at once"

# Four levels, one after another in a loop, all four loops at once: all four limits hold.
pids=()
for level in host listener site source; do
	start "limit-$level" broker "$BASH" -euc "
		for n in {1..25}; do '$build/weir' limit b0 $level \$n/h burst 1\$n; done"
	pids+=("$job")
done
for pid in "${pids[@]}"; do
	wait "$pid"
done
for level in host listener site source; do
	has "$(weir show limits b0 | grep "$level")" 25/h "limit of the $level"
done

start one broker "$build/weir" detach b0
one=$job
start two broker "$build/weir" detach b0
two=$job
status_one=0 status_two=0
wait "$one" || status_one=$?
wait "$two" || status_two=$?
is "$(((status_one == 3) + (status_two == 3)))" 1 "detaches that found nothing to detach"
is "$(pins)" "" "pins after detach"
