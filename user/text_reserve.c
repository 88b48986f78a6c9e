// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

int text_parse_reserve(const char *text, uint16_t *reserve, const char **why)
{
	char *end;
	double share;

	if (!strcmp(text, "auto")) {
		*reserve = RESERVE_AUTO;
		return 0;
	}
	*why = "is not a share of the burst; write auto, or a number from 0 to 1 such as 0.5";
	/* no sign, exponent, hexadecimal or infinity */
	if (!*text || text[strspn(text, "0123456789.")])
		return -EINVAL;
	share = strtod(text, &end);
	if (*end || !(share >= 0 && share <= 1))
		return -EINVAL;
	*reserve = (uint16_t)(share * RESERVE_ALL + 0.5);
	return 0;
}

char *text_reserve(char *buf, size_t size, uint16_t reserve)
{
	if (reserve > RESERVE_ALL)
		snprintf(buf, size, "auto");
	else
		snprintf(buf, size, "%.3g", (double)reserve / RESERVE_ALL);
	return buf;
}
