#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What an operator configures and sees of held SYNs: whether anybody serves a listener, by its lease;
# what is held and what became of it; and that delay-max and queue-entries follow the file.
source "$(dirname "$0")/lib.sh"
two_namespaces
broker_start

configure() { # LINE... of the listener
	printf '[weir]\ndevices = b0\nmode = enforce\n[listener fleet]\nports = 1883\n' >"$work/conf"
	printf '%s\n' reserve\ =\ 0 "$@" >>"$work/conf"
}

run_start() { # NAME
	start "$1" broker "$build/weir" run b0
	run=$job
	wait_for 10 grep -q 'b0: served' "$work/$1.log"
	wait_for 10 is_served
}

is_served() {
	[ "$(metric weir_lease_valid)" -eq 1 ]
}

is_unserved() {
	[ "$(metric weir_lease_valid)" -eq 0 ]
}

queue() { # JQ-EXPRESSION of the queue of the listener
	weir -j show queue b0 | jq -r ".instances[0].listeners[0].queue | $1"
}

queue_is() { # JQ-CONDITION
	[ "$(queue "$1")" = true ]
}

rests() { # METRIC LABEL... VALUE
	[ "$(metric "${@:1:$#-1}")" -eq "${*:$#}" ]
}

# -- a file --------------------------------------------------------------------------------------
configure 'rate = 100/s' 'queue-entries = 100' 'delay-max = 2s'
expect 0 weir check "$work/conf"
has "$err" "conf:4: listener 'fleet': half of queue-entries '100'" "weir check, half of a second"
has "$err" "write 200" "weir check, half of a second"
configure 'rate = 100/s' 'queue-entries = 299' 'delay-max = 3s'
expect 0 weir check "$work/conf"
has "$err" "queue-entries '299' are fewer SYNs than its rate lets in during delay-max 3s" "weir check"
configure 'rate = 100/s' 'queue-entries = 300' 'delay-max = 3s'
expect 0 weir check "$work/conf"
lacks "$err" queue-entries "weir check, just enough"
configure 'excess = drop' 'delay-max = 3s'
expect 0 weir check "$work/conf"
has "$err" "delay-max and queue-entries have no effect" "weir check, excess = drop"

# -- nobody serves it ----------------------------------------------------------------------------
configure 'rate = 1/h' 'burst = 1' 'delay-max = 60s' 'queue-entries = 64'
expect 0 weir attach b0 config "$work/conf"
has "$out" "listener 'fleet', which no \`weir run\` serves; start \`weir run b0\`" "attach"
expect 0 weir apply "$work/conf"
has "$err" "listener 'fleet', which no \`weir run\` serves; start \`weir run b0\`" "apply"
has "$(weir show)" "delay, delay-max 60s (ACTS AS DROP: no \`weir run\` serves it; start \`weir run b0\`)" \
	"show"
has "$(weir show limits)" "ACTS AS DROP: no \`weir run\` serves it" "show limits"
knocked $B4 1883 sources 10.64.1.0/24 count 4 timeout 300ms
is "$connected" 1 "connections that nobody holds"
is "$(syns 'verdict="drop"' 'reason="listener_limit"')" 3 "dropped, since nobody holds them"
out=$(weir show queue)
has "$out" "served       no; ACTS AS DROP" "show queue"
has "$out" "not held     no_consumer 3, queue_full 0" "show queue"
queue_is '.served == false and .unheld.no_consumer == 3 and .entries == 64
	and .delay_max == { auto: false, ms: 60000 } and (.time_held | has("p50_us") | not)' ||
	fail "weir -j show queue: $(queue .)"
is "$(metric weir_lease_valid 'lease="queue"')" 0 "weir_lease_valid"

# -- it is served --------------------------------------------------------------------------------
run_start first
expect 0 weir apply "$work/conf"
lacks "$err" "weir run" "apply while it is served"
has "$(weir show)" "    excess     delay, delay-max 60s
" "show while it is served"
# None of these gives up while the test looks at them.
start fleet client "$build/tests/e2e/knock" $B4 1883 sources 10.64.2.0/24 count 5 timeout 60s retransmit
fleet=$job
wait_for 10 queue_is '.held.retransmits + .held.new == 5'
has "$(weir show)" "    queue      5 held of at most 64, delay-max 60s" "show"
has "$(weir show queue)" "  served       yes" "show queue"
has "$(weir show queue)" "64 places, delay-max 60s" "show queue"
is "$(metric weir_queue_length)" 5 "weir_queue_length"
is "$(metric weir_queue_delay_max_seconds)" 60 "weir_queue_delay_max_seconds"
weir metrics >"$work/page"
promtool check metrics <"$work/page" >"$work/lint" 2>&1 || fail "$(<"$work/lint")"
is "$(<"$work/lint")" "" "promtool"

# Both keys are live, and what is held stays held.
configure 'rate = 1/h' 'burst = 1' 'queue-entries = 128'
expect 4 weir diff "$work/conf"
has "$out" "live    [listener fleet] delay-max: 60s in force, auto wanted" "diff"
has "$out" "live    [listener fleet] queue-entries: 64 in force, 128 wanted" "diff"
configure 'rate = 1/h' 'burst = 1' 'queue-entries = 64' 'delay-max = 50s'
expect 0 weir apply "$work/conf"
lacks "$err" "weir run" "apply"
expect 0 weir diff "$work/conf"
wait_for 10 queue_is '.delay_max.ms == 50000 and .held.retransmits + .held.new == 5'

# Let in: what is counted adds up.
weir limit b0 listener unlimited
wait "$fleet" || true
has "$(<"$work/fleet.log")" "connected=5" "held, and then let in"
wait_for 10 queue_is '.held == { retransmits: 0, new: 0 } and .time_held.count == 5'
queue_is '.ends.retransmits.released + .ends.new.released == 5 and .lateness.count == 5
	and .time_held.p99_us >= .time_held.p50_us and .time_held.p50_us > 0
	and .results.queued == 5 and .failed == 0 and .outdated == 0' || fail "$(queue .)"
lacks "$(weir show)" "    queue " "show when nothing is held"
is "$(metric weir_queue_released_total)" 5 "weir_queue_released_total"
is "$(metric weir_queue_delay_seconds_count)" 5 "weir_queue_delay_seconds_count"
is "$(metric weir_queue_delay_seconds_bucket 'le="+Inf"')" 5 "weir_queue_delay_seconds, all"
is "$(metric weir_queue_release_lateness_seconds_count)" 5 "releases by lateness"
is "$(metric weir_release_failures_total)" 0 "weir_release_failures_total"
has "$(weir show)" " held, 3 refused: listener_limit 3" "show"
configure 'rate = 1/h' 'burst = 1' 'queue-entries = 128' 'delay-max = 50s'
weir apply "$work/conf" reset
wait_for 10 queue_is '.entries == 128'

# What has waited for delay-max is dropped.
configure 'rate = 1/h' 'burst = 1' 'delay-max = 100ms'
weir apply "$work/conf" reset
knocked $B4 1883 sources 10.64.3.0/24 count 3 timeout 300ms
wait_for 10 rests weir_queue_dropped_total 'cause="expired"' 3
has "$(weir show queue)" "expired 3" "show queue"

# Excess that comes to be held while it is served is not said to be dropped.
configure 'excess = drop' 'rate = 1/h' 'burst = 1'
weir apply "$work/conf"
has "$(weir show queue)" "b0: no listener has excess = delay" "show queue, excess = drop"
is "$(weir -j show | jq '.instances[0].listeners[0] | has("queue")')" false "JSON, excess = drop"
configure 'rate = 1/h' 'burst = 1'
expect 0 weir apply "$work/conf"
lacks "$err" "weir run" "apply of excess = delay"
queue_is .served || fail "not served: $(queue .)"
queue_is '.delay_max | .auto and .ms >= 100' || fail "delay-max: $(queue .)"

# A listener that takes the id of a former one, since no other is left, begins with an empty queue.
{
	printf '[weir]\ndevices = b0\n'
	for ((i = 1; i <= 64; i++)); do
		printf '[listener l%d]\nports = %d\n' "$i" $((2000 + i))
		printf 'rate = 1/h\nqueue-entries = 16\n'
	done
} >"$work/many"
{
	sed '/l64/,$d' "$work/many"
	printf '[listener fleet]\nports = 1883\nrate = 1/h\nqueue-entries = 16\n'
} >"$work/one-left"
weir apply "$work/one-left"
weir apply <(sed '/fleet/,$d' "$work/one-left")
weir apply "$work/many"
is "$(weir -j show | jq '.instances[0].listeners | length, (map(.queue.results.queued) | add)' |
	tr '\n' ' ')" "64 0 " "listeners, and what their queues have counted"
weir apply <(sed '/l2]/,$d' "$work/many")
weir apply "$work/conf"
wait_for 10 is_served

# -- killed --------------------------------------------------------------------------------------
kill -9 "$run"
wait "$run" || true
wait_for 10 is_unserved
has "$(weir show)" "ACTS AS DROP: no \`weir run\` serves it" "show after a kill"
is "$(metric weir_queue_length)" 0 "what a killed one has left"
