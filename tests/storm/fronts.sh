# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What a storm falls on: brokers with TLS on port 8883 of the namespace `broker`. Sourced after
# tests/e2e/lib.sh, whose private /run holds everything that they write.
#
#	haproxy haproxy-ecdsa	haproxy ends TLS (RSA-4096, P-256) in front of a mosquitto
#	mosquitto		mosquitto's own TLS, RSA-4096
#	rabbitmq		rabbitmq-server with its MQTT plugin's TLS, RSA-4096
#	auth			mosquitto without TLS, on port 1883, that asks a back end with one worker
#				for each client: 20 ms

storm_port=8883
storm_ca=$work/ca.pem
storm_words=(tls ca "$storm_ca" sni broker.test) # of herd
load_ns=client # where the devices are
# Broker and load do not share a core, if there are two.
broker_cpu=0
load_cpu=$(($(nproc) > 1))
# Both go before whatever else this machine does: a static limit is right for one capacity only. Linux
# shares the processor between sessions first, so each gets one, and says so for that, too.
# shellcheck disable=SC2016 # the inner shell's words
at_once=(setsid sh -c 'echo -15 2>/dev/null >/proc/self/autogroup; exec nice -n -15 "$@"' sh)

# A CA of this minute, and the broker's certificate. The directory is read by rabbitmq, too.
certificates_make() { # rsa4096|ecdsa
	local key=(rsa:4096)

	[ "$1" = rsa4096 ] || key=(ec -pkeyopt ec_paramgen_curve:prime256v1)
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
		-subj '/CN=storm CA' -keyout "$work/ca.key" -out "$storm_ca" 2>/dev/null
	openssl req -x509 -newkey "${key[@]}" -nodes -days 2 -subj '/CN=broker.test' \
		-addext "subjectAltName=DNS:broker.test,IP:$B4" -addext basicConstraints=CA:FALSE \
		-CA "$storm_ca" -CAkey "$work/ca.key" -keyout "$work/broker.key" \
		-out "$work/broker.pem" 2>/dev/null
	cat "$work/broker.pem" "$work/broker.key" >"$work/both.pem"
}

# haproxy takes two descriptors a connection; the rest is for those that are being given up.
connections_max() {
	local files

	files=$(ulimit -n)
	echo $(((files - 200) / 2))
}

front_mosquitto() { # [tls|auth]
	{
		echo "user root"
		echo "allow_anonymous true"
		echo "log_dest stderr"
		echo "log_type ${broker_log:-error}"
		echo "max_connections -1"
		case ${1:-} in
		tls)
			echo "listener $storm_port"
			echo "certfile $work/broker.pem"
			echo "keyfile $work/broker.key"
			;;
		auth)
			echo "listener $storm_port"
			echo "plugin $build/tests/storm/slow_auth.so"
			echo "plugin_opt_socket $auth_socket"
			;;
		*) echo "listener 1883 127.0.0.1" ;;
		esac
	} >"$work/mosquitto.conf"
	start mosquitto broker "${at_once[@]}" taskset -c "$broker_cpu" mosquitto -c "$work/mosquitto.conf"
}

# One thread on one core, so that its capacity is a plain figure; more processes on the same core if there
# are more devices than the descriptors of one are enough for, who share the limit.
front_haproxy() { # [SESSIONS_PER_SECOND]
	local max processes i

	max=$(connections_max)
	[ "$max" -gt 0 ] || fail "too few file descriptors: ulimit -n"
	processes=$((${STORM_DEVICES:-0} / max + 1))
	front_mosquitto
	cat >"$work/haproxy.cfg" <<-END
		global
		    nbthread 1
		    maxconn $max
		defaults
		    mode tcp
		    timeout connect 5s
		    timeout client 5m
		    timeout server 5m
		frontend mqtts
		    bind :$storm_port ssl crt $work/both.pem
		    ${1:+rate-limit sessions $((($1 + processes - 1) / processes))}
		    default_backend mosquitto
		backend mosquitto
		    server one 127.0.0.1:1883
	END
	for ((i = 0; i < processes; i++)); do
		start haproxy broker "${at_once[@]}" taskset -c "$broker_cpu" haproxy -db \
			-f "$work/haproxy.cfg"
	done
}

# The back end neither takes the core's time nor waits for it.
auth_socket=$work/auth
front_auth() {
	storm_port=1883
	storm_words=()
	start auth broker "${at_once[@]}" "$build/tests/storm/auth_service" "$auth_socket" 20
	wait_for 10 grep -q ready "$work/auth.log"
	front_mosquitto auth
}

