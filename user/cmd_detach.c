// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "commands.h"
#include "detach.h"
#include "json_value.h"
#include "log.h"
#include "output.h"
#include "pins.h"

static enum exit_status detach(int argc, char **argv)
{
	struct pins pins;
	bool all;
	int err;

	if (argc > 1)
		return command_usage(&command_detach, "unexpected word '%s'; one NAME at a time",
				     argv[1]);
	if (!argc)
		return command_usage(&command_detach, "which instance? NAME or all");
	all = !strcmp(argv[0], "all");
	if (!all && command_check_name(&command_detach, argv[0]))
		return STATUS_USAGE;
	output_put("detached", json_array());
	err = pins_lock(&pins, false, true);
	if (err == -ENOENT && all)
		return STATUS_DONE;
	if (err && err != -ENOENT)
		return STATUS_FAILED;
	if (err)
		log_error("no instance '%s' is attached; nothing is", argv[0]);
	else
		err = all ? detach_all(&pins) : detach_instance(&pins, argv[0]);
	pins_unlock(&pins);
	return command_status(err);
}

const struct command command_detach = {
	.name = "detach",
	.usage = "NAME | all",
	.summary = "Take weir off its devices and forget limits and counters",
	.details = "Traffic flows on: established connections do not notice.\n",
	.changes = true,
	.run = detach,
};
