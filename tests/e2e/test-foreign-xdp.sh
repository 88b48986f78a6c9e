#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A program that somebody else has attached is named and left alone.
source "$(dirname "$0")/lib.sh"
two_namespaces
broker_start

for mode in xdpdrv xdpgeneric; do
	in_broker ip link set b0 $mode object "$build/tests/e2e/foreign.bpf.o" section xdp
	before=$(in_broker bpftool -j net show dev b0)

	expect 1 weir attach b0 enforce
	has "$err" "'b0'" "the message names the device"
	has "$err" foreign_program "the message names the program"
	is "$(in_broker bpftool -j net show dev b0)" "$before" "programs of b0 ($mode)"
	is "$(pins)" "" "pins after a refused attach"
	expect 3 weir show limits b0
	knocked $B4 1883 sources 10.64.1.0/24 count 10
	is "$connected" 10 "connections"
	in_broker ip link set b0 $mode off
done

# Of several devices all or none.
add_link broker b1 02:00:00:00:01:02 client c1 02:00:00:00:01:01
in_broker ip link set b1 xdpdrv object "$build/tests/e2e/foreign.bpf.o" section xdp
expect 1 weir attach b0,b1 enforce
has "$err" "'b1'" "the message names the device"
is "$(xdp_mode broker b0)" "" "program of the device that was free"
is "$(pins)" "" "pins after a refused attach"
