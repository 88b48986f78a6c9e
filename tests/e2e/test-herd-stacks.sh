#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Devices with the TCP of other stacks: they come up at a real broker, their SYNs are on the wire at
# the times of their stack, and what becomes of them is counted as for kernel sockets.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/herd.sh"
two_namespaces
in_client sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
broker_start

# A TUN device with source addresses of its own: 10.128+N.0.0/16 and fd80:N::/32.
add_tun() { # N
	ip -n client tuntap add "herd$1" mode tun
	ip -n client link set "herd$1" up
	ip -n client route add "10.$((128 + $1)).0.0/16" dev "herd$1"
	ip -n client -6 route add "fd80:$1::/32" dev "herd$1"
	ip -n broker route add "10.$((128 + $1)).0.0/16" via $C4
	ip -n broker -6 route add "fd80:$1::/32" via $C6
}
for n in 0 1 2 3; do
	add_tun $n
done

# -- a real broker -------------------------------------------------------------------------------
for stack in lwip esp-idf freertos zephyr windows-7 linux-old linux-new; do
	report=$(herd $B4 1883 devices 5 sources 10.128.0.0/16 stack $stack duration 20s json -)
	jq -e '.connected == 5 and .attempts == 5 and .syn_retransmits == 0 and .t100 >= 0' \
		<<<"$report" >/dev/null || fail "$stack: $report"
done
# Answers to the keep-alive must be acknowledged, and long messages cut into segments.
report=$(herd $B6 1883 devices 5 sources fd80:0::/32 stack lwip mqtt 5 keepalive 1s hold 4s \
	work topics 3 hello 5000 duration 20s json -)
jq -e '.connected == 5 and .attempts == 5 and .lost == 0' <<<"$report" >/dev/null ||
	fail "IPv6: $report"
wait_for 10 grep -q "PUBLISH from herd-4 .*(5000 bytes)" "$work/mosquitto.log"
[ "$(grep -c 'Received PINGREQ from herd-' "$work/mosquitto.log")" -ge 10 ] || fail "no keep-alive"
[ "$(grep -c 'Client herd-.* closed its connection' "$work/mosquitto.log")" -ge 30 ] ||
	fail "devices did not end in an orderly way"

report=$(herd $B4 1999 devices 5 sources 10.128.0.0/16 stack lwip attempts 1 duration 20s json -)
jq -e '.refused == 5 and .attempts == 5 and .connected == 0' <<<"$report" >/dev/null ||
	fail "a port without a listener: $report"

# What comes while the last messages of bystanders are waited for does not count.
fake mute late=2500
report=$(herd $B4 "$port" devices 1 bystanders 1 every 50ms sources 10.128.0.0/16 stack lwip \
	timeout 20s duration 1s json -)
jq -e '.unfinished == 1 and .connects == 0 and .t100 == null' <<<"$report" >/dev/null ||
	fail "a CONNACK after the end: $report"

# -- a broker that answers when the client has gone ----------------------------------------------
accepted() { # N
	[ "$(in_broker ss -Htn state close-wait "( sport = :1883 )" | wc -l)" -eq "$1" ]
}
kill -STOP "$(pidof mosquitto)"
start late client "$build/herd" $B4 1883 devices 3 sources 10.128.0.0/16 stack lwip \
	timeout 500ms backoff fixed 60s duration 60s json "$work/late.json"
late=$job
wait_for 20 accepted 3
kill -CONT "$(pidof mosquitto)"
wait_for 20 accepted 0
kill -INT "$late"
wait "$late" || fail "after SIGINT: $?"
jq -e '.timeouts == 3 and .wasted == 3 and .connected == 0 and .attempts == 3' \
	"$work/late.json" >/dev/null || fail "late answers: $(cat "$work/late.json")"

is "$(jq .wasted_is_lower_bound "$work/late.json")" false "all were watched"
# Only the last of a device's attempts is watched: the others may have been wasted, too.
fake late=1500
herd $B4 "$port" devices 3 sources 10.128.0.0/16 stack lwip attempts 2 timeout 200ms \
	backoff fixed 200ms hold 4s json "$work/several.json" quiet
jq -e '.timeouts == 6 and .wasted >= 3 and .wasted_is_lower_bound' "$work/several.json" >/dev/null ||
	fail "several late answers: $(cat "$work/several.json")"
# What the broker has ended by itself needs no watch.
fake silent
herd $B4 "$port" devices 3 sources 10.128.0.0/16 stack lwip attempts 3 timeout 200ms \
	backoff fixed 200ms json "$work/ended.json" quiet
jq -e '.timeouts == 9 and .wasted == 0 and (.wasted_is_lower_bound | not)' "$work/ended.json" \
	>/dev/null || fail "connections that were ended: $(cat "$work/ended.json")"

# What came in time, while herd itself was held up, is no time-out.
all_have_said() { [ "$(grep -c level= "$work/fake$port.log")" = 3 ]; }
fake late=500
start stalled client "$build/herd" $B4 "$port" devices 3 sources 10.128.0.0/16 stack lwip \
	attempts 1 timeout 2s json "$work/stalled.json"
