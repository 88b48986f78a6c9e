#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Connections that exist survive every limit; at 0/s a level refuses every new one.
source "$(dirname "$0")/lib.sh"
two_namespaces
broker_start
weir attach b0 enforce
session_start

for level in host listener site source; do
	weir limit b0 $level 0/s
	knocked $B4 1883 sources 10.64.1.0/24 count 10
	is "$connected" 0 "new connections with the $level closed"
	is "$(syns "reason=\"${level}_limit\"" 'enforced="true"')" 10 "counted for the $level"
	session_exchange 100
	weir limit b0 $level unlimited
	knocked $B4 1883 sources 10.64.1.0/24 count 10
	is "$connected" 10 "new connections with the $level open again"
done

for level in host listener site source; do
	weir limit b0 $level 0/s
done
session_exchange 500
