#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Pins seen from another network namespace are not used by mistake: devices are others there.
source "$(dirname "$0")/lib.sh"
two_namespaces
weir attach b0 enforce
ip -n client link add b0 type veth peer name x0
ip -n client link set b0 up

for words in "attach b0" "limit b0 listener 5/s" "mode b0 observe" "show limits b0"; do
	# shellcheck disable=SC2086 # words
	expect 1 in_client "$build/weir" $words
	has "$err" namespace "weir $words"
done
is "$(xdp_mode client b0)" "" "program of the other device"
is "$(metric weir_mode 'mode="enforce"')" 1 "mode"
has "$(weir show limits b0 | grep listener)" unlimited "limit"
