#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Prefix rules of a file come in force with apply, together with its listeners; those that were set at
# runtime stay until reset is said, and those of a listener go when it goes.
source "$(dirname "$0")/lib.sh"
two_namespaces
broker_start 1883 8084

file=$work/weir.ini
mqtt=("[listener mqtt]" "ports = 1883" "source-rate = 1/h" "source-burst = 2")
web=("[listener web]" "ports = 8084")
say() { # LINE...
	printf '%s\n' "[weir]" "mode = enforce" "$@" >"$file"
}
rule_count() {
	metric weir_rules
}
connects() { # SOURCE PORT WANTED WHAT
	knocked $B4 "$2" sources "$1" count 5
	is "$connected" "$3" "$4"
}

say "${mqtt[@]}" "${web[@]}"
weir attach b0 config "$file"
connects 10.64.1.1 1883 2 "no rules"
connects 10.64.3.1 1883 2 "no rules"

# Added: an open door, a closed one, and a limit of its own, which what was spent counts for.
say "${mqtt[@]}" "${web[@]}" "[prefix 10.64.1.0/24]" "action = allow" \
	"[prefix 10.64.2.0/24]" "action = block" "listener = web" \
	"[prefix 10.64.3.0/24]" "source-rate = 1/h" "source-burst = 4"
expect 4 weir diff "$file"
is "$out" "live    [prefix 10.64.1.0/24] rule: none in force, allow wanted
live    [prefix 10.64.2.0/24, listener web] rule: none in force, block wanted
live    [prefix 10.64.3.0/24] rule: none in force, limit 1/h burst 4 wanted" "diff"
is "$(rule_count)" 0 "rules: diff changes nothing"
expect 0 weir apply "$file"
has "$out" "[prefix 10.64.1.0/24] rule: allow (was none)" "apply"
has "$out" "3 changes made" "apply"
expect 0 weir diff "$file"
is "$out" "b0: as the file says" "diff"
expect 0 weir apply "$file"
has "$out" "nothing to change" "apply again"
connects 10.64.1.1 1883 5 "allowed"
connects 10.64.2.1 8084 0 "blocked for one listener"
connects 10.64.2.1 1883 2 "and not for the other"
connects 10.64.3.2 1883 4 "a limit of its own"

# Another limit for the same prefix: tokens that were spent stay spent.
sed -i 's/source-burst = 4/source-burst = 5/' "$file"
expect 0 weir apply "$file"
has "$out" "rule: limit 1/h burst 5 (was limit 1/h burst 4)" "apply of another limit"
connects 10.64.3.2 1883 1 "with 4 of 5 spent"

# Set at runtime, over the file and beside it: kept, until reset is said.
weir block 10.64.1.0/24
weir allow 10.64.4.0/24
weir forget 10.64.2.0/24 listener web
expect 4 weir diff "$file"
has "$out" "kept    [prefix 10.64.1.0/24] rule: block in force, allow wanted; set at runtime" "diff"
has "$out" "kept    [prefix 10.64.4.0/24] rule: allow in force, none wanted; set at runtime" "diff"
has "$out" "live    [prefix 10.64.2.0/24, listener web] rule: none in force, block wanted" "diff"
expect 0 weir apply "$file"
has "$out" "[prefix 10.64.1.0/24] rule: block kept" "apply"
has "$out" "1 change made" "apply"
connects 10.64.1.1 1883 0 "blocked at runtime"
connects 10.64.4.1 1883 5 "allowed at runtime"
expect 0 weir attach b0 config "$file"
has "$err" "[prefix 10.64.1.0/24] rule: block in force, allow wanted" "attach again"
expect 0 weir apply "$file" reset
connects 10.64.1.1 1883 5 "allowed by the file again"
connects 10.64.4.1 1883 2 "allowed at runtime, and forgotten"
lacks "$(weir show)" "set at runtime" "weir show after reset"
expect 0 weir diff "$file"
is "$out" "b0: as the file says" "diff after reset"

# A rule goes with its listener, under whatever name; one that has left the file takes it along.
sed -i 's/web/pages/' "$file"
expect 0 weir apply "$file"
has "$out" "[listener pages] renamed: pages (was web)" "apply of a new name"
has "$out" "1 change made" "apply of a new name"
connects 10.64.2.1 8084 0 "blocked for the renamed listener"
weir block 10.64.5.0/24 listener pages
say "${mqtt[@]}"
expect 0 weir apply "$file"
has "$out" "[prefix 10.64.5.0/24, listener pages] rule: none (was block)" "apply without the listener"
is "$(rule_count)" 0 "rules"
say "${mqtt[@]}" "${web[@]}"
weir apply "$file"
connects 10.64.5.1 8084 5 "a new listener has no rules of a former one"

# Rules and listeners change for the same frame: this port is never without its rule.
say "${mqtt[@]}" "[listener one]" "ports = 9000" "[prefix 10.64.0.0/16]" "action = block" \
	"listener = one"
weir apply "$file"
start knocker client "$build/tests/e2e/knock" $B4 9000 sources 10.64.0.0/16 count 2000 rate 1000/s
knocker=$job
rounds=0
while kill -0 "$knocker" 2>/dev/null; do
	name=name$((rounds % 2))
	say "${mqtt[@]}" "[listener $name]" "ports = 9000" "[prefix 10.64.0.0/16]" \
		"action = block" "listener = $name" "[prefix 10.65.$((rounds % 256)).0/24]" \
		"action = allow"
	weir -q apply "$file"
	rounds=$((rounds + 1))
done
wait "$knocker"
echo "$rounds rounds; $(<"$work/knocker.log")"
[ "$rounds" -ge 3 ] || fail "only $rounds rounds"
is "$(syns "listener=\"$name\"" 'reason="admitted"')" 0 "SYNs that no rule was there for"
is "$(syns "listener=\"$name\"" 'reason="blocked"')" 2000 "SYNs that were blocked"

# Thousands at once, listed by diff only.
seq 0 2999 | awk '{ printf "[prefix 10.127.%d.%d]\naction = block\n", $1 / 256, $1 % 256 }' >>"$file"
expect 4 weir diff "$file"
is "$(grep -c ^live <<<"$out")" 3000 "lines of diff"
expect 0 weir apply "$file"
has "$out" "and 2980 more rules" "apply of 3000 rules"
has "$out" "3000 changes made" "apply of 3000 rules"
is "$(rule_count)" 3002 "rules"