stalled=$job
wait_for 20 all_have_said
kill -STOP "$stalled"
sleep 2
kill -CONT "$stalled"
wait "$stalled" || fail "held up: exit status $?"
jq -e '.connects == 3 and .timeouts == 0' "$work/stalled.json" >/dev/null ||
	fail "held up: $(cat "$work/stalled.json")"

# -- SYN times -----------------------------------------------------------------------------------
in_broker nft -f - <<-RULES
	table inet away {
		chain in {
			type filter hook input priority 0
			ip saddr 10.131.0.0/16 tcp dport 1883 reject with tcp reset
			ip saddr { 10.128.0.0/16, 10.129.0.0/16, 10.130.0.0/16 } tcp dport 1883 drop
		}
	}
RULES
start tcpdump broker tcpdump --immediate-mode -ln -tt -i b0 "tcp port 1883 and tcp[tcpflags] & (tcp-syn | tcp-ack) == tcp-syn"
wait_for 10 grep -q 'listening on' "$work/tcpdump.log"

storm() { # STACK N WORD...
	start "$1" client "$build/herd" $B4 1883 devices 3 sources "10.$((128 + $2)).0.0/16" \
		stack "$1" attempts 1 duration 30s json "$work/$1.json" "${@:3}"
	storms+=("$job")
}
storms=()
storm zephyr 0 timeout 20s
storm lwip 1 timeout 7500ms
storm freertos 2 timeout 10500ms
storm windows-7 3 timeout 20s
for job in "${storms[@]}"; do
	wait "$job" || fail "a storm's exit status: $?"
done
captured() { # N
	[ "$(grep -c 'Flags \[S\]' "$work/tcpdump.log")" -ge "$1" ]
}
wait_for 10 captured 42 # what tcpdump has not written yet

# Times of the SYNs of each of the three devices, in ms from its first, must not be before those
# given; how much later they are is the machine's affair and only said.
syns_of() { # STACK N MS...
	awk -v network="10.$((128 + $2))." -v want="${*:3}" '
		index($3, network) == 1 {
			source = substr($3, 1, match($3, /\.[0-9]+$/) - 1)
			if (!(source in first)) first[source] = $1
			ms[source, count[source]++] = ($1 - first[source]) * 1000
		}
		END {
			n = split(want, at, " ")
			for (source in first) {
				sources++
				if (count[source] != n) wrong = wrong source " sent " count[source] " "
				for (i = 1; i <= n; i++) {
					late = ms[source, i - 1] - at[i]
					if (late < -2) wrong = wrong source " " i " at " ms[source, i - 1] " "
					if (late > most) most = late
				}
			}
			if (sources != 3) wrong = wrong sources + 0 " sources"
			if (wrong) { print wrong; exit 1 }
			printf "late by at most %.1f ms\n", most
		}' "$work/tcpdump.log" >"$work/times" || fail "$1: $(cat "$work/times")"
	echo "$1: $(cat "$work/times")"
}
syns_of lwip 1 0 3000 6000
syns_of freertos 2 0 3000 9000
syns_of windows-7 3 0 3000 6000 9000
# Zephyr draws a factor between 1 and 1.5 for each connection: that counts as late here.
syns_of zephyr 0 0 200 600 1400
jq -e '.syn_retransmits == 6 and .timeouts == 3' "$work/lwip.json" >/dev/null ||
	fail "lwip: $(cat "$work/lwip.json")"
jq -e '.syn_retransmits == 9 and .timeouts == 3 and .duration_seconds >= 3' \
	"$work/zephyr.json" >/dev/null || fail "zephyr gives up by itself: $(cat "$work/zephyr.json")"
jq -e '.syn_retransmits == 9 and .refused == 3' "$work/windows-7.json" >/dev/null ||
	fail "windows: $(cat "$work/windows-7.json")"

# -- the device goes away ------------------------------------------------------------------------
start gone client "$build/herd" $B4 1883 devices 3 sources 10.131.0.0/16 stack lwip \
	timeout 60s duration 60s json "$work/gone.json"
gone=$job
wait_for 10 captured 45
ip -n client link del herd3
wait_for 10 grep -q "TUN device is gone" "$work/gone.log"
kill -INT "$gone"
wait "$gone" || fail "after its device has gone: $?"

# -- bad input -----------------------------------------------------------------------------------
expect 2 herd $B4 1883 devices 1 sources 10.128.0.0/16 stack lwpi
has "$err" "did you mean 'lwip'?" "a slip"
expect 1 herd $B4 1883 devices 1 sources 10.128.0.0/16 stack lwip tls
has "$err" "plain MQTT only" "TLS"
expect 1 herd $B4 1883 devices 1 stack lwip
has "$err" "write sources PREFIX" "no sources"
expect 1 herd $B4 1883 devices 1 sources 10.64.0.0/16 stack lwip
has "$err" "not routed to a TUN device" "sources of this host"
expect 1 herd $B4 1883 devices 1 sources 10.9.0.64/26 stack lwip
has "$err" "no TUN device" "sources behind a veth"
expect 1 herd $B4 1883 devices 20000 sources 10.128.0.0/16 stack lwip
has "$err" "too many" "more devices than ports"
