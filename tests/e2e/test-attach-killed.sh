#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# weir killed at any moment of an attach: traffic flows on, the next attach works, and detach
# leaves nothing.
source "$(dirname "$0")/lib.sh"
two_namespaces
broker_start
session_start
RANDOM=${SEED:-$$$SECONDS}
echo "SEED=$RANDOM"

attach_takes() { # microseconds
	local begin=${EPOCHREALTIME/[.,]/}

	weir attach b0 enforce rate 1000/s >/dev/null
	echo $((${EPOCHREALTIME/[.,]/} - begin))
}
full=$(attach_takes)

# What a kill between two pins leaves: maps without a link, some maps, an empty directory.
for left in "! -name link-*" "-name control" "-name none"; do
	# shellcheck disable=SC2086 # words
	find "$WEIR_BPFFS/weir/b0" -type f ! \( $left \) -delete
	is "$(xdp_mode broker b0)" "" "program of a killed attach"
	weir -q attach b0 enforce rate 1000/s
	is "$(xdp_mode broker b0)" xdp "program of the next attach"
	session_exchange 2
done
weir -q detach b0

# Kills at random moments; every other time over an instance that runs; every third time as soon
# as something is pinned.
killed=0
for round in {1..40}; do
	[ $((round % 2)) -eq 0 ] || weir -q attach b0 enforce rate 1000/s
	start attach broker "$build/weir" attach b0 enforce rate 1000/s
	if [ $((round % 3)) -eq 0 ]; then
		while kill -0 "$job" 2>/dev/null && [ ! -e "$WEIR_BPFFS/weir/b0" ]; do
			:
		done
	else
		sleep "$(printf '0.%06d' $((RANDOM * full / 32768)))"
	fi
	kill -9 "$job" 2>/dev/null && killed=$((killed + 1))
	wait "$job" 2>/dev/null || true

	knocked $B4 1883 sources 10.64.1.0/24 count 3
	is "$connected" 3 "round $round: connections after the kill"
	session_exchange 2
	weir -q attach b0 enforce rate 1000/s
	is "$(xdp_mode broker b0)" xdp "round $round: program after the next attach"
	knocked $B4 1883 sources 10.64.1.0/24 count 3
	is "$connected" 3 "round $round: connections after the next attach"
	weir -q detach b0
	is "$(pins)" "" "round $round: pins after detach"
	is "$(xdp_mode broker b0)" "" "round $round: program after detach"
done
echo "$killed of 40 killed while they ran"
[ "$killed" -ge 5 ] || fail "only $killed of 40 attaches were killed in time"
