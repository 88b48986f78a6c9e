# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Holds a document to the rows of keys.awk, given as $rows. Prints "seen ROW" for every documented
# key that is there, and "PATH: WHAT IS WRONG".
def leaf: .path | sub("^.*[.]"; "");
def parent: .path | if test("[.]") then sub("[.][^.]*$"; "") else "" end;

def is_integer: type == "number" and floor == .;

# An object whose keys are those of $own that stand below $prefix.
def object($prefix; $own; $shown; value):
	. as $object
	| ($own | map(select(parent == $prefix))) as $mine
	| ($mine | map({ (leaf): . }) | add // {}) as $by
	| (keys[] | select($by[.] == null) | "\($shown).\(.): is not documented"),
	  ($mine[]
	   | . as $row
	   | leaf as $key
	   | if ($object | has($key)) then
		"seen \(.row)",
		([$object[$key], $row.kind, .path, $own, "\($shown).\($key)", $row.words] | value)
	     elif .optional or (.commands and any(1, 2, 3; . == $object.status)) then empty
	     else "\($shown).\($key): is missing" end);

# [value, kind, path in the table, table, path in the document, words]
def value:
	. as [$value, $kind, $path, $own, $shown, $words]
	| if $kind | endswith("[]") then
		if ($value | type) != "array" then "\($shown): is \($value | type), not an array"
		else range($value | length) as $i
		| [$value[$i], $kind[:-2], "\($path)[]", $own, "\($shown)[\($i)]", $words] | value end
	  elif $kind == "object" then
		if ($value | type) != "object" then "\($shown): is \($value | type), not an object"
		else $value | object($path; $own; $shown; value) end
	  elif $kind == "integer" then
		if $value | is_integer then empty else "\($shown): is no integer" end
	  elif $kind == "word" then
		if any($words[]; . == $value) then empty
		else "\($shown): \($value | tojson) is none of \($words | join(", "))" end
	  elif any($kind | split("/")[]; . == ($value | type)) then empty
	  else ($rows | map(select(.type == $kind))) as $parts
	  | if $parts == [] then "\($shown): is \($value | type), not \($kind)"
	    elif ($value | type) != "object" then "\($shown): is \($value | type), not an object"
	    else $value | object(""; $parts; $shown; value) end
	  end;

(.command // "") as $command
| ($rows | map(select(.type == null and (.commands == null or any(.commands[]; . == $command)))))
	as $own
| object(""; $own; ""; value)
