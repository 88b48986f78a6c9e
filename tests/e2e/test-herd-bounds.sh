#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# herd storms only what it may, only as long as it may, and reports even when it is stopped.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/herd.sh"
two_namespaces

# behind a router, v4 and v6
ip -n client route add 192.0.2.0/24 via $B4
ip -n client route add 2001:db8::/32 via $B6
ip -n broker address add 192.0.2.1/32 dev lo
start fake2999 broker "$build/tests/e2e/fakebroker" 192.0.2.1 2999 code=0
wait_for 10 grep -q ready "$work/fake2999.log"
expect 1 herd 192.0.2.1 2999 devices 1
has "$err" "will not storm '192.0.2.1': it is behind a router" "a routed target"
has "$err" "with the word anywhere" "a routed target"
is "$(wc -l <"$work/fake2999.log")" 1 "connections to a target that was refused"
expect 1 herd 2001:db8::1 2999 capacity
has "$err" "will not storm '2001:db8::1'" "a routed target"
run 192.0.2.1 2999 devices 1 anywhere
ended connects=1
fake code=0
run $B4 "$port" devices 1
start fake2998 client "$build/tests/e2e/fakebroker" 127.0.0.1 2998 code=0
wait_for 10 grep -q ready "$work/fake2998.log"
run 127.0.0.1 2998 devices 1
run localhost 2998 devices 1 anywhere
start fake2997 client "$build/tests/e2e/fakebroker" $C4 2997 code=0
wait_for 10 grep -q ready "$work/fake2997.log"
run $C4 2997 devices 1
ended connects=1

# a name is looked up once: the address that was allowed is the one that is stormed
start fake2996 client "$build/tests/e2e/fakebroker" 127.0.0.1 2996 code=0
start away2996 broker "$build/tests/e2e/fakebroker" 192.0.2.1 2996 code=0
wait_for 10 grep -q ready "$work/fake2996.log"
wait_for 10 grep -q ready "$work/away2996.log"
for words in "devices 1" "capacity devices 1 duration 1s"; do
	# shellcheck disable=SC2086
	expect 0 in_client env LD_PRELOAD="$build/tests/e2e/two_answers.so" FIRST_ANSWER=127.0.0.1 \
		SECOND_ANSWER=192.0.2.1 "$build/herd" twice 2996 $words quiet
done
is "$(<"$work/away2996.log")" ready "connections to an address that was not allowed"

# behind a default route without a router, as of a tunnel
in_client ip tuntap add tunnel0 mode tun
ip -n client link set tunnel0 up
ip -n client route add default dev tunnel0
ip -n client -6 route add default dev tunnel0
expect 1 herd 198.51.100.1 2999 devices 1
has "$err" "will not storm '198.51.100.1'" "a default route without a router"
expect 1 herd 2001:db9::1 2999 devices 1
has "$err" "will not storm '2001:db9::1'" "a default route without a router"
ip -n client link del tunnel0

# more devices than descriptors
expect 1 in_client "$BASH" -c "ulimit -n 100; exec setpriv --bounding-set -sys_resource \
	'$build/herd' $B4 $port devices 90"
has "$err" "cannot open '90' connections: 100 files may be open here" "too few descriptors"
has "$err" "several herds" "too few descriptors"
# the soft limit is no limit
expect 0 in_client "$BASH" -c "ulimit -Sn 50; exec '$build/herd' $B4 $port devices 90 timeout 60s json $record quiet"
ended connects=90
# sockets of those that gave up are watched only as far as descriptors go
fake silent
expect 0 in_client "$BASH" -c "ulimit -n 100; exec setpriv --bounding-set -sys_resource '$build/herd' \
	$B4 $port devices 60 attempts 3 timeout 400ms backoff fixed 10ms json $record quiet"
ended timeouts_connack=180 given_up=60
is "$(value .wasted_is_lower_bound)" true "the watch was cut short"

# by duration
fake silent
run $B4 "$port" devices 3 duration 700ms timeout 100ms backoff fixed 1ms
is "$(value '.duration_seconds < 20')" true "duration"
is "$(value '.connected, .t100' | paste -sd ' ')" "0 null" "devices that never connect"

# what devices do while the last messages of bystanders are waited for does not count
fake mute mute silent
run $B4 "$port" devices 2 bystanders 2 every 10ms duration 400ms timeout 150ms backoff fixed 1ms
between "$(value '.series | length')" 1 4 "seconds of the storm"
is "$(value '.bystanders.lost == .bystanders.sent')" true "messages that never come back"

# by a signal: closed, and reported
for signal in INT TERM; do
	fake silent code=0
	nsenter --net=/run/netns/client "$build/herd" $B4 "$port" devices 5 timeout 600s json "$record" \
		>"$work/stopped.log" 2>&1 &
	job=$!
	jobs_started+=("$job")
	job_name[$job]=stopped
	four() { [ "$(grep -c level= "$work/fake$port.log")" = 4 ]; }
	wait_for 20 four
	sleep 0.1
	kill -$signal $job
	wait $job || fail "stopped by $signal: exit status $?"
	ended connects=4 unfinished=1
	is "$(value .interrupted)" true "stopped by $signal"
	has "$(<"$work/stopped.log")" "4 of 5 devices (4 at some time)" "summary after $signal"
	has "$(<"$work/stopped.log")" ", interrupted" "summary after $signal"
