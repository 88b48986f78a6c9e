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

# Moved to where its index is that of another device of the instance here.
ip netns add third
add_link broker d0 02:00:00:00:03:02 client d1 02:00:00:00:03:01
index_of() { # DEV
	ip -n broker -o link show "$1" | cut -d: -f1
}
once() { # DEV ATTACHED
	is "$(weir metrics | grep "^weir_device_attached.*\"$1\"")" \
		"weir_device_attached{shaper=\"x\",device=\"$1\"} $2" "series of $1"
}
weir attach b0,d0 name x
ip -n third link add q0 index "$(index_of b0)" type veth peer name q1 index 1000
ip -n broker link set b0 down
ip -n broker link set b0 netns third index "$(index_of d0)"
expect 0 weir show
has "$out" "b0 MOVED" "weir show"
has "$out" "d0 native" "weir show"
lacks "$out" "renamed" "weir show"
once b0 0
once d0 1
expect 1 weir attach b0 name x
has "$err" moved "weir attach of the moved one"
expect 0 weir attach d0 name x
has "$err" "'b0' has moved" "weir attach of the other"
lacks "$out" b0 "weir attach of the other"
ip -n broker link set d0 name b0
once b0 1
is "$(weir metrics | sed 's/ [^ ]*$//' | grep -v '^#' | sort | uniq -d)" "" "series that are there twice"
ip -n broker link set b0 down name d0
ip -n third link set b0 netns broker
is "$(weir show | grep devices)" "  devices      b0 native, d0 native" "weir show"
weir detach x
is "$(xdp_mode broker b0)$(xdp_mode broker d0)" "" "programs after detach"
