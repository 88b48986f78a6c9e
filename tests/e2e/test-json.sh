#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# With -j every command, in every outcome, prints one document with the keys of docs/json.md, and
# nothing else: says the same as without -j, with the same exit status.
source "$(dirname "$0")/lib.sh"
two_namespaces

rules=$(dirname "$0")/json
rows=$(awk -f "$rules/keys.awk" "$root/docs/json.md")
[ "$(jq length <<<"$rows")" -ge 90 ] || fail "docs/json.md: too few rows were found"

# Messages as they are without -j.
said='(.errors[] | (if .file then .file + (if .line then ":\(.line)" else "" end) else "weir" end)
		+ ": \(.message)" + (if .usage then "\nusage: \(.usage)" else "" end)),
	(.warnings[] | "weir: warning: \(.message)")'

# Runs `weir -j WORD...`, which must exit with STATUS; $out is the document then.
json() { # STATUS WORD...
	local problems

	expect "$1" weir -j "${@:2}"
	is "$err" "" "weir -j ${*:2}: stderr"
	is "$(wc -l <"$work/out")" 1 "weir -j ${*:2}: lines"
	# jq takes 1.0 for 1
	lacks "$(sed -E 's/"([^"\\]|\\.)*"//g' "$work/out")" . "weir -j ${*:2}: numbers"
	problems=$(jq -r --argjson rows "$rows" -f "$rules/check.jq" "$work/out") ||
		fail "weir -j ${*:2}: no JSON: $out"
	grep '^seen ' <<<"$problems" >>"$work/seen" || true
	problems=$(grep -v '^seen ' <<<"$problems" || true)
	is "$problems" "" "weir -j ${*:2}: $out"
	holds "(.status == $1) and ((.errors != []) == any(1, 2, 3; . == $1))"
}

holds() { # FILTER
	jq -e "$1" "$work/out" >/dev/null || fail "not true: $1 of: $out"
}

# What fails, fails in the same words without -j.
fails_alike() { # STATUS WORD...
	local text

	expect "$1" weir "${@:2}"
	text=$err
	json "$@"
	is "$(jq -r "$said" "$work/out")" "$text" "weir -j ${*:2}: messages"
}

# -- words ---------------------------------------------------------------------------------------
fails_alike 2 atach
holds '.command == null'
fails_alike 2 -x
fails_alike 2 help atach
for words in "attach" "detach" "show a b c" "limit" "limit b0 sorce 5/s" "limit b0 host 5" \
	"mode b0" "mode b0 on" "check" "diff" "apply" "diff f b0 rest" "apply f b/0" "metrics textfile" "metrics textfile a" "allow" "block 1.2.3" "forget fd00::/129" \
	"allow 10.0.0.0/8 b0 fro 5m" "block 10.0.0.0/8 for x" "help a b" "version a" \
	"attach b0 rate 5" "attach b0 xdp fast" "attach b0 name ../x" "attach b0 ports 1,1" \
	"attach b0 ports 1883 config f" "attach b0 enforec" "detach a/b" "show a/b"; do
	# shellcheck disable=SC2086 # words
	fails_alike 2 $words
	holds ".command == \"${words%% *}\" or .command == null"
	holds 'all(.errors[]; .message and (.message | contains("usage:") | not))'
done
json 2 mode b0
holds '.errors[0].usage == "weir mode NAME observe|enforce"'
expect 2 weir -x -j show
is "$err" "" "a wrong option before -j"
holds '.status == 2'
json 0 help
holds '[.commands[].name] | index("attach") and index("help")'
json 0 help limit
holds '(.commands | length == 1) and .commands[0].name == "limit"'
json 0 limit --help
json 0 version
holds '.abi > 0'
json 0 --version

# -- nothing attached ----------------------------------------------------------------------------
json 0
holds '.command == "show" and .instances == [] and (.notes | length == 1)'
json 0 -q show
holds '.notes == []'
json 0 detach all
holds '.detached == []'
for words in "show b0" "show status b0" "limit b0 host 5/s" "mode b0 enforce" "detach b0" \
	"allow 10.0.0.0/8 b0" "forget all"; do
	# shellcheck disable=SC2086
	fails_alike 3 $words
done
fails_alike 1 attach nodev0
fails_alike 2 attach b0 ports "$(seq -s, 2000 3023)"
WEIR_BPFFS=$work fails_alike 1 attach b0
WEIR_BPFFS=$work/none fails_alike 1 show

# -- files ---------------------------------------------------------------------------------------
odd=$work/$'bad "\\\x01\xff\xc3\xa9\t\n.ini'
printf '[weir]\nmode = on\n[listener a]\nports = 1883\nrate = \xff"\n' >"$odd"
json 1 check "$odd"
holds '.errors[0].line == 2 and .errors[1].line == 5 and (.errors[2] | has("line") | not)'
holds '.file == "/run/test/bad \"\\\u0001\ufffdé\t\n.ini" and .errors[0].file == .file'
json 1 attach b0 config "$odd"
printf '[weir]\nmode = on\n[listener a]\nprots = 1883\n' >"$work/bad.ini"
fails_alike 1 check "$work/bad.ini"
for ((i = 0; i < 120; i++)); do echo x; done >"$work/bad.ini"
fails_alike 1 check "$work/bad.ini"
fails_alike 1 check "$work/none.ini"
fails_alike 1 check /dev/null
cat >"$work/good.ini" <<-EOF
	[weir]
	devices = b0, lo
	sources = 5120
	host-rate = 5000/s
	[listener mqtt]
	ports = 1883, 8883
	rate = 2000/s
	source-rate = 1/h
	source-burst = 2
	[listener lab]
	ports = 8084
	addresses = 192.0.2.0/24, 2001:db8::1
	excess = delay
	rate = 0/s
	[listener elsewhere]
	ports = 8085
	excess = reject
	reject-rate = 30/m
	[prefix 10.127.0.0/16]
	source-rate = 5/s
	[prefix fd10:7f::/32]
	action = block
	listener = lab
EOF
fails_alike 1 diff "$work/bad.ini"
fails_alike 1 apply "$work/bad.ini" b0
fails_alike 3 diff "$work/good.ini"
fails_alike 3 apply "$work/good.ini" b0
json 0 check "$work/good.ini"
holds '.listeners == ["mqtt", "lab", "elsewhere"] and .prefixes == ["10.127.0.0/16", "fd10:7f::/32"]'

# -- attached ------------------------------------------------------------------------------------
json 0 -v attach config "$work/good.ini" name edge
holds '.instances[0] | .mode_origin == "file" and .limits.host.origin == "file"'
holds '.instances[0].name == "edge" and .warnings != [] and .notes != [] and .debug != []'
holds '.instances[0].listeners | map(.limits | has("reject")) == [false, false, true]
	and (.[2].limits.reject | .rate == 30 and .per_seconds == 60 and has("tokens"))'
holds '.instances[0].listeners[1] | .name == "lab" and .excess == "delay" and .ports == [8084]
	and .addresses == ["2001:db8::1", "192.0.2.0/24"] and .limits.listener.kind == "closed"'
json 0 -q attach b0 name edge enforce
holds '.notes == [] and (.warnings | length == 1)'
json 0 mode edge enforce
holds '.changed and .former_mode == "observe" and .former_mode_origin == "file"'
json 0 mode edge enforce
holds '(.changed | not) and .former_mode_origin == "runtime"'
json 0 limit edge host 5000/s
holds '(.changed | not) and (has("listener") | not)
	and .former_limit.origin == "file" and .limit == .former_limit + {origin: "runtime"}'
json 0 limit edge mqtt listener unlimited
holds '.listener == "mqtt" and .limit.kind == "unlimited" and .former_limit.rate == 2000'
json 0 limit edge mqtt listener 600/m burst 50
holds '.limit == {kind: "bucket", origin: "runtime", rate: 600, per_seconds: 60, burst: 50}'
for words in "limit edge host" "limit edge source 5/s" "limit edge mqt source 5/s" \
	"attach b0" "attach b0 name edge2" "show b0" "detach b1"; do
	# shellcheck disable=SC2086
	fails_alike "$(weir $words >/dev/null 2>&1 && echo 0 || echo $?)" $words
	holds '.status > 0'
done

# -- what a file changes ---------------------------------------------------------------------------
fails_alike 3 diff "$work/good.ini" edg
json 0 diff "$work/good.ini"
holds '.instance == "edge" and [.changes[] | [.kind, .where, .what, .in_force, .wanted]] == [
	["kept", "weir", "mode", "enforce", "observe"],
	["kept", "listener mqtt", "rate", "600/m", "2000/s"],
	["kept", "listener mqtt", "burst", "50", "2000"]]'
json 4 diff "$work/good.ini" edge reset
holds 'all(.changes[]; .kind == "live" and (has("todo") | not))'
sed -e 's/5120/10240/' -e '/^rate = 2000/a site-rate = 100000/s' "$work/good.ini" >"$work/next.ini"
json 4 diff "$work/next.ini"
holds '[.changes[].kind] | unique == ["kept", "live", "reload"]'
json 0 apply "$work/next.ini"
holds '.changed and any(.changes[]; .kind == "live" and .what == "site-rate")
	and (.warnings | map(select(.message | contains("sources"))) | length == 1)'
json 0 -q apply "$work/next.ini" edge
holds '(.changed | not) and .notes == [] and .changes != []'

# -- prefixes --------------------------------------------------------------------------------------
json 0 show rules edge
holds '.instances[0].rules | map(del(.limit)) == [
	{prefix: "10.127.0.0/16", action: "limit", origin: "file"},
	{prefix: "fd10:7f::/32", action: "block", listener: "lab", origin: "file"}]'
