// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "delay_max.h"
#include "text.h"

#define NS_PER_MS 1000000ULL
#define NS_PER_SEC 1000000000ULL

int text_parse_delay_max(const char *text, uint64_t *ns, const char **why)
{
	uint64_t parsed_ns;

	if (!strcmp(text, "auto")) {
		*ns = DELAY_MAX_AUTO;
		return 0;
	}
	if (text_parse_duration(text, &parsed_ns, why)) {
		*why = "is not a time; write auto, or a time from 100ms to 60s";
		return -EINVAL;
	}
	*why = "is out of range; write auto, or a time from 100ms to 60s";
	_Static_assert(DELAY_MAX_LEAST_NS == 100 * NS_PER_MS &&
			       DELAY_MAX_MOST_NS == 60 * NS_PER_SEC,
		       "the numbers of the messages");
	if (parsed_ns < DELAY_MAX_LEAST_NS || parsed_ns > DELAY_MAX_MOST_NS)
		return -EINVAL;
	*ns = parsed_ns;
	return 0;
}

char *text_delay_max(char *buf, size_t size, uint64_t ns)
{
	if (ns == DELAY_MAX_AUTO)
		snprintf(buf, size, "auto");
	else if (ns % NS_PER_SEC)
		snprintf(buf, size, "%" PRIu64 "ms", (uint64_t)(ns / NS_PER_MS));
	else
		snprintf(buf, size, "%" PRIu64 "s", (uint64_t)(ns / NS_PER_SEC));
	return buf;
}
