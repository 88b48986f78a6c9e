# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What stands between a storm and its front. Sourced after fronts.sh. All limits that are a rate of
# new connections have room for one second of it, as weir has by itself.
#
#	nothing
#	closed			nothing, but devices come in good order, so many at a time as the capacity
#				takes: how soon the same devices could be connected
#	nft-low nft nft-high	nftables `limit rate`, on the SYNs of all clients together
#	nft-source		nftables, a limit for each address
#	haproxy-rate		haproxy's `rate-limit sessions`
#	weir			weir, a limit of the listener, drop
#	weir-delay		the same, but excess is held; with room for a tenth of a second only
#	weir-auto		weir, told nothing: window = auto (STORM_TARGET: with that target)

# What somebody would tune by hand who knows that CAPACITY set-ups a second were done when it was
# slowest: slightly less. And half of that, and half as much again.
contestant_rate() { # CONTESTANT CAPACITY
	local percent

	case $1 in
	nft-low) percent=45 ;;
	nft | haproxy-rate | weir | weir-delay) percent=80 ;;
	nft-high) percent=135 ;;
	*) return 0 ;;
	esac
	awk -v capacity="$2" -v percent=$percent \
		'BEGIN { rate = int(capacity * percent / 100); print (rate < 1 ? 1 : rate) }'
}

contestant_label() { # CONTESTANT RATE
	case $1 in
	nothing) echo 'no limit' ;;
	closed) echo "no limit, $2 at a time" ;;
	nft-low) echo "nft $2/s, too low" ;;
	nft) echo "nft $2/s" ;;
	nft-high) echo "nft $2/s, too high" ;;
	nft-source) echo 'nft, a limit for each address' ;;
	haproxy-rate) echo "haproxy rate-limit sessions $2" ;;
	weir) echo "weir $2/s, drop" ;;
	weir-delay) echo "weir $2/s, delay" ;;
	weir-auto) echo 'weir, window auto' ;;
	esac
}

# nft drops what MATCH says of the SYNs.
nft_drops() { # MATCH...
	in_broker nft -f - <<-END
		table inet storm {
		    set seen { type ipv4_addr; size 65536; flags dynamic; timeout 1m; }
		    chain input {
		        type filter hook prerouting priority raw;
		        tcp dport $storm_port tcp flags & (fin|syn|rst|ack) == syn $* counter drop
		    }
		}
	END
}

weir_attach() { # EXCESS RATE BURST [LINE...]
	printf '%s\n' '[weir]' 'devices = b0' 'mode = enforce' '[listener default]' \
		"ports = 1883, 8883" "excess = $1" "rate = $2/s" "burst = $3" "${@:4}" >"$work/weir.conf"
	weir -q attach b0 config "$work/weir.conf"
}

weir_attach_auto() {
	printf '%s\n' '[weir]' 'devices = b0' 'mode = enforce' '[listener default]' \
		'ports = 1883, 8883' 'window = auto' ${STORM_TARGET:+"target = $STORM_TARGET"} \
		>"$work/weir.conf"
	weir -q attach b0 config "$work/weir.conf"
}

weir_run() { # its process id is then in $job
	start run broker "${at_once[@]}" taskset -c "$broker_cpu" "$build/weir" run b0
	wait_for 10 grep -q 'b0: served' "$work/run.log"
}

contestant_start() { # CONTESTANT RATE; haproxy-rate is the front's own
	case $1 in
	nft-low | nft | nft-high) nft_drops "limit rate over $2/second burst $2 packets" ;;
	# what manuals write; it knows nothing of how many addresses there are
	nft-source) nft_drops 'add @seen { ip saddr limit rate over 10/minute burst 5 packets }' ;;
	weir) weir_attach drop "$2" "$2" ;;
	weir-delay) weir_attach delay "$2" $(($2 / 10)) && weir_run ;;
	weir-auto) weir_attach_auto && weir_run ;;
	esac
}

contestant_refused() { # CONTESTANT -> SYNs that it dropped
	case $1 in
	nft*) in_broker nft -j list chain inet storm input | jq '[.. | .counter? | objects | .packets] | add' ;;
	weir | weir-delay | weir-auto) syns 'enforced="true"' 'verdict="drop"' ;;
	*) echo 0 ;;
	esac
}
