#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Attaching with a file that says other `sources` moves the buckets to a table of that size: who was
# in debt still is, however often, and everything else stays.
source "$(dirname "$0")/lib.sh"
two_namespaces
broker_start
session_start

config() { # SOURCES
	printf '[weir]\ndevices = b0\nmode = enforce\nsources = %d\n[listener default]\nports = 1883\n' "$1"
	printf 'source-rate = 1/h\nsource-burst = 3\n'
}
table_entries() {
	bpftool -j map show pinned "$WEIR_BPFFS/weir/b0/buckets" | grep -oE '"max_entries":[0-9]+'
}

config 8000 >"$work/weir.ini"
weir attach config "$work/weir.ini"
weir limit b0 listener 500/s
# four: as many as a set holds, wherever they fall
knocked $B4 1883 sources 10.64.1.0/30 count 12
knocked $B6 1883 sources fd10::/64 count 3
is "$connected" 3 "connections before"
passed=15 dropped=0

for sources in 100000 10003 7000 65536; do
	config $sources >"$work/weir.ini"
	expect 0 weir attach config "$work/weir.ini"
	has "$out" "buckets are kept" "what was done"
	lacks "$err" sources "warnings"
	is "$(table_entries)" "\"max_entries\":$(((sources + 4) / 5))" "sets of the table"
	session_exchange 2
	# the site of those in debt, and one that is new every time
	knocked $B4 1883 sources 10.64.1.0/30 count 4
	is "$connected" 0 "connections of sources in debt, $sources sources"
	knocked $B6 1883 sources fd10::/64 count 1
	is "$connected" 0 "connections of a /64 in debt, $sources sources"
	knocked $B4 1883 sources 10.64.$((passed + 50)).7/32 count 4
	is "$connected" 3 "connections of a new source, $sources sources"
	passed=$((passed + 3)) dropped=$((dropped + 6))
	is "$(syns 'reason="admitted"')" $passed "counted as admitted"
	is "$(syns 'reason="source_limit"')" $dropped "counted as refused"
	has "$(weir show limits b0 | grep listener)" 500/s "limit set at runtime"
done

# Words say nothing of it, and the same file changes nothing.
for words in "b0 enforce" "config $work/weir.ini"; do
	# shellcheck disable=SC2086 # words
	expect 0 weir attach $words
	lacks "$out" "buckets are kept" "attach $words"
	is "$(table_entries)" '"max_entries":13108' "sets after attach $words"
done
weir -q detach b0
is "$(pins)" "" "pins after detach"
