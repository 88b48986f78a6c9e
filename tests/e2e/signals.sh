# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Sourced after lib.sh by the tests of signals.
# shellcheck source-path=SCRIPTDIR source=lib.sh
: "${build:?}" "${work:?}"

record=$work/signals.json
# of those on this machine the one that is to be in time
in_time=(nice -n -10)
# Runs the signals of $work/conf beside each other; what they said is then in $record.
probe() { # SECONDS
	in_broker "${in_time[@]}" "$build/tests/e2e/signal_probe" "$work/conf" "$1" >"$record" ||
		fail "signal_probe: $(<"$record")"
}

said() { # SIGNAL JQ-FILTER
	jq -r --arg name "$1" ".signals[\$name] | $2" "$record"
}

# The filter must be true of the signal.
holds() { # SIGNAL JQ-FILTER
	is "$(said "$1" "$2")" true "$1: $2; $(said "$1" tojson)"
}

# No signal has held up the loop, and those named have had their values all along: the longest gap
# is less than two periods.
undisturbed() { # SIGNAL...
	local name

	is "$(jq '.turn_ms < 100 and .late_ms < 100' "$record")" true \
		"loop: $(jq -c '{turn_ms, late_ms}' "$record")"
	for name; do
		holds "$name" '.values >= 3 and .gap_ms < 2 * .every_ms and .stale == false'
	done
}

# A web server as build/tests/e2e/fakehttp in the broker's namespace; its port is in $port.
port=3000
nice= # set: what it sends is not to take the CPU from others
serve() { # BEHAVIOUR [FILE [HEADER]]
	port=$((port + 1))
	start "web$port" broker ${nice:+nice} "$build/tests/e2e/fakehttp" 127.0.0.1 "$port" "$@"
	wait_for 10 grep -q ready "$work/web$port.log"
}
