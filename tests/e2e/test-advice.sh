#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What is wrong with the surroundings is said with what would put it right, there.
source "$(dirname "$0")/lib.sh"
two_namespaces

# The place of the state.
touch "$work/file"
for words in "attach b0" show; do
	# shellcheck disable=SC2086 # words
	WEIR_BPFFS=$work/file expect 1 weir $words
	has "$err" "'$work/file': not a directory" "weir $words, a file"
	lacks "$err" "mount -t" "weir $words, a file"
	# shellcheck disable=SC2086
	WEIR_BPFFS=$work/absent expect 1 weir $words
	has "$err" "'$work/absent': no such directory" "weir $words, nothing"
done
mkdir -m 0700 "$work/closed"
mkdir "$work/closed/bpf"
cp "$build/weir" "$work/weir"
chmod 0755 /run "$work"
WEIR_BPFFS=$work/closed/bpf expect 1 \
	in_broker setpriv --reuid=65534 --regid=65534 --clear-groups "$work/weir" show
has "$err" "run as root" "a path that may not be looked into"
lacks "$err" "mount -t" "a path that may not be looked into"

# Root, but not of everything.
expect 1 in_broker setpriv --bounding-set=-all --inh-caps=-all "$build/weir" attach b0
has "$err" CAP_BPF "without capabilities"
lacks "$err" "run as root" "without capabilities"
expect 0 in_broker setpriv --bounding-set=-all,+bpf,+net_admin,+perfmon --inh-caps=-all \
	"$build/weir" attach b0

# A file system that cannot be written.
mount -o remount,ro "$WEIR_BPFFS"
for words in "limit b0 host 5/s" "detach b0" "attach lo"; do
	# shellcheck disable=SC2086
	expect 1 weir $words
	has "$err" "remount,rw" "weir $words"
done
mount -o remount,rw "$WEIR_BPFFS"

# Too few files.
few() { # WORD...
	(ulimit -n 7 && weir "$@")
}
expect 1 few limit b0 host 5/s
has "$err" "ulimit -n" "too few files"
weir detach b0

# One device under two names.
ip -n broker link property add dev b0 altname b0-too
expect 2 weir attach b0,b0-too
has "$err" "'b0' and 'b0-too'" "one device under two names"
is "$(pins)" "" "pins"
expect 0 weir attach b0-too

# A link that somebody else detached: the device is there.
bpftool link detach pinned "$WEIR_BPFFS/weir/b0-too/link-b0-too"
expect 0 weir show
has "$err$out" "LINK LOST" "weir show"
lacks "$out" VANISHED "weir show"
is "$(xdp_mode broker b0)" "" "program that somebody took off"
expect 0 weir mode b0-too enforce
has "$err" "\`weir attach b0-too name b0-too\` puts it back" "weir mode"
is "$(xdp_mode broker b0)" "" "program that somebody took off, after a change"