done
is "$(in_client ss -Htn state established "dport = :$port" | wc -l)" 0 "connections left"

# by duration and by a signal, however much there is to read
fake flood
run $B4 "$port" devices 2 timeout 60s hold 60s duration 1s
ended connects=2
between "$(value '.duration_seconds | floor')" 1 5 "a run of 1 s"
fake flood
rm -f "$record"
start flooded client "$build/herd" $B4 "$port" devices 2 timeout 60s hold 100s json "$record" quiet
both_have_said() { [ "$(grep -c level= "$work/fake$port.log")" = 2 ]; }
wait_for 20 both_have_said
sleep 0.3
kill -INT $job
wait_for 5 test -s "$record"
wait $job || fail "stopped while flooded: exit status $?"
is "$(value .interrupted)" true "stopped while flooded"

# a mixed fleet, and several processes in one record
fake code=0
cat >"$work/fleet.ini" <<END
[run]
host = $B4
port = $port
label = mixed
[devices meters]
devices = 20
client-id = meter%d
timeout = 60s
[devices trucks]
devices = 10
client-id = truck%d
mqtt = 5
timeout = 60s
start = uniform 300ms
END
run "$work/fleet.ini" seed 5
ended connects=30
is "$(value '.label, (.parameters.groups | map(.name) | join(" ")), .parameters.seed' | paste -sd ' ')" \
	"mixed meters trucks 5" "parameters of a mixed fleet"
is "$(grep -c 'level=4 .*meter' "$work/fake$port.log")" 20 "meters"
is "$(grep -c 'level=5 .*truck' "$work/fake$port.log")" 10 "trucks"
cp "$record" "$work/a.json"
run $B4 "$port" devices 10 first 100 timeout 60s start schedule <(printf '0.3\n0.1\n')
cp "$record" "$work/b.json"
expect 0 herd join "$work/a.json" "$work/b.json"
is "$(jq -c '[.devices, .connected, .attempts, .joined, (.t50 < .t100)]' "$work/out")" "[40,40,40,2,true]" "joined"
cp "$work/out" "$work/both.json"
for twice in "a a" "both b" "a both"; do
	read -r one other <<<"$twice"
	expect 1 herd join "$work/$one.json" "$work/$other.json"
	has "$err" "cannot join '$work/$one.json' with '$work/$other.json': the second has a run of the first" \
		"a run that is given twice"
done
jq '.series[0].attempts = -3' "$work/a.json" >"$work/damaged.json"
expect 1 herd join "$work/damaged.json" "$work/b.json"
has "$err" "cannot join '$work/damaged.json': has -3 in series[0].attempts" "a damaged record"
expect 0 herd join "$work/a.json" json "$record"
ended connects=30

# every key has its line in the manual
keys=$(jq -r 'keys[], (.bystanders | keys[]), (.series[0] | keys[])' "$work/a.json")
keys+=" $(jq -r 'keys[]' "$record")"
for key in $keys; do
	grep -qE "\`([a-z]*\.)?\.?$key\`" "$root/docs/herd.md" || fail "docs/herd.md has no '$key'"
done

# the same seed draws the same
for i in 1 2 3; do
	run $B4 9 devices 1 attempts 3 backoff uniform 1ms..1s start uniform 2s seed $((i > 2 ? 8 : 7))
	cp "$record" "$work/seed$i.json"
done
seconds() { jq -c '[.series[] | .attempts]' "$work/seed$1.json"; }
is "$(seconds 1)" "$(seconds 2)" "two runs of a seed"

# capacity of a broker that takes no more than a few a second
fake code=0
# (on a busy machine it may well warn that the figure is unsteady)
expect 0 herd $B4 "$port" capacity devices 8 duration 6s timeout 60s json "$record" quiet
# shellcheck disable=SC2016 # a variable of jq's
is "$(value '.capacity > 0 and .t50 == null and (.capacity_steps | length > 0) and
	(.knee_width as $width | any(.capacity_steps[]; .width == $width))')" true "capacity"
is "$(value 'has("knee_found")')" true "capacity"
expect 0 herd $B4 "$port" capacity duration 1s timeout 60s json "$record" quiet
is "$(value '.capacity > 0 and (.knee_found | not)')" true "capacity cut short"
has "$err" "no knee was found: the run ended" "capacity cut short"
expect 0 herd $B4 "$port" capacity devices 1 duration 20s timeout 60s json "$record" quiet
is "$(value .knee_found)" false "capacity with one device"
has "$err" "'1' at once, all there may be" "capacity with one device"
for key in $(value 'keys[]'); do
	grep -qE "\`$key\`" "$root/docs/herd.md" || fail "docs/herd.md has no '$key'"
done
expect 1 herd $B4 9 capacity devices 2 duration 1s
has "$err" "cannot measure the capacity of '$B4': no set-up succeeded" "capacity of nothing"
