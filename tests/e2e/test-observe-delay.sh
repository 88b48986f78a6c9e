#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# While weir observes, excess that would be held passes like all else, at once, and is counted as
# held if a `weir run` serves the listener; if none does it is counted as dropped, which it would be.
source "$(dirname "$0")/lib.sh"
two_namespaces
broker_start
printf '[weir]\ndevices = b0\n[listener default]\nports = 1883, 8883\n%s\n' \
	"rate = 1/h
burst = 2
reserve = 0" >"$work/conf"
weir attach b0 config "$work/conf"

is_served() {
	[ "$(metric weir_lease_valid)" -eq 1 ]
}

knocked $B4 1883 sources 10.64.1.0/24 count 7
is "$connected" 7 "connections while nothing serves it"
is "$(syns 'verdict="pass"' 'reason="admitted"' 'enforced="false"')" 2 "would be admitted"
is "$(syns 'verdict="drop"' 'reason="listener_limit"' 'enforced="false"')" 5 "would be dropped"
is "$(syns 'verdict="delay"')" 0 "would be held by nobody"
is "$(metric weir_syn_unheld_total 'cause="no_consumer"')" 5 "why they would not be held"
has "$(weir show)" "observed   2 SYNs would be admitted, 5 refused: listener_limit 5" "show"
has "$(weir show)" "ACTS AS DROP: no \`weir run\` serves it" "show"

start run broker "$build/weir" run b0
run=$job
wait_for 10 is_served
knocked $B4 1883 sources 10.64.2.0/24 count 9
is "$connected" 9 "connections while it is served"
is "$(syns 'verdict="delay"' 'reason="listener_limit"' 'enforced="false"')" 9 "would be held"
is "$(syns 'verdict="drop"')" 5 "would be dropped, as before"
is "$(syns 'enforced="true"')" 0 "counted as enforced"
has "$(weir show)" "observed   2 SYNs would be admitted, 9 held, 5 refused: listener_limit 5" "show"
has "$(weir show queue)" "yes; OBSERVE: nothing is held, only counted" "show queue"
weir -j show | jq -e '.instances[0].listeners[0] | .observed == { admitted: 2, held: 9, refused: 5 }
	and .queue.served and .queue.held == { retransmits: 0, new: 0 } and .queue.results.queued == 0' \
	>/dev/null || fail "weir -j show: $(weir -j show)"
is "$(metric weir_queue_length)" 0 "held"

kill -9 "$run"
wait "$run" || true
wait_for 10 eval '! is_served'
knocked $B4 1883 sources 10.64.3.0/24 count 3
is "$connected" 3 "connections after a kill"
is "$(syns 'verdict="drop"' 'reason="listener_limit"' 'enforced="false"')" 8 "would be dropped again"
