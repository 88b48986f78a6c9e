#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A real node exporter over TLS, a real Prometheus that scrapes it, and servers that want credentials.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/herd.sh"
source "$(dirname "$0")/signals.sh"
two_namespaces
pki server
mkdir "$work/textfiles" "$work/certs"
# what the system trusts, in the mounts of this test
cp "$work/pki/ca.pem" "$work/certs"
openssl rehash "$work/certs"
mount --bind "$work/certs" /etc/ssl/certs
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	-keyout "$work/foreign.key" -out "$work/foreign.pem" -subj '/CN=foreign CA' 2>/dev/null

# What a broker would show: set-ups asked for and done, and a histogram, all growing.
step=0
grow() {
	step=$((step + 1))
	cat >"$work/new" <<END
setups_total{broker="a"} $((step * 100))
setups_total{broker="b"} $((step * 40))
done_total $((step * 90))
mailbox{broker="a"} 30
mailbox{broker="b"} 12
latency_seconds_bucket{le="0.1"} $((step * 50))
latency_seconds_bucket{le="1"} $((step * 80))
latency_seconds_bucket{le="+Inf"} $((step * 80))
latency_seconds_sum $step
latency_seconds_count $((step * 80))
END
	# in place of the old one at once: a torn page is not what is tested here
	mv "$work/new" "$work/textfiles/broker.prom"
}
grow
# more than one TLS record, and than curl reads at once
for ((i = 0; i < 1000; i++)); do
	echo "filler_total{queue=\"number $i\",vhost=\"/\"} $i"
done >"$work/textfiles/filler.prom"
cat >"$work/web.yml" <<END
tls_server_config: { cert_file: "$work/pki/server.pem", key_file: "$work/pki/server.key" }
END
start exporter broker prometheus-node-exporter --web.listen-address=$B4:9111 \
	--web.config.file="$work/web.yml" --collector.disable-defaults --collector.textfile \
	--collector.textfile.directory="$work/textfiles" --collector.cpu
cat >"$work/prometheus.yml" <<END
global: { scrape_interval: 1s }
scrape_configs:
  - job_name: node
    scheme: https
    tls_config: { ca_file: "$work/pki/ca.pem" }
    static_configs: [ { targets: [ "$B4:9111" ] } ]
END
start prometheus broker prometheus --config.file="$work/prometheus.yml" \
	--storage.tsdb.path="$work/tsdb" --web.listen-address=127.0.0.1:9112
query() { # EXPRESSION
	in_broker curl -sf --data-urlencode "query=$1" http://127.0.0.1:9112/api/v1/query |
		jq -e '.data.result | length > 0'
}
wait_for 60 query 'mailbox{broker="a"}'

printf '# for the proxy\nuser = weir\npassword = s3cret=:\n' >"$work/basic"
printf 'token = abc.def\n' >"$work/bearer"
printf 'user = weir\npassword = wrong\n' >"$work/wrong"
chmod 600 "$work/basic" "$work/bearer" "$work/wrong"
printf 'load 3\n' >"$work/page"
serve file "$work/page" "Authorization: Basic $(printf 'weir:s3cret=:' | base64)"
basic_port=$port
serve file "$work/page" "Authorization: Bearer abc.def"
bearer_port=$port
cp "$root/tests/unit/pages/amlen.json" "$work/amlen.json"
serve file "$work/amlen.json"