holds '.instances[0].rules[0].limit.rate == 5'
json 0 block 10.127.0.9/24 edge listener lab for 1h
holds '.prefix == "10.127.0.0/24" and .listener == "lab" and .lasts_ms == 3600000 and .changed
	and (has("former_action") | not) and (.notes | length == 2)'
json 0 show
holds '.instances[0].rules | map(select(.origin == "runtime"))
	| length == 1 and (.[0].expires_in_ms | . > 3500000 and . <= 3600000)'
json 0 allow fd10:7f::/32 edge listener lab
holds '.former_action == "block" and .rules_changed == 1'
json 0 forget 10.127.9.0/24
holds '(.changed | not) and .rules_as_before == 1 and .instance == "edge"'
for words in "allow 10.127.9.0/24 edg" "block 10.127.9.0/24 edge listener mqt"; do
	# shellcheck disable=SC2086
	fails_alike "$(weir $words >/dev/null 2>&1 && echo 0 || echo $?)" $words
	holds '.status > 0'
done
printf '10.127.4.0/24\n10.127.5.0/24 # two\n' >"$work/prefixes"
input=$work/prefixes json 0 block - edge
holds '.rules_changed == 2 and (has("prefix") | not)'
echo 10.127.4.0/33 >"$work/prefixes"
input=$work/prefixes json 1 block - edge
holds 'any(.errors[]; .file == "stdin" and .line == 1)'
json 0 block - edge
holds '(.warnings | length == 1) and (.changed | not)'
json 0 forget all
holds '.rules_changed == 4'
json 4 diff "$work/next.ini"
holds '[.changes[] | select(.kind == "live")] | length == 1 and .[0].wanted == "block"
	and (.[0].where | startswith("prefix fd10:7f::/32"))'
