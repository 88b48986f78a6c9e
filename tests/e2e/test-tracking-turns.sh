#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What a broker takes is measured, and nothing else: not the client's round trips, and all of the
# broker's answers. A delayed acknowledgement hides up to 40 ms of a turn, two turns twice that.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/herd.sh"
source "$(dirname "$0")/track.sh"
type haproxy >/dev/null 2>&1 || skip "haproxy is not installed"
two_namespaces
pki server
cat "$work/pki/server.pem" "$work/pki/server.key" >"$work/both.pem"

# 600 ms of work for a CONNACK, and behind TLS that of the handshake
fake late=600
late=$port
haproxy_conf "$B4:$late"
start haproxy broker haproxy -db -f "$work/haproxy.cfg"
wait_for 10 listens 9003

# The turns are what the clients have waited for, less their round trips, and at most HIDDEN: in ms.
agree() { # TURNS WAITED HIDDEN WHAT
	between "$1" 550 "$(($2 + 20))" "$4: turns, of $2 ms that were waited"
	between "$1" "$(($2 - $3))" "$(($2 + 20))" "$4: turns, of $2 ms that were waited"
}

# Mean of the turns, and of the time that clients waited, in ms, of five devices one after the other.
turns() { # PORT HERD-WORD...
	local before sum

	before=$(seen .done)
	sum=$(seen '.done * .mean_ms')
	waited=0
	for _ in 1 2 3 4 5; do
		run $B4 "$1" devices 1 timeout 20s attempts 1 "${@:2}"
		waited=$((waited + $(value '.setup_seconds.p50 * 200 | floor')))
	done
	await ".done == $before + 5"
	await_quiet
	turn=$(seen "(.done * .mean_ms - $sum) / 5 | floor")
}

probe_start "$late,9001,9002,9003"
turns "$late"
agree "$turn" "$waited" 60 "plain"
for p in 9001 9002 9003; do
	for version in 1.2 1.3; do
		turns $p tls $version
		# three turns, and the client's own work
		agree "$turn" "$waited" 150 "port $p, TLS $version"
	done
done

# the oldest open turn, while it is open
run $B4 9002 devices 3 timeout 20s attempts 1 tls 1.3
is "$(grep '}$' "$work/probe.log" | jq -s 'map(.oldest_ms) | max >= 500')" true \
	"the oldest turn that was open"
is "$(grep '}$' "$work/probe.log" | jq -s 'map(.in_flight) | max')" 3 "most in flight"
stop "$probe"

# a round trip of 300 ms is in none of the turns, and is learned as the way from SYN to request
ip netns add far
for end in far client; do
	ip -n $end tuntap add wire mode tun
	ip -n $end link set wire up
done
ip -n far address add 10.80.0.1/32 dev wire
ip -n far route add $B4/32 dev wire src 10.80.0.1
ip -n client route add 10.80.0.1/32 dev wire
ip -n broker route add 10.80.0.1/32 via $C4
in_client sysctl -qw net.ipv4.ip_forward=1
start relay client "$build/herd" relay wire@/run/netns/far wire@/run/netns/client delay 150ms
wait_for 10 grep -q ready "$work/relay.log"
far() { # PORT WORD...
	rm -f "$record"
	expect 0 in_ns far "$build/herd" $B4 "$1" devices 12 timeout 30s attempts 1 anywhere json "$record" quiet "${@:2}"
	is "$(value .connects)" 12 "far devices"
	await '.done == 12'
	await_quiet
}
for words in "$late" "9002 tls 1.2" "9001 tls 1.3"; do
	# shellcheck disable=SC2086 # words
	{
		probe_start "$late,9001,9002,9003"
		far $words
	}
	# from the SYN+ACK on its way to the CONNACK there are two round trips and more
	[ "$(value '.setup_seconds.p50 > 1.1')" = true ] || fail "no round trips: $(value .setup_seconds.p50)"
	trips=600
	[[ $words != *tls\ 1.3 ]] || trips=900
	[[ $words != *tls\ 1.2 ]] || trips=1200
	agree "$(seen '.mean_ms | floor')" "$(value ".setup_seconds.p50 * 1000 - $trips | floor")" 200 \
		"$words: turns of far devices"
	between "$(seen '.horizon_ms | floor')" 280 "$(value '.setup_seconds.p50 * 1000 - 550 | floor')" \
		"$words: from SYN to request"
	stop "$probe"
done
