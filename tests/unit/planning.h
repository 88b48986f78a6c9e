/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An instance that runs on a file, and what another file would change on it. */
#ifndef WEIR_TESTS_PLANNING_H
#define WEIR_TESTS_PLANNING_H

#include "reading.h"

#include "plan.h"
#include "policy.h"

#define NOW 1000000000000ULL

static inline void planning_read(struct config *config, const char *text)
{
	char *messages;

	if (read_bytes(config, text, strlen(text), &messages))
		fail_msg("said: %s", messages);
	free(messages);
}

/* An instance of its own on eth0 and eth1, made from the file @text; to be freed by forget(). */
static inline struct snapshot *running(const char *text)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	struct config config;

	assert_non_null(snapshot);
	snapshot->policy = malloc(sizeof(*snapshot->policy));
	assert_non_null(snapshot->policy);
	planning_read(&config, text);
	policy_build(snapshot->policy, &config);
	assert_int_equal(rules_build(&snapshot->rules, snapshot->policy, &config, 0), 0);
	rules_sort(&snapshot->rules);
	strcpy(snapshot->control.name, "eth0");
	snapshot->control.source_slots = config_slots(config.sources);
	snapshot->devices[0] = (struct snapshot_device){ "eth0", DEVICE_ATTACHED, true, "eth0", 2 };
	snapshot->devices[1] = (struct snapshot_device){ "eth1", DEVICE_ATTACHED, false, "eth1",
							 3 };
	snapshot->devices_count = 2;
	config_free(&config);
	return snapshot;
}

static inline void forget(struct snapshot *snapshot)
{
	rules_free(&snapshot->rules);
	free(snapshot->policy);
	free(snapshot);
}

static inline int plan(struct plan *made, const struct snapshot *snapshot, const char *text,
		       bool reset)
{
	struct config config;
	int err;

	planning_read(&config, text);
	err = plan_make(made, snapshot, &config, reset, NOW);
	config_free(&config);
	return err;
}

/* Planning @text must say exactly @expected; then what can be done live is done. */
static inline void apply_with(struct snapshot *snapshot, const char *text, bool reset,
			      const char *expected)
{
	struct plan made;
	char *said;
	size_t size;
	FILE *out = open_memstream(&said, &size);

	assert_int_equal(plan(&made, snapshot, text, reset), 0);
	plan_print(out, &made);
	fclose(out);
	assert_string_equal(said, expected);
	free(said);
	assert_true(made.of_kind[CHANGE_LIVE] || !made.alters_rules);
	if (made.alters_rules) {
		rules_free(&snapshot->rules);
		snapshot->rules = made.rules;
		made.rules = (struct rules){ 0 };
		rules_sort(&snapshot->rules);
	}
	if (made.of_kind[CHANGE_LIVE])
		*snapshot->policy = *made.policy;
	else
		assert_memory_equal(&made.policy->listeners, &snapshot->policy->listeners,
				    sizeof(made.policy->listeners));
	plan_free(&made);
	assert_int_equal(plan(&made, snapshot, text, reset), 0);
	assert_int_equal(made.of_kind[CHANGE_LIVE], 0);
	assert_memory_equal(made.policy, snapshot->policy, sizeof(*made.policy));
	plan_free(&made);
}

static inline void apply(struct snapshot *snapshot, const char *text, const char *expected)
{
	apply_with(snapshot, text, false, expected);
}

#endif
