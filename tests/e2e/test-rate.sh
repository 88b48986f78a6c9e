#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Over some seconds of excess a listener admits its burst and then exactly its rate.
source "$(dirname "$0")/lib.sh"
two_namespaces
broker_start
weir attach b0 enforce
weir limit b0 listener 50/s burst 50

begin=${EPOCHREALTIME/[.,]/}
knocked $B4 1883 sources 10.64.0.0/16 count 1500 rate 500/s
elapsed=$((${EPOCHREALTIME/[.,]/} - begin))
# The SYNs take 3 s, which is 200 tokens. A machine that stalls for less than the burst lasts (1 s)
# loses none.
between "$connected" 180 $((51 + 50 * elapsed / 1000000)) \
	"connections in $elapsed us at 50/s, burst 50"
