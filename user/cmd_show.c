// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "log.h"
#include "render.h"
#include "survey.h"

struct page {
	const char *name;
	void (*render)(FILE *out, const struct snapshot *snapshot);
};

static const struct page pages[] = {
	{ "status", render_status },
	{ "limits", render_limits },
	{ "counters", render_counters },
	{ "sources", render_sources },
	{},
};

static const struct page *find_page(const char *name)
{
	for (const struct page *page = pages; page->name; page++)
		if (!strcmp(page->name, name))
			return page;
	return NULL;
}

static enum exit_status show(int argc, char **argv)
{
	const struct page *page = argc ? find_page(argv[0]) : NULL;
	const char *name = argc > !!page ? argv[!!page] : NULL;
	struct survey survey;
	int err;

	if (argc > 1 && !page)
		return command_usage(&command_show,
				     "unknown page '%s': status, limits, counters or sources",
				     argv[0]);
	if (argc > 1 + !!page)
		return command_usage(&command_show, "unexpected word '%s'", argv[1 + !!page]);
	if (name && command_check_name(&command_show, name))
		return STATUS_USAGE;
	err = survey_take(&survey, name);
	if (!err && !survey.count)
		log_done("weir is not attached to any device here; see `weir help attach`");
	for (unsigned int i = 0; i < survey.count; i++) {
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
	.usage = "[status|limits|counters|sources] [NAME]",
	.summary = "What is attached, what it admits and what it has done",
	.details =
		"status    one screen: devices, mode, what was admitted and refused\n"
		"limits    every limit, and the tokens that are left\n"
		"counters  every frame seen, by reason; the total is their sum\n"
		"sources   the 20 sources and the 20 sites refused most in the last minute; the\n"
		"          true count is REFUSED, give or take what stands beside it\n",
	.run = show,
};
