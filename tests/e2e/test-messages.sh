#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Every error has its exit status, names what it is about and says what to do; nothing is changed.
source "$(dirname "$0")/lib.sh"
two_namespaces

# Wanted: exit status, each part in the message, nothing on stdout, the form of the message.
complains() { # STATUS PART... -- WORD...
	local status=$1 parts=()

	shift
	while [ "$1" != -- ]; do
		parts+=("$1")
		shift
	done
	shift
	expect "$status" weir "$@"
	is "$out" "" "weir $*: stdout"
	[[ $err =~ ^(weir: |/[^ ]*:[0-9]+: ) ]] || fail "weir $*: message: $err"
	for part in "${parts[@]}"; do
		has "$err" "$part" "weir $*"
	done
}

# Words.
complains 2 "'atach'" "attach" -- atach b0
complains 2 "'frobnicate'" help -- frobnicate
complains 2 "attach [DEV" -- attach
complains 2 "'enforec'" enforce -- attach b0 enforec
complains 2 "'-x'" -- -x show
complains 2 "detach" -- detach
complains 2 "limit" -- limit b0
complains 2 "'sorce'" source -- limit b0 sorce 5/s
complains 2 "check" -- check
complains 2 "diff FILE" -- diff
complains 2 "apply FILE" -- apply
complains 2 "'rest'" -- apply a.ini b0 rest
complains 2 "'x'" -- apply a.ini b0 reset x
lacks "$err" mean "weir apply: words after reset"
complains 2 "unexpected word 'reset'" -- apply a.ini b0 reset reset
complains 2 "'b/0'" -- diff a.ini b/0 reset
complains 2 "'everything'" -- show everything b0
complains 2 "metrics" -- metrics textfile
complains 2 "'twice'" mode -- mode b0 observe twice
complains 2 "'b1'" detach -- detach b0 b1
complains 2 PREFIX -- allow
complains 2 "'10.0.0.0/33'" /32 -- block 10.0.0.0/33
complains 2 "'all'" -- block all
complains 2 "'5'" Nms -- block 10.0.0.0/8 for 5
complains 2 "'for'" -- block 10.0.0.0/8 b0 for
complains 2 "'for'" -- forget 10.0.0.0/8 for 5s
complains 2 "'b1'" -- allow 10.0.0.0/8 b0 b1
complains 2 "'a/b'" -- allow 10.0.0.0/8 a/b
complains 2 "'listener'" -- allow 10.0.0.0/8 listener a listener b
complains 3 "'b0'" -- allow 10.0.0.0/8 b0
complains 3 attach -- forget all
complains 2 "'b.ini'" check -- check a.ini b.ini
complains 2 "'limts'" "mean 'limits'" -- show limts b0
complains 2 "'enforec'" "mean 'enforce'" -- mode b0 enforec
complains 2 "'nativ'" "mean 'native'" -- attach b0 xdp nativ
complains 2 "'txtfile'" "mean 'textfile'" -- metrics txtfile a.prom
complains 2 "'brust'" "mean 'burst'" -- limit b0 host 5/s brust 5
complains 2 "'--jsno'" "mean '--json'" -- --jsno show
complains 2 "'on'" "observe or enforce" -- mode b0 on
complains 2 "'fast'" "auto, native or generic" -- attach b0 xdp fast
expect 0 weir help
has "$out" attach "weir help"
expect 0 weir help attach
has "$out" "enforce" "weir help attach"
complains 2 "'atach'" "'attach'" -- help atach
expect 0 weir attach --help
is "$out" "$(weir help attach)" "weir attach --help"
expect 0 weir limit -h
is "$out" "$(weir help limit)" "weir limit -h"
complains 2 "'now'" -- version now
is "${err##*$'\n'}" "usage: weir version" "usage of a command without words"
expect 0 weir help version
is "${out%%$'\n'*}" "usage: weir version" "weir help version"
expect 0 weir help
lacks "$out" $' \n' "weir help: blanks at the end of a line"
expect 0 weir version
has "$out" "$(sed -n 's/^## \([0-9.]*\).*/\1/p' "$root/CHANGELOG.md" | head -n 1)" "weir version"

# Values.
for rate in 5 5/d -5/s 5/S 99999999/s /s 5.5/s "" "5 /s" 1e3/s; do
	complains 2 "'$rate'" -- attach b0 rate "$rate"
