#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A device that moves to another network namespace takes its program along, and is not shown as
# protected here.
source "$(dirname "$0")/lib.sh"
two_namespaces
add_link broker b1 02:00:00:00:01:02 client c1 02:00:00:00:01:01
weir attach b1 enforce rate 5/s
ip -n broker link set b1 netns client
is "$(xdp_mode client b1)" xdp "program of the device that has moved"

has "$(weir show | grep devices)" "b1 MOVED" "weir show"
is "$(metric weir_device_attached 'device="b1"')" 0 "weir_device_attached"
is "$(metric weir_device_xdp 'device="b1"')" 0 "weir_device_xdp"
expect 1 weir attach b1
has "$err" moved "weir attach"
is "$out" "" "weir attach"
expect 1 in_client "$build/weir" attach b1 name ours
has "$err" "'b1'" "weir attach where it is"

# Another device of its name.
add_link broker b1 02:00:00:00:02:02 client c2 02:00:00:00:02:01
expect 1 weir attach b1
has "$err" moved "weir attach of a namesake"
is "$(xdp_mode broker b1)" "" "program of the namesake"
ip -n broker link delete b1

# Back again.
ip -n client link set b1 netns broker
is "$(weir show | grep devices)" "  devices      b1 native" "weir show"
expect 0 weir attach b1
has "$(weir show limits b1 | grep listener)" 5/s "limit"
ip -n broker link set b1 netns client
weir detach b1
is "$(xdp_mode client b1)" "" "program after detach"
is "$(pins)" "" "pins after detach"
