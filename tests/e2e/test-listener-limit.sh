#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A listener admits its burst and then its rate, over all its ports and both address families.
source "$(dirname "$0")/lib.sh"
two_namespaces
broker_start 1883 8883 1884
weir attach b0 enforce
weir limit b0 listener 1/h burst 20

knocked $B4 1883 sources 10.64.1.0/24 count 60
is "$connected" 20 "connections within the burst"
is "$timeout" 40 "connections beyond the burst"
knocked $B4 8883 sources 10.64.2.0/24 count 10
is "$connected" 0 "connections to the listener's other port"
knocked $B6 1883 sources fd10::/16 each 48 count 10
is "$connected" 0 "IPv6 connections to the same listener"
knocked $B4 1884 sources 10.64.1.0/24 count 30
is "$connected" 30 "connections to a port of no listener"

is "$(syns 'listener="default"' 'reason="admitted"' 'verdict="pass"')" 20 "counted as admitted"
is "$(syns 'listener="default"' 'reason="listener_limit"' 'verdict="drop"' 'enforced="true"')" 60 \
	"counted as refused by the listener's limit"
