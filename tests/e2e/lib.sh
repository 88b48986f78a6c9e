# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Sourced first by every end-to-end test (and by scripts/demo):
#
#	#!/bin/bash
#	source "$(dirname "$0")/lib.sh"
#
# The script then runs in mount and PID namespaces of its own, with a private /run: network
# namespaces, bpffs pins, sockets, temporary files and processes all vanish with it, however it
# ends. Inside:
#
#	client                          broker
#	c0 10.9.0.1/24  fd00:9::1/64 -- b0 10.9.0.2/24  fd00:9::2/64
#	10.64.0.0/10 and fd10::/16 also live at the client: pools of source addresses
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$(cd "$root" && realpath -m "${WEIR_BUILD:-build}")

skip() { # REASON
	echo "$*"
	exit 77
}

if [ -z "${WEIR_E2E_INSIDE:-}" ]; then
	for program in weir tests/e2e/knock; do
		[ -x "$build/$program" ] && continue
		echo "$build/$program is missing: make tools"
		exit 1
	done
	[ "$(id -u)" = 0 ] || skip "needs root for network namespaces and XDP"
	export WEIR_E2E_INSIDE=1
	exec unshare --mount --pid --fork --kill-child --mount-proc --propagation private -- \
		"$BASH" "$0" "$@"
fi
unset WEIR_E2E_INSIDE

readonly B4=10.9.0.2 B6=fd00:9::2 C4=10.9.0.1 C6=fd00:9::1
work=/run/test
export WEIR_BPFFS=/run/bpf

private_run() {
	mount -t tmpfs -o mode=0755 tmpfs /run
	mkdir -p "$work" "$WEIR_BPFFS" /run/lock /run/netns
	mount -t bpf bpf "$WEIR_BPFFS"
}

