#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A device that goes away takes nothing with it: it is shown as gone, and attaching to a new one
# of the same name keeps limits and counters.
source "$(dirname "$0")/lib.sh"
two_namespaces
add_link broker b1 02:00:00:00:01:02 client c1 02:00:00:00:01:01
broker_start
weir attach b1,b0 name edge enforce
weir limit edge listener 1/h burst 10
knocked $B4 1883 sources 10.64.1.0/24 count 6
is "$connected" 6 "connections before"

attached=$(weir metrics | grep '^weir_device_attached.*"b1"')
ip -n broker link delete b1
is "$(weir metrics | grep '^weir_device_attached.*"b1"')" "${attached% 1} 0" "the series of b1"
out=$(weir show)
has "$(grep b1 <<<"$out")" "LINK LOST" "weir show"
is "$(metric weir_device_attached 'device="b1"')" 0 "weir_device_attached of the one that is gone"
is "$(metric weir_device_attached 'device="b0"')" 1 "weir_device_attached of the other"
knocked $B4 1883 sources 10.64.1.0/24 count 6
is "$connected" 4 "connections over the other device"

# An attach that fails leaves limits, mode and counters as they are, and the lost device on record.
expect 1 weir attach b1,b0 name edge
has "$err" "'b1'" "weir attach without the device"
add_link broker b1 02:00:00:00:01:02 client c1 02:00:00:00:01:01
in_broker ip link set b1 xdpdrv object "$build/tests/e2e/foreign.bpf.o" section xdp
expect 1 weir attach b1,b0 name edge
has "$err" foreign_program "weir attach over a foreign program"
is "$(metric weir_device_attached 'device="b1"')" 0 "weir_device_attached after failed attaches"
is "$(metric weir_mode 'mode="enforce"')" 1 "mode after failed attaches"
expect 0 weir -q mode edge enforce
has "$err" foreign_program "a change that could not attach again"
[[ $err == "weir: warning: "* && $err != *$'\n'* ]] || fail "weir -q mode: no single warning: $err"
expect 0 weir attach b0 name edge
has "$err" "warning: cannot attach to 'b1'" "weir attach of the other"
expect 0 weir -j show
is "$(jq -c '[.errors, (.warnings | length)]' <<<"$out")" "[[],1]" "errors and warnings of a success"
in_broker ip link set b1 xdpdrv off

# Whichever device of the instance is named, those that have come back are attached to.
weir attach b0 name edge
is "$(xdp_mode broker b1)" xdp "program of the new device"
is "$(syns 'reason="admitted"')" 10 "counters"
knocked $B4 1883 sources 10.64.1.0/24 count 6
is "$connected" 0 "connections: the bucket is still empty"

ip -n broker link delete b1
weir detach edge
is "$(pins)" "" "pins after detach"

# The same with the only device.
ip -n broker link delete b0
add_link broker b0 02:00:00:00:00:02 client c0 02:00:00:00:00:01
weir attach b0 rate 500/s enforce
weir limit b0 source 7/s
ip -n broker link delete b0
expect 1 weir attach b0
add_link broker b0 02:00:00:00:00:02 client c0 02:00:00:00:00:01
weir attach b0
is "$(xdp_mode broker b0)" xdp "program of the new device"
is "$(metric weir_mode 'mode="enforce"')" 1 "mode"
has "$(weir show limits b0 | grep source)" 7/s "limit of sources"
has "$(weir show limits b0 | grep listener)" 500/s "limit of the listener"

