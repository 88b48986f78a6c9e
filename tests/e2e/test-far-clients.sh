#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Clients far away under a fixed rate, whose set-ups take half of their patience: with a window, if only a
# large one, set-ups are watched, and hardly anybody is let in who gives up in the middle of it.
source "$(dirname "$0")/lib.sh"
# shellcheck source=delay.sh
source "$(dirname "$0")/delay.sh"
# shellcheck source=herd.sh
source "$(dirname "$0")/herd.sh"
two_namespaces
clients_queue
broker_start

delay_conf "$work/conf" b0 40/s 4 "window = 5000"
sed -i "s/^delay-max = .*/delay-max = auto/" "$work/conf"
weir attach b0 config "$work/conf"
run_start b0

# a herd of 400 for whom a set-up takes 1.6 s of 3 s: 10 s of work
far_namespace 400
in_ns far "$build/herd" $B4 1883 devices 400 anywhere sources 10.64.0.0/16 timeout 3s \
	backoff uniform 1s..3s duration 60s json "$record" quiet
echo "$(value .connected) of 400 after $(value .t100) s, $(value .wasted) set-ups wasted," \
	"$(value .attempts) attempts"
is "$(value .connected)" 400 "connected"
# of the first nobody knows how long they wait: some 40; 200 if nothing was watched
[ "$(value .wasted)" -le 100 ] || fail "$(value .wasted) set-ups were for nobody"
wait_for 10 holds_nothing b0
run_lives
