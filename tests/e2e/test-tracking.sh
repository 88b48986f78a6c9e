#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The end of a set-up is seen from outside: as many as herd says, in every protocol that hides the
# CONNACK, with real brokers and a real TLS terminator.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/herd.sh"
source "$(dirname "$0")/track.sh"
type haproxy >/dev/null 2>&1 || skip "haproxy is not installed"
two_namespaces
pki server device
cat "$work/pki/server.pem" "$work/pki/server.key" >"$work/both.pem"

{
	printf '%s\n' 'user root' 'per_listener_settings true' 'log_dest stderr' 'log_type error' \
		'listener 1883' 'allow_anonymous true'
	tls_listener 8883
	echo 'allow_anonymous true'
	tls_listener 8884 certificate
	echo 'allow_anonymous false'
} >"$work/mosquitto.conf"
haproxy_conf 127.0.0.1:1883
cat >>"$work/haproxy.cfg" <<END
frontend retry-no-tickets
    bind :::9004 v4v6 ssl crt $work/both.pem no-tls-tickets curves P-384
frontend certificate
    bind :::9005 v4v6 ssl crt $work/both.pem ca-file $work/pki/ca.pem verify required
END
start mosquitto broker mosquitto -c "$work/mosquitto.conf"
start haproxy broker haproxy -db -f "$work/haproxy.cfg"
for listener in 1883 8883 8884 9001 9002 9003 9004 9005; do
	wait_for 10 listens $listener
done

certificate=(cert "$work/pki/device.pem" key "$work/pki/device.key")
fleet=(devices 60 sources 10.64.0.0/16)
tracked "plain" 1883 $B4 1883 "${fleet[@]}"
tracked "plain, MQTT 5, IPv6" 1883 $B6 1883 devices 60 sources fd10::/64 mqtt 5
for version in 1.2 1.3; do
	tracked "mosquitto, TLS $version" 8883 $B4 8883 "${fleet[@]}" tls $version
	tracked "mosquitto, TLS $version, MQTT 5" 8883 $B4 8883 "${fleet[@]}" tls $version mqtt 5
	tracked "mosquitto, TLS $version, certificates" 8884 $B4 8884 "${fleet[@]}" tls $version "${certificate[@]}"
	tracked "haproxy, TLS $version" 9001 $B4 9001 "${fleet[@]}" tls $version
	tracked "haproxy, TLS $version, short tickets" 9002 $B4 9002 "${fleet[@]}" tls $version
	tracked "haproxy, TLS $version, IPv6" 9001 $B6 9001 devices 60 sources fd10::/64 tls $version
	tracked "haproxy, TLS $version, certificates" 9005 $B4 9005 "${fleet[@]}" tls $version "${certificate[@]}"
done
tracked "haproxy, retry" 9003 $B4 9003 "${fleet[@]}" tls 1.3
tracked "haproxy, retry, short tickets" 9004 $B4 9004 "${fleet[@]}" tls 1.3 mqtt 5
tracked "work after the CONNACK" 9002 $B4 9002 "${fleet[@]}" tls 1.3 work topics 3 hello 100

# devices that come again with a session: round and round, for two seconds
for port in 8883 9001 9002; do
	probe_start $port
	expect 0 herd $B4 $port capacity devices 4 duration 2s json "$record" quiet tls resume sources 10.64.0.0/16
	[ "$(value '.tls_resumed > .connects / 2')" = true ] || fail "resumed: $(value .tls_resumed)"
	await_quiet
	# what was under way when it ended may or may not have been done
	between "$(seen .done)" "$(($(value .connects) * 99 / 100))" "$(($(value .connects) * 101 / 100 + 4))" \
		"port $port: resumed set-ups seen to be done, of $(value .connects)"
	stop "$probe"
done

# a CONNACK with a refusal is an end, too; devices without a certificate are refused before
probe_start 8884
run $B4 8884 devices 20 timeout 30s attempts 1 tls 1.3
is "$(value .connects)" 0 "devices without a certificate that connected"
await '.refused + .given_up == 20'
await_quiet
is "$(seen .done)" 0 "devices without a certificate, seen to be done"
stop "$probe"