# The next command attaches again, in the mode that was asked for; only diff changes nothing.
printf '[weir]\ndevices = b0\n[listener default]\nports = 1883, 8883\nrate = 500/s\n' >"$work/conf"
come_back() {
	ip -n broker link delete b0
	add_link broker b0 02:00:00:00:00:02 client c0 02:00:00:00:00:01
}
attached_by() { # WORD...: of weir
	come_back
	expect 0 weir "$@"
	is "$(xdp_mode broker b0)" xdp "program after weir $*"
	has "$err" "'b0' had lost its program: attached again, native XDP" "weir $*"
}
attached_by show
attached_by metrics
lacks "$out" "attached again" "a page of metrics"
attached_by limit b0 source 7/s
attached_by mode b0 enforce
attached_by allow 10.1.0.0/16
attached_by apply "$work/conf"
come_back
expect 0 weir diff "$work/conf"
is "$(xdp_mode broker b0)" "" "program after weir diff"
expect 0 weir -q show
is "$(xdp_mode broker b0)" xdp "program after weir -q show"
has "$(weir show limits b0 | grep source)" 7/s "limit of sources"
weir detach b0
weir attach b0 xdp generic
come_back
weir limit b0 listener 500/s
is "$(xdp_mode broker b0)" xdpgeneric "program of an instance in generic mode"

# Of several that were lost at different times, the program of the last attach.
program_of() { # DEV
	in_broker bpftool -j net show | jq -r --arg device "$1" \
		'.[0].xdp[] | select(.devname == $device) | .id'
}
add_link broker b1 02:00:00:00:01:02 client c1 02:00:00:00:01:01
weir attach b1 name b0
ip -n broker link delete b0
weir attach b1 name b0
newest=$(program_of b1)
ip -n broker link delete b1
add_link broker b0 02:00:00:00:00:02 client c0 02:00:00:00:00:01
weir show
is "$(program_of b0)" "$newest" "program of the device that was lost first"
weir detach b0
weir attach b0

# A lost device has no part in a state that was made while it was away.
add_link broker b1 02:00:00:00:01:02 client c1 02:00:00:00:01:01
weir attach b1 name b0
ip -n broker link delete b1
printf 'sources = 4096\n' | sed -i '1r /dev/stdin' "$work/conf"
expect 0 weir attach b0 config "$work/conf"
has "$err" "'b1' does not belong to 'b0' any more" "an attach that makes new maps"
expect 0 weir show
lacks "$err" ignored "weir show after that"

# And with maps only, as a lost pin leaves them.
weir limit b0 source 7/s
rm "$WEIR_BPFFS/weir/b0/link-b0"
weir attach b0
has "$(weir show limits b0 | grep source)" 7/s "limit of sources"

# One that is made anew with the same index is another, if any command has seen that it was gone.
index=$(ip -n broker -o link show b0 | cut -d: -f1)
same_index() { # COMMAND...: while it is away
	ip -n broker link delete b0
	"$@"
	ip -n broker link add b0 index "$index" type veth peer name c0 netns client
}
same_index weir show
expect 0 weir show
has "$err" "attached again" "weir show"
is "$(xdp_mode broker b0)" xdp "program of a device with the index of the former"
for words in "metrics" "limit b0 source 8/s"; do
	# shellcheck disable=SC2086 # words
	same_index expect 0 weir $words
	expect 0 weir mode b0 observe
	is "$(xdp_mode broker b0)" xdp "program after weir $words saw it gone"
done

# Else it is as if somebody had taken the program off: that is said, loudly.
# diff changes nothing, not even what is remembered.
printf '[weir]\ndevices = b0\n[listener default]\nports = 1883, 8883\n' >"$work/conf"
same_index expect 0 weir diff "$work/conf"
for words in "limit b0 source 9/s" "mode b0 enforce" "allow 10.2.0.0/16" "apply $work/conf"; do
	# shellcheck disable=SC2086
	expect 0 weir -q $words
	is "${err%%$'\n'*}" "weir: warning: 'b0' is not protected: it has lost its program; \`weir attach b0 \
name b0\` puts it back" "weir $words"
done
is "$(xdp_mode broker b0)" "" "program that was not put back"
has "$(weir show)" "LINK LOST" "weir show"
expect 0 weir attach b0
lacks "$err" "not protected" "weir attach"
is "$(xdp_mode broker b0)" xdp "program after weir attach"
