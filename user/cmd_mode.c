// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "change.h"
#include "commands.h"
#include "json_value.h"
#include "log.h"
#include "output.h"
#include "text.h"

struct mode_change {
	enum mode wanted;
	enum mode former;
	uint8_t former_origin; /* enum origin */
};

static int set_mode(struct policy *policy, uint64_t now_ns, void *arg)
{
	struct mode_change *change = arg;

	(void)now_ns;
	change->former = policy->mode;
	change->former_origin = policy->mode_origin;
	if (change->former == change->wanted && policy->mode_origin == ORIGIN_RUNTIME)
		return 0;
	policy->mode = change->wanted;
	policy->mode_origin = ORIGIN_RUNTIME;
	return 1;
}

static enum exit_status mode(int argc, char **argv)
{
	struct mode_change change = {};
	int err;

	if (argc > 2)
		return command_usage(&command_mode, "unexpected word '%s'", argv[2]);
	if (argc < 2)
		return command_usage(&command_mode, "it takes a NAME and a mode");
	if (command_check_name(&command_mode, argv[0]))
		return STATUS_USAGE;
	if (!strcmp(argv[1], mode_names[MODE_OBSERVE]))
		change.wanted = MODE_OBSERVE;
	else if (!strcmp(argv[1], mode_names[MODE_ENFORCE]))
		change.wanted = MODE_ENFORCE;
	else
		return command_bad_word(&command_mode, "mode", argv[1], mode_names);
	err = change_policy(argv[0], set_mode, &change);
	if (err)
		return command_status(err);
	log_done("%s: mode %s%s", argv[0], mode_names[change.wanted],
		 change.former == change.wanted ? ", as before" : "");
	output_put("instance", json_text(argv[0]));
	output_put("mode", json_string(mode_names[change.wanted]));
	output_put("mode_origin", json_string(origin_names[ORIGIN_RUNTIME]));
	output_put("former_mode", json_string(text_word(mode_names, change.former)));
	output_put("former_mode_origin",
		   json_string(text_word(origin_names, change.former_origin)));
	output_put("changed", json_boolean(change.former != change.wanted));
	return STATUS_DONE;
}

const struct command command_mode = {
	.name = "mode",
	.usage = "NAME observe|enforce",
	.summary = "Count only, or drop what is over the limits",
	.details = "observe  passes everything and counts what enforce would have done\n"
		   "enforce  drops new connections over a limit\n",
	.changes = true,
	.run = mode,
};
