# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What a storm falls on: brokers with TLS on port 8883 of the namespace `broker`. Sourced after
# tests/e2e/lib.sh, whose private /run holds everything that they write.
#
#	haproxy haproxy-ecdsa	haproxy ends TLS (RSA-4096, P-256) in front of a mosquitto
#	mosquitto		mosquitto's own TLS, RSA-4096
#	rabbitmq		rabbitmq-server with its MQTT plugin's TLS, RSA-4096

storm_port=8883
storm_ca=$work/ca.pem
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

front_mosquitto() { # [tls]
	{
		echo "user root"
		echo "allow_anonymous true"
		echo "log_dest stderr"
		echo "log_type ${broker_log:-error}"
		echo "max_connections -1"
		if [ "${1:-}" = tls ]; then
			echo "listener $storm_port"
			echo "certfile $work/broker.pem"
			echo "keyfile $work/broker.key"
		else
			echo "listener 1883 127.0.0.1"
		fi
	} >"$work/mosquitto.conf"
	start mosquitto broker "${at_once[@]}" taskset -c "$broker_cpu" mosquitto -c "$work/mosquitto.conf"
}

# One thread on one core, so that its capacity is a plain figure.
front_haproxy() { # [SESSIONS_PER_SECOND]
	front_mosquitto
	cat >"$work/haproxy.cfg" <<-END
		global
		    nbthread 1
		    maxconn $(connections_max)
		defaults
		    mode tcp
		    timeout connect 5s
		    timeout client 5m
		    timeout server 5m
		frontend mqtts
		    bind :$storm_port ssl crt $work/both.pem
		    ${1:+rate-limit sessions $1}
		    default_backend mosquitto
		backend mosquitto
		    server one 127.0.0.1:1883
	END
	start haproxy broker "${at_once[@]}" taskset -c "$broker_cpu" haproxy -db -f "$work/haproxy.cfg"
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
	mosquitto) echo mosquitto ;;
	rabbitmq) echo rabbitmq-server ;;
	esac
}

# Is there an MQTT broker behind TLS that takes a message?
front_answers() {
	in_client mosquitto_pub -h "$B4" -p "$storm_port" --cafile "$storm_ca" -t up -m up -q 1
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
	esac
	wait_for 60 listens "$storm_port"
	wait_for 30 front_answers
}

# The load as far as it is the same in every run. In the background, so that an interrupt is heard.
storm_herd() { # WORD...
	in_client "${at_once[@]}" taskset -c "$load_cpu" "$build/herd" "$B4" "$storm_port" tls \
		ca "$storm_ca" sni broker.test sources 10.64.0.0/16 "$@" &
	wait $!
}

# Clock ticks that core CPU has worked, and those of them that went to processes of these namespaces.
core_ticks() { # CPU
	awk -v cpu="cpu$1" '$1 == cpu { print $2 + $3 + $4 + $7 + $8 + $9 }' /proc/stat
}
front_ticks() {
	cat /proc/[0-9]*/stat 2>/dev/null |
		sed 's/^[0-9]* (\(.*\)) /\1 /' | awk '!/^herd / { sum += $13 + $14 } END { print sum + 0 }'
}
