#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Clients that came together and give up together: some of those that would wait in vain are refused
# early, so that they come back at other times. Patient ones are not, nor any if the operator says how
# long a SYN is held.
source "$(dirname "$0")/lib.sh"
# shellcheck source=delay.sh
source "$(dirname "$0")/delay.sh"
# shellcheck source=herd.sh
source "$(dirname "$0")/herd.sh"
two_namespaces
offloads_off
clients_queue
broker_start

configure() { # DELAY_MAX
	delay_conf "$work/conf" b0 40/s 1
	sed -i "s/^delay-max = .*/delay-max = $1/" "$work/conf"
}

of_queue() { # JQ-EXPRESSION of the queue of the listener
	weir -j show queue b0 | jq ".instances[0].listeners[0].queue | $1"
}

capture_start() {
	: >"$work/capture.log"
	start capture client tcpdump -i c0 -U -w "$work/capture" 'src port 1883'
	wait_for 10 grep -q "listening on" "$work/capture.log"
	capture=$job
}

# A herd of 400 that waits 3 s and pauses for 1 s: 10 s of work.
herd_comes() { # ADDRESS
	run "$1" 1883 devices 400 timeout 3s backoff fixed 1s sources "$2"
	is "$(value .connected)" 400 "connected"
	wait_for 10 holds_nothing b0
}

configure auto
weir attach b0 config "$work/conf"
run_start b0

# -- who gives up --------------------------------------------------------------------------------
capture_start
herd_comes $B4 10.64.0.0/16
stop "$capture"
away=$(of_queue .ends.retransmits.sent_away)
between "$away" 20 2000 "sent away"
is "$(of_queue .ends.new.sent_away)" 0 "sent away, though nobody knows whether they are there"
is "$(metric weir_queue_dropped_total 'cause="sent_away"')" "$away" "weir_queue_dropped_total"
has "$(weir show queue b0)" "sent_away $away" "show queue"
# but for those that gave up while the RST was under way
between "$(value .refused)" $((away * 9 / 10)) "$away" "refused, as the clients saw it"
page=$(tcpdump -r "$work/capture" -n -vv 2>/dev/null | paste -sd ' ')
has "$page" "Flags [R.]" "tcpdump"
lacks "$page" incorrect "tcpdump"
lacks "$page" " bad " "tcpdump"
queue_adds_up b0 || fail "the queue's counts do not add up: $(of_queue .)"

# IPv6 as well; and who is not reached by the first RST is by another.
in_client ip6tables -A INPUT -p tcp --sport 1883 --tcp-flags RST RST -m statistic --mode nth \
	--every 2 --packet 0 -j DROP
herd_comes $B6 fd10::/64
between "$(($(of_queue .ends.retransmits.sent_away) - away))" 20 2000 "sent away"
between "$(value .refused)" 10 2000 "refused, as the clients saw it"
between "$(of_queue .results.refused_away)" 1 2000 "told again"
queue_adds_up b0 || fail "the queue's counts do not add up: $(of_queue .)"

# -- who may not be ------------------------------------------------------------------------------
# By the operator's word, though it is known by now how long clients wait.
away=$(of_queue .ends.retransmits.sent_away)
configure 3s
weir apply "$work/conf"
herd_comes $B4 10.64.0.0/16
is "$(value .refused)" 0 "refused, though the operator says how long they are held"
is "$(of_queue .ends.retransmits.sent_away)" "$away" "sent away, though the operator says how long"
stop "$run"

# Without a packet socket all are held as ever.
configure auto
weir apply "$work/conf"
start unable broker setpriv --bounding-set=-net_raw --inh-caps=-net_raw "$build/weir" run b0
run=$job
wait_for 10 grep -q "^b0: served" "$work/unable.log"
has "$(<"$work/unable.log")" "let it have CAP_NET_RAW and AF_PACKET" "without CAP_NET_RAW"
herd_comes $B4 10.64.0.0/16
is "$(value .refused)" 0 "refused without a packet socket"
is "$(of_queue .ends.retransmits.sent_away)" "$away" "sent away without a packet socket"
stop "$run"

# Patient ones, whatever a few others do.
run_start b0
run $B4 1883 devices 200 timeout 60s sources 10.64.0.0/16
ended connects=200
is "$(of_queue .ends.retransmits.sent_away)" "$away" "patient ones sent away"
start patient client "$build/herd" $B4 1883 devices 380 client-id patient-%d timeout 60s \
	sources 10.64.0.0/16 quiet json "$work/patient.json"
patient=$job
wait_for 10 holds b0 200
run $B4 1883 devices 20 timeout 3s backoff fixed 1s sources 10.64.0.0/16
[ "$(value .timeouts_connect)" -gt 0 ] || fail "none of the few gave up"
wait "$patient"
is "$(jq '[.connected, .refused, .timeouts] | join(" ")' "$work/patient.json")" '"380 0 0"' \
	"patient ones: connected, refused, timed out"
