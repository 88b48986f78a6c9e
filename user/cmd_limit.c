// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "change.h"
#include "commands.h"
#include "config.h"
#include "json_instance.h"
#include "json_value.h"
#include "log.h"
#include "output.h"
#include "policy.h"
#include "text.h"

struct limit_change {
	const char *instance;
	const char *listener; /* NULL: the only one, or the host's limit */
	enum level level;
	struct wanted_limit wanted;
	/* what came of it */
	char owner[LISTENER_NAME_MAX]; /* empty: the host */
	struct limit former;
	struct limit present;
	bool changed;
};

static int pick_listener(const struct policy *policy, const struct limit_change *change)
{
	unsigned int count = policy_count_listeners(policy);

	if (change->listener)
		return change_find_listener(policy, change->instance, change->listener);
	for (int id = 0; count == 1 && id < LISTENERS_MAX; id++)
		if (policy->listeners[id].name[0])
			return id;
	log_error("cannot tell which of the %u listeners of '%s' is meant: name one, see `weir "
		  "show limits %s`",
		  count, change->instance, change->instance);
	return -EINVAL;
}

static void describe(char *buf, size_t size, const struct limit *limit)
{
	char rate[32];

	text_rate(rate, sizeof(rate), limit);
	if (limit->kind == LIMIT_BUCKET)
		snprintf(buf, size, "%s burst %u", rate, limit->burst);
	else
		snprintf(buf, size, "%s", rate);
}

static int set_limit(struct policy *policy, uint64_t now_ns, void *arg)
{
	struct limit_change *change = arg;
	struct limit *limit = &policy->host;
	int id, is_new;

	if (change->level != LEVEL_HOST) {
		id = pick_listener(policy, change);
		if (id < 0)
			return id;
		limit = &policy->listeners[id].limits[change->level];
		memcpy(change->owner, policy->listeners[id].name, sizeof(change->owner));
	}
	change->former = *limit;
	change->changed = policy_set_limit(limit, &change->wanted, now_ns);
	is_new = change->changed || limit->origin != ORIGIN_RUNTIME;
	limit->origin = ORIGIN_RUNTIME;
	change->present = *limit;
	return is_new;
}

static void say_limit(const struct limit_change *change)
{
	char former[64], present[64];

	describe(former, sizeof(former), &change->former);
	describe(present, sizeof(present), &change->present);
	log_done("%s: %s%s%s %s%s%s)", change->instance, change->owner, *change->owner ? " " : "",
		 level_names[change->level], present, change->changed ? " (was " : " (as before",
		 change->changed ? former : "");
	output_put("instance", json_text(change->instance));
	if (*change->owner)
		output_put("listener", json_text(change->owner));
	output_put("level", json_string(level_names[change->level]));
	output_put("limit", json_limit(&change->present));
	output_put("former_limit", json_limit(&change->former));
	output_put("changed", json_boolean(change->changed));
}

/* None of the words is a level; one may be meant as one. */
static enum exit_status no_level(int argc, char **argv)
{
	const char *levels[LEVEL_COUNT + 1] = {}, *nearest;

	memcpy(levels, level_names, sizeof(level_names[0]) * LEVEL_COUNT);
	for (int i = 0; i < 2 && i < argc; i++) {
		nearest = text_nearest(argv[i], levels);
		if (nearest)
			return command_usage(&command_limit,
					     "unknown level '%s'; did you mean '%s'?", argv[i],
					     nearest);
	}
	return command_usage(&command_limit, "which level? host, listener, site or source");
}

/* Of what stands after NAME: [LISTENER] LEVEL RATE [burst N]. */
static enum exit_status parse_words(struct limit_change *change, int argc, char **argv)
{
	static const char *const burst[] = { "burst", NULL };
	const char *why;
	int level = argc ? text_parse_level(argv[0]) : -1;

	if (level < 0 && argc > 1 && text_parse_level(argv[1]) >= 0) {
		change->listener = argv[0];
		level = text_parse_level(argv[1]);
		argc--;
		argv++;
	}
	if (level < 0)
		return no_level(argc, argv);
	change->level = level;
	if (change->listener && level == LEVEL_HOST)
		return command_usage(&command_limit,
				     "'%s' before 'host': the host's limit belongs to no listener",
				     change->listener);
	if (argc > 2 && strcmp(argv[2], burst[0]) && text_nearest(argv[2], burst))
		return command_bad_word(&command_limit, "word", argv[2], burst);
	if (argc != 2 && (argc != 4 || strcmp(argv[2], "burst")))
		return command_usage(&command_limit,
				     argc < 2 ? "the RATE is missing"
					      : "after RATE only `burst N` may follow");
	if (text_parse_rate(argv[1], &change->wanted.rate, &why))
		return command_usage(&command_limit, "bad rate '%s': %s", argv[1], why);
	if (argc == 4 && text_parse_burst(argv[3], &change->wanted.burst, &why))
		return command_usage(&command_limit, "bad burst '%s': %s", argv[3], why);
	/* a file may keep the burst beside 0/s for better times; here it would be lost */
	if (argc == 4 && !change->wanted.rate.unlimited && !change->wanted.rate.count)
		return command_usage(&command_limit,
				     "bad limit '%s': has no rate that refills it; leave out burst",
				     argv[1]);
	if (config_check_limit(&change->wanted, &why))
		return command_usage(&command_limit, "bad limit '%s': %s", argv[1], why);
	return STATUS_DONE;
}

static enum exit_status limit(int argc, char **argv)
{
	struct limit_change change = {};
	enum exit_status status;
	int err;

	if (!argc)
		return command_usage(&command_limit, "which instance? NAME is missing");
	if (command_check_name(&command_limit, argv[0]))
		return STATUS_USAGE;
	change.instance = argv[0];
	status = parse_words(&change, argc - 1, argv + 1);
	if (status)
		return status;
	err = change_policy(argv[0], set_limit, &change);
	if (!err)
		say_limit(&change);
	return command_status(err);
}

const struct command command_limit = {
	.name = "limit",
	.usage = "NAME [LISTENER] host|listener|site|source RATE [burst N]",
	.summary = "Change a limit at once, for the next connection",
	.details = "LISTENER may be left out when there is only one, and for host.\n"
		   "Without burst, it is what the rate gives in one second, and at least 1.\n"
		   "What sources and listeners have spent stays spent, in tokens.\n"
		   "RATE 0/s refuses every new connection; established ones are never touched.\n",
	.changes = true,
	.run = limit,
};
