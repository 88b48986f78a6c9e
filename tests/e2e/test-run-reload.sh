#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# `weir run config FILE` reads the file again at SIGHUP: a right one is in force then, with its
# signals, and a wrong one changes nothing.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/delay.sh"
two_namespaces
broker_start

conf() { # RATE [MORE...]
	printf '%s\n' '[weir]' 'devices = b0' 'mode = enforce' '[listener default]' 'ports = 1883' \
		'window = auto' "rate = $1" "${@:2}" >"$work/conf"
}

reload_says() { # TEXT
	kill -HUP "$run"
	wait_for 10 grep -q "$1" "$work/run.log"
}

rate_is() { # PER SECOND
	[ "$(metric weir_limit_per_second 'level="listener"' 'kind="configured"')" = "$1" ]
}

signal_is_read() { # NAME
	[[ "$(weir show signals)" == *"signal       $1: ratio"* ]]
}

conf 100/s
weir attach b0 config "$work/conf"
start run broker "$build/weir" run config "$work/conf"
run=$job
wait_for 10 grep -q '^b0: served' "$work/run.log"

conf 50/s '[signal pressure]' 'type = psi' 'resource = cpu' 'target = 90'
reload_says 'b0: read again: [1-9] change'
rate_is 50 || fail "the new rate is not in force"
wait_for 10 signal_is_read pressure

# A wrong one: nothing of it is in force, the signals are read on.
conf 20/s '[signal pressure]' 'type = psi' 'resource = cup' 'target = 90'
reload_says "$work/conf: nothing was changed"
has "$(<"$work/run.log")" "$work/conf:10" "where it is wrong"
rate_is 50 || fail "a wrong file has changed the rate"
signal_is_read pressure || fail "a wrong file has ended the signals"

# What was set at runtime stays; a signal that is gone is forgotten.
weir limit b0 listener 30/s
conf 20/s
reload_says 'b0: read again: 0 changes made'
rate_is 30 || fail "the file has overruled weir limit"
no_signal() { [[ "$(weir show signals)" != *pressure* ]]; }
wait_for 10 no_signal
run_lives
stop "$run"

# Without a file there is nothing to read.
run_start b0
reload_says 'there is no file to read again'
run_lives
