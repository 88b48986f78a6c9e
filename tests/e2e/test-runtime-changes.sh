#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A limit or mode that is changed holds for the next connection.
source "$(dirname "$0")/lib.sh"

connects() {
	knocked $B4 1883 sources 10.64.1.0/24
	[ "$connected" -eq 1 ]
}

two_namespaces
broker_start
weir attach b0 enforce

weir limit b0 listener 0/s
knocked $B4 1883 sources 10.64.1.0/24 count 10
is "$connected" 0 "closed"
weir limit b0 listener 1/h burst 7
knocked $B4 1883 sources 10.64.1.0/24 count 10
is "$connected" 7 "opened with a burst of 7"
weir mode b0 observe
knocked $B4 1883 sources 10.64.1.0/24 count 10
is "$connected" 10 "observing"
weir mode b0 enforce
knocked $B4 1883 sources 10.64.1.0/24 count 10
is "$connected" 0 "enforcing again: the bucket is still empty"

# What was spent stays spent: neither an hour of debt nor a fresh burst.
weir limit b0 listener 1/h burst 17
knocked $B4 1883 sources 10.64.1.0/24 count 30
is "$connected" 10 "burst raised from 7 to 17 with 7 spent"
weir limit b0 listener 1/h burst 5
knocked $B4 1883 sources 10.64.1.0/24 count 30
is "$connected" 0 "burst lowered to 5 with 17 spent"
weir limit b0 listener 1000/s burst 10
wait_for 10 connects
weir limit b0 listener unlimited
knocked $B4 1883 sources 10.64.1.0/24 count 50
is "$connected" 50 "unlimited"

weir limit b0 source 1/h burst 2
knocked $B4 1883 sources 10.64.2.0/30 count 12
is "$connected" 8 "4 sources with 2 each"
weir limit b0 source 1/h burst 3
knocked $B4 1883 sources 10.64.3.0/30 count 16
is "$connected" 12 "4 new sources with 3 each"

# It is in no file, and said to be so.
has "$(weir show limits b0 | grep '^source')" "set at runtime" "the source's limit"
lacks "$(weir show limits b0 | grep '^site')" "set at runtime" "the site's limit"
has "$(weir show)" "b0: enforcing (set at runtime)" "the mode"

# Saying it again changes nothing, so it fills no bucket.
weir limit b0 source 1/h burst 3
knocked $B4 1883 sources 10.64.3.0/30 count 8
is "$connected" 0 "the same limit said again"
