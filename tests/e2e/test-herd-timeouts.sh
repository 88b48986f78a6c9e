#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A client that waits too long gives up in the phase it is in; what the broker does for it afterwards
# is waste, and counted.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/herd.sh"
two_namespaces

# no SYN-ACK: the overall timeout, then the phase's own
in_broker iptables -A INPUT -p tcp --dport 1999 -j DROP
run $B4 1999 devices 1 attempts 1 timeout 300ms
ended timeouts_connect=1 given_up=1
is "$(value .syn_retransmits)" 0 "SYNs sent again within 300 ms"
run $B4 1999 devices 1 attempts 1 timeout 20s connect-timeout 1500ms
ended timeouts_connect=1 given_up=1
is "$(value .syn_retransmits)" 1 "SYNs sent again within 1.5 s"

# a SYN that is lost once
in_broker iptables -I INPUT -p tcp --dport 1998 --syn -m limit --limit 1/h --limit-burst 1 -j DROP
start fake1998 broker "$build/tests/e2e/fakebroker" $B4 1998 code=0
wait_for 10 grep -q ready "$work/fake1998.log"
run $B4 1998 devices 1 attempts 1 timeout 20s
ended connects=1
is "$(value .syn_retransmits)" 1 "SYNs sent again"

# a queue that is full
fake no-accept
run $B4 "$port" devices 6 attempts 1 timeout 500ms
between "$(value .timeouts_connect)" 3 5 "devices that the queue had no room for"
is "$(value '.timeouts_connect + .timeouts_connack')" 6 "timeouts"
is "$(value .wasted)" 0 "wasted, though no broker has answered"

# silence after CONNECT is no waste; the phase's timeout ends it too
fake silent
run $B4 "$port" devices 2 attempts 2 timeout 300ms backoff fixed 10ms
ended timeouts_connack=4 given_up=2
run $B4 "$port" devices 1 attempts 1 timeout 20s connack-timeout 300ms
ended timeouts_connack=1 given_up=1
run $B4 "$port" devices 1 attempts 1 timeout 300ms tls
ended timeouts_tls=1 given_up=1
run $B4 "$port" devices 1 attempts 1 timeout 20s tls tls-timeout 300ms
ended timeouts_tls=1 given_up=1

# CONNACK comes when the client has gone: seen though its socket is shut down
fake late=600
run $B4 "$port" devices 3 attempts 1 timeout 300ms
ended timeouts_connack=3 given_up=3
is "$(value .wasted)" 0 "the run was over before the answers"
fake late=600 late=600 late=600 code=0
run $B4 "$port" devices 3 attempts 2 timeout 300ms backoff fixed 10ms hold 3s
ended timeouts_connack=3 connects=3 wasted=3

# each of several attempts of a device is watched, not only the last
fake late=1500
run $B4 "$port" devices 3 attempts 4 timeout 200ms backoff fixed 200ms hold 4s
ended timeouts_connack=12 given_up=3 wasted=12
is "$(value .wasted_is_lower_bound)" false "all were watched"

# what came in time, while herd itself was held up, is no time-out
all_have_said() { [ "$(grep -c level= "$work/fake$port.log")" = 3 ]; }
fake late=500
rm -f "$record"
start stalled client "$build/herd" $B4 "$port" devices 3 attempts 1 timeout 2s json "$record" quiet
wait_for 20 all_have_said
kill -STOP $job
sleep 2.5
kill -CONT $job
wait $job || fail "held up: exit status $?"
ended connects=3
is "$(value '.timer_late_ms.max > 100')" true "a timer was late"

# a handshake that had begun
fake byte
run $B4 "$port" devices 2 attempts 1 timeout 300ms tls
ended timeouts_tls=2 wasted=2 given_up=2
fake garbage
run $B4 "$port" devices 2 attempts 1 timeout 20s tls
ended tls_failed=2 given_up=2

# the end of the run in the middle of a set-up
fake silent
run $B4 "$port" devices 4 timeout 20s duration 300ms
ended unfinished=4
