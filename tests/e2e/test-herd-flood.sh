#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A flood of SYNs: as many as said arrive, from the sources said, with right checksums; and only
# where it cannot leave.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/herd.sh"
two_namespaces
broker_start

flood() { # WORD...
	herd flood "$@" json -
}

in_broker nft -f - <<-RULES
	table inet count {
		chain in {
			type filter hook prerouting priority -300
			ip saddr 10.99.0.0/16 ip daddr $B4 tcp dport 1883 tcp flags == syn counter comment "v4"
			ip6 saddr fd99::/32 ip6 daddr $B6 tcp dport 1883 tcp flags == syn counter comment "v6"
			ip saddr 10.99.0.0/16 drop
		}
	}
RULES
counted() { # COMMENT
	in_broker nft -j list table inet count |
		jq --arg name "$1" '.nftables[].rule? | select(.comment? == $name) |
			.expr[].counter? | select(.) | .packets'
}

report=$(flood $B4 1883 sources 10.99.0.0/16 rate 20000/s duration 100s count 5000)
is "$(jq '.sent + .failed' <<<"$report")" 5000 "SYNs tried"
is "$(counted v4)" "$(jq .sent <<<"$report")" "SYNs that arrived"
jq -e '.asked_per_sec == 20000 and .achieved_per_sec <= 21000 and .device == "c0"' \
	<<<"$report" >/dev/null || fail "$report"

# The broker's kernel answers only what has right checksums: SYN-ACKs to sources that are many.
ip -n broker route add fd99::/32 via $C6
in_client nft -f - <<-RULES
	table inet count {
		set sources { type ipv6_addr; size 10000; flags dynamic; }
		chain in {
			type filter hook prerouting priority -300
			ip6 daddr fd99::/32 tcp sport 1883 tcp flags == syn | ack add @sources { ip6 daddr }
			ip6 daddr fd99::/32 drop
		}
	}
RULES
report=$(flood $B6 1883 sources fd99::/32 rate 2000/s duration 100s count 100)
is "$(counted v6)" 100 "SYNs that arrived over IPv6"
is "$(in_client nft -j list set inet count sources | jq '.nftables[].set? | select(.) | .elem | length')" \
	100 "sources that were answered"

# Time ends it too.
report=$(flood $B4 1883 sources 10.99.0.0/16 rate 100/s duration 300ms)
between "$(jq '.sent + .failed' <<<"$report")" 1 31 "SYNs in 0.3 s at 100/s"

refused() { # PART WORD...
	local before

	before=$(counted v4)
	expect 1 herd flood "${@:2}" rate 10/s duration 1s
	has "$err" "$1" "flood ${*:2}"
	is "$(counted v4)" "$before" "SYNs sent all the same"
}
refused "one of this namespace" $C4 1883 sources 10.99.0.0/16
refused "no way to the address" 192.0.2.1 1883 sources 10.99.0.0/16
ip -n client route add 192.0.2.0/24 via $B4
refused "behind a router" 192.0.2.1 1883 sources 10.99.0.0/16
ip -n client tuntap add t0 mode tun
ip -n client link set t0 up
ip -n client route add 198.51.100.1 dev t0
refused "not behind a veth" 198.51.100.1 1883 sources 10.99.0.0/16
refused "nobody on 'c0' answers" 10.9.0.77 1883 sources 10.99.0.0/16
ip -n client route add default via $B4
refused "default route" $B4 1883 sources 10.99.0.0/16
ip -n client route del default
ip -n client -6 route add 2000::/3 via $B6
refused "default route" $B4 1883 sources 10.99.0.0/16

expect 2 herd flood $B4 1883 sources 10.99.0.0/16 rate 10/s
has "$err" "must be said" "no duration"
expect 2 herd flood $B4 1883 sources fd99::/32 rate 10/s duration 1s
has "$err" "other family" "mixed families"
expect 2 herd flood $B4 1883 sources 10.99.0.0/16 rate unlimited duration 1s
has "$err" "write N/s" "no rate"
expect 2 herd flood $B4 1883 sources 10.99.0.0/16 rate 1000000/s duration 1d
has "$err" "too much" "more than is bounded"
expect 2 herd flood broker 1883 sources 10.99.0.0/16 rate 10/s duration 1s
has "$err" "bad address 'broker'" "a name"
