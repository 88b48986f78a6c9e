#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A file is the state that is wanted: diff says what is missing, apply makes it so and no more, and
# what was set at runtime stays until it is given up.
source "$(dirname "$0")/lib.sh"
two_namespaces
broker_start 1883 8084

file=$work/weir.ini
write_file() { # MORE-OF-WEIR MORE-OF-FLEET
	printf '[weir]\nmode = enforce\n%b\n[listener fleet]\nports = 1883\n%b\n' "$1" "$2" >"$file"
}
row() { # LEVEL
	weir show limits b0 | grep "^$1"
}
# diff and apply find nothing to do: the file is in force, or what may change of it.
nothing_to_do() { # WORD...
	local before

	expect 0 weir diff "$file" "$@"
	lacks "$out" "live" "weir diff $*"
	before=$(weir show limits b0)
	expect 0 weir apply "$file" "$@"
	has "$out" "nothing to change" "weir apply $*"
	is "$(weir show limits b0)" "$before" "limits after that"
}

write_file "" "rate = 1/h\nburst = 20"
expect 3 weir diff "$file"
has "$err" "no instance is attached" "diff, nothing attached"
expect 3 weir apply "$file" b0
has "$err" "'b0'" "apply, nothing attached"
weir attach b0 config "$file"
nothing_to_do
expect 0 weir diff "$file"
is "$out" "b0: as the file says" "diff"
knocked $B4 1883 sources 10.64.1.0/24 count 12
is "$connected" 12 "before"

# Spent tokens stay spent: 12 of 20 by now.
write_file "" "rate = 1/h\nburst = 15\nsource-rate = 100/s"
expect 4 weir diff "$file"
is "$out" "live    [listener fleet] burst: 20 in force, 15 wanted
live    [listener fleet] source-rate: unlimited in force, 100/s wanted" "diff"
has "$(row listener)" " 20 " "the burst: diff changes nothing"
expect 0 weir apply "$file"
has "$out" "burst: 15 (was 20)" "apply"
has "$out" "2 changes made" "apply"
nothing_to_do b0
knocked $B4 1883 sources 10.64.1.0/24 count 10
is "$connected" 3 "with 12 of 15 spent"

# A bad file changes nothing.
write_file "v4-prefix = 33" "rate = 5/s"
expect 1 weir apply "$file"
has "$err" "$file:3: v4-prefix '33'" "apply of a bad file"
expect 1 weir diff "$file"
has "$err" "$file:3: v4-prefix '33'" "diff of a bad file"
has "$(row listener)" "1/h" "the limit after a bad file"

# What was set at runtime stays, is shown, and goes with reset.
write_file "" "rate = 1/h\nburst = 15"
weir apply "$file"
weir limit b0 listener 2/h burst 100
weir limit b0 source 9/s
weir mode b0 observe
expect 0 weir diff "$file"
has "$out" "kept    [listener fleet] rate: 2/h in force, 1/h wanted; set at runtime" "diff"
has "$out" "kept    [weir] mode: observe in force, enforce wanted" "diff"
nothing_to_do
has "$out" "[weir] mode: observe kept, set at runtime; the file says enforce" "apply"
has "$(row listener)" "set at runtime" "the listener's limit"
has "$(weir show)" "OBSERVE: nothing is dropped (set at runtime)" "the mode"
write_file "" "rate = 3/h\nburst = 15\nsite-rate = 5/s\nsource-rate = 9/s"
expect 0 weir apply "$file"
has "$(row site)" 5/s "what was not set at runtime"
has "$(row listener)" 2/h "what was"
has "$(row source)" "set at runtime" "what was, to the file's value"
nothing_to_do
expect 4 weir diff "$file" reset
has "$out" "live    [listener fleet] rate: 2/h in force, 3/h wanted" "diff reset"
has "$out" "live    [listener fleet] source-rate: 9/s set at runtime in force, 9/s wanted" "diff reset"
expect 0 weir apply "$file" b0 reset
has "$(row listener)" 3/h "after reset"
lacks "$(weir show limits b0)$(weir show)" runtime "after reset"
nothing_to_do
nothing_to_do reset

# A mode said to attach beside the file is not the file's.
weir detach b0
write_file "mode = observe" ""
sed -i '/^mode = enforce/d' "$file"
weir attach b0 config "$file" enforce
expect 0 weir apply "$file"
has "$(weir show)" "b0: enforcing (set at runtime)" "enforce said to attach"

# Keys that a running instance cannot change: the others are changed, these are warned of.
printf '[weir]\ndevices = b0, lo\nsources = 64\nxdp = generic\n[listener fleet]\nports = 1883, 8084\n' \
	>"$file"
expect 4 weir diff "$file"
has "$out" "reload  [weir] sources: 1048580 in force, 64 wanted; \`weir attach" "diff"
has "$out" "reload  [weir] devices: b0 in force, b0, lo wanted; \`weir attach" "diff"
has "$out" "reload  [weir] xdp: b0 native in force, generic wanted; detach" "diff"
expect 0 weir apply "$file"
has "$err" "'sources' of 'b0'" "apply"
has "$out" "1 change made" "apply"
has "$(weir show)" "1883, 8084 to any" "what could be changed"
nothing_to_do
expect 0 weir attach config "$file" name b0
has "$out" "sources: 65, not 1048580 any more" "attach again"
expect 0 weir diff "$file"
lacks "$out" devices "diff after attach"
lacks "$out" sources "diff after attach"
weir detach b0
weir attach config "$file" name edge
expect 0 weir diff "$file"
is "$out" "edge: as the file says" "diff after detach and attach"

# What is said and not done is said by apply, too.
expect 0 weir apply "$file"
has "$err" "excess = delay acts as drop for listener 'fleet', which no \`weir run\` serves" "apply"
expect 0 weir diff "$file"
lacks "$err" delay "diff"
sed 's/^ports.*/&\nexcess = drop/' "$file" >"$work/drop.ini"
expect 0 weir apply "$work/drop.ini"
lacks "$err" delay "apply without delay"
expect 0 weir apply "$file"

# Which instance? The one on the file's device, or the only one.
ip -n broker link add c9 type veth peer name x9
weir attach c9
expect 0 weir diff "$file"
has "$out" edge "the instance on the file's devices"
sed -i /^devices/d "$file"
expect 1 weir diff "$file"
has "$err" "2 instances" "which instance"
expect 2 weir apply "$file" edge again
has "$err" "'again'" "one word too many"
expect 3 weir apply "$file" eth9
has "$err" "'eth9'" "no such instance"
printf '[weir]\ndevices = x9\n[listener a]\nports = 1\n' >"$file"
expect 3 weir apply "$file"
has "$err" "'x9'" "a device that no instance is on"
weir detach edge
expect 3 weir apply "$file"
expect 4 weir diff "$file" c9
sed -i /^devices/d "$file"
expect 0 weir apply "$file"
has "$(weir show)" "listener a" "the only instance"
