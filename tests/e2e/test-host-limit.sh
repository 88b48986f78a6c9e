#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The host's limit holds for all listeners together, and only for listeners.
source "$(dirname "$0")/lib.sh"
two_namespaces
broker_start 1883 8883 1884
cat >"$work/weir.ini" <<'INI'
[weir]
devices = b0
mode = enforce
host-rate = 1/h
host-burst = 15

[listener plain]
ports = 1883

[listener tls]
ports = 8883
INI
weir attach b0 config "$work/weir.ini"

knocked $B4 1883 sources 10.64.1.0/24 count 10
is "$connected" 10 "connections to the first listener"
knocked $B4 8883 sources 10.64.2.0/24 count 20
is "$connected" 5 "connections to the second listener: what is left"
knocked $B4 1883 sources 10.64.3.0/24 count 5
is "$connected" 0 "connections to the first listener: nothing is left"
knocked $B4 1884 sources 10.64.3.0/24 count 20
is "$connected" 20 "connections to a port of no listener"
is "$(syns 'listener="tls"' 'reason="host_limit"' 'enforced="true"')" 15 "counted for tls"
is "$(syns 'listener="plain"' 'reason="host_limit"' 'enforced="true"')" 5 "counted for plain"
