#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A fleet against a real mosquitto: plain, TLS, client certificates, passwords, MQTT 5, work on
# reconnect, bystanders.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/herd.sh"
two_namespaces
pki server device stranger

touch "$work/passwords"
mosquitto_passwd -b "$work/passwords" user1 secret
cat >"$work/mosquitto.conf" <<END
user root
per_listener_settings true
log_dest stderr
log_type all
listener 1883
allow_anonymous true
listener 1884
allow_anonymous false
password_file $work/passwords
END
{
	tls_listener 8883
	echo 'allow_anonymous true'
	tls_listener 8884 certificate
	echo 'allow_anonymous false'
} >>"$work/mosquitto.conf"
start mosquitto broker mosquitto -c "$work/mosquitto.conf"
for listener in 1883 1884 8883 8884; do
	wait_for 10 listens $listener
done
fleet=(timeout 30s attempts 3)

run $B4 1883 devices 200 "${fleet[@]}" sources 10.64.0.0/16
ended connects=200
is "$(value '.connected, (.t100 > 0), (.t50 <= .t99), (.series | length > 0)' | paste -sd ' ')" \
	"200 true true true" "a fleet"
is "$(grep -c 'New client connected from .* as herd-' "$work/mosquitto.log")" 200 "clients that mosquitto saw"
is "$(grep -o 'New client connected from 10\.64\.[0-9.]*' "$work/mosquitto.log" | sort -u | wc -l)" 200 \
	"sources that mosquitto saw"
run $B6 1883 devices 50 "${fleet[@]}" mqtt 5 sources fd10::/64
ended connects=50

# one after another, so many at a time
most_at_once() { # of those who had connected and were no clients yet, from line FIRST of the log on
	tail -n "+$1" "$work/mosquitto.log" |
		awk '/New connection from/ { n++ } /New client connected/ { n-- } n > most { most = n }
			END { print most + 0 }'
}
[ "$(most_at_once 1)" -gt 3 ] || fail "an impulse came one after another"
line=$(($(wc -l <"$work/mosquitto.log") + 1))
run $B4 1883 devices 100 "${fleet[@]}" start closed 3
ended connects=100
between "$(most_at_once "$line")" 1 3 "at once with start closed 3"

# passwords
echo secret >"$work/good"
echo wrong >"$work/bad"
run $B4 1884 devices 5 "${fleet[@]}" user user1 password-file "$work/good"
ended connects=5
run $B4 1884 devices 5 timeout 30s attempts 1 user 'user%d' first 1 password-file "$work/good"
ended connects=1 code5=4 given_up=4
run $B4 1884 devices 2 timeout 30s attempts 2 backoff fixed 10ms user user1 password-file "$work/bad" mqtt 5
ended code135=4 given_up=2

# TLS: not verified, verified by address and by name; both versions
ca=$work/pki/ca.pem
for words in "" "1.2" "1.3" "ca $ca" "1.2 ca $ca" "ca $ca sni broker.example" "resume"; do
	# shellcheck disable=SC2086 # words
	run $B4 8883 devices 20 "${fleet[@]}" tls $words
	ended connects=20
done
run $B6 8883 devices 5 "${fleet[@]}" tls ca "$ca"
ended connects=5
run $B4 8883 devices 5 timeout 30s attempts 1 tls ca "$ca" sni other.example
ended tls_failed=5 given_up=5
run $B4 8883 devices 5 timeout 30s attempts 1 tls ca "$work/pki/stranger.pem"
ended tls_failed=5 given_up=5
run $B4 1883 devices 5 timeout 30s attempts 1 tls
is "$(value '.tls_failed + .closed + .reset')" 5 "TLS to a listener without"

# client certificates
run $B4 8884 devices 5 "${fleet[@]}" tls ca "$ca" cert "$work/pki/device.pem" key "$work/pki/device.key"
ended connects=5
is "$(grep -c "New client connected .* u'device'" "$work/mosquitto.log")" 5 "devices known by certificate"
for version in 1.2 1.3; do
	run $B4 8884 devices 3 timeout 30s attempts 1 tls $version
	is "$(value '.tls_failed + .closed + .reset')" 3 "devices without a certificate, TLS $version"
	is "$(value .connects)" 0 "devices that connected without a certificate"
