# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Sourced after lib.sh and herd.sh by the tests of set-up tracking.
# shellcheck source-path=SCRIPTDIR source=lib.sh
: "${build:?}" "${work:?}"

# Watches set-ups of the instance, with all its counts at 0; its process id is in $probe.
probe_start() { # PORTS [WORD...: as build/tests/e2e/track_probe]
	weir detach b0 >/dev/null 2>&1 || true
	printf '%s\n' '[weir]' 'devices = b0' '[listener default]' "ports = $1" 'window = auto' \
		>"$work/track.conf"
	weir attach config "$work/track.conf" 2>/dev/null
	probe_again "${@:2}"
}

probe_again() { # [WORD...]
	start probe broker "$build/tests/e2e/track_probe" b0 every 50 "$@"
	# shellcheck disable=SC2154 # start sets it
	probe=$job
	wait_for 10 grep -q ready "$work/probe.log"
	wait_for 10 grep -q in_flight "$work/probe.log"
}

seen() { # JQ-FILTER of the last line
	tail -n 1 "$work/probe.log" | jq -r "$1"
}

# Has it come to this? Lines are written every 50 ms.
has_seen() { # JQ-FILTER that is true
	[ "$(seen "$1" 2>/dev/null)" = true ]
}

await() { # JQ-FILTER that becomes true
	wait_for 15 has_seen "$1" || fail "never seen: $1; last: $(tail -n 1 "$work/probe.log")"
}

# Everything that was begun has ended, and nothing is in flight.
await_quiet() {
	await '.in_flight == 0 and .young == 0'
}

# A fleet connects, and each of its connections must have been seen to be done, no more, no less.
tracked() { # NAME PORTS HERD-WORD...: ADDRESS PORT devices N ...
	local connects

	probe_start "$2"
	run "${@:3}" timeout 60s attempts 5
	connects=$(value .connects)
	await ".done >= $connects"
	await_quiet
	is "$(seen .done)" "$connects" "$1: set-ups seen to be done"
	is "$(seen .requested)" "$(seen '.done + .refused + .given_up')" "$1: requests, and what they came to"
	is "$(seen .evicted)" 0 "$1: lost sight of"
	stop "$probe"
}

# haproxy of one thread before ADDRESS:PORT: 9001 with tickets, 9002 without, 9003 after a
# HelloRetryRequest, since no client shows a key of that group at first. More may be appended.
haproxy_conf() { # ADDRESS:PORT
	cat >"$work/haproxy.cfg" <<-END
		global
		    nbthread 1
		defaults
		    mode tcp
		    timeout connect 5s
		    timeout client 5m
		    timeout server 5m
		    default_backend service
		backend service
		    server one $1
		frontend tickets
		    bind :::9001 v4v6 ssl crt $work/both.pem
		frontend no-tickets
		    bind :::9002 v4v6 ssl crt $work/both.pem no-tls-tickets
		frontend retry
		    bind :::9003 v4v6 ssl crt $work/both.pem curves P-384
	END
}
