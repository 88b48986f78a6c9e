#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# In generic mode a SYN that is let in meets the program again: it is known, and passes, though more
# SYNs come than may be looked up.
source "$(dirname "$0")/lib.sh"
# shellcheck source=delay.sh
source "$(dirname "$0")/delay.sh"
two_namespaces
clients_queue
broker_start

delay_conf "$work/conf" b0 20/s 1
sed -i 's/^mode = .*/&\nsources = 256/' "$work/conf"
weir attach b0 xdp generic config "$work/conf"
run_start b0
# some thirty look-ups a second; who is not remembered is not held
start many client "$build/tests/e2e/knock" $B4 1883 sources 10.64.0.0/16 count 1500 rate 500/s \
	timeout 2s
wait "$job"
wait_for 30 holds_nothing b0
released=$(queues b0 'map(.ends[0][0] + .ends[1][0]) | add')
[ "$(metric weir_syn_unremembered_total)" -gt 0 ] || fail "all SYNs were looked up"
between "$released" 20 1500 "SYNs let in"
is "$(syns 'reason="released"' 'verdict="pass"')" "$released" "of these, known when they came by"
