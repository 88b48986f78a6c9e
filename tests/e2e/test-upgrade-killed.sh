#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# weir killed in the middle of an upgrade: frames are judged all the time, and the next attach
# completes it or begins again; who was in debt still is.
source "$(dirname "$0")/lib.sh"
two_namespaces
add_link broker b1 02:00:00:00:01:02 client c1 02:00:00:00:01:01
broker_start
session_start
RANDOM=${SEED:-$$$SECONDS}
echo "SEED=$RANDOM"
dir=$WEIR_BPFFS/weir/b0
maps=(control policy levels buckets counters table_counters)

attach_abi1() {
	in_broker "$build/tests/e2e/attach_abi1" "$build/tests/e2e/abi1/bpf/weir.bpf.o" b0 b0,b1
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
program_of() { # DEV
	in_broker bpftool -j net show dev "$1" | grep -oE '"id":[0-9]+' | head -n 1
}
# What a kill leaves when the program of b0 has been switched, that of b1 and the directories not.
kill_after_switch() {
	mkdir "$WEIR_BPFFS/aside"
	for map in "${maps[@]}"; do
		pin_again map "$dir/$map" "$WEIR_BPFFS/aside/$map"
	done
	mv "$dir/link-b1" "$WEIR_BPFFS/aside/"
	weir -q attach b0
	pin_again link "$dir/link-b0" "$WEIR_BPFFS/aside/link-b0"
	pin_again link "$WEIR_BPFFS/aside/link-b1" "$dir/link-b1"
	[ "$(program_of b0)" != "$(program_of b1)" ] || fail "b1 has been switched"
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
	is "$(xdp_mode broker b0)$(xdp_mode broker b1)" "" "$1: programs after detach"
}

attach_abi1 "after the switch"
kill_after_switch
expect 1 weir show status b0
has "$err" "weir attach DEV name b0" "show after the switch"
still_in_debt "after the switch"
expect 0 weir attach b0
lacks "$out" upgraded "attach after the switch"
is "$(program_of b1)" "$(program_of b0)" "program of b1"
is "$(syns 'reason="admitted"')" 24 "after the switch: counted as admitted"
done_and_gone "after the switch"

attach_abi1 "detach after the switch"
kill_after_switch
expect 0 weir detach b0
is "$(pins)" "" "pins after detach in the middle"
is "$(xdp_mode broker b0)$(xdp_mode broker b1)" "" "programs after detach in the middle"

# Before the switch: part of the new state is pinned.
attach_abi1 "before the switch"
mkdir "$dir~"
pin_again map "$dir/counters" "$dir~/counters"
expect 0 weir attach b0
has "$out" upgraded "attach before the switch"
done_and_gone "before the switch"

# The same of an attach that moves the buckets to another table: the other commands could open
# either state, and only one is in force.
printf '[weir]\ndevices = b0\nmode = enforce\nsources = %s\n[listener m]\nports = 1883\nrate = 100/s\n' \
	1000 >"$work/small"
sed 's/1000/5000/' "$work/small" >"$work/large"
weir -q attach config "$work/small"
in_broker strace -f -qq -o "$work/strace" -e trace=renameat2 -e inject=renameat2:signal=KILL:when=1 \
	"$build/weir" attach config "$work/large" || true
[ -e "$dir~" ] || fail "the attach was not killed in the middle"
for words in "limit b0 listener 0/s" "mode b0 observe" "block 10.64.1.0/24 b0" "apply $work/large"; do
	# shellcheck disable=SC2086 # words
	expect 1 weir $words
	has "$err" "weir attach DEV name b0" "weir $words in the middle of an attach"
done
expect 0 weir show
has "$err" "weir attach DEV name b0" "weir show in the middle of an attach"
has "$out" "b0 native" "weir show in the middle of an attach"
lacks "$err" "rm " "weir show in the middle of an attach"
is "$(metric weir_device_attached)" 1 "weir_device_attached in the middle of an attach"
knocked $B4 1883 count 1
is "$connected" 1 "connections in the middle of an attach"
expect 0 weir attach config "$work/large"
expect 0 weir limit b0 listener 0/s
knocked $B4 1883 count 1 timeout 200ms
is "$connected" 0 "connections after the change"
weir -q detach b0
is "$(pins)" "" "pins after detach"

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
