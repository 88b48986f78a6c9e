#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Where a driver has no XDP the generic mode does the same; that it is in use is said.
source "$(dirname "$0")/lib.sh"
two_namespaces
broker_start
expect 0 weir attach b0 xdp generic enforce
is "$(xdp_mode broker b0)" xdpgeneric "program of the device"
has "$out$err" GENERIC "weir attach"
has "$(weir show)" GENERIC "weir show"
is "$(metric weir_device_attached 'device="b0"')" 1 "weir_device_attached"
is "$(metric weir_device_xdp 'device="b0"' 'xdp="generic"')" 1 "weir_device_xdp"

weir limit b0 source 1/h burst 3
knocked $B4 1883 sources 10.64.1.0/29 count 40
is "$connected" 24 "IPv4: 8 sources with 3 each"
knocked $B6 1883 sources fd10::/61 each 64 count 40
is "$connected" 24 "IPv6: 8 networks of /64 with 3 each"
weir limit b0 source unlimited
session_start
weir limit b0 host 0/s
session_exchange 200
weir attach b0
session_exchange 200
weir detach b0
is "$(xdp_mode broker b0)" "" "program of the device after detach"

# lo has no native XDP: auto falls back, and says so; native is refused.
expect 1 weir attach lo xdp native
has "$err" "'lo'" "the message names the device"
expect 0 weir attach lo
has "$err" "no native XDP" "the fallback is said as a warning"
is "$(xdp_mode broker lo)" xdpgeneric "program of lo"
