// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plan_devices.h"
#include "plan_listeners.h"
#include "plan_rules.h"
#include "policy.h"

#define VALUE_MAX 96

const char *const change_kind_names[] = {
	[CHANGE_LIVE] = "live",
	[CHANGE_KEPT] = "kept",
	[CHANGE_RELOAD] = "reload",
	NULL,
};

/* -- the list ---------------------------------------------------------------------------------- */

void plan_note(struct plan *plan, const struct change *change)
{
	struct change *grown = plan->changes, *added;

	/* room doubles whenever the count is a power of two */
	if (!(plan->count & (plan->count - 1)))
		grown = reallocarray(grown, plan->count ? 2 * (size_t)plan->count : 1,
				     sizeof(*grown));
	if (!grown) {
		plan->err = -ENOMEM;
		return;
	}
	plan->changes = grown;
	added = &grown[plan->count++];
	*added = *change;
	added->where = strdup(change->where);
	added->in_force = strdup(change->in_force);
	added->wanted = strdup(change->wanted);
	if (!added->where || !added->in_force || !added->wanted)
		plan->err = -ENOMEM;
	plan->of_kind[change->kind]++;
}

bool plan_compare(struct plan *plan, const struct change *change)
{
	if (!strcmp(change->in_force, change->wanted))
		return false;
	plan_note(plan, change);
	return true;
}

void plan_free(struct plan *plan)
{
	for (unsigned int i = 0; i < plan->count; i++) {
		free((void *)plan->changes[i].where);
		free((void *)plan->changes[i].in_force);
		free((void *)plan->changes[i].wanted);
	}
	free(plan->changes);
	rules_free(&plan->rules);
	free(plan->policy);
	*plan = (struct plan){ 0 };
}

void plan_put(FILE *out, const struct change *change)
{
	fprintf(out, "[%s] %s: %s in force, %s wanted", change->where, change->what,
		change->in_force, change->wanted);
}

void plan_print(FILE *out, const struct plan *plan)
{
	for (unsigned int i = 0; i < plan->count; i++) {
		const struct change *change = &plan->changes[i];

		fprintf(out, "%-6s  ", change_kind_names[change->kind]);
		plan_put(out, change);
		fprintf(out, "%s%s\n", change->todo ? "; " : "", change->todo ? change->todo : "");
	}
}

/* -- values that may have been set at runtime -------------------------------------------------- */

enum change_kind plan_kind(const struct plan *plan, uint8_t origin)
{
	return origin == ORIGIN_RUNTIME && !plan->reset ? CHANGE_KEPT : CHANGE_LIVE;
}

void plan_compare_origin(struct plan *plan, const struct change *change, uint8_t origin)
{
	char in_force[VALUE_MAX];
	struct change marked = *change;

	if (plan_compare(plan, change) || origin != ORIGIN_RUNTIME || change->kind != CHANGE_LIVE)
		return;
	snprintf(in_force, sizeof(in_force), "%s set at runtime", change->in_force);
	marked.in_force = in_force;
	plan_note(plan, &marked);
}

void plan_limit(struct plan *plan, const char *where, unsigned int level, struct limit *limit,
		const struct wanted_limit *wanted)
{
	static const char *const rates[] = { "host-rate", "rate", "site-rate", "source-rate",
					     "reject-rate" };
	static const char *const bursts[] = { "host-burst", "burst", "site-burst", "source-burst",
					      "reject-burst" };
	const struct limit next = policy_said_limit(wanted);
	char in_force[VALUE_MAX], value[VALUE_MAX];
	struct change change = {
		.kind = plan_kind(plan, limit->origin),
		.where = where,
		.what = rates[level],
		.in_force = text_rate(in_force, sizeof(in_force), limit),
		.wanted = text_rate(value, sizeof(value), &next),
	};

	if (change.kind == CHANGE_KEPT)
		change.todo = PLAN_KEPT_TODO;
	plan_compare_origin(plan, &change, limit->origin);
	if (limit->kind == LIMIT_BUCKET && next.kind == LIMIT_BUCKET) {
		change.what = bursts[level];
		snprintf(in_force, sizeof(in_force), "%u", limit->burst);
		snprintf(value, sizeof(value), "%u", next.burst);
		plan_compare(plan, &change);
	}
	if (change.kind == CHANGE_KEPT)
		return;
	policy_set_limit(limit, wanted, plan->now_ns);
	limit->origin = ORIGIN_FILE;
}

static void plan_mode(struct plan *plan, const struct config *wanted)
{
	struct policy *policy = plan->policy;
	struct change change = {
		.kind = plan_kind(plan, policy->mode_origin),
		.where = "weir",
		.what = "mode",
		.in_force = text_word(mode_names, policy->mode),
		.wanted = text_word(mode_names, wanted->mode),
	};

	if (change.kind == CHANGE_KEPT)
		change.todo = PLAN_KEPT_TODO;
	plan_compare_origin(plan, &change, policy->mode_origin);
	if (change.kind == CHANGE_KEPT)
		return;
	policy->mode = (uint8_t)wanted->mode;
	policy->mode_origin = ORIGIN_FILE;
}

/* -- other keys of [weir] ---------------------------------------------------------------------- */

static void compare_numbers(struct plan *plan, enum change_kind kind, const char *what,
			    unsigned int in_force, unsigned int wanted, const char *todo)
{
	char a[VALUE_MAX], b[VALUE_MAX];

	snprintf(a, sizeof(a), "%u", in_force);
	snprintf(b, sizeof(b), "%u", wanted);
	plan_compare(plan, &(struct change){ kind, "weir", what, a, b, todo });
}

/* The table is as large as its sets make it: what was said need not be exactly that. */
static void plan_sources(struct plan *plan, uint32_t slots, const struct config *wanted)
{
	if (config_slots(wanted->sources) != slots)
		compare_numbers(
			plan, CHANGE_RELOAD, "sources", slots, wanted->sources,
			"`weir attach config FILE` moves the buckets to a table of that size");
}

static void plan_lengths(struct plan *plan, const struct config *wanted)
{
	static const char *const sources[] = { "v4-prefix", "v6-prefix" };
	static const char *const sites[] = { "v4-site", "v6-site" };
	struct policy *policy = plan->policy;

	for (int family = 0; family < FAMILY_COUNT; family++) {
		compare_numbers(plan, CHANGE_LIVE, sources[family], policy->source_len[family],
				wanted->source_len[family], NULL);
		compare_numbers(plan, CHANGE_LIVE, sites[family], policy->site_len[family],
				wanted->site_len[family], NULL);
		policy_set_lengths(policy, family, wanted);
	}
}

int plan_make(struct plan *plan, const struct snapshot *in_force, const struct config *wanted,
	      bool reset, uint64_t now_ns)
{
	int err;

	*plan = (struct plan){ .reset = reset, .now_ns = now_ns };
	memcpy(plan->name, in_force->control.name, sizeof(plan->name));
	plan->policy = malloc(sizeof(*plan->policy));
	if (!plan->policy)
		return -ENOMEM;
	*plan->policy = *in_force->policy;
	plan_devices(plan, in_force, wanted);
	plan_mode(plan, wanted);
	plan_sources(plan, in_force->control.source_slots, wanted);
	plan_lengths(plan, wanted);
	plan_limit(plan, "weir", LEVEL_HOST, &plan->policy->host, &wanted->host);
	err = plan_listeners(plan, in_force, wanted);
	if (!err)
		err = plan_rules(plan, in_force, wanted);
	return err ? err : plan->err;
}