# -- messages ------------------------------------------------------------------------------------
fail() { # MESSAGE...
	local frame

	trap - ERR
	echo "FAILED: $*" >&2
	for ((frame = 1; frame < ${#FUNCNAME[@]}; frame++)); do
		echo "  at ${BASH_SOURCE[frame]##*/}:${BASH_LINENO[frame - 1]}" >&2
	done
	exit 1
}

jobs_started=()
declare -A job_name
on_exit() {
	local status=$? pid

	trap - ERR EXIT
	set +e
	if [ "$status" -ne 0 ] && [ "$status" -ne 77 ]; then
		for pid in "${jobs_started[@]}"; do
			[ -s "$work/${job_name[$pid]}.log" ] || continue
			echo "--- ${job_name[$pid]}:"
			tail -n 20 "$work/${job_name[$pid]}.log"
		done
	fi
	for pid in "${jobs_started[@]}"; do
		kill "$pid" 2>/dev/null
	done
	exit "$status"
}
set -E
trap 'fail "exit status $?: $BASH_COMMAND"' ERR
trap on_exit EXIT
trap 'exit 143' TERM INT

# -- namespaces ----------------------------------------------------------------------------------
# Not `ip netns exec`: that mounts a new /sys and so hides the pins.
in_ns() { # NAMESPACE COMMAND...
	nsenter --net="/run/netns/$1" "${@:2}"
}
in_client() { in_ns client "$@"; }
in_broker() { in_ns broker "$@"; }

# veth pair between namespaces; frames wait for no address resolution.
add_link() { # NS_A DEV_A MAC_A NS_B DEV_B MAC_B
	ip -n "$1" link add "$2" address "$3" type veth peer name "$5" address "$6" netns "$4"
	ip -n "$1" link set "$2" addrgenmode none up
	ip -n "$4" link set "$5" addrgenmode none up
}

add_address() { # NS DEV ADDRESS/LEN NEIGHBOUR NEIGHBOUR_MAC
	case $3 in
	*:*) ip -n "$1" address add "$3" dev "$2" nodad ;;
	*) ip -n "$1" address add "$3" dev "$2" ;;
	esac
	ip -n "$1" neighbour replace "$4" lladdr "$5" nud permanent dev "$2"
}

two_namespaces() {
	local b_mac=02:00:00:00:00:02 c_mac=02:00:00:00:00:01

	ip netns add client
	ip netns add broker
	ip -n client link set lo up
	ip -n broker link set lo up
	add_link broker b0 $b_mac client c0 $c_mac
	add_address broker b0 $B4/24 $C4 $c_mac
	add_address broker b0 $B6/64 $C6 $c_mac
	add_address client c0 $C4/24 $B4 $b_mac
	add_address client c0 $C6/64 $B6 $b_mac
	ip -n client route add local 10.64.0.0/10 dev lo
	ip -n client route add local fd10::/16 dev lo
	ip -n broker route add 10.64.0.0/10 via $C4
	ip -n broker route add fd10::/16 via $C6
}

# A third one, "far", behind the client's: it has the IPv4 addresses of many devices now, and what comes and
# goes takes MS each way. COMMAND runs the wire.
far_namespace() { # MS [COMMAND...]
	ip netns add far
	ip -n far link set lo up
	ip -n far tuntap add wire mode tun
	ip -n client tuntap add wire mode tun
	ip -n far address add 10.8.0.1 peer 10.8.0.2 dev wire
	ip -n client address add 10.8.0.2 peer 10.8.0.1 dev wire
	ip -n far link set wire up txqueuelen 100000
	ip -n client link set wire up txqueuelen 100000
	ip -n far route add local 10.64.0.0/10 dev lo
	ip -n far route add default dev wire
	ip -n client route del local 10.64.0.0/10 dev lo
	ip -n client route add 10.64.0.0/10 dev wire
	ip -n broker route add 10.8.0.0/24 via $C4
	in_client sysctl -qw net.ipv4.ip_forward=1
	start relay client "${@:2}" "$build/herd" relay wire@far wire delay "$1ms"
	wait_for 10 grep -q ready "$work/relay.log"
}

# Frames with complete checksums and without offloaded segments, as they would be on a wire.
offloads_off() {
	in_client ethtool -K c0 tx off gso off tso off gro off >/dev/null
	in_broker ethtool -K b0 tx off gso off tso off gro off >/dev/null
}

# -- processes -----------------------------------------------------------------------------------
# Starts COMMAND in the background, output in $work/NAME.log; its process id is in $job.
start() { # NAME NAMESPACE COMMAND...
	nsenter --net="/run/netns/$2" "${@:3}" >"$work/$1.log" 2>&1 <&0 &
	job=$!
	jobs_started+=("$job")
	job_name[$job]=$1
}

stop() { # PID
	kill "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
}

# Waits until COMMAND succeeds; SECONDS is for machines that are slow, not for timing.
wait_for() { # SECONDS COMMAND...
	local end=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))

	while ! "${@:2}" >/dev/null 2>&1; do
		[ "${EPOCHREALTIME/[.,]/}" -lt "$end" ] || fail "waited $1 s in vain for: ${*:2}"
		sleep 0.02
	done
}

# -- checks --------------------------------------------------------------------------------------
is() { # GOT WANTED WHAT
	[ "$1" = "$2" ] || fail "$3: got '$1', wanted '$2'"
}

between() { # GOT LOW HIGH WHAT
	{ [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]; } || fail "$4: got $1, wanted $2 to $3"
}

has() { # TEXT PART WHAT
	[[ $1 == *"$2"* ]] || fail "$3: no '$2' in: $1"
}

lacks() { # TEXT PART WHAT
	[[ $1 != *"$2"* ]] || fail "$3: '$2' in: $1"
}

# Runs COMMAND, which must exit with STATUS; its output is then in $out and $err.
expect() { # STATUS COMMAND..., which reads the file $input
	local status=0

	"${@:2}" >"$work/out" 2>"$work/err" <"${input:-/dev/null}" || status=$?
	out=$(<"$work/out")
	err=$(<"$work/err")
	[ "$status" -eq "$1" ] ||
		fail "${*:2}: exit status $status, wanted $1; stdout: $out; stderr: $err"
}

