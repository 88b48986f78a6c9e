#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# One configuration with healthy sources beside dead, slow, endless and absurd ones: each says what is
# wrong with it, and none disturbs another or the loop.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/signals.sh"
two_namespaces

# A name server that takes questions and answers none.
printf 'nameserver 10.9.0.77\noptions timeout:10 attempts:1\n' >"$work/resolv.conf"
mount --bind "$work/resolv.conf" /etc/resolv.conf
ip -n broker neighbour replace 10.9.0.77 lladdr 02:00:00:00:00:77 nud permanent dev b0

cat >"$work/mosquitto.conf" <<END
user root
allow_anonymous true
sys_interval 1
listener 1883
END
start mosquitto broker mosquitto -c "$work/mosquitto.conf"
wait_for 10 listens 1883

printf 'load 3\nrequests_total 10\n' >"$work/page"
printf '<html><body>Log in\n' >"$work/html"
printf 'load NaN\n' >"$work/nan"
printf 'load 3\nload 1' >"$work/half"
for ((i = 0; i < 60000; i++)); do
	echo "filler_total{queue=\"number $i\",vhost=\"/\"} $i"
done >"$work/large"
echo 'load 7' >>"$work/large"

cat >"$work/conf" <<END
[listener mqtt]
ports = 1883
[signal pressure]
type = psi
every = 500ms
[signal queue]
type = accept-queue
[signal overflows]
type = accept-queue
kind = overflows
[signal canary]
type = canary
every = 1s
[signal sys]
type = mosquitto
topic = \$SYS/broker/messages/received
kind = rate
target = 100
every = 2s
[signal unresolved]
type = prometheus
url = http://metrics.example:9000/metrics
metric = load
target = 2
every = 1s
[signal no-route]
type = prometheus
url = http://10.9.0.77:9000/metrics
metric = load
target = 2
[signal dead]
type = prometheus
url = http://127.0.0.1:9/metrics
metric = load
target = 2
every = 200ms
[signal dead-canary]
type = canary
url = mqtt://127.0.0.1:9
[signal dead-sys]
type = mosquitto
url = mqtt://127.0.0.1:9
topic = a
target = 1
END
page_of() { # SIGNAL TIMEOUT BEHAVIOUR [FILE]: a Prometheus page
	serve "${@:3}"
	cat >>"$work/conf" <<END
[signal $1]
type = prometheus
url = http://127.0.0.1:$port/metrics
metric = load
target = 2
every = 1s
timeout = $2
END
}
page_of good 5s file "$work/page"
page_of late 400ms late=10000 "$work/page"
page_of slow 400ms slow=100 "$work/page"
page_of silent 400ms silent
page_of garbage 5s garbage
nice=1
page_of endless 5s endless
page_of endless-line 5s line
page_of endless-headers 5s headers
nice=
page_of torn 5s torn "$work/page"
page_of half 5s file "$work/half"
page_of html 5s file "$work/html"
page_of nan 5s file "$work/nan"
page_of error 5s error
page_of redirect 5s redirect http://127.0.0.1:3001/metrics
page_of large 5s file "$work/large"
# a canary that meets a deaf server, and one that meets no broker at all
serve silent
printf '[signal deaf-canary]\ntype = canary\nurl = mqtt://127.0.0.1:%s\nevery = 500ms\ntimeout = 400ms\n' \
	"$port" >>"$work/conf"
sed '/^\[signal good\]/,/^\[signal late\]/!d; /^\[signal late\]/d; s/signal good/signal missing/; s/= load/= none/' \
	"$work/conf" >>"$work/conf.more"
cat "$work/conf.more" >>"$work/conf"
weir check "$work/conf" >/dev/null

probe 12
undisturbed pressure queue overflows canary good
holds pressure '.value >= 0 and .value <= 1.01 and .what == "cpu.pressure some"'
holds queue '.value == 0 and .target == 0.5 and .failures_max == 0'
holds overflows '.value == 0 and .target == 1'
holds canary '.value > 0 and .value < 1 and .what == "CONNACK" and .failures_max == 0'
holds sys '.value > 0 and .values >= 2 and .stale == false'
holds good '.value == 3 and .ratio == 1.5 and .what == "load" and .words == "" and .values >= 8'
holds large '.value == 7 and .ratio == 3.5 and .values >= 2'

fails() { # SIGNAL PART: it never had a value, and says why
	holds "$1" '.known == false and .stale and .failures >= 3 and .ratio == 0'
	has "$(said "$1" .words)" "$2" "$1"
}
for name in unresolved late slow silent; do
	fails $name "timed out"
	holds $name .timed_out
done
holds unresolved '.failures >= 4'
fails no-route "timed out"
fails dead "onnect"
holds dead '.failures >= 40 and .timed_out == false'
fails dead-canary "refused"
fails dead-sys "refused"
fails deaf-canary "no CONNACK within the timeout"
fails garbage "HTTP"
fails endless "longer than 16384 KiB"
fails endless-line "longer than 16384 KiB"
fails endless-headers ""
fails torn "bytes remaining"
fails half "the page ends within a line"
fails html "no 'load' in 1 lines, of which 1 are no metrics, line 1 first"
fails nan "'load' has no finite value"
fails error "HTTP status 500"
fails redirect "HTTP status 302"
fails missing "no 'none' in 2 lines"
