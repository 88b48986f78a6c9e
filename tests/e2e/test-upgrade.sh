#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Attaching over the state of an earlier weir (ABI 1): limits, mode, debts and counters go on, under
# traffic; what is newer is refused, and what fails changes nothing.
source "$(dirname "$0")/lib.sh"
two_namespaces
add_link broker b1 02:00:00:00:01:02 client c1 02:00:00:00:01:01
broker_start 1883 1884
session_start
object=$build/tests/e2e/abi1/bpf/weir.bpf.o

attach_abi1() { # NAME DEV[,DEV...] [abi N]
	in_broker "$build/tests/e2e/attach_abi1" "$object" "$@"
}
program_id() { # DEV
	bpftool -j link show pinned "$WEIR_BPFFS/weir/b0/link-$1" | grep -oE '"prog_id":[0-9]+'
}
# All that is pinned, as the kernel knows it, but for the counters: the session and the neighbours
# send frames all the time.
kernel_state() {
	(cd "$WEIR_BPFFS/weir/b0" && for pin in [!lc]* control levels; do
		bpftool -j map dump pinned "$PWD/$pin" | md5sum
	done)
	program_id b0
}

attach_abi1 b0 b0,b1
before=$(program_id b0)
state=$(kernel_state)
for words in "show status b0" "limit b0 host 9/s" "mode b0 observe" "run b0"; do
	# shellcheck disable=SC2086 # words
	expect 1 weir $words
	has "$err" "weir attach DEV name b0" "weir $words, on state of ABI 1"
done
is "$(kernel_state)" "$state" "state that was only looked at"

# 8 sources of 3 each, of one site with 30; the runtime limit of the other port, used up.
knocked $B4 1883 sources 10.64.1.0/29 count 40
is "$connected" 24 "connections before"
knocked $B6 1883 sources fd10::/64 count 5
is "$connected" 3 "connections of one /64 before"
knocked $B4 1884 sources 10.64.2.0/24 count 7
is "$connected" 7 "connections of the other listener before"

# In the middle of clients that knock at many addresses.
start knocking client "$build/tests/e2e/knock" $B4 1883 \
	sources 10.65.0.0/16 each 24 rate 300/s count 700
job_knocking=$job
session_exchange 5
sleep 0.5
expect 0 weir attach b0
has "$out" "state upgraded from ABI 1" "what was done"
lacks "$err" "no room" "warnings"
session_exchange 5
wait "$job_knocking"
line=$(<"$work/knocking.log")
is "${line#connected=}" "700 refused=0 timeout=0 error=0" "clients that knocked meanwhile"
for device in b0 b1; do
	[ "$(program_id $device)" != "$before" ] || fail "$device has the earlier program"
done
is "$(xdp_mode broker b1)" xdp "the other device"

limits=$(weir show limits b0)
for limit in 2000/s 1000/s 1/h; do
	has "$limits" $limit "limits"
done
is "$(metric weir_mode 'mode="enforce"')" 1 "mode"
is "$(syns 'reason="admitted"')" $((24 + 3 + 7 + 700)) "counted as admitted"
is "$(syns 'reason="source_limit"')" $((16 + 2)) "counted as refused by the source's limit"

# Who was in debt still is: sources, their site, and the listener's one word.
knocked $B4 1883 sources 10.64.1.0/29 count 16
is "$connected" 0 "connections of sources in debt"
knocked $B6 1883 sources fd10::/64 count 5
is "$connected" 0 "connections of a /64 in debt"
knocked $B4 1883 sources 10.64.1.128/25 count 20
is "$connected" 6 "connections left to the site"
knocked $B4 1884 sources 10.64.2.0/24 count 10
is "$connected" 3 "connections left to the other listener"
is "$(syns)" $((24 + 3 + 7 + 700 + 18 + 16 + 5 + 20 + 10)) "all SYNs"

# From here on it is an instance like any other.
expect 0 weir attach b0
lacks "$out" upgraded "the second time"
weir limit b0 bridge listener 5/h burst 20 >/dev/null
session_exchange 2
weir -q detach b0
is "$(pins)" "" "pins after detach"

# Detaching needs no upgrade.
attach_abi1 b0 b0,b1
expect 0 weir detach b0
is "$(pins)" "" "pins after detach of ABI 1"
is "$(xdp_mode broker b0)$(xdp_mode broker b1)" "" "programs after detach of ABI 1"

# An ABI that is not known: refused by every command, and left as it is, but for detach.
for abi in 0 3 4294967295; do
	attach_abi1 b0 b0 abi $abi
	state=$(kernel_state)
	for words in "attach b0 enforce" "show status b0" "limit b0 host 9/s" "mode b0 observe" "run b0"; do
		# shellcheck disable=SC2086 # words
		expect 1 weir $words
		has "$err" "ABI $abi" "weir $words, on state of ABI $abi"
	done
	is "$(kernel_state)" "$state" "state of ABI $abi"
	session_exchange 2
	weir -q detach b0
	is "$(pins)" "" "pins after detach of ABI $abi"
done

# What fails before the switch: no room for a map, something pinned there, one map missing.
attach_abi1 b0 b0
state=$(kernel_state)
expect 1 prlimit --nofile=12 nsenter --net=/run/netns/broker "$build/weir" attach b0
is "$(kernel_state)" "$state" "state after an attach that ran out of files"
is "$(find "$WEIR_BPFFS/weir" -maxdepth 1 | wc -l)" 2 "directories after that"
bpftool map create "$WEIR_BPFFS/weir/b0/link-zz" type array key 4 value 4 entries 1 name stray
expect 1 weir attach b0
rm "$WEIR_BPFFS/weir/b0/link-zz"
mv "$WEIR_BPFFS/weir/b0/levels" "$WEIR_BPFFS/aside"
expect 1 weir attach b0
has "$err" "'levels'" "attach without levels"
mv "$WEIR_BPFFS/aside" "$WEIR_BPFFS/weir/b0/levels"
is "$(kernel_state)" "$state" "state after attaches that failed"
expect 0 weir attach b0
session_exchange 2