# -- weir ----------------------------------------------------------------------------------------
weir() { # WORD...
	in_broker "$build/weir" "$@"
}

# Sum of the samples of a metric whose labels hold all the given parts.
metric() { # NAME [LABEL="VALUE"]...
	local page

	page=$(weir metrics)
	awk -v name="$1" -v labels="${*:2}" '
		BEGIN { n = split(labels, want, " ") }
		$1 ~ "^" name "([{]|$)" {
			for (i = 1; i <= n; i++)
				if (!index($0, want[i]))
					next
			sum += $NF
		}
		END { printf "%.0f\n", sum }' <<<"$page"
}

syns() { # LABEL="VALUE"...
	metric weir_syn_total "$@"
}

# Everything that weir keeps.
pins() {
	find "$WEIR_BPFFS/weir" 2>/dev/null || true
}

xdp_mode() { # NAMESPACE DEV -> "xdp", "xdpgeneric" or nothing
	ip -n "$1" -o link show "$2" | grep -oE '\bxdp(generic)?\b' | head -n 1 || true
}

# -- clients and broker --------------------------------------------------------------------------
knock() { # as build/tests/e2e/knock, from the client
	in_client "$build/tests/e2e/knock" "$@"
}

# Knocks and leaves the outcome in $connected, $refused, $timeout, $error.
knocked() { # as knock
	local line

	line=$(knock "$@")
	connected=${line#*connected=} connected=${connected%% *}
	refused=${line#*refused=} refused=${refused%% *}
	timeout=${line#*timeout=} timeout=${timeout%% *}
	error=${line#*error=} error=${error%% *}
	[ "$error" -eq 0 ] || fail "knock $*: $line"
}

# A real mosquitto that listens on every address of the broker.
broker_start() { # [PORT...]
	local port

	[ $# -gt 0 ] || set -- 1883
	{
		echo "user root"
		echo "allow_anonymous true"
		echo "log_dest stderr"
		echo "log_type all"
		for port; do
			echo "listener $port"
		done
	} >"$work/mosquitto.conf"
	start mosquitto broker mosquitto -c "$work/mosquitto.conf"
	for port; do
		wait_for 10 listens "$port"
	done
}

listens() { # PORT
	[ -n "$(in_broker ss -Hltn "sport = :$1")" ]
}

# A publisher and a subscriber that stay connected: QoS 1, numbered messages.
session_options=() # more of mosquitto_sub and mosquitto_pub
session_start() {
	sent=0
	mkfifo "$work/messages"
	start subscriber client mosquitto_sub -h $B4 -i subscriber -q 1 -t numbers \
		"${session_options[@]}"
	wait_for 10 grep -q 'Sending SUBACK to subscriber' "$work/mosquitto.log"
	exec {messages}<>"$work/messages"
	start publisher client mosquitto_pub -h $B4 -i publisher -q 1 -t numbers "${session_options[@]}" \
		-l <"$work/messages"
	session_exchange 1
}

session_received() {
	wc -l <"$work/subscriber.log"
}

session_caught_up() {
	[ "$(session_received)" -ge "$sent" ]
}

# Sends N more messages; all must come back, in order, over the connections made at the start.
session_exchange() { # N
	local end=$((sent + $1))

	while [ "$sent" -lt "$end" ]; do
		sent=$((sent + 1))
		echo "$sent" >&"$messages"
	done
	wait_for 20 session_caught_up
	cmp -s <(seq "$sent") "$work/subscriber.log" || fail "messages lost, repeated or reordered"
	is "$(grep -c 'New client connected .* as publisher ' "$work/mosquitto.log")" 1 \
		"connections of the publisher"
	is "$(grep -c 'New client connected .* as subscriber ' "$work/mosquitto.log")" 1 \
		"connections of the subscriber"
}

private_run
