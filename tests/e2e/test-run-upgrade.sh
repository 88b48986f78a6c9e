#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What is held stays held when the program is replaced, by that of another weir, too, when its maps
# are exchanged for others, and when the size of the queue is changed; then it is let in, and counted
# once.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/delay.sh"
two_namespaces
broker_start
delay_conf "$work/conf" b0 1/h 1 "queue-entries = 1000"

weir attach b0 config "$work/conf"
run_start b0
count_syns c0

clients() { # NAME ADDRESS POOL: 150 of them
	start "$1" client "$build/tests/e2e/knock" "$2" 1883 sources "$3" count 150 retransmit \
		timeout 60s
}
programs() {
	in_broker bpftool -j net show dev b0 | grep -oE '"id":[0-9]+'
}
still_held() { # WHEN
	sleep 0.3 # three ticks: it has seen what was done
	run_lives
	is "$(held_now b0)" 299 "$1: held"
	is "$(queues b0 'map(.ends | flatten | add) | add')" 0 "$1: have left the queue"
}

has_room() { # ENTRIES
	[ "$(queues b0 '.[0].entries')" = "$1" ]
}
resize() { # ENTRIES
	sed -i "s/^queue-entries.*/queue-entries = $1/" "$work/conf"
	weir apply "$work/conf"
	wait_for 10 has_room "$1"
}

clients v4 $B4 10.64.0.0/16
v4=$job
wait_for 10 holds b0 149
clients v6 $B6 fd10::/48
v6=$job
wait_for 10 holds b0 299
still_held "at first"

before=$(programs)
weir attach b0
[ "$(programs)" != "$before" ] || fail "the program is the former one"
still_held "program replaced"
in_broker "$build/next/weir" attach b0
still_held "program of another weir"

# Its source table has another size: other maps.
before=$(bpftool -j map show pinned "$WEIR_BPFFS/weir/b0/control" | jq .id)
sed -i '/^mode/a sources = 100000' "$work/conf"
weir attach b0 config "$work/conf"
[ "$(bpftool -j map show pinned "$WEIR_BPFFS/weir/b0/control" | jq .id)" != "$before" ] ||
	fail "the maps are the former ones"
still_held "maps exchanged"

for entries in 5000 700; do
	resize $entries
	still_held "queue of $entries"
done
knocked $B4 1883 sources 10.80.0.0/24 count 1 timeout 100ms
wait_for 10 holds b0 300
is "$(metric weir_syn_unheld_total 'cause="no_consumer"')" 0 "SYNs that nobody took meanwhile"

# Half a queue is enough for the retransmits of all, but not for all of them at once if it is smaller.
weir limit b0 listener 500/s burst 1
wait_for 30 grep -q connected= "$work/v4.log"
wait_for 30 grep -q connected= "$work/v6.log"
has "$(<"$work/v4.log")" "connected=150 refused=0 timeout=0 error=0" "IPv4 clients"
has "$(<"$work/v6.log")" "connected=150 refused=0 timeout=0 error=0" "IPv6 clients"
wait "$v4" "$v6"
wait_for 10 holds_nothing b0
is "$(queues b0 'map(.ends[0][0] + .ends[1][0]) | add')" 300 "released"
is "$(queues b0 'map(.failed) | add')" 0 "failed"
syns_add_up b0 "$(syns_sent)"
stop "$run"
queue_adds_up b0 || fail "queues: $(queues b0 '.[0]')"

# A smaller one keeps as many as it has room for; the others come again.
weir limit b0 listener 1/h burst 1
weir limit b0 listener 0/s
run_start b0
clients v4 $B4 10.65.0.0/16
v4=$job
wait_for 10 holds b0 150
resize 100
between "$(held_now b0)" 1 100 "held by the smaller queue"
weir limit b0 listener 500/s burst 1
wait_for 30 grep -q connected= "$work/v4.log"
has "$(<"$work/v4.log")" "connected=150 refused=0 timeout=0 error=0" "clients of the smaller queue"
wait "$v4"
wait_for 10 holds_nothing b0
stop "$run"
queue_adds_up b0 || fail "queues: $(queues b0 '.[0]')"

# What is held when it is ended is dropped, and that is counted, too.
weir limit b0 listener 0/s
run_start b0
clients v4 $B4 10.66.0.0/16
wait_for 10 holds b0 50
kill "$job"
stop "$run"
queue_adds_up b0 || fail "queues: $(queues b0 '.[0]')"
[ "$(queues b0 'map(.ends[0][4] + .ends[1][4]) | add')" -ge 50 ] || fail "not counted as forgotten"
