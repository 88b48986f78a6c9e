#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A device keeps its program under any name, and is known by the present one; another device under
# its old name is not taken for it.
source "$(dirname "$0")/lib.sh"

rename() { # DEV NAME
	ip -n broker link set "$1" down
	ip -n broker link set "$1" name "$2"
	ip -n broker link set "$2" up
}

two_namespaces
add_link broker b1 02:00:00:00:01:02 client c1 02:00:00:00:01:01
add_link broker b2 02:00:00:00:02:02 client c2 02:00:00:00:02:01
weir attach b1 enforce rate 5/s

# Renamed.
rename b1 old1
has "$(weir show | grep devices)" "old1 native (renamed from b1)" "weir show"
is "$(metric weir_device_attached 'device="old1"')" 1 "weir_device_attached"
expect 1 weir attach b1
has "$err" "'old1'" "weir attach of the old name"
has "$err" "weir attach old1 name b1" "weir attach of the old name"
is "$out" "" "weir attach of the old name"
expect 1 weir attach old1
has "$err" "weir attach old1 name b1" "weir attach of the new name"
expect 0 weir attach old1 name b1
has "$out" "attached to old1: program replaced" "weir attach of the new name"
has "$(weir show limits b1 | grep listener)" 5/s "limit"
is "$(weir show | grep devices)" "  devices      old1 native" "weir show after weir attach"
rename old1 b1
expect 0 weir attach b1

# Names exchanged.
rename b1 old1
rename b2 b1
rename old1 b2
has "$(weir show | grep devices)" "b2 native (renamed from b1)" "weir show"
is "$(metric weir_device_attached 'device="b2"')" 1 "weir_device_attached"
is "$(metric weir_device_attached 'device="b1"')" 0 "weir_device_attached of the other device"
expect 1 weir attach b1
has "$err" "'b2'" "weir attach of the other device"
has "$err" renamed "weir attach of the other device"
is "$out" "" "weir attach of the other device"
is "$(xdp_mode broker b2)" xdp "program of the renamed device"
is "$(xdp_mode broker b1)" "" "program of the other device"
expect 0 weir attach b1 name b1
is "$(xdp_mode broker b1)" xdp "program of the other device, when told to join"
is "$(weir show | grep devices)" "  devices      b1 native, b2 native" "weir show"

# Names of two devices of one instance exchanged.
rename b1 old1
rename b2 b1
rename old1 b2
expect 0 weir attach b1,b2 name b1
is "$(weir show | grep devices)" "  devices      b1 native, b2 native" "weir show"
weir detach b1
is "$(pins)" "" "pins after detach"

# A file means the device that has the name now; if none does, the one that had it.
printf '[weir]\ndevices = b1\n[listener default]\nports = 1883, 8883\n' >"$work/weir.ini"
weir attach b1 config "$work/weir.ini" name one
rename b1 old1
expect 0 weir diff "$work/weir.ini"
has "$out" "devices: old1 (renamed from b1) in force, b1 wanted; the file has" "weir diff"
rename b2 b1
expect 0 weir diff "$work/weir.ini"
has "$out" "[weir] devices" "weir diff, another device has the name"
weir attach b1 config "$work/weir.ini" name two
expect 0 weir diff "$work/weir.ini"
is "$out" "two: as the file says" "weir diff, another instance is on that"
weir detach all
rename b1 b2
rename old1 b1

# By another name of its own it is the same device, and not renamed.
ip -n broker link property add dev b1 altname uplink
weir attach uplink
is "$(weir show | grep devices)" "  devices      uplink native" "weir show"
expect 0 weir attach uplink
has "$out" "attached to uplink: program replaced" "weir attach again"
is "$err" "" "weir attach again"
weir detach uplink
