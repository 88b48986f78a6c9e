#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# weir killed in the middle of an upgrade: frames are judged all the time, and the next attach
# completes it or begins again; who was in debt still is.
source "$(dirname "$0")/lib.sh"
two_namespaces
broker_start
session_start
RANDOM=${SEED:-$$$SECONDS}
echo "SEED=$RANDOM"
dir=$WEIR_BPFFS/weir/b0
maps=(control policy levels buckets counters table_counters)

attach_abi1() {
	in_broker "$build/tests/e2e/attach_abi1" "$build/tests/e2e/abi1/bpf/weir.bpf.o" b0 b0
	knocked $B4 1883 sources 10.64.1.0/29 count 24
	is "$connected" 24 "$1: connections before"
}
still_in_debt() { # WHEN
	knocked $B4 1883 sources 10.64.1.0/29 count 8 timeout 200ms
	is "$connected" 0 "$1: connections of sources in debt"
}
pin_again() { # map|link FROM TO
	bpftool "$1" pin id "$(bpftool -j "$1" show pinned "$2" | grep -oE '^\{"id":[0-9]+' |
		grep -oE '[0-9]+')" "$3"
}
# What a kill leaves between the switch of the program and that of the directories.
kill_after_switch() {
	mkdir "$WEIR_BPFFS/aside"
	for map in "${maps[@]}"; do
		pin_again map "$dir/$map" "$WEIR_BPFFS/aside/$map"
	done
	weir -q attach b0
	pin_again link "$dir/link-b0" "$WEIR_BPFFS/aside/link-b0"
	mv "$dir" "$dir~"
	mv "$WEIR_BPFFS/aside" "$dir"
}
done_and_gone() { # WHEN
	expect 0 weir show status b0
	is "$(find "$WEIR_BPFFS/weir" -name '*~')" "" "$1: pins of an upgrade"
	still_in_debt "$1"
	session_exchange 2
	weir -q detach b0
	is "$(pins)" "" "$1: pins after detach"
	is "$(xdp_mode broker b0)" "" "$1: program after detach"
}

attach_abi1 "after the switch"
kill_after_switch
expect 1 weir show status b0
has "$err" "weir attach DEV name b0" "show after the switch"
still_in_debt "after the switch"
expect 0 weir attach b0
lacks "$out" upgraded "attach after the switch"
is "$(syns 'reason="admitted"')" 24 "after the switch: counted as admitted"
done_and_gone "after the switch"

attach_abi1 "detach after the switch"
kill_after_switch
expect 0 weir detach b0
is "$(pins)" "" "pins after detach in the middle"
is "$(xdp_mode broker b0)" "" "program after detach in the middle"

# Before the switch: part of the new state is pinned.
attach_abi1 "before the switch"
mkdir "$dir~"
pin_again map "$dir/counters" "$dir~/counters"
expect 0 weir attach b0
has "$out" upgraded "attach before the switch"
done_and_gone "before the switch"

for round in {1..10}; do
	attach_abi1 "round $round"
	start attach broker "$build/weir" attach b0
	if [ $((round % 2)) -eq 0 ]; then
		while kill -0 "$job" 2>/dev/null && [ ! -e "$dir~" ]; do
			:
		done
	else
		sleep "0.0$((RANDOM % 10))"
	fi
	kill -9 "$job" 2>/dev/null || true
	wait "$job" 2>/dev/null || true
	still_in_debt "round $round"
	expect 0 weir attach b0
	done_and_gone "round $round"
done
