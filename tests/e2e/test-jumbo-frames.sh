#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# An MTU beyond one page does not stop the attach, and limits hold.
source "$(dirname "$0")/lib.sh"
two_namespaces
ip -n client link set c0 mtu 9000
ip -n broker link set b0 mtu 9000
broker_start
weir attach b0 xdp native enforce
weir limit b0 listener 1/h burst 10
knocked $B4 1883 sources 10.64.1.0/24 count 20
is "$connected" 10 "connections"
weir limit b0 listener unlimited
session_start
# One message of many segments in frames of 9000 bytes, there and back.
head -c 200000 /dev/zero | tr '\0' x >"$work/large"
start large client mosquitto_sub -h $B4 -q 1 -t large -C 1 -N -i large
wait_for 10 grep -q 'Sending SUBACK to large' "$work/mosquitto.log"
in_client mosquitto_pub -h $B4 -q 1 -t large -f "$work/large"
wait "$job"
cmp "$work/large" "$work/large.log" || fail "the large message was damaged"
