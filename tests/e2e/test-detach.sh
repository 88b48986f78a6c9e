#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Detach leaves nothing behind: no pin, no link, no program on the device, no map, no limit.
source "$(dirname "$0")/lib.sh"

# "map 17", "link 4", "prog 23": what the kernel holds for an instance. BPF objects have no
# namespace, so other people's are not looked at.
objects() { # INSTANCE
	local pin

	for pin in "$WEIR_BPFFS/weir/$1"/*; do
		case $pin in
		*/link-*)
			bpftool -j link show pinned "$pin" |
				sed 's/.*"id":\([0-9]*\).*"prog_id":\([0-9]*\).*/link \1\nprog \2/'
			;;
		*) bpftool -j map show pinned "$pin" | sed 's/^{"id":\([0-9]*\).*/map \1/' ;;
		esac
	done
}

gone() { # KIND ID
	! bpftool "$1" show id "$2"
}

untouched() { # WHEN
	is "$(ip -n broker -o link show type veth | grep xdp || true)" "" "devices with XDP $1"
	is "$(pins)" "" "pins $1"
}

two_namespaces
add_link broker b1 02:00:00:00:01:02 client c1 02:00:00:00:01:01
broker_start
untouched "before the first attach"

weir attach b0 enforce
weir limit b0 listener 0/s
held=$(objects b0)
has "$held" "link " "what an instance holds"
has "$held" "prog " "what an instance holds"
is "$(grep -c '^map ' <<<"$held")" "$(find "$WEIR_BPFFS/weir/b0" -type f ! -name 'link-*' | wc -l)" \
	"maps of an instance"
weir detach b0
untouched "after detach"
while read -r kind id; do
	# freed after the last frame that may use them
	wait_for 10 gone "$kind" "$id"
done <<<"$held"
knocked $B4 1883 sources 10.64.1.0/24 count 20
is "$connected" 20 "connections after detach"
expect 3 weir detach b0
has "$err" "'b0'" "the message names the instance"
expect 3 weir show limits b0

# A new instance starts afresh.
weir attach b0 enforce
is "$(metric weir_syn_total)" 0 "SYNs of a new instance"
knocked $B4 1883 sources 10.64.1.0/24 count 20
is "$connected" 20 "connections with a new instance"

weir attach b1
weir detach all
untouched "after detach all"
# Nothing is left to do, and that is no error.
weir detach all

# A link that somebody else holds, too, lets go all the same.
weir attach b0 enforce
weir limit b0 listener 0/s
bpftool link pin id "$(objects b0 | sed -n 's/^link //p')" "$WEIR_BPFFS/held"
weir detach b0
is "$(xdp_mode broker b0)" "" "program after detach, its link held elsewhere"
untouched "after detach, its link held elsewhere"
knocked $B4 1883 sources 10.64.1.0/24 count 20
is "$connected" 20 "connections after detach, its link held elsewhere"
rm "$WEIR_BPFFS/held"

# Somebody else's link in the directory is not detached.
add_link broker b2 02:00:00:00:02:02 client c2 02:00:00:00:02:01
weir attach b0
bpftool prog load "$build/tests/e2e/foreign.bpf.o" "$WEIR_BPFFS/program" type xdp
weir attach b2
foreign=$(objects b2 | sed -n 's/^link //p')
bpftool link pin id "$foreign" "$WEIR_BPFFS/weir/b0/link-b2"
expect 1 weir detach b0
has "$err" "rm $WEIR_BPFFS/weir/b0/link-b2" "weir detach with a foreign link"
is "$(xdp_mode broker b0)" "" "program after detach"
is "$(xdp_mode broker b2)" xdp "somebody else's program"
rm "$WEIR_BPFFS/weir/b0/link-b2"
weir detach b0
weir detach b2
untouched "in the end"

# A program of weir's without an instance is named as such, with the way to remove it.
weir attach b0
bpftool link pin id "$(objects b0 | sed -n 's/^link //p')" "$WEIR_BPFFS/held"
rm -r "$WEIR_BPFFS/weir/b0"
expect 1 weir attach b0
has "$err" WEIR_BPFFS "weir attach over a program without an instance"
lacks "$err" "not weir's" "weir attach over a program without an instance"
remedy=$(grep -o 'bpftool link detach id [0-9]*' <<<"$err")
$remedy
rm "$WEIR_BPFFS/held"
weir attach b0
