// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A file as the state that is wanted: what it would change, and making it so. */
#include <stdio.h>
#include <string.h>

#include "apply.h"
#include "commands.h"
#include "file.h"
#include "json_plan.h"
#include "json_value.h"
#include "log.h"
#include "output.h"
#include "plan_rules.h"
#include "text.h"
#include "unserved.h"

struct words {
	const char *file;
	const char *name; /* NULL: not said */
	bool reset;
};

/* FILE [NAME] [reset] */
static enum exit_status parse_words(const struct command *command, struct words *words, int argc,
				    char **argv)
{
	static const char *const reset[] = { "reset", NULL };

	*words = (struct words){};
	if (!argc)
		return command_usage(command, "which FILE?");
	words->file = argv[0];
	words->reset = argc > 1 && !strcmp(argv[argc - 1], reset[0]);
	argc -= words->reset;
	if (argc > 2) {
		bool is_reset = !strcmp(argv[2], reset[0]);
		/* one that is last is not counted: something follows */
		const char *extra = argv[2 + is_reset];

		return !is_reset && text_nearest(extra, reset)
			       ? command_bad_word(command, "word", extra, reset)
			       : command_usage(command, "unexpected word '%s'", extra);
	}
	words->name = argc == 2 ? argv[1] : NULL;
	if (words->name && command_check_name(command, words->name))
		return STATUS_USAGE;
	return STATUS_DONE;
}

static enum exit_status run(const struct command *command, int argc, char **argv,
			    int (*act)(const struct apply_request *request, struct plan *plan),
			    enum exit_status (*report)(const struct plan *plan))
{
	struct apply_request request = {};
	struct config config;
	struct words words;
	struct plan plan;
	enum exit_status status = parse_words(command, &words, argc, argv);

	if (status)
		return status;
	if (file_read_config(&config, words.file))
		return STATUS_FAILED;
	request.name = words.name;
	request.config = &config;
	request.reset = words.reset;
	status = command_status(act(&request, &plan));
	if (!status)
		status = report(&plan);
	if (status == STATUS_DONE || status == STATUS_CHANGES) {
		output_put("instance", json_text(plan.name));
		output_put("changes", json_changes(plan.changes, plan.count));
	}
	plan_free(&plan);
	config_free(&config);
	return status;
}

static enum exit_status report_planned(const struct plan *plan)
{
	if (!output_is_json())
		plan_print(stdout, plan);
	if (!plan->count)
		log_done("%s: as the file says", plan->name);
	return plan->of_kind[CHANGE_LIVE] ? STATUS_CHANGES : STATUS_DONE;
}

static enum exit_status diff(int argc, char **argv)
{
	return run(&command_diff, argc, argv, apply_look, report_planned);
}

const struct command command_diff = {
	.name = "diff",
	.usage = "FILE [NAME] [reset]",
	.summary = "What would `weir apply` change? Changes nothing",
	.details =
		"Each line begins with what becomes of the difference:\n"
		"live    apply puts the file's value in force\n"
		"kept    set at runtime, by `weir limit`, `mode`, `allow` or `block`; apply keeps\n"
		"        it, and with reset it follows the file again\n"
		"reload  apply cannot change it on a running instance; the line says what can\n"
		"NAME may be left out when the file names a device of the instance, or when\n"
		"it names none and only one instance runs here.\n"
		"Exit status 4 if apply would change something, 0 if not.\n",
	.run = diff,
};

static void report_change(const struct plan *plan, const struct change *change)
{
	if (change->kind == CHANGE_LIVE)
		log_done("%s: [%s] %s: %s (was %s)", plan->name, change->where, change->what,
			 change->wanted, change->in_force);
	else if (change->kind == CHANGE_KEPT)
		log_done("%s: [%s] %s: %s kept, set at runtime; the file says %s", plan->name,
			 change->where, change->what, change->in_force, change->wanted);
	else
		log_warning("cannot change '%s' of '%s' while it runs: %s in force, %s wanted; %s",
			    change->what, plan->name, change->in_force, change->wanted,
			    change->todo);
}

static enum exit_status report_made(const struct plan *plan)
{
	const unsigned int made = plan->of_kind[CHANGE_LIVE];
	unsigned int rules = 0;

	for (unsigned int i = 0; i < plan->count; i++) {
		const struct change *change = &plan->changes[i];

		rules += change->kind == CHANGE_LIVE && plan_is_rule(change);
		if (change->kind != CHANGE_LIVE || !plan_is_rule(change) ||
		    rules <= PLAN_RULES_SHOWN_MAX)
			report_change(plan, change);
	}
	if (rules > PLAN_RULES_SHOWN_MAX)
		log_done("%s: and %u more rules", plan->name, rules - PLAN_RULES_SHOWN_MAX);
	unserved_report(plan->name, log_warning);
	output_put("changed", json_boolean(made));
	if (made)
		log_done("%s: %u change%s made", plan->name, made, made == 1 ? "" : "s");
	else
		log_done("%s: nothing to change", plan->name);
	return STATUS_DONE;
}

static enum exit_status apply(int argc, char **argv)
{
	return run(&command_apply, argc, argv, apply_make, report_made);
}

const struct command command_apply = {
	.name = "apply",
	.usage = "FILE [NAME] [reset]",
	.summary = "Make a running instance what the file says, at once",
	.details =
		"Nothing is changed unless the whole file is right. Counters and buckets go "
		"on;\n"
		"a listener may move in the file, and even be renamed as long as it keeps a "
		"port.\n"
		"Limits, mode and rules that were set at runtime stay, unless reset is said. What\n"
		"cannot change on a running instance is warned of: `weir diff` shows it, too.\n"
		"NAME may be left out when the file names a device of the instance, or when\n"
		"it names none and only one instance runs here.\n",
	.changes = true,
	.run = apply,
};
