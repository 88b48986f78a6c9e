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

# On an instance that runs, too, it is every device named or none.
program=$(in_broker bpftool -j net show dev b2)
expect 1 weir attach b2,b1,nosuch
has "$err" "'nosuch'" "weir attach of a device that is not there"
is "$out" "" "weir attach of a device that is not there"
is "$(xdp_mode broker b1)" "" "program of the device that is"
is "$(in_broker bpftool -j net show dev b2)" "$program" "program of the device that it is on"
in_broker ip link set b0 xdpdrv object "$build/tests/e2e/foreign.bpf.o" section xdp
expect 1 weir attach b2,b1,b0
is "$(xdp_mode broker b1)" "" "program of a device that is free"
is "$(in_broker bpftool -j net show dev b2)" "$program" "program of the device that it is on"

# At most 16 devices, however they came.
for n in {1..16}; do
	ip -n broker link add v"$n" type veth peer name w"$n"
done
expect 0 weir attach v1,v2,v3,v4,v5,v6,v7,v8,v9,v10,v11,v12,v13,v14,v15 name b2
expect 1 weir attach v16 name b2
has "$err" 16 "weir attach of the 17th device"
is "$(xdp_mode broker v16)" "" "program of the 17th device"
is "$(weir metrics | grep -c '^weir_device_attached.* 1$')" 16 "devices attached to"