done
complains 2 "'0'" -- attach b0 ports 0
complains 2 "'1883,65536'" -- attach b0 ports 1883,65536
complains 2 "'mqtt'" -- attach b0 ports mqtt
complains 2 "'default'" 1023 -- attach b0 ports "$(seq -s, 2000 3023)"
complains 2 "bad window '0'" "auto, off" -- attach b0 window 0
complains 2 "'window' and 'config'" -- attach b0 window auto config f
complains 2 "'window' is said twice" -- attach b0 window auto window 9
complains 2 "did you mean 'window'" -- attach b0 windwo auto
complains 2 "'fast'" native -- attach b0 xdp fast
complains 2 "'all'" -- attach b0 name all
complains 2 "'a/b'" -- attach b0 name a/b
complains 2 "'..'" -- attach b0 name ..
complains 2 "" -- attach b0 name "$(printf 'n%.0s' {1..64})"
complains 2 "'b0,b0'" -- attach b0,b0
complains 1 "'nodev0'" -- attach nodev0
complains 1 "'nodev0'" -- attach b0,nodev0
is "$(xdp_mode broker b0)" "" "program after all that"
is "$(pins)" "" "pins after all that"

# Not attached.
complains 3 "'b0'" attach -- detach b0
complains 3 "'b0'" -- limit b0 source 5/s
complains 3 "'b0'" -- mode b0 enforce
complains 3 "'b0'" -- show status b0
complains 3 "'limts'" "mean 'limits'" -- show limts

# Attached, but not this.
weir attach b0
complains 2 "'enforced'" enforce -- mode b0 enforced
complains 2 "'0'" -- limit b0 source 5/s burst 0
complains 2 "'x'" -- limit b0 source 5/s burst x
complains 3 "'b1'" -- detach b1
complains 1 "'mqtt'" -- limit b0 mqtt source 5/s
complains 2 "'unlimited'" "no rate that refills it" -- limit b0 source unlimited burst 5
complains 2 "'0/s'" "no rate that refills it" -- limit b0 source 0/s burst 5
expect 0 weir limit b0 host 0/s
expect 0 weir limit b0 host unlimited
has "$(weir show limits b0 | grep source)" unlimited "the source's limit after all that"
has "$(weir show)" observe "the mode after all that"

# A name that is nearly one.
weir attach lo name broker1
for words in "limit brokr1 host 5/s" "mode broker enforce" "show borker1" "show limits broker2" \
	"detach broker"; do
	# shellcheck disable=SC2086 # words
	complains 3 "no instance 'b" "mean 'broker1'" -- $words
done
weir detach broker1

# A device is not put into an instance that happens to have its name.
weir attach lo name c9
ip -n broker link add c9 type veth peer name x9
complains 1 "'c9'" "name c9" -- attach c9
is "$(xdp_mode broker c9)" "" "program of c9"
expect 0 weir attach c9 name c9
expect 0 weir attach c9,lo
weir detach c9

# Files.
printf '[weir]\ndevices = b0\n[listener a]\nprots = 1883\n' >"$work/bad.ini"
complains 1 "$work/bad.ini:4" "'prots'" "'ports'" -- check "$work/bad.ini"
complains 1 "$work/bad.ini:4" "'prots'" -- apply "$work/bad.ini" b0
complains 1 "$work/bad.ini:4" "'prots'" -- attach b0 config "$work/bad.ini"
printf '[weir]\nmode = on\n[listener a]\nports = 1883\nrate = fast\n' >"$work/bad.ini"
complains 1 "$work/bad.ini:2" "$work/bad.ini:5" "'fast'" -- check "$work/bad.ini"
complains 1 "'$work/none.ini'" "No such file" -- check "$work/none.ini"
complains 1 "'$work'" -- check "$work"
complains 1 "/dev/null" "no listener" -- check /dev/null
printf '[weir]\nmode = observe\n[listener a]\nports = 1883\n' >"$work/good.ini"
expect 0 weir check "$work/good.ini"
complains 2 device -- attach config "$work/good.ini"
printf '[signal s]\ntype = psi\ntarget = 0.5\n' >>"$work/good.ini"
expect 0 weir check "$work/good.ini"
has "$err" "$work/good.ini:5: signal 's'" "a signal that nothing follows"

# Surroundings.
mkdir "$work/plain"
WEIR_BPFFS=$work/plain complains 1 "'$work/plain'" "mount -t bpf" -- attach b0
cp "$build/weir" "$work/weir"
chmod 0755 /run "$work"
expect 1 in_broker setpriv --reuid=65534 --regid=65534 --clear-groups "$work/weir" attach b0
has "$err" root "without privileges"
expect 1 in_broker setpriv --reuid=65534 --regid=65534 --clear-groups "$work/weir" show
has "$err" root "without privileges"