page_of() { # SIGNAL LINE...: of the exporter
	printf '[signal %s]\ntype = prometheus\nurl = https://%s:9111/metrics\nca-file = %s\nevery = 2s\ntimeout = 5s\n' \
		"$1" $B4 "$work/pki/ca.pem"
	printf '%s\n' "${@:2}"
}
query_of() { # SIGNAL QUERY
	printf '[signal %s]\ntype = promql\nurl = http://127.0.0.1:9112/\nquery = %s\ntarget = 10\nevery = 1s\ntimeout = 5s\n' \
		"$1" "$2"
}
credentials_of() { # SIGNAL PORT FILE
	printf '[signal %s]\ntype = prometheus\nurl = http://127.0.0.1:%s/\nmetric = load\ntarget = 2\n' "$1" "$2"
	printf 'credentials-file = %s\nevery = 1s\ntimeout = 5s\n' "$3"
}
{
	printf '[listener mqtt]\nports = 1883\n'
	page_of gauge 'metric = mailbox' 'labels = broker!="b"' 'target = 20'
	page_of sum 'metric = mailbox' 'target = 20'
	page_of rate 'metric = setups_total{broker="a"}' 'kind = rate' 'target = 100'
	page_of behind 'metric = setups_total' 'labels = broker!="b"' 'kind = rate' 'minus = done_total' \
		'target = 5'
	page_of share 'metric = done_total' 'over = setups_total{broker="a"}' 'kind = rate' 'target = 1'
	page_of quantile 'metric = latency_seconds' 'quantile = 0.5' 'target = 100ms'
	page_of cpu 'metric = node_cpu_seconds_total{mode="idle"}' 'kind = rate' 'target = 100'
	printf '[signal name]\ntype = prometheus\nurl = https://localhost:9113/\nmetric = a\ntarget = 1\n'
	printf '[signal system]\ntype = prometheus\nurl = https://%s:9111/metrics\nmetric = mailbox\n' $B4
	printf 'target = 1\nevery = 1s\n'
	# a file of one's own replaces what the system trusts
	printf '[signal foreign]\ntype = prometheus\nurl = https://%s:9111/metrics\nmetric = mailbox\n' $B4
	printf 'target = 1\nevery = 1s\nca-file = %s\n' "$work/foreign.pem"
	query_of fleet 'max(mailbox)'
	query_of scalar 'scalar(sum(mailbox)) + 1'
	query_of several 'mailbox'
	query_of nothing 'none{a="b c"}'
	query_of wrong-query 'max('
	query_of quoted 'max(mailbox{broker=~"a|b&c%d"}) * 2'
	credentials_of basic $basic_port "$work/basic"
	credentials_of bearer $bearer_port "$work/bearer"
	credentials_of wrong-password $basic_port "$work/wrong"
	credentials_of wrong-kind $basic_port "$work/bearer"
	credentials_of no-file $basic_port "$work/nothing"
	printf '[signal amlen]\ntype = amlen\nurl = http://127.0.0.1:%s/ima/v1/monitor/Server\n' "$port"
	printf 'metric = ActiveConnections\ntarget = 4000\nevery = 1s\n'
} >"$work/conf"
weir check "$work/conf" >/dev/null

in_broker "${in_time[@]}" "$build/tests/e2e/signal_probe" "$work/conf" 13 >"$record" &
probe=$!
while kill -0 $probe 2>/dev/null; do
	grow
	sleep 0.25
done
wait $probe || fail "signal_probe: $(<"$record")"

undisturbed
holds gauge '.value == 30 and .ratio == 1.5 and .what == "mailbox"'
holds sum '.value == 42'
# 400 a second, less what a step takes longer than its sleep
holds rate '.value > 100 and .value < 500 and .values >= 3'
holds behind '.value > 10 and .value < 50'
holds share '.value == 0.9'
# half of the 80 that a step adds: 40 of the 50 in the first bucket
holds quantile '(.value - 0.08 | fabs) < 1e-6 and .what == "latency_seconds"'
holds cpu '.known and .value >= 0'
holds name '.known == false and (.words | test("onnect"))'
holds system '.known and .value == 42'
holds foreign '.known == false and (.words | test("certificate"))'
holds fleet '.value == 30 and .ratio == 3 and .what == "max(mailbox)"'
holds scalar '.value == 43'
holds quoted '.value == 60'
holds several '.known == false and .words == "the query gives several series; join them, as max(...)"'
holds nothing '.known == false and .words == "the query gives nothing; does the series exist?"'
holds wrong-query '.known == false and .failures >= 3 and (.words | startswith("Prometheus refuses the query: "))'
holds basic '.value == 3'
holds bearer '.value == 3'
for name in wrong-password wrong-kind; do
	holds $name '.known == false and (.words | test("401"))'
done
holds no-file '.known == false and .words == "credentials-file No such file or directory"'
holds amlen '.value == 1000 and .ratio == 0.25 and .what == "ActiveConnections"'
