#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Limits hold for frames with one VLAN tag (802.1Q) and with two (802.1ad).
source "$(dirname "$0")/lib.sh"
two_namespaces
offloads_off
# The tags must be in the frames, where a device without offload leaves them.
in_client ethtool -K c0 txvlan off tx-vlan-stag-hw-insert off
in_client tc qdisc add dev c0 clsact
in_broker tc qdisc add dev b0 clsact
broker_start
weir attach b0 enforce
weir limit b0 source 1/h burst 4

tag() { # SUFFIX OF THE PROGRAMS
	in_client tc filter replace dev c0 egress handle 1 pref 1 bpf direct-action \
		object-file "$build/tests/e2e/vlan.bpf.o" section "tc/push$1"
	in_broker tc filter replace dev b0 ingress handle 1 pref 1 bpf direct-action \
		object-file "$build/tests/e2e/vlan.bpf.o" section "tc/pop$1"
}

tag ""
knocked $B4 1883 sources 10.64.1.0/30 count 30
is "$connected" 16 "one tag, IPv4: 4 sources with 4 each"
knocked $B6 1883 sources fd10::/62 each 64 count 30
is "$connected" 16 "one tag, IPv6: 4 sources with 4 each"
tag _two
knocked $B4 1883 sources 10.64.2.0/30 count 30
is "$connected" 16 "two tags, IPv4: 4 sources with 4 each"
knocked $B6 1883 sources fd10:1::/62 each 64 count 30
is "$connected" 16 "two tags, IPv6: 4 sources with 4 each"
knocked $B4 1883 sources 10.64.1.0/30 count 4
is "$connected" 0 "a tag is no part of the source"
