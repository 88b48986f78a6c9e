# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The tables of docs/json.md as a JSON array: {row, commands, type, path, kind, optional, words}.
# commands null: every one; type: of which it describes the parts, or null.
BEGIN { FS = " *[|] *"; print "[" }
/^## / {
	section = $0
	sub(/^## /, "", section)
	commands = type = "null"
	if (section ~ /`/) {
		commands = section
		gsub(/`/, "\"", commands)
		commands = "[" commands "]"
	} else if (section != "Every command") {
		type = "\"" section "\""
	}
}
/^[|] `/ {
	path = $2
	gsub(/`/, "", path)
	kind = $3
	optional = sub(/[?]$/, "", kind) ? "true" : "false"
	words = ""
	rest = $5
	while (match(rest, /`[a-z_]+`/)) {
		words = words (words == "" ? "" : ",") "\"" substr(rest, RSTART + 1, RLENGTH - 2) "\""
		rest = substr(rest, RSTART + RLENGTH)
	}
	printf "%s{\"row\":%d,\"commands\":%s,\"type\":%s,\"path\":\"%s\",\"kind\":\"%s\",\"optional\":%s,\"words\":[%s]}\n",
		rows++ ? "," : "", NR, commands, type, path, kind, optional, words
}
END { print "]" }
