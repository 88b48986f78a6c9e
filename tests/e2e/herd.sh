# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Sourced after lib.sh by the tests of herd.
# shellcheck source-path=SCRIPTDIR source=lib.sh
: "${build:?}" "${work:?}"

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

# A certificate authority in $work/pki and one certificate, with its key, for each NAME.
pki() { # NAME...: "server" is for $B4, $B6 and broker.example
	local name dir=$work/pki

	mkdir -p "$dir"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-keyout "$dir/ca.key" -out "$dir/ca.pem" -subj "/CN=test CA" 2>/dev/null
	for name; do
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
			-keyout "$dir/$name.key" -out "$dir/$name.csr" -subj "/CN=$name" 2>/dev/null
		openssl x509 -req -in "$dir/$name.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -days 2 \
			-CAcreateserial -out "$dir/$name.pem" 2>/dev/null -extfile <(
				[ "$name" != server ] ||
					echo "subjectAltName=IP:$B4,IP:$B6,DNS:broker.example"
			)
	done
}

# Lines of mosquitto.conf: a listener behind TLS, of whom clients need a certificate where it is said.
tls_listener() { # PORT [certificate]
	printf '%s\n' "listener $1" "certfile $work/pki/server.pem" "keyfile $work/pki/server.key"
	[ $# -eq 1 ] || printf '%s\n' "cafile $work/pki/ca.pem" 'require_certificate true' \
		'use_identity_as_username true'
}
