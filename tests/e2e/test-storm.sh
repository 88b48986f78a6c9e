#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The storm bench does what it says, small: a haproxy before a mosquitto, without a limit, with
# nft's and with weir's. Nothing here depends on how fast they are.
source "$(dirname "$0")/lib.sh"
# /run is not seen by the namespaces of a storm
export STORM_OUT=$build/tests/e2e/storm
mkdir -p "$STORM_OUT"
mount -t tmpfs tmpfs "$STORM_OUT"

expect 2 "$root/tests/storm/run" haproxi
has "$err" 'usage: tests/storm/run' "a front that does not exist"
expect 2 "$root/tests/storm/run" mosquitto/haproxy-rate
is "$(ls "$STORM_OUT")" "" "written by a usage error"

WEIR_BUILD=$build expect 0 "$root/tests/storm/run" quick
has "$out" '| no limit' "the table"
xmllint --noout "$STORM_OUT/haproxy.svg" || fail "the picture is not well formed"
for contestant in nothing nft weir; do
	record=$STORM_OUT/haproxy/$contestant.json
	is "$(jq .devices "$record")" 200 "$contestant: devices"
	between "$(jq .ever_connected "$record")" 1 200 "$contestant: ever connected"
	is "$(jq -r .bench.contestant "$record")" $contestant "$contestant: its name"
	is "$(jq '.bystanders.count' "$record")" 10 "$contestant: bystanders"
	lacks "$(jq -r '.attempts' "$record")" null "$contestant: attempts"
done
[ "$(jq .capacity "$STORM_OUT/haproxy/capacity.json")" != null ] || fail "no capacity"
# nothing of it is left
is "$(ip netns list)" "" "namespaces here"
is "$(pins)" "" "pins here"

# A case that fails is not taken for done: here it finds no weir.
mkdir "$STORM_OUT/half"
ln -s "$build/herd" "$STORM_OUT/half/herd"
WEIR_BUILD=$STORM_OUT/half expect 1 "$root/tests/storm/run" quick haproxy/weir
has "$err" 'storm: haproxy/weir failed' "a case that failed"
