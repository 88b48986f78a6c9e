#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A SYN that was held is put back in the VLAN that it came in: one tag (802.1Q) and two (802.1ad).
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/delay.sh"
two_namespaces
offloads_off
# The tags must be in the frames, where a device without offload leaves them.
in_client ethtool -K c0 txvlan off tx-vlan-stag-hw-insert off
in_client tc qdisc add dev c0 clsact
in_broker tc qdisc add dev b0 clsact
broker_start
delay_conf "$work/conf" b0 10/s 1

tag() { # SUFFIX OF THE PROGRAMS
	in_client tc filter replace dev c0 egress handle 1 pref 1 bpf direct-action \
		object-file "$build/tests/e2e/vlan.bpf.o" section "tc/push$1"
	in_broker tc filter replace dev b0 ingress handle 1 pref 1 bpf direct-action \
		object-file "$build/tests/e2e/vlan.bpf.o" section "tc/pop$1"
}

# Without its tags a frame would not pass the broker's filter, which wants to pop them.
all_in() { # ADDRESS POOL WHAT
	local delayed

	delayed=$(syns 'verdict="delay"')
	knocked "$1" 1883 sources "$2" count 8 timeout 950ms
	is "$connected" 8 "$3: connected with their first SYN"
	[ "$(($(syns 'verdict="delay"') - delayed))" -ge 6 ] || fail "$3: nothing was held"
}

for mode in native generic; do
	weir attach b0 xdp $mode config "$work/conf"
	run_start b0
	tag ""
	all_in $B4 10.64.1.0/24 "$mode, one tag, IPv4"
	all_in $B6 fd10::/48 "$mode, one tag, IPv6"
	tag _two
	all_in $B4 10.64.2.0/24 "$mode, two tags, IPv4"
	all_in $B6 fd10:1::/48 "$mode, two tags, IPv6"
	stop "$run"
	queue_adds_up b0 || fail "queues: $(queues b0 '.[0]')"
	weir detach b0
done
