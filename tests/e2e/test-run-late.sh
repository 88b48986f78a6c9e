#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# `weir run` is started while clients are connected already: set-ups that nobody saw begin do not fill the
# window, behind TLS, where what comes later does not tell that they are done.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/delay.sh"
source "$(dirname "$0")/herd.sh"
two_namespaces
pki server
{
	printf '%s\n' 'user root' 'allow_anonymous true' 'log_dest stderr' 'log_type error'
	tls_listener 8883
} >"$work/mosquitto.conf"
start mosquitto broker mosquitto -c "$work/mosquitto.conf"
wait_for 10 listens 8883
weir attach b0 window auto enforce

start herd client "$build/herd" $B4 8883 tls ca "$work/pki/ca.pem" devices 1 bystanders 40 every 100ms \
	hold 8s duration 8s quiet
connected() { [ "$(in_broker ss -Htn state established 'sport = :8883' | wc -l)" -ge 40 ]; }
wait_for 10 connected
run_start b0
window_is_leased() { [ "$(metric weir_lease_valid 'lease="window"')" = 1 ]; }
wait_for 10 window_is_leased
sleep 1 # ten messages of each
connected || fail "they are gone"
is "$(metric weir_in_flight)" 0 "in flight, of those that were connected before"
