// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "plan_said.h"

#include <string.h>

#include "plan_rules.h"

#define SAYS_LISTENER (SAYS_PORTS | SAYS_RATE | SAYS_WINDOW | SAYS_REST)

/* What must be said for a change to be wanted: any of it. */
static unsigned int follows_from(const struct change *change)
{
	static const struct {
		const char *what;
		unsigned int said;
	} parts[] = {
		{ "devices", SAYS_DEVICES },  { "xdp", SAYS_XDP },
		{ "mode", SAYS_MODE },	      { "ports", SAYS_PORTS },
		{ "rate", SAYS_RATE },	      { "burst", SAYS_RATE },
		{ "window", SAYS_WINDOW },    { "added", SAYS_LISTENER },
		{ "renamed", SAYS_LISTENER },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (!strcmp(change->what, parts[i].what))
			return parts[i].said;
	return SAYS_REST;
}

unsigned int plan_print_said(FILE *out, const struct plan *plan, unsigned int said)
{
	unsigned int count = 0, rules = 0;

	for (unsigned int i = 0; i < plan->count; i++) {
		const struct change *change = &plan->changes[i];

		if (!(follows_from(change) & said))
			continue;
		count++;
		if (plan_is_rule(change) && ++rules > PLAN_RULES_SHOWN_MAX)
			continue;
		plan_put(out, change);
		fputc('\n', out);
	}
	if (rules > PLAN_RULES_SHOWN_MAX)
		fprintf(out, "and %u more rules\n", rules - PLAN_RULES_SHOWN_MAX);
	return count;
}
