// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "file.h"
#include "instance.h"
#include "locate.h"
#include "log.h"
#include "pins.h"
#include "run.h"

struct names {
	char name[RUN_INSTANCES_MAX][INSTANCE_NAME_MAX];
	unsigned int count;
};

static int add_name(struct names *names, const char *name)
{
	for (unsigned int i = 0; i < names->count; i++)
		if (!strcmp(names->name[i], name))
			return 0;
	if (names->count == RUN_INSTANCES_MAX)
		return -E2BIG;
	snprintf(names->name[names->count++], INSTANCE_NAME_MAX, "%s", name);
	return 0;
}

static int add_mine(struct instance *instance, void *arg)
{
	return add_name(arg, instance->name);
}

static void pass_other(const struct instance *instance, int err, void *arg)
{
	(void)arg;
	if (err != -EXDEV)
		log_warning("passed over '%s': %s", instance->name, log_reason(err));
}

/* The instance of the file, or all there are. */
static int find_names(struct names *names, const struct config *config)
{
	char name[INSTANCE_NAME_MAX];
	struct pins pins;
	int err = pins_lock(&pins, false, false);

	if (err == -ENOENT)
		locate_none(NULL);
	if (err)
		return err;
	if (config) {
		err = locate_instance(&pins, config, name);
		if (!err)
			err = add_name(names, name);
	} else {
		err = instance_each(&pins, add_mine, pass_other, names);
		if (!err && !names->count) {
			locate_none(NULL);
			err = -ENOENT;
		}
	}
	pins_unlock(&pins);
	return err;
}

static int read_words(int argc, char **argv, struct names *names, const char **file)
{
	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "config") && i + 1 < argc && !*file) {
			*file = argv[++i];
			continue;
		}
		if (command_check_name(&command_run, argv[i]))
			return -EINVAL;
		if (add_name(names, argv[i]))
			return -EINVAL;
	}
	return 0;
}

static enum exit_status run_command(int argc, char **argv)
{
	const char *pointers[RUN_INSTANCES_MAX], *file = NULL;
	struct names names = {};
	struct config config;
	int err = 0;

	if (read_words(argc, argv, &names, &file))
		return STATUS_USAGE;
	if (file) {
		if (file_read_config(&config, file))
			return STATUS_FAILED;
		if (!names.count)
			err = find_names(&names, &config);
	} else if (!names.count) {
		err = find_names(&names, NULL);
	}
	for (unsigned int i = 0; i < names.count; i++)
		pointers[i] = names.name[i];
	if (!err)
		err = run(&(struct run_request){
			.names = pointers,
			.count = names.count,
			.file = file,
			.config = file ? &config : NULL,
		});
	if (file)
		config_free(&config);
	return command_status(err);
}

const struct command command_run = {
	.name = "run",
	.usage = "[config FILE] [NAME...]",
	.summary = "Serve instances, in the foreground: hold SYNs where excess = delay, and\n"
		   "control how many connections may be in set-up where window = auto",
	.details = "All instances of this network namespace if none is named; with a file, the one "
		   "on\n"
		   "its devices. The signals of the file are followed; at SIGHUP it is read again "
		   "and\n"
		   "applied: a wrong one changes nothing. Ends with SIGINT or SIGTERM, and when "
		   "the last\n"
		   "instance is detached. While nothing serves an instance, its excess is "
		   "dropped, and\n"
		   "fallback-rate takes the place of the window.\n",
	.run = run_command,
};
