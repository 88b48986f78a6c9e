#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Attaching a second time swaps the program and keeps limits, mode, buckets and counters, whatever
# the words are; what differs is said.
source "$(dirname "$0")/lib.sh"

link_id() {
	bpftool -j link show pinned "$WEIR_BPFFS/weir/b0/link-b0" | grep -oE '"id":[0-9]+'
}
program_id() {
	bpftool -j link show pinned "$WEIR_BPFFS/weir/b0/link-b0" | grep -oE '"prog_id":[0-9]+'
}

two_namespaces
broker_start
weir attach b0 rate 1/h enforce
weir limit b0 listener 1/h burst 10
knocked $B4 1883 sources 10.64.1.0/24 count 25
is "$connected" 10 "connections before"
limits=$(weir show limits b0)
link=$(link_id)
program=$(program_id)

expect 0 weir attach b0 rate 1/h enforce
expect 0 weir attach b0 rate 500/s ports 1883
has "$err" 500/s "what differs is said"
has "$err" 1/h "what is in force is said"
expect 0 weir attach b0

is "$(link_id)" "$link" "the link"
[ "$(program_id)" != "$program" ] || fail "the program was not replaced"
is "$(weir show limits b0)" "$limits" "limits"
is "$(metric weir_mode 'mode="enforce"')" 1 "mode"
is "$(syns 'reason="admitted"')" 10 "counted as admitted"
is "$(syns 'reason="listener_limit"')" 15 "counted as refused"
knocked $B4 1883 sources 10.64.1.0/24 count 10
is "$connected" 0 "connections: the bucket is still empty"
is "$(syns 'reason="listener_limit"')" 25 "counted as refused by the new program"
