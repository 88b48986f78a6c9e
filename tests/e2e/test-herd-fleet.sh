#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# 10 000 devices of one process, each from an address of its own, against mosquitto.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/herd.sh"
two_namespaces

devices=10000
[ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge $((devices + 1000)) ] ||
	skip "needs a limit of $((devices + 1000)) open files, has $(ulimit -Hn)"
ulimit -n "$(ulimit -Hn)"
printf '%s\n' "user root" "allow_anonymous true" "log_dest none" "listener 1883" >"$work/mosquitto.conf"
# broker and herd apart, so that what herd takes is its own
start mosquitto broker taskset -c 0 mosquitto -c "$work/mosquitto.conf"
wait_for 10 listens 1883
taskset -cp $(($(nproc) - 1)) $$ >/dev/null

run $B4 1883 devices $devices sources 10.64.0.0/16 timeout 120s duration 240s bystanders 10 hold 1s
ended connects=$devices
is "$(value '.connected, .ever_connected, .attempts' | paste -sd ' ')" "$devices $devices $devices" "devices"
is "$(value '.bystanders | .sent > 0 and .lost == 0')" true "bystanders"
is "$(value '(.series[-1].connected), ([.series[].connects] | add)' | paste -sd ' ')" "$devices $devices" "series"
is "$(value '.curve | length')" 1000 "curve"

# What it cost, for whoever runs this by itself; nothing here is judged by time.
value '"connected at \(.connected / .t100 | round)/s; herd took \(.cpu_seconds / .t100 * 100 | round) % of a core; " +
	"timers late: p99 \(.timer_late_ms.p99) ms, at most \(.timer_late_ms.max) ms"'
