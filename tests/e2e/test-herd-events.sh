#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Whatever a broker does to a connection, herd counts it once and under the right name.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/herd.sh"
two_namespaces

# timeouts are long where they must not happen, and short where they must
once=(devices 1 attempts 1 timeout 20s)
twice=(devices 1 attempts 2 timeout 20s backoff fixed 10ms)

fake code=0
run $B4 "$port" "${once[@]}"
ended connects=1
is "$(value '.connected, .ever_connected, (.t100 < 10)' | paste -sd ' ')" "1 1 true" "a device that connects"
is "$(tail -n 1 "$work/fake$port.log")" "level=4 flags=02 keepalive=60 herd-0" "CONNECT"

fake code=0
echo secret >"$work/password"
run $B4 "$port" "${once[@]}" mqtt 5 user 'u%d' password-file "$work/password" \
	client-id 'c%d%%' keepalive 9s first 7
ended connects=1
is "$(tail -n 1 "$work/fake$port.log")" "level=5 flags=c2 keepalive=9 c7% u7 secret" "CONNECT of MQTT 5"

# a token in the place of a password is long
head -c 65535 /dev/zero | tr '\0' t >"$work/password"
fake code=0
run $B4 "$port" "${once[@]}" user u password-file "$work/password"
ended connects=1
is "$(tail -n 1 "$work/fake$port.log" | wc -c)" $((65535 + 40)) "CONNECT with a long password"

fake split
run $B4 "$port" "${once[@]}"
ended connects=1

# every code of 3.1.1, then those of MQTT 5; each device one
fake code=1 code=2 code=3 code=4 code=5
run $B4 "$port" devices 5 attempts 1 timeout 20s
ended code1=1 code2=1 code3=1 code4=1 code5=1 given_up=5
codes=(128 129 130 131 132 133 134 135 136 137 138 140 144 149 151 153 154 155 156 157 159)
fake "${codes[@]/#/code=}"
run $B4 "$port" devices ${#codes[@]} attempts 1 timeout 20s mqtt 5
wanted=("${codes[@]/#/code}")
ended "${wanted[@]/%/=1}" given_up=${#codes[@]}

# a rejected device comes again
fake code=3 code=0
run $B4 "$port" "${twice[@]}"
ended code3=1 connects=1

run $B4 9 "${once[@]}"
ended refused=1 given_up=1

fake reset
run $B4 "$port" "${once[@]}"
ended reset=1 given_up=1
fake reset-late
run $B4 "$port" "${once[@]}"
ended reset=1 given_up=1
fake close
run $B4 "$port" "${once[@]}"
ended closed=1 given_up=1
fake half-close
run $B4 "$port" "${once[@]}"
ended closed=1 given_up=1
fake garbage
run $B4 "$port" "${once[@]}"
ended protocol_errors=1 given_up=1
fake wrong
run $B4 "$port" "${once[@]}"
ended protocol_errors=1 given_up=1

# no way there
ip -n client route add unreachable 10.9.0.77
expect 1 herd 10.9.0.77 1883 "${once[@]}"
has "$err" "cannot reach '10.9.0.77'" "no route"
ip -n broker address add 10.9.1.1/32 dev lo
ip -n client route add 10.9.1.1 dev c0
ip -n client neighbour replace 10.9.1.1 lladdr 02:00:00:00:00:02 nud permanent dev c0
in_broker iptables -A INPUT -d 10.9.1.1 -j REJECT --reject-with icmp-host-prohibited
run 10.9.1.1 1883 devices 1 attempts 1 timeout 3s
ended unreachable=1 given_up=1

# lost after it was connected, by FIN and by RST, and back again
fake cut=1 code=0
run $B4 "$port" "${twice[@]}" hold 400ms
ended connects=2 lost=1
is "$(value .connected)" 1 "connected in the end"
is "$(value .ever_connected)" 1 "devices that were connected"
fake cut-reset code=0
run $B4 "$port" "${twice[@]}" hold 400ms
ended connects=2 lost=1

# a refused subscription is no work done, and no bystander
for mqtt in 3.1.1 5; do
	fake deny
	run $B4 "$port" devices 1 mqtt $mqtt work topics 2 duration 600ms
	ended connects=1
	is "$(value .work_done)" 0 "work done with MQTT $mqtt"
done
expect 1 herd $B4 "$port" devices 1 mqtt 5 bystanders 2 duration 600ms
has "$err" "0 could subscribe" "bystanders that may not subscribe"

# a PINGREQ that is never answered
fake deaf
run $B4 "$port" devices 1 attempts 1 timeout 20s keepalive 1s hold 10s
ended connects=1 lost=1 given_up=1
fake code=0
run $B4 "$port" devices 1 attempts 1 timeout 20s keepalive 1s hold 2500ms
ended connects=1
