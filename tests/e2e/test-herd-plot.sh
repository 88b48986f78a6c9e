#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A picture of runs: well-formed SVG with a line for each, and nothing written when it cannot be.
source "$(dirname "$0")/lib.sh"
herd=$build/herd

run_record() { # FILE LABEL CONNECTED T100
	jq -n --arg name "$2" --argjson connected "$3" --argjson t100 "$4" '{schema: 1,
		label: $name, devices: 100, connected: $connected, capacity: 50, t100: $t100,
		series: [range(3) | {second: ., connected: ((. + 1) * $connected / 3 | floor)}]}' >"$1"
}

cd "$work"
run_record stalled.json 'no <limit> & "none"' 30 null
run_record done.json "it's weir" 100 2.9

expect 0 "$herd" plot stalled.json done.json svg two.svg title 'A storm'
xmllint --noout two.svg || fail "not well formed"
text=$(xmllint --xpath '//*[local-name()="text"]' two.svg)
has "$text" 'no &lt;limit&gt; &amp;' "the first run's label"
has "$text" "it's weir: all after 2.9 s" "the second run's label"
has "$text" 'A storm' "the title"
has "$text" 'ideal: 100 at 50/s, 2.0 s' "the ideal"
has "$text" 'seconds since the start' "the axis"
is "$(find . -name 'two.svg*' | wc -l)" 1 "files left beside the picture"

# A picture that cannot be drawn anew stays as it was.
cp two.svg before.svg
echo '{"schema": 1}' >half.json
echo 'not JSON' >text.json
expect 1 "$herd" plot done.json half.json svg two.svg
has "$err" "cannot read run 'half.json': not the record of a run" "a file of something else"
expect 1 "$herd" plot text.json svg two.svg
has "$err" "cannot read run 'text.json'" "no JSON"
expect 1 "$herd" plot missing.json svg two.svg
has "$err" "missing.json" "no such file"
mkdir empty
expect 1 env PATH="$work/empty" "$herd" plot done.json svg two.svg
has "$err" 'gnuplot is missing; apt-get install gnuplot-nox' "no gnuplot"
printf '#!/bin/sh\necho no terminal >&2\nexit 3\n' >empty/gnuplot
chmod 0755 empty/gnuplot
expect 1 env PATH="$work/empty:$PATH" "$herd" plot done.json svg two.svg
has "$err" 'gnuplot failed' "a gnuplot that fails"
cmp two.svg before.svg || fail "the picture was changed"
expect 1 "$herd" plot done.json svg nowhere/two.svg
has "$err" "cannot write 'nowhere/two.svg': No such file or directory" "no such directory"
is "$(find . -name 'two.svg?*' | wc -l)" 0 "files left beside the picture"

expect 2 "$herd" plot
has "$err" 'herd plot RUN.json... svg FILE' "no words"
expect 2 "$herd" plot done.json
has "$err" 'svg FILE' "no file"
expect 2 "$herd" plot svg two.svg
expect 2 "$herd" plot done.json svg
expect 2 "$herd" plot done.json svg two.svg title
expect 2 "$herd" plot done.json svg two.svg title A storm
expect 2 "$herd" plot done.json svg two.svg tilte x
expect 2 "$herd" plot done.json done.json done.json done.json done.json done.json done.json \
	done.json done.json svg two.svg
has "$err" 'at most 8' "more runs than colours"
