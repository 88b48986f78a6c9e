#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Fifty random sequences of what an operator may do while 0.2 million frames a second arrive: no
# counter ever falls, every frame is counted once, no segment of a connection is refused, a session
# does not notice, after `apply` nothing is left to apply, and after `detach all` nothing is left.
# WEIR_TEST_SEED repeats a run.
source "$(dirname "$0")/lib.sh"

flood=$build/tests/bench/flood
next=$build/next/weir
for program in "$flood" "$next"; do
	[ -x "$program" ] || fail "$program is missing: make tools"
done
sequences=50
seed=${WEIR_TEST_SEED:-$((SRANDOM % 32768))}
echo "seed $seed"
RANDOM=$seed

received() {
	in_broker ethtool -S b0 | awk '/rx_queue_[0-9]+_xdp_packets:/ { sum += $2 } END { print sum }'
}
counted() {
	echo $(($(metric weir_packets_total) + $(metric weir_syn_total)))
}
settled() {
	local before

	before=$(received)
	sleep 0.2
	[ "$(received)" = "$before" ]
}

# The series of every counter, by name; none may fall or vanish.
totals() {
	weir metrics | grep -E '^weir_(syn|packets)_total\{' | sort
}
never_falls() { # BEFORE AFTER; a listener that was renamed has other series
	join "$1" "$2" | awk '$3 < $2 { print; bad = 1 } END { exit bad }' ||
		fail "a counter fell"
}

pick() { # WORD...
	shift $((RANDOM % $#))
	echo "$1"
}

file_a=$work/a.conf file_b=$work/b.conf
printf '%s\n' '[weir]' 'mode = enforce' 'host-rate = 50000/s' \
	'[listener mqtt]' 'ports = 1883' 'rate = 20000/s' 'source-rate = 10/s' 'source-burst = 20' \
	'[listener other]' 'ports = 8883' 'rate = 1000/s' 'site-rate = 500/s' \
	'[prefix 10.72.0.0/16]' 'action = block' >"$file_a"
printf '%s\n' '[weir]' 'mode = observe' \
	'[listener other]' 'ports = 8883, 8884' 'source-rate = 1/s' \
	'[listener broker]' 'ports = 1883' 'excess = reject' 'rate = 1000/s' >"$file_b"

operation() {
	case $((RANDOM % 10)) in
	0 | 1) weir -q limit b0 other "$(pick listener site source)" \
		"$(pick 0/s 10/s 1000/s unlimited)" ;;
	2) weir -q limit b0 host "$(pick 0/s 100000/s unlimited)" ;;
	3) weir -q mode b0 "$(pick observe enforce)" ;;
	4) weir -q "$(pick allow block)" "10.$((64 + RANDOM % 16)).$((RANDOM % 256)).0/$(pick 16 20 24)" b0 \
		for "$(pick 1s 1h)" ;;
	5) weir -q forget "10.$((64 + RANDOM % 16)).0.0/16" b0 ;;
	6) weir -q attach b0 ;;
	7) in_broker "$next" -q attach b0 ;;
	8) weir -q apply "$file_a" b0 ;;
	9) weir -q apply "$file_b" b0 ;;
	esac
}

two_namespaces
broker_start
weir -q attach b0 config "$file_a"
session_start
wait_for 10 settled
missed=$(($(received) - $(counted)))
not_syn=$(metric weir_packets_total 'reason="not_syn"')
# nothing answers the flood, so that all frames are its own
in_broker nft -f - <<'EOF'
table inet quiet {
	chain input {
		type filter hook prerouting priority raw
		ip saddr 10.64.0.0/12 drop
	}
}
EOF
start flood client "$flood" dev c0 dst "$B4" dport 8883 src 10.64.0.0/12 mix established 50 \
	rate 200000 seconds 240 cpu $(($(nproc) - 1))
totals >"$work/before"
for ((sequence = 0; sequence < sequences; sequence++)); do
	for ((i = RANDOM % 5; i >= 0; i--)); do
		operation
	done
	session_exchange 1
	totals >"$work/after"
	never_falls "$work/before" "$work/after"
	mv "$work/after" "$work/before"
	weir -q apply "$(pick "$file_a" "$file_b")" b0 reset
	weir -q apply "$file_a" b0 reset
	weir -q diff "$file_a" b0 || fail "sequence $sequence: something is left to apply"
done
kill -0 "$job" 2>/dev/null || fail "the flood ended too early: $(<"$work/flood.log")"
kill -INT "$job"
wait "$job" || fail "$(<"$work/flood.log")"
session_exchange 5
wait_for 10 settled
is "$(($(received) - $(counted)))" "$missed" "frames received and not counted"
sent=$(sed -n 's/.*sent=\([0-9]*\).*/\1/p' "$work/flood.log")
echo "$(<"$work/flood.log")"
[ "$sent" -ge 1000000 ] || fail "only $sent frames were sent"
segments=$(($(metric weir_packets_total 'reason="not_syn"') - not_syn))
[ "$segments" -ge $((sent * 49 / 100)) ] || fail "$segments segments of $sent frames were let through"
weir -q detach all
is "$(xdp_mode broker b0)" "" "XDP program left on b0"
[ -z "$(pins)" ] || fail "pins are left: $(pins)"
