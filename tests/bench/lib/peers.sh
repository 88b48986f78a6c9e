# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What weir is compared with in a flood: nftables and iptables, limiting per source (and site) and
# then dropping what was within the limits too. Sourced by tests/bench/run.
# shellcheck shell=bash disable=SC2154

# As nft(8) limits per source, with the timeout that it calls mandatory for a set filled by packets;
# room for 2 M.
nft_rules() { # FAMILY HOOK LEVELS [COUNTER]: a counter statement for what is within the limits
	local sites=

	if [[ $3 == sites ]]; then
		sites='update @sites { ip saddr & 255.255.255.0'
		sites+=' limit rate over 10000/second burst 20000 packets } drop'
	fi
	cat <<-EOT
	table $1 weirbench {
		set sources { type ipv4_addr; size 2097152; flags dynamic; timeout 10s; }
		set sites { type ipv4_addr; size 2097152; flags dynamic; timeout 10s; }
		chain judge {
			$sites
			update @sources { ip saddr limit rate over 10/second burst 20 packets } drop
			${4-} drop
		}
		chain in {
			type filter hook $2
			tcp dport $port tcp flags & (syn | ack | rst) == syn jump judge
		}
	}
	EOT
}

nft_hook() { # prerouting|ingress: FAMILY and HOOK, on two lines
	case $1 in
	prerouting) printf '%s\n' ip 'prerouting priority raw; policy accept;' ;;
	ingress) printf '%s\n' netdev 'ingress device "nic" priority filter; policy accept;' ;;
	esac
}

nft_load() { # NAME prerouting|ingress source|sites [COUNTER]
	local hook

	mapfile -t hook < <(nft_hook "$2")
	in_ns "$prefix-$1" nft flush ruleset
	nft_rules "${hook[0]}" "${hook[1]}" "$3" "${4-}" | in_ns "$prefix-$1" nft -f -
}

# Do these rules limit as they say? Of 100 frames at once from one source, the burst is within.
# (Asking for one element of a full set is no check: nft reads it all, for minutes.)
nft_check() { # NAME prerouting|ingress source|sites
	local within

	nft_load "$1" "$2" "$3" counter
	napi_by "$1" gro
	flood_exact "$1" sources 1 count 100 >/dev/null
	within=$(in_ns "$prefix-$1" nft -j list ruleset |
		jq '[.nftables[].rule?.expr[]?.counter?.packets | numbers] | add')
	[[ $within -ge 20 && $within -le 22 ]] || die "nft: $within of 100 within a burst of 20"
}

hashlimit_load() { # NAME
	local ipt=(nsenter --net="/run/netns/$prefix-$1" iptables-legacy -w -t raw)

	"${ipt[@]}" -N JUDGE
	"${ipt[@]}" -A PREROUTING -p tcp --dport "$port" --tcp-flags SYN,ACK,RST SYN -j JUDGE
	"${ipt[@]}" -A JUDGE -m hashlimit --hashlimit-name weirbench --hashlimit-mode srcip \
		--hashlimit-above 10/second --hashlimit-burst 20 \
		--hashlimit-htable-size 1048576 --hashlimit-htable-max 2097152 \
		--hashlimit-htable-expire 3600000 --hashlimit-htable-gcinterval 3600000 -j DROP
	"${ipt[@]}" -A JUDGE -j DROP
}

# Without an XDP program, a veth receives redirected frames only with GRO on.
napi_by() { # NAME gro|xdp
	[[ -z ${tool_pid[$1]-} ]] || tool_stop "$1"
	if [[ $2 == gro ]]; then
		in_ns "$prefix-$1" ethtool -K nic gro on
	else
		in_ns "$prefix-$1" ethtool -K nic gro off
		receive "$1" pass
	fi
}
