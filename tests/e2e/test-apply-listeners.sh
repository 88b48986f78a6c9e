#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Listeners move in the file, are renamed, removed and added while SYNs arrive: whoever stays keeps
# counters and debts, and whoever is new begins with none.
source "$(dirname "$0")/lib.sh"
two_namespaces
broker_start 1883 8084

file=$work/weir.ini
say() { # LINE...
	printf '%s\n' "[weir]" "mode = enforce" "$@" >"$file"
}
fleet=("ports = 1883" "rate = 1/h" "burst = 20" "source-rate = 1/h" "source-burst = 15")
web=("ports = 8084" "rate = 1/h" "burst = 10")

say "[listener fleet]" "${fleet[@]}" "[listener web]" "${web[@]}"
weir attach b0 config "$file"
knocked $B4 1883 sources 10.64.1.1/32 count 18
is "$connected" 15 "fleet, one source"
knocked $B4 8084 sources 10.64.1.0/24 count 4
is "$connected" 4 "web"

# The other way round, another one before them, and a new name.
say "[listener lab]" "ports = 1" "[listener web]" "${web[@]}" "[listener devices]" "${fleet[@]}"
expect 4 weir diff "$file"
has "$out" "[listener devices] renamed: fleet in force, devices wanted" "diff"
weir apply "$file"
is "$(syns 'listener="devices"')" 18 "SYNs counted under the former name"
is "$(syns 'listener="web"')" 4 "SYNs of one that moved"
is "$(syns 'listener="lab"')" 0 "SYNs of the new one"
knocked $B4 1883 sources 10.64.1.1/32 count 2
is "$connected" 0 "the source's debt goes on"
knocked $B4 1883 sources 10.64.1.2/32 count 9
is "$connected" 5 "the listener's debt goes on"
is "$(syns 'listener="devices"')" 29 "SYNs go on"

# Removed, and added again: another listener, whose buckets are full and which has counted nothing.
say "[listener web]" "${web[@]}"
weir apply "$file"
knocked $B4 1883 sources 10.64.1.1/32 count 5
is "$connected" 5 "of no listener"
is "$(syns 'listener="web"')" 4 "SYNs of one that stayed"
say "[listener devices]" "${fleet[@]}" "[listener web]" "${web[@]}"
weir apply "$file"
is "$(syns 'listener="devices"')" 0 "SYNs of one that was added again"
is "$(syns 'listener="web"')" 4 "SYNs of one that stayed"
knocked $B4 1883 sources 10.64.1.1/32 count 18
is "$connected" 15 "one that was added again has full buckets"
knocked $B4 8084 sources 10.64.1.0/24 count 10
is "$connected" 6 "one that stayed has not"

# Under traffic no SYN is judged twice, or by nobody. No limits: a port that has no broker.
steady=("ports = 9000")
say "[listener steady]" "${steady[@]}" "[listener other]" "ports = 9001"
weir apply "$file"
start knocker client "$build/tests/e2e/knock" $B4 9000 sources 10.64.0.0/16 count 4000 rate 1000/s
knocker=$job
rounds=0
last=0
while kill -0 "$knocker" 2>/dev/null; do
	name=steady$((rounds % 2))
	say "[listener o$rounds]" "ports = $((9001 + rounds % 3 * 10))" "[listener $name]" \
		"${steady[@]}" "v4-never = 1"
	expect 1 weir apply "$file"
	sed -i /never/d "$file"
	weir -q apply "$file"
	seen=$(syns "listener=\"$name\"")
	[ "$seen" -ge "$last" ] || fail "SYNs of $name: $seen after $last"
	last=$seen
	rounds=$((rounds + 1))
done
wait "$knocker"
echo "$rounds rounds; $(<"$work/knocker.log")"
[ "$rounds" -ge 3 ] || fail "only $rounds rounds"
is "$(syns "listener=\"$name\"")" 4000 "SYNs under all names"
is "$(metric weir_packets_total 'reason="not_listener"')" 5 "SYNs of no listener: those of before"
