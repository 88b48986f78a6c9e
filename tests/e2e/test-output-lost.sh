#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What cannot be printed: a change that was made is no failure, an answer that nobody got is one.
source "$(dirname "$0")/lib.sh"
two_namespaces

full() { weir "$@" >/dev/full; }
closed() { weir "$@" >&-; }

for sink in full closed; do
	for words in "attach b0" "limit b0 source 5/s" "mode b0 enforce" "detach b0"; do
		# shellcheck disable=SC2086 # words
		expect 0 $sink $words
		has "$err" "warning" "weir $words, $sink"
		has "$err" "standard output" "weir $words, $sink"
	done
	is "$(pins)" "" "pins after detach"
	weir attach b0
	printf '[listener a]\nports = 1883\n' >"$work/good.ini"
	for words in show "show limits" metrics "check $work/good.ini" help version -h --version \
		"diff $work/good.ini" "help limit" "limit --help"; do
		# shellcheck disable=SC2086 # words
		expect 1 $sink $words
		has "$err" "cannot write to standard output" "weir $words, $sink"
	done
	expect 0 $sink apply "$work/good.ini"
	has "$err" "warning" "weir apply, $sink"
	expect 0 $sink -q mode b0 observe
	is "$err" "" "weir -q, $sink"
	weir detach b0
done

# A reader that has seen enough: nothing to be said about.
mkfifo "$work/pipe"
exec {reader}<>"$work/pipe"
exec {writer}>"$work/pipe"
exec {reader}<&-
left() { weir "$@" >&"$writer"; }
expect 1 left metrics
is "$err" "" "weir metrics to a reader that left"
expect 0 left attach b0
is "$err" "" "weir attach to a reader that left"
has "$(weir show)" OBSERVE "what was attached"

# With no standard error, its messages do not end up in a file that is being written.
mkdir "$WEIR_BPFFS/weir/junk"
weir metrics textfile "$work/weir.prom" >&- 2>&-
rmdir "$WEIR_BPFFS/weir/junk"
lacks "$(<"$work/weir.prom")" junk "the textfile"
has "$(<"$work/weir.prom")" weir_build_info "the textfile"
