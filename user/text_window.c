// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "law.h"
#include "text.h"

#define NS_PER_MS 1000000ULL
#define NS_PER_SEC 1000000000ULL

int text_parse_window(const char *text, uint32_t *window, const char **why)
{
	int result;

	if (!strcmp(text, "auto")) {
		*window = WINDOW_AUTO;
		return 0;
	}
	if (!strcmp(text, "off")) {
		*window = WINDOW_OFF;
		return 0;
	}
	result = text_parse_number(text, 1, LAW_WINDOW_MAX, window, why);
	*why = "is not a window; write auto, off, or a number from 1 to 20000";
	_Static_assert(LAW_WINDOW_MAX == 20000, "the number of the message");
	return result;
}

char *text_window(char *buf, size_t size, uint32_t window)
{
	if (window == WINDOW_AUTO || window == WINDOW_OFF)
		snprintf(buf, size, window == WINDOW_AUTO ? "auto" : "off");
	else
		snprintf(buf, size, "%u", window);
	return buf;
}

int text_parse_target(const char *text, uint64_t *ns, const char **why)
{
	uint64_t parsed_ns;

	if (text_parse_duration(text, &parsed_ns, why)) {
		*why = "is not a time; write one from 5ms to 60s";
		return -EINVAL;
	}
	*why = "is out of range; write a time from 5ms to 60s";
	if (parsed_ns < 5 * NS_PER_MS || parsed_ns > 60 * NS_PER_SEC)
		return -EINVAL;
	*ns = parsed_ns;
	return 0;
}

int text_parse_least_rate(const char *text, struct rate *rate, const char **why)
{
	struct rate parsed;

	if (!strcmp(text, "auto")) {
		*rate = (struct rate){ .unlimited = true };
		return 0;
	}
	if (text_parse_rate(text, &parsed, why))
		return -EINVAL;
	*why = "is no bound; write auto or a rate above 0";
	if (parsed.unlimited || !parsed.count)
		return -EINVAL;
	*rate = parsed;
	return 0;
}

char *text_least_rate(char *buf, size_t size, uint32_t rate, uint16_t per_sec)
{
	const struct limit limit = { .kind = LIMIT_BUCKET, .rate = rate, .rate_per_sec = per_sec };

	if (rate)
		return text_rate(buf, size, &limit);
	snprintf(buf, size, "auto");
	return buf;
}
