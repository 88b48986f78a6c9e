#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Attaching a second time swaps the program and keeps limits, mode, buckets and counters, whatever
# the words are; what differs is said.
source "$(dirname "$0")/lib.sh"

link_id() {
	bpftool -j link show pinned "$WEIR_BPFFS/weir/b0/link-b0" | grep -oE '"id":[0-9]+'
}
program_id() {
	bpftool -j link show pinned "$WEIR_BPFFS/weir/b0/link-b0" | grep -oE '"prog_id":[0-9]+'
}

two_namespaces
broker_start
weir attach b0 rate 1/h enforce
weir limit b0 listener 1/h burst 10
knocked $B4 1883 sources 10.64.1.0/24 count 25
is "$connected" 10 "connections before"
limits=$(weir show limits b0)
link=$(link_id)
program=$(program_id)

expect 0 weir attach b0 rate 1/h enforce
expect 0 weir attach b0 rate 500/s ports 1883
has "$err" 500/s "what differs is said"
has "$err" 1/h "what is in force is said"
expect 0 weir attach b0

is "$(link_id)" "$link" "the link"
[ "$(program_id)" != "$program" ] || fail "the program was not replaced"
is "$(weir show limits b0)" "$limits" "limits"
is "$(metric weir_mode 'mode="enforce"')" 1 "mode"
is "$(syns 'reason="admitted"')" 10 "counted as admitted"
is "$(syns 'reason="listener_limit"')" 15 "counted as refused"
knocked $B4 1883 sources 10.64.1.0/24 count 10
is "$connected" 0 "connections: the bucket is still empty"
is "$(syns 'reason="listener_limit"')" 25 "counted as refused by the new program"

# Whatever was said and differs is named, and nothing else.
expect 0 weir attach b0 rate 5/s
has "$err" "rate: 1/h in force, 5/s wanted" "warning of the rate"
for word in observe ports sources; do
	lacks "$err" "$word" "warning of the rate"
done
expect 0 weir attach b0 ports 1883
has "$err" "ports: 1883, 8883 in force, 1883 wanted" "warning of the ports"
lacks "$err" rate "warning of the ports"
lacks "$err" "weir apply" "there is no file to apply"
expect 0 weir attach b0 window auto
has "$err" "window: off in force, auto wanted" "warning of the window"
lacks "$err" ports "warning of the window"
has "$err" 'weir apply' "what changes a window"
expect 0 weir attach b0 observe
has "$err" "mode: enforce in force, observe wanted" "warning of the mode"
lacks "$err" rate "warning of the mode"
expect 0 weir attach b0 xdp generic
has "$err" "xdp: b0 native in force, generic wanted" "warning of the XDP mode"
expect 0 weir attach b0 xdp native
is "$err" "" "warning of the same XDP mode"
expect 0 weir attach b0
is "$err" "" "warning of nothing said"
expect 0 weir attach lo name b0
has "$err" "devices: b0, lo in force, lo wanted" "warning of the devices"
printf '[weir]\ndevices = b0, lo\nmode = enforce\nsources = 4096\n[listener default]\n' \
	>"$work/weir.ini"
printf 'ports = 1883, 8883\nrate = 1/h\nburst = 10\n' >>"$work/weir.ini"
expect 0 weir attach config "$work/weir.ini"
has "$out" "sources: 4100, not " "table of the size that the file says"
is "$err" "" "differences of the file"
sed -i 's/^rate = .*/rate = 2\/h/' "$work/weir.ini"
expect 0 weir attach config "$work/weir.ini"
is "$(grep -c ' wanted' <<<"$err")" 1 "differences of the file"
has "$err" "weir apply" "how a file comes in force"
