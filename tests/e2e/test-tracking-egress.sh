#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The egress program's filter: it comes back when somebody takes it off, one is enough, it goes with
# the instance, and what is not weir's stays.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/herd.sh"
source "$(dirname "$0")/track.sh"
two_namespaces
broker_start

filters() { # egress|ingress
	in_broker tc filter show dev b0 "$1"
}
weir_filters() {
	filters egress | grep -c weir_egress || true
}
clsact() {
	in_broker tc qdisc show dev b0 | grep -c clsact || true
}
foreign() { # add|del egress|ingress PRIORITY: a filter that matches nothing
	in_broker tc filter "$1" dev b0 "$2" pref "$3" protocol all bpf bytecode '1,6 0 0 0'
}
connect() { # N -> all of them are seen
	local before

	before=$(seen .done)
	run $B4 1883 devices "$1" timeout 30s attempts 3 sources 10.64.0.0/16
	await ".done == $((before + $1))"
}

# made by weir: all of it goes again
probe_start 1883
is "$(weir_filters) $(clsact)" "1 1" "filter and qdisc"
connect 5
stop "$probe"
is "$(weir_filters) $(clsact)" "0 0" "filter and qdisc after the end"

# taken off: it is back within a second or so, with a word of it
probe_again
in_broker tc filter del dev b0 egress
await '.put == 2'
connect 5
in_broker tc qdisc del dev b0 clsact
await '.put == 3'
connect 5

# killed: the filter stays, the next one takes its place, and what was seen is not forgotten
kill -9 "$probe"
wait "$probe" || true
is "$(weir_filters)" 1 "filters after a kill"
run $B4 1883 devices 5 timeout 30s attempts 3
probe_again
is "$(weir_filters)" 1 "filters after a restart"
await '.done == 20'
connect 5
in_broker tc filter del dev b0 egress
await '.put == 2'
stop "$probe"
is "$(weir_filters) $(clsact)" "0 0" "filter and qdisc after kill, restart and end"

# killed, and the instance detached
probe_again keep
stop "$probe"
is "$(weir_filters)" 1 "a filter that was left"
weir detach b0
is "$(weir_filters) $(clsact)" "0 0" "filter and qdisc after detach"

# somebody else's filters stay, and the qdisc with them
for direction in ingress egress; do
	probe_start 1883
	foreign add $direction 7
	stop "$probe"
	is "$(weir_filters) $(clsact)" "0 1" "a foreign filter on $direction: filter and qdisc"
	is "$(filters $direction | grep -c 'pref 7 bpf.*handle')" 1 "the foreign filter on $direction"
	in_broker tc qdisc del dev b0 clsact
done

# and somebody else's qdisc, even without filters
in_broker tc qdisc add dev b0 clsact
probe_start 1883
connect 5
stop "$probe"
is "$(weir_filters) $(clsact)" "0 1" "a foreign qdisc: filter and qdisc"

# where others were first, of the first priority, too
foreign add egress 1
foreign add egress 2
probe_start 1883
connect 5
stop "$probe"
is "$(weir_filters) $(filters egress | grep -c 'bpf.*handle')" "0 2" "among others: filters"
weir detach b0
is "$(filters egress | grep -c 'bpf.*handle')" 2 "foreign filters after detach"