done

# sessions are resumed when a device comes again: here, round and round
expect 0 herd $B4 8883 capacity devices 2 duration 2s json "$record" quiet tls resume
[ "$(value '.tls_resumed > .connects / 2')" = true ] ||
	fail "resumed: $(value .tls_resumed) of $(value .connects)"
expect 0 herd $B4 8883 capacity devices 2 duration 2s json "$record" quiet tls
is "$(value .tls_resumed)" 0 "resumed without being asked to"

# work on reconnect
for i in 0 1; do
	in_client mosquitto_pub -h $B4 -t "fleet/$i" -m "settings $i" -r -q 1
done
run $B4 1883 devices 20 "${fleet[@]}" work topics 3 retained 2 hello 100 topic fleet
ended connects=20
is "$(value '.work_done, (.work_seconds.max > 0)' | paste -sd ' ')" "20 true" "work"
wait_for 10 grep -q "Received PUBLISH from herd-19 .*'fleet/hello', ... (100 bytes)" "$work/mosquitto.log"
is "$(grep -c 'Received SUBSCRIBE from herd-7$' "$work/mosquitto.log")" 3 "subscriptions of a device"
run $B4 1883 devices 3 "${fleet[@]}" mqtt 5 work topics 1 hello 20000
is "$(value .work_done)" 3 "work in MQTT 5"
# a retained message that nobody has published
run $B4 1883 devices 2 "${fleet[@]}" work topics 1 retained 1 topic 'nothing/%d' duration 1s
is "$(value '.connected, .work_done' | paste -sd ' ')" "2 0" "work that cannot be done"

# bystanders: their messages come back, and they are there before the storm
run $B4 1883 devices 50 "${fleet[@]}" bystanders 5 every 20ms hold 2s
ended connects=50
between "$(value .bystanders.sent)" 200 700 "messages of bystanders"
is "$(value '.bystanders | .count, .lost, .unsent, .reconnects' | paste -sd ' ')" "5 0 0 0" "bystanders"
is "$(value '.bystanders.rtt_ms | .p50 > 0 and .p50 <= .p99 and .p99 <= .max')" true "round trips"
is "$(value '[.series[].bystander_p99_ms | numbers] | length >= 2')" true "round trips by the second"
run $B4 8883 devices 5 "${fleet[@]}" bystanders 2 tls mqtt 5 hold 500ms
is "$(value '.bystanders | .sent > 0 and .lost == 0')" true "bystanders with TLS and MQTT 5"

# bystanders that are cut off lose what is under way, come back, and go on
nsenter --net=/run/netns/client "$build/herd" $B4 1883 devices 1 timeout 30s bystanders 3 every 20ms hold 60s \
	backoff fixed 500ms json "$record" quiet &
herd_job=$!
jobs_started+=("$herd_job")
job_name[$herd_job]=herd
wait_for 20 grep -q 'Received PUBLISH from bystander-herd-3' "$work/mosquitto.log"
cut=(INPUT -p tcp --dport 1883 -j REJECT --reject-with tcp-reset)
in_broker iptables -I "${cut[@]}"
all_cut() {
	[ "$(in_broker iptables -xnvL INPUT | awk '/REJECT/ { print $1 }')" -ge 6 ]
}
wait_for 20 all_cut
before=$(grep -c 'New client connected .* as bystander-herd-' "$work/mosquitto.log")
in_broker iptables -D "${cut[@]}"
all_back() {
	[ "$(grep -c 'New client connected .* as bystander-herd-' "$work/mosquitto.log")" -eq $((before + 3)) ]
}
wait_for 20 all_back
kill "$herd_job"
wait "$herd_job" || fail "interrupted herd: exit status $?"
is "$(value '.interrupted, .bystanders.reconnects, (.bystanders | .lost + .unsent > 0)' | paste -sd ' ')" \
	"true 3 true" "bystanders that were cut off"
