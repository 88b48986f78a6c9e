#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Wrong words, files and hosts: the exit status, one message that names them and what to do.
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/herd.sh"
two_namespaces
pki server

refuses() { # STATUS MESSAGE WORD...
	expect "$1" herd "${@:3}"
	is "$out" "" "stdout of herd ${*:3}"
	has "$err" "$2" "herd ${*:3}"
}

expect 0 herd help
has "$out" "herd HOST PORT devices N" help
expect 0 herd
has "$out" "herd join" help
expect 0 herd help run
has "$out" "backoff fixed TIME" "help run"
expect 0 herd join --help
has "$out" "usage: herd join" "join --help"
expect 0 herd version
[[ $out =~ ^herd\ [0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "version: $out"
refuses 2 "unexpected word 'x'" version x
refuses 2 "unknown command 'jion'; did you mean 'join'?" jion a
refuses 2 "unknown command 'hepl'; did you mean 'help'?" help hepl
refuses 2 "unknown command 'localhost'; write HOST PORT" localhost
refuses 2 "capacity stands after HOST PORT" capacity 10.9.0.2 1883

refuses 2 "herd: no number of devices; write devices N" $B4 1883
has "$err" "usage: herd HOST PORT" "usage"
refuses 2 "bad port '65536': is out of range; write 1 to 65535" $B4 65536 devices 1
refuses 2 "unknown word 'devises': did you mean 'devices'?" $B4 1883 devises 1
refuses 2 "bad stack 'linxu': did you mean 'linux'?" $B4 1883 devices 1 stack linxu
refuses 1 "cannot find host 'no-such-host.invalid'" no-such-host.invalid 1883 devices 1
refuses 1 "bad sources: they are not of the family of '$B4'" $B4 1883 devices 1 sources fd10::/64
refuses 1 "bad sources: they are not of the family of '$B6'" $B6 1883 devices 1 sources 10.64.0.0/16

# files
refuses 1 "cannot read password-file '$work/none': No such file" $B4 1883 devices 1 user u password-file "$work/none"
: >"$work/empty"
refuses 1 "it is empty; write the password into it" $B4 1883 devices 1 user u password-file "$work/empty"
head -c 65536 /dev/zero | tr '\0' t >"$work/long"
refuses 1 "its first line is longer than the 65535 bytes" $B4 1883 devices 1 user u password-file "$work/long"
refuses 1 "cannot use ca '$work/none'" $B4 1883 devices 1 tls ca "$work/none"
refuses 1 "cannot use ca '$work/empty'" $B4 1883 devices 1 tls ca "$work/empty"
refuses 1 "cannot use cert '$work/none'" $B4 1883 devices 1 tls cert "$work/none" key "$work/none"
refuses 1 "cannot use key '$work/pki/ca.key'" $B4 1883 devices 1 tls cert "$work/pki/server.pem" key "$work/pki/ca.key"
for format in "-traditional -aes256" "-aes256"; do
	# shellcheck disable=SC2086
	openssl pkey -in "$work/pki/server.key" -out "$work/encrypted.key" $format -passout pass:secret
	grep -q ENCRYPTED "$work/encrypted.key"
	# with a terminal that could be asked on
	expect 0 in_client script -qefc "timeout 20 '$build/herd' $B4 1883 devices 1 tls \
		cert $work/pki/server.pem key $work/encrypted.key; echo status=\$?" /dev/null
	has "$out" "cannot use key '$work/encrypted.key': it is encrypted" "an encrypted key"
	has "$out" "openssl pkey -in $work/encrypted.key" "an encrypted key"
	has "$out" "status=1" "an encrypted key"
	lacks "$out" "pass phrase" "an encrypted key"
done
refuses 1 "cannot read schedule '$work/none'" $B4 1883 devices 1 start schedule "$work/none"
printf '0.5\nsoon\n' >"$work/schedule"
refuses 1 "cannot read schedule '$work/schedule': line 2 is not a number of seconds" \
	$B4 1883 devices 3 start schedule "$work/schedule"

# a record that cannot be written is noticed before the storm
fake code=0
for words in "$B4 $port devices 1" "$B4 $port capacity duration 1s" "relay x@client y@client delay 1ms" \
	"flood $B4 1883 sources 10.64.0.0/16 rate 1/s duration 1s"; do
	# shellcheck disable=SC2086
	refuses 1 "cannot write json '/nowhere/x': No such file" $words json /nowhere/x
	# shellcheck disable=SC2086
	refuses 1 "cannot write json '$work': Is a directory" $words json "$work"
done
is "$(<"$work/fake$port.log")" ready "connections of runs that could not be written"
# and what was there before stays until there is a new one, with its mode
fake silent
mkdir "$work/records"
record=$work/records/run.json
echo old >"$work/records/old"
chmod 640 "$work/records/old"
ln -s old "$record"
start atomic client "$build/herd" $B4 "$port" devices 1 timeout 600s json "$record" quiet
at_fake() { in_client ss -Htn state established "dport = :$port" | grep -q .; }
wait_for 10 at_fake
is "$(<"$record")" old "the record while there is no new one"
kill -INT $job
wait $job || fail "exit status $?"
is "$(value .unfinished)" 1 "the new record"
is "$(stat -c %a "$work/records/old")" 640 "its mode"
is "$(cd "$work/records" && echo *)" "old run.json" "files beside it"
expect 1 herd $B4 9 devices 1 bystanders 1 duration 300ms json "$record"
is "$(value .unfinished)" 1 "the record after a run that did not begin"
is "$(cd "$work/records" && echo *)" "old run.json" "files beside it"
expect 0 herd $B4 9 devices 1 attempts 1 quiet json "$work/records/new"
is "$(stat -c %a "$work/records/new")" 644 "mode of a new record"
expect 0 herd $B4 9 devices 1 attempts 1 json -
is "$(jq .refused <<<"$out")" 1 "a record on standard output"
expect 0 in_client "$BASH" -c "'$build/herd' $B4 9 devices 1 attempts 1 quiet json >(jq .refused >'$work/piped')"
refused_once() { [ "$(<"$work/piped")" = 1 ]; }
wait_for 10 refused_once
expect 0 herd join "$work/records/new" json "$work/records/new"
is "$(jq .joined "$work/records/new")" 1 "a record joined into its own place"
record=$work/run.json
refuses 1 "cannot connect '3' bystanders" $B4 9 devices 1 bystanders 3 duration 500ms

# INI
printf '[run]\nhost = %s\nport = 1883\nprot = 2\n' $B4 >"$work/fleet.ini"
refuses 2 "$work/fleet.ini:4: unknown word 'prot': did you mean 'port'?" "$work/fleet.ini"
refuses 1 "cannot read '$work/none.ini': No such file" "$work/none.ini"
refuses 1 "cannot read 'none.ini'" none.ini
printf '[run]\nhost = %s\nport = 1883\n[devices a]\ndevices = 1\n' $B4 >"$work/fleet.ini"
refuses 2 "'devices' does not belong here" "$work/fleet.ini" devices 3
refuses 2 "unknown word 'sede'" "$work/fleet.ini" sede 3

# records
refuses 2 "nothing to join" join
refuses 2 "'json' needs a file after it" join a json
refuses 1 "cannot join '$work/none'" join "$work/none"
echo '{' >"$work/broken"
refuses 1 "cannot join '$work/broken': line" join "$work/broken"
echo '{}' >"$work/other"
refuses 1 "cannot join '$work/other': is no record of a run" join "$work/other"

# a full disk and a closed pipe
expect 1 in_client "$BASH" -c "'$build/herd' $B4 9 devices 1 attempts 1 >/dev/full"
has "$err" "cannot write to standard output" "a full disk"
expect 1 herd $B4 9 devices 1 attempts 1 quiet json /dev/full
has "$err" "cannot write json '/dev/full': No space left" "a full disk"
