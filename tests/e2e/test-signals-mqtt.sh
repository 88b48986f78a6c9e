#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What is learned from a real mosquitto over MQTT and from the kernel: a canary, plain and with TLS and
# a password, $SYS, any topic; accept queues. A broker that hangs in between is told from one that does
# not, and a wrong configuration from an overloaded broker.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/herd.sh"
source "$(dirname "$0")/signals.sh"
two_namespaces
pki server
mv "$work/pki" "$work/pki.own"
pki other
mv "$work/pki" "$work/pki.other"
mv "$work/pki.own" "$work/pki"

secret() { # FILE MODE LINE...
	printf '%s\n' "${@:3}" >"$work/$1"
	chmod "$2" "$work/$1"
}
secret right 600 "# of the canary" "user = canary" "password = tw33t tw33t"
secret wrong 600 "user = canary" "password = nonsense"
secret open 644 "user = canary" "password = tw33t tw33t"
secret token 600 "token = abc"
secret empty 600 "password = abc"
touch "$work/passwords"
chmod 600 "$work/passwords"
mosquitto_passwd -b "$work/passwords" canary "tw33t tw33t"
cat >"$work/mosquitto.conf" <<END
user root
sys_interval 1
log_type all
log_dest stderr
per_listener_settings true
listener 1883
allow_anonymous true
listener 8883
allow_anonymous false
password_file $work/passwords
certfile $work/pki/server.pem
keyfile $work/pki/server.key
END
start mosquitto broker mosquitto -c "$work/mosquitto.conf"
mosquitto=$job
wait_for 10 listens 8883
in_broker mosquitto_pub -h 127.0.0.1 -r -t auth/latency -m '0.7 s'
in_broker mosquitto_pub -h 127.0.0.1 -r -t auth/words -m 'all is well'
# its queue holds one, and nobody takes from it
start stuck broker "$build/tests/e2e/fakebroker" $B4 2001 no-accept
wait_for 10 listens 2001

{
	cat <<END
[listener mqtt]
ports = 1883, 8883
[listener stuck]
ports = 2001
[listener nobody]
ports = 2002
[signal queue]
type = accept-queue
listener = mqtt
[signal stuck-queue]
type = accept-queue
listener = stuck
[signal all-queues]
type = accept-queue
[signal no-queue]
type = accept-queue
listener = nobody
[signal overflows]
type = accept-queue
kind = overflows
[signal canary]
type = canary
every = 500ms
timeout = 1s
[signal sys]
preset = mosquitto
every = 2s
[signal topic]
type = mosquitto
topic = auth/latency
target = 500ms
[signal no-topic]
type = mosquitto
topic = auth/none
target = 1
[signal no-number]
type = mosquitto
topic = auth/words
target = 1
END
	for name in right wrong open token empty missing; do
		printf '[signal %s]\ntype = canary\nurl = mqtts://127.0.0.1:8883\nca-file = %s\n' $name \
			"$work/pki/ca.pem"
		printf 'credentials-file = %s\nevery = 1s\n' "$work/$name"
	done
	printf '[signal foreign]\ntype = canary\nurl = mqtts://127.0.0.1:8883\nca-file = %s\n' \
		"$work/pki.other/ca.pem"
} >"$work/conf"
weir check "$work/conf" >/dev/null

probe_with() { # SECONDS COMMAND: beside the probe
	local pid

	in_broker "${in_time[@]}" "$build/tests/e2e/signal_probe" "$work/conf" "$1" >"$record" &
	pid=$!
	"$2"
	wait $pid || fail "signal_probe: $(<"$record")"
}

# 400 sockets that never send a CONNECT, 50 a second; and a queue of one that gets five clients.
storm() {
	knock 10.9.0.2 2001 count 5 timeout 3s hold 5s >"$work/knocks" &
	knock 10.9.0.2 1883 count 300 rate 50/s >>"$work/knocks"
	wait $!
}
probe_with 10 storm
undisturbed queue overflows canary right
holds queue '.ratio < 1 and .what == "accept queue"'
holds stuck-queue '.value >= 1 and .ratio >= 2 and .failures == 0'
holds all-queues '.value >= 1'
holds no-queue '.known == false and .words == "nothing listens on the ports of the listener"'
holds overflows '.ratio_max >= 1 and .what == "ListenOverflows"'
holds canary '.value > 0 and .failures_max == 0'
holds right '.value > 0 and .failures_max == 0'
# shellcheck disable=SC2016 # a topic
holds sys '.what == "$SYS/broker/load/sockets/1min" and .ratio_max > 1 and .ratio_max < 20 and .values >= 2'
holds topic '.value == 0.7 and .ratio == 1.4 and .failures_max == 0'
holds no-topic '.known == false'
has "$(said no-topic .words)" "no message of 'auth/none'" "no-topic"
has "$(said no-number .words)" "'auth/words'" "no-number"

# What the configuration has wrong is no overload: there is no value.
refused() { # SIGNAL PART
	holds "$1" '.known == false and .ratio_max == 0 and .failures >= 3'
	has "$(said "$1" .words)" "$2" "$1"
}
refused wrong "code 5; see the credentials-file"
refused open "credentials-file can be read by everyone; chmod it to 0600"
refused token "has a token, which MQTT does not know"
refused empty "must have user and password, or token"
refused missing "No such file"
holds foreign '.known == false and .ratio_max == 0 and .failures >= 3'
lacks "$(<"$work/mosquitto.log")" "foreign" "a broker with a certificate of somebody else"

# It hangs for three seconds: the canary that waits says so, and is well again afterwards.
hang() {
	sleep 3
	kill -STOP "$mosquitto"
	sleep 3
	kill -CONT "$mosquitto"
}
# less than what the log of all signals needs
sed -i '/^\[signal no-topic\]/,$d' "$work/conf"
probe_with 10 hang
holds canary '.ratio_max >= 3 and .failures_max >= 1 and .failures == 0 and .ratio < 1'
undisturbed queue overflows

# It is started anew: everybody comes back by himself.
again() {
	sleep 2
	stop "$mosquitto"
	sleep 1
	start mosquitto broker mosquitto -c "$work/mosquitto.conf"
	wait_for 10 listens 8883
	in_broker mosquitto_pub -h 127.0.0.1 -r -t auth/latency -m 0.9
}
probe_with 10 again
holds canary '.ratio_max >= 2 and .failures_max >= 1 and .failures == 0 and .ratio < 1'
holds sys '.failures_max >= 1 and .failures == 0 and .stale == false'
holds topic '.value == 0.9 and .failures == 0'
undisturbed overflows
