#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Sources of one site share its bucket: an IPv4 /24, an IPv6 /48.
source "$(dirname "$0")/lib.sh"
two_namespaces
broker_start
weir attach b0 enforce
weir limit b0 site 1/h burst 5

knocked $B4 1883 sources 10.64.0.0/22 each 24 count 40
is "$connected" 20 "IPv4: 4 sites with 5 each"
knocked $B4 1883 sources 10.64.8.0/24 count 40
is "$connected" 5 "IPv4: 40 addresses of one /24"
knocked $B6 1883 sources fd10::/46 each 48 count 40
is "$connected" 20 "IPv6: 4 sites with 5 each"
knocked $B6 1883 sources fd10:8::/48 each 64 count 40
is "$connected" 5 "IPv6: 40 networks of one /48"
is "$(syns 'reason="site_limit"' 'verdict="drop"' 'enforced="true"')" 110 \
	"counted as refused by the site's limit"
