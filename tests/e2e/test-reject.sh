#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# With `excess = reject` a client is told at once: its connect() fails with ECONNREFUSED.
source "$(dirname "$0")/lib.sh"
two_namespaces
offloads_off
# What XDP sends back on a veth waits in the peer's ring until that runs an XDP program, too.
ip -n client link set dev c0 xdpdrv object "$build/tests/e2e/foreign.bpf.o" section xdp
in_client ethtool -K c0 txvlan off tx-vlan-stag-hw-insert off
in_client tc qdisc add dev c0 clsact
in_broker tc qdisc add dev b0 clsact
broker_start 1883 1884 1885

cat >"$work/weir.conf" <<END
[listener told]
ports = 1883
excess = reject
rate = 1/h
burst = 4

[listener few]
ports = 1884
excess = reject
rate = 0/s
reject-rate = 1/h
reject-burst = 3

[listener sources]
ports = 1885
excess = reject
source-rate = 1/h
END

# A bound far above any round trip here, and below the first retransmission of a SYN.
told() { # as knock; every attempt must be refused, none may time out
	knocked "$@" timeout 900ms
	is "$connected $timeout" "0 0" "$*: connected, timed out"
}

capture_start() {
	: >"$work/capture.log"
	start capture client tcpdump -i c0 -U -w "$work/capture" 'src port 1883 or vlan'
	wait_for 10 grep -q "listening on" "$work/capture.log"
}

# So many RSTs with these parts came to the client, and nothing is wrong with any.
capture_has() { # COUNT PART...
	local page

	wait_for 10 captured "$@"
	stop "$job"
	page=$(tcpdump -r "$work/capture" -n -e -vv 2>/dev/null)
	has "$page" "Flags [R.]" "tcpdump"
	lacks "$page" incorrect "tcpdump"
	lacks "$page" " bad " "tcpdump" # a checksum may end in it: 0x1bad
}

captured() { # COUNT PART...
	local part page

	page=$(tcpdump -r "$work/capture" -n -e -vv 2>/dev/null | paste -sd ' ' |
		sed 's/ [0-9:.]* 02:00/\n&/g')
	for part in "${@:2}"; do
		page=$(grep -F -e "$part" <<<"$page")
	done
	[ "$(grep -c 'Flags \[R\.\]' <<<"$page")" -eq "$1" ]
}

tag() { # SUFFIX OF THE PROGRAMS
	in_client tc filter replace dev c0 egress handle 1 pref 1 bpf direct-action \
		object-file "$build/tests/e2e/vlan.bpf.o" section "tc/push$1"
	in_client tc filter replace dev c0 ingress handle 1 pref 1 bpf direct-action \
		object-file "$build/tests/e2e/vlan.bpf.o" section "tc/pop$1"
	in_broker tc filter replace dev b0 ingress handle 1 pref 1 bpf direct-action \
		object-file "$build/tests/e2e/vlan.bpf.o" section "tc/pop$1"
}

untag() {
	in_client tc filter del dev c0 egress
	in_client tc filter del dev c0 ingress
	in_broker tc filter del dev b0 ingress
}

refuses() { # MODE
	expect 0 weir attach b0 config "$work/weir.conf" xdp "$1" enforce
	lacks "$err" drop "weir attach"
	session_start # takes two of the burst
	knocked $B4 1883 count 12 timeout 900ms
	is "$connected $refused $timeout" "2 10 0" "$1, IPv4: connected, refused, timed out"
	is "$(syns 'listener="told"' 'verdict="reject"' 'reason="listener_limit"' \
		'enforced="true"')" 10 "$1: counted as rejected"
	capture_start
	told $B4 1883 sources 10.64.1.0/24 count 20
	capture_has 20 "$B4.1883 > 10.64.1."
	capture_start
	told $B6 1883 sources fd10::/16 each 48 count 20
	capture_has 20 "$B6.1883 > fd10:"
	session_exchange 50

	# The limit of RSTs: beyond it SYNs are dropped, for the same reason.
	knocked $B4 1884 sources 10.64.2.0/24 count 10 timeout 500ms
	is "$refused $timeout" "3 7" "$1: refused, timed out"
	is "$(syns 'listener="few"' 'verdict="reject"' 'reason="listener_limit"')" 3 "$1: rejected"
	is "$(syns 'listener="few"' 'verdict="drop"' 'reason="listener_limit"')" 7 "$1: dropped"
	is "$(metric weir_limit_per_second 'listener="told"' 'level="reject"')" 1000 "$1: rate"
	[[ $(weir show limits) =~ reject\ +few\ +1/h\ +3\ +0\  ]] || fail "$(weir show limits)"

	# Excess of a source is dropped, whatever excess says.
	knocked $B4 1885 count 5 timeout 500ms
	is "$connected $refused $timeout" "1 0 4" "$1: source: connected, refused, timed out"

	# Observing, only the count says what would have been.
	weir mode b0 observe
	knocked $B4 1883 sources 10.64.3.0/24 count 10
	is "$connected" 10 "$1: connected while observing"
	is "$(syns 'listener="told"' 'verdict="reject"' 'enforced="false"')" 10 "$1: observed"
	weir mode b0 enforce

	# A RST leaves in the VLAN that the SYN came in. The session must not be in one.
	session_stop
	tag ""
	capture_start
	told $B4 1883 sources 10.64.4.0/24 count 10
	capture_has 10 "vlan 100," "$B4.1883 >"
	capture_start
	told $B6 1883 sources fd10::/16 each 48 count 10
	capture_has 10 "vlan 100," "$B6.1883 >"
	tag _two
	capture_start
	told $B4 1883 sources 10.64.5.0/24 count 10
	capture_has 10 "vlan 200," "vlan 100," "$B4.1883 >"
	capture_start
	told $B6 1883 sources fd10::/16 each 48 count 10
	capture_has 10 "vlan 200," "vlan 100," "$B6.1883 >"
	untag
	weir detach b0
}

session_stop() {
	local pid

	for pid in "${jobs_started[@]}"; do
		case ${job_name[$pid]} in publisher | subscriber) stop "$pid" ;; esac
	done
	exec {messages}>&-
	rm "$work/messages"
	: >"$work/mosquitto.log"
}

refuses native
refuses generic

# What is said without excess = reject is not lost in silence.
printf '[listener a]\nports = 1883\nreject-rate = 5/s\n' >"$work/idle.conf"
expect 0 weir check "$work/idle.conf"
has "$err" "$work/idle.conf:1: listener 'a': its reject-rate has no effect" "weir check"
expect 0 weir check "$work/weir.conf"
is "$err" "" "weir check"

# A device that hides tags is found; nothing on this one takes tagged frames.
in_broker ethtool -K b0 rxvlan on rx-vlan-stag-hw-parse off
expect 0 weir -v attach b0 config "$work/weir.conf"
has "$err" "'b0' takes VLAN tags off" "weir -v attach, rxvlan on"
in_broker ethtool -K b0 rxvlan off
expect 0 weir -v attach b0
lacks "$err" "'b0' takes VLAN tags off" "weir -v attach, rxvlan off"
in_broker ethtool -K b0 rx-vlan-stag-hw-parse on
expect 0 weir -v attach b0
has "$err" "'b0' takes VLAN tags off" "weir -v attach, 802.1ad"
has "$(weir show)" "excess     reject, RSTs 1000/s burst 1000" "weir show"
