# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Samples, ratios within a round, medians, and the table. Sourced by tests/bench/run.
# shellcheck shell=bash disable=SC2154,SC2034

missed=0 # set when a bar is; the exit status

sample() { # FIGURE CONTESTANT VALUE
	echo "$1 $2 $3" >>"$samples"
}

samples() { # FIGURE CONTESTANT: its values, round by round
	awk -v figure="$1" -v who="$2" '$1 == figure && $2 == who { print $3 }' "$samples"
}

# A / B in each round; with BASE, what each costs over it.
ratios() { # FIGURE A B [BASE]
	paste -d' ' <(samples "$1" "$2") <(samples "$1" "$3") <(samples "$1" "${4:--}") |
		awk 'NF >= 2 && $2 - $3 { printf "%.4f\n", ($1 - $3) / ($2 - $3) }'
}

# What A costs over B in each round, in units of C.
costs() { # FIGURE A B C
	paste -d' ' <(samples "$1" "$2") <(samples "$1" "$3") <(samples "$1" "$4") |
		awk 'NF == 3 { printf "%.4f\n", ($1 - $2) / $3 }'
}

spread() { # values on stdin: MEDIAN MIN MAX COUNT
	sort -g | awk '{ v[NR] = $1 }
		END {
			if (!NR)
				exit 1
			middle = int((NR + 1) / 2)
			print (v[middle] + v[NR + 1 - middle]) / 2, v[1], v[NR], NR
		}'
}

heading() {
	printf '%-58s %10s  %-23s %9s\n' "$@"
}

# One row: the median against its bar; counted as missed when it is on the wrong side.
row() { # FIGURE TEXT <=|>= BAR; values on stdin
	local median min max count verdict=ok

	read -r median min max count < <(spread) || die "$1: no samples"
	if ! awk -v a="$median" -v op="$3" -v b="$4" \
		'BEGIN { exit !(op == "<=" ? a <= b : a >= b) }'; then
		verdict=MISSED
		missed=1
	fi
	printf '%-58s %10.4g  %-23s %2s %-6g %s\n' "$2" "$median" \
		"$(printf '%.4g .. %.4g' "$min" "$max")" "$3" "$4" "$verdict"
	printf '{"figure":"%s","what":"%s","median":%s,"min":%s,"max":%s,"rounds":%s,%s}\n' \
		"$1" "$2" "$median" "$min" "$max" "$count" \
		"\"bar\":\"$3 $4\",\"met\":$([[ $verdict == ok ]] && echo true || echo false)" \
		>>"$json"
}

# The absolute values behind the ratios: they do not travel from machine to machine.
note() { # FIGURE CONTESTANT FACTOR UNIT
	local median min max count

	read -r median min max count < <(samples "$1" "$2" | spread) || die "$1: no samples of $2"
	awk -v who="$2" -v k="$3" -v unit="$4" -v a="$median" -v b="$min" -v c="$max" \
		'BEGIN { printf "    %-24s %8.4g %-6s (%.4g .. %.4g)\n", who, a * k, unit, b * k, c * k }'
	printf '{"figure":"%s","contestant":"%s","median":%s,"min":%s,"max":%s,"rounds":%s}\n' \
		"$1" "$2" "$median" "$min" "$max" "$count" >>"$json"
}
