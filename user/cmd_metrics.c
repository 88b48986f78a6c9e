// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "file.h"
#include "json_value.h"
#include "log.h"
#include "output.h"
#include "promtext.h"
#include "survey.h"
#include "text.h"

static void write_page(FILE *out, const void *arg)
{
	const struct survey *survey = arg;

	promtext_write(out, survey->snapshots, survey->count, survey->unreadable);
}

static bool is_prom_file(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t len = strlen(name), end = sizeof(".prom") - 1;

	return len > end && !strcmp(name + len - end, ".prom");
}

static enum exit_status metrics(int argc, char **argv)
{
	static const char *const textfile[] = { "textfile", NULL };
	struct survey survey;
	int err;

	if (argc && text_nearest(argv[0], textfile) && strcmp(argv[0], textfile[0]))
		return command_bad_word(&command_metrics, "word", argv[0], textfile);
	if (argc && (argc != 2 || strcmp(argv[0], "textfile")))
		return command_usage(&command_metrics, "only `textfile PATH` may follow");
	/* the textfile collector ignores any other, without a word */
	if (argc && !is_prom_file(argv[1]))
		return command_usage(&command_metrics,
				     "bad path '%s': the node exporter reads NAME.prom files only",
				     argv[1]);
	err = survey_take(&survey, NULL);
	/* the others are written; the page says how many are missing */
	if (survey.unreadable)
		err = 0;
	if (!err && argc)
		err = file_write(argv[1], write_page, &survey);
	else if (!err)
		write_page(stdout, &survey);
	if (!err && argc)
		output_put("file", json_text(argv[1]));
	survey_free(&survey);
	return command_status(err ? -EIO : 0);
}

const struct command command_metrics = {
	.name = "metrics",
	.usage = "[textfile PATH.prom]",
	.summary = "All counters as a Prometheus page, to stdout or for the node exporter",
	.details = "A textfile is replaced as a whole: no reader sees half of it.\n",
	.run = metrics,
};
