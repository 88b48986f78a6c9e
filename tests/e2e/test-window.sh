#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# `window = auto` before a real broker: ordinary connects are let alone, a herd is let in as fast as
# set-ups are done, and it is shown why. `weir run` is killed in the middle of it: the fallback rate is
# in force within the lease, traffic never stops, and a new one takes over.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/delay.sh"
source "$(dirname "$0")/herd.sh"
two_namespaces
clients_queue
in_client ip address add 10.64.0.0/16 dev lo 2>/dev/null || true
broker_start
cat >"$work/conf" <<-END
	[weir]
	devices = b0
	mode = enforce
	[listener default]
	ports = 1883
	window = auto
	fallback-rate = 40/s
END

window_is_leased() {
	[ "$(metric weir_lease_valid 'lease="window"')" = 1 ]
}

says() { # TEXT
	[[ "$(weir show signals)" == *"$1"* ]]
}

# -- without a file; while nothing is known nothing is held back
weir attach b0 window auto enforce
has "$(weir show)" "window     auto, FALLBACK: no \`weir run b0\` controls it; at most unlimited" "the page after a word"
weir detach b0

# -- before `weir run` is there, the fallback rate holds
weir attach b0 config "$work/conf"
says 'FALLBACK' || fail "no word of the fallback: $(weir show signals)"
has "$(weir show)" "window     auto, FALLBACK: no \`weir run b0\` controls it; at most 40/s" \
	"the page without weir run"
run_start b0
wait_for 10 window_is_leased
has "$(weir show)" 'window     auto, now 32, 0 in flight; set-up p90 0 ms of 250 ms' "the page"
size=$(metric weir_window)
[ "$size" -gt 0 ] || fail "there is no window"

# -- ordinary connects: none is held or refused, and the window stays
run $B4 1883 devices 300 start uniform 3s duration 15s
is "$(jq .connected "$record")" 300 "ordinary devices"
is "$(syns 'verdict="delay"')" 0 "SYNs held although nothing was wrong"
is "$(syns 'verdict="drop"')" 0 "SYNs dropped although nothing was wrong"
is "$(metric weir_window)" "$size" "the window after ordinary connects"
between "$(metric weir_setup_latency_seconds_count)" 295 305 "set-ups that were measured"
is "$(metric weir_in_flight)" 0 "left in flight"

# -- a herd: everybody comes in
run $B4 1883 devices 1000 timeout 20s duration 40s
is "$(jq .connected "$record")" 1000 "devices of the herd"
expect 0 weir -j show
has "$out" '"why"' "the reason in JSON"
says because || fail "no reason is shown"

# -- killed
kill -9 "$run"
wait "$run" 2>/dev/null || true
lease_is_over() { says FALLBACK; }
begin=${EPOCHREALTIME/[.,]/}
wait_for 10 lease_is_over
took_ms=$(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
[ "$took_ms" -le 2200 ] || fail "the fallback rate was in force after $took_ms ms only"
# a second of it is there at once, then 40/s
run $B4 1883 devices 160 timeout 30s duration 40s
is "$(jq .connected "$record")" 160 "devices under the fallback rate"
t100=$(jq '.t100 * 1000 | round' "$record")
[ "$t100" -ge 2500 ] || fail "160 came in after $t100 ms: that is more than the fallback rate"
run_start b0
begin=${EPOCHREALTIME/[.,]/}
wait_for 10 window_is_leased
took_ms=$(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
[ "$took_ms" -le 1000 ] || fail "a new weir run took over after $took_ms ms only"

# -- an ingress qdisc has no way out: nothing is put on the way in instead, and it is said
egress_program() { in_broker tc filter show dev b0 "$1" | grep -c weir_egress; }
stop "$run"
in_broker tc filter del dev b0 egress
in_broker tc qdisc del dev b0 clsact
in_broker tc qdisc add dev b0 ingress
run_start b0
wait_for 10 grep -q 'tc qdisc del dev DEV ingress' "$work/run.log"
is "$(egress_program ingress || true)" 0 "egress programs on the way in"
in_broker tc qdisc del dev b0 ingress
wait_for 10 egress_program egress

# -- the window is live: off ends it
sed -i 's/^window = auto/window = off/' "$work/conf"
expect 0 weir apply "$work/conf"
has "$out" 'window: off (was auto)' "what apply has changed"
nothing() { says 'no listener has a window'; }
wait_for 10 nothing
run_lives
