#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A wire with delay between two namespaces: round trips are as long as asked, and a real broker and
# its clients work over it.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/herd.sh"
ip netns add client
ip netns add broker
for end in client broker; do
	ip -n $end link set lo up
	ip -n $end tuntap add wire mode tun
	ip -n $end link set wire up
done
ip -n client address add 10.9.0.1 peer 10.9.0.2 dev wire
ip -n broker address add 10.9.0.2 peer 10.9.0.1 dev wire
ip -n client address add fd00:9::1 peer fd00:9::2 dev wire nodad
ip -n broker address add fd00:9::2 peer fd00:9::1 dev wire nodad

relay() { # WORD...
	start relay broker "$build/herd" relay wire@client wire@/run/netns/broker "$@"
	relay=$job
	wait_for 10 grep -q ready "$work/relay.log"
}

relay_end() {
	kill "$relay"
	wait "$relay" || fail "the relay's exit status: $?"
}

# The shortest of five: from SYN to SYN-ACK in microseconds. The broker does not like HTTP.
shortest() { # ADDRESS
	for _ in 1 2 3 4 5; do
		in_client curl -s -o "$work/answer" -w '%{time_connect}\n' "http://$1:1883/" || true
	done | awk '{ us = int($1 * 1000000); if (!n++ || us < min) min = us } END { print min }'
}

relay delay 60ms json "$work/relay.json"
broker_start
us=$(shortest $B4)
between "$us" 120000 10000000 "round trip over IPv4 in us"
echo "asked for 120000 us: $us us over IPv4"
us=$(shortest "[$B6]")
between "$us" 120000 10000000 "round trip over IPv6 in us"

start subscriber client mosquitto_sub -h $B4 -i subscriber -q 1 -t numbers -C 20
wait_for 20 grep -q 'Sending SUBACK to subscriber' "$work/mosquitto.log"
seq 20 | in_client mosquitto_pub -h $B6 -q 1 -t numbers -l
all_came() {
	cmp <(seq 20) "$work/subscriber.log"
}
wait_for 20 all_came

relay_end
is "$(jq -r '.ways[0] | .from + " " + .to' "$work/relay.json")" \
	"wire@client wire@/run/netns/broker" "names of the first way"
is "$(jq -r '.ways[] | .lost, .full, .refused' "$work/relay.json" |
	sort -u)" 0 "packets that did not arrive"
[ "$(jq '.ways[0].packets' "$work/relay.json")" -gt 50 ] || fail "$(cat "$work/relay.json")"
jq -e '.schema == 1 and .delay_ms == 60 and .late_ms.max >= 0' "$work/relay.json" >/dev/null ||
	fail "$(cat "$work/relay.json")"

# The same wire without its other half: what is lost is counted.
relay delay 1ms loss 100% json "$work/relay.json"
in_client curl -s --connect-timeout 0.3 "http://$B4:1883/" && fail "everything should be lost"
relay_end
[ "$(jq '.ways[0] | .lost >= 1 and .packets == 0' "$work/relay.json")" = true ] ||
	fail "$(cat "$work/relay.json")"

# A device that goes away ends it, with an error and without a busy loop.
relay delay 1ms
ip -n client link del wire
status=0
wait "$relay" || status=$?
is "$status" 1 "exit status of a relay without one of its devices"
grep -q "a device is gone" "$work/relay.log" || fail "$(cat "$work/relay.log")"
ip -n client tuntap add wire mode tun

expect 2 herd relay wire
has "$err" "joins two TUN devices" "one end only"
expect 2 herd relay wire@ wire delay 10ms
has "$err" "bad device 'wire@'" "no name after the sign"
expect 2 herd relay wire@client wire@broker
has "$err" "write delay TIME" "no delay"
expect 2 herd relay wire@client wire@broker delay 5
has "$err" "bad delay '5'" "no unit"
expect 2 herd relay wire@client wire@broker delay 5ms jiter 1ms
has "$err" "did you mean 'jitter'?" "a slip"
expect 2 herd relay wire@client wire@broker delay 5ms loss 101%
has "$err" "write at most 100%" "too much loss"
expect 1 herd relay wire@client wire@nowhere delay 5ms
has "$err" "cannot enter the network namespace 'nowhere'" "no namespace"
expect 1 herd relay wire@client missing@broker delay 5ms
has "$err" "ip tuntap add" "no device"
expect 1 herd relay lo@client wire@broker delay 5ms
has "$err" "cannot open the device 'lo'" "no TUN device"
