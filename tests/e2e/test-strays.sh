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
