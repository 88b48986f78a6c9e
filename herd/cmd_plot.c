// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* herd plot RUN.json... svg FILE [title TEXT] */
#include <errno.h>
#include <string.h>

#include "herd/commands.h"
#include "herd/gnuplot.h"
#include "herd/json_plot.h"
#include "herd/plot.h"
#include "herd/say.h"

struct picture {
	struct plot_run runs[PLOT_RUNS_MAX];
	size_t count;
	const char *file;
	const char *title;
};

static void write_script(FILE *script, void *context)
{
	const struct picture *picture = context;

	plot_write(script, picture->runs, picture->count, picture->title);
}

/* Reads the record in @path as one more run. */
static int add_run(struct picture *picture, const char *path)
{
	json_error_t error;
	json_t *record = json_load_file(path, 0, &error);
	const char *why = error.text;
	int err = -EINVAL;

	if (record)
		err = plot_run_read(record, &picture->runs[picture->count], &why);
	json_decref(record);
	if (err)
		say_error("cannot read run '%s': %s", path, err == -EINVAL ? why : strerror(-err));
	else
		picture->count++;
	return err;
}

static enum herd_status draw(struct picture *picture)
{
	int err = gnuplot_draw(picture->file, write_script, picture);

	switch (err) {
	case 0:
		return STATUS_DONE;
	case -ENOEXEC:
		say_error("cannot draw '%s': gnuplot is missing; apt-get install gnuplot-nox",
			  picture->file);
		break;
	case -EPROTO:
		say_error("cannot draw '%s': gnuplot failed; see above", picture->file);
		break;
	default:
		say_error("cannot write '%s': %s", picture->file, strerror(-err));
	}
	return STATUS_FAILED;
}

/* 0, or what is wrong with the words after the runs. */
static const char *parse_tail(struct picture *picture, int argc, char **argv)
{
	if (argc < 2)
		return "say where the picture goes: svg FILE";
	picture->file = argv[1];
	if (argc == 2)
		return NULL;
	if (strcmp(argv[2], "title"))
		return "after the file comes nothing but 'title'";
	if (argc != 4)
		return argc == 3 ? "nothing follows 'title'" : "the title is one word; quote it";
	picture->title = argv[3];
	return NULL;
}

static enum herd_status plot_command(int argc, char **argv)
{
	struct picture picture = { 0 };
	enum herd_status status = STATUS_FAILED;
	const char *why;
	int runs = 0;

	while (runs < argc && strcmp(argv[runs], "svg"))
		runs++;
	why = parse_tail(&picture, argc - runs, argv + runs);
	if (!runs)
		why = "no run; give files written by `herd ... json FILE`";
	else if (runs > PLOT_RUNS_MAX)
		why = "too many runs; at most 8 can be told apart";
	if (why)
		return command_usage(&command_plot, "%s", why);
	for (int i = 0; i < runs; i++)
		if (add_run(&picture, argv[i]))
			goto out;
	status = draw(&picture);
out:
	while (picture.count)
		plot_run_free(&picture.runs[--picture.count]);
	return status;
}

const struct herd_command command_plot = {
	.name = "plot",
	.usage = "plot RUN.json... svg FILE [title TEXT]",
	.summary = "Draw how many devices were connected over time, several runs in one picture",
	.details = "RUN.json is what `herd ... json RUN.json` wrote; at most 8. A run is called by "
		   "its\n"
		   "`label`. The dashed line is the ideal: all devices at the capacity that the "
		   "run was\n"
		   "told by `ideal`. Needs gnuplot.\n",
	.run = plot_command,
};
