// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>
#include <string.h>

#include "herd/commands.h"
#include "herd/json_file.h"
#include "herd/json_join.h"
#include "herd/say.h"

#define RUNS_MAX 256

static json_t *read_run(const char *name)
{
	json_error_t error;
	json_t *json = json_load_file(name, 0, &error);

	if (json)
		return json;
	if (error.line > 0)
		say_error("cannot join '%s': line %d: %s; give what `json FILE` has written", name,
			  error.line, error.text);
	else
		say_error("cannot join '%s': %s", name, error.text);
	return NULL;
}

static enum herd_status join(char **names, size_t count, struct json_file *output)
{
	json_t *runs[RUNS_MAX] = { NULL }, *joined = NULL;
	enum herd_status status = STATUS_FAILED;
	struct json_join_error error;
	size_t read = 0;

	while (read < count && (runs[read] = read_run(names[read])))
		read++;
	if (read == count)
		joined = json_join(runs, count, &error);
	if (joined && !json_file_write(output, joined, JSON_INDENT(1) | JSON_REAL_PRECISION(15)))
		status = STATUS_DONE;
	else if (!joined && read == count && error.other != JSON_JOIN_NONE)
		say_error("cannot join '%s' with '%s': %s", names[error.other], names[error.wrong],
			  error.why);
	else if (!joined && read == count)
		say_error("cannot join '%s': %s", names[error.wrong], error.why);
	while (read--)
		json_decref(runs[read]);
	return status;
}

static enum herd_status join_command(int argc, char **argv)
{
	const char *name = "-";
	struct json_file output;
	enum herd_status status;

	if (argc >= 2 && !strcmp(argv[argc - 2], "json")) {
		name = argv[argc - 1];
		argc -= 2;
	}
	if (argc && !strcmp(argv[argc - 1], "json"))
		return command_usage(&command_join, "'json' needs a file after it");
	if (argc < 1)
		return command_usage(&command_join, "nothing to join; name the records");
	if (argc > RUNS_MAX)
		return command_usage(&command_join, "too many records; at most %d", RUNS_MAX);
	if (json_file_open(&output, name))
		return STATUS_FAILED;
	status = join(argv, (size_t)argc, &output);
	json_file_drop(&output);
	return status;
}

const struct herd_command command_join = {
	.name = "join",
	.usage = "join RUN.json ... [json FILE]",
	.summary = "Make one record of those of several processes, to standard output or a file",
	.run = join_command,
};
