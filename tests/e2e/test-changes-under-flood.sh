#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Half a million frames a second, SYNs and segments of connections, while limits, mode and program
# change: every frame that the device received is counted once, no segment is refused, and a session
# does not notice.
source "$(dirname "$0")/lib.sh"

flood=$build/tests/bench/flood
[ -x "$flood" ] || fail "$flood is missing: make tools"

# Frames that the device's XDP program was given.
received() {
	in_broker ethtool -S b0 | awk '/rx_queue_[0-9]+_xdp_packets:/ { sum += $2 } END { print sum }'
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
not_syn=$(metric weir_packets_total 'reason="not_syn"')

# To a port that nobody listens on; nothing answers, so that all frames are the flood's own.
in_broker nft -f - <<'EOF'
table inet quiet {
	chain input {
		type filter hook prerouting priority raw
		tcp dport 8883 drop
	}
}
EOF
start flood client "$flood" dev c0 dst "$B4" dport 8883 src 10.64.0.0/12 mix established 50 \
	rate 500000 seconds 240 cpu $(($(nproc) - 1))
for round in {1..10}; do
	weir -q limit b0 listener $((round % 7 * 1000))/s
	weir -q limit b0 source 10/s burst 20
	weir -q mode b0 enforce
	weir -q attach b0
	session_exchange 5
	weir -q limit b0 source unlimited
	weir -q mode b0 observe
done
kill -0 "$job" 2>/dev/null || fail "the flood ended too early: $(<"$work/flood.log")"
kill -INT "$job"
wait "$job" || fail "$(<"$work/flood.log")"
echo "$(<"$work/flood.log")"
session_exchange 5
wait_for 10 settled
is "$(($(received) - $(counted)))" "$missed" "frames received and not counted"

sent=$(sed -n 's/.*sent=\([0-9]*\).*/\1/p' "$work/flood.log")
[ "$sent" -ge 1000000 ] || fail "only $sent frames were sent"
[ "$(counted)" -ge "$sent" ] || fail "$sent frames were sent, $(counted) counted"
# every second frame is a segment, and every one of them must have been let through as one
segments=$(($(metric weir_packets_total 'reason="not_syn"') - not_syn))
[ "$segments" -ge $((sent * 49 / 100)) ] || fail "$segments segments of $sent frames were let through"
