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
