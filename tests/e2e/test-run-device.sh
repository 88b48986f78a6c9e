#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# SYNs are held for several devices and instances by one `weir run`, and put back on the device that
# they came from. A device that goes down, away, or comes back harms nobody else.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/delay.sh"
two_namespaces
for n in 1 2; do
	add_link broker b$n 02:00:00:00:0$n:02 client c$n 02:00:00:00:0$n:01
	add_address broker b$n 10.9.$n.2/24 10.9.$n.1 02:00:00:00:0$n:01
	add_address client c$n 10.9.$n.1/24 10.9.$n.2 02:00:00:00:0$n:02
done
broker_start
delay_conf "$work/conf" b0 1/h 1
delay_conf "$work/conf2" b2 1/h 1
weir attach b0,b1 config "$work/conf" name edge
weir attach b2 config "$work/conf2"
run_start edge b2
count_syns c0 c1 c2

clients() { # NUMBER OF THE LINK, COUNT
	start "clients$1" client "$build/tests/e2e/knock" "10.9.$1.2" 1883 count "$2" retransmit \
		timeout 60s
}
all_connected() { # NUMBER OF THE LINK, COUNT, WHAT
	wait_for 60 grep -q connected= "$work/clients$1.log"
	is "$(<"$work/clients$1.log")" "connected=$2 refused=0 timeout=0 error=0" "$3"
}

# The first SYN of each instance takes its only token.
for n in 0 2; do
	knocked 10.9.$n.2 1883 count 1
	is "$connected" 1 "the first on b$n"
done
clients 0 20
clients 1 20
clients 2 20
wait_for 10 holds edge 40
wait_for 10 holds b2 20
weir limit edge listener 50/s burst 1
all_connected 0 20 "first device"
all_connected 1 20 "second device"
is "$(held_now b2)" 20 "held by the other instance"
weir limit b2 listener unlimited
all_connected 2 20 "the other instance"
wait_for 10 holds_nothing edge
wait_for 10 holds_nothing b2
is "$(($(syns 'shaper="edge"') + $(syns 'shaper="b2"')))" "$(syns_sent)" "SYNs counted"
is "$(queues edge 'map(.failed) | add')" 0 "failed"

# Down and up while SYNs are held: those of the other device are let in, these come again.
weir limit edge listener 0/s
clients 0 10
clients 1 10
wait_for 10 holds edge 20
ip -n broker link set b1 down
weir limit edge listener 50/s burst 1
all_connected 0 10 "first device while the second is down"
run_lives
ip -n broker link set b1 up
ip -n broker neighbour replace 10.9.1.1 lladdr 02:00:00:00:01:01 nud permanent dev b1
all_connected 1 10 "second device when it is up again"

# Gone while SYNs are held: these cannot be put back, which is counted; the other instance and device
# go on. When it is there again its next SYNs are held like any others.
weir limit edge listener 0/s
failed=$(queues edge 'map(.failed) | add')
clients 0 10
wait_for 10 holds edge 10
knock 10.9.1.2 1883 count 7 timeout 200ms >"$work/lost"
wait_for 10 holds edge 17
ip -n broker link delete b1
weir limit edge listener 50/s burst 1
all_connected 0 10 "first device when the second has gone"
wait_for 10 holds_nothing edge
is "$(queues edge 'map(.failed) | add')" $((failed + 7)) "could not be put back"
run_lives
add_link broker b1 02:00:00:00:01:02 client c1 02:00:00:00:01:01
add_address broker b1 10.9.1.2/24 10.9.1.1 02:00:00:00:01:01
add_address client c1 10.9.1.1/24 10.9.1.2 02:00:00:00:01:02
weir show >"$work/show"
has "$(<"$work/show")" b1 "weir show attaches again"
weir limit edge listener 0/s
clients 1 10
wait_for 10 holds edge 10
weir limit edge listener unlimited
all_connected 1 10 "second device when it has come back"

# A listener that is removed takes what it holds with it, and only that.
sed -i 's/ports = 1883, 8883/ports = 1883/' "$work/conf"
sed 's/default/other/; s/ports = 1883/ports = 1884/; /^\[weir/,/^mode/d' "$work/conf" >"$work/more"
cat "$work/conf" "$work/more" >"$work/both"
weir apply "$work/both" edge reset
clients 0 1
all_connected 0 1 "the only token"
clients 0 10
knock 10.9.0.2 1884 count 4 timeout 200ms >"$work/lost"
wait_for 10 holds edge 13
weir apply "$work/conf" edge
wait_for 10 holds_just edge 10
run_lives
# and its port is nobody's now
knocked 10.9.0.2 1884 count 1
is "$refused" 1 "port of no listener"
weir limit edge listener 50/s burst 1
all_connected 0 10 "listener that stays"

# Detached one after the other: it ends with the last.
weir -q detach b2
clients 0 3
all_connected 0 3 "the instance that stays"
weir -q detach edge
wait_for 10 run_has_ended
wait "$run" || fail "weir run: exit status $?"
is "$(pins)" "" "pins after detach"
