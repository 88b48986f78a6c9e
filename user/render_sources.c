// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <inttypes.h>
#include <string.h>

#include "render.h"

#define PREFIX_TEXT_MAX 64

struct widths {
	int prefix;
	int listener;
};

static void widen(struct widths *widths, const struct policy *policy, const struct top_list *list)
{
	char prefix[PREFIX_TEXT_MAX], label[LABEL_MAX];

	for (unsigned int i = 0; i < list->count; i++) {
		const struct top_row *row = &list->rows[i];
		int prefix_width = (int)strlen(
			text_prefix(prefix, sizeof(prefix), &row->prefix, row->prefix_len));
		int listener_width = (int)strlen(snapshot_top_label(label, policy, row));

		if (prefix_width > widths->prefix)
			widths->prefix = prefix_width;
		if (listener_width > widths->listener)
			widths->listener = listener_width;
	}
}

static void put_list(FILE *out, const struct policy *policy, const struct top_list *list,
		     const struct widths *widths)
{
	char prefix[PREFIX_TEXT_MAX], label[LABEL_MAX];

	for (unsigned int i = 0; i < list->count; i++) {
		const struct top_row *row = &list->rows[i];
		bool own = row->level == LEVEL_RULE;

		fprintf(out, "%-6s  %-*s  %-*s  %10" PRIu64 "  %8" PRIu64 "%s\n",
			level_names[own ? LEVEL_SOURCE : row->level], widths->prefix,
			text_prefix(prefix, sizeof(prefix), &row->prefix, row->prefix_len),
			widths->listener, snapshot_top_label(label, policy, row), row->refused,
			row->at_most - row->refused, own ? "  by a limit of its own" : "");
	}
}

void render_sources(FILE *out, const struct snapshot *snapshot)
{
	const struct top *top = &snapshot->top;
	struct widths widths = { sizeof("PREFIX") - 1, sizeof("LISTENER") - 1 };

	widen(&widths, snapshot->policy, &top->sources);
	widen(&widths, snapshot->policy, &top->sites);
	fprintf(out, "%-6s  %-*s  %-*s  %10s  %8s\n", "LEVEL", widths.prefix, "PREFIX",
		widths.listener, "LISTENER", "REFUSED", "+/-");
	put_list(out, snapshot->policy, &top->sources, &widths);
	put_list(out, snapshot->policy, &top->sites, &widths);
	if (top->others_at_most)
		fprintf(out, "%-6s  %-*s  %-*s  %10" PRIu64 "  at most, each\n", "other",
			widths.prefix, "", widths.listener, "", top->others_at_most);
}
