#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A connection that one level refuses is not charged at any other level.
source "$(dirname "$0")/lib.sh"
two_namespaces
broker_start
weir attach b0 enforce
weir limit b0 host 1/h burst 40
weir limit b0 listener 1/h burst 30
weir limit b0 site 1/h burst 20
weir limit b0 source 1/h burst 2

knocked $B4 1883 sources 10.64.1.1/32 count 50
is "$connected" 2 "one source"
knocked $B4 1883 sources 10.64.1.128/25 count 50
is "$connected" 18 "the rest of its site"
knocked $B4 1883 sources 10.64.128.0/17 each 24 count 50
is "$connected" 10 "the rest of the listener, from other sites"
weir limit b0 listener unlimited
knocked $B4 1883 sources 10.65.0.0/17 each 24 count 50
is "$connected" 10 "the rest of the host"

is "$(syns 'reason="source_limit"')" 48 "refused by the source's limit"
is "$(syns 'reason="site_limit"')" 32 "refused by the site's limit"
is "$(syns 'reason="listener_limit"')" 40 "refused by the listener's limit"
is "$(syns 'reason="host_limit"')" 40 "refused by the host's limit"
