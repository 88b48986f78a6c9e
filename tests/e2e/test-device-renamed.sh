#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Another device under the old name of an attached one is not taken for it.
source "$(dirname "$0")/lib.sh"
two_namespaces
add_link broker b1 02:00:00:00:01:02 client c1 02:00:00:00:01:01
add_link broker b2 02:00:00:00:02:02 client c2 02:00:00:00:02:01
weir attach b1
ip -n broker link set b1 down
ip -n broker link set b1 name old1
ip -n broker link set b2 down
ip -n broker link set b2 name b1
expect 1 weir attach b1
has "$err" "'b1'" "weir attach of the other device"
has "$err" renamed "weir attach of the other device"
is "$(xdp_mode broker old1)" xdp "program of the renamed device"
weir detach b1
is "$(pins)" "" "pins after detach"
