#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The preset for RabbitMQ against the page of a real one: every metric is there, and each has a value.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/signals.sh"
rabbit=/usr/lib/rabbitmq/bin/rabbitmq-server
[ -x $rabbit ] || skip "rabbitmq-server is not installed"
two_namespaces

mkdir -p "$work/rabbit"
echo '[rabbitmq_mqtt,rabbitmq_prometheus].' >"$work/rabbit/plugins"
cat >"$work/rabbit/rabbitmq.conf" <<END
listeners.tcp.default = 127.0.0.1:5672
log.console = true
log.console.level = info
log.file = false
mqtt.allow_anonymous = false
mqtt.listeners.tcp.default = 127.0.0.1:1883
prometheus.tcp.ip = 127.0.0.1
prometheus.tcp.port = 15692
END
# all it writes, its cookie and its port mapper stay in this test
start rabbitmq broker env HOME="$work/rabbit" RABBITMQ_NODENAME=herd@localhost ERL_EPMD_ADDRESS=127.0.0.1 \
	RABBITMQ_BASE="$work/rabbit" RABBITMQ_MNESIA_BASE="$work/rabbit/db" \
	RABBITMQ_LOG_BASE="$work/rabbit/log" RABBITMQ_PID_FILE="$work/rabbit/pid" \
	RABBITMQ_ENABLED_PLUGINS_FILE="$work/rabbit/plugins" RABBITMQ_CONFIG_FILE="$work/rabbit/rabbitmq" \
	RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_SCHEMA_DIR="$work/rabbit/schema" \
	RABBITMQ_GENERATED_CONFIG_DIR="$work/rabbit/generated" RABBITMQ_LOGS=- $rabbit
wait_for 200 grep -q 'Server startup complete' "$work/rabbitmq.log"
wait_for 120 listens 15692

# No counter of log-ins is on the page before the first one.
printf 'user = guest\npassword = guest\n' >"$work/guest"
chmod 600 "$work/guest"
in_broker mosquitto_pub -h 127.0.0.1 -u guest -P guest -t a -m b
page() { in_broker curl -sf http://127.0.0.1:15692/metrics; }
logged_in() { page | grep -q '^rabbitmq_auth_attempts_succeeded_total'; }
wait_for 60 logged_in

of_preset() { # SIGNAL METRIC: one of the preset's
	printf '[signal %s]\npreset = rabbitmq\nmetric = %s\nevery = 1s\ntimeout = 5s\n' "$1" "$2"
}
{
	printf '[listener mqtt]\nports = 1883\n'
	printf '[signal broker]\npreset = rabbitmq\nevery = 1s\ntimeout = 5s\n'
	of_preset run-queue erlang_vm_statistics_run_queues_length
	of_preset raft rabbitmq_raft_entry_commit_latency_seconds
	of_preset unanswered rabbitmq_connections_opened_total
	of_preset files rabbitmq_process_open_fds
	printf '[signal canary]\ntype = canary\nevery = 1s\ntimeout = 5s\ncredentials-file = %s\n' \
		"$work/guest"
	printf '[signal stranger]\ntype = canary\nevery = 1s\ntimeout = 5s\n'
} >"$work/conf"
weir check "$work/conf" >/dev/null
probe 13
undisturbed
for name in broker run-queue raft unanswered files; do
	holds $name '.known and .values >= 2 and .value >= 0 and .stale == false'
done
holds files '.what == "rabbitmq_process_open_fds" and .value > 0 and .value < 0.5 and .target == 0.9'
holds run-queue '.target == 2'
holds raft '.target == 0.2 and .value < 60'
holds unanswered '.target == 50'
# the worst of the four speaks
holds broker '.ratio >= 0'
for name in run-queue raft unanswered files; do
	[ "$(said broker .what)" = "$(said $name .what)" ] && spoke=$name
done
[ -n "${spoke:-}" ] || fail "broker: speaks for $(said broker .what)"
holds canary '.known and .value > 0 and .failures == 0'
holds stranger '.known == false and (.words | test("refuses the client: code [45]|lost"))'
