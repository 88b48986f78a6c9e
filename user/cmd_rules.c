// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* weir allow, block and forget: prefix rules at runtime. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "change.h"
#include "commands.h"
#include "json_value.h"
#include "log.h"
#include "output.h"
#include "rules.h"
#include "text.h"

struct rules_change {
	const struct command *command;
	struct rules prefixes; /* meant by the words */
	const char *prefix;    /* as said, if it was one */
	bool all;	       /* forget whatever was set at runtime */
	enum rule_action action;
	uint64_t lasts_ns; /* 0: for ever */
	const char *listener;
	char instance[INSTANCE_NAME_MAX];
	unsigned int changed;
	unsigned int as_before;
	char former[16]; /* what a single prefix had before; empty: nothing */
};

/* -- words ------------------------------------------------------------------------------------- */

static enum exit_status read_standard_input(struct rules_change *change)
{
	struct config_errors errors = { .report = log_config_error };
	unsigned int masked;
	int err = rules_read(&change->prefixes, stdin, "stdin", &errors, &masked);

	if (errors.count)
		log_error("cannot use standard input: %u error%s, nothing was changed",
			  errors.count, errors.count == 1 ? "" : "s");
	else if (err == -ENOSPC)
		log_error("cannot use standard input: more than %d prefixes of one family",
			  RULES_MAX);
	else if (err)
		log_error("cannot read standard input: %s", strerror(-err));
	else if (!change->prefixes.count)
		log_warning("standard input has no prefixes: nothing to do");
	else if (masked)
		log_done("%u prefixes had bits set behind their length, which do not count",
			 masked);
	return err ? STATUS_FAILED : STATUS_DONE;
}

static enum exit_status parse_prefix(struct rules_change *change, const char *word)
{
	struct wanted_address source;
	struct rule_entry key;
	char text[64];
	const char *why;
	bool masked;

	change->all = change->command == &command_forget && !strcmp(word, "all");
	if (change->all)
		return STATUS_DONE;
	if (!strcmp(word, "-"))
		return STATUS_DONE;
	if (text_parse_source(word, &source.prefix, &source.len, &masked, &why))
		return command_usage(change->command, "bad prefix '%s': %s", word, why);
	change->prefix = word;
	key = rules_key(&source);
	if (masked)
		log_done("'%s' has bits set behind its length: %s is meant", word,
			 rules_text(text, sizeof(text), &key));
	if (rules_add(&change->prefixes, &key)) {
		log_error("cannot change rules: no memory");
		return STATUS_FAILED;
	}
	return STATUS_DONE;
}

static enum exit_status parse_duration(struct rules_change *change, const char *word)
{
	const char *why;

	if (change->command == &command_forget)
		return command_usage(change->command, "unexpected word 'for': a rule is forgotten "
						      "for good");
	if (change->lasts_ns)
		return command_usage(change->command, "'for' is said twice");
	if (text_parse_duration(word, &change->lasts_ns, &why))
		return command_usage(change->command, "bad duration '%s': %s", word, why);
	return STATUS_DONE;
}

/* PREFIX [NAME] [listener LISTENER] [for DURATION] */
static enum exit_status parse_words(struct rules_change *change, int argc, char **argv)
{
	static const char *const words[] = { "listener", "for", NULL };
	enum exit_status status = STATUS_DONE;

	if (!argc)
		return command_usage(change->command, "which PREFIX?");
	for (int i = 1; !status && i < argc; i++) {
		bool takes_word = !strcmp(argv[i], "for") || !strcmp(argv[i], "listener");

		if (takes_word && i + 1 == argc)
			return command_usage(change->command, "nothing follows '%s'", argv[i]);
		if (!strcmp(argv[i], "for")) {
			status = parse_duration(change, argv[++i]);
		} else if (takes_word) {
			if (change->listener)
				return command_usage(change->command, "'listener' is said twice");
			change->listener = argv[++i];
		} else if (i == 1) {
			if (command_check_name(change->command, argv[i]))
				return STATUS_USAGE;
			snprintf(change->instance, sizeof(change->instance), "%s", argv[i]);
		} else {
			return text_nearest(argv[i], words)
				       ? command_bad_word(change->command, "word", argv[i], words)
				       : command_usage(change->command, "unexpected word '%s'",
						       argv[i]);
		}
	}
	if (!status)
		status = parse_prefix(change, argv[0]);
	return !status && !strcmp(argv[0], "-") ? read_standard_input(change) : status;
}

/* -- change ------------------------------------------------------------------------------------ */

static void forget_runtime(struct rules *rules, uint32_t listener, struct rules_change *change)
{
	unsigned int i = 0;

	while (i < rules->count) {
		const struct rule_entry entry = rules->entries[i];

		if (entry.rule.origin == ORIGIN_RUNTIME &&
		    (!change->listener || entry.listener == listener))
			change->changed += rules_remove(rules, &entry);
		else
			i++;
	}
}

static int put_one(struct rules *rules, struct rule_entry *entry, struct rules_change *change,
		   uint64_t now_ns)
{
	int put;

	entry->rule.action = (uint8_t)change->action;
	entry->rule.origin = ORIGIN_RUNTIME;
	entry->rule.expires_ns = change->lasts_ns ? now_ns + change->lasts_ns : 0;
	put = rules_put(rules, entry, NULL, now_ns);
	if (put == -ENOSPC)
		log_error("cannot change '%s': an instance has at most %d rules of each family; "
			  "forget some, or join them to wider prefixes",
			  change->instance, RULES_MAX);
	else if (put < 0)
		log_error("cannot change '%s': %s", change->instance, strerror(-put));
	return put;
}

