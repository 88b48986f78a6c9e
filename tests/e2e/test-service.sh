#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The systemd unit is one that systemd understands, and `weir run` works with no more capabilities
# than it grants: it holds SYNs and lets them in.
source "$(dirname "$0")/lib.sh"
unit=$root/contrib/systemd/weir@.service

is_served() {
	[ "$(metric weir_lease_valid 'lease="queue"')" -eq 1 ]
}

both_released() {
	[ "$(metric weir_queue_released_total)" -eq 2 ]
}

# CAP_BPF CAP_NET_ADMIN -> -all,+bpf,+net_admin
granted=$(sed -n 's/^CapabilityBoundingSet=//p' "$unit")
[ -n "$granted" ] || fail "the unit grants everything"
capabilities=-all
for capability in ${granted,,}; do
	capabilities+=,+${capability#cap_}
done

two_namespaces
broker_start
printf '[weir]\ndevices = b0\nmode = enforce\n[listener default]\nports = 1883\n%s\n' \
	"rate = 5/s
burst = 1
window = auto
reserve = 0" >"$work/conf"
weir attach b0 config "$work/conf"
start run broker setpriv --bounding-set="$capabilities" --inh-caps=-all --no-new-privs \
	"$build/weir" run b0 config "$work/conf"
wait_for 10 is_served
knocked $B4 1883 sources 10.64.1.0/24 count 3 timeout 2s
is "$connected" 3 "connections at once with 5/s and a burst of 1"
wait_for 10 both_released
is "$(metric weir_release_failures_total)" 0 "releases that failed"
# The egress program is looked at every second, and found.
egress_filters() {
	in_broker tc filter show dev b0 egress | grep -c 'direct-action'
}
wait_for 5 egress_filters
sleep 2.5
is "$(egress_filters)" 1 "egress programs after some seconds"
# The file is read again, links and rules and all.
printf '[prefix 10.127.0.0/16]\naction = block\n' >>"$work/conf"
kill -HUP "$job"
wait_for 10 grep -q 'read again: 1 change' "$work/run.log"
lacks "$(<"$work/run.log")" 'warning' "warnings of the reload"
# It notices what is changed, and ends by itself.
weir limit b0 listener unlimited
weir detach b0
wait "$job" || fail "weir run: exit status $?"
is "$(in_broker tc qdisc show dev b0 clsact | grep -c clsact)" 0 "qdiscs left behind"

command -v systemd-analyze >/dev/null || skip "systemd-analyze is not there; the rest passed"
sed "s|^ExecStart=[^ ]*|ExecStart=$build/weir|" "$unit" >"$work/weir@b0.service"
expect 0 systemd-analyze verify --man=no "$work/weir@b0.service"
is "$out$err" "" "systemd-analyze verify"
