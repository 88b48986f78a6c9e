# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Sourced after lib.sh by the tests of `weir run`: how it is started, and what it counts.
# shellcheck source-path=SCRIPTDIR source=lib.sh
: "${build:?}" "${work:?}"

# A listener that holds SYNs long enough for a test to do something in the meantime.
delay_conf() { # FILE DEVICES RATE BURST [MORE OF THE LISTENER]
	cat >"$1" <<-END
		[weir]
		devices = $2
		mode = enforce
		[listener default]
		ports = 1883, 8883
		excess = delay
		delay-max = 30s
		reserve = 0
		rate = $3
		burst = $4
		${5:-}
	END
}

# Many clients that send again at the same tick overflow the ring of a veth unless they have a queue.
clients_queue() {
	in_client tc qdisc replace dev c0 root pfifo limit 10000
}

# Its process id is then in $run.
run_start() { # INSTANCE...
	local name

	start run broker "$build/weir" run "$@"
	run=${job:?}
	for name; do
		wait_for 10 grep -q "^$name: served" "$work/run.log"
	done
}

run_lives() {
	kill -0 "$run" 2>/dev/null || fail "weir run has ended"
}

run_has_ended() {
	! kill -0 "$run"
}

# Of the queues of an instance, an array by listener id of what `weir run` publishes.
queues() { # INSTANCE FILTER of jq
	bpftool -j map dump pinned "$WEIR_BPFFS/weir/$1/queues" |
		jq "[.[] | .formatted.value] | $2"
}

held_now() { # INSTANCE
	queues "$1" 'map(.length) | add'
}

holds() { # INSTANCE N
	[ "$(held_now "$1")" -ge "$2" ]
}

holds_just() { # INSTANCE N
	[ "$(held_now "$1")" -eq "$2" ]
}

# Nor is any yet to be counted: what has left is reported after the length, and with the lengths.
holds_nothing() { # INSTANCE
	[ "$(queues "$1" 'map(.length, .lengths[]) | add')" -eq 0 ]
}

# All that was handed over has become of something: it was queued or not, and left or is there.
# Nothing may come in between; enum queue_result, enum queue_end of user/queue.h.
queue_adds_up() { # INSTANCE
	[ "$(queues "$1" 'map([.results, .outdated] | flatten | add) | add')" -eq \
		"$(syns "shaper=\"$1\"" 'verdict="delay"' 'enforced="true"')" ] &&
		[ "$(queues "$1" 'map(.results[0]) | add')" -eq \
			"$(queues "$1" 'map(([.ends, .lengths] | flatten | add)) | add')" ]
}

# Every SYN that came is counted with one verdict, and every one that was dropped instead of held by
# its cause.
syns_add_up() { # INSTANCE SYNS
	is "$(syns "shaper=\"$1\"")" "$2" "SYNs counted"
	is "$(syns "shaper=\"$1\"" 'verdict="drop"')" \
		"$(metric weir_syn_unheld_total "shaper=\"$1\"")" "dropped, by cause"
}

# Counts SYNs of the client as they leave it.
count_syns() { # DEV...
	local device

	in_client nft add table netdev count
	in_client nft add counter netdev count syns
	for device; do
		in_client nft add chain netdev count "$device" \
			"{ type filter hook egress device $device priority 0; }"
		in_client nft add rule netdev count "$device" \
			"tcp flags & (syn | ack) == syn counter name syns"
	done
}

syns_sent() {
	in_client nft -j list counter netdev count syns | jq '.nftables[] | .counter.packets // empty'
}
