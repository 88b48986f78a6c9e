# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Sourced after lib.sh by the tests of herd.

herd() { # WORD...
	in_client "$build/herd" "$@"
}

# A scripted broker in the broker's namespace, at $B4 or ADDRESS; the next free port is in $port.
port=2000
fake() { # [at ADDRESS] BEHAVIOUR...: as build/tests/e2e/fakebroker
	local address=$B4

	if [ "$1" = at ]; then
		address=$2
		shift 2
	fi
	port=$((port + 1))
	start "fake$port" broker "$build/tests/e2e/fakebroker" "$address" "$port" "$@"
	wait_for 10 grep -q ready "$work/fake$port.log"
}

# Runs herd, which must succeed, and leaves its record in $record.
record=$work/run.json
run() { # WORD...: as herd
	rm -f "$record"
	expect 0 herd "$@" json "$record" quiet
	[ -z "$err" ] || fail "herd $*: stderr: $err"
}

# The record's numbers, named, must be those, and every other count of an ended attempt 0.
ended() { # NAME=COUNT...
	local got

	got=$(jq -r '
		. as $run
		| ["timeouts_connect", "timeouts_tls", "timeouts_connack", "refused", "reset", "closed",
		   "unreachable", "tls_failed", "protocol_errors", "local_errors", "unfinished",
		   "connects", "lost", "wasted", "given_up"]
		| map(select($run[.] != 0) | "\(.)=\($run[.])") + [$run.rejected | to_entries[]
		   | "code\(.key)=\(.value)"]
		| sort | join(" ")' "$record")
	is "$got" "$(printf '%s\n' "$@" | sort | paste -sd ' ')" "what attempts came to"
	is "$(jq '.attempts - .connects - .timeouts - .refused - .reset - .closed - .unreachable
		- .tls_failed - .protocol_errors - .local_errors - .unfinished
		- ([.rejected[]] | add // 0)' "$record")" 0 "attempts without an end"
}

value() { # JQ-FILTER
	jq -r "$1" "$record"
}
