#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Listeners of a file are separate: ports, destination addresses and limits are each one's own.
source "$(dirname "$0")/lib.sh"
two_namespaces
ip -n broker address add 10.9.0.3/24 dev b0
ip -n client neighbour replace 10.9.0.3 lladdr 02:00:00:00:00:02 nud permanent dev c0
broker_start 1883 8883 8084
cat >"$work/weir.ini" <<'INI'
; comments and blanks are allowed
[weir]
devices = b0
mode = enforce
v4-prefix = 24
v4-site = 16

[listener fleet]
ports = 1883, 8883
addresses = 10.9.0.2, fd00:9::/64
rate = 1/h
burst = 12

[listener web]
ports = 8084
source-rate = 1/h
source-burst = 2
site-rate = 1/h
site-burst = 5
INI
weir check "$work/weir.ini"
weir attach config "$work/weir.ini"

knocked $B4 1883 sources 10.64.1.0/24 count 6
is "$connected" 6 "fleet, first port"
knocked $B6 8883 sources fd10::/16 each 48 count 10
is "$connected" 6 "fleet, second port, IPv6: what is left"
knocked 10.9.0.3 1883 sources 10.64.1.0/24 count 20
is "$connected" 20 "an address that is no listener's"
knocked $B4 8084 sources 10.64.1.0/24 count 10
is "$connected" 2 "web: one source is a /24 here"
knocked 10.9.0.3 8084 sources 10.64.2.0/24 count 10
is "$connected" 2 "web has every address"
knocked $B4 8084 sources 10.64.16.0/22 each 24 count 8
is "$connected" 1 "web: one site is a /16 here"
is "$(metric weir_packets_total 'reason="not_listener"')" 20 "SYNs to no listener"
is "$(syns 'listener="fleet"')" 16 "SYNs of fleet"
is "$(syns 'listener="web"')" 28 "SYNs of web"

# A listener must be named where there are several.
expect 1 weir limit b0 listener 5/s
has "$err" "2 listeners" "the message says why"
weir limit b0 fleet listener 1/h burst 20
weir limit b0 host 1000/s
weir limit b0 web source unlimited
weir limit b0 web site unlimited
knocked $B4 1883 sources 10.64.1.0/24 count 20
is "$connected" 8 "fleet with 12 of 20 spent"
knocked $B4 8084 sources 10.64.1.0/24 count 20
is "$connected" 20 "web without limits"
expect 1 weir limit b0 wbe source 5/s
has "$err" "'wbe'" "the message names the listener"
has "$err" web "the message names the nearest"