# Its own node: no host's cookie, data, logs or port mapper.
front_rabbitmq() {
	local home=$work/rabbitmq

	mkdir -p "$home"
	echo '[rabbitmq_mqtt].' >"$home/plugins"
	cat >"$home/rabbitmq.conf" <<-END
		listeners.tcp = none
		loopback_users = none
		mqtt.allow_anonymous = true
		mqtt.listeners.tcp = none
		mqtt.listeners.ssl.default = $storm_port
		ssl_options.cacertfile = $storm_ca
		ssl_options.certfile = $work/broker.pem
		ssl_options.keyfile = $work/broker.key
		ssl_options.verify = verify_none
		ssl_options.fail_if_no_peer_cert = false
		log.console = true
		log.console.level = warning
		log.file = false
	END
	start rabbitmq broker env HOME="$home" RABBITMQ_NODENAME=storm@localhost \
		RABBITMQ_CONFIG_FILE="$home/rabbitmq.conf" RABBITMQ_MNESIA_BASE="$home/data" \
		RABBITMQ_LOG_BASE="$home" RABBITMQ_ENABLED_PLUGINS_FILE="$home/plugins" \
		RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_PID_FILE="$home/pid" \
		RABBITMQ_SCHEMA_DIR="$home" RABBITMQ_GENERATED_CONFIG_DIR="$home" \
		"${at_once[@]}" taskset -c "$broker_cpu" /usr/lib/rabbitmq/bin/rabbitmq-server
}

front_needs() { # FRONT -> the program of it
	case $1 in
	haproxy*) echo haproxy ;;
	mosquitto | auth) echo mosquitto ;;
	rabbitmq) echo rabbitmq-server ;;
	esac
}

# Is there an MQTT broker that takes a message?
front_answers() {
	local tls=()

	[ ${#storm_words[@]} -eq 0 ] || tls=(--cafile "$storm_ca")
	in_client mosquitto_pub -h "$B4" -p "$storm_port" "${tls[@]}" -t up -m up -q 1
}

front_start() { # FRONT [SESSIONS_PER_SECOND: of haproxy]
	case $1 in
	*-ecdsa) certificates_make ecdsa ;;
	*) certificates_make rsa4096 ;;
	esac
	case $1 in
	haproxy*) front_haproxy "${2:-}" ;;
	mosquitto) front_mosquitto tls ;;
	rabbitmq) front_rabbitmq ;;
	auth) front_auth ;;
	esac
	wait_for 60 listens "$storm_port"
	wait_for 30 front_answers
}

# The load as far as it is the same in every run. In the background, so that an interrupt is heard.
storm_herd() { # WORD...
	in_ns "$load_ns" "${at_once[@]}" taskset -c "$load_cpu" "$build/herd" "$B4" "$storm_port" \
		"${storm_words[@]}" sources 10.64.0.0/16 "$@" &
	wait $!
}

# How many set-ups a second the front sustains. A closed loop of herd finds how many at once it takes
# to keep it busy; then as many devices as there will be come, so many at a time, and stay. FILE is the
# record of the loop, with `width`, `sustained`, and `least`: in the slowest five seconds, which is what a
# limit that does not change has to be right for.
measure_capacity() { # DEVICES FILE
	local width

	storm_herd capacity duration "${STORM_CAPACITY_SECONDS}s" json "$work/loop.json" >"$work/herd.log"
	width=$(jq '2 * .knee_width' "$work/loop.json")
	storm_herd devices "$1" start closed "$width" timeout 10s quiet \
		duration "$(jq --argjson n "$1" '4 * $n / .capacity + 20 | floor' "$work/loop.json")s" \
		json "$work/closed.json"
	jq --argjson width "$width" --slurpfile closed "$work/closed.json" '. + {width: $width,
		sustained: ($closed[0] | .connected / (.t100 // .duration_seconds))} |
		.least = (($closed[0] | .series[:(.t99 // .duration_seconds) | floor] | map(.connects) |
			[range(0; length - 4) as $i | .[$i:$i + 5] | add / 5] | min) // .sustained)' \
		"$work/loop.json" >"$2"
}

# From here on devices are far away: packets take RTT / 2 each way.
devices_move_away() { # RTT in ms
	load_ns=far
	storm_words+=(anywhere) # it is behind a router, which is ours
	far_namespace "$(($1 / 2))" "${at_once[@]}" taskset -c "$load_cpu"
}

# Clock ticks that core CPU has worked, and those of them that went to processes of these namespaces.
core_ticks() { # CPU
	awk -v cpu="cpu$1" '$1 == cpu { print $2 + $3 + $4 + $7 + $8 + $9 }' /proc/stat
}
front_ticks() {
	cat /proc/[0-9]*/stat 2>/dev/null |
		sed 's/^[0-9]* (\(.*\)) /\1 /' | awk '!/^herd / { sum += $13 + $14 } END { print sum + 0 }'
}
