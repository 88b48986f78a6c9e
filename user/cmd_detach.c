// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "absent.h"
#include "commands.h"
#include "json_value.h"
#include "log.h"
#include "output.h"
#include "pins.h"

static int detach_one(const struct pins *pins, const char *name)
{
	int err = pins_remove(pins, name);

	if (err)
		log_error("cannot detach '%s' completely: %s; run it again", name, log_reason(err));
	else
		log_done("detached %s: its limits and counters are gone", name);
	if (!err)
		output_append("detached", json_text(name));
	return err;
}

static int detach_each(const char *name, void *arg)
{
	detach_one(arg, name);
	return 0;
}

static int count_each(const char *name, void *arg)
{
	(void)name;
	++*(int *)arg;
	return 0;
}

static int detach_all(const struct pins *pins)
{
	int left = 0, err;

	err = pins_each_instance(pins, detach_each, (void *)pins);
	if (!err)
		err = pins_each_instance(pins, count_each, &left);
	if (err)
		log_error("cannot read '%s': %s", pins->root, log_reason(err));
	return err || left ? -EIO : 0;
}

static enum exit_status detach(int argc, char **argv)
{
	char text[ABSENT_TEXT_MAX];
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
	if (err) {
		log_error("no instance '%s' is attached; nothing is", argv[0]);
	} else if (!all && !pins_exists(&pins, argv[0], NULL)) {
		log_error("%s", absent_text(text, &pins, argv[0]));
		err = -ENOENT;
	} else if (all) {
		err = detach_all(&pins);
	} else {
		err = detach_one(&pins, argv[0]) ? -EIO : 0;
	}
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
