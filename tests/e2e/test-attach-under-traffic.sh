#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Limits, mode and program change while frames arrive: no established packet is lost, and the
# counters add up to the frames that the device received.
source "$(dirname "$0")/lib.sh"

received() {
	in_broker cat /proc/net/dev | awk '$1 == "b0:" { print $3 }'
}
counted() {
	echo $(($(metric weir_packets_total) + $(metric weir_syn_total)))
}
settled() {
	local before

	before=$(received)
	sleep 0.2
	[ "$(received)" = "$before" ]
}

two_namespaces
broker_start
weir attach b0
session_start
wait_for 10 settled
missed=$(($(received) - $(counted)))

# To a port that nobody listens on, so that admitted SYNs cost the broker nothing.
start knock4 client "$build/tests/e2e/knock" $B4 8883 sources 10.64.0.0/16 count 18000 rate 3000/s
four=$job
start knock6 client "$build/tests/e2e/knock" $B6 8883 sources fd10::/32 each 64 count 18000 \
	rate 3000/s
six=$job
rounds=0
while kill -0 "$four" 2>/dev/null || kill -0 "$six" 2>/dev/null; do
	weir -q limit b0 listener $((rounds % 7 * 100))/s
	weir -q limit b0 source 10/s burst 20
	weir -q mode b0 enforce
	weir -q attach b0
	session_exchange 5
	weir -q limit b0 source unlimited
	weir -q mode b0 observe
	rounds=$((rounds + 1))
done
wait "$four"
wait "$six"
echo "$rounds rounds; IPv4: $(<"$work/knock4.log"); IPv6: $(<"$work/knock6.log")"
[ "$rounds" -ge 5 ] || fail "only $rounds rounds"
session_exchange 5
wait_for 10 settled
is "$(($(received) - $(counted)))" "$missed" "frames received and not counted"
[ "$(counted)" -ge 36000 ] || fail "only $(counted) frames were counted"
