// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "plan_rules.h"

#include <errno.h>
#include <string.h>

#define RULE_WHAT "rule"
#define RULE_TEXT_MAX 80
#define PREFIX_TEXT_MAX 64
#define WHERE_MAX (PREFIX_TEXT_MAX + sizeof("prefix , listener ") + LISTENER_NAME_MAX)

bool plan_is_rule(const struct change *change)
{
	return !strcmp(change->what, RULE_WHAT);
}

/* "allow", "limit 10/s burst 20", "block for a while", or "none". */
static char *describe(char buf[RULE_TEXT_MAX], const struct rule_entry *entry)
{
	const char *lasts = entry && entry->rule.expires_ns ? " for a while" : "";
	const struct limit *limit;
	char rate[32];

	if (!entry || entry->rule.action != RULE_LIMIT) {
		snprintf(buf, RULE_TEXT_MAX, "%s%s",
			 entry ? text_word(action_names, entry->rule.action) : "none", lasts);
		return buf;
	}
	limit = &entry->rule.source;
	text_rate(rate, sizeof(rate), limit);
	if (limit->kind == LIMIT_BUCKET)
		snprintf(buf, RULE_TEXT_MAX, "limit %s burst %u%s", rate, limit->burst, lasts);
	else
		snprintf(buf, RULE_TEXT_MAX, "limit %s%s", rate, lasts);
	return buf;
}

/* "prefix 10.0.0.0/8, listener mqtt", whose listeners are those of @policy */
static char *place(char buf[WHERE_MAX], const struct rule_entry *entry, const struct policy *policy)
{
	char prefix[PREFIX_TEXT_MAX];
	bool is_own = entry->listener < LISTENERS_MAX;

	snprintf(buf, WHERE_MAX, "prefix %s%s%.*s", rules_text(prefix, sizeof(prefix), entry),
		 is_own ? ", listener " : "", LISTENER_NAME_MAX,
		 is_own ? policy->listeners[entry->listener].name : "");
	return buf;
}

/* A rule in force that the file has not. Returns whether it is kept. */
static bool drop(struct plan *plan, const struct snapshot *in_force, const struct rule_entry *entry,
		 bool is_shown)
{
	bool is_own = entry->listener < LISTENERS_MAX;
	bool is_lost = is_own && !*plan->policy->listeners[entry->listener].name;
	char where[WHERE_MAX], text[RULE_TEXT_MAX];
	struct change change = {
		/* without its listener there is nothing that it could be for */
		.kind = is_lost ? CHANGE_LIVE : plan_kind(plan, entry->rule.origin),
		.where = place(where, entry, is_lost ? in_force->policy : plan->policy),
		.what = RULE_WHAT,
		.in_force = describe(text, entry),
		.wanted = "none",
	};

	if (change.kind == CHANGE_KEPT)
		change.todo = PLAN_KEPT_TODO;
	if (change.kind == CHANGE_LIVE || is_shown)
		plan_note(plan, &change);
	if (change.kind == CHANGE_KEPT)
		return true;
	rules_remove(&plan->rules, entry);
	plan->alters_rules = true;
	return false;
}

static void drop_all(struct plan *plan, const struct snapshot *in_force, const struct rules *file)
{
	unsigned int kept = 0;
	char more[48];

	for (unsigned int i = 0; i < in_force->rules.count; i++) {
		const struct rule_entry *entry = &in_force->rules.entries[i];

		if (!rules_find(file, entry))
			kept += drop(plan, in_force, entry, kept < PLAN_RULES_SHOWN_MAX);
	}
	if (kept <= PLAN_RULES_SHOWN_MAX)
		return;
	snprintf(more, sizeof(more), "%u more", kept - PLAN_RULES_SHOWN_MAX);
	plan_note(plan,
		  &(struct change){ CHANGE_KEPT, "prefix", "rules", more, "none", PLAN_KEPT_TODO });
}

/* A rule of the file, as it is in @file and as it was said. */
static int put(struct plan *plan, const struct snapshot *in_force, const struct rule_entry *entry,
	       const struct wanted_rule *wanted)
{
	const struct rule_entry *former = rules_find(&in_force->rules, entry);
	uint8_t origin = former ? former->rule.origin : ORIGIN_FILE;
	char where[WHERE_MAX], a[RULE_TEXT_MAX], b[RULE_TEXT_MAX];
	unsigned int noted = plan->of_kind[CHANGE_LIVE];
	struct change change = {
		.kind = plan_kind(plan, origin),
		.where = place(where, entry, plan->policy),
		.what = RULE_WHAT,
		.in_force = describe(a, former),
		.wanted = describe(b, entry),
	};
	int err;

	if (change.kind == CHANGE_KEPT)
		change.todo = PLAN_KEPT_TODO;
	plan_compare_origin(plan, &change, origin);
	if (plan->of_kind[CHANGE_LIVE] == noted)
		return 0;
	plan->alters_rules = true;
	err = rules_put(&plan->rules, entry, &wanted->limit, plan->now_ns);
	if (err < 0)
		return err == -ENOSPC ? -E2BIG : err;
	rules_find(&plan->rules, entry)->rule.origin = ORIGIN_FILE;
	return 0;
}

int plan_rules(struct plan *plan, const struct snapshot *in_force, const struct config *wanted)
{
	struct rules file = { 0 };
	int err = rules_add_all(&plan->rules, &in_force->rules);

	if (!err)
		err = rules_build(&file, plan->policy, wanted, plan->now_ns);
	/* first, so that there is room */
	if (!err)
		drop_all(plan, in_force, &file);
	for (unsigned int i = 0; !err && i < wanted->rules_count; i++) {
		const struct rule_entry *said = NULL;
		struct rule_entry entry;

		if (rules_entry(&entry, &wanted->rules[i], plan->policy))
			said = rules_find(&file, &entry);
		if (said)
			err = put(plan, in_force, said, &wanted->rules[i]);
	}
	rules_free(&file);
	return err == -ENOSPC ? -E2BIG : err;
}
