#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Whatever becomes of a connection, nothing stays in flight: clients that give up, brokers that die,
# SYNs that nobody stands behind, lost packets.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/herd.sh"
source "$(dirname "$0")/track.sh"
two_namespaces
offloads_off
port=3000
ports=1883,3001,3002,3003,3004,3005
broker_start

# Sends bytes, waits until they are in flight, and closes: FIN.
half_request() {
	in_client "$BASH" -c "exec 3<>/dev/tcp/$B4/$port; printf '\\x10\\x20' >&3; read -r <&4; exec 3>&-" 4<"$work/go"
}

# the broker never answers, and the client's FIN ends it
fake silent
probe_start $ports
mkfifo "$work/go"
half_request &
jobs_started+=($!)
job_name[$!]=half_request
exec {go}>"$work/go"
await '.in_flight == 1 and .oldest_ms > 100'
echo >&"$go"
await '.given_up == 1'
await_quiet

# the same with devices, whose sockets are closed when their time is over
run $B4 "$port" devices 30 timeout 700ms attempts 2 sources 10.64.0.0/16 backoff fixed 10ms
is "$(value .timeouts)" 60 "devices' time-outs"
await '.given_up == 61'
await_quiet

# the client's packets stop in the middle: its RST is a packet of another connection to come, and the
# broker closes
fake close reset reset-late half-close
run $B4 "$port" devices 4 timeout 5s attempts 1 sources 10.64.0.0/16
await '.refused + .given_up + .withdrawn == 65'
await_quiet

# the broker is killed
fake silent
nsenter --net=/run/netns/client "$build/herd" $B4 "$port" devices 20 timeout 30s attempts 1 quiet \
	json "$record" &
herd_job=$!
jobs_started+=("$herd_job")
job_name[$herd_job]=herd
await '.in_flight == 20'
before=$(seen .refused)
fake_job=${jobs_started[-2]}
kill -9 "$fake_job"
wait "$herd_job"
await ".refused == $before + 20"
await_quiet

# nobody listens
before=$(seen .refused)
run $B4 3005 devices 5 timeout 5s attempts 1
is "$(value .refused)" 5 "devices that were refused"
await ".refused == $before + 5"
await_quiet
stop "$probe"

# SYNs whose sources do not exist: half-open, never in flight, and known for what they are
probe_start 1883
ip -n broker route add 10.200.0.0/16 via $C4
expect 0 herd flood $B4 1883 sources 10.200.0.0/16 rate 400/s duration 4s
await '.share < 0.05 and .noted >= 1500 and .requested == 0'
run $B4 1883 devices 20 timeout 10s attempts 3 sources 10.64.0.0/16
await '.done == 20'
is "$(grep '}$' "$work/probe.log" | jq -s 'map(.in_flight) | max <= 20')" true "never more in flight than devices"
await '.young == 0'
await '.swept + .evicted == .noted - 20 and .evicted < 10'
await_quiet
stop "$probe"

# and sources whose host answers the SYN+ACK with a RST
probe_start 1883
expect 0 herd flood $B4 1883 sources 10.64.0.0/16 rate 400/s duration 2s
await '.withdrawn == .noted'
await_quiet
stop "$probe"

# SYN+ACKs are lost: the SYN comes again, and is the same connection
probe_start 1883
in_client iptables -A INPUT -p tcp --tcp-flags SYN,ACK SYN,ACK --sport 1883 \
	-m statistic --mode nth --every 2 --packet 0 -j DROP
run $B4 1883 devices 40 timeout 20s attempts 1 sources 10.64.0.0/16
in_client iptables -F INPUT
is "$(value .connects)" 40 "devices whose SYN+ACKs were lost"
await '.done == 40 and .noted == 40'
await_quiet

# packets are lost in both directions, at random; who has been silent for the horizon of 3 s, all five of
# whose packets since were lost, is no longer watched
in_client iptables -A INPUT -p tcp --sport 1883 -m statistic --mode random --probability 0.15 -j DROP
in_client iptables -A OUTPUT -p tcp --dport 1883 -m statistic --mode random --probability 0.15 -j DROP
run $B4 1883 devices 60 timeout 60s attempts 1 sources 10.65.0.0/16
in_client iptables -F
await ".done + .swept == 40 + $(value .connects) and .swept <= 3"
await_quiet
