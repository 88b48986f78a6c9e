#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A fleet against a real rabbitmq-server with its MQTT plugin, plain and TLS.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/herd.sh"
rabbit=/usr/lib/rabbitmq/bin/rabbitmq-server
[ -x $rabbit ] || skip "rabbitmq-server is not installed"
two_namespaces
pki server

mkdir -p "$work/rabbit"
echo '[rabbitmq_mqtt].' >"$work/rabbit/plugins"
cat >"$work/rabbit/rabbitmq.conf" <<END
listeners.tcp.default = 127.0.0.1:5672
loopback_users = none
log.console = true
log.console.level = info
log.file = false
mqtt.allow_anonymous = true
mqtt.default_user = guest
mqtt.default_pass = guest
mqtt.listeners.tcp.default = 1883
mqtt.listeners.ssl.default = 8883
ssl_options.cacertfile = $work/pki/ca.pem
ssl_options.certfile = $work/pki/server.pem
ssl_options.keyfile = $work/pki/server.key
END
# all it writes, its cookie and its port mapper stay in this test
start rabbitmq broker env HOME="$work/rabbit" RABBITMQ_NODENAME=herd@localhost ERL_EPMD_ADDRESS=127.0.0.1 \
	RABBITMQ_BASE="$work/rabbit" RABBITMQ_MNESIA_BASE="$work/rabbit/db" \
	RABBITMQ_LOG_BASE="$work/rabbit/log" RABBITMQ_PID_FILE="$work/rabbit/pid" \
	RABBITMQ_ENABLED_PLUGINS_FILE="$work/rabbit/plugins" RABBITMQ_CONFIG_FILE="$work/rabbit/rabbitmq" \
	RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_SCHEMA_DIR="$work/rabbit/schema" \
	RABBITMQ_GENERATED_CONFIG_DIR="$work/rabbit/generated" RABBITMQ_LOGS=- $rabbit
wait_for 120 listens 8883
wait_for 120 grep -q 'Server startup complete' "$work/rabbitmq.log"

run $B4 1883 devices 100 timeout 60s sources 10.64.0.0/16 bystanders 2 every 50ms hold 1s
is "$(value '.connected, .ever_connected' | paste -sd ' ')" "100 100" "devices that connected"
is "$(value '.bystanders | .sent > 0 and .lost == 0')" true "bystanders"
run $B4 8883 devices 20 timeout 60s tls ca "$work/pki/ca.pem" work topics 2 hello 50
is "$(value '.connected, .work_done' | paste -sd ' ')" "20 20" "devices that connected with TLS, and worked"

echo wrong >"$work/bad"
run $B4 1883 devices 3 timeout 60s attempts 1 user nobody password-file "$work/bad"
is "$(value '.rejected["4"] // .rejected["5"]')" 3 "devices with a wrong password"
# this version knows no MQTT 5, and says so or closes
run $B4 1883 devices 2 timeout 60s attempts 1 mqtt 5
is "$(value '.connects, (([.rejected[]] | add // 0) + .closed + .reset + .protocol_errors)' | paste -sd ' ')" \
	"0 2" "devices of MQTT 5"
