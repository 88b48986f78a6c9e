# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Namespaces, long-running tools and floods of the benchmarks. Sourced by tests/bench/run, which
# sets $bin, the directory of the built tools. Everything made here dies in rig_clean.
# shellcheck shell=bash disable=SC2154

prefix=weirbench-$$
generator=$prefix-gen
tmp=
declare -A tool_in tool_out tool_pid rig_addr rig_dev
namespaces=()

rig_clean() {
	local pid ns

	trap '' INT TERM
	for pid in "${tool_pid[@]}"; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	for ns in "${namespaces[@]}"; do
		ip netns del "$ns" 2>/dev/null || true
	done
	[[ -z $tmp ]] || rm -rf "$tmp"
}

die() {
	echo "bench: $*" >&2
	exit 1
}

in_ns() { # NAMESPACE COMMAND...
	local ns=$1

	shift
	nsenter --net="/run/netns/$ns" "$@"
}

namespace_add() { # NAME; no IPv6, so that nothing but the flood is received
	namespaces+=("$1")
	ip netns add "$1"
	in_ns "$1" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6'
	ip -n "$1" link set lo up
}

# A namespace with one device, nic, at 198.18.N.1, whose other end is the generator's to-N.
rig_add() { # NAME; sets rig_addr and rig_dev
	local ns=$prefix-$1 number=${#namespaces[@]}

	if [[ $number == 0 ]]; then
		namespace_add "$generator"
		number=1
	fi
	namespace_add "$ns"
	ip -n "$generator" link add "to-$number" type veth peer name nic netns "$ns"
	ip -n "$generator" addr add "198.18.$number.2/30" dev "to-$number"
	ip -n "$ns" addr add "198.18.$number.1/30" dev nic
	ip -n "$generator" link set "to-$number" up
	ip -n "$ns" link set nic up
	rig_addr[$1]=198.18.$number.1
	rig_dev[$1]=to-$number
}

# A process that says "ready" and then answers one line for each one it is told.
tool_start() { # NAME COMMAND...
	local name=$1 in out line=

	shift
	mkfifo "$tmp/$name.in" "$tmp/$name.out"
	"$@" <"$tmp/$name.in" >"$tmp/$name.out" &
	tool_pid[$name]=$!
	exec {in}>"$tmp/$name.in" {out}<"$tmp/$name.out"
	tool_in[$name]=$in
	tool_out[$name]=$out
	read -r -t 20 -u "$out" line || true
	[[ $line == ready ]] || die "$name: '$*' did not start"
}

tool_tell() { # NAME [LINE]
	echo "${2-}" >&"${tool_in[$1]}"
}

tool_answer() { # NAME [SECONDS]
	local line

	read -r -t "${2-10}" -u "${tool_out[$1]}" line || die "$1 does not answer"
	echo "$line"
}

tool_ask() { # NAME [LINE]
	tool_tell "$@"
	tool_answer "$1"
}

tool_stop() { # NAME
	kill "${tool_pid[$1]}" 2>/dev/null || true
	wait "${tool_pid[$1]}" 2>/dev/null || true
	unset "tool_pid[$1]"
	rm -f "$tmp/$1.in" "$tmp/$1.out"
}

word() { # KEY LINE: VALUE of " KEY=VALUE "
	local line=" $2 "

	line=${line#* "$1"=}
	echo "${line%% *}"
}

receive() { # NAME PROGRAM [CONFIG]: attaches an XDP program to the nic of rig NAME
	tool_start "$1" nsenter --net="/run/netns/$prefix-$1" "$bin/receive" dev nic program "$2" \
		${3:+config "$3"}
}

received() { # NAME: frames that its nic has received
	ip -n "$prefix-$1" -s -j link show nic | jq '.[0].stats64.rx.packets'
}

delivered() { # NAME: IPv4 packets that came through to the protocols
	in_ns "$prefix-$1" cat /proc/net/snmp | awk '$1 == "Ip:" && n++ { print $10 }'
}

flood() { # NAME WORDS...: one line, as tests/bench/flood.c says
	local name=$1

	shift
	timeout 60 nsenter --net="/run/netns/$generator" "$bin/flood" dev "${rig_dev[$name]}" \
		dst "${rig_addr[$name]}" dport "$port" src "$sources" cpu "$flood_cpu" "$@"
}

# CPU time of the kernel thread that takes over softirqs on the flood's core, in ns.
softirqd_ns() {
	cut -d' ' -f1 "/proc/$(pgrep -x "ksoftirqd/$flood_cpu")/schedstat"
}

# A flood in which every frame that the device took must reach the other end, and go no further.
# Prints frames sent and frames a second of CPU time, sender's and receiver's together: it all runs
# on one core, in the flood's own time or in that of ksoftirqd.
flood_exact() { # NAME WORDS...
	local name=$1 line frames delivered softirqd sent

	frames=$(received "$name") delivered=$(delivered "$name") softirqd=$(softirqd_ns)
	line=$(flood "$@")
	sent=$(word sent "$line")
	for ((i = 0; i < 40 && $(received "$name") - frames < sent; i++)); do
		sleep 0.05
	done
	softirqd=$(($(softirqd_ns) - softirqd))
	[[ $(($(received "$name") - frames)) == "$sent" ]] ||
		die "$name: $sent frames sent, $(($(received "$name") - frames)) received"
	[[ $(delivered "$name") == "$delivered" ]] || die "$name: let some of the flood through"
	awk -v sent="$sent" -v cpu="$(word cpu_seconds "$line")" -v softirqd="$softirqd" \
		'BEGIN { printf "%d %d\n", sent, sent / (cpu + softirqd / 1e9) }'
}
