// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "json_instance.h"
#include "log.h"
#include "output.h"
#include "render.h"
#include "survey.h"
#include "text.h"

struct page {
	const char *name;
	void (*render)(FILE *out, const struct snapshot *snapshot);
};

static const struct page pages[] = {
	{ "status", render_status },	 { "limits", render_limits },
	{ "counters", render_counters }, { "rules", render_rules },
	{ "sources", render_sources },	 { "queue", render_queue },
	{ "signals", render_signals },	 {},
};

static const struct page *find_page(const char *name)
{
	for (const struct page *page = pages; page->name; page++)
		if (!strcmp(page->name, name))
			return page;
	return NULL;
}

#define PAGES_COUNT (sizeof(pages) / sizeof(pages[0]))

static enum exit_status show(int argc, char **argv)
{
	const struct page *page = argc ? find_page(argv[0]) : NULL;
	const char *name = argc > !!page ? argv[!!page] : NULL;
	const char *names[PAGES_COUNT], *nearest;
	struct survey survey;
	int err;

	for (size_t i = 0; i < PAGES_COUNT; i++)
		names[i] = pages[i].name;
	if (argc > 1 && !page)
		return command_bad_word(&command_show, "page", argv[0], names);
	if (argc > 1 + !!page)
		return command_usage(&command_show, "unexpected word '%s'", argv[1 + !!page]);
	if (name && command_check_name(&command_show, name))
		return STATUS_USAGE;
	err = survey_take(&survey, name);
	/* one word may be either */
	nearest = err == -ENOENT && name && !page ? text_nearest(name, names) : NULL;
	if (nearest)
		log_error("'%s' is no page, either; did you mean '%s'?", name, nearest);
	if (!err && !survey.count)
		log_done("weir is not attached to any device here; see `weir help attach`");
	/* every page is part of it */
	if (output_is_json())
		output_put("instances", json_instances(survey.snapshots, survey.count));
	for (unsigned int i = 0; !output_is_json() && i < survey.count; i++) {
		if (i)
			putchar('\n');
		(page ? page : pages)->render(stdout, &survey.snapshots[i]);
	}
	if (survey.elsewhere)
		log_warning("passed over what is attached in another network namespace (%u); "
			    "`weir -v show` names it",
			    survey.elsewhere);
	survey_free(&survey);
	return command_status(err);
}

const struct command command_show = {
	.name = "show",
	.usage = "[status|limits|counters|rules|sources|queue|signals] [NAME]",
	.summary = "What is attached, what it admits and what it has done",
	.details =
		"status    one screen: devices, mode, what was admitted and refused\n"
		"limits    every limit, and the tokens that are left\n"
		"counters  every frame seen, by reason; the total is their sum\n"
		"rules     prefixes that are allowed, blocked or have limits of their own; SET BY\n"
		"          runtime: by command, so not in the file\n"
		"sources   the 20 sources and the 20 sites refused most in the last minute; the\n"
		"          true count is REFUSED, give or take what stands beside it\n"
		"queue     where excess = delay: SYNs held, what became of them, and why others\n"
		"          were not held\n"
		"signals   where there is a window: how large, why, and what that follows from\n",
	.run = show,
};
