#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Excess is held by `weir run` and let in at the listener's rate: the client connects with its first
# SYN. With checksums left to offload, as veth does, and in native and generic mode.
source "$(dirname "$0")/lib.sh"
two_namespaces
broker_start

run_serves() {
	grep -q 'b0: served' "$work/run.log"
}

held() { # of the SYNs to the listener
	syns 'listener="default"' 'verdict="delay"' 'enforced="true"'
}

printf '[weir]\ndevices = b0\nmode = enforce\n[listener default]\nports = 1883, 8883\n%s\n' \
	"excess = delay
rate = 20/s
burst = 1
reserve = 0" >"$work/conf"

for mode in native generic; do
	for address in $B4 $B6; do
		weir attach b0 xdp $mode config "$work/conf"
		start run broker "$build/weir" run b0
		run=$job
		wait_for 10 run_serves
		case $address in
		"$B4") pool=10.64.1.0/24 ;;
		*) pool=fd10::/48 ;;
		esac
		start tcpdump client tcpdump -i c0 -nn --immediate-mode -w "$work/dump" \
			"dst host $address"
		dump=$job
		wait_for 10 grep -q listening "$work/tcpdump.log"
		knocked "$address" 1883 sources $pool count 3 timeout 900ms
		is "$connected" 3 "$mode $address: connections at once with 20/s and a burst of 1"
		kill -INT "$dump"
		wait "$dump" || true
		# of the first attempt: a SYN each
		is "$(tcpdump -nn -r "$work/dump" 2>/dev/null | grep -c 'Flags \[S')" 3 \
			"$mode $address: SYNs on the wire"
		is "$(held)" 2 "$mode $address: SYNs that were held"
		stop "$run"
		weir detach b0
	done
done
