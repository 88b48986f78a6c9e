#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# One `weir run` an instance; when it is killed, excess is dropped, and the next one goes on. What is
# changed at runtime acts on what is held, and whatever becomes of `weir run`, sessions go on.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/delay.sh"
two_namespaces
broker_start

served() { # NAME of the job
	grep -q 'b0: served' "$work/$1.log"
}

has_ended() { # PID
	! kill -0 "$1"
}

delayed() {
	[ "$(syns 'verdict="delay"')" -ge "$1" ]
}

printf '[weir]\ndevices = b0\nmode = enforce\n[listener default]\nports = 1883, 8883\n%s\n' \
	"excess = delay
rate = 1/h
burst = 1
delay-max = 30s
reserve = 0" >"$work/conf"

expect 3 weir run
weir attach b0 config "$work/conf"
weir limit b0 listener unlimited
session_start
weir limit b0 listener 1/h burst 1
start first broker "$build/weir" run
first=$job
wait_for 10 served first
expect 1 weir run b0
has "$err" "another \`weir run\`" "a second one"

# A limit that is raised lets in at once what is held.
knocked $B4 1883 sources 10.64.1.0/24 count 1 timeout 500ms
start held client "$build/tests/e2e/knock" $B4 1883 sources 10.64.2.0/24 count 1 retransmit timeout 30s
held=$job
wait_for 10 delayed 1
weir limit b0 listener unlimited
wait "$held" || true
has "$(<"$work/held.log")" "connected=1" "held when the limit was raised"
session_exchange 20

# So does observing, where nothing is held back.
weir limit b0 listener 0/s
start held client "$build/tests/e2e/knock" $B4 1883 sources 10.64.5.0/24 count 3 retransmit timeout 9s
held=$job
wait_for 10 holds b0 3
weir mode b0 observe
wait "$held" || true
has "$(<"$work/held.log")" "connected=3" "held when the mode became observe"
wait_for 10 holds_nothing b0
weir mode b0 enforce

# Excess that is dropped from now on: what is held already goes its way.
start held client "$build/tests/e2e/knock" $B4 1883 sources 10.64.6.0/24 count 1 retransmit timeout 30s
held=$job
wait_for 10 holds b0 1
sed 's/excess = delay/excess = drop/' "$work/conf" >"$work/drop"
weir apply "$work/drop"
weir limit b0 listener 100/s burst 1
wait "$held" || true
has "$(<"$work/held.log")" "connected=1" "held when excess became drop"
weir apply "$work/conf"
session_exchange 20

# Killed: its lease runs out, and excess is dropped.
weir limit b0 listener 1/h burst 1
kill -9 "$first"
wait "$first" || true
sleep 1.1 # the lease
before=$(syns 'verdict="delay"')
knocked $B4 1883 sources 10.64.3.0/24 count 5 timeout 300ms
is "$(syns 'verdict="delay"')" "$before" "held by nobody"
[ "$(syns 'verdict="drop"')" -ge 4 ] || fail "nothing was dropped"
session_exchange 20

start second broker "$build/weir" run b0
second=$job
wait_for 10 served second
knocked $B4 1883 sources 10.64.4.0/24 count 3 timeout 300ms
wait_for 10 delayed $((before + 1))
weir detach b0
wait_for 10 has_ended "$second"
wait "$second"
is "$(pins)" "" "pins after detach"
session_exchange 20
