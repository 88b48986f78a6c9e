#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# `weir run` is killed in the middle of a storm, twice, and started again: every client connects in
# the end, never faster than the rate, sessions go on, and every SYN is counted once.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/delay.sh"
two_namespaces
broker_start
delay_conf "$work/conf" b0 100/s 1

weir attach b0 config "$work/conf"
session_start
run_start b0
wait_for 10 holds_nothing b0
counted=$(syns)
count_syns c0

killed_with() { # SYNs held
	wait_for 10 holds b0 "$1"
	kill -9 "$run"
	wait "$run" 2>/dev/null || true
	session_exchange 5
}

begin=${EPOCHREALTIME/[.,]/}
start storm client "$build/tests/e2e/knock" $B4 1883 sources 10.64.0.0/16 count 400 retransmit \
	timeout 60s hold 1s
storm=$job
killed_with 100
run_start b0
killed_with 20
# as long as nobody holds them they are dropped, and come again
sleep 1.5
[ "$(metric weir_syn_unheld_total 'cause="no_consumer"')" -gt 0 ] || fail "no SYN came meanwhile"
run_start b0
wait_for 60 grep -q connected= "$work/storm.log"
elapsed_ms=$(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
has "$(<"$work/storm.log")" "connected=400 refused=0 timeout=0 error=0" "clients of the storm"
wait "$storm"
# 399 periods
[ "$elapsed_ms" -ge 3990 ] || fail "400 connections at 100/s took only $elapsed_ms ms"
session_exchange 5

# What came again while it was queued was replaced: nothing of it is left.
wait_for 10 holds_nothing b0
syns_add_up b0 $((counted + $(syns_sent)))
stop "$run"
is "$(queues b0 'map(.length + .lease_until_ns) | add')" 0 "queues of a \`weir run\` that has ended"

# What was held by one that was killed is shown no more by the next one, even if that holds nothing.
weir limit b0 listener 0/s
run_start b0
start patient client "$build/tests/e2e/knock" $B4 1883 count 5 timeout 900ms
wait_for 10 holds b0 5
kill -9 "$run"
wait "$run" 2>/dev/null || true
wait "$job"
sed -i 's/excess = delay/excess = drop/; /delay-max/d' "$work/conf"
weir apply "$work/conf"
is "$(held_now b0)" 5 "held when it was killed"
run_start b0
wait_for 10 holds_nothing b0