static int alter_rules(struct rules *rules, const struct policy *policy, uint64_t now_ns, void *arg)
{
	struct rules_change *change = arg;
	int listener = -1, put;

	if (change->listener)
		listener = change_find_listener(policy, change->instance, change->listener);
	if (change->listener && listener < 0)
		return listener;
	if (change->all)
		forget_runtime(rules, (uint32_t)listener, change);
	for (unsigned int i = 0; i < change->prefixes.count; i++) {
		struct rule_entry entry = change->prefixes.entries[i];
		const struct rule_entry *former;

		if (change->listener)
			entry.listener = (uint32_t)listener;
		former = rules_find(rules, &entry);
		if (former)
			snprintf(change->former, sizeof(change->former), "%s",
				 text_word(action_names, former->rule.action));
		put = change->command == &command_forget ? rules_remove(rules, &entry)
							 : put_one(rules, &entry, change, now_ns);
		if (put < 0)
			return put;
		change->changed += put;
		change->as_before += !put;
	}
	return change->changed > 0;
}

/* -- commands ---------------------------------------------------------------------------------- */

static void say_one(const struct rules_change *change, const char *whose)
{
	char prefix[64], lasts[64] = "", note[64] = "";

	rules_text(prefix, sizeof(prefix), &change->prefixes.entries[0]);
	if (change->lasts_ns)
		text_duration(lasts, sizeof(lasts), change->lasts_ns);
	if (!change->changed)
		snprintf(note, sizeof(note), "%s",
			 change->command == &command_forget ? ": there was no such rule"
							    : ", as before");
	else if (*change->former)
		snprintf(note, sizeof(note), " (was %s)", change->former);
	log_done("%s: %s %s%s%s%s%s", change->instance, change->command->name, prefix, whose,
		 *lasts ? " for " : "", lasts, note);
}

static void say(const struct rules_change *change)
{
	char whose[LISTENER_NAME_MAX + 16] = "", before[48] = "";

	if (change->listener)
		snprintf(whose, sizeof(whose), " listener %s", change->listener);
	if (change->prefix) {
		say_one(change, whose);
		return;
	}
	if (change->as_before)
		snprintf(before, sizeof(before), ", %u %s", change->as_before,
			 change->command == &command_forget ? "had no rule" : "as before");
	log_done("%s: %s: %u rule%s%s%s", change->instance, change->command->name, change->changed,
		 change->changed == 1 ? "" : "s", whose, before);
}

static void put(const struct rules_change *change)
{
	char prefix[64];

	output_put("instance", json_text(change->instance));
	if (change->prefix)
		output_put("prefix", json_text(rules_text(prefix, sizeof(prefix),
							  &change->prefixes.entries[0])));
	if (change->listener)
		output_put("listener", json_text(change->listener));
	if (change->lasts_ns)
		output_put("lasts_ms", json_count(change->lasts_ns / 1000000));
	if (change->prefix && *change->former)
		output_put("former_action", json_text(change->former));
	output_put("rules_changed", json_count(change->changed));
	output_put("rules_as_before", json_count(change->as_before));
	output_put("changed", json_boolean(change->changed));
}

static enum exit_status change(const struct command *command, enum rule_action action, int argc,
			       char **argv)
{
	struct rules_change change = { .command = command, .action = action };
	enum exit_status status = parse_words(&change, argc, argv);

	if (!status)
		status = command_status(change_rules(change.instance, alter_rules, &change));
	if (!status) {
		say(&change);
		put(&change);
	}
	rules_free(&change.prefixes);
	return status;
}

static enum exit_status allow(int argc, char **argv)
{
	return change(&command_allow, RULE_ALLOW, argc, argv);
}

static enum exit_status block(int argc, char **argv)
{
	return change(&command_block, RULE_BLOCK, argc, argv);
}

static enum exit_status forget(int argc, char **argv)
{
	return change(&command_forget, RULE_ALLOW, argc, argv);
}

#define PREFIX_USAGE "PREFIX|- [NAME] [listener LISTENER]"
#define PREFIX_DETAILS                                                                            \
	"PREFIX is an address, or one with a prefix length; - reads prefixes from standard\n"     \
	"input, one a line, # begins a comment: all of them are put in force at once, or none.\n" \
	"NAME may be left out when there is one instance. With listener, the rule is for that\n"  \
	"one only. The longest prefix decides alone.\n"

const struct command command_allow = {
	.name = "allow",
	.usage = PREFIX_USAGE " [for DURATION]",
	.summary = "Let new connections from a prefix pass, whatever the limits",
	.details = "They take no tokens from anyone.\n" PREFIX_DETAILS,
	.changes = true,
	.run = allow,
};

const struct command command_block = {
	.name = "block",
	.usage = PREFIX_USAGE " [for DURATION]",
	.summary = "Refuse new connections from a prefix",
	.details = "Established connections stay.\n" PREFIX_DETAILS,
	.changes = true,
	.run = block,
};

const struct command command_forget = {
	.name = "forget",
	.usage = PREFIX_USAGE " | all [NAME] [listener LISTENER]",
	.summary = "Remove the rule of a prefix, or all that were set at runtime",
	.details =
		"A rule that was never there is forgotten, too: that is no error.\n" PREFIX_DETAILS,
	.changes = true,
	.run = forget,
};
