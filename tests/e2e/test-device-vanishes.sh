#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A device that goes away takes nothing with it: it is shown as gone, and attaching to a new one
# of the same name keeps limits and counters.
source "$(dirname "$0")/lib.sh"
two_namespaces
add_link broker b1 02:00:00:00:01:02 client c1 02:00:00:00:01:01
broker_start
weir attach b1,b0 name edge enforce
weir limit edge listener 1/h burst 10
knocked $B4 1883 sources 10.64.1.0/24 count 6
is "$connected" 6 "connections before"

ip -n broker link delete b1
out=$(weir show)
has "$(grep b1 <<<"$out")" "LINK LOST" "weir show"
is "$(metric weir_device_attached 'device="b1"')" 0 "weir_device_attached of the one that is gone"
is "$(metric weir_device_attached 'device="b0"')" 1 "weir_device_attached of the other"
knocked $B4 1883 sources 10.64.1.0/24 count 6
is "$connected" 4 "connections over the other device"

add_link broker b1 02:00:00:00:01:02 client c1 02:00:00:00:01:01
weir attach b1,b0 name edge
is "$(xdp_mode broker b1)" xdp "program of the new device"
is "$(syns 'reason="admitted"')" 10 "counters"
knocked $B4 1883 sources 10.64.1.0/24 count 6
is "$connected" 0 "connections: the bucket is still empty"

ip -n broker link delete b1
weir detach edge
is "$(pins)" "" "pins after detach"