json 0 apply "$work/next.ini"
json 0 show
holds '.instances[0].rules | length == 2'

# -- what show counts is what metrics counts -------------------------------------------------------
broker_start 1883
knocked $B4 1883 sources 10.64.1.0/29 count 40
is "$connected" 16 "connections"
json 0 show edge
holds '.instances[0].listeners[0] | .syns == {admitted: 16, held: 0, refused: 24}
	and any(.counters[]; . == {reason: "source_limit", verdict: "drop", enforced: true, count: 24})
	and .limits.listener.tokens >= 34 and .limits.source.kind == "bucket"
	and (.limits.source | has("tokens") | not)'
holds '.instances[0] | .frames == ([.not_judged[].count, .listeners[].counters[].count] | add)'
holds '.instances[0].table.slots_in_debt > 0 and .instances[0].limits.host.tokens > 4900'
json 0 show sources
holds '.instances[0].sources_refused_most | map(.refused) | add == 24'
json 0 limit edge mqtt site 0/s
knocked $B4 1883 sources 10.64.1.0/29 count 8
json 0 show sources
holds '.instances[0].sites_refused_most | length == 1 and .[0].prefix == "10.64.1.0/24"
	and .[0].at_least == 8 and .[0].at_most == 8 and .[0].listener == "mqtt"'
json 0 limit edge mqtt site unlimited
json 0 mode edge observe
knocked $B4 1883 sources 10.64.1.0/29 count 8
json 0 show counters
holds '.instances[0].listeners[0].observed == {admitted: 0, held: 0, refused: 8}'
json 0 show limits edge
json 0 metrics
holds '.text | startswith("# HELP ") and contains("weir_syn_total{shaper=\"edge\"")'
json 0 metrics textfile "$work/weir.prom"
holds '.file | endswith("/weir.prom")'
[ -s "$work/weir.prom" ] || fail "no textfile"
fails_alike 1 metrics textfile "$work/none/weir.prom"

