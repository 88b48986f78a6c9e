// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "herd/commands.h"

static enum herd_status join_command(int argc, char **argv)
{
	(void)argc, (void)argv;
	return command_usage(&command_join, "not yet");
}

const struct herd_command command_join = {
	.name = "join",
	.usage = "join RUN.json ... [json FILE]",
	.summary = "Several processes' reports into one",
	.run = join_command,
};
