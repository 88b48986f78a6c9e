#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Who was refused most, and for how long that is remembered: also across another attach.
source "$(dirname "$0")/lib.sh"
two_namespaces
broker_start
weir attach b0 enforce
is "$(weir show sources b0 | wc -l)" 1 "nobody was refused: a heading"
weir limit b0 source 1/h burst 2
weir limit b0 site 1/h burst 3

knocked $B4 1883 sources 10.64.1.7/32 count 10
knocked $B4 1883 sources 10.64.2.7/32 count 5
knocked $B4 1883 sources 10.64.2.8/32 count 6
knocked $B6 1883 sources fd10::/128 count 20
expected='LEVEL   PREFIX        LISTENER     REFUSED       +/-
source  fd10::/64     default           18         0
source  10.64.1.7     default            8         0
source  10.64.2.7     default            3         0
site    10.64.2.0/24  default            5         0'
is "$(weir show sources b0)" "$expected" "sources and sites, most refused first"
is "$(weir show sources)" "$expected" "without a name"
weir attach b0
is "$(weir show sources b0)" "$expected" "after the program was replaced"
