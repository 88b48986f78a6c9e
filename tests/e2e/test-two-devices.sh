#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Devices of one instance share its limits and counters; a second instance has its own.
source "$(dirname "$0")/lib.sh"
two_namespaces
for n in 1 2; do
	add_link broker b$n 02:00:00:00:0$n:02 client c$n 02:00:00:00:0$n:01
	add_address broker b$n 10.9.$n.2/24 10.9.$n.1 02:00:00:00:0$n:01
	add_address client c$n 10.9.$n.1/24 10.9.$n.2 02:00:00:00:0$n:02
done
broker_start
weir attach b0,b1 name edge enforce
weir attach b2 enforce
weir limit edge listener 1/h burst 10
weir limit b2 listener 1/h burst 4

knocked 10.9.0.2 1883 count 6
is "$connected" 6 "first device"
knocked 10.9.1.2 1883 count 10
is "$connected" 4 "second device: what is left"
knocked 10.9.2.2 1883 count 10
is "$connected" 4 "the other instance"
is "$(syns 'shaper="edge"')" 16 "SYNs of the instance with two devices"
is "$(syns 'shaper="b2"')" 10 "SYNs of the other instance"
out=$(weir show)
has "$out" edge "weir show names all instances"
has "$out" b2 "weir show names all instances"
lacks "$(weir show status edge)" b2 "weir show NAME"

# One device belongs to one instance.
expect 1 weir attach b1 name another
has "$err" edge "the message names the instance"
weir detach edge
is "$(xdp_mode broker b1)" "" "program of the second device"
is "$(xdp_mode broker b2)" xdp "program of the other instance"
