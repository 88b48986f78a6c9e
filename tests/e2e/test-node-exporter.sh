#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The way of the numbers as operators have it: textfile, node exporter, Prometheus. A file that is no
# longer written can be told by its age, a torn one is said to be one.
source "$(dirname "$0")/lib.sh"

directory=$work/textfiles
page() {
	curl -sf http://127.0.0.1:9111/metrics
}
exporter_answers() { page >/dev/null; }
query() { # EXPRESSION: its only value
	curl -sf --data-urlencode "query=$1" http://127.0.0.1:9112/api/v1/query |
		jq -r '.data.result | if length == 1 then .[0].value[1] else "\(length) results" end'
}
scraped() { [ "$(query "sum(weir_syn_total{shaper=\"b0\",reason=\"$1\"})")" = "$2" ]; }

two_namespaces
broker_start
weir attach b0 enforce
weir limit b0 source 1/h burst 2
mkdir "$directory"
weir metrics textfile "$directory/weir.prom"
start exporter broker prometheus-node-exporter --web.listen-address=127.0.0.1:9111 \
	--collector.disable-defaults --collector.textfile --collector.textfile.directory="$directory"
cat >"$work/prometheus.yml" <<EOF
global: { scrape_interval: 1s }
scrape_configs: [ { job_name: node, static_configs: [ { targets: [ "127.0.0.1:9111" ] } ] } ]
EOF
start prometheus broker prometheus --config.file="$work/prometheus.yml" \
	--storage.tsdb.path="$work/tsdb" --web.listen-address=127.0.0.1:9112
# both listen inside the broker's namespace
curl() { in_broker curl "$@"; }
wait_for 30 exporter_answers

knocked $B4 1883 sources 10.64.1.0/30 count 20
weir metrics textfile "$directory/weir.prom"
page >"$work/page"
is "$(grep '^node_textfile_scrape_error' "$work/page")" "node_textfile_scrape_error 0" "an error"
# no sample is lost or changed on the way; the exporter orders labels and writes large numbers anew
samples() { # FILE
	awk '/^weir_/ { name = $1; sub(/[{].*/, "", name); printf "%s %.9g\n", name, $NF }' "$1" | sort
}
is "$(samples "$work/page")" "$(samples "$directory/weir.prom")" "samples"
[ "$(samples "$work/page" | wc -l)" -ge 30 ] || fail "few samples"
promtool check metrics <"$directory/weir.prom" >"$work/lint" 2>&1 || fail "$(<"$work/lint")"
is "$(<"$work/lint")" "" "promtool"
wait_for 30 scraped admitted 8
wait_for 30 scraped source_limit 12
is "$(query 'weir_mode{shaper="b0",mode="enforce"}')" 1 "mode"

# Nobody has written for a while: the age of the file says so.
touch -d '1 hour ago' "$directory/weir.prom"
stale() {
	[ "$(query 'time() - node_textfile_mtime_seconds > bool 600')" = 1 ]
}
wait_for 30 stale

# Half a file, as weir never leaves one: the exporter drops it and says so, and no value is wrong.
head -c 1000 "$directory/weir.prom" >"$work/torn"
cp "$work/torn" "$directory/weir.prom"
torn() {
	[ "$(query node_textfile_scrape_error)" = 1 ]
}
wait_for 30 torn
weir metrics textfile "$directory/weir.prom"
whole() {
	[ "$(query node_textfile_scrape_error)" = 0 ]
}
wait_for 30 whole
