#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# One page of metrics that Prometheus takes without complaint; a textfile that is never partial.
source "$(dirname "$0")/lib.sh"
two_namespaces
broker_start
expect 0 weir metrics
promtool check metrics <"$work/out" >"$work/lint" 2>&1 || fail "nothing attached: $(<"$work/lint")"
is "$(<"$work/lint")" "" "promtool, nothing attached"
has "$out" weir_build_info "the page when nothing is attached"

weir attach b0 enforce
weir limit b0 source 1/h burst 2
weir attach lo name two.names
knocked $B4 1883 sources 10.64.1.0/30 count 20
weir metrics >"$work/page"
promtool check metrics <"$work/page" >"$work/lint" 2>&1 || fail "$(<"$work/lint")"
is "$(<"$work/lint")" "" "promtool"
is "$(grep -v '^#' "$work/page" | sed 's/ [^ ]*$//' | sort | uniq -d)" "" "samples given twice"
is "$(syns 'shaper="b0"' 'listener="default"' 'verdict="pass"' 'reason="admitted"' \
	'enforced="true"')" 8 "weir_syn_total, admitted"
is "$(syns 'shaper="b0"' 'verdict="drop"' 'reason="source_limit"' 'enforced="true"')" 12 \
	"weir_syn_total, source limit"
has "$(<"$work/page")" 'shaper="two.names"' "a name with a dot"

# An instance that cannot be read is left out, said and counted; the others are there.
is "$(grep '^weir_instances_unreadable' "$work/page")" "weir_instances_unreadable 0" "unreadable"
mkdir "$WEIR_BPFFS/weir/junk" "$work/others"
expect 0 weir metrics textfile "$work/others/weir.prom"
has "$err" "'junk'" "the message names the instance"
page=$(<"$work/others/weir.prom")
has "$page" "weir_instances_unreadable 1" "the page with an instance that cannot be read"
has "$page" 'weir_mode{shaper="b0",mode="enforce"} 1' "the page of the others"
expect 1 weir show
has "$out" "two.names" "what is shown of the others"
rmdir "$WEIR_BPFFS/weir/junk"

# A reader that looks all the time sees whole pages only, however many write. What a writer left
# that was killed goes with the next page.
mkdir "$work/textfiles"
file=$work/textfiles/weir.prom
weir metrics textfile "$file"
echo half a page >"$work/textfiles/.weir.prom.new"
is "$(stat -c %a "$file")" 644 "mode of the file"
pages=$(wc -l <"$file")
start writer broker "$BASH" -euc "
	for n in {1..50}; do
		'$build/weir' metrics textfile '$file' & '$build/weir' metrics textfile '$file'
		wait \$!
	done"
reads=0
while kill -0 "$job" 2>/dev/null; do
	is "$(wc -l <"$file")" "$pages" "lines of the file, read $reads"
	reads=$((reads + 1))
done
wait "$job"
[ "$reads" -ge 10 ] || fail "only $reads reads"
is "$(ls -A "$work/textfiles")" weir.prom "files in the directory"

# Only a plain file is replaced, and only one that the node exporter reads.
ln -s "$file" "$work/others/link.prom"
mkfifo "$work/others/fifo.prom"
for name in link fifo; do
	expect 1 weir metrics textfile "$work/others/$name.prom"
	has "$err" "'$work/others/$name.prom': not a plain file" "weir metrics textfile $name.prom"
done
is "$(stat -c %F "$work/others/link.prom")" "symbolic link" "the link"
is "$(stat -c %F "$work/others/fifo.prom")" fifo "the FIFO"
expect 2 weir metrics textfile "$work/others/.prom"
expect 2 weir metrics textfile .prom

# A write that fails leaves the old file, and no other.
mkdir "$work/full"
mount -t tmpfs -o size=4k tmpfs "$work/full"
expect 1 weir metrics textfile "$work/full/weir.prom"
has "$err" "'$work/full/weir.prom'" "the message names the file"
is "$(ls -A "$work/full")" "" "files after a failure"
mkdir "$work/directory.prom"
expect 1 weir metrics textfile "$work/directory.prom"
is "$(ls -A "$work/directory.prom")" "" "files after a failure"
expect 1 weir metrics textfile "$work/missing/weir.prom"
has "$err" "No such file" "the message says why"
