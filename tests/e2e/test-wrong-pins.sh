#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Pins that are not what they should be: every command says so and does nothing with them.
source "$(dirname "$0")/lib.sh"
two_namespaces
add_link broker b1 02:00:00:00:01:02 client c1 02:00:00:00:01:01
dir=$WEIR_BPFFS/weir/b0
maps=(control policy levels buckets counters table_counters top)

# Every map in the place of every other, and a program and a link in the place of each.
weir attach b0 enforce rate 5/s
weir attach b1
bpftool prog load "$build/tests/e2e/foreign.bpf.o" "$WEIR_BPFFS/program" type xdp
for pin in "${maps[@]}"; do
	mv "$dir/$pin" "$dir/aside"
	for other in "${maps[@]}" program link; do
		[ "$other" != "$pin" ] || continue
		case $other in
		program) object=(prog pinned "$WEIR_BPFFS/program") ;;
		link) object=(link pinned "$WEIR_BPFFS/weir/b1/link-b1") ;;
		*) object=(map pinned "$WEIR_BPFFS/weir/b1/$other") ;;
		esac
		bpftool "${object[0]}" pin "${object[@]:1}" "$dir/$pin" 2>/dev/null ||
			bpftool "${object[0]}" pin id "$(bpftool -j "${object[0]}" show "${object[@]:1}" |
				sed 's/^{"id":\([0-9]*\).*/\1/')" "$dir/$pin"
		for words in "show status b0" "limit b0 listener 9/s" "mode b0 observe" "attach b0"; do
			# shellcheck disable=SC2086 # words
			expect 1 weir $words
			has "$err" "'$pin'" "weir $words, $other pinned as $pin"
		done
		rm "$dir/$pin"
	done
	expect 1 weir show status b0
	has "$err" "'$pin'" "weir show without $pin"
	expect 1 weir attach b0
	mv "$dir/aside" "$dir/$pin"
done
is "$(weir mode b0 enforce)" "b0: mode enforce, as before" "mode after all that"
has "$(weir show limits b0 | grep listener)" 5/s "limit after all that"

# State of a build with structs of other sizes, which calls itself by the same ABI: refused by all,
# and read by none.
shape() { # FACTOR OF VALUES, OF ENTRIES: what bpftool map create needs
	bpftool -j map show pinned "$dir/aside" |
		jq -r '"type \(.type) key \(.bytes_key) value \(.bytes_value * '"$1"') entries " +
			"\(.max_entries * '"$2"') flags \(.flags)"'
}
for pin in policy levels buckets counters table_counters top echoes waiting returns_by_listener \
	look_budget delays queues delay_budget unheld; do
	mv "$dir/$pin" "$dir/aside"
	for factors in "2 1" "1 2"; do
		# a ring buffer has no values
		[ "$pin $factors" != "delays 2 1" ] || continue
		# shellcheck disable=SC2086,SC2046 # words
		bpftool map create "$dir/$pin" $(shape $factors) name other
		for word in attach run; do
			expect 1 weir $word b0
			has "$err" "'$pin'" "weir $word, $pin of another size"
		done
		rm "$dir/$pin"
	done
	expect 1 weir run b0
	has "$err" "'$pin'" "weir run without $pin"
	mv "$dir/aside" "$dir/$pin"
done
has "$(weir show limits b0 | grep listener)" 5/s "limit after all that, too"

# Something else in the place of a link, or somebody else's link: neither shown nor replaced.
bpftool map create "$dir/link-zz" type array key 4 value 4 entries 1 name stray
bpftool link pin id "$(bpftool -j link show pinned "$WEIR_BPFFS/weir/b1/link-b1" |
	sed 's/^{"id":\([0-9]*\).*/\1/')" "$dir/link-b1"
before=$(in_broker bpftool -j net show dev b1)
for words in "show status b0" "attach b0"; do
	# shellcheck disable=SC2086 # words
	expect 0 weir $words
	has "$err" "rm $dir/link-zz" "weir $words"
	has "$err" "rm $dir/link-b1" "weir $words"
	lacks "$out" zz "weir $words"
	lacks "$out" b1 "weir $words"
done
is "$(in_broker bpftool -j net show dev b1)" "$before" "program of somebody else's link"
