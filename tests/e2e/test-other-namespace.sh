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


# Each namespace has its own; the others' are passed over.
in_client "$build/weir" attach b0 name ours
expect 0 in_client "$build/weir" show
has "$out" ours: "weir show"
lacks "$out" b0: "weir show"
has "$err" "another network namespace" "weir show"
expect 0 in_client "$build/weir" metrics
has "$out" 'shaper="ours"' "weir metrics"
lacks "$out" 'shaper="b0"' "weir metrics"
is "$err" "" "weir metrics"
expect 0 in_client "$build/weir" -v metrics
has "$err" "'b0'" "weir -v metrics"
expect 1 in_client "$build/weir" detach b0
has "$err" namespace "weir detach"
expect 0 in_client "$build/weir" detach all
has "$err" "'b0'" "weir detach all"
is "$(xdp_mode broker b0)" xdp "program of the other namespace"
is "$(metric weir_mode 'mode="enforce"')" 1 "mode"

# Of a namespace that is gone only the state is left: anybody may remove it.
ip netns delete broker
gone() {
	in_client "$build/weir" detach b0
}
wait_for 10 gone
is "$(pins)" "" "pins"
