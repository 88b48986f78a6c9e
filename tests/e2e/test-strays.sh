#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What is no instance in weir's directory is named and left alone; it keeps nobody from working.
source "$(dirname "$0")/lib.sh"
two_namespaces
dir=$WEIR_BPFFS/weir

# A link that leads nowhere, or elsewhere, in the place of the directory.
for target in /nonexistent "$work"; do
	ln -s "$target" "$dir"
	expect 1 timeout 20 nsenter --net=/run/netns/broker "$build/weir" attach b0
	has "$err" "'$dir'" "weir attach over a symbolic link"
	has "$err" "rm $dir" "weir attach over a symbolic link"
	rm "$dir"
done

# Beside instances: a file, a link to an instance, a directory that is empty.
weir attach b0 enforce rate 5/s
bpftool map create "$dir/map" type array key 4 value 4 entries 1 name stray
ln -s b0 "$dir/alias"
ln -s /nonexistent "$dir/nowhere"
for words in show metrics; do
	expect 0 weir $words
	has "$out" b0 "weir $words"
	for stray in map alias nowhere; do
		has "$err" "$dir/$stray" "weir $words"
	done
done
for stray in map alias nowhere; do
	for words in "attach b0 name $stray" "detach $stray" "limit $stray host 5/s" "show $stray"; do
		# shellcheck disable=SC2086 # words
		expect 1 weir $words
		has "$err" "rm $dir/$stray" "weir $words"
	done
done
expect 1 weir attach b0 name another
has "$err" "instance 'b0' is on it" "weir attach of a device that has its instance"
is "$(xdp_mode broker b0)" xdp "program"

# What a killed attach or detach leaves hides no instance either, and goes with all of them.
mkdir "$dir/junk"
expect 1 weir show
has "$out" b0 "weir show beside an empty directory"
has "$err" "'junk'" "weir show beside an empty directory"
expect 0 weir detach all
has "$err" "rm $dir/map" "weir detach all"
is "$(xdp_mode broker b0)" "" "program after detach all"
is "$(find "$dir" -mindepth 1 -printf '%f\n' | sort | tr '\n' ' ')" "alias map nowhere " \
	"what detach all leaves"
rm "$dir"/*
expect 0 weir detach all
is "$(pins)" "" "pins"
