#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Each source has a bucket of its own: an IPv4 address, an IPv6 /64.
source "$(dirname "$0")/lib.sh"
two_namespaces
broker_start
weir attach b0 enforce
weir limit b0 source 1/h burst 3

knocked $B4 1883 sources 10.64.1.0/29 count 40
is "$connected" 24 "IPv4: 8 sources with 3 each"
knocked $B6 1883 sources fd10::/61 each 64 count 40
is "$connected" 24 "IPv6: 8 networks of /64 with 3 each"
knocked $B6 1883 sources fd10:0:1::/64 count 20
is "$connected" 3 "IPv6: 20 addresses of one /64"
is "$(syns 'reason="source_limit"' 'verdict="drop"' 'enforced="true"')" 49 \
	"counted as refused by the source's limit"
