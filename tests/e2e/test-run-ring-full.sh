#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# `weir run` does not get on while a herd comes: what has no room in the ring buffer is dropped, and
# so is everything when the lease has run out, each by its own cause; traffic flows. When it goes on,
# it holds what is still of use, and nothing that is not.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/delay.sh"
two_namespaces
clients_queue
broker_start
delay_conf "$work/conf" b0 1/h 1
sed -i '/^ports/s/, 8883//' "$work/conf"
weir attach b0 config "$work/conf"
weir limit b0 listener unlimited
session_start
weir limit b0 listener 1/h burst 1
run_start b0
counted=$(syns)
count_syns c0

unheld() { # CAUSE
	metric weir_syn_unheld_total "cause=\"$1\""
}
dropped_for() { # CAUSE
	[ "$(unheld "$1")" -gt 0 ]
}
pause() {
	kill -STOP "$run"
}
go_on() {
	kill -CONT "$run"
}

# 3276 have room, and the lease is of a second, of which the first part may have passed.
for _ in {1..10}; do
	pause
	report=$(in_client "$build/herd" flood $B4 1883 sources 10.64.0.0/16 rate 20000/s \
		duration 10s count 6000 json -)
	! dropped_for ring_full || break
	go_on
	wait_for 10 holds_nothing b0 || true
done
dropped_for ring_full || fail "the ring buffer was never full: $report"
session_exchange 20
sleep 1.1 # the lease
before=$(unheld no_consumer)
knocked $B4 1883 sources 10.65.0.0/24 count 20 timeout 300ms
is "$connected" 0 "connections over the limit"
is "$(unheld no_consumer)" $((before + 20)) "dropped since nobody takes them"
session_exchange 20

# Those who are still there are let in.
start patient client "$build/tests/e2e/knock" $B4 1883 sources 10.66.0.0/24 count 20 retransmit \
	timeout 30s
patient=$job
go_on
wait_for 10 holds b0 20
weir limit b0 listener unlimited
wait "$patient"
has "$(<"$work/patient.log")" "connected=20" "clients that were patient"
wait_for 10 holds_nothing b0
run_lives
session_exchange 20

# What lay in the ring buffer for longer than delay-max is not let in, though a token is there.
sed -i 's/^delay-max.*/delay-max = 1s/' "$work/conf"
weir apply "$work/conf"
weir limit b0 listener 1/h burst 1
weir limit b0 listener 0/s
sleep 0.3 # three ticks
released=$(queues b0 'map(.ends[0][0] + .ends[1][0]) | add')
expired=$(queues b0 'map(.ends[0][1] + .ends[1][1]) | add')
pause
knocked $B4 1883 sources 10.67.0.0/24 count 30 timeout 100ms
weir limit b0 listener unlimited
sleep 1.2
go_on
expired_by() {
	[ "$(queues b0 'map(.ends[0][1] + .ends[1][1]) | add')" -ge "$1" ]
}
wait_for 10 expired_by $((expired + 30))
is "$(queues b0 'map(.ends[0][0] + .ends[1][0]) | add')" "$released" "released"

# Nor what one that was killed has left there, by the next one.
weir limit b0 listener 0/s
sleep 0.3
pause
knocked $B4 1883 sources 10.68.0.0/24 count 30 timeout 100ms
kill -9 "$run"
wait "$run" 2>/dev/null || true
weir limit b0 listener unlimited
sleep 1.2
run_start b0
wait_for 10 expired_by $((expired + 60))
is "$(queues b0 'map(.ends[0][0] + .ends[1][0]) | add')" "$released" "released by the next one"
session_exchange 20
syns_add_up b0 $((counted + $(syns_sent)))
