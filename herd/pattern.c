// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/pattern.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int pattern_check(const char *pattern)
{
	while ((pattern = strchr(pattern, '%'))) {
		if (pattern[1] != 'd' && pattern[1] != '%')
			return -EINVAL;
		pattern += 2;
	}
	return 0;
}

int pattern_expand(char *buf, size_t size, const char *pattern, uint32_t number)
{
	size_t used = 0;

	for (; *pattern; pattern++) {
		if (*pattern == '%' && *++pattern == 'd') {
			int len = snprintf(buf + used, size - used, "%u", number);

			used += (size_t)len;
		} else if (used < size) {
			buf[used++] = *pattern;
		}
		if (used >= size)
			return -ENAMETOOLONG;
	}
	buf[used] = '\0';
	return 0;
}
