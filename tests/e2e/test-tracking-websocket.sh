#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# MQTT over WebSocket: the answer to the upgrade is no CONNACK, plain or in TLS.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/herd.sh"
source "$(dirname "$0")/track.sh"
two_namespaces
pki server
cat >"$work/mosquitto.conf" <<END
user root
per_listener_settings true
log_dest stderr
log_type all
# it does not start with WebSocket alone
listener 1883
allow_anonymous true
listener 9001
protocol websockets
allow_anonymous true
END
{
	tls_listener 9002
	printf '%s\n' 'protocol websockets' 'allow_anonymous true'
} >>"$work/mosquitto.conf"
start mosquitto broker mosquitto -c "$work/mosquitto.conf"
wait_for 10 listens 1883
! grep -q 'Websockets support not available' "$work/mosquitto.log" || skip "this mosquitto has no WebSocket"
wait_for 10 listens 9002

upgrade='GET /mqtt HTTP/1.1\r\nHost: broker\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
upgrade+='Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n'
upgrade+='Sec-WebSocket-Protocol: mqtt\r\n\r\n'
# CONNECT in a binary frame whose mask is 0
connect='\x82\x8e\x00\x00\x00\x00\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00'

# Upgrades, waits for the answer, connects, waits for the CONNACK: over stdin and stdout of COMMAND.
websocket() { # COMMAND...
	local line

	coproc wire { in_client "$@" 2>/dev/null; }
	# shellcheck disable=SC2059 # they are formats
	printf "$upgrade" >&"${wire[1]}"
	while IFS= read -r -t 10 line <&"${wire[0]}" && [ "$line" != $'\r' ]; do
		:
	done
	await ".in_flight == 1 and .done == $connected"
	# shellcheck disable=SC2059
	printf "$connect" >&"${wire[1]}"
	connected=$((connected + 1))
	await ".in_flight == 0 and .done == $connected"
	# shellcheck disable=SC2154 # bash sets it
	kill "$wire_PID"
	wait "$wire_PID" 2>/dev/null || true
}

probe_start 9001,9002
connected=0
for _ in 1 2 3; do
	websocket "$BASH" -c "exec 3<>/dev/tcp/$B4/9001; cat <&3 & cat >&3"
	websocket openssl s_client -quiet -tls1_2 -connect $B4:9002
	websocket openssl s_client -quiet -tls1_3 -connect $B4:9002
done
is "$(grep -c 'New client connected' "$work/mosquitto.log")" 9 "clients that mosquitto saw"
await_quiet