# -- what is held ----------------------------------------------------------------------------------
released() {
	[ "$(metric weir_queue_released_total)" -ge 2 ]
}

json 0 show queue edge
holds '.instances[0].listeners[0].queue | (.served | not) and (.delay_max | .auto and (has("ms") | not))'
json 0 mode edge enforce
json 0 limit edge mqtt listener 5/s burst 1
start run broker "$build/weir" run edge
wait_for 10 grep -q 'edge: served' "$work/run.log"
knocked $B4 1883 sources 10.64.2.0/24 count 3 timeout 3s
wait_for 10 released
json 0 show queue edge
holds '.instances[0].listeners[0].queue | .served and .ends.new.released + .ends.retransmits.released ==
	.time_held.count and .time_held.p99_us >= .time_held.p50_us and (.delay_max | .auto and .ms >= 100)'
stop "$job"

# -- how many may be in set-up ---------------------------------------------------------------------
follows_signal() {
	weir -j show signals edge | jq -e '.instances[0].listeners[0].window.signals[0] | has("ratio_permille")'
}

sed '/^rate = 2000/a window = auto\nfallback-rate = 50/s' "$work/next.ini" >"$work/window.ini"
printf '[signal pressure]\ntype = psi\nresource = cpu\ntarget = 90\n' >>"$work/window.ini"
json 0 apply "$work/window.ini" edge
json 0 show signals edge
holds '.instances[0].listeners[0].window == {wanted: "auto", controlled: false, fallback_per_1000s: 50000}'
holds '.instances[0].listeners[1] | has("window") | not'
start run broker "$build/weir" run config "$work/window.ini" edge
wait_for 10 follows_signal
json 0 show signals edge
holds '.instances[0].listeners[0].window | .controlled and .size > 0 and .in_flight == 0
	and .target_ms == 250 and .signals[0].name == "pressure" and .signals[0].failures == 0'
stop "$job"

# -- devices ---------------------------------------------------------------------------------------
ip -n broker link add 'q"\0' type veth peer name peer0
json 0 attach 'q"\0' name odd
holds '.instances[0].devices[0] | .name == "q\"\\0" and .state == "attached"'
ip -n broker link set 'q"\0' netns client
json 0 show odd
holds '.instances[0].devices[0] | .state == "moved" and (has("ifindex") or has("xdp") | not)'
ip -n client link set 'q"\0' netns broker name q1
json 0 show odd
holds '.instances[0].devices[0] | .state == "attached" and .name == "q1" and .ifindex > 0
	and .attached_as == "q\"\\0"'
bpftool link detach pinned "$WEIR_BPFFS/weir/odd/link-q\"\\0"
json 0 show odd
holds '.instances[0].devices[0] | .state == "link_lost" and (has("ifindex") or has("xdp") | not)'
json 0 show
holds '[.instances[].name] == ["edge", "odd"]'
holds '[.instances[0].devices[] | .xdp] == ["native", "generic"]'

# -- one that cannot be read hides no other --------------------------------------------------------
mkdir "$WEIR_BPFFS/weir/junk"
fails_alike 1 show junk
fails_alike 1 limit junk host 5/s
fails_alike 1 mode junk enforce
fails_alike 1 show
holds '.instances | length == 2'
rmdir "$WEIR_BPFFS/weir/junk"
expect 1 in_client "$build/weir" -j show edge
jq -e '.status == 1 and .instances == [] and .errors != []' <<<"$out" >/dev/null ||
	fail "another namespace: $out"

# -- the document itself ---------------------------------------------------------------------------
full() { weir -j "$@" >/dev/full; }
expect 0 full mode edge enforce
has "$err" "warning: done, but cannot write" "a change that cannot be said"
expect 1 full show
has "$err" "cannot write to standard output" "an answer that cannot be given"
expect 3 full show none
has "$err" "cannot write to standard output" "an error that cannot be said"

json 0 detach odd
holds '.detached == ["odd"]'
json 0 detach all
holds '.detached == ["edge"]'
json 0 detach all

# -- every key of the tables was met ---------------------------------------------------------------
# Ids that are in use no more: only the unit test has some.
unmet=$(jq -r '.[] | select(.path | contains("former_listeners[].") | not)
	| "seen \(.row) \(.path)"' <<<"$rows" | awk '
		FNR == NR { met[$2]; next }
		!($2 in met) { print $3 }' <(sort -u "$work/seen") -)
is "$unmet" "" "keys of docs/json.md that nothing printed"
