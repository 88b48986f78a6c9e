#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Prefixes that are allowed or blocked, by command and by file.
source "$(dirname "$0")/lib.sh"

# Connections of one attempt from each of 4 sources.
connects() { # PREFIX/30 WANTED WHAT
	local to=$B4

	[[ $1 != *:* ]] || to=$B6
	knocked "$to" 1883 sources "$1" count 4
	is "$connected" "$2" "$3"
}

is_open() { # PREFIX/30
	knocked $B4 1883 sources "$1" count 4
	[ "$connected" -eq 4 ]
}

rule_count() {
	metric weir_rules
}

two_namespaces
broker_start
weir attach b0 enforce
session_start

# Past a closed listener, in both families, and no further than the prefix goes.
weir limit b0 listener 0/s
weir allow 10.64.1.0/24
weir allow fd10:1::/32 b0
connects 10.64.1.0/30 4 "allowed past a closed listener"
connects fd10:1::/126 4 "allowed past a closed listener, IPv6"
connects 10.64.2.0/30 0 "not allowed"
connects fd10:2::/126 0 "not allowed, IPv6"
is "$(syns 'reason="allowed"' 'verdict="pass"')" 8 "counted as allowed"
weir limit b0 listener unlimited

# The longest prefix decides alone; who is connected stays.
weir block 10.64.0.0/10 b0
weir block $C4
connects 10.64.1.0/30 4 "allowed within a blocked prefix"
connects 10.64.2.0/30 0 "blocked"
connects fd10:2::/126 4 "the other family"
knocked $B4 1883 sources $C4
is "$connected" 0 "the session's own address is blocked"
session_exchange 100
weir forget $C4
is "$(syns 'reason="blocked"' 'enforced="true"')" 5 "counted as blocked"

# Said again, and forgotten twice.
expect 0 weir block 10.64.0.0/10
has "$out" "as before" "blocked again"
expect 0 weir forget 10.64.0.0/10
has "$out" "was block" "forgotten"
expect 0 weir forget 10.64.0.0/10
has "$out" "no such rule" "forgotten again"
connects 10.64.2.0/30 4 "after it was forgotten"
expect 0 weir block ::ffff:10.64.3.9/120
has "$out" "10.64.3.0/24 is meant" "host bits"
connects 10.64.3.0/30 0 "blocked by a mapped prefix"

# For a while: then the wider rule is in force again.
weir block 10.64.1.0/30 for 2s
connects 10.64.1.0/30 0 "blocked for two seconds"
expect 0 weir show rules
has "$out" "10.64.1.0/30" "a rule that expires"
has "$out" "not in the file" "a rule by command"
wait_for 20 is_open 10.64.1.0/30
lacks "$(weir show rules)" 10.64.1.0/30 "an expired rule"
has "$(weir show)" "2 IPv4, 1 IPv6; 3 set at runtime" "the count in the status"
weir limit b0 source 5/s
is "$(rule_count)" 3 "rules after a limit was changed"

weir forget all
is "$(rule_count)" 0 "rules after all were forgotten"
connects 10.64.3.0/30 4 "after all were forgotten"
weir limit b0 source unlimited

# 10 000 of them from standard input while clients come in: nobody notices but who is blocked.
seq 0 9999 | awk '{ printf "10.127.%d.%d # %d\n", $1 / 256, $1 % 256, $1 }' >"$work/prefixes"
start knocking client "$build/tests/e2e/knock" $B4 1883 sources 10.64.0.0/16 count 1500 rate 500/s
knocking=$job
weir block - <"$work/prefixes" >"$work/said"
has "$(<"$work/said")" "block: 10000 rules" "what was said"
weir block - <"$work/prefixes" >"$work/said"
has "$(<"$work/said")" "10000 as before" "what was said the second time"
wait "$knocking"
has "$(<"$work/knocking.log")" "connected=1500 " "clients while rules were loaded"
is "$(rule_count)" 10000 "rules"
knocked $B4 1883 sources 10.127.39.0/28 count 16
is "$connected" 0 "from the last of the prefixes"
knocked $B4 1883 sources 10.127.39.16/30 count 4
is "$connected" 4 "behind the last of the prefixes"
printf '10.64.9.0/24\n10.64.9.0/33\n' >"$work/prefixes.bad"
bad=0
weir allow - <"$work/prefixes.bad" 2>"$work/said" || bad=$?
is "$bad" 1 "a list with an error"
has "$(<"$work/said")" "stdin:2: " "where the error is"
is "$(rule_count)" 10000 "rules after a list with an error"
weir forget - <"$work/prefixes"
is "$(rule_count)" 0 "rules after the list was forgotten"
session_exchange 100
weir detach b0

# From a file, for one listener or all, and with limits of their own.
cat >"$work/weir.ini" <<'INI'
[weir]
mode = enforce
[listener mqtt]
ports = 1883
source-rate = 1/h
source-burst = 1
[listener web]
ports = 8084
[prefix 10.64.1.0/24]
action = allow
[prefix 10.64.2.0/24]
action = block
listener = mqtt
[prefix 10.64.3.0/24]
source-rate = 1/h
source-burst = 3
INI
expect 0 weir check "$work/weir.ini"
weir attach b0 config "$work/weir.ini"
knocked $B4 1883 sources 10.64.1.1 count 5
is "$connected" 5 "allowed by the file"
knocked $B4 1883 sources 10.64.2.1 count 5
is "$connected" 0 "blocked by the file"
is "$(syns 'listener="mqtt"' 'reason="blocked"')" 5 "blocked for mqtt"
knocked $B4 1883 sources 10.64.3.1 count 5
is "$connected" 3 "a limit of its own"
knocked $B4 1883 sources 10.64.4.1 count 5
is "$connected" 1 "the listener's limit"
weir block 10.64.5.0/24 listener web
weir allow 10.64.5.0/24
connects 10.64.5.0/30 4 "blocked for another listener only"
expect 1 weir block 10.64.6.0/24 listener wbe
has "$err" "'web'" "the nearest listener"
weir forget all
has "$(weir show rules)" 10.64.3.0/24 "a rule of the file when all are forgotten"
is "$(rule_count)" 3 "rules of the file"
weir forget 10.64.2.0/24 listener mqtt
expect 0 weir attach b0 config "$work/weir.ini"
has "$err" "[prefix 10.64.2.0/24, listener mqtt] rule: none in force, block wanted" "a difference"
is "$(rule_count)" 2 "rules after attaching again"
weir block 10.64.2.0/24 listener mqtt
weir attach b0
is "$(rule_count)" 3 "rules after attaching again, without a file"
knocked $B4 1883 sources 10.64.2.1 count 5
is "$connected" 0 "blocked after attaching again"

# Which instance?
weir attach lo
expect 1 weir allow 10.64.1.0/24
has "$err" "2 instances" "several instances"
weir detach all
expect 3 weir allow 10.64.1.0/24
