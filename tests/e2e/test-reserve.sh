#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A flood of forged SYNs takes every token of a listener, unless some are kept for SYNs that come
# again: real clients send theirs again, and get in.
source "$(dirname "$0")/lib.sh"

flood=$build/tests/bench/flood
[ -x "$flood" ] || fail "$flood is missing: make tools"
two_namespaces
broker_start

reserve_is() { # SHARE
	[ "$(metric weir_reserve_ratio)" = "$1" ]
}

weir attach b0 rate 100/s enforce
weir limit b0 listener 100/s burst 10
start flood client "$flood" dev c0 dst "$B4" dport 1883 src 10.80.0.0/12 \
	rate 20000 seconds 120 cpu $(($(nproc) - 1))
wait_for 60 reserve_is 1
knocked $B4 1883 sources 10.64.1.0/24 count 20 timeout 6s retransmit
is "$connected" 20 "connections beside forged SYNs"
[ "$(metric weir_retransmits_total 'of="refused"')" -ge 20 ] || fail "no SYN came again"
[ "$(syns 'reason="reserved"')" -ge 1000 ] || fail "no token was kept"
has "$(weir show)" "reserve 1 (auto)" "weir show"

# The same without it: there is a token for one SYN in two hundred.
printf '[weir]\ndevices = b0\nmode = enforce\n[listener default]\nports = 1883, 8883\n%s\n' \
	"reserve = 0" >"$work/conf"
expect 0 weir apply "$work/conf"
has "$out" "reserve: 0 (was auto)" "weir apply"
is "$(metric weir_reserve_ratio)" 0 "reserve after apply"
knocked $B4 1883 sources 10.64.2.0/24 count 20 timeout 3s retransmit
[ "$connected" -le 5 ] || fail "$connected of 20 connected without a reserve"
kill -INT "$job"
wait "$job" || true

# When the flood is over, the refused come back again, and nothing is kept any more.
sed -i 's/reserve = 0/reserve = auto/' "$work/conf"
expect 0 weir apply "$work/conf"
knocked $B4 1883 sources 10.64.3.0/24 count 20 timeout 6s retransmit
is "$connected" 20 "connections after the flood"
