// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>

#include "commands.h"
#include "file.h"
#include "json_value.h"
#include "log.h"
#include "output.h"

static enum exit_status check(int argc, char **argv)
{
	struct config config;
	char prefix[64];
	int err;

	if (argc > 1)
		return command_usage(&command_check, "unexpected word '%s'", argv[1]);
	if (!argc)
		return command_usage(&command_check, "which FILE?");
	output_put("file", json_text(argv[0]));
	err = file_read_config(&config, argv[0]);
	if (err)
		return STATUS_FAILED;
	output_put("listeners", json_array());
	for (unsigned int i = 0; i < config.listeners_count; i++)
		output_append("listeners", json_text(config.listeners[i].name));
	output_put("prefixes", json_array());
	for (unsigned int i = 0; i < config.rules_count; i++)
		output_append("prefixes", json_text(text_source(prefix, sizeof(prefix),
								&config.rules[i].source.prefix,
								config.rules[i].source.len)));
	log_done("%s: right, %u listener%s, %u prefix rule%s", argv[0], config.listeners_count,
		 config.listeners_count == 1 ? "" : "s", config.rules_count,
		 config.rules_count == 1 ? "" : "s");
	config_free(&config);
	return STATUS_DONE;
}

const struct command command_check = {
	.name = "check",
	.usage = "FILE",
	.summary = "Is this configuration right? Changes nothing",
	.details = "Every error is named with its line. The format is in weir.conf(5).\n",
	.run = check,
};
