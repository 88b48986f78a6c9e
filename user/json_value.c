// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "json_value.h"

#include <string.h>

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* Length of the UTF-8 character at @bytes as in RFC 3629, table 3-7 of the Unicode standard: no
 * surrogates, nothing above U+10FFFF, nothing longer than need be. 0: there is none. */
static size_t character_length(const unsigned char *bytes)
{
	unsigned char first = bytes[0], low = 0x80, high = 0xbf;
	size_t len;

	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	len = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	if (bytes[1] < low || bytes[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

json_t *json_text(const char *bytes)
{
	const size_t most = sizeof(replacement) - 1; /* that one byte becomes */
	json_malloc_t allocate;
	json_free_t release;
	json_t *value;
	size_t used = 0;
	char *text;

	json_get_alloc_funcs(&allocate, &release);
	text = allocate(strlen(bytes) * most + 1);
	if (!text)
		return NULL;
	while (*bytes) {
		size_t len = character_length((const unsigned char *)bytes);

		memcpy(text + used, len ? bytes : replacement, len ? len : most);
		used += len ? len : most;
		bytes += len ? len : 1;
	}
	value = json_stringn_nocheck(text, used);
	release(text);
	return value;
}

json_t *json_count(uint64_t count)
{
	return json_integer(count > INT64_MAX ? INT64_MAX : (json_int_t)count);
}
