#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Without "enforce" nothing is ever refused, and the counters say what would have been.
source "$(dirname "$0")/lib.sh"
two_namespaces
broker_start
weir attach b0
weir limit b0 listener 1/h burst 10
weir limit b0 source 1/h burst 2

knocked $B4 1883 sources 10.64.1.0/30 count 60
is "$connected" 60 "connections while observing"
knocked $B4 1883 sources 10.64.2.0/24 count 40
is "$connected" 40 "connections while observing"
is "$(syns 'verdict="pass"' 'reason="admitted"' 'enforced="false"')" 10 "would be admitted"
# 8 from the first 4 sources, 2 from the others; after that the listener is the first to refuse
is "$(syns 'verdict="drop"' 'reason="source_limit"' 'enforced="false"')" 52 "refused by source"
is "$(syns 'verdict="drop"' 'reason="listener_limit"' 'enforced="false"')" 38 "refused by listener"
is "$(syns 'enforced="true"')" 0 "counted as enforced"
is "$(metric weir_mode 'mode="observe"')" 1 "weir_mode"
has "$(weir show)" observe "weir show"
