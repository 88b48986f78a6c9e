#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Listeners whose SYNs wait for the tokens of one host limit have them in turn.
source "$(dirname "$0")/lib.sh"
# shellcheck source=delay.sh
source "$(dirname "$0")/delay.sh"
two_namespaces
clients_queue
broker_start 1883 1884

printf '[weir]\ndevices = b0\nmode = enforce\nhost-rate = 40/s\nhost-burst = 1\n' >"$work/conf"
for port in 1883 1884; do
	printf '[listener l%s]\nports = %s\nexcess = delay\ndelay-max = 30s\nreserve = 0\n' \
		$port $port >>"$work/conf"
done
weir attach b0 config "$work/conf"
run_start b0

start first client "$build/tests/e2e/knock" $B4 1883 sources 10.64.1.0/24 count 60 timeout 10s
first=$job
start second client "$build/tests/e2e/knock" $B4 1884 sources 10.65.1.0/24 count 60 timeout 10s
second=$job
wait_for 10 holds b0 80

released() { # BY LISTENER ID
	queues b0 ".[$1].ends[1][0] + .[$1].ends[0][0]"
}

# while both have some waiting, neither is ahead of the other
halfway() {
	[ "$(($(released 0) + $(released 1)))" -ge 50 ]
}
wait_for 20 halfway
between "$(released 0)" "$(($(released 1) - 8))" "$(($(released 1) + 8))" \
	"released of one listener, beside the other"
wait "$first" "$second"
is "$(cat "$work"/first.log "$work"/second.log | grep -c 'connected=60 ')" 2 "all have connected"
